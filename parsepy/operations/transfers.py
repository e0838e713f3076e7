"""Move whole classes out of a database and into one: objects, relations, users with passwords.

It is the operator's, with all rights: no permissions, no cloud code, no events. Everything is
taken page by page, so that memory does not grow with the class.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime
from typing import Any

from parsepy.backend import Backend
from parsepy.errors import Code, ParseError
from parsepy.model import where as wheres
from parsepy.model.schema import VOLATILE_CLASSES, ClassSchema
from parsepy.model.values import JSONObject, date, from_iso
from parsepy.operations import schemas
from parsepy.storage.options import ReadOptions

PAGE = 1000
_LEFT = {"_Session", "_Idempotency", "_JobStatus", "_PushStatus", "_JobSchedule", "_Audience"}
"""What belongs to a running server and is not moved unless it is named."""


async def movable(backend: Backend) -> list[str]:
    """The names of the classes that are moved unless others are named."""
    found = await schemas.load(backend, within=0)
    return sorted(name for name in found if name not in _LEFT and name not in VOLATILE_CLASSES)


async def class_named(backend: Backend, class_name: str) -> ClassSchema:
    """The schema of a class; raises INVALID_CLASS_NAME if there is none."""
    found = (await schemas.load(backend, within=0)).get(class_name)
    if found is None:
        raise ParseError(Code.INVALID_CLASS_NAME, f"There is no class {class_name}.")
    return found


async def pages(
    backend: Backend, schema: ClassSchema, after: str = ""
) -> AsyncIterator[list[JSONObject]]:
    """Every object of a class with all its columns, in the order of ids, beginning after one."""
    options = ReadOptions(order=(("objectId", 1),), limit=PAGE, internal=True)
    while True:
        where = wheres.parse({"objectId": {"$gt": after}}, privileged=True)
        found = await backend.storage.find(schema, where, options=options)
        if found:
            yield [_outward(schema, item) for item in found]
            after = found[-1]["objectId"]
        if len(found) < PAGE:
            return


def file_names(items: Any) -> Iterator[str]:
    """The names of the files that values name, at any depth."""
    if isinstance(items, dict):
        if items.get("__type") == "File":
            name = items.get("name")
            if isinstance(name, str) and name:
                yield name
            return
        items = list(items.values())
    if isinstance(items, list):
        for item in items:
            yield from file_names(item)


async def relation_rows(
    backend: Backend, schema: ClassSchema, field: str
) -> AsyncIterator[JSONObject]:
    """Every membership of a relation, in the order of owners."""
    async for row in backend.storage.bulk.members(schema.name, field):
        yield row


async def put(backend: Backend, schema: ClassSchema, items: Sequence[JSONObject]) -> None:
    """Store objects as they are; those that are there already are replaced.

    Raises INVALID_JSON for one without an id, DUPLICATE_VALUE where a unique index refuses one.
    """
    for item in items:
        if not isinstance(item.get("objectId"), str) or not item["objectId"]:
            raise ParseError(Code.INVALID_JSON, f"An object of {schema.name} has no objectId.")
    await backend.storage.bulk.put(schema, [_inward(schema, item) for item in items])


async def put_rows(
    backend: Backend, schema: ClassSchema, field: str, rows: Sequence[JSONObject]
) -> None:
    """Store memberships of a relation; those that are there stay so."""
    wanted = [{"owningId": row["owningId"], "relatedId": row["relatedId"]} for row in rows]
    await backend.storage.bulk.put_members(schema.name, field, wanted)


async def make_class(backend: Backend, described: JSONObject) -> None:
    """Make a class, or add to one the columns that it lacks; its permissions only if it is new."""
    name = described["className"]
    fields = {
        key: column
        for key, column in described["fields"].items()
        if key not in ("objectId", "createdAt", "updatedAt", "ACL")
    }
    known = (await schemas.load(backend, within=0)).get(name)
    if known is None:
        permissions = described.get("classLevelPermissions")
        await schemas.create_class(backend, name, fields, permissions)
        return
    missing = {key: column for key, column in fields.items() if key not in known.fields}
    if missing:
        await schemas.update_class(backend, name, {"fields": missing})


# --- the form of a line -------------------------------------------------------------------------


def _outward(schema: ClassSchema, item: JSONObject) -> JSONObject:
    """An object as it is written: the server's own columns in JSON, no relations, sorted keys."""
    return {
        key: _to_json(item[key]) if key[:1] == "_" else item[key]
        for key in sorted(item)
        if key not in schema.relations
    }


def _inward(schema: ClassSchema, item: JSONObject) -> JSONObject:
    return {
        key: _from_json(value) if key[:1] == "_" else value
        for key, value in item.items()
        if key not in schema.relations
    }


def _to_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return date(value)
    if isinstance(value, dict):
        return {key: _to_json(item) for key, item in value.items()}
    return [_to_json(item) for item in value] if isinstance(value, list) else value


def _from_json(value: Any) -> Any:
    if isinstance(value, dict):
        if value.get("__type") == "Date":
            return from_iso(value.get("iso"))
        return {key: _from_json(item) for key, item in value.items()}
    return [_from_json(item) for item in value] if isinstance(value, list) else value
