"""Structured prompts: what is read, what is listed as unclear, and prompts written again."""

from __future__ import annotations

from pathlib import Path

import pytest

from parsepy import prompts
from parsepy.model import templates

HERE = Path(__file__).parent
VARIANTS = HERE.parents[1] / "schema" / "variants"


def prompt(name: str) -> str:
    return (HERE / f"{name}.txt").read_text(encoding="utf-8")


def described(*lines: str, security: str = "", behavior: str = "") -> prompts.Prompt:
    """A prompt of these classes."""
    numbered = "\n".join(f"{number}. {line}" for number, line in enumerate(lines, 1))
    return prompts.read(
        f"Create it.\n\nSchema:\n{numbered}\n\nSecurity:\n- {security}\n\nBehavior:\n- {behavior}\n"
    )


def permissions(read: prompts.Prompt, name: str) -> dict[str, object]:
    classes = prompts.template_json(read)["classes"]
    found: dict[str, object] = next(
        one["classLevelPermissions"] for one in classes if one["className"] == name
    )
    return found


@pytest.mark.parametrize("name", ["ecommerce", "shopping"])
def test_the_prompt_of_a_document_gives_its_schema_to_the_byte(name: str) -> None:
    template = prompts.template_json(prompts.read(prompt(name)))
    assert prompts.template_text(template) == (VARIANTS / f"{name}-agent.json").read_text()


@pytest.mark.parametrize("name", ["ecommerce", "shopping"])
def test_a_prompt_is_written_as_it_was_read(name: str) -> None:
    read = prompts.read(prompt(name))
    template = templates.parse([("x.json", prompts.template_text(prompts.template_json(read)))])
    assert prompts.write(prompts.prompt_of(template.classes, read, "")) == prompt(name)


def test_of_a_prompt_that_is_clear_but_for_some_lines_those_are_listed() -> None:
    assert [str(one) for one in prompts.read(prompt("clinic")).unclear] == [
        'line 9: "colour (Color)": no such type',
        'line 14: "Nurses should see everything that is not too private": write "Only the X can '
        'create/update/delete their Y", or "Anyone can list Y"',
        'line 17: "fingerprints": not set up; sign-up, login, logout, password reset, email '
        "verification, anonymous users are",
        'line 20: "remind patients of their appointments": not acted on: write it in cloud/main.py',
        'line 22: "Delivery:": no section is called so; is Deliver meant?',
    ]


def test_every_type_is_read() -> None:
    read = described(
        "Thing: a (String, required), b (Number), c (Boolean), d (Date), e (Object), f (Array), "
        "g (File), h (GeoPoint), i (Polygon), j (Bytes), k (Pointer to Thing), l (Relation to "
        "User), m (Array of Pointers to Thing)"
    )
    (thing,) = prompts.template_json(read)["classes"]
    assert read.unclear == ()
    assert {name: column["type"] for name, column in thing["fields"].items()} == {
        "a": "String",
        "b": "Number",
        "c": "Boolean",
        "d": "Date",
        "e": "Object",
        "f": "Array",
        "g": "File",
        "h": "GeoPoint",
        "i": "Polygon",
        "j": "Bytes",
        "k": "Pointer",
        "l": "Relation",
        "m": "Array",
    }
    assert thing["fields"]["l"]["targetClass"] == "User"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("Thing: a (Strin)", "no such type; is String meant?"),
        ("Thing: a", 'a field is written "name (Type)" or "(Type, required)"'),
        ("Thing: a (Pointer to Thong)", "there is no class Thong; is Thing meant?"),
        ("Thing: a (String, unique)", "'unique' is not read; required is"),
        ("Thing: a (String), a (Number)", "Thing has the field already"),
        ("Thing: a (Array of String)", "read as Array: a schema says no more"),
        ("_Thing: a (String)", "no class can be called so"),
        ("a thing with a name", 'a class is written "1. Name: field (Type), …"'),
    ],
)
def test_what_is_no_field_or_class_is_told(line: str, reason: str) -> None:
    assert reason in [one.reason for one in described(line).unclear]


def test_what_may_point_to_somebodys_own_is_never_public() -> None:
    read = described(
        "Patient: name (String, required)",
        "Visit: patient (Pointer to Patient, required)",
        "Invoice: visit (Pointer to Visit, required)",
        "Report: visit (Pointer to Visit)",
        "Ward: name (String)",
        security="Only the patient can update/delete their profile.",
    )
    kinds = {one.name: prompts.kind_of(read, one).value for one in read.classes}
    assert kinds == {
        "Patient": "personal",
        "Visit": "personal",
        "Invoice": "personal",
        "Report": "internal",
        "Ward": "catalogue",
    }
    assert permissions(read, "Report")["find"] == {"role:staff": True, "role:admin": True}
    assert prompts.remarks(read) == [
        "Report is for staff alone, and roles that Security names for it"
    ]


def test_security_gives_roles_and_anyone_what_it_says() -> None:
    read = described(
        "Lesson: title (String)",
        "Wish: text (String)",
        "Room: name (String)",
        security="Only teachers can create/update lessons. Anyone can create wishes. "
        "Signed-in users can list rooms.",
    )
    assert permissions(read, "Lesson")["create"] == {
        "role:teacher": True,
        "role:staff": True,
        "role:admin": True,
    }
    assert permissions(read, "Wish")["create"] == {"*": True}
    assert permissions(read, "Room")["find"] == {"requiresAuthentication": True}
    assert prompts.template_json(read)["roles"][-1] == {"name": "teacher", "roles": ["admin"]}


def test_an_app_without_a_prompt_gets_one_that_can_be_read() -> None:
    file = HERE.parents[1] / "schema" / "ecommerce.json"
    classes = templates.load([file]).classes
    text = prompts.write(prompts.prompt_of(classes, None, "Create a shop."))
    read = prompts.read(text)
    assert [one.reason for one in read.unclear if one.line < 12] == []
    fields = {one.name: {f.name: f.type for f in one.fields} for one in read.classes}
    assert fields["SKU"]["product"] == "Pointer"
    assert fields["User"] == {"address": "String"}


def test_a_field_that_the_app_has_got_meanwhile_stands_in_its_prompt() -> None:
    read = prompts.read(prompt("shopping"))
    template = prompts.template_json(read)
    template["classes"][0]["fields"]["weight"] = {"type": "Number"}
    text = prompts.write(prompts.prompt_of(template["classes"], read, ""))
    assert "inventory (Number, required), weight (Number); objectId" in text
