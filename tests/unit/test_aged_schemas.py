"""D and C7: schema files of old apps and of other tools load as they are, or say what would.

Each is accepted with a warning at most, and keeps what it says.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from parsepy.model.templates import Template, TemplateError, load

STRING = {"type": "String"}
DEFAULTS = {
    "objectId": STRING,
    "createdAt": {"type": "Date"},
    "updatedAt": {"type": "Date"},
    "ACL": {"type": "ACL"},
}
POST: dict[str, Any] = {
    "className": "Post",
    "fields": {**DEFAULTS, "title": STRING, "meta": {"type": "Object"}},
    "classLevelPermissions": {"find": {"*": True}},
    "indexes": {"_id_": {"_id": 1}},
}


def loaded(folder: Path, document: Any, name: str = "schema.json") -> Template:
    """What a file with this document asks for."""
    file = folder / name
    file.write_text(json.dumps(document))
    return load([file])


def post(made: Template) -> Any:
    """The class Post of it."""
    return next(entry for entry in made.classes if entry["className"] == "Post")


def said(made: Template) -> str:
    """The warnings, without the file's folder."""
    return "\n".join(f"{problem.where}: {problem.reason}" for problem in made.warnings)


# --- what old apps have -------------------------------------------------------------------------


def test_a_pointer_to_a_class_that_is_gone(tmp_path: Path) -> None:
    fields = {**POST["fields"], "by": {"type": "Pointer", "targetClass": "Writer"}}
    made = loaded(tmp_path, {"results": [{**POST, "fields": fields}]})
    assert post(made)["fields"]["by"] == {"type": "Pointer", "targetClass": "Writer"}
    assert said(made) == "Post.by: there is no class 'Writer'"


@pytest.mark.parametrize(
    "permissions",
    [
        {"protectedFields": {"*": ["mail"]}},
        {"find": {"pointerFields": ["writer"]}},
        {"readUserFields": ["writer"]},
        {"protectedFields": {"userField:writer": []}},
    ],
)
def test_permissions_that_name_a_column_that_is_gone(
    tmp_path: Path, permissions: dict[str, Any]
) -> None:
    made = loaded(tmp_path, {"results": [{**POST, "classLevelPermissions": permissions}]})
    assert post(made)["classLevelPermissions"] == permissions
    assert "there is no field" in said(made)


@pytest.mark.parametrize(
    "index",
    [
        {"meta.city": 1},
        {"_rperm": 1},
        {"_p_user": 1},
        {"_p_user": 1, "_created_at": -1},
        {"_acl.x.r": 1},
        {"meta.place": "2dsphere"},
    ],
)
def test_an_index_on_a_path_or_on_what_is_internal(tmp_path: Path, index: dict[str, Any]) -> None:
    made = loaded(tmp_path, {"results": [{**POST, "indexes": {"i": index}}]})
    assert post(made)["indexes"]["i"] == index
    assert said(made) == ""


def test_an_index_on_a_column_that_is_gone_is_made_with_a_warning(tmp_path: Path) -> None:
    made = loaded(tmp_path, {"results": [{**POST, "indexes": {"i": {"likes": 1}}}]})
    assert post(made)["indexes"] == {"i": {"likes": 1}}
    assert "there is no field 'likes' to index" in said(made)


def test_directions_that_a_database_tool_wrote_as_floats(tmp_path: Path) -> None:
    made = loaded(tmp_path, {"results": [{**POST, "indexes": {"i": {"title": -1.0}}}]})
    assert json.dumps(post(made)["indexes"]) == '{"i": {"title": -1}}'


@pytest.mark.parametrize("user", ["a", "abc", "auth0|5f7c", "6f1c-22", "ann@example.com", "x" * 80])
def test_permissions_for_ids_of_any_length_and_characters(tmp_path: Path, user: str) -> None:
    permissions = {
        "find": {user: True},
        "ACL": {user: {"read": True}},
        "protectedFields": {user: []},
    }
    made = loaded(tmp_path, [{**POST, "classLevelPermissions": permissions}])
    assert post(made)["classLevelPermissions"] == permissions


