"""``document``: OpenAPI 3.1 of a schema: every class, function and route, and their answers."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from parsepy.descriptions.dictionary import ClassEntry, ColumnEntry
from parsepy.model.values import JSONObject

_PLAIN: dict[str, JSONObject] = {
    "String": {"type": "string"},
    "Number": {"type": "number"},
    "Boolean": {"type": "boolean"},
    "Object": {"type": "object"},
    "Array": {"type": "array", "items": {}},
}
_TYPED: dict[str, JSONObject] = {
    "Date": {"iso": {"type": "string", "format": "date-time"}},
    "Bytes": {"base64": {"type": "string", "contentEncoding": "base64"}},
    "File": {"name": {"type": "string"}, "url": {"type": "string"}},
    "GeoPoint": {"latitude": {"type": "number"}, "longitude": {"type": "number"}},
    "Polygon": {"coordinates": {"type": "array", "items": {"type": "array"}}},
    "Pointer": {"className": {"type": "string"}, "objectId": {"type": "string"}},
    "Relation": {"className": {"type": "string"}},
}
_MADE = ("objectId", "createdAt", "updatedAt")
_FIND = {
    "where": "JSON: the conditions to be met",
    "order": "columns, by commas; a minus sorts downward",
    "limit": "objects at most",
    "skip": "objects to leave out",
    "keys": "columns to answer, by commas",
    "include": "pointers to answer whole, by commas",
    "count": "1: answer how many there are, too",
}
_NUMBERS = {"limit", "skip", "count"}
_PARAMETER = re.compile(r"[:*](\w+)")
_OF_CLASS = "/classes/:className"


@dataclass(frozen=True, slots=True)
class Described:
    """What an OpenAPI document is made of beside the classes.

    ``routes`` are (method, path, sentence) below the mount; ``functions`` names with a sentence
    and declared parameters (name → (type, required)); ``header_keys`` client keys that are asked
    for.
    """

    title: str
    version: str
    server: str
    routes: Sequence[tuple[str, str, str]] = ()
    functions: Mapping[str, tuple[str, Mapping[str, tuple[str, bool]]]] = field(
        default_factory=dict
    )
    header_keys: Sequence[str] = ()


def document(entries: Sequence[ClassEntry], about: Described) -> JSONObject:
    """Write the document, as JSON."""
    names = {entry.name for entry in entries}
    paths: dict[str, JSONObject] = {}
    for entry in entries:
        if entry.name[:1] != "_":
            _add_class(paths, entry, f"/classes/{entry.title}")
    for method, path, text in about.routes:
        if not path.startswith(_OF_CLASS) and not path.startswith("/functions/:"):
            _add_route(paths, method, path, text)
    for name, (text, parameters) in about.functions.items():
        paths[f"/functions/{name}"] = {"post": _function(name, text, parameters)}
    schemes = {
        "applicationId": _key("X-Parse-Application-Id"),
        "sessionToken": _key("X-Parse-Session-Token"),
        "masterKey": _key("X-Parse-Master-Key"),
        **{name: _key(name) for name in about.header_keys},
    }
    asked: JSONObject = {"applicationId": [], **{name: [] for name in about.header_keys}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": about.title,
            "version": about.version,
            "description": "The REST API of this app, made from its schema as it is now.",
        },
        "servers": [{"url": about.server}],
        "security": [asked, {**asked, "sessionToken": []}, {**asked, "masterKey": []}],
        "tags": [
            {
                "name": entry.title,
                "description": " ".join(filter(None, [entry.description, *entry.rights])),
            }
            for entry in entries
        ],
        "paths": paths,
        "components": {
            "securitySchemes": schemes,
            "schemas": {
                "Error": {
                    "type": "object",
                    "properties": {"code": {"type": "integer"}, "error": {"type": "string"}},
                    "required": ["error"],
                },
                **{entry.title: _object(entry, names) for entry in entries},
            },
        },
    }


def _key(header: str) -> JSONObject:
    return {"type": "apiKey", "in": "header", "name": header}


def _object(entry: ClassEntry, names: set[str]) -> JSONObject:
    properties = {column.name: _property(column, names) for column in entry.columns}
    shown: JSONObject = {"type": "object", "properties": properties}
    if entry.description:
        shown["description"] = entry.description
    required = [c.name for c in entry.columns if c.required and c.name not in _MADE]
    return shown | ({"required": required} if required else {})


def _property(column: ColumnEntry, names: set[str]) -> JSONObject:
    more: JSONObject = {"description": column.description} if column.description else {}
    if column.name in ("createdAt", "updatedAt"):
        return {"type": "string", "format": "date-time", "readOnly": True, **more}
    if column.name == "objectId":
        return {"type": "string", "readOnly": True, **more}
    if column.type == "Array" and column.targets:
        held = [_pointer(target, names) for target in column.targets]
        return {"type": "array", "items": held[0] if len(held) == 1 else {"oneOf": held}, **more}
    if column.type == "Pointer":
        return {**_pointer(column.targets[0], names), **more}
    if column.type in _TYPED:
        return {**_typed(column.type), **more}
    return {**_PLAIN.get(column.type, {"type": "object"}), **more}


def _typed(name: str) -> JSONObject:
    return {
        "type": "object",
        "properties": {"__type": {"const": name}, **_TYPED[name]},
        "required": ["__type"],
    }


def _pointer(target: str, names: set[str]) -> JSONObject:
    made = _typed("Pointer")
    made["properties"] = {**made["properties"], "className": {"const": target}}
    made["title"] = f"Pointer to {target.lstrip('_')}"
    return made


def _answer(text: str, content: JSONObject | None = None) -> JSONObject:
    body = {} if content is None else {"content": {"application/json": {"schema": content}}}
    return {"description": text, **body}


def _operation(tag: str, summary: str, name: str, answers: JSONObject, **more: Any) -> JSONObject:
    refused = _answer("Refused: code and reason.", {"$ref": "#/components/schemas/Error"})
    return {
        "tags": [tag],
        "summary": summary,
        "operationId": name,
        **more,
        "responses": {**answers, "default": refused},
    }


def _body(schema: JSONObject) -> JSONObject:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _add_class(paths: dict[str, JSONObject], entry: ClassEntry, path: str) -> None:
    name = entry.title
    whole: JSONObject = {"$ref": f"#/components/schemas/{name}"}
    listed = {
        "type": "object",
        "properties": {"results": {"type": "array", "items": whole}, "count": {"type": "integer"}},
    }
    made = {
        "type": "object",
        "properties": {"objectId": {"type": "string"}, "createdAt": {"type": "string"}},
    }
    changed = {"type": "object", "properties": {"updatedAt": {"type": "string"}}}
    # an update may bring some columns, or operations in the place of values
    some = {"type": "object"}
    identity = [_parameter("objectId")]
    paths[path] = {
        "get": _operation(
            name,
            f"List {name}",
            f"list{name}",
            {"200": _answer("What was found.", listed)},
            parameters=[_query(key, text) for key, text in _FIND.items()],
        ),
        "post": _operation(
            name,
            f"Create {name}",
            f"create{name}",
            {"201": _answer("It was made.", made)},
            requestBody=_body(whole),
        ),
    }
    paths[f"{path}/{{objectId}}"] = {
        "get": _operation(
            name,
            f"Get {name}",
            f"get{name}",
            {"200": _answer("The object.", whole)},
            parameters=[
                *identity,
                _query("include", _FIND["include"]),
                _query("keys", _FIND["keys"]),
            ],
        ),
        "put": _operation(
            name,
            f"Update {name}",
            f"update{name}",
            {"200": _answer("It was changed.", changed)},
            parameters=identity,
            requestBody=_body(some),
        ),
        "delete": _operation(
            name,
            f"Delete {name}",
            f"delete{name}",
            {"200": _answer("It is gone.", {"type": "object"})},
            parameters=identity,
        ),
    }


def _query(name: str, text: str) -> JSONObject:
    kind = "integer" if name in _NUMBERS else "string"
    return {"name": name, "in": "query", "description": text, "schema": {"type": kind}}


def _parameter(name: str) -> JSONObject:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _add_route(paths: dict[str, JSONObject], method: str, path: str, text: str) -> None:
    names = _PARAMETER.findall(path)
    shown = _PARAMETER.sub(r"{\1}", path)
    verb = "get" if method == "ANY" else method.lower()
    tag = path.strip("/").split("/")[0]
    words = re.findall(r"[A-Za-z]+", path)
    name = verb + "".join(word[0].upper() + word[1:] for word in words)
    more: JSONObject = {"parameters": [_parameter(one) for one in names]} if names else {}
    if verb in ("post", "put"):
        more["requestBody"] = {"content": {"application/json": {"schema": {"type": "object"}}}}
    answer = {"2XX": _answer("The answer.", {})}
    paths.setdefault(shown, {})[verb] = _operation(tag, text, name, answer, **more)


def _function(name: str, text: str, parameters: Mapping[str, tuple[str, bool]]) -> JSONObject:
    properties = {key: _PLAIN.get(kind, {}) for key, (kind, _) in parameters.items()}
    required = [key for key, (_, needed) in parameters.items() if needed]
    body: JSONObject = {"type": "object", "properties": properties}
    if required:
        body["required"] = required
    result = {"type": "object", "properties": {"result": {}}}
    word = re.sub(r"\W", "_", name)
    return _operation(
        "functions",
        text or f"Call {name}",
        f"function_{word}",
        {"200": _answer("What the function answers.", result)},
        requestBody=_body(body),
    )
