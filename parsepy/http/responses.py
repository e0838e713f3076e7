"""``Answer`` and ``HTTPRefusal``, and how they are written to a client."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from parsepy.backend import Backend
from parsepy.config import Config
from parsepy.errors import Code, ParseError
from parsepy.http.asgi import Headers, Send
from parsepy.model.values import JSONObject, dumps

_STATUS: dict[int, int] = {Code.INTERNAL_SERVER_ERROR: 500, Code.OBJECT_NOT_FOUND: 404}
_JSON = (b"content-type", b"application/json; charset=utf-8")
_TEXT = (b"content-type", b"text/plain; charset=utf-8")
DENIED = "Permission denied"


@dataclass(slots=True)
class Answer:
    """What a handler answers: a JSON value (or bytes), a status, and headers beside CORS's."""

    content: Any
    status: int = 200
    headers: Headers = field(default_factory=list)


log = logging.getLogger("parsepy.rest")


@dataclass(slots=True)
class Streamed:
    """Content that is sent piece by piece, as fast as the client takes it.

    ``chunks`` None: the answer to a HEAD. ``hung_up`` returns when the client has gone; then
    nothing more is read.
    """

    chunks: AsyncIterator[bytes] | None
    length: int | None
    hung_up: Callable[[], Awaitable[None]]

    async def send(self, status: int, headers: Headers, send_message: Send) -> None:
        """Write it to the client; what fails once it has begun closes the connection."""
        if self.length is not None:
            headers = [(b"content-length", b"%d" % self.length), *headers]
        start = {"type": "http.response.start", "status": status, "headers": headers}
        await send_message(start)
        if self.chunks is not None and not await self._send_chunks(send_message):
            return
        await send_message({"type": "http.response.body", "body": b""})

    async def _send_chunks(self, send_message: Send) -> bool:
        assert self.chunks is not None
        gone = asyncio.ensure_future(self.hung_up())
        try:
            async for piece in self.chunks:
                if gone.done():
                    return False
                message = {"type": "http.response.body", "body": piece, "more_body": True}
                await send_message(message)
        except Exception:  # whatever a store may raise: the status is sent, so only log
            log.exception("a file broke off while it was sent")
            return False
        finally:
            gone.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await gone
            await _closed(self.chunks)
        return True


async def _closed(chunks: AsyncIterator[bytes]) -> None:
    close = getattr(chunks, "aclose", None)
    if close is not None:
        await close()


class HTTPRefusal(Exception):
    """A refusal that Parse answers with a status and no code (protocol §3.1)."""

    def __init__(self, status: int, body: JSONObject) -> None:
        super().__init__(str(body.get("error")))
        self.status = status
        self.body = body
        self.headers: Headers = []


def unauthorized() -> HTTPRefusal:
    """The answer to missing or wrong credentials."""
    return HTTPRefusal(403, {"error": "unauthorized"})


def master_required(config: Config) -> HTTPRefusal:
    """The answer to a client on a route of the master key (protocol §2.8)."""
    shown = "unauthorized: master key is required"
    return HTTPRefusal(403, {"error": DENIED if config.enable_sanitized_error_response else shown})


def created(content: JSONObject, location: str) -> Answer:
    """201 with the address of what was made."""
    return Answer(content, 201, [(b"location", location.encode())])


def error_body(backend: Backend, error: ParseError) -> JSONObject:
    """The pair of code and message that a client reads; details of a refusal may be kept."""
    message = error.message
    if error.sanitize and backend.config.enable_sanitized_error_response:
        backend.log.info("refused: %s (code %d)", message, error.code)
        message = DENIED
    return {"code": error.code, "error": message}


def error_answer(backend: Backend, error: ParseError) -> Answer:
    """The HTTP answer to an error of the client."""
    return Answer(error_body(backend, error), status_of(error.code))


def status_of(code: int) -> int:
    """The HTTP status of an error of this code (protocol §3.1)."""
    return _STATUS.get(code, 400)


def _encoded(answer: Answer) -> bytes:
    try:
        return dumps(answer.content)
    except TypeError as error:
        # Objects of another server's making, and others included in their depths; what cloud code
        # answers may be a number that JSON's readers have no room for.
        is_deep = "ecursion" in str(error)
        reason = "is nested too deep" if is_deep else f"has no form in JSON: {error}"
        answer.status = 400
        return dumps({"code": Code.INVALID_JSON, "error": f"The answer {reason}."})


async def send(answer: Answer, cors: Headers, send_message: Send) -> None:
    """Write an answer to the client."""
    content = answer.content
    if isinstance(content, Streamed):
        await content.send(answer.status, [*answer.headers, *cors], send_message)
        return
    if isinstance(content, bytes):
        body = content
        kind = next((pair for pair in answer.headers if pair[0] == _TEXT[0]), _TEXT)
        answer.headers = [pair for pair in answer.headers if pair[0] != _TEXT[0]]
    else:
        body, kind = _encoded(answer), _JSON
    headers = [
        kind,
        (b"content-length", b"%d" % len(body)),
        *answer.headers,
        *cors,
    ]
    await send_message({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send_message({"type": "http.response.body", "body": body})
