"""What a write asks of a class: that it may be made, that types fit, that columns are added."""

from collections.abc import Mapping
from typing import Any

from parsepy.backend import RequestContext
from parsepy.errors import Code, ParseError
from parsepy.model import ops
from parsepy.model import schema as model
from parsepy.model.bounds import save_exceeds
from parsepy.model.schema import ClassSchema, Field
from parsepy.model.values import (
    ARRAY,
    NATIVE,
    OBJECT,
    POLYGON,
    FieldType,
    JSONObject,
    invalid,
    is_position,
)
from parsepy.operations.schemas.cache import check_unknown, existing, load
from parsepy.operations.schemas.changes import index_columns, insert_row, mismatch
from parsepy.storage import schemas as stored


async def writable(context: RequestContext, class_name: str) -> ClassSchema:
    """The schema for a write; the class is made if it may be (protocol §7.7)."""
    if not model.is_class_name(class_name):
        check_unknown(context, class_name)
        raise ParseError(Code.INVALID_JSON, "schema class name does not revalidate")
    schema = await existing(context.backend, class_name)
    if schema.exists:
        return schema
    check_unknown(context, class_name)
    await insert_row(context.backend, class_name, {}, None, None)
    return await existing(context.backend, class_name)


def check_types(
    context: RequestContext, schema: ClassSchema, values: JSONObject
) -> tuple[dict[str, FieldType], tuple[str, ...]]:
    """Check the type of every value against the columns.

    Answers the columns that are new, and the pointer fields that narrow who may add them
    (empty: no such rule). Raises INCORRECT_TYPE, INVALID_KEY_NAME, OPERATION_FORBIDDEN
    (protocol §9 step 10).
    """
    new: dict[str, FieldType] = {}
    types = schema.types
    for name, value in values.items():
        if name[:1] == "_" or name == "ACL":
            continue
        kind = NATIVE.get(type(value)) or ops.column_type(value)
        if "." in name:
            if kind is not None and kind.name == "Relation":
                raise ParseError(Code.INVALID_KEY_NAME, f"Invalid field name: {name}.")
            has_type = kind is not None
            name, kind = _root(name)
            known = types.get(name)
            if known is not None and not has_type and _is_harmless(known, value):
                continue
        else:
            known = types.get(name)
        if known is None:
            longest = context.bounds.column_name_length
            if len(name) > longest:
                raise ParseError(
                    Code.INVALID_KEY_NAME,
                    f"Invalid field name: {name[:50]}…: it has more than {longest} characters.",
                )
            if not model.is_field_name(name):
                raise ParseError(Code.INVALID_KEY_NAME, f"Invalid field name: {name}.")
            if kind is not None:
                if kind.target is not None and not model.is_class_name(kind.target):
                    raise invalid(kind.name)
                new[name] = kind
        elif kind is not None and kind is not known and kind != known:
            raise mismatch(schema.name, name, known, kind)
        if kind is POLYGON:
            _check_corners(context, value)
    if not new:
        return new, ()
    narrowing = schema.permissions.decide(schema.name, "addField", context.principal) or ()
    return new, narrowing


def _check_corners(context: RequestContext, value: JSONObject) -> None:
    polygon = value.get("amount", value)  # which may be that of SetOnInsert
    if len(polygon["coordinates"]) > context.bounds.polygon_corners:
        raise save_exceeds("corners of a polygon", context.bounds.polygon_corners)


def _is_harmless(column: FieldType, change: Any) -> bool:
    """May this null or removal be written at a path below the column?"""
    # Parse: what has no type is not checked; but null would break a column of another type
    return column.name in ("Object", "Array") or (
        ops.is_delete(change) and column.name not in ("GeoPoint", "Polygon")
    )


def _root(path: str) -> tuple[str, FieldType]:
    """The column that a dotted key reaches into, and the type that this asks of it."""
    name, _, rest = path.partition(".")
    first = rest.partition(".")[0]
    numbered = is_position(first) and name not in ("sentPerUTCOffset", "failedPerUTCOffset")
    return name, ARRAY if numbered else OBJECT


async def add_columns(
    context: RequestContext, schema: ClassSchema, new: Mapping[str, FieldType]
) -> ClassSchema:
    """Record columns learned from a write; a race with another writer is fine if types agree.

    Answers the schema as it is then. Raises OBJECT_TOO_LARGE for more than the class may get.
    """
    if not new:
        return schema
    backend = context.backend
    _check_number(context, schema, new)
    _check_new_points(schema, new)
    for name, kind in new.items():
        await backend.storage.schemas.add_column(schema.name, name, stored.to_text(kind), {})
    await index_columns(backend, schema.name, {n: Field(kind) for n, kind in new.items()})
    classes = await load(backend, within=0)
    fresh = classes.get(schema.name)
    if fresh is None:
        if schema.name not in model.VOLATILE_CLASSES:  # another server has just dropped it
            raise ParseError(Code.INVALID_CLASS_NAME, f"Class {schema.name} does not exist.")
        fresh = schema
    for name, kind in new.items():
        known = fresh.types.get(name)
        if known is not None and known != kind:
            raise mismatch(schema.name, name, known, kind)
    return fresh


def _check_number(
    context: RequestContext, schema: ClassSchema, new: Mapping[str, FieldType]
) -> None:
    """Refuse more columns than a class may have: all of them share one document of 16 MB."""
    bounds = context.bounds
    if len(new) > bounds.new_columns:
        raise save_exceeds("new columns", bounds.new_columns)
    if len(schema.fields) + len(new) > bounds.columns_per_class:
        raise ParseError(
            Code.OBJECT_TOO_LARGE,
            f"Class {schema.name} has as many columns as saves may add, "
            f"{bounds.columns_per_class}.",
        )
    row = context.backend.schemas.documents.get(schema.name, {})
    if len(str(row)) + sum(map(len, new)) > bounds.class_row_bytes:
        raise ParseError(
            Code.OBJECT_TOO_LARGE,
            f"The row of class {schema.name} in _SCHEMA is as large as saves may make it.",
        )


def _check_new_points(schema: ClassSchema, new: Mapping[str, FieldType]) -> None:
    points = [kind for kind in new.values() if kind.name == "GeoPoint"]
    if len(points) > 1:
        raise ParseError(Code.INCORRECT_TYPE, "there can only be one geopoint field in a class")
    if points and any(kind.name == "GeoPoint" for kind in schema.types.values()):
        raise ParseError(
            Code.INCORRECT_TYPE, "MongoDB only supports one GeoPoint field in a class."
        )
