"""Write a prompt: of an app whose prompt is known, and of one that has only a schema."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from parsepy.model.schema import DEFAULT_COLUMNS, SYSTEM_COLUMNS
from parsepy.model.values import JSONObject
from parsepy.prompts.records import SECTIONS, SYSTEM_FIELDS, Prompt, PromptClass, PromptField

SYSTEM = f"{', '.join(SYSTEM_FIELDS)} (system)."


def write(prompt: Prompt) -> str:
    """The text of a prompt: its classes as they are, all else as it was read."""
    order = [*prompt.texts, *(name for name in SECTIONS if name not in prompt.texts)]
    blocks = [prompt.title] if prompt.title else []
    for name in order:
        if name == "Schema":
            lines = [_class(number, one) for number, one in enumerate(prompt.classes, 1)]
        else:
            lines = list(prompt.texts.get(name, ()))
        if lines:
            blocks.append("\n".join([f"{name}:", *lines]))
    return "\n\n".join(blocks) + "\n"


def _class(number: int, one: PromptClass) -> str:
    mark = " (built-in)" if one.built_in else ""
    fields = ", ".join(_field(field) for field in one.fields)
    return f"{number}. {one.name}{mark}: {fields}{'; ' if fields else ''}{SYSTEM}"


def _field(field: PromptField) -> str:
    if not field.type:
        return field.name
    kind = field.type
    if field.holds_pointers:
        kind = f"Array of Pointers to {field.target}"
    elif field.target is not None:
        kind = f"{field.type} to {field.target}"
    return f"{field.name} ({kind}{', required' if field.required else ''})"


# --- from a schema ------------------------------------------------------------------------------


def prompt_of(classes: Sequence[JSONObject], known: Prompt | None, title: str) -> Prompt:
    """The prompt of an app with these classes.

    What a schema can't tell (sentences, what arrays hold, built-in classes that have no columns
    of the app's) is taken from the prompt that the app was made from.
    """
    found = [_of_schema(one, known) for one in classes]
    by_name = {one.name: one for one in found if one.fields or not one.built_in}
    if known is None:
        order = list(by_name.values())
        return Prompt(title, tuple(order), _sentences(by_name, classes))
    before = [by_name.pop(one.name, one if one.built_in else None) for one in known.classes]
    kept = [one for one in before if one is not None]
    return replace(known, classes=(*kept, *by_name.values()))


def _of_schema(one: JSONObject, known: Prompt | None) -> PromptClass:
    stored = str(one["className"])
    built_in = stored in SYSTEM_COLUMNS
    name = stored.lstrip("_") if built_in else stored
    before = known.named(name) if known is not None else None
    parses = {**DEFAULT_COLUMNS, **SYSTEM_COLUMNS.get(stored, {})}
    fields = {
        key: _column(key, column, before)
        for key, column in (one.get("fields") or {}).items()
        if key not in parses
    }
    names = [field.name for field in before.fields] if before is not None else []
    system = [PromptField(name) for name in names if name in parses]
    ordered = [fields.pop(name) for name in names if name in fields]
    return PromptClass(name, (*system, *ordered, *fields.values()), built_in)


def _column(name: str, column: JSONObject, before: PromptClass | None) -> PromptField:
    target = column.get("targetClass")
    shown = target.lstrip("_") if target in SYSTEM_COLUMNS else target
    known = next((f for f in before.fields if f.name == name), None) if before else None
    if column["type"] == "Array" and known is not None and known.holds_pointers:
        return PromptField(name, "Array", known.target, bool(column.get("required")), True)
    return PromptField(name, column["type"], shown, bool(column.get("required")))


def _sentences(
    named: Mapping[str, PromptClass], classes: Sequence[JSONObject]
) -> dict[str, tuple[str, ...]]:
    """Sentences of Security that say what the permissions say, as far as there are words for it."""
    lines = []
    for one in classes:
        name = str(one["className"])
        granted = one.get("classLevelPermissions") or {}
        if name not in named or not isinstance(granted, dict):
            continue
        if "*" in (granted.get("find") or {"*": True}):
            lines.append(f"- Anyone can list {name}.")
        elif (granted.get("find") or {}).get("requiresAuthentication"):
            lines.append(f"- Signed-in users can list {name}.")
        roles = [key[5:] for key in granted.get("create") or {} if key.startswith("role:")]
        lines += [f"- Only {role} can create/update/delete {name}." for role in roles[:1]]
    texts: dict[str, tuple[str, ...]] = {"Schema": ()}
    if lines:
        texts["Security"] = tuple(lines)
    texts["Auth"] = ("- Sign-up, login, logout.",)
    return texts
