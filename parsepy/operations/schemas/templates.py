"""Schema templates against the database: what differs, and how it is brought up to them."""

import time

from parsepy.backend import Backend
from parsepy.model import schema as model
from parsepy.model.permissions import PUBLIC
from parsepy.model.schema import ClassSchema, Field, make_schema
from parsepy.model.templates import Template
from parsepy.model.values import JSONObject, dumps, now
from parsepy.operations.schemas.cache import load, lookup
from parsepy.operations.schemas.changes import (
    apply_changes,
    change_indexes,
    index_columns,
    insert_row,
    read_fields,
)
from parsepy.storage import schemas as stored
from parsepy.storage.options import FIRST

REPLACED = "replace"
"""The verb of a line that tells of permissions which somebody had set otherwise."""
KEPT = "keep the index"
"""The verb of a line that tells of an index which stays as it is, although a template differs."""
DELETED = "delete the column"
"""The verb of a line that tells of data which go, because an option of the schema says so."""


PAUSE_SECONDS = 5.0
"""How long a start is silent between two lines that tell how far it is."""


class SchemaConflict(Exception):
    """A template and the database disagree; ``lines`` say where."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


async def plan(backend: Backend, template: Template) -> list[str]:
    """What a start with this template would change, a line for each.

    Raises ``SchemaConflict`` where the database has another type, or permissions that somebody
    else has set.
    """
    return (await _changes(backend, template))[0]


async def apply(backend: Backend, template: Template) -> list[str]:
    """Bring the database up to a template; what was changed, in lines.

    It adds, and drops only columns, and those only where an option of the schema says so.
    """
    lines, needed = await _changes(backend, template)
    for name, fields in _doomed(backend, template).items():
        await backend.storage.schemas.drop_columns(backend.schemas.classes[name], fields)
    await load(backend, within=0)
    doing, said = backend.doing, time.monotonic()
    for count, definition in enumerate(needed, 1):
        backend.doing = f"{doing}: {definition['className']}, {count} of {len(needed)} classes"
        if time.monotonic() - said >= PAUSE_SECONDS:
            backend.log.info("schema: %s", backend.doing)
            said = time.monotonic()
        await _apply_class(backend, definition)
    backend.doing = doing
    if not _is_defined(backend):
        await _remember(backend, template)
    await load(backend, within=0)
    return lines


async def _remember(backend: Backend, template: Template) -> None:
    """Write down the permissions that the template gave, to tell them from somebody else's."""
    given = await backend.storage.schemas.template_permissions()
    for definition in template.classes:
        name, permissions = definition["className"], definition.get("classLevelPermissions")
        if permissions is not None and given.get(name) != permissions:
            await backend.storage.schemas.note_permissions(name, permissions)


async def _apply_class(backend: Backend, definition: JSONObject) -> None:
    name = definition["className"]
    fields = read_fields(name, definition["fields"])
    permissions = definition.get("classLevelPermissions")
    if name not in await load(backend):
        own = {f: column for f, column in fields.items() if not model.is_reserved(name, f)}
        await insert_row(backend, name, own, permissions, None)
        await index_columns(backend, name, own)
    schema = (await load(backend, within=0))[name]
    changed = {f: column for f, column in fields.items() if not model.is_reserved(name, f)}
    before = schema.permissions.raw
    if permissions is not None and before is not None and before != permissions:
        await backend.storage.schemas.keep_permissions(name, before, now())
    await apply_changes(backend, schema, [], changed, permissions)
    indexes = definition.get("indexes") or {}
    missing = {index: keys for index, keys in indexes.items() if index not in schema.indexes}
    await change_indexes(backend, name, schema.indexes, missing, [])


def _doomed(backend: Backend, template: Template) -> dict[str, list[str]]:
    """The columns that the options of the schema let go: those not defined, or of another type."""
    options, classes = backend.config.schema, backend.schemas.classes
    doomed: dict[str, list[str]] = {}
    for definition in template.classes:
        name, fields = definition["className"], definition["fields"]
        if options is None or name not in classes:
            continue
        columns = classes[name].fields
        if options.delete_extra_fields:
            doomed.setdefault(name, []).extend(_extra(classes[name], fields))
        if options.recreate_modified_fields:
            for field, record in fields.items():
                known = columns.get(field)
                changed = known and known.type != model.read_field(name, field, record).type
                if changed and not model.is_reserved(name, field):
                    doomed.setdefault(name, []).append(field)
    return {name: fields for name, fields in doomed.items() if fields}


def _extra(schema: ClassSchema, defined: JSONObject) -> list[str]:
    """The columns of a class that are neither defined nor Parse's own."""
    own = [name for name in schema.fields if not model.is_reserved(schema.name, name)]
    return [name for name in own if name not in defined]


