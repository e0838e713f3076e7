"""What belongs to no class: classes themselves, the cloud config, cloud functions, files."""

from collections.abc import Iterable, Mapping
from typing import Any

from parsepy.errors import DENIED, Code, ParseError, denied
from parsepy.graphql.failures import at_once
from parsepy.graphql.files import store
from parsepy.graphql.runs import Run
from parsepy.model.values import JSONObject
from parsepy.operations import functions, global_config, schemas
from parsepy.triggers import UNDEFINED, CustomResponse

_FIRST = ("objectId", "createdAt", "updatedAt", "ACL")
_ADDED = {
    "addStrings": "String",
    "addNumbers": "Number",
    "addBooleans": "Boolean",
    "addArrays": "Array",
    "addObjects": "Object",
    "addDates": "Date",
    "addFiles": "File",
    "addGeoPoint": "GeoPoint",
    "addPolygons": "Polygon",
    "addBytes": "Bytes",
    "addPointers": "Pointer",
    "addRelations": "Relation",
}


def _require_master(run: Run, to: str | None = None) -> None:
    """Refuse all but the master key; the read-only one as well, and everybody where schemas are

    locked, if it is ``to`` write.
    """
    principal = run.context.principal
    if not principal.is_master:
        raise denied(Code.OPERATION_FORBIDDEN, "unauthorized: master key is required")
    if to is None:
        return
    if principal.is_read_only:
        raise denied(
            Code.OPERATION_FORBIDDEN, f"read-only masterKey isn't allowed to {to} a schema."
        )
    options = run.context.config.schema
    if options is not None and options.lock_schemas:
        raise ParseError(Code.OPERATION_FORBIDDEN, "The schemas are locked (schema.lockSchemas).")


def _class(shown: Mapping[str, Any]) -> JSONObject:
    """A class as GraphQL shows it, from the schema API's form."""
    fields: Mapping[str, Any] = shown["fields"]
    names = [*(n for n in _FIRST if n in fields), *(n for n in fields if n not in _FIRST)]
    return {
        "name": shown["className"],
        "schemaFields": [
            {
                "name": name,
                "type": fields[name]["type"],
                "targetClassName": fields[name].get("targetClass"),
            }
            for name in names
        ],
    }


async def show_class(run: Run, arguments: Mapping[str, Any]) -> JSONObject:
    """One class."""
    with at_once(0):
        _require_master(run)
    return _class(await schemas.show_class(run.context.backend, arguments["name"]))


async def list_classes(run: Run, arguments: Mapping[str, Any]) -> list[JSONObject]:
    """All classes."""
    with at_once(0):
        _require_master(run)
    return [_class(shown) for shown in await schemas.list_classes(run.context.backend)]


async def create_class(run: Run, given: Mapping[str, Any]) -> JSONObject:
    """Make a class."""
    _require_master(run, "create")
    columns = _columns(given.get("schemaFields"), None)
    made = await schemas.create_class(run.context.backend, given["name"], columns)
    return {"class": _class(made)}


async def update_class(run: Run, given: Mapping[str, Any]) -> JSONObject:
    """Add columns to a class, and remove some."""
    _require_master(run, "update")
    backend, name = run.context.backend, given["name"]
    known = (await schemas.show_class(backend, name))["fields"]
    columns = _columns(given.get("schemaFields"), known)
    return {"class": _class(await schemas.update_class(backend, name, {"fields": columns}))}


async def delete_class(run: Run, given: Mapping[str, Any]) -> JSONObject:
    """Delete an empty class; the answer shows what it was."""
    _require_master(run, "delete")
    backend, name = run.context.backend, given["name"]
    shown = await schemas.show_class(backend, name)
    await schemas.delete_class(backend, name)
    return {"class": _class(shown)}


def _columns(given: Mapping[str, Any] | None, known: Mapping[str, Any] | None) -> JSONObject:
    """The columns of an input in the schema API's form; raises INVALID_KEY_NAME for one twice."""
    columns: JSONObject = {}
    if not given:
        return columns
    removed = {field["name"] for field in given.get("remove") or ()}
    for name, type_name in _ADDED.items():
        added = given.get(name)
        for field in _listed(added):
            column = field["name"]
            if column in removed:
                continue
            if column in columns or (known is not None and column in known):
                raise ParseError(Code.INVALID_KEY_NAME, f"Duplicated field name: {column}")
            columns[column] = {"type": type_name}
            if "targetClassName" in field:
                columns[column]["targetClass"] = field["targetClassName"]
    if known is not None:
        for column in removed:
            if column in known:
                columns[column] = {"__op": "Delete"}
    return columns


def _listed(added: Any) -> Iterable[Mapping[str, Any]]:
    if added is None:
        return ()
    return added if isinstance(added, list) else (added,)


async def cloud_config(run: Run, arguments: Mapping[str, Any]) -> JSONObject:
    """A parameter of the cloud config."""
    with at_once():
        _require_master_of_config(run)
    config = await global_config.read(run.context)
    name = arguments["paramName"]
    if name not in config["params"]:
        return {"value": None, "isMasterKeyOnly": None}
    return {
        "value": config["params"][name],
        "isMasterKeyOnly": config.get("masterKeyOnly", {}).get(name),
    }


async def update_cloud_config(run: Run, given: Mapping[str, Any]) -> JSONObject:
    """Set a parameter of the cloud config."""
    _require_master_of_config(run)
    name, value, is_hidden = given["paramName"], given["value"], given.get("isMasterKeyOnly")
    await global_config.change(run.context, {name: value}, {name: bool(is_hidden)})
    return {"cloudConfig": {"value": value, "isMasterKeyOnly": is_hidden}}


def _require_master_of_config(run: Run) -> None:
    if not run.context.principal.is_master:
        # Parse: sanitised whatever the option says
        raise ParseError(Code.OPERATION_FORBIDDEN, DENIED)


async def call(run: Run, name: str, params: Mapping[str, Any]) -> Any:
    """What a cloud function answers."""
    result = await functions.call(run.context, name, dict(params))
    if isinstance(result, CustomResponse):
        return result.content
    return None if result is UNDEFINED else result


async def call_cloud_code(run: Run, given: Mapping[str, Any]) -> JSONObject:
    """Call a cloud function."""
    params = given.get("params")
    params = params if isinstance(params, dict) else {}
    return {"result": await call(run, given["functionName"], params)}


async def create_file(run: Run, given: Mapping[str, Any]) -> JSONObject:
    """Store a file that came with the request."""
    return {"fileInfo": await store(run.context, given["upload"])}
