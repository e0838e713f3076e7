"""Read and write the messages of Live Query, without any input or output (protocol §30)."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from parsepy.errors import ParseError
from parsepy.model.values import JSONObject, dumps, loads
from parsepy.pubsub import Position

BAD_FRAME = 1
NOT_KNOWN = 2
BAD_KEY = 4
KEYS = ("javascriptKey", "clientKey", "windowsKey", "restAPIKey", "masterKey")
ALWAYS_SENT = frozenset(("className", "objectId", "createdAt", "updatedAt", "ACL"))
_SINCE = re.compile("([0-9a-f]{1,8})[.]([0-9a-f]{1,8})[.]([0-9a-f]{1,8})")
MAX_FIELDS = 1000  # names in keys or watch
MAX_TEXT = 10_000
"""Characters of a key, token, id or class name, which are kept as long as the connection."""


class FrameError(Exception):
    """A message of a client is refused; carries the error frame's text, code and request id."""

    def __init__(self, message: str, *, code: int = BAD_FRAME, request_id: Any = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.request_id = request_id


@dataclass(frozen=True, slots=True, repr=False)
class Connect:
    """The first message of a client; ``keys`` holds the keys it sent, by their wire names."""

    application_id: str
    keys: dict[str, str]
    session_token: str | None
    installation_id: str | None


@dataclass(frozen=True, slots=True, repr=False)
class Subscribe:
    """A client asks for the events of a query; a known request id replaces its subscription."""

    request_id: int | float
    class_name: str
    where: JSONObject
    keys: frozenset[str] | None
    watch: frozenset[str] | None
    session_token: str | None
    since: str | None = None
    """Ours: what the client was last told; it asks for all events after it. Empty: for none."""


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """A client ends a subscription."""

    request_id: int | float


@dataclass(frozen=True, slots=True)
class Fetch:
    """A client asks which objects match a subscription now (``subscription.find`` in an SDK)."""

    request_id: int | float


Message = Connect | Subscribe | Unsubscribe | Fetch


def decode(text: bytes) -> Message:
    """Read one message from its JSON text; raises ``FrameError`` if it is none (protocol §30.2)."""
    try:
        raw = loads(text)
    except ParseError as error:
        raise FrameError(error.message) from error
    if not isinstance(raw, dict):
        raise FrameError(f"Invalid type: {_kind(raw)} (expected object)")
    op = _required(raw, "op", str, "string")
    read = _READERS.get(op)
    if read is None:
        raise FrameError(f'No enum match for: "{op[:100]}"', request_id=_echo(raw))
    return read(raw)


def _connect(raw: JSONObject) -> Message:
    keys = {name: value for name in KEYS if (value := _text(raw, name)) is not None}
    return Connect(
        _required(raw, "applicationId", str, "string"),
        keys,
        _text(raw, "sessionToken") or None,  # an empty token is none
        _text(raw, "installationId") or None,
    )


def _subscribe(raw: JSONObject) -> Message:
    request_id = _request_id(raw)
    query = _required(raw, "query", dict, "object")
    # Parse: older and other SDKs call the selected columns `fields`
    keys = _names(raw, query, "keys" if query.get("keys") is not None else "fields")
    return Subscribe(
        request_id,
        _required(query, "className", str, "string", raw),
        _required(query, "where", dict, "object", raw),
        keys,
        _names(raw, query, "watch"),
        _text(raw, "sessionToken") or None,
        _text(raw, "since"),
    )


def _unsubscribe(raw: JSONObject) -> Message:
    return Unsubscribe(_request_id(raw))


def _fetch(raw: JSONObject) -> Message:
    return Fetch(_request_id(raw))


_READERS: dict[str, Callable[[JSONObject], Message]] = {
    "connect": _connect,
    "subscribe": _subscribe,
    "update": _subscribe,
    "unsubscribe": _unsubscribe,
    "query": _fetch,
}


def _required(
    raw: JSONObject, name: str, kind: type, shown: str, outer: JSONObject | None = None
) -> Any:
    value = raw.get(name)
    request_id = _echo(raw if outer is None else outer)
    if value is None:
        raise FrameError(f"Missing required property: {name}", request_id=request_id)
    if not isinstance(value, kind):
        raise FrameError(f"Invalid type: {_kind(value)} (expected {shown})", request_id=request_id)
    if isinstance(value, str) and len(value) > MAX_TEXT:
        raise FrameError(f"{name} has more than {MAX_TEXT} characters", request_id=request_id)
    return value


def _text(raw: JSONObject, name: str) -> str | None:
    return None if raw.get(name) is None else str(_required(raw, name, str, "string"))


def _request_id(raw: JSONObject) -> int | float:
    value = raw.get("requestId")
    if value is None:
        raise FrameError("Missing required property: requestId")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FrameError(f"Invalid type: {_kind(value)} (expected number)")
    return value


def _names(raw: JSONObject, query: JSONObject, name: str) -> frozenset[str] | None:
    given = query.get(name)
    if given is None:
        return None
    if not isinstance(given, list) or not all(isinstance(item, str) for item in given):
        raise FrameError(f"Invalid type: {name} (expected array of strings)", request_id=_echo(raw))
    if len(given) > MAX_FIELDS:
        raise FrameError(f"{name} names more than {MAX_FIELDS} fields", request_id=_echo(raw))
    return frozenset(given) or None


def _echo(raw: JSONObject) -> int | float | None:
    value = raw.get("requestId")
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _kind(value: Any) -> str:
    for kind, name in ((bool, "boolean"), (str, "string"), (list, "array"), (dict, "object")):
        if isinstance(value, kind):
            return name
    return "null" if value is None else "number"


# --- to the client ------------------------------------------------------------------------------


def address(client_id: str, installation_id: str | None, request_id: Any) -> bytes:
    """Encode the part of a frame that names its receiver; it stands behind ``opening``."""
    who: JSONObject = {"clientId": client_id}
    if installation_id is not None:
        who["installationId"] = installation_id
    if request_id is not None:
        who["requestId"] = request_id
    return dumps(who)[1:-1]


def opening(op: str) -> bytes:
    """Encode the start of a frame, up to the address; an event's frame ends with ``state``."""
    return b'{"op":"' + op.encode() + b'",'


def acknowledged(op: str, receiver: bytes, more: JSONObject | None = None) -> bytes:
    """Encode the frame that confirms: connected, subscribed or unsubscribed."""
    rest = b"," + dumps(more)[1:] if more else b"}"
    return opening(op) + receiver + rest


def results(receiver: bytes, objects: Iterable[JSONObject]) -> bytes:
    """Encode the answer to ``Fetch``."""
    return opening("result") + receiver + b',"results":' + dumps(list(objects)) + b"}"


def state(item: JSONObject, original: JSONObject | None, since: str | None = None) -> bytes:
    """Encode the end of an event's frame, which subscriptions with equal contents share."""
    rest = b',"object":' + dumps(item)
    if original is not None:
        rest += b',"original":' + dumps(original)
    if since is not None:
        rest += b',"since":"' + since.encode() + b'"'
    return rest + b"}"


def since_of(position: Position) -> str:
    """Write a place among the changes as clients keep it, without knowing what it means."""
    return ".".join(f"{number:x}" for number in position)


def position_of(since: str) -> Position | None:
    """Read what ``since_of`` has written; None for anything else."""
    found = _SINCE.fullmatch(since)
    if found is None:
        return None
    time, number, order = (int(part, 16) for part in found.groups())
    return time, number, order


def reached(position: Position) -> bytes:
    """Encode the frame that tells a client who goes on by ``since`` how far events have come."""
    return dumps({"op": "since", "since": since_of(position)})


def shape(item: JSONObject, class_name: str, keys: frozenset[str] | None) -> JSONObject:
    """Select what a subscription is sent of an object, in a new dict; ``keys`` None: everything."""
    shown: JSONObject = {"className": class_name}
    if keys is not None:
        # a dotted key selects its column
        keys = ALWAYS_SENT.union(key.partition(".")[0] for key in keys)
    for name, value in item.items():
        if keys is None or name in keys:
            shown[name] = value
    return shown


def error(code: int | None, message: str, request_id: Any = None) -> bytes:
    """Encode an error frame (protocol §30.7).

    It never asks to reconnect, since the same message would be refused again.
    """
    return dumps(
        {
            "op": "error",
            "error": message,
            "code": code,
            "reconnect": False,
            "requestId": request_id,
        }
    )
