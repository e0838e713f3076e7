"""Writes: new objects, changes, deletions; nested objects, links, files and ACLs in their input."""

from collections.abc import Mapping
from typing import Any

from parsepy.errors import Code, ParseError
from parsepy.graphql.files import store
from parsepy.graphql.reads import Columns, get
from parsepy.graphql.runs import Run
from parsepy.graphql.schema.naming import object_id_of
from parsepy.graphql.wheres import internal_error
from parsepy.model.values import JSONObject, pointer
from parsepy.operations import objects
from parsepy.operations.read_back import read_back
from parsepy.operations.writes import Saved, SaveOptions

_READ_AGAIN = SaveOptions(wants_stored=True)
_DELETE: JSONObject = {"__op": "Delete"}
_NOTHING: JSONObject = {}
_OF_INPUTS = frozenset(("ACL", "Relation", "Pointer", "File", "GeoPoint", "Polygon"))
"""The types of columns whose values are inputs of GraphQL's own; all others are REST's values."""


async def body_of(run: Run, class_name: str, fields: Mapping[str, Any] | None) -> JSONObject:
    """The body of a save from the fields of an input.

    Objects within it are created, and files stored, before the object itself is.
    """
    schema = run.classes[class_name]
    body: JSONObject = {}
    for name, value in (fields or {}).items():
        kind = schema.types.get(name)
        type_name = "" if kind is None else kind.name
        if value is not None and type_name not in _OF_INPUTS:
            body[name] = value
        elif type_name == "ACL":
            body[name] = _acl(value or {})  # Parse: null is an ACL that names nobody
        elif type_name == "Relation":
            assert kind is not None
            body[name] = await _relation(run, name, kind.target or "", value)
        elif value is None:
            body[name] = _DELETE
        elif type_name == "Pointer":
            assert kind is not None
            target = kind.target or ""
            link = _link(target, value) or await _pointer(run, name, target, value)
            if link is not None:
                body[name] = link
        elif type_name == "File":
            body[name] = await _file(run, value)
        elif type_name == "GeoPoint":
            body[name] = {**value, "__type": "GeoPoint"}
        else:
            corners = [[corner["latitude"], corner["longitude"]] for corner in value]
            body[name] = {"__type": "Polygon", "coordinates": corners}
    return body


def _acl(value: Mapping[str, Any]) -> JSONObject:
    acl: JSONObject = {}
    everybody = value.get("public")
    if everybody:
        acl["*"] = _rights(everybody)
    for rule in value.get("users") or ():
        acl[object_id_of(rule["userId"], "_User")] = _rights(rule)
    for rule in value.get("roles") or ():
        acl[f"role:{rule['roleName']}"] = _rights(rule)
    return acl


def _rights(rule: Mapping[str, Any]) -> JSONObject:
    return {"read": rule["read"], "write": rule["write"]}


async def _new(run: Run, class_name: str, fields: Mapping[str, Any]) -> JSONObject:
    """A pointer to an object that is created for it."""
    if class_name not in run.shown:  # a value of such a class is any JSON
        raise internal_error()
    saved = await objects.create(run.context, class_name, await body_of(run, class_name, fields))
    return pointer(class_name, saved.object_id)


def _linked(class_name: str, given: str) -> JSONObject:
    return pointer(class_name, object_id_of(given, class_name))


def _link(target: str, value: Any) -> JSONObject | None:
    """A pointer to an object that is there, as most are; ``None`` where ``_pointer`` has to see."""
    link = value.get("link") if value.__class__ is dict and len(value) == 1 else None
    return _linked(target, link) if link and link.__class__ is str else None


async def _pointer(run: Run, name: str, target: str, value: Any) -> JSONObject | None:
    if len(value) != 1:
        raise ParseError(
            Code.INVALID_POINTER,
            f"You need to provide link OR createLink on the pointer mutation of field {name}",
        )
    if not isinstance(value, dict):  # Parse: any JSON may be the pointer to a hidden class
        return None
    fields = value.get("createAndLink")
    if fields or fields == {}:
        return await _new(run, target, fields)
    link = value.get("link")
    if link and not isinstance(link, str):
        raise internal_error()
    return _linked(target, link) if link else None


