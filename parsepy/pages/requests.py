"""What a browser asks of a page: method, path, query, form; what it is answered."""

import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Scope = MutableMapping[str, Any]

_LARGEST_FORM = 64_000  # bytes
_MOST_FIELDS = 50


class BadForm(Exception):
    """The body is too large, or nothing that can be read."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for a page; ``path`` are the decoded segments below the pages' endpoint."""

    method: str
    path: tuple[str, ...]
    query: Mapping[str, Any]
    form: Mapping[str, Any]
    headers: Mapping[bytes, bytes]

    def text(self, name: str) -> str | None:
        """A field of the query or the form, if it is a text and not empty."""
        given = self.form if self.method == "POST" else self.query
        value = given.get(name)
        return value if isinstance(value, str) and value else None

    @property
    def is_script(self) -> bool:
        """Does a page's script ask, which wants JSON?"""
        return self.headers.get(b"x-requested-with", b"").lower() == b"xmlhttprequest"


@dataclass(slots=True)
class Answer:
    """A status, a body with its type, and headers."""

    status: int = 200
    body: bytes = b""
    kind: str = "text/html; charset=utf-8"
    headers: list[tuple[str, str]] = field(default_factory=list)


def segments(scope: Scope, prefix: str) -> tuple[str, ...] | None:
    """The decoded segments of the path below ``prefix``; ``None`` if it lies elsewhere."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    path = raw.partition(b"?")[0].decode("latin-1")
    if not path.startswith(f"{prefix}/"):
        return None
    return tuple(unquote(part) for part in path[len(prefix) :].strip("/").split("/"))


async def read(scope: Scope, receive: Receive, path: tuple[str, ...]) -> Asked:
    """The request with its form, if it has one; raises ``BadForm``."""
    headers = dict(scope["headers"])
    try:
        query = _fields(scope["query_string"].decode("latin-1"))
    except ValueError as error:
        raise BadForm from error
    form: Mapping[str, Any] = {}
    if scope["method"] == "POST":
        form = _form(headers.get(b"content-type", b""), await _body(receive))
    return Asked(scope["method"], path, query, form, headers)


def _fields(text: str) -> Mapping[str, Any]:
    """The fields of a form or query; one that comes more than once is a list, and no text."""
    fields: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS):
        fields[name] = [*fields[name], value] if name in fields else [value]
    return {name: found[0] if len(found) == 1 else found for name, found in fields.items()}


async def _body(receive: Receive) -> bytes:
    pieces, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadForm
        pieces.append(message.get("body", b""))
        size += len(pieces[-1])
        more = bool(message.get("more_body"))
        if size > _LARGEST_FORM:
            raise BadForm
    return b"".join(pieces)


def _form(content_type: bytes, body: bytes) -> Mapping[str, Any]:
    """A form's fields, or those of a JSON object."""
    try:
        if body.lstrip()[:1] == b"{" and b"form" not in content_type:
            value = json.loads(body)
            return value if isinstance(value, dict) else {}
        return _fields(body.decode())
    except (ValueError, RecursionError) as error:
        raise BadForm from error


async def send(answer: Answer, send_message: Send, *, is_head: bool) -> None:
    """Write an answer to the browser."""
    headers = [
        ("content-type", answer.kind),
        ("content-length", str(len(answer.body))),
        # the address of a page may hold a token: it is told nobody and kept nowhere
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        *answer.headers,
    ]
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    start = {"type": "http.response.start", "status": answer.status, "headers": encoded}
    await send_message(start)
    await send_message({"type": "http.response.body", "body": b"" if is_head else answer.body})
