"""What a webhook is sent of an event, and what its reply means (protocol §20.2, §20.3)."""

from functools import partial
from typing import Any

from parsepy.backend import context_of
from parsepy.errors import Code, ParseError
from parsepy.model import ops
from parsepy.model import query as queries
from parsepy.model.values import GONE, JSONObject, dumps, loads, placed
from parsepy.outgoing import Bounds, OutgoingError, Reply
from parsepy.triggers import (
    UNDEFINED,
    ConnectEvent,
    DeleteEvent,
    Event,
    FileEvent,
    FindEvent,
    FoundEvent,
    FunctionEvent,
    Handler,
    LiveEvent,
    ReplacementResults,
    SavedEvent,
    SaveEvent,
    SubscribeEvent,
    UserEvent,
    expect,
    failure_code,
)

# What gives access to anything stays here, whoever is on the other side.
_CREDENTIALS = frozenset(
    (
        "authorization",
        "cookie",
        "proxy-authorization",
        "x-parse-client-key",
        "x-parse-javascript-key",
        "x-parse-maintenance-key",
        "x-parse-master-key",
        "x-parse-rest-api-key",
        "x-parse-session-token",
        "x-parse-windows-key",
    )
)
_SECRET = {
    "_User": frozenset(("password", "authData", "sessionToken")),
    "_Session": frozenset(("sessionToken",)),
}
_STAMPS = frozenset(("objectId", "createdAt", "updatedAt", "className"))
_NONE: frozenset[str] = frozenset()


def function_handler(url: str) -> Handler:
    """The function that a URL answers for."""

    async def call(event: Event) -> Any:
        params = expect(event, FunctionEvent).params
        body = {"params": _plain(params), **_asked(event), "functionName": event.class_name}
        return (await _send(event, url, body)).get("success", UNDEFINED)

    return call


def trigger_handler(url: str) -> Handler:
    """The trigger that a URL answers for."""

    async def call(event: Event) -> Any:
        body = {"triggerName": event.kind, **_asked(event), **_about(event), **_live(event)}
        return _taken(event, (await _send(event, url, body)).get("success"))

    return call


# --- there --------------------------------------------------------------------------------------


def _asked(event: Event) -> JSONObject:
    """Describe the caller, without credentials."""
    context = event.request
    principal = context.principal
    asked: JSONObject = {
        "master": principal.is_master,
        "isReadOnly": principal.is_read_only,
        "ip": context.ip,
        "headers": {
            text: value.decode("latin-1")
            for name, value in context.headers.items()
            if (text := name.decode("latin-1").lower()) not in _CREDENTIALS
        },
    }
    if event.kind != "afterLogout":
        asked["context"] = context.trigger_context
    user = principal.user
    if isinstance(event, UserEvent) and event.kind == "afterLogin":
        user = event.object
    if user is not None:
        asked["user"] = _without(user, _SECRET["_User"])
    installation = context.installation_id
    if not installation and principal.is_privileged and event.kind != "function":
        installation = "cloud"  # Parse: so the master key's own installation is called
    if installation:
        asked["installationId"] = installation
    return asked


def _about(event: Event) -> JSONObject:
    """What an event is about: an object, a query, objects, a file."""
    match event:
        case SaveEvent():
            return {"object": _shown(event, _state(event)), **_before(event, event.original)}
        case SavedEvent() | LiveEvent():
            return {"object": _shown(event, event.object), **_before(event, event.original)}
        case DeleteEvent() | UserEvent():
            return {"object": _shown(event, event.object)}
        case FindEvent():
            return {**_selection(event.query, event.is_get), "count": event.query.count}
        case FoundEvent():
            secret = _SECRET.get(event.class_name, _NONE)
            objects = [_without(item, secret) for item in event.objects]
            return {**_selection(event.query, event.is_get), "object": None, "objects": objects}
        case SubscribeEvent():
            return _selection(event.query, is_get=False)
        case FileEvent():
            return {"file": event.file.to_rest(), "fileSize": event.file.size}
    return {}


def _live(event: Event) -> JSONObject:
    """What happened in Live Query, and how many follow it; nothing of other events."""
    if not isinstance(event, ConnectEvent | SubscribeEvent | LiveEvent):
        return {}
    return {
        "event": event.outcome,
        "clients": event.live.clients,
        "subscriptions": event.live.subscriptions,
        "useMasterKey": event.live.use_master_key,
    }


def _before(event: Event, original: JSONObject | None) -> JSONObject:
    return {} if original is None else {"original": _shown(event, original)}


def _selection(query: queries.Query, is_get: bool) -> JSONObject:
    return {"query": _query(query, is_get=is_get), "isGet": is_get}


def _query(query: queries.Query, *, is_get: bool) -> JSONObject:
    """Write a query as the JavaScript SDK does; ``isGet`` beside it says if one object is meant."""
    parameters = _without(queries.to_parameters(query), frozenset(("count",)))
    if is_get or not parameters.get("limit"):
        parameters.pop("limit", None)
    return parameters


