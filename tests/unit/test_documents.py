"""REST objects as MongoDB documents and back: keys, encodings, and documents of others."""

from datetime import datetime
from typing import Any

import pytest
from bson import Binary, Code, Decimal128, Int64, MinKey, ObjectId, Regex, Timestamp
from bson.datetime_ms import DatetimeMS

from parsepy.errors import ParseError
from parsepy.model.schema import ClassSchema, Field, make_schema
from parsepy.model.values import PLAIN_TYPES, FieldType, dumps, pointer
from parsepy.storage import documents
from parsepy.storage.documents import key_of, plan_of, to_columns, to_number, to_object

FILE_URL = documents.file_url_of("http://shop/parse", "shop")
PRODUCT = make_schema(
    "Product",
    {
        "name": Field(PLAIN_TYPES["String"]),
        "price": Field(PLAIN_TYPES["Number"]),
        "since": Field(PLAIN_TYPES["Date"]),
        "tags": Field(PLAIN_TYPES["Array"]),
        "box": Field(PLAIN_TYPES["Object"]),
        "photo": Field(PLAIN_TYPES["File"]),
        "code": Field(PLAIN_TYPES["Bytes"]),
        "place": Field(PLAIN_TYPES["GeoPoint"]),
        "area": Field(PLAIN_TYPES["Polygon"]),
        "owner": Field(FieldType("Pointer", "_User")),
    },
)
USER = make_schema("_User", {})
MOMENT = datetime(2020, 1, 2, 3, 4, 5, 678000)
DATE = {"__type": "Date", "iso": "2020-01-02T03:04:05.678Z"}
BYTES = {"__type": "Bytes", "base64": "AGN1cA=="}
ANNA = pointer("_User", "anna")
POINT = {"__type": "GeoPoint", "latitude": 1, "longitude": 2}


def stored(schema: ClassSchema = PRODUCT, **values: Any) -> Any:
    return to_columns(schema, values)


def read(document: Any, schema: ClassSchema = PRODUCT, **options: Any) -> Any:
    return to_object(plan_of(schema, FILE_URL), document, **options)


# --- keys ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schema", "name", "key"),
    [
        (PRODUCT, "objectId", "_id"),
        (PRODUCT, "createdAt", "_created_at"),
        (PRODUCT, "updatedAt", "_updated_at"),
        (PRODUCT, "owner", "_p_owner"),
        (PRODUCT, "owner.name", "owner.name"),
        (PRODUCT, "box.size", "box.size"),
        (PRODUCT, "sessionToken", "sessionToken"),
        (USER, "sessionToken", "_session_token"),
        (USER, "authData.anonymous.id", "_auth_data_anonymous.id"),
        (USER, "username", "username"),
        (PRODUCT, "authData.anonymous.id", "authData.anonymous.id"),
        (make_schema("_Audience", {}), "timesUsed", "times_used"),
    ],
)
def test_a_column_has_its_document_key(schema: ClassSchema, name: str, key: str) -> None:
    assert key_of(schema, name) == key


# --- to BSON ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (5, 5),
        (5.0, 5),
        (-0.0, 0),
        (5.5, 5.5),
        (2**31 - 1, 2**31 - 1),
        (2**31, float(2**31)),
        (-(2**31) - 1, float(-(2**31) - 1)),
        (2.0**31, 2.0**31),
        (12345678901, 12345678901.0),
        (2**53, 2.0**53),
        (2**53 + 1, 2**53 + 1),
        (2**63, 2.0**63),
        (1e300, 1e300),
    ],
)
def test_a_number_is_an_int32_a_double_or_an_int64(value: Any, kept: Any) -> None:
    assert repr(to_number(value)) == repr(kept)


