"""Classes as a template has them, to be loaded again with ``--schema``."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from parsepy.model.schema import DEFAULT_COLUMNS, SYSTEM_COLUMNS, VOLATILE_CLASSES
from parsepy.model.templates import ClassNotes, FieldNotes
from parsepy.model.values import JSONObject

_NO_NOTES: Mapping[str, ClassNotes] = {}


def template_of(
    classes: Iterable[JSONObject],
    roles: Sequence[JSONObject],
    notes: Mapping[str, ClassNotes] = _NO_NOTES,
    live: Collection[str] = (),
) -> JSONObject:
    """Write a template of classes as `/schemas` shows them: without Parse's own columns."""
    return {"roles": list(roles), "classes": list(_templates(classes, notes, live))}


def _templates(
    classes: Iterable[JSONObject], notes: Mapping[str, ClassNotes], live: Collection[str]
) -> Iterator[JSONObject]:
    for one in classes:
        name = one["className"]
        said = notes.get(name, ClassNotes())
        parses = {*DEFAULT_COLUMNS, *SYSTEM_COLUMNS.get(name, ())}
        fields = {
            key: {**column, **_noted(said.fields.get(key))}
            for key, column in one["fields"].items()
            if key not in parses
        }
        if name in VOLATILE_CLASSES or (name in SYSTEM_COLUMNS and not fields):
            continue
        made: JSONObject = {"className": name}
        made |= {"description": said.description} if said.description else {}
        made |= {"liveQuery": True} if name in live else {}
        made["fields"] = fields
        if name not in SYSTEM_COLUMNS:
            made["classLevelPermissions"] = one.get("classLevelPermissions") or {}
            indexes = {
                key: keys for key, keys in (one.get("indexes") or {}).items() if key != "_id_"
            }
            made |= {"indexes": indexes} if indexes else {}
        yield made


def _noted(said: FieldNotes | None) -> JSONObject:
    if said is None:
        return {}
    more: JSONObject = {"of": list(said.of)} if said.of else {}
    return more | ({"description": said.description} if said.description else {})
