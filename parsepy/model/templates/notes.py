"""What templates say of classes and fields for people, and what arrays hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from parsepy.model.templates.complaints import Complaints
from parsepy.model.templates.names import stored_name
from parsepy.model.templates.nodes import Node


@dataclass(frozen=True, slots=True)
class FieldNotes:
    """A field's ``description``, and of an array the classes ``of`` the objects in it."""

    description: str = ""
    of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClassNotes:
    """A class's ``description``, and the notes on its fields by their names."""

    description: str = ""
    fields: Mapping[str, FieldNotes] = field(default_factory=dict)


def check_field(node: Node, spelled: str, where: str, complaints: Complaints) -> None:
    """Check ``description`` and ``of`` of a field that is an object; problems are kept."""
    complaints.member(node, "description", str, where)
    members = complaints.member(node, "of", list, where)
    if members is None:
        return
    if spelled not in ("", "Array"):
        complaints.at(members, where, "only an Array says what it is 'of'")
    for member in members.value:
        if not isinstance(member.value, str):
            complaints.at(member, where, "'of' lists the names of classes")


def merged(classes: Sequence[Node], fields: Sequence[tuple[str, Node]]) -> ClassNotes | None:
    """Unite what files say of one class; of two descriptions the first counts. None: nothing."""
    notes: dict[str, FieldNotes] = {}
    for name, node in fields:
        known = notes.get(name, FieldNotes())
        description, of = known.description or _text(node), dict.fromkeys(known.of)
        held: Node | None = node.value.get("of")
        for member in (held.value or ()) if held is not None else ():
            of[stored_name(member.value)] = None
        if description or of:
            notes[name] = FieldNotes(description, tuple(of))
    about = next((text for text in map(_text, classes) if text), "")
    return ClassNotes(about, notes) if about or notes else None


def _text(node: Node) -> str:
    found: Node | None = node.value.get("description")
    return found.value.strip() if found is not None and isinstance(found.value, str) else ""