def test_a_grant_that_is_switched_off_grants_nothing(tmp_path: Path) -> None:
    permissions = {"find": {"*": False, "role:staff": True}}
    made = loaded(tmp_path, [{**POST, "classLevelPermissions": permissions}])
    assert post(made)["classLevelPermissions"] == {"find": {"role:staff": True}}
    assert "'*' is false: it is left out" in said(made)


def test_empty_objects_as_php_writes_them(tmp_path: Path) -> None:
    empty = {"className": "Post", "fields": [], "indexes": [], "classLevelPermissions": []}
    made = loaded(tmp_path, {"results": [empty]})
    assert post(made) == {"className": "Post", "fields": {}, "classLevelPermissions": {}}


def test_nulls_are_as_good_as_missing(tmp_path: Path) -> None:
    fields = {"title": {**STRING, "targetClass": None, "required": None, "defaultValue": None}}
    entry = {"className": "Post", "fields": fields, "indexes": None, "classLevelPermissions": None}
    assert post(loaded(tmp_path, [entry])) == {"className": "Post", "fields": {"title": STRING}}


def test_a_system_class_of_another_version_is_left_out(tmp_path: Path) -> None:
    made = loaded(tmp_path, {"results": [{"className": "_EventDimension", "fields": {}}, POST]})
    assert [entry["className"] for entry in made.classes] == ["Post"]
    assert "_EventDimension: there is no such system class here: left out" in said(made)


# --- shapes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "document",
    [
        [POST],
        {"classes": [POST]},
        {"results": [POST]},
        {"collections": [POST]},
        POST,
        {"Post": {key: POST[key] for key in POST if key != "className"}},
        {"classes": {"Post": {key: POST[key] for key in POST if key != "className"}}},
        {"collections": [{"name": "Post", **{k: POST[k] for k in POST if k != "className"}}]},
        {"_comment": "of 2016", "$schema": "x", "results": [{"_comment": "old", **POST}]},
        {"_comment": "by name", "Post": {"//": "the posts", **POST}},
    ],
)
def test_every_shape_that_tools_write_is_one_and_the_same(tmp_path: Path, document: Any) -> None:
    made = loaded(tmp_path, document)
    assert made.classes == loaded(tmp_path, [POST]).classes
    assert made.warnings == ()


def test_a_file_may_give_its_name_to_the_class(tmp_path: Path) -> None:
    unnamed = {key: POST[key] for key in POST if key != "className"}
    made = loaded(tmp_path, unnamed, "Post.json")
    assert made.classes == loaded(tmp_path, [POST]).classes


def test_documents_of_schema_as_mongoexport_writes_them(tmp_path: Path) -> None:
    row = {
        "_id": "Post",
        "objectId": "string",
        "createdAt": "date",
        "updatedAt": "date",
        "title": "string",
        "place": "geopoint",
        "meta": "map",
        "by": "*_User",
        "likes": "relation<_User>",
        "_metadata": {
            "class_permissions": {"find": {"*": True}},
            "fields_options": {"title": {"required": True}},
            "indexes": {"_id_": {"_id": 1}, "titles": {"title": 1}},
        },
    }
    assert post(loaded(tmp_path, [row])) == {
        "className": "Post",
        "fields": {
            "title": {"type": "String", "required": True},
            "place": {"type": "GeoPoint"},
            "meta": {"type": "Object"},
            "by": {"type": "Pointer", "targetClass": "_User"},
            "likes": {"type": "Relation", "targetClass": "_User"},
        },
        "classLevelPermissions": {"find": {"*": True}},
        "indexes": {"titles": {"title": 1}},
    }


