"""The schema API (protocol §18): show, create, change and drop classes."""

import re
from collections.abc import Mapping
from typing import Any

from parsepy.backend import Backend
from parsepy.errors import Code, ParseError
from parsepy.model import schema as model
from parsepy.model.permissions import check_permissions
from parsepy.model.schema import INDEX_KINDS, ClassSchema, make_schema
from parsepy.model.values import FieldType, JSONObject, is_number
from parsepy.operations.schemas.cache import existing, load
from parsepy.operations.schemas.changes import (
    apply_changes,
    change_indexes,
    forget_permissions,
    index_columns,
    insert_row,
    mismatch,
    read_fields,
)
from parsepy.storage.options import ReadOptions

_INDEX_NAME = re.compile(r"[^\0$][^\0]{0,120}")


async def list_classes(backend: Backend) -> list[JSONObject]:
    """Every class as the schema API shows it, read from the database now."""
    return [schema.to_json() for schema in (await load(backend, within=0)).values()]


async def show_class(backend: Backend, class_name: str) -> JSONObject:
    """One class as the schema API shows it; INVALID_CLASS_NAME if there is none."""
    schema = (await load(backend, within=0)).get(class_name)
    if schema is None:
        if class_name in model.VOLATILE_CLASSES:
            shown = make_schema(class_name, {}).to_json()
            # Parse: classes that have no row of their own are shown without permissions
            return {**shown, "classLevelPermissions": {}}
        raise ParseError(Code.INVALID_CLASS_NAME, f"Class {class_name} does not exist.")
    return schema.to_json()


def _check_new_fields(class_name: str, names: Any) -> None:
    for name in names:
        if not model.is_field_name(name):
            raise ParseError(Code.INVALID_KEY_NAME, f"invalid field name: {name}")
        if model.is_reserved(class_name, name):
            raise ParseError(Code.UNCHANGEABLE_FIELD, f"field {name} cannot be added")


def _check_geo_points(types: Mapping[str, FieldType]) -> None:
    points = [name for name, kind in types.items() if kind.name == "GeoPoint"]
    if len(points) > 1:
        raise ParseError(
            Code.INCORRECT_TYPE,
            "currently, only one GeoPoint field may exist in an object. "
            f"Adding {points[1]} when {points[0]} already exists.",
        )


async def create_class(
    backend: Backend,
    class_name: str,
    fields: Any,
    permissions: Any = None,
    indexes: Any = None,
) -> JSONObject:
    """Create a class; its schema as the schema API shows it."""
    classes = await load(backend, within=0)
    if class_name in classes or class_name in model.VOLATILE_CLASSES:
        raise ParseError(Code.INVALID_CLASS_NAME, f"Class {class_name} already exists.")
    if not model.is_class_name(class_name):
        raise model.invalid_class_name(class_name)
    records = fields if fields is not None else {}
    if isinstance(records, dict):
        _check_new_fields(class_name, records)
    columns = read_fields(class_name, records)
    draft = make_schema(class_name, columns)
    _check_geo_points(draft.types)
    if permissions is not None:
        check_permissions(permissions, draft.types)
    created = _check_indexes(backend, draft, {}, indexes)
    if not await insert_row(backend, class_name, columns, permissions, created):
        raise ParseError(Code.INVALID_CLASS_NAME, f"Class {class_name} already exists.")
    try:
        for name, keys in created.items():
            await backend.storage.indexes.create(class_name, name, keys)
        await index_columns(backend, class_name, columns)
    except ParseError:
        # nothing half-made stays, but for objects that somebody else has put there
        await backend.storage.schemas.drop_class(draft, objects=await _is_empty(backend, draft))
        await load(backend, within=0)
        raise
    return await show_class(backend, class_name)


def _check_indexes(
    backend: Backend, schema: ClassSchema, present: Mapping[str, Any], asked: Any
) -> JSONObject:
    """The indexes to create, checked."""
    if asked is None:
        return {}
    if not isinstance(asked, dict):
        raise ParseError(Code.INVALID_JSON, "invalid JSON")
    created: JSONObject = {}
    for name, keys in asked.items():
        if _is_removal(keys):
            if name not in present:
                raise ParseError(Code.INVALID_QUERY, f"Index {name} does not exist, cannot delete.")
            if name == "_id_":
                raise ParseError(Code.INVALID_QUERY, "Index _id_ cannot be deleted.")
            continue
        if name in present:
            raise ParseError(Code.INVALID_QUERY, f"Index {name} exists, cannot update.")
        if not isinstance(keys, dict) or not keys:
            raise ParseError(Code.INVALID_JSON, "invalid JSON")
        if not _INDEX_NAME.fullmatch(name):
            raise ParseError(Code.INVALID_QUERY, f"Invalid index name: {name}")
        for key, kind in keys.items():
            if not (kind in INDEX_KINDS if isinstance(kind, str) else is_number(kind) and kind):
                raise ParseError(Code.INVALID_QUERY, f"Index {name} has an invalid key: {key}")
            root = key.partition(".")[0]
            field = root[3:] if root.startswith("_p_") else root
            if field not in schema.types and not (
                backend.config.database_options.disable_index_field_validation
            ):
                raise ParseError(
                    Code.INVALID_QUERY, f"Field {key} does not exist, cannot add index."
                )
        created[name] = keys
    return created


