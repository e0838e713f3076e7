"""Read the numbered classes of a prompt's Schema section."""

import re
from collections.abc import Iterator, Sequence

from parsepy.model.schema import SYSTEM_COLUMNS, is_class_name, is_field_name
from parsepy.prompts.records import SYSTEM_FIELDS, PromptClass, PromptField, Unclear
from parsepy.prompts.words import TYPES, nearest

_CLASS = re.compile(r"^(?:\d+[.)]|[-*])\s*\**(\w+)\**\s*(\(built-in\))?\s*:\s*(.*)$", re.IGNORECASE)
_FIELD = re.compile(r"^(\w+)\s*\((.*)\)$", re.DOTALL)
_REFERENCE = re.compile(r"^(pointer|relation|array of pointers?)\s+to\s+(\w+)$", re.IGNORECASE)
_ELEMENTS = re.compile(r"^array of \w+$", re.IGNORECASE)
SYSTEM_CLASSES = ("User", "Role", "Session", "Installation")


def read_class(number: int, line: str, unclear: list[Unclear]) -> PromptClass | None:
    """Read a class from its line; None, and why, if it is none."""
    match = _CLASS.match(line)
    if match is None:
        unclear.append(Unclear(number, line, 'a class is written "1. Name: field (Type), …"'))
        return None
    name, mark, rest = match[1], match[2], match[3]
    built_in = mark is not None or name in SYSTEM_CLASSES
    if not is_class_name(name):
        unclear.append(Unclear(number, name, "no class can be called so"))
        return None
    fields: dict[str, PromptField] = {}
    for part in _parts(rest):
        found = _field(number, part, name if built_in else "", unclear)
        if found is not None and found.name in fields:
            unclear.append(Unclear(number, part, f"{name} has the field already"))
        elif found is not None:
            fields[found.name] = found
    return PromptClass(name, tuple(fields.values()), built_in, number)


def _parts(text: str) -> Iterator[str]:
    """The fields of a line, split at commas and semicolons outside of parentheses."""
    depth, begin = 0, 0
    text = text.strip().removesuffix(".")
    for at, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if sign in ",;" and depth <= 0:
            yield text[begin:at].strip()
            begin = at + 1
    yield text[begin:].strip()


def _field(number: int, part: str, built_in: str, unclear: list[Unclear]) -> PromptField | None:
    if not part:
        return None
    match = _FIELD.match(part)
    name = match[1] if match else part
    described = [word.strip() for word in match[2].split(",")] if match else []
    if name in SYSTEM_FIELDS and described in ([], ["system"]):
        return None  # every class has them
    columns = SYSTEM_COLUMNS.get(f"_{built_in}", {}) if built_in else {}
    if name in columns and not described:
        return PromptField(name)
    if not is_field_name(name):
        unclear.append(Unclear(number, part, "no field can be called so"))
        return None
    if not described:
        unclear.append(
            Unclear(number, part, 'a field is written "name (Type)" or "(Type, required)"')
        )
        return None
    kind = _typed(number, name, described[0], unclear)
    if kind is None:
        return None
    required = False
    for word in described[1:]:
        if word.lower() == "required":
            required = True
        elif word.lower() not in ("optional", "system"):
            unclear.append(Unclear(number, part, f"{word!r} is not read; required is"))
    return PromptField(name, kind.type, kind.target, required, kind.holds_pointers)


def _typed(number: int, name: str, text: str, unclear: list[Unclear]) -> PromptField | None:
    """A field of the type that a text names."""
    if text.lower() in TYPES:
        return PromptField(name, TYPES[text.lower()])
    reference = _REFERENCE.match(text)
    if reference is not None:
        word = reference[1].lower()
        if word.startswith("array"):
            return PromptField(name, "Array", reference[2], holds_pointers=True)
        return PromptField(name, word.capitalize(), reference[2])
    if _ELEMENTS.match(text):
        unclear.append(Unclear(number, f"{name} ({text})", "read as Array: a schema says no more"))
        return PromptField(name, "Array")
    unclear.append(
        Unclear(number, f"{name} ({text})", f"no such type{nearest(text, TYPES.values())}")
    )
    return None


def check_targets(classes: Sequence[PromptClass], unclear: list[Unclear]) -> None:
    """List the classes that fields point to and that there are not."""
    names = {one.name for one in classes} | set(SYSTEM_CLASSES)
    for one in classes:
        for field in one.fields:
            if field.target is not None and field.target not in names:
                text = f"{one.name}.{field.name}"
                reason = f"there is no class {field.target}{nearest(field.target, names)}"
                unclear.append(Unclear(one.line, text, reason))