@pytest.mark.parametrize(
    ("values", "document"),
    [
        ({"name": "cup"}, {"name": "cup"}),
        ({"name": None}, {"name": None}),
        ({"price": 5.0}, {"price": 5}),
        ({"since": DATE}, {"since": MOMENT}),
        ({"owner": ANNA}, {"_p_owner": "_User$anna"}),
        ({"owner": {**ANNA, "__type": "Object"}}, {"_p_owner": "_User$anna"}),
        ({"owner": None}, {"_p_owner": None}),
        ({"place": POINT}, {"place": [2, 1]}),
        ({"photo": {"__type": "File", "name": "cup.png", "url": "u"}}, {"photo": "cup.png"}),
        ({"code": BYTES}, {"code": Binary(b"\0cup")}),
        ({"products": {"__type": "Relation", "className": "Product"}}, {}),
        (
            {"tags": [1.0, DATE, BYTES, ANNA, POINT, None, [True]]},
            {"tags": [1, MOMENT, Binary(b"\0cup"), ANNA, POINT, None, [True]]},
        ),
        ({"box": {"since": DATE, "n": {"x": 2.0}}}, {"box": {"since": MOMENT, "n": {"x": 2}}}),
        ({"box": {"__type": "", "x": 1}}, {"box": {"__type": "", "x": 1}}),
        (
            {"createdAt": DATE["iso"], "updatedAt": DATE["iso"], "objectId": "cup"},
            {"_created_at": MOMENT, "_updated_at": MOMENT, "_id": "cup"},
        ),
        ({"_hashed_password": "x"}, {"_hashed_password": "x"}),
        ({"ACL": None}, {}),
        ({"ACL": {}}, {"_rperm": [], "_wperm": [], "_acl": {}}),
        (
            {"ACL": {"*": {"read": True}, "anna": {"read": True, "write": True}}},
            {
                "_rperm": ["*", "anna"],
                "_wperm": ["anna"],
                "_acl": {"*": {"r": True}, "anna": {"r": True, "w": True}},
            },
        ),
    ],
)
def test_a_column_is_stored_as_the_reference_stores_it(values: Any, document: Any) -> None:
    assert stored(**values) == document


def test_a_polygon_is_closed_and_turned_to_longitude_first() -> None:
    area = {"__type": "Polygon", "coordinates": [[0, 1], [0, 2], [3, 2]]}
    ring = [[1, 0], [2, 0], [2, 3], [1, 0]]
    assert stored(area=area) == {"area": {"type": "Polygon", "coordinates": [ring]}}
    closed = {**area, "coordinates": [*area["coordinates"], [0, 1]]}
    assert stored(area=closed) == stored(area=area)


@pytest.mark.parametrize("points", [[], [[0, 0]], [[0, 0], [1, 1], [0, 0], [1, 1]]])
def test_a_polygon_needs_three_different_corners(points: Any) -> None:
    with pytest.raises(ParseError, match="at least 3 different vertices"):
        stored(area={"__type": "Polygon", "coordinates": points})


@pytest.mark.parametrize("value", [{"a.b": 1}, [{"$set": 1}], {"d": {"__type": "Date"}}])
def test_ill_formed_nested_values_are_refused(value: Any) -> None:
    for name in ("box", "tags"):
        with pytest.raises(ParseError):
            stored(**{name: value})
    with pytest.raises(ParseError):
        stored(USER, authData={"anonymous": {"id": value}})


def test_each_provider_of_auth_data_has_its_own_key() -> None:
    data = {"anonymous": {"id": "1"}, "github": None}
    assert stored(USER, authData=data) == {"_auth_data_anonymous": {"id": "1"}}
    assert stored(USER, authData=None) == {}
    assert stored(PRODUCT, authData=data) == {"authData": data}


def test_a_broken_nested_date_that_was_not_checked_becomes_null() -> None:
    assert documents.to_nested({"__type": "Date", "iso": "bad"}) is None
    assert documents.to_nested({"__type": "Bytes"}) is None


def test_a_pointer_that_starts_as_null_keeps_its_plain_name() -> None:
    values = {"name": "cup", "owner": None}
    assert documents.to_document(PRODUCT, values) == {"name": "cup", "owner": None}
    assert documents.to_document(PRODUCT, {"owner": ANNA}) == {"_p_owner": "_User$anna"}