def _shown(event: Event, item: JSONObject) -> JSONObject:
    secret = _SECRET.get(event.class_name, _NONE)
    return {**_without(item, secret), "className": event.class_name}


def _without(item: JSONObject, names: frozenset[str]) -> JSONObject:
    return {name: value for name, value in item.items() if name not in names}


def _state(event: SaveEvent) -> JSONObject:
    """The object as a handler sees it: operations of an update stand as they were asked for.

    Those of dotted keys are made, since the column is shown as it will be.
    """
    state = dict(event.original or {})
    if event.object_id is not None:
        state["objectId"] = event.object_id
    for name, value in event.changes.items():
        root, dot, path = name.partition(".")
        if dot:
            inside = placed(state.get(root, GONE), path.split("."), partial(ops.apply, value))
            if inside is not GONE:
                state[root] = inside
        else:
            state[name] = value
    return state


def _plain(value: Any) -> Any:
    """A function's parameters; their dates are plain texts, as JavaScript writes them."""
    if isinstance(value, dict):
        if value.get("__type") == "Date" and isinstance(value.get("iso"), str):
            return value["iso"]
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


# --- and back -----------------------------------------------------------------------------------


async def _send(event: Event, url: str, body: JSONObject) -> JSONObject:
    """A webhook's reply; raises what it says in ``error``, or (141) if it can't be read."""
    backend = context_of(event).backend
    headers = {"content-type": "application/json"}
    if backend.config.webhook_key is not None:
        headers["x-parse-webhook-key"] = backend.config.webhook_key
    try:
        bounds = Bounds(reach=backend.config.webhook_addresses)
        reply = await backend.outgoing.post(url, dumps(body), headers, bounds=bounds)
    except OutgoingError as error:
        name = f"{event.kind} of {event.class_name}"
        backend.log.error("the webhook %s %s: %r", name, error, error.__cause__)
        raise ParseError(Code.SCRIPT_FAILED, f"The webhook {error}.") from error
    return _read(reply, failure_code(event))


def _read(reply: Reply, failure: Code = Code.SCRIPT_FAILED) -> JSONObject:
    is_fine = 200 <= reply.status < 300
    failed = ParseError(Code.SCRIPT_FAILED, f"The webhook answered with status {reply.status}.")
    malformed = ParseError(Code.SCRIPT_FAILED, "Malformed response") if is_fine else failed
    if is_fine and not reply.body.strip():
        return {}
    try:
        answer = loads(reply.body)
    except ParseError as error:
        raise malformed from error
    if not isinstance(answer, dict):
        raise malformed
    refused = answer.get("error")
    # Parse: an error as JavaScript writes it is an empty object, and true there, as is an array
    if refused or isinstance(refused, dict | list):
        raise _refusal(refused, failure)
    if not is_fine:
        raise failed
    return answer


def _refusal(error: Any, otherwise: Code) -> ParseError:
    """The refusal that stands in ``error``; ``otherwise`` is its code if it names none."""
    if not isinstance(error, dict):
        return ParseError(otherwise, _words(error))
    code = error.get("code")
    words = _words(error.get("message") or error.get("error"))
    return ParseError(code if type(code) is int else otherwise, words)


def _words(message: Any) -> str:
    """A message for clients, which read nothing but text."""
    if isinstance(message, bool | int | float):
        message = dumps(message).decode()
    return message if isinstance(message, str) and message else "Script failed. Unknown error."


def _taken(event: Event, success: Any) -> Any:
    """What a reply comes to; of most kinds only a refusal counts."""
    match event:
        case SaveEvent():
            return _changed(event, success)
        case SavedEvent():  # an object or array is the client's answer
            return success if isinstance(success, dict | list) else None
        case FindEvent():  # objects: the database is not asked
            objects = _objects(event, success) if isinstance(success, list) else None
            return None if objects is None else ReplacementResults(objects)
        case FoundEvent():
            # Parse: what passes through an afterFind bears its class's name
            return _objects(event, success if isinstance(success, list) else event.objects)
    return None


def _changed(event: SaveEvent, success: Any) -> JSONObject | None:
    """The changes that a beforeSave leaves: an object replaces them, key by key.

    What it returns as it was sent is written as the client asked for it: an Increment stays
    one, and what nobody changed is not written at all. What it was not shown is kept.
    """
    sent = event.changes
    if not isinstance(success, dict):
        return None
    state, secret = _state(event), _SECRET.get(event.class_name, _NONE)
    changes: JSONObject = {name: value for name, value in sent.items() if name in secret}
    for name, value in _without(success, _STAMPS | secret).items():
        if name in state and state[name] == value:
            changes |= {k: v for k, v in sent.items() if k.partition(".")[0] == name}
        elif not _is_relation(value):
            changes[name] = value
    return None if changes == sent else changes


def _is_relation(value: Any) -> bool:
    return isinstance(value, dict) and value.get("__type") == "Relation"


def _objects(event: Event, items: list[Any]) -> list[JSONObject]:
    return [{**item, "className": event.class_name} for item in items if isinstance(item, dict)]
