"""``Answer``, what a handler answers, and how it is written to a client."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from parsepy.errors import Code
from parsepy.http.asgi import Headers, Send
from parsepy.model.values import JSONObject, dumps

log = logging.getLogger("parsepy.http")

_JSON = (b"content-type", b"application/json; charset=utf-8")
_TEXT = (b"content-type", b"text/plain; charset=utf-8")


@dataclass(slots=True)
class Answer:
    """What a handler answers: a JSON value (or bytes), a status, and headers beside CORS's."""

    content: Any
    status: int = 200
    headers: Headers = field(default_factory=list)


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
        """Write it to the client; a failure after the first byte closes the connection."""
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


def created(content: JSONObject, location: str) -> Answer:
    """Make a 201 with the URL of the new object."""
    return Answer(content, 201, [(b"location", location.encode())])


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


async def send(answer: Answer, send_message: Send) -> None:
    """Write an answer to the client."""
    content = answer.content
    if isinstance(content, Streamed):
        await content.send(answer.status, answer.headers, send_message)
        return
    headers = answer.headers
    if isinstance(content, bytes):
        body = content
        kind = next((pair for pair in headers if pair[0] == _TEXT[0]), _TEXT)
        headers = [pair for pair in headers if pair[0] != _TEXT[0]]
    else:
        body, kind = _encoded(answer), _JSON
    if answer.status != 304:  # whose length would be that of the body that it does not send
        headers = [kind, (b"content-length", b"%d" % len(body)), *headers]
    await send_message({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send_message({"type": "http.response.body", "body": body})
