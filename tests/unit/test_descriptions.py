"""What is made of a schema for people and tools: sentences, diagrams, flows, code."""

from typing import Any

import pytest

from parsepy.codegen import LANGUAGES, shapes_of
from parsepy.descriptions import (
    TECHNOLOGIES,
    FlowStep,
    entity_diagram,
    entries_of,
    first_request,
    flow_diagram,
    general_flow,
    sentences,
    snippets,
    steps_of,
    template_of,
    who_sees,
)
from parsepy.model.templates import ClassNotes, FieldNotes

ALL = ("find", "get", "count", "create", "update", "delete", "addField")


POINTER = {"type": "Pointer", "targetClass": "_Session"}


def shown(name: str = "Note", /, rights: Any = None, **fields: Any) -> Any:
    """A class as `/schemas` shows it; a bare text is a column's type."""
    spelled = {key: {"type": it} if isinstance(it, str) else it for key, it in fields.items()}
    one: dict[str, Any] = {"className": name, "fields": spelled}
    return one if rights is None else {**one, "classLevelPermissions": rights}


@pytest.mark.parametrize(
    ("rights", "said"),
    [
        (None, ["Anyone may read, write and add columns."]),
        ({name: {"*": True} for name in ALL}, ["Anyone may read, write and add columns."]),
        ({}, ["Only the master key may read, write and add columns."]),
        (
            {"find": {"*": True}, "get": {"requiresAuthentication": True}, "ACL": {}},
            [
                "Anyone may list.",
                "Only the master key may write, count and add columns.",
                "Whoever is signed in may open.",
            ],
        ),
        (
            {name: {"role:b": True, "role:a": True, "u1": True} for name in ALL},
            ["The roles a and b and the user u1 may read, write and add columns."],
        ),
        (
            {"readUserFields": ["owner"], "writeUserFields": ["owner"]},
            [
                "The one in its field owner may read, change, delete and add columns.",
                "Only the master key may create.",
            ],
        ),
    ],
)
def test_permissions_are_told_in_sentences(rights: Any, said: list[str]) -> None:
    assert sentences(shown(rights=rights)) == said


@pytest.mark.parametrize(
    ("acl", "said"),
    [
        ({"*": {"read": True, "write": True}}, "everybody may read and change it"),
        ({"*": {"read": True}, "role:a": {"read": True}}, "everybody may read it"),
        (
            {"currentUser": {"read": True}, "role:a": {"write": True}},
            "its maker may read it; a may change it",
        ),
    ],
)
def test_who_may_do_what_with_a_new_object_is_told(acl: Any, said: str) -> None:
    assert sentences(shown(rights={"ACL": acl}))[-1] == f"Of a new object: {said}."


def test_an_object_acl_that_grants_nothing_says_nothing() -> None:
    assert len(sentences(shown(rights={"ACL": {"*": {}}}))) == 1


def test_hidden_fields_are_told_and_who_sees_them() -> None:
    hidden = {"*": ["mail"], "role:admin": [], "role:clerk": ["mail"]}
    one = shown(rights={"protectedFields": hidden}, mail="String", name="String")
    assert sentences(one)[-1] == "Only admin may see mail."
    assert who_sees(one, "mail") == "admin"
    assert who_sees(one, "name") == "all readers"
    of_a_user = shown("_User", rights={"protectedFields": hidden}, mail="String")
    assert sentences(of_a_user)[-1] == "Only its owner and admin may see mail."


@pytest.mark.parametrize(
    ("protected", "said"),
    [
        ({"*": ["a"]}, "the master key"),
        ({"*": ["a"], "authenticated": []}, "whoever is signed in"),
        ({"*": ["a"], "userField:by": [], "u1": []}, "the user u1 and the one in its field by"),
        # nobody has all lists of others: who has none, or one without the field, sees it
        ({"role:clerk": ["a"]}, "all readers but clerk"),
        ({"*": [], "role:clerk": ["a"]}, "all readers"),
    ],
)
def test_who_sees_a_field_is_told_as_the_server_decides_it(protected: Any, said: str) -> None:
    one = shown(rights={"protectedFields": protected}, a="String")
    assert who_sees(one, "a") == said
    told = sentences(one)[-1]
    assert told.endswith("may see a.") is (said != "all readers")
    assert told.startswith("All readers but clerk") is ("clerk" in said)


def test_a_class_of_the_apps_own_that_is_called_as_one_of_parse_is_told_apart() -> None:
    gym = shown("Session", trainer={"type": "Pointer", "targetClass": "_User"}, of_log_in=POINTER)
    parses = shown("_Session", restricted="Boolean", more="String")
    own, other, user = entries_of([gym, shown("_User", height="Number"), parses], {})
    assert [own.title, other.title, user.title] == ["Session", "_Session", "User"]
    assert [column.titles for column in own.columns] == [("User",), ("_Session",)]
    drawn = entity_diagram([gym, shown("_User"), parses])
    assert "Session }o--o| _Session : of_log_in" in drawn
    assert "    _Session {" in drawn