def _is_removal(record: Any) -> bool:
    return isinstance(record, dict) and record.get("__op") == "Delete"


async def update_class(backend: Backend, class_name: str, body: JSONObject) -> JSONObject:
    """Change a class: add and delete fields and indexes, replace its permissions.

    Permissions that are null are taken away: the class is open to everybody again.
    """
    schema = (await load(backend, within=0)).get(class_name)
    if schema is None:
        raise ParseError(Code.INVALID_CLASS_NAME, f"Class {class_name} does not exist.")
    records = body.get("fields")
    if records is None:
        records = {}
    if not isinstance(records, dict):
        raise ParseError(Code.INVALID_JSON, "invalid JSON")
    deleted = _check_changes(schema, records)
    changed = read_fields(
        class_name,
        {
            name: item
            for name, item in records.items()
            if name not in deleted and not model.is_reserved(class_name, name)
        },
    )
    _check_new_fields(class_name, [name for name in changed if name not in schema.types])
    draft = make_schema(
        class_name,
        {n: f for n, f in {**schema.fields, **changed}.items() if n not in deleted},
    )
    _check_geo_points(draft.types)
    permissions = body.get("classLevelPermissions")
    if permissions is not None:
        check_permissions(permissions, draft.types)
    indexes = body.get("indexes")
    created = _check_indexes(backend, draft, schema.indexes, indexes)
    removed = [name for name, keys in (indexes or {}).items() if _is_removal(keys)]
    # first what the database may refuse, so that nothing is half-changed then
    if indexes is not None:
        await change_indexes(backend, class_name, schema.indexes, created, removed)
    await apply_changes(backend, schema, deleted, changed, permissions)
    if permissions is None and "classLevelPermissions" in body:
        await forget_permissions(backend, class_name)
    return await show_class(backend, class_name)


def _check_changes(schema: ClassSchema, records: JSONObject) -> list[str]:
    """The fields to delete; refuses a change of type and the deletion of what is not there."""
    deleted = []
    for name, record in records.items():
        known = schema.types.get(name)
        if _is_removal(record):
            if known is None:
                raise ParseError(
                    Code.INVALID_SCHEMA_OPERATION, f"Field {name} does not exist, cannot delete."
                )
            if model.is_reserved(schema.name, name):
                raise ParseError(Code.UNCHANGEABLE_FIELD, f"field {name} cannot be changed")
            deleted.append(name)
        elif known is not None:
            named = record.get("type") if isinstance(record, dict) else None
            if named != known.name and record is not None:
                raise ParseError(
                    Code.INVALID_SCHEMA_OPERATION, f"Field {name} exists, cannot update."
                )
            target = record.get("targetClass") if isinstance(record, dict) else known.target
            if known.target and target != known.target:
                got = f"{known.name}<{target}>" if target else known.name
                raise mismatch(schema.name, name, known, got)
    return deleted


async def delete_class(backend: Backend, class_name: str) -> None:
    """Drop an empty class and its join tables; one that does not exist is fine."""
    if class_name in model.PRIVATE_CLASSES or not model.is_class_name(class_name):
        raise model.invalid_class_name(class_name)
    schema = (await load(backend, within=0)).get(class_name)
    if schema is None:
        schema = make_schema(class_name, {})
    if not await _is_empty(backend, schema):
        count = await backend.storage.count(schema, ())
        raise ParseError(
            Code.INVALID_SCHEMA_OPERATION,
            f"Class {class_name} is not empty, contains {count} objects, cannot drop schema.",
        )
    await backend.storage.schemas.drop_class(schema)
    await load(backend, within=0)


async def _is_empty(backend: Backend, schema: ClassSchema) -> bool:
    """Has the class no object? (The database's count is an estimate after a crash.)"""
    return not await backend.storage.find(
        schema, (), options=ReadOptions(limit=1, keys=frozenset(("objectId",)))
    )


async def purge(backend: Backend, class_name: str) -> None:
    """Delete every object of a class; one that does not exist is fine."""
    if not model.is_class_name(class_name):
        return
    schema = await existing(backend, class_name)
    await backend.storage.delete(schema, (), many=True)
    backend.roles.clear()  # users, roles or sessions may be gone
    backend.principals.clear()