# --- from BSON ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "item"),
    [
        ({"_id": "cup"}, {"objectId": "cup"}),
        ({"_id": ObjectId("0" * 24)}, {"objectId": "0" * 24}),
        ({"_created_at": MOMENT}, {"createdAt": DATE["iso"]}),
        ({"createdAt": MOMENT}, {"createdAt": DATE["iso"]}),
        ({"updatedAt": "2020-01-02T03:04:05.678"}, {"updatedAt": DATE["iso"]}),
        ({"updatedAt": "yesterday"}, {"updatedAt": "yesterday"}),
        ({"updatedAt": 5}, {"updatedAt": "1970-01-01T00:00:00.005Z"}),
        ({"_created_at": Int64(5)}, {"createdAt": "1970-01-01T00:00:00.005Z"}),
        ({"_id": 42}, {"objectId": "42"}),
        ({"_id": Int64(42)}, {"objectId": "42"}),
        ({"_id": 42.0}, {"objectId": "42"}),
        ({"price": 5.0}, {"price": 5}),
        ({"price": Int64(2**60)}, {"price": 2**60}),
        ({"price": 1e17}, {"price": 10**17}),
        ({"price": 1e21}, {"price": 1e21}),
        ({"price": float("inf")}, {"price": None}),
        ({"price": float("nan")}, {"price": None}),
        ({"price": Decimal128("5.50")}, {"price": 5.5}),
        ({"since": MOMENT}, {"since": DATE}),
        ({"since": None}, {"since": None}),
        ({"since": 5}, {"since": 5}),
        ({"since": "2020"}, {"since": "2020"}),
        ({"since": dict(DATE)}, {"since": DATE}),
        ({"since": {"__type": "Date", "iso": MOMENT}}, {"since": DATE}),
        ({"box": [{"__type": "Date", "iso": MOMENT}]}, {"box": [DATE]}),
        ({"code": "AGN1cA=="}, {"code": BYTES}),
        ({"code": "no base64"}, {"code": "no base64"}),
        (
            {"area": {"type": "Point", "coordinates": [1, 2]}},
            {"area": {"type": "Point", "coordinates": [1, 2]}},
        ),
        ({"_p_owner": "_User$anna"}, {"owner": ANNA}),
        ({"_p_owner": "_User$a$b"}, {"owner": pointer("_User", "a$b")}),
        ({"_p_owner": None}, {}),
        ({"_p_owner": "Shop$anna"}, {}),
        ({"_p_owner": 5}, {}),
        ({"place": [2, 1.0]}, {"place": POINT}),
        ({"place": "home"}, {"place": "home"}),
        ({"photo": 5}, {"photo": 5}),
        (
            {"photo": "a b.png"},
            {
                "photo": {
                    "__type": "File",
                    "name": "a b.png",
                    "url": "http://shop/parse/files/shop/a%20b.png",
                }
            },
        ),
        (
            {"photo": "http://old/a.png"},
            {"photo": {"__type": "File", "name": "http://old/a.png", "url": "http://old/a.png"}},
        ),
        ({"code": b"\0cup"}, {"code": BYTES}),
        (
            {"area": {"type": "Polygon", "coordinates": [[[1, 0], [2, 0.0], [2, 3]]]}},
            {"area": {"__type": "Polygon", "coordinates": [[0, 1], [0, 2], [3, 2]]}},
        ),
        ({"area": {}}, {"area": {}}),
        ({"area": 5}, {"area": 5}),
        (
            {"box": {"since": MOMENT, "code": Binary(b"\0cup"), "n": [2.0, Int64(3)]}},
            {"box": {"since": DATE, "code": BYTES, "n": [2, 3]}},
        ),
        ({"unknown": [1.0]}, {"unknown": [1]}),
        ({"": 1}, {"": 1}),
        ({"box": Regex("^a")}, {"box": "Regex('^a', 0)"}),
        ({"_rperm": ["*"], "_wperm": []}, {"ACL": {"*": {"read": True}}}),
        ({"_wperm": ["anna"]}, {"ACL": {"anna": {"write": True}}}),
        ({"_rperm": [], "_acl": {}}, {"ACL": {}}),
    ],
)
def test_a_document_is_read_in_rest_form(document: Any, item: Any) -> None:
    # the texts tell 5 and 5.0 apart
    assert dumps(read(document)) == dumps(item)


def test_hidden_columns_stay_hidden_unless_the_house_asks() -> None:
    document = {"_id": "anna", "_hashed_password": "x", "_session_token": "r:1"}
    assert read(document, USER) == {"objectId": "anna"}
    assert read(document, USER, internal=True) == {
        "objectId": "anna",
        "_hashed_password": "x",
        "_session_token": "r:1",
    }


def test_auth_data_is_gathered_from_its_keys() -> None:
    document = {"_auth_data_anonymous": {"id": "1"}, "_auth_data_github": {"n": 2.0}}
    assert read(document, USER) == {"authData": {"anonymous": {"id": "1"}, "github": {"n": 2}}}