def exported(folder: Path, text: str) -> Template:
    """What a file asks for that mongoexport has written: documents one after the other."""
    file = folder / "schema.json"
    file.write_text(text)
    return load([file])


ROWS: list[dict[str, Any]] = [
    {"_id": "Post", "title": "string", "_metadata": {"indexes": {"t": {"title": 1}}}},
    {"_id": "_User", "username": "string", "nick": "string"},
    {"_id": "Comment", "post": "*Post", "n": "number"},
]


@pytest.mark.parametrize("end", ["", "\n", "\r\n\n  "])
@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("break_", ["\n", "\r\n", "\n\n\t"])
def test_documents_of_schema_one_a_line(
    tmp_path: Path, break_: str, indent: int | None, end: str
) -> None:
    made = exported(tmp_path, break_.join(json.dumps(row, indent=indent) for row in ROWS) + end)
    assert made.classes == loaded(tmp_path, ROWS).classes
    assert [entry["className"] for entry in made.classes] == ["Post", "_User", "Comment"]


def test_one_document_of_schema_is_one_class(tmp_path: Path) -> None:
    made = exported(tmp_path, json.dumps(ROWS[2]) + "\n")
    assert made.classes == loaded(tmp_path, [ROWS[2]]).classes


def test_numbers_of_canonical_extended_json(tmp_path: Path) -> None:
    metadata = {
        "indexes": {
            "t": {"title": {"$numberInt": "1"}},
            "u": {"likes": {"$numberDouble": "-1.0"}, "title": {"$numberLong": "1"}},
        },
        "fields_options": {
            "likes": {"defaultValue": {"$numberInt": "5"}},
            "tags": {"defaultValue": [{"$numberLong": "7"}, {"a": {"$numberInt": "1"}}]},
        },
    }
    row = {"_id": "Post", "title": "string", "likes": "number", "tags": "array"}
    made = post(exported(tmp_path, json.dumps({**row, "_metadata": metadata})))
    assert made["indexes"] == {"t": {"title": 1}, "u": {"likes": -1, "title": 1}}
    assert made["fields"]["likes"] == {"type": "Number", "defaultValue": 5}
    assert made["fields"]["tags"]["defaultValue"] == [7, {"a": 1}]


def test_a_number_that_is_none_stays_as_it_is_written(tmp_path: Path) -> None:
    metadata = {"indexes": {"t": {"title": {"$numberInt": "one"}}}}
    with pytest.raises(TemplateError, match="indexes"):
        exported(tmp_path, json.dumps({"_id": "Post", "title": "string", "_metadata": metadata}))


@pytest.mark.parametrize(
    "text",
    [
        '{"classes": []}\n{"classes": []}',
        '{"_id": "Post"} {"_id": "Comment"}',
        '{"_id": "Post"}\n[1]',
        '{"_id": "Post"}\n{"classes": []}',
        '{"_id": "Post"}\nPost',
    ],
)
def test_other_text_after_a_file_is_told_with_its_place(tmp_path: Path, text: str) -> None:
    with pytest.raises(TemplateError, match="text after the end of the JSON value"):
        exported(tmp_path, text)


def test_a_slip_in_a_later_document_is_told_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"schema\.json:2"):
        exported(tmp_path, '{"_id": "Post"}\n{"_id": "Comment", }')


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_file_may_be_written_as_windows_does(tmp_path: Path, encoding: str) -> None:
    mark = "\N{ZERO WIDTH NO-BREAK SPACE}" if encoding.endswith("e") else ""
    text = json.dumps([POST], ensure_ascii=False).replace("\n", "\r\n")
    file = tmp_path / "schema.json"
    file.write_bytes((mark + text).encode(encoding))
    assert load([file]).classes == loaded(tmp_path, [POST]).classes


