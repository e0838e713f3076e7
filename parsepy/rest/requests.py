"""HTTP request to ``Request``: path, body and parameters, whatever a Parse client sends."""

from binascii import a2b_qp
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote

from parsepy.backend import RequestContext
from parsepy.errors import Code, ParseError, denied
from parsepy.model.query import QueryLimits
from parsepy.model.values import JSONObject, loads
from parsepy.rest.responses import Answer, HTTPRefusal, master_required

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Scope = MutableMapping[str, Any]
_FORM = b"application/x-www-form-urlencoded"
_MULTIPART = b"multipart/form-data"
_FORM_SIZE = 1_000_000  # bytes; a form takes ten times as long to read as JSON
_FORM_FIELDS = 1000


@dataclass(slots=True)
class Request:
    """One request as a handler sees it.

    ``path`` are the decoded segments below the mount; ``arguments`` the named ones of the
    route; ``body`` the JSON object without credentials; ``query`` the raw query parameters.
    ``stream`` is the body of an upload, which the door has not read; ``form`` that of a
    multipart form elsewhere, as it came.
    """

    method: str
    path: tuple[str, ...]
    query: Mapping[str, str]
    body: JSONObject
    context: RequestContext
    arguments: Mapping[str, str]
    headers: Mapping[bytes, bytes]
    find_route: "FindRoute"
    stream: object = None
    admit_item: "AdmitItem | None" = None
    form: bytes = b""

    @property
    def limits(self) -> QueryLimits:
        """The server's bounds on queries."""
        return self.context.backend.limits

    def parameters(self) -> JSONObject:
        """Body and query string merged; a query value is JSON if it can be read so (§7.1)."""
        merged = dict(self.body)
        for name, text in self.query.items():
            merged[name] = _value(text)
        return merged

    def require_master(self, to: str | None = None) -> None:
        """Refuse all but the master key; the read-only one as well if it is ``to`` write."""
        principal = self.context.principal
        if not principal.is_master:
            raise master_required(self.context.config)
        if to is not None and principal.is_read_only:
            raise denied(Code.OPERATION_FORBIDDEN, f"read-only masterKey isn't allowed to {to}.")


def _value(text: str) -> Any:
    first = text[:1]
    if first and (first in '{["-0123456789' or text in ("true", "false", "null")):
        try:
            return loads(text)
        except ParseError:
            return text
    return text


async def read_body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """The whole body; 413 once it is longer than ``limit`` bytes."""
    message = await receive()
    body: bytes = message.get("body", b"")
    if message.get("more_body"):
        chunks = [body]
        size = len(body)
        while message.get("more_body") and size <= limit:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise HTTPRefusal(400, {"code": 100, "error": "The client hung up."})
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
        body = b"".join(chunks)
    if len(body) > limit:
        raise too_large(limit, "(maxUploadSize)")
    return body


def too_large(limit: int, of_what: str) -> HTTPRefusal:
    """The refusal of a body above a limit."""
    message = f"The request body is larger than {limit} bytes {of_what}."
    return HTTPRefusal(413, {"code": Code.OBJECT_TOO_LARGE, "error": message})


def read_json(content_type: bytes, body: bytes) -> JSONObject:
    """The body as a JSON object, whatever its content type says (protocol §1.3).

    Raises INVALID_JSON.
    """
    if not body or is_multipart(content_type):
        return {}
    if content_type.startswith(_FORM) and body.lstrip()[:1] not in (b"{", b"["):
        return _read_form(body)
    value = loads(body.removeprefix(b"\xef\xbb\xbf"))
    if type(value) is list:
        # Parse: the indexes of an array are its field names, and the first is refused as such
        return {str(index): item for index, item in enumerate(value[:1])}
    if type(value) is not dict:
        raise ParseError(Code.INVALID_JSON, "The request body must be a JSON object.")
    return value


def is_multipart(content_type: bytes) -> bool:
    """Is a body of this type a multipart form?"""
    return content_type[: len(_MULTIPART)].lower() == _MULTIPART


def _read_form(body: bytes) -> JSONObject:
    if len(body) > _FORM_SIZE:
        raise too_large(_FORM_SIZE, "of a form")
    try:
        pairs = parse_qsl(
            body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_FORM_FIELDS
        )
    except ValueError as error:
        raise ParseError(Code.INVALID_JSON, f"A form has {_FORM_FIELDS} fields at most.") from error
    return dict(pairs)


def segments(scope: Scope, mount: str) -> tuple[str, ...] | None:
    """The decoded segments of the path below the mount; ``None`` if it lies elsewhere."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    path = raw.partition(b"?")[0].decode("latin-1")
    return split_path(path, mount)


def split_path(path: str, mount: str) -> tuple[str, ...] | None:
    """The decoded segments of ``path`` below ``mount``."""
    if not path.startswith(mount) or path[len(mount) : len(mount) + 1] not in ("", "/"):
        return None
    rest = path[len(mount) :].strip("/")
    if "%" in rest:
        return tuple(unquote(part) for part in rest.split("/"))
    return tuple(rest.split("/"))


def read_query(text: bytes) -> dict[str, str]:
    """The parameters of a query string; of two of one name the last."""
    if not text:
        return {}
    if not text.isascii():
        return dict(parse_qsl(text.decode("latin-1"), keep_blank_values=True))
    query: dict[str, str] = {}
    for pair in text.replace(b"+", b" ").split(b"&"):
        if pair:
            name, _, value = pair.partition(b"=")
            query[_unquoted(name)] = _unquoted(value)
    return query


def _unquoted(text: bytes) -> str:
    """Percent-encoded ASCII as text, as ``unquote`` reads it.

    Most of what comes is JSON, a third of it escapes. Quoted-printable has the same ones with
    another sign and is read in C, ten times as fast.
    """
    escapes = text.count(b"%")
    if not escapes:
        return text.decode("ascii")
    read = a2b_qp(text.replace(b"=", b"=3D").replace(b"%", b"="))
    if len(read) != len(text) - 2 * escapes or b"\r" in text or b"\n" in text:
        return unquote(text.decode("ascii"))  # a % that begins no escape, or a line's end after one
    return read.decode("utf-8", "replace")


Handler = Callable[[Request], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Route:
    """A line of a route table: method, path below the mount, handler.

    A path's ``:name`` segments become the request's arguments; ``*name`` at its end is all that
    follows, one segment or more.
    """

    method: str
    path: str
    handler: Handler


class Match(NamedTuple):
    """A handler found for a request, the arguments in its path, and the route's pattern."""

    handler: Handler
    arguments: Mapping[str, str]
    route: str = ""


FindRoute = Callable[[str, tuple[str, ...]], Match | None]
AdmitItem = Callable[[RequestContext, str, tuple[str, ...]], Awaitable[None]]