def test_the_dictionary_leaves_out_what_nobody_reads_and_names_targets() -> None:
    note = shown(
        owner={"type": "Pointer", "targetClass": "_User", "required": True},
        kept={"type": "Array", "defaultValue": [1]},
        objectId="String",
    )
    note["indexes"] = {"by_owner": {"_p_owner": 1}}
    user = shown("_User", password="String", username="String")
    notes = {"Note": ClassNotes("About.", {"kept": FieldNotes("", ("Note",))})}
    first, second = entries_of([note, user, shown("_Role", name="String")], notes)
    assert (first.title, second.title) == ("Note", "User")
    owner, kept, given = first.columns
    assert (owner.targets, owner.indexes, owner.required) == (("_User",), ("by_owner",), True)
    assert (kept.targets, kept.default) == (("Note",), "[1]")
    assert given.description == "The object's id, made by the server."
    assert [column.name for column in second.columns] == ["username"]


def test_a_diagram_draws_pointers_relations_and_what_arrays_hold() -> None:
    one = shown(
        a={"type": "Pointer", "targetClass": "_User"},
        b={"type": "Relation", "targetClass": "Note"},
        c="Array",
    )
    notes = {"Note": ClassNotes("", {"c": FieldNotes("", ("Note", "Gone"))})}
    lines = entity_diagram([one], notes).splitlines()
    assert lines[-3:] == [
        "    Note }o--o| User : a",
        "    Note }o--o{ Note : b",
        "    Note }o--o{ Note : c",
    ]


def test_a_flow_is_read_from_a_numbered_list() -> None:
    text = (
        '1. Log in: `POST /login {"username": "ann"}`\n'
        "2. List `GET /classes/Note?limit=3`\n"
        "* not numbered: `GET /x`\n3. no request\n"
    )
    assert steps_of(text) == (
        FlowStep("Log in", "POST", "/login", '{"username": "ann"}'),
        FlowStep("List", "GET", "/classes/Note?limit=3"),
    )
    assert len(steps_of("1. a: `GET /x`\n" * 30)) == 20


def test_without_one_the_flow_lists_what_is_public_and_saves_what_users_may() -> None:
    rights = {"find": {"*": True}, "create": {"requiresAuthentication": True}}
    steps = general_flow([shown("_User"), shown(rights=rights)])
    assert [step.title for step in steps] == ["Log in", "List Note", "Save Note", "Log out"]
    assert len(general_flow([shown(rights={})])) == 2
    drawn = flow_diagram([FlowStep("a;b\nc", "GET", "/classes/Note?x=1")])
    assert "App->>Server: GET /classes/Note\n" in drawn
    assert "Note right of Server: a b c" in drawn


def test_code_is_written_in_every_technology() -> None:
    fields = {"title": {"type": "String", "required": True}, "list": "Array", "owner": "Pointer"}
    fields["owner"] = {"type": "Pointer", "targetClass": "_User"}
    note = next(one for one in entries_of([shown(**fields)], {}) if one.title == "Note")
    made = snippets(note, "https://a.example/parse", "id", is_live=True)
    assert tuple(made) == TECHNOLOGIES
    assert 'title: "text"' in made["JavaScript"].create
    assert "curl -H 'X-Parse-Application-Id: id'" in made["REST"].query
    assert "wss://a.example/parse" not in made["REST"].query
    assert "websocat wss://a.example/parse" in made["REST"].live
    assert "notes(first: 10)" in made["GraphQL"].query
    assert all(not text.live for text in snippets(note, "u", "i", is_live=False).values())
    (lists,) = [one for one in entries_of([shown(list="Array")], {}) if one.title == "Note"]
    assert '$object->setArray("list", []);' in snippets(lists, "u", "i", is_live=True)["PHP"].create


def test_the_first_request_is_one_that_is_answered() -> None:
    closed = entries_of([shown(rights={})], {})
    public = entries_of([shown(rights={"find": {"*": True}})], {})
    assert first_request(closed, "u", "i").endswith("'u/health'")
    assert first_request(public, "u", "i", "-H 'K: k'").startswith("curl -H 'X-Parse-Application")
    assert first_request(public, "u", "i").endswith("'u/classes/Note?limit=3'")
    assert first_request(public, "u", "i", path="/classes/A").endswith("'u/classes/A'")


def test_a_template_of_classes_keeps_what_was_said_of_them() -> None:
    note = shown(rights={"find": {}}, items="Array", objectId="String")
    note["indexes"] = {"_id_": {"_id": 1}, "by": {"items": 1}}
    notes = {"Note": ClassNotes("About.", {"items": FieldNotes("Held.", ("Note",))})}
    made = template_of([note, shown("_User", username="String")], [{"name": "a"}], notes, ["Note"])
    assert made == {
        "roles": [{"name": "a"}],
        "classes": [
            {
                "className": "Note",
                "description": "About.",
                "liveQuery": True,
                "fields": {"items": {"type": "Array", "of": ["Note"], "description": "Held."}},
                "classLevelPermissions": {"find": {}},
                "indexes": {"by": {"items": 1}},
            }
        ],
    }


def test_descriptions_stand_in_the_types_of_typescript() -> None:
    notes = {"Note": ClassNotes("About\nnotes.", {"title": FieldNotes("Ends */ here.")})}
    text = LANGUAGES["typescript"](shapes_of([shown(title="String", more="Number")], notes))
    assert "/** About notes. */\nexport class Note extends" in text
    assert "  /** Ends * / here. */\n  title?: string;\n  more?: number;" in text
