"""Changes of schemas as the database gets them: rows, columns, indexes, permissions."""

from collections.abc import Mapping
from typing import Any

from parsepy.backend import Backend
from parsepy.errors import Code, ParseError
from parsepy.model import schema as model
from parsepy.model.schema import ClassSchema, Field
from parsepy.model.values import FieldType, JSONObject
from parsepy.operations.schemas.cache import load
from parsepy.storage import schemas as stored

_INDEX_SECONDS = 1.0  # for which who brings a new column waits for its index


async def insert_row(
    backend: Backend,
    class_name: str,
    fields: Mapping[str, Field],
    permissions: JSONObject | None,
    indexes: JSONObject | None,
) -> bool:
    """Make a class's row; False if there is one."""
    own = {name: Field(kind) for name, kind in model.SYSTEM_COLUMNS.get(class_name, {}).items()}
    document = stored.to_document(class_name, {**own, **fields}, permissions, indexes)
    made = await backend.storage.schemas.insert(document)
    await load(backend, within=0)
    return made


def read_fields(class_name: str, records: Any) -> dict[str, Field]:
    """The columns of a ``fields`` object, checked (protocol §18)."""
    if not isinstance(records, dict):
        raise ParseError(Code.INVALID_JSON, "invalid JSON")
    return {name: model.read_field(class_name, name, item) for name, item in records.items()}


async def index_columns(backend: Backend, class_name: str, fields: Mapping[str, Field]) -> None:
    """Make the indexes that the types of these columns need."""
    for name, field in fields.items():
        if field.type.name == "Relation":
            refused = await backend.storage.relations.create_indexes(class_name, name)
            for error in refused.values():
                raise error
        elif field.type.name == "Polygon":
            await backend.storage.indexes.create_when_free(
                class_name, f"{name}_2dsphere", {name: "2dsphere"}, patience=_INDEX_SECONDS
            )


async def apply_changes(
    backend: Backend,
    schema: ClassSchema,
    deleted: list[str],
    changed: Mapping[str, Field],
    permissions: JSONObject | None,
) -> None:
    """Drop columns, add columns or change their options, replace permissions if there are any."""
    storage = backend.storage
    if deleted:
        await storage.schemas.drop_columns(schema, deleted)
    change: JSONObject = {}
    for name, field in changed.items():
        options = stored.field_options(field)
        if name not in schema.types:
            await storage.schemas.add_column(schema.name, name, stored.to_text(field.type), options)
        elif schema.types[name] != field.type:
            raise mismatch(schema.name, name, schema.types[name], field.type)
        elif options != stored.field_options(schema.fields[name]):
            change[f"_metadata.fields_options.{name}"] = options
    await index_columns(
        backend, schema.name, {n: f for n, f in changed.items() if n not in schema.types}
    )
    if permissions is not None:
        change["_metadata.class_permissions"] = permissions
    if change:
        await storage.schemas.change(schema.name, {"$set": change})


async def forget_permissions(backend: Backend, class_name: str) -> None:
    """Have a class as one for which permissions were never set."""
    await backend.storage.schemas.change(
        class_name, {"$unset": {"_metadata.class_permissions": ""}}
    )


async def change_indexes(
    backend: Backend,
    class_name: str,
    present: Mapping[str, Any],
    created: Mapping[str, Any],
    removed: list[str],
) -> None:
    """Create and drop indexes, and record what there is then."""
    storage = backend.storage
    backend.schemas.real_indexes.pop(class_name, None)  # from here on the row has them all
    for name in removed:
        await storage.indexes.drop(class_name, name)
    for name, keys in created.items():
        await storage.indexes.create(class_name, name, keys)
    kept = {name: keys for name, keys in present.items() if name not in removed}
    await storage.schemas.change(
        class_name, {"$set": {"_metadata.indexes": {"_id_": {"_id": 1}, **kept, **created}}}
    )


def mismatch(
    class_name: str, name: str, expected: FieldType | str, got: FieldType | str
) -> ParseError:
    """The refusal of a value of the wrong type."""
    return ParseError(
        Code.INCORRECT_TYPE,
        f"schema mismatch for {class_name}.{name}; expected {expected} but got {got}",
    )
