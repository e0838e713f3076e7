"""Schema templates: what is refused and where, how files merge, and what our own files hold."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsepy.model import templates
from parsepy.model.templates import (
    ClassNotes,
    FieldNotes,
    Problem,
    Template,
    TemplateError,
    TemplateRole,
    load,
    parse,
)

SCHEMA = Path(__file__).parents[2] / "schema"
SHOP = [SCHEMA / "ecommerce.json", SCHEMA / "shopping.json"]


def problems(*texts: str) -> list[str]:
    """The problems of files a.json, b.json ... as printed."""
    with pytest.raises(TemplateError) as refused:
        parse([(f"{'abc'[i]}.json", text) for i, text in enumerate(texts)])
    assert str(refused.value) == "\n".join(map(str, refused.value.problems))
    return [str(problem) for problem in refused.value.problems]


def template(*documents: Any) -> Template:
    return parse([(f"{i}.json", json.dumps(document)) for i, document in enumerate(documents)])


def fields(**columns: Any) -> list[Any]:
    """A template with a Product of these columns; a bare string is a type."""
    spelled = {n: {"type": c} if isinstance(c, str) else c for n, c in columns.items()}
    return [{"className": "Product", "fields": spelled}]


def reasons(*documents: Any) -> list[str]:
    """The problems of documents without their file and line."""
    return [p.split(": ", 1)[1] for p in problems(*map(json.dumps, documents))]


def product_class(made: Template) -> Any:
    return next(c for c in made.classes if c["className"] == "Product")


# --- reading JSON with places ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "a.json:1:1: expecting value"),
        ("[\n  nope]", "a.json:2:3: expecting value"),
        ("[] []", "a.json:1:4: text after the end of the JSON value"),
        ('[{"className": "A",}]', "a.json:1:20: expected a name in double quotes"),
        ('[{"className" "A"}]', "a.json:1:15: expected ':'"),
        ('[{"a": 1\n "b": 2}]', "a.json:2:2: expected ','"),
        ("[1\n\n 2]", "a.json:3:2: expected ','"),
        ('["open', "a.json:1:2: unterminated string starting at"),
        ("[NaN]", "a.json:1:2: NaN is not JSON"),
        ("[1e999]", "a.json:1:2: number out of range"),
        (f"[{'9' * 5000}]", "a.json:1:2: number out of range"),
        ('["\\ud800"]', "a.json:1:2: half of a surrogate pair in a string"),
        ("[" * 5000, "a.json:1:102: nested deeper than 100 levels"),
    ],
)
def test_a_syntax_error_is_reported_with_line_and_column(text: str, problem: str) -> None:
    assert problems(text) == [problem]


def test_a_name_twice_in_one_object_is_reported_at_the_second_line() -> None:
    text = '[{"className": "Product", "fields": {\n"price": {"type": "Date"},\n"price": {}}}]'
    assert problems(text)[0] == "a.json:3: 'price' stands twice in one object (line 2 too)"


def test_all_problems_of_all_files_are_listed_in_file_and_line_order() -> None:
    first = """[{"className": "Product", "fields": {
"price": {"type": "number"},
"shop": {"type": "Pointer"}}}]"""
    second = '[\n{"className": "Cart", "feilds": {}}]'
    assert problems(first, second) == [
        "a.json:2: Product.price: unknown type 'number'; did you mean 'Number'?",
        "a.json:3: Product.shop: a Pointer needs 'targetClass'",
        "b.json:2: Cart: unknown key 'feilds'; did you mean 'fields'?",
    ]


def test_files_are_read_from_disk_with_or_without_a_byte_order_mark(tmp_path: Path) -> None:
    plain, marked = tmp_path / "plain.json", tmp_path / "marked.json"
    plain.write_text(json.dumps(fields(name="String")), encoding="utf-8")
    marked.write_text(json.dumps(fields(price="Number")), encoding="utf-8-sig")
    assert set(product_class(load([plain, marked]))["fields"]) == {"name", "price"}


def test_texts_beside_the_files_are_read_after_them(tmp_path: Path) -> None:
    file = tmp_path / "shop.json"
    file.write_text('{"classes": [{"className": "Order"}]}')
    more = ('Cloud.define_schema("Note")', '{"className": "Note"}')
    assert [found["className"] for found in load([file], [more]).classes] == ["Order", "Note"]


def test_a_missing_file_and_bytes_that_are_no_text_are_problems_too(tmp_path: Path) -> None:
    binary = tmp_path / "binary.json"
    binary.write_bytes(b"[\n\xff]")
    with pytest.raises(TemplateError) as refused:
        load([tmp_path / "gone.json", binary])
    assert [str(p) for p in refused.value.problems] == [
        f"{tmp_path / 'gone.json'}: No such file or directory",
        f"{binary}:2: not UTF-8 text",
    ]


def test_a_problem_prints_only_the_parts_it_has() -> None:
    assert str(Problem("a.json", 0, "", "gone")) == "a.json: gone"
    assert str(Problem("a.json", 3, "Product.price", "bad")) == "a.json:3: Product.price: bad"


def test_a_problem_prints_control_characters_of_a_name_escaped() -> None:
    assert reasons(fields(**{"a\n\x1b": {"type": "Number"}}))[0].startswith("Product.a\\n\\x1b: ")


@settings(deadline=None)
@given(st.text(alphabet='{}[]",:\\ \n0123456789.eE-+ntfNuU\ud800é', max_size=60))
def test_any_text_gives_a_template_or_a_template_error(text: str) -> None:
    check_total(text)


WORDS = st.sampled_from(
    [
        *("classes", "results", "roles", "name", "className", "User", "_User", "Product", "Order"),
        *(
            "fields",
            "type",
            "targetClass",
            "required",
            "defaultValue",
            "email",
            "price",
            "objectId",
        ),
        *("String", "Number", "Date", "Pointer", "Relation", "__type", "__op", "iso", "base64"),
        *("classLevelPermissions", "find", "ACL", "protectedFields", "pointerFields", "*"),
        *("readUserFields", "role:staff", "userField:user", "currentUser", "authenticated"),
        *("indexes", "_id_", "username_1", "_p_user", "coordinates"),
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
FIELD = st.fixed_dictionaries(
    {"type": WORDS}, optional={"targetClass": WORDS, "required": JSON, "defaultValue": JSON}
)
RULES = st.dictionaries(WORDS, st.dictionaries(WORDS, JSON, max_size=2) | JSON, max_size=3)
CLASS = st.fixed_dictionaries(
    {"className": WORDS},
    optional={
        "fields": st.dictionaries(WORDS, FIELD | JSON, max_size=3),
        "classLevelPermissions": RULES,
        "indexes": RULES,
    },
)


DOCUMENT = st.lists(CLASS, max_size=2) | st.fixed_dictionaries(
    {"classes": st.lists(CLASS, max_size=2) | JSON},
    optional={"roles": st.lists(st.dictionaries(WORDS, JSON, max_size=2), max_size=2) | JSON},
)


@settings(deadline=None)
@given(DOCUMENT | JSON)
def test_any_json_gives_a_template_or_a_template_error(document: Any) -> None:
    check_total(json.dumps(document))


def check_total(text: str) -> None:
    made, refused = Template(()), ""
    try:
        made = parse([("a.json", text), ("b.json", text)])
    except TemplateError as error:
        refused = str(error)
    assert all(line.startswith(("a.json:", "b.json:")) for line in refused.split("\n") if refused)
    assert json.loads(json.dumps(made.classes)) == list(made.classes)


# --- the shape of a template ----------------------------------------------------------------


def test_a_bare_list_and_what_the_schema_api_returns_are_templates_too() -> None:
    classes = fields(name="String")
    assert template(classes) == template({"classes": classes}) == template({"results": classes})


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (1, "a template must be an object, not a number"),
        (None, "a template must be an object, not null"),
        ({"roles": []}, "a template needs one list 'classes' (or 'results')"),
        ({"classes": [], "results": []}, "a template needs one list 'classes' (or 'results')"),
        ({"classes": {"A": 1}}, "'classes' must be a list, not an object"),
        ({"classes": [], "role": []}, "unknown key 'role'; did you mean 'roles'?"),
        ([[]], "a class must be an object, not a list"),
        ([{"fields": {}}], "a class needs 'className'"),
        ([{"className": 7}], "'className' must be a string, not a number"),
        ([{"className": "A", "fields": [1]}], "A: 'fields' must be an object, not a list"),
        ([{"className": "A", "indexes": [1]}], "A: 'indexes' must be an object, not a list"),
        ([{"className": "A", "index": 1}], "A: unknown key 'index'; did you mean 'indexes'?"),
    ],
)
def test_a_wrong_shape_is_named(document: Any, reason: str) -> None:
    assert reasons(document) == [reason]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("_Usr", "there is no system class '_Usr'; did you mean '_User'?"),
        ("length", "'length' is a reserved name"),
        ("Flash-Sale", "a class name has letters, digits and _ only and starts with a letter"),
    ],
)
def test_an_invalid_class_name_is_refused(name: str, reason: str) -> None:
    assert reasons([{"className": name}]) == [f"{name}: {reason}"]


def test_a_class_twice_in_one_file_is_refused_even_under_its_two_names() -> None:
    text = '[{"className": "User"},\n{"className": "_User"}]'
    assert problems(text) == ["a.json:2: _User: defined twice in this file (line 1 too)"]


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        ({"price": 3}, "a field must be an object, not a number"),
        ({"price": {}}, "a field needs 'type'"),
        ({"price": {"type": 3}}, "'type' must be a string, not a number"),
        (
            {"price": {"type": "Money"}},
            "unknown type 'Money' (types: String, Number, Boolean, Date,",
        ),
        ({"price": {"type": "ACL"}}, "unknown type 'ACL' (types: String, Number, Boolean, Date,"),
        ({"price": {"type": "Number", "requird": True}}, "unknown key 'requird'; did you mean"),
        ({"price": {"type": "Number", "required": 1}}, "'required' must be true or false, not"),
        ({"price": {"type": "Number", "targetClass": "A"}}, "a Number has no 'targetClass'"),
        ({"price": {"type": "Pointer"}}, "a Pointer needs 'targetClass'"),
        ({"price": {"type": "Pointer", "targetClass": 1}}, "'targetClass' must be a string, not"),
        (
            {"price": {"type": "Relation", "targetClass": "User", "required": True}},
            "a Relation can't be required",
        ),
        ({"length": {"type": "Number"}}, "'length' is a reserved name"),
        ({"className": {"type": "Number"}}, "'className' is a reserved name"),
        ({"a b": {"type": "Number"}}, "a field name has letters, digits and _ only and starts"),
        ({"_rperm": {"type": "Array"}}, "a field name has letters, digits and _ only and starts"),
        ({"createdAt": {"type": "String"}}, "is String here, but this built-in column is Date"),
        (
            {"objectId": {"type": "String", "defaultValue": "x"}},
            "a built-in column takes no default",
        ),
    ],
)
def test_an_invalid_field_is_refused(column: dict[str, Any], reason: str) -> None:
    [found] = reasons([{"className": "Product", "fields": column}])
    assert found.startswith(f"Product.{next(iter(column))}: {reason}")


def test_a_field_of_a_class_without_a_name_is_still_checked() -> None:
    found = reasons([{"fields": {"price": {"type": "number"}}}])
    assert found[1] == "?.price: unknown type 'number'; did you mean 'Number'?"


GOOD_DEFAULTS: list[tuple[str, Any]] = [
    ("String", "customer"),
    ("Number", 0),
    ("Number", 9.5),
    ("Boolean", False),
    ("Array", [1]),
    ("Object", {"size": "M"}),
    ("Date", {"__type": "Date", "iso": "2020-01-02T03:04:05.678Z"}),
    ("Bytes", {"__type": "Bytes", "base64": "aGk="}),
    ("File", {"__type": "File", "name": "a.png"}),
    ("GeoPoint", {"__type": "GeoPoint", "latitude": 40.0, "longitude": -30}),
    ("Polygon", {"__type": "Polygon", "coordinates": [[0, 0], [0, 1], [1, 0]]}),
]


@pytest.mark.parametrize(("kind", "value"), GOOD_DEFAULTS)
def test_a_default_value_of_the_columns_type_is_kept(kind: str, value: Any) -> None:
    made = template(fields(extra={"type": kind, "defaultValue": value}))
    assert product_class(made)["fields"]["extra"] == {"type": kind, "defaultValue": value}


def test_a_default_pointer_to_user_points_to_the_stored_class() -> None:
    pointer = {"__type": "Pointer", "className": "User", "objectId": "x"}
    made = template(fields(by={"type": "Pointer", "targetClass": "User", "defaultValue": pointer}))
    assert product_class(made)["fields"]["by"] == {
        "type": "Pointer",
        "targetClass": "_User",
        "defaultValue": {**pointer, "className": "_User"},
    }


def test_an_integer_beyond_64_bits_is_read_as_a_double() -> None:
    made = template(fields(price={"type": "Number", "defaultValue": 10**30}))
    assert product_class(made)["fields"]["price"]["defaultValue"] == 1e30


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("9", "String"),
        (True, "Boolean"),
        ([], "Array"),
        ({}, "Object"),
        ({"__op": "Increment", "amount": 1}, "an operation"),
        ({"__type": "Money"}, "of unknown __type 'Money'"),
        ({"__type": ["Date"]}, "of unknown __type ['Date']"),
        ({"__type": "Date", "iso": "tomorrow"}, "an invalid Date"),
        ({"__type": "Date"}, "an invalid Date"),
        ({"__type": "Bytes", "base64": "?"}, "an invalid Bytes"),
        ({"__type": "Bytes", "base64": 5}, "an invalid Bytes"),
        ({"__type": "Bytes", "base64": ""}, "an invalid Bytes"),
        ({"__type": "File", "name": ""}, "an invalid File"),
        ({"__type": "GeoPoint", "latitude": 91, "longitude": 0}, "an invalid GeoPoint"),
        ({"__type": "GeoPoint", "latitude": True, "longitude": 0}, "an invalid GeoPoint"),
        ({"__type": "Polygon", "coordinates": 1}, "an invalid Polygon"),
        ({"__type": "Polygon", "coordinates": [[0, 0], [0, 1], [0, 0]]}, "an invalid Polygon"),
        ({"__type": "Polygon", "coordinates": [[0, 0], [0, 1], [1, 0], 5]}, "an invalid Polygon"),
        ({"__type": "Pointer", "className": "A", "objectId": 1}, "an invalid Pointer"),
        ({"__type": "Pointer", "className": 1, "objectId": "x"}, "an invalid Pointer"),
        ({"__type": "Pointer", "className": "A", "objectId": "x"}, "Pointer<A>"),
    ],
)
def test_a_default_value_of_another_type_is_refused(value: Any, found: str) -> None:
    document = fields(price={"type": "Number", "defaultValue": value})
    assert reasons(document) == [f"Product.price: default value is {found}, not Number"]


# --- system classes -------------------------------------------------------------------------


def test_user_means_the_system_class_here_and_in_targets() -> None:
    made = template(
        [
            {"className": "User", "fields": {"address": {"type": "String"}}},
            {"className": "Cart", "fields": {"user": {"type": "Pointer", "targetClass": "User"}}},
        ]
    )
    user, cart = made.classes
    assert user == {"className": "_User", "fields": {"address": {"type": "String"}}}
    assert cart["fields"]["user"] == {"type": "Pointer", "targetClass": "_User"}


def test_system_classes_may_be_pointed_to_without_being_listed() -> None:
    target = {"type": "Relation", "targetClass": "_Installation"}
    assert product_class(template(fields(devices=target)))["fields"] == {"devices": target}


def test_built_in_columns_are_accepted_when_their_type_agrees_and_are_not_made() -> None:
    columns = {
        "objectId": {"type": "String", "required": True},
        "ACL": {"type": "ACL"},
        "user": {"type": "Pointer", "targetClass": "User"},
        "expiresAt": {"type": "Date", "required": False},
    }
    made = template([{"className": "_Session", "fields": columns}])
    assert made.classes == ({"className": "_Session", "fields": {}},)


def test_a_built_in_column_keeps_its_type_and_options() -> None:
    columns = {"email": {"type": "Number"}, "emailVerified": {"type": "Boolean", "required": True}}
    assert reasons([{"className": "User", "fields": columns}]) == [
        "User.email: is Number here, but this built-in column is String",
        "User.emailVerified: a built-in column can't be made required",
    ]


def user(**required: bool) -> list[Any]:
    columns = {n: {"type": "String", "required": r} for n, r in required.items()}
    return [{"className": "User", "fields": columns}]


def test_required_email_binds_sign_ups_with_a_password_and_is_no_column_option() -> None:
    made = template(user(username=True, password=True, email=True))
    assert made.sign_up_required == ("email",)
    assert made.classes == ({"className": "_User", "fields": {}},)


@pytest.mark.parametrize(
    "documents",
    [
        [user(username=True, email=False)],
        [user(email=True), user(username=True)],
        [[{"className": "User"}]],
        [fields(email={"type": "String", "required": True})],
    ],
)
def test_email_is_not_demanded_unless_every_file_with_users_does(documents: list[Any]) -> None:
    assert template(*documents).sign_up_required == ()


def test_the_servers_own_schema_list_loads_without_its_own_indexes() -> None:
    listed = [
        {
            "className": "_User",
            "fields": {"authData": {"type": "Object"}, "ACL": {"type": "ACL"}},
            "indexes": {
                "_id_": {"_id": 1},
                "username_1": {"username": 1},
                "_auth_data_anonymous_id": {"_auth_data_anonymous.id": 1},
                "created": {"_created_at": 1},
            },
        },
        {"className": "_Hooks", "fields": {"className": {"type": "String"}}},
    ]
    made = template({"results": listed})
    assert made.classes == (
        {"className": "_User", "fields": {}, "indexes": {"created": {"_created_at": 1}}},
    )


# --- roles ----------------------------------------------------------------------------------


def test_roles_of_several_files_unite() -> None:
    made = template(
        {"classes": [], "roles": [{"name": "staff", "roles": ["admin"]}, {"name": "admin"}]},
        {"classes": [], "roles": [{"name": "staff", "roles": ["buyer"]}, {"name": "buyer"}]},
    )
    assert made.roles == (
        TemplateRole("staff", ("admin", "buyer")),
        TemplateRole("admin"),
        TemplateRole("buyer"),
    )


@pytest.mark.parametrize(
    ("roles", "reason"),
    [
        ({}, "'roles' must be a list, not an object"),
        (["staff"], "roles: a role must be an object, not a string"),
        ([{}], "roles: a role needs 'name'"),
        ([{"name": "a:b"}], "roles.a:b: a role name has letters, digits, _, - and blanks only"),
        ([{"name": "a"}, {"name": "a"}], "roles.a: defined twice in this file (line 1 too)"),
        ([{"name": "a", "roles": "b"}], "roles.a: 'roles' must be a list, not a string"),
        ([{"name": "a", "roles": ["a"]}], "roles.a: 'roles' lists the names of other roles"),
        ([{"name": "a", "roles": [1]}], "roles.a: 'roles' lists the names of other roles"),
        (
            [{"name": "staff", "roles": ["admins"]}, {"name": "admin"}],
            "roles.staff: there is no role 'admins'; did you mean 'admin'?",
        ),
    ],
)
def test_an_invalid_role_is_refused(roles: Any, reason: str) -> None:
    assert reasons({"classes": [], "roles": roles}) == [reason]


# --- class-level permissions ----------------------------------------------------------------

COLUMNS = {
    "user": {"type": "Pointer", "targetClass": "User"},
    "helpers": {"type": "Array"},
    "total": {"type": "Number"},
    "product": {"type": "Pointer", "targetClass": "Order"},
    "tags": {"type": "Relation", "targetClass": "Order"},
}


def order(permissions: Any = None, indexes: Any = None) -> list[Any]:
    record: dict[str, Any] = {"className": "Order", "fields": COLUMNS}
    if permissions is not None:
        record["classLevelPermissions"] = permissions
    if indexes is not None:
        record["indexes"] = indexes
    return [record]


def test_every_form_of_permission_is_kept_as_written() -> None:
    permissions = {
        "find": {"*": True, "role:staff": True, "abcdefghij": True},
        "get": {"requiresAuthentication": True, "pointerFields": ["user", "helpers"]},
        "addField": {},
        "readUserFields": ["user"],
        "ACL": {"*": {"read": True}, "currentUser": {"read": True, "write": False}},
        "protectedFields": {"*": ["total"], "authenticated": [], "userField:user": []},
    }
    [made] = template(order(permissions)).classes
    assert made["classLevelPermissions"] == permissions


@pytest.mark.parametrize(
    ("permissions", "reason"),
    [
        ([1], "Order: 'classLevelPermissions' must be an object, not a list"),
        ({"fnd": {}}, "Order.classLevelPermissions: unknown key 'fnd'; did you mean 'find'?"),
        ({"find": True}, "find: must be an object, not true or false"),
        ({"find": {"*": 1}}, "find: the value of '*' must be true"),
        (
            {"find": {"requireAuthentication": True}},
            "find: 'requireAuthentication' is neither *, requiresAuthentication, pointerFields,"
            " a role nor a user id; did you mean 'requiresAuthentication'?",
        ),
        ({"find": {"currentUser": True}}, "find: 'currentUser' is neither *, requiresAuth"),
        ({"find": {"pointerFields": "user"}}, "find.pointerFields: must be a list of field names"),
        ({"find": {"pointerFields": [1]}}, "find.pointerFields: a field name must be a string,"),
        (
            {"writeUserFields": ["product"]},
            "writeUserFields: 'product' is Pointer<Order>, but must be Pointer<_User> or Array",
        ),
        ({"ACL": {"*": True}}, "ACL: the entry of '*' must be an object, not true or false"),
        ({"ACL": {"*": {"raed": True}}}, "ACL: unknown key 'raed'; did you mean 'read'?"),
        ({"ACL": {"*": {"read": 1}}}, "ACL: 'read' must be true or false, not a number"),
        ({"ACL": {"requiresAuthentication": {}}}, "ACL: 'requiresAuthentication' is neither *"),
        ({"protectedFields": {"*": "total"}}, "protectedFields: the value of '*' must be a list"),
        ({"protectedFields": {"*": [{}]}}, "protectedFields: a field name must be a string, not"),
        ({"protectedFields": {"*": ["ACL"]}}, "protectedFields: the default column 'ACL' can't"),
        ({"protectedFields": {"userField:total": []}}, "protectedFields: 'total' is Number, but"),
    ],
)
def test_invalid_permissions_are_refused(permissions: Any, reason: str) -> None:
    [found] = reasons(order(permissions))
    assert found.removeprefix("Order.classLevelPermissions.").startswith(reason)


def test_a_field_with_a_broken_type_is_reported_once_only() -> None:
    broken = [{"className": "Order", "fields": {"user": {"type": "pointer"}}}]
    broken[0]["classLevelPermissions"] = {"find": {"pointerFields": ["user"]}}
    assert len(reasons(broken)) == 1


def test_permissions_in_one_file_only_are_used() -> None:
    extension = [{"className": "Order", "classLevelPermissions": {"find": {"*": True}}}]
    [made] = template(order(), extension).classes
    assert made["classLevelPermissions"] == {"find": {"*": True}}


def test_two_files_with_other_permissions_conflict_and_both_places_are_named() -> None:
    first = '[{"className": "Order",\n"classLevelPermissions": {\n"find": {"*": true}}}]'
    second = '[{"className": "Order",\n"classLevelPermissions": {"find": {},\n"get": {}}}]'
    assert problems(first, second) == [
        "b.json:2: Order.classLevelPermissions.find: is not the same as in a.json:3",
        "b.json:3: Order.classLevelPermissions.get: is not the same as in a.json:2",
    ]


def test_protected_fields_unite_and_never_show_what_one_file_hides() -> None:
    first = {"find": {}, "protectedFields": {"*": ["total", "user"], "role:admin": []}}
    second = {"find": {}, "protectedFields": {"*": ["helpers"], "authenticated": []}}
    [made] = template(order(first), order(second), order({"find": {}})).classes
    assert made["classLevelPermissions"]["protectedFields"] == {
        "*": ["total", "user", "helpers"],
        "role:admin": ["helpers"],
        "authenticated": ["total", "user"],
    }


# --- indexes --------------------------------------------------------------------------------


def test_index_keys_become_the_stored_names() -> None:
    indexes = {
        "mine": {"user": 1, "createdAt": -1},
        "again": {"_p_user": 1, "_updated_at": 1},
        "words": {"total": "text"},
    }
    assert template(order(None, indexes)).classes[0]["indexes"] == {
        "mine": {"_p_user": 1, "_created_at": -1},
        "again": {"_p_user": 1, "_updated_at": 1},
        "words": {"total": "text"},
    }


@pytest.mark.parametrize(
    ("index", "reason"),
    [
        ([], "an index is an object of field names and directions"),
        ({}, "an index is an object of field names and directions"),
        ({"total": True}, "the direction of 'total' is none of 1, -1, text, 2d, 2dsphere, hashed"),
        ({"total": 2}, "the direction of 'total' is none of 1, -1, text, 2d, 2dsphere, hashed"),
    ],
)
def test_an_invalid_index_is_refused(index: Any, reason: str) -> None:
    assert reasons(order(None, {"i": index})) == [f"Order.indexes.i: {reason}"]


def test_indexes_of_several_files_unite_and_equal_ones_are_one() -> None:
    made = template(order(None, {"a": {"user": 1}}), order(None, {"a": {"_p_user": 1}}))
    assert made.classes[0]["indexes"] == {"a": {"_p_user": 1}}


def test_one_index_name_for_two_key_sets_or_orders_is_a_conflict() -> None:
    found = reasons(
        order(None, {"a": {"user": 1, "total": 1}}), order(None, {"a": {"total": 1, "user": 1}})
    )
    assert found == ["Order.indexes.a: other keys than in a.json:1"]


# --- merging fields -------------------------------------------------------------------------


def test_classes_and_fields_unite_in_order_of_appearance() -> None:
    made = template(fields(name="String"), [*fields(price="Number"), *order()])
    assert [c["className"] for c in made.classes] == ["Product", "Order"]
    assert list(product_class(made)["fields"]) == ["name", "price"]


def test_a_type_conflict_names_both_files_and_lines() -> None:
    first = '[{"className": "Cart", "fields": {\n"total": {"type": "Number"}}}]'
    second = '[{"className": "Cart", "fields": {\n\n"total": {"type": "String"}}}]'
    assert problems(first, second) == [
        "b.json:3: Cart.total: is String here, but Number in a.json:2"
    ]


def test_a_target_conflict_names_both_targets() -> None:
    found = reasons(
        fields(by={"type": "Pointer", "targetClass": "User"}),
        fields(by={"type": "Pointer", "targetClass": "Role"}),
    )
    assert found == ["Product.by: is Pointer<Role> here, but Pointer<_User> in a.json:1"]


def test_equal_default_values_merge_and_different_ones_conflict() -> None:
    one, two = ({"type": "Number", "defaultValue": n} for n in (1, 2))
    made = template(fields(stock=one), fields(stock=one), fields(stock="Number"))
    assert product_class(made)["fields"]["stock"] == one
    assert reasons(fields(stock=one), fields(stock=two)) == [
        "Product.stock: another default value than in a.json:1"
    ]


def test_a_field_stays_required_only_if_every_file_with_the_class_requires_it() -> None:
    needed = {"type": "Number", "required": True}
    both = template(fields(price=needed), fields(price=needed))
    assert product_class(both)["fields"]["price"] == needed
    for other in (fields(price="Number"), fields(name="String")):
        assert (
            "required"
            not in product_class(template(fields(price=needed), other))["fields"]["price"]
        )


def test_a_file_that_only_adds_permissions_leaves_fields_required() -> None:
    needed = {"type": "Number", "required": True}
    extension = [{"className": "Product", "classLevelPermissions": {"find": {"*": True}}}]
    made = template(fields(price=needed), extension)
    assert product_class(made)["fields"]["price"] == needed


# --- our own files --------------------------------------------------------------------------

# Class -> fields in order as the source documents have them; * is required, String unless said.
USER = "objectId username* email* password*"
TIMES = "createdAt:Date updatedAt:Date"
FACTS = {
    "ecommerce.json": {
        "User": f"{USER} address {TIMES}",
        "Product": f"objectId name* description price:Number* {TIMES}",
        "Order": "objectId user:Pointer<User>* products:Array* total:Number* status* " + TIMES,
        "SKU": f"objectId product:Pointer<Product>* variation* stock:Number* {TIMES}",
        "Cart": f"objectId user:Pointer<User>* items:Array* total:Number* {TIMES}",
    },
    "shopping.json": {
        "User": f"{USER} role* {TIMES}",
        "Product": f"objectId name* price:Number* description imageUrl {TIMES}",
        "DiscountCode": f"objectId code* percentage:Number* validUntil:Date* {TIMES}",
        "FlashSale": "objectId product:Pointer<Product>* discountPrice:Number* startTime:Date*"
        f" endTime:Date* {TIMES}",
        "Cart": f"objectId user:Pointer<User>* items:Array* {TIMES}",
    },
    "variants/ecommerce-agent.json": {
        "Product": "name* description price:Number*",
        "SKU": "product:Pointer<Product>* variation stock:Number",
        "Order": "customer:Pointer<Customer>* items:Array* status*",
        "Customer": "name* email* address",
    },
    "variants/shopping-agent.json": {
        "Product": "name* price:Number* inventory:Number*",
        "Coupon": "code* discount:Number*",
        "Transaction": "user:Pointer<User>* product:Pointer<Product>* amount:Number*",
    },
}


def spelled(name: str, field: dict[str, Any]) -> str:
    kind = "" if field["type"] == "String" else f":{field['type']}"
    target = f"<{field['targetClass']}>" if "targetClass" in field else ""
    return f"{name}{kind}{target}{'*' if field['required'] else ''}"


@pytest.mark.parametrize("file", FACTS)
def test_our_file_holds_exactly_the_documents_classes_and_fields(file: str) -> None:
    document = json.loads((SCHEMA / file).read_text(encoding="utf-8"))
    assert [c["className"] for c in document["classes"]] == list(FACTS[file])
    for record in document["classes"]:
        found = [spelled(name, field) for name, field in record["fields"].items()]
        assert found == FACTS[file][record["className"]].split()


@pytest.mark.parametrize("file", FACTS)
def test_our_file_works_alone_and_no_class_of_it_is_open_to_all(file: str) -> None:
    made = load([SCHEMA / file])
    assert [role.name for role in made.roles][:2] == ["admin", "staff"]
    assert made.roles[1].roles == ("admin",)
    for record in made.classes:
        permissions = record["classLevelPermissions"]
        assert permissions["addField"] == {}
        assert "*" not in {**permissions["update"], **permissions["delete"]}
        assert not permissions["ACL"].get("*", {}).get("write")


def test_the_two_templates_make_one_shop() -> None:
    made = load(SHOP)
    names = [record["className"] for record in made.classes]
    assert names == ["_User", "Product", "Order", "SKU", "Cart", "DiscountCode", "FlashSale"]
    by_name = {record["className"]: record for record in made.classes}
    assert by_name["_User"]["fields"] == {
        "address": {"type": "String"},
        "role": {"type": "String", "defaultValue": "customer"},
    }
    protected = by_name["_User"]["classLevelPermissions"]["protectedFields"]
    assert protected == {"*": ["email", "address", "role"], "role:admin": []}
    assert made.sign_up_required == ("email",)
    assert made.live_classes == ("Product", "Order", "SKU", "Cart", "FlashSale")
    assert made.roles == (
        TemplateRole("admin"),
        TemplateRole("staff", ("admin",)),
        TemplateRole("seller"),
    )


def test_a_cart_needs_no_total_when_both_flows_must_work() -> None:
    cart = next(record for record in load(SHOP).classes if record["className"] == "Cart")
    assert cart["fields"]["total"] == {"type": "Number"}
    assert cart["fields"]["items"] == {"type": "Array", "required": True}


def demo() -> dict[str, list[dict[str, Any]]]:
    text = (SCHEMA / "demo" / "demo.json").read_text(encoding="utf-8")
    objects: dict[str, list[dict[str, Any]]] = json.loads(text)["objects"]
    return objects


def holds(field: dict[str, Any], value: Any) -> bool:
    """Whether a column of the schema takes this value of the demo."""
    if field["type"] == "Date":
        return value["__type"] == "RelativeDate" and type(value["offsetSeconds"]) is int
    if field["type"] == "Pointer":
        ids = {item["objectId"] for item in demo()[field["targetClass"]]}
        return value["className"] == field["targetClass"] and value["objectId"] in ids
    return type(value) in {"String": (str,), "Number": (int, float)}[field["type"]]


def test_the_demo_fits_the_schema_and_points_only_to_itself() -> None:
    schema = {record["className"]: record["fields"] for record in load(SHOP).classes}
    ids = [item["objectId"] for items in demo().values() for item in items]
    assert len(ids) == len(set(ids))
    for name, items in demo().items():
        needed = {field for field, options in schema[name].items() if options.get("required")}
        for item in items:
            assert len(item["objectId"]) == 10
            assert item["objectId"].isalnum()
            values = {field: value for field, value in item.items() if field != "objectId"}
            assert needed <= values.keys()
            for field, value in values.items():
                assert holds(schema[name][field], value), (name, item["objectId"], field)


def test_the_demo_keeps_the_shops_rules_on_prices_stock_and_sales() -> None:
    objects = demo()
    prices = {item["objectId"]: item["price"] for item in objects["Product"]}
    assert len(prices) == 12
    for price in [*prices.values(), *(s["discountPrice"] for s in objects["FlashSale"])]:
        assert price >= 0
        assert round(price, 2) == price
    stocks = [sku["stock"] for sku in objects["SKU"]]
    assert all(type(stock) is int and stock >= 0 for stock in stocks)
    variations = {(sku["product"]["objectId"], sku["variation"]) for sku in objects["SKU"]}
    assert len(variations) == len(stocks)
    [sale] = objects["FlashSale"]
    assert sale["discountPrice"] < prices[sale["product"]["objectId"]]
    assert sale["startTime"]["offsetSeconds"] < 0 < sale["endTime"]["offsetSeconds"]
    assert [code["code"] for code in objects["DiscountCode"]] == ["WELCOME10"]


# --- what is said for people ----------------------------------------------------------------


def test_descriptions_are_read_and_stand_beside_the_classes() -> None:
    name = {"type": "String", "description": " What shoppers see. "}
    made = template([{"className": "Product", "description": "Goods.", "fields": {"name": name}}])
    assert made.notes["Product"] == ClassNotes("Goods.", {"name": FieldNotes("What shoppers see.")})
    assert product_class(made)["fields"] == {"name": {"type": "String"}}
    assert "description" not in product_class(made)


def test_a_built_in_column_may_be_described_and_silence_leaves_nothing() -> None:
    user = {"className": "User", "fields": {"email": {"type": "String", "description": "Unique."}}}
    made = template([user, {"className": "Note", "description": None, "fields": {}}])
    assert made.notes == {"_User": ClassNotes("", {"email": FieldNotes("Unique.")})}


def test_what_an_array_holds_is_named_by_class_and_united() -> None:
    def holds(*names: str, **more: Any) -> Any:
        return fields(items={"type": "Array", "of": list(names), **more})

    made = template(holds("Product", "User"), holds("Product", description="Second."))
    notes = made.notes["Product"].fields["items"]
    assert notes == FieldNotes("Second.", ("Product", "_User"))
    first = template(holds("Product", description="First."), holds(description="Second."))
    assert first.notes["Product"].fields["items"].description == "First."
    assert template(fields(items={"type": "Array", "of": None})).notes == {}


def test_an_array_of_an_unknown_class_is_a_warning() -> None:
    made = template(fields(items={"type": "Array", "of": ["Prodct"]}))
    (warning,) = made.warnings
    assert warning.reason == "there is no class 'Prodct'; did you mean 'Product'?"


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        ({"type": "Number", "of": ["Product"]}, "only an Array says what it is 'of'"),
        ({"type": "Array", "of": [1]}, "'of' lists the names of classes"),
        ({"type": "Array", "of": "Product"}, "'of' must be a list, not a string"),
        ({"type": "Array", "description": 1}, "'description' must be a string, not a number"),
    ],
)
def test_an_invalid_note_is_refused(column: Any, reason: str) -> None:
    assert reasons(fields(items=column)) == [f"Product.items: {reason}"]


def test_our_own_templates_describe_every_class_and_every_field_of_theirs() -> None:
    for path in SHOP:
        made = load([path])
        for one in made.classes:
            notes = made.notes[one["className"]]
            assert notes.description
            assert one["fields"].keys() - notes.fields.keys() == set()


@pytest.mark.parametrize(("others", "hint"), [(250, "; did you mean 'Player'?"), (300, "")])
def test_among_many_classes_no_similar_one_is_looked_for(others: int, hint: str) -> None:
    pointer = {"type": "Pointer", "targetClass": "Playr"}
    classes: list[dict[str, Any]] = [{"className": f"Own{n}"} for n in range(others)]
    classes += [{"className": "Player"}, {"className": "Game", "fields": {"winner": pointer}}]
    found = templates.parse([("a.json", json.dumps({"classes": classes}))])
    assert [str(warning) for warning in found.warnings] == [
        f"a.json:1: Game.winner: there is no class 'Playr'{hint}"
    ]
