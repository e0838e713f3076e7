"""The messages of the websocket subprotocol ``graphql-transport-ws``, without input or output.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from parsepy.errors import ParseError
from parsepy.graphql.transport import GraphQLRequest
from parsepy.model.values import JSONObject, dumps, loads

LONGEST_ID = 256
"""Characters that the id of an operation may have."""
_LONGEST_REASON = 123  # bytes, of RFC 6455's close frame
_SHOWN = 40


class CloseCode(IntEnum):
    """Why a connection is closed."""

    TOO_BIG = 1009
    BAD_REQUEST = 4400
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    INITIALISATION_TIMEOUT = 4408
    OPERATION_EXISTS = 4409
    TOO_MANY_INITIALISATIONS = 4429


class MessageError(Exception):
    """A client breaks the protocol: the connection is closed with this code and reason."""

    def __init__(self, code: CloseCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason.encode()[:_LONGEST_REASON].decode(errors="ignore")


@dataclass(frozen=True, slots=True, repr=False)
class ConnectionInit:
    """The first message: the client's keys and session token."""

    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StartOperation:
    """The client asks for an operation, by an id of its own (``subscribe``)."""

    id: str
    asked: GraphQLRequest


@dataclass(frozen=True, slots=True)
class EndOperation:
    """The client wants no more of an operation (``complete``)."""

    id: str


@dataclass(frozen=True, slots=True)
class Ping:
    """The client asks whether we are there."""


@dataclass(frozen=True, slots=True)
class Pong:
    """The client is there."""


ClientMessage = ConnectionInit | StartOperation | EndOperation | Ping | Pong

ACKNOWLEDGED = b'{"type":"connection_ack"}'
PONG = b'{"type":"pong"}'


def decode(text: bytes) -> ClientMessage:
    """Read one message of a client; raises ``MessageError`` if it is none."""
    try:
        raw = loads(text)
    except ParseError:
        raise _bad("The message is no JSON") from None
    if not isinstance(raw, dict):
        raise _bad("The message is no JSON object")
    kind = raw.get("type")
    if kind == "connection_init":
        return ConnectionInit(_object(raw, "payload"))
    if kind == "subscribe":
        return StartOperation(_id(raw), _asked(raw))
    if kind == "complete":
        return EndOperation(_id(raw))
    if kind == "ping":
        _object(raw, "payload")
        return Ping()
    if kind == "pong":
        _object(raw, "payload")
        return Pong()
    if isinstance(kind, str):
        raise _bad(f"Clients send no message of the type {kind[:_SHOWN]!r}")
    raise _bad("The message has no type")


def _bad(reason: str) -> MessageError:
    return MessageError(CloseCode.BAD_REQUEST, reason)


def _id(raw: JSONObject) -> str:
    given = raw.get("id")
    if not isinstance(given, str) or not given:
        raise _bad("The message has no id")
    if len(given) > LONGEST_ID:
        raise _bad(f"An id has more than {LONGEST_ID} characters")
    return given


def _object(raw: JSONObject, name: str) -> JSONObject:
    given = raw.get(name)
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise _bad(f"{name} is no object")
    return given


def _text(raw: JSONObject, name: str) -> str | None:
    given = raw.get(name)
    if given is not None and not isinstance(given, str):
        raise _bad(f"{name} is no string")
    return given


def _asked(raw: JSONObject) -> GraphQLRequest:
    payload = _object(raw, "payload")
    query = _text(payload, "query")
    if query is None:
        raise _bad("The payload has no query")
    return GraphQLRequest(
        query,
        _text(payload, "operationName"),
        _object(payload, "variables"),
        _object(payload, "extensions"),
    )


# --- to the client ------------------------------------------------------------------------------


def next_result(operation_id: str, payload: bytes) -> bytes:
    """Encode a result of an operation, whose JSON is given."""
    return b'{"id":%b,"type":"next","payload":%b}' % (dumps(operation_id), payload)


def complete(operation_id: str) -> bytes:
    """Encode the end of an operation."""
    return b'{"id":%b,"type":"complete"}' % dumps(operation_id)


def errors(operation_id: str, problems: Sequence[JSONObject]) -> bytes:
    """Encode the refusal of an operation, of which nothing was executed; it ends the operation."""
    return dumps({"id": operation_id, "type": "error", "payload": list(problems)})