async def undefined(backend: Backend, template: Template) -> list[str]:
    """What the database has beyond a template, a line for each class or column."""
    lines: list[str] = []
    defined = {definition["className"]: definition["fields"] for definition in template.classes}
    for name, schema in sorted((await load(backend, within=0)).items()):
        if name in defined:
            extra = _extra(schema, defined[name])
            lines += [f"{name}.{field}: the column is not defined" for field in extra]
        elif name not in model.SYSTEM_COLUMNS:
            lines.append(f"{name}: the class is not defined")
    return lines


async def _changes(backend: Backend, template: Template) -> tuple[list[str], list[JSONObject]]:
    """What applying a template would do: a line for each, and the classes that need it."""
    classes = await load(backend, within=0)
    doomed = _doomed(backend, template)
    lines: list[str] = [
        f"{name}.{field}: {DELETED} with all its values"
        for name, fields in doomed.items()
        for field in fields
    ]
    needed: list[JSONObject] = []
    conflicts: list[str] = []
    may_replace = _is_defined(backend) or backend.config.replace_permissions
    given = await backend.storage.schemas.template_permissions()
    for definition in template.classes:
        name = definition["className"]
        schema = classes.get(name)
        known_lines = len(lines)
        if schema is None:
            lines.append(f"{name}: create the class")
            schema = make_schema(name, {})
        for field, record in definition["fields"].items():
            column = model.read_field(name, field, record)
            known = schema.fields.get(field)
            if known is None or field in doomed.get(name, ()):
                lines.append(f"{name}.{field}: add {column.type}")
            elif known.type != column.type:
                conflicts.append(
                    f"{name}.{field}: the template says {column.type}, "
                    f"the database has {known.type}"
                )
            elif stored.field_options(known) != stored.field_options(column):
                lines.append(f"{name}.{field}: {_said(known)} becomes {_said(column)}")
        permissions, before = definition.get("classLevelPermissions"), schema.permissions.raw
        is_same = permissions == before or (name in classes and permissions == _shown(schema))
        if permissions is not None and not is_same:
            others = name in classes and not (name in given and before == given[name])
            if others and not may_replace and not await _is_untouched(backend, schema):
                conflicts.append(_two_permissions(name, permissions, before))
            verb, old = ("set", "") if before is None else (REPLACED, f" {_json(before)}")
            lines.append(f"{name}: {verb} the class-level permissions{old}")
        for index, keys in (definition.get("indexes") or {}).items():
            if index not in schema.indexes:
                lines.append(f"{name}: add index {index}")
            elif schema.indexes[index] != keys:
                lines.append(_other_index(name, index, schema.indexes[index], keys))
        if len(lines) > known_lines:
            needed.append(definition)
    if conflicts:
        raise SchemaConflict(conflicts)
    return lines, needed


def _is_defined(backend: Backend) -> bool:
    """Are the classes those of ``schema.definitions``, which always have the last word?"""
    options = backend.config.schema
    return options is not None and bool(options.definitions)


async def _is_untouched(backend: Backend, schema: ClassSchema) -> bool:
    """Has nobody set permissions of this class, and stored nothing in it?"""
    if schema.permissions.raw not in (None, PUBLIC):
        return False
    return not await lookup(backend, schema.name, {}, FIRST)


def _shown(schema: ClassSchema) -> JSONObject:
    """The permissions of a class as ``GET /schemas`` shows them, also where none were ever set."""
    shown: JSONObject = schema.to_json()["classLevelPermissions"]
    return shown


def _two_permissions(name: str, wanted: JSONObject, found: JSONObject | None) -> str:
    had = "none: it is open to everybody" if found is None else _json(found)
    return (
        f"{name}: the template's class-level permissions are {_json(wanted)}, "
        f"those in the database {had}; --replace-permissions (replacePermissions: true) lets the "
        "template's count, logs those of the database and keeps them in its _SCHEMA"
    )


def _other_index(name: str, index: str, found: JSONObject, wanted: JSONObject) -> str:
    delete = f'{{"indexes": {{"{index}": {{"__op": "Delete"}}}}}}'
    return (
        f"{name}: {KEPT} {index} as it is, {_json(found)} (the template says {_json(wanted)}); "
        f"to have it made anew, delete it by PUT /schemas/{name} {delete} and start again"
    )


def _json(value: object) -> str:
    return dumps(value).decode()


def _said(column: Field) -> str:
    """The options of a column in words."""
    default = "no default"
    if column.default is not model.MISSING:
        default = f"default {_json(column.default)}"
    return f"{'required' if column.required else 'optional'}, {default}"