async def _relation(run: Run, name: str, target: str, value: Any) -> JSONObject:
    if value is None:
        raise internal_error()
    if not value:
        raise ParseError(
            Code.INVALID_POINTER,
            f"You need to provide at least one operation on the relation mutation of field {name}",
        )
    if not isinstance(value, dict):
        raise internal_error()
    added, removed = _ids(value.get("add")), _ids(value.get("remove"))
    created = value.get("createAndAdd") or []
    if not isinstance(created, list):
        raise internal_error()
    made = [await _new(run, target, fields) for fields in created]
    operations: list[JSONObject] = []
    if added is not None or made:
        linked = [_linked(target, given) for given in added or ()]
        operations.append({"__op": "AddRelation", "objects": [*linked, *made]})
    if removed is not None:
        linked = [_linked(target, given) for given in removed]
        operations.append({"__op": "RemoveRelation", "objects": linked})
    if not operations and target not in run.shown:
        raise internal_error()
    return {"__op": "Batch", "ops": operations}


def _ids(value: Any) -> list[str] | None:
    """The ids of a relation's change; of a hidden class they may be any JSON."""
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise internal_error()
    return value


async def _file(run: Run, value: Mapping[str, Any]) -> JSONObject:
    upload = value.get("upload")
    if upload is not None:
        return {**await store(run.context, upload), "__type": "File"}
    file = value.get("file")
    if file and file.get("name"):
        stored: JSONObject = {"__type": "File", "name": file["name"]}
        if file.get("url"):
            stored["url"] = file["url"]
        return stored
    raise ParseError(Code.FILE_SAVE_ERROR, "Invalid file upload.")


def _shown(
    body: Mapping[str, Any], columns: Columns, found: Mapping[str, Any]
) -> Mapping[str, Any]:
    """What was written and is selected, where the object that was ``found`` lacks it.

    A pointer that was followed, and is not found, leads nowhere.
    """
    missing = [name for name in columns.roots if name in body and name not in found]
    if not missing:
        return _NOTHING
    followed, shown = {path[0] for path in columns.include}, {}
    for name in missing:
        value = body[name]
        is_deleted = isinstance(value, dict) and value.get("__op") == "Delete"
        shown[name] = None if is_deleted or name in followed else value
    return shown


async def _read_again(
    run: Run, class_name: str, object_id: str, columns: Columns, saved: Saved
) -> JSONObject:
    """What is selected of an object after a save, by the rights of who saved it."""
    known = saved.stored
    if known is not None and columns.keys is not None:
        columns.check(run)
        found = await read_back(run.context, class_name, known, columns.keys)
        if found is not None:
            return found
    if saved.status == 201:
        known = None  # values in the form in which the client sent them
    return await get(run, class_name, object_id, columns, known=known)


async def create(
    run: Run, class_name: str, given: Mapping[str, Any], columns: Columns
) -> JSONObject:
    """Create an object; it is read again, by its maker's rights, for what is selected."""
    body = await body_of(run, class_name, given.get("fields"))
    saved = await objects.create(run.context, class_name, dict(body), _READ_AGAIN)
    answered: JSONObject = saved.response if isinstance(saved.response, dict) else {}
    object_id = str(answered.get("objectId") or saved.object_id)
    found = await _read_again(run, class_name, object_id, columns, saved)
    shown = _shown(body, columns, found)
    return {**answered, "updatedAt": answered.get("createdAt"), **shown, **found}


async def update(
    run: Run, class_name: str, given: Mapping[str, Any], columns: Columns
) -> JSONObject:
    """Change an object; it is read again for what is selected."""
    object_id = object_id_of(given["id"], class_name)
    body = await body_of(run, class_name, given.get("fields"))
    options = columns.of_save
    saved = await objects.update(run.context, class_name, object_id, dict(body), options)
    answered: JSONObject = saved.response if isinstance(saved.response, dict) else {}
    found = await _read_again(run, class_name, object_id, columns, saved)
    shown = _shown(body, columns, found)
    return {"objectId": object_id, **answered, **shown, **found}


async def delete(
    run: Run, class_name: str, given: Mapping[str, Any], columns: Columns
) -> JSONObject:
    """Delete an object, after reading what is selected of it."""
    object_id = object_id_of(given["id"], class_name)
    found: JSONObject = {}
    if columns.has_keys and set(columns.names) - {"objectId"}:
        found = await get(run, class_name, object_id, columns)
    await objects.delete(run.context, class_name, object_id)
    return {"objectId": object_id, **found}