def test_relation_columns_are_always_there() -> None:
    role = read({"_id": "owners"}, make_schema("_Role", {}))
    assert role["users"] == {"__type": "Relation", "className": "_User"}


@pytest.mark.parametrize(
    ("milliseconds", "iso"),
    [
        (253402300800000, "+010000-01-01T00:00:00.000Z"),
        (8640000000000000, "+275760-09-13T00:00:00.000Z"),
        (-62135596800001, "0000-12-31T23:59:59.999Z"),
        (-62167219200001, "-000001-12-31T23:59:59.999Z"),
        (8640000000000001, None),
    ],
)
def test_a_date_outside_pythons_calendar_is_written_as_javascript_does(
    milliseconds: int, iso: str | None
) -> None:
    assert documents.from_timestamp(DatetimeMS(milliseconds)) == iso


def test_a_file_is_found_by_the_address_that_the_request_came_by() -> None:
    assert FILE_URL("a b!.png", "http://other/api") == "http://other/api/files/shop/a%20b!.png"
    assert FILE_URL("cup.png") == "http://shop/parse/files/shop/cup.png"


def test_the_reader_of_a_class_is_made_once() -> None:
    assert plan_of(PRODUCT, FILE_URL) is plan_of(PRODUCT, FILE_URL)


def test_each_address_of_the_server_has_its_own_reader_of_a_class_with_files() -> None:
    stored = {"_id": "cup", "photo": "cup.png"}
    for mount, url in (
        (None, "http://shop/parse/files/shop/cup.png"),
        ("http://one/api", "http://one/api/files/shop/cup.png"),
        ("http://two/api", "http://two/api/files/shop/cup.png"),
    ):
        assert to_object(plan_of(PRODUCT, FILE_URL, mount), stored)["photo"]["url"] == url


def test_clients_who_make_up_names_of_the_server_do_not_fill_its_memory() -> None:
    for number in range(1000):
        plan_of(PRODUCT, FILE_URL, f"http://made-up-{number}/parse")
    assert len(plan_of(PRODUCT, FILE_URL).by_mount) <= 16


# --- operands of queries --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "target", "text"),
    [
        (ANNA, None, "_User$anna"),
        ("anna", "_User", "_User$anna"),
        ("anna", None, "anna"),
        (5, "_User", 5),
    ],
)
def test_a_pointer_operand_is_the_stored_text(value: Any, target: Any, text: Any) -> None:
    assert documents.pointer_text(value, target) == text


PLAIN = (str, int, float, bool, type(None), dict, list)


@pytest.mark.parametrize(
    "value",
    [
        Int64(7),
        Int64(2**53 + 1),
        Code("f()"),
        ObjectId("0" * 24),
        Decimal128("1"),
        Binary(b"x"),
        MOMENT,
        Regex("^a"),
        Timestamp(1, 2),
        MinKey(),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize(
    "column", ["price", "name", "since", "box", "tags", "photo", "place", "_x"]
)
def test_nothing_of_the_databases_types_leaks_out_of_a_read(value: Any, column: str) -> None:
    """K10: the matcher and cloud code know Python's own types, by their very class."""

    def check(item: Any) -> None:
        assert type(item) in PLAIN
        for inner in item.values() if type(item) is dict else item if type(item) is list else ():
            check(inner)

    check(read({column: value}))
    check(read({column: [{"x": value}]}))


@pytest.mark.parametrize("text", ["x", "2020-01-01T00:00:00.000Z"])
def test_code_in_place_of_a_date_reads_as_its_text(text: str) -> None:
    assert documents.from_timestamp(Code(text)) == text


MANY: dict[str, list[Any]] = {
    "texts": ["a", None, True] * 20,
    "small numbers": list(range(60)),
    "large numbers": [2**40, -(2**60), 1] * 20,
    "fractions": [1.5, 2.0, 3] * 20,
    "truth and numbers": [True, 1] * 20,
    "dates": [DATE, "text"] * 20,
}


@pytest.mark.parametrize("name", MANY)
def test_many_values_are_stored_as_few_are(name: str) -> None:
    many = MANY[name]
    each = [documents.to_nested(value) for value in many]
    box = {f"k{i}": value for i, value in enumerate(many)}
    found = stored(tags=many, box=box)
    assert [(type(v), v) for v in found["tags"]] == [(type(v), v) for v in each]
    assert [(type(v), v) for v in found["box"].values()] == [(type(v), v) for v in each]
    assert found["tags"] is not many