@pytest.mark.parametrize(
    "answer", [{"error": "unauthorized"}, {"code": 119, "error": "Permission denied"}]
)
def test_an_answer_that_was_saved_in_place_of_schemas_is_told_as_such(
    tmp_path: Path, answer: dict[str, Any]
) -> None:
    with pytest.raises(TemplateError) as refused:
        loaded(tmp_path, answer)
    for part in (answer["error"], "ask it with the master key", '"results"'):
        assert part in str(refused.value)


@pytest.mark.parametrize(
    "document", [{}, {"openapi": "3.0"}, {"type": "object", "properties": {}}, {"tables": [POST]}]
)
def test_an_unknown_shape_is_told_which_are_known(tmp_path: Path, document: Any) -> None:
    with pytest.raises(TemplateError) as refused:
        loaded(tmp_path, document)
    for shape in ('{"classes": [...]}', '"results"', "Post.json", "_SCHEMA"):
        assert shape in str(refused.value)


def test_comments_stand_anywhere(tmp_path: Path) -> None:
    fields = {
        "_comment": "columns",
        "comment": STRING,
        "title": {**STRING, "_comment": "of the page"},
    }
    permissions = {"_comment": "who", "find": {"*": True}}
    entry = {"className": "Post", "fields": fields, "classLevelPermissions": permissions}
    made = loaded(tmp_path, {"classes": [entry]})
    assert post(made)["fields"] == {"comment": STRING, "title": STRING}
    assert post(made)["classLevelPermissions"] == {"find": {"*": True}}
    assert made.warnings == ()


# --- C7: only User is an alias ------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Session", "Role", "Installation", "Product", "Audience"])
def test_a_class_with_a_system_classs_name_is_a_class_of_its_own(tmp_path: Path, name: str) -> None:
    other = {
        "by": {"type": "Pointer", "targetClass": name},
        "user": {"type": "Pointer", "targetClass": "User"},
    }
    document = [
        {"className": name, "fields": {"name": STRING, "user": STRING}},
        {"className": f"_{name}", "fields": {}},
        {"className": "Post", "fields": other},
    ]
    made = loaded(tmp_path, document)
    assert made.classes[0] == {"className": name, "fields": {"name": STRING, "user": STRING}}
    assert post(made)["fields"]["by"] == {"type": "Pointer", "targetClass": name}
    assert post(made)["fields"]["user"] == {"type": "Pointer", "targetClass": "_User"}


# --- what is left out ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("index", "reason"),
    [
        ({"_fts": "text", "_ftsx": 1}, "a text index that does not name its columns: left out"),
        ({"fans": 1}, "the relation 'fans' has no index here: left out"),
    ],
)
def test_an_index_that_cannot_be_is_left_out(
    tmp_path: Path, index: dict[str, Any], reason: str
) -> None:
    fans = {"type": "Relation", "targetClass": "User"}
    entry = {"className": "Post", "fields": {"fans": fans}, "indexes": {"i": index}}
    made = loaded(tmp_path, [entry])
    assert "indexes" not in post(made)
    assert said(made) == f"Post.indexes.i: {reason}"


def test_an_operation_that_is_null_grants_nothing(tmp_path: Path) -> None:
    permissions: dict[str, Any] = {"find": {"*": True}, "get": None, "create": []}
    made = loaded(tmp_path, [{**POST, "classLevelPermissions": permissions}])
    assert post(made)["classLevelPermissions"] == {"find": {"*": True}, "create": {}}


def test_comments_among_classes_by_name_and_rows_without_metadata(tmp_path: Path) -> None:
    named = {"classes": {"_comment": {"fields": {}}, "Post": {"fields": {"title": STRING}}}}
    expected: dict[str, Any] = {"className": "Post", "fields": {"title": STRING}}
    assert loaded(tmp_path, named).classes == (expected,)
    assert loaded(tmp_path, [{"_id": "Post", "title": "string"}]).classes == (expected,)
    partly = {"_id": "Post", "title": "string", "_metadata": {"fields_options": {"title": 1}}}
    assert loaded(tmp_path, partly).classes == (expected,)
