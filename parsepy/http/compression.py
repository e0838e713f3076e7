"""Bodies that a client has compressed: unpacked piece by piece as they are read."""

import asyncio
import zlib
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

from parsepy.errors import Code, ParseError
from parsepy.http.asgi import Receive
from parsepy.http.refusals import HTTPRefusal

_PIECE = 65536  # bytes that are unpacked at once, however small they were packed
_MOST_ARCHIVES = 1000  # after another in a body, each of which may be empty
_WINDOWS = {
    b"gzip": zlib.MAX_WBITS | 16,
    b"x-gzip": zlib.MAX_WBITS | 16,
    b"deflate": zlib.MAX_WBITS,
}


def unpacked(receive: Receive, headers: Mapping[bytes, bytes]) -> Receive:
    """Return a ``receive`` that gives the body as it was before ``Content-Encoding``.

    Whoever reads it counts its bytes, so that a small body can't become a large one unseen. Raises
    ``HTTPRefusal`` 415 for a coding that is not known; reading raises INVALID_JSON for bytes that
    are not of it.
    """
    coding = headers.get(b"content-encoding", b"").strip().lower()
    has_body = b"content-length" in headers or b"transfer-encoding" in headers
    if not has_body or coding in (b"", b"identity"):
        return receive
    if coding not in _WINDOWS:
        raise HTTPRefusal(
            415,
            f'Unsupported content encoding "{coding.decode("latin-1")}": gzip and deflate are.',
            code=Code.INVALID_JSON,
        )
    return _Unpacked(receive, _WINDOWS[coding]).receive


class _Unpacked:
    """The messages of a request with their bodies unpacked."""

    def __init__(self, receive: Receive, window: int) -> None:
        self._receive = receive
        self._window = window
        self._unpacker = zlib.decompressobj(window)
        self._pieces: Iterator[bytes] = iter(())
        self._is_over = False
        self._archives = 1

    async def receive(self) -> MutableMapping[str, Any]:
        """Return the next message; a packed one becomes as many as its bytes need.

        Others have their turn between two, since nothing is waited for.
        """
        while True:
            await asyncio.sleep(0)
            piece = next(self._pieces, None)
            if piece is not None:
                return {"type": "http.request", "body": piece, "more_body": True}
            if self._is_over:
                self._check_end()
                self._is_over = False  # whoever goes on asking waits for the client to leave
                return {"type": "http.request", "body": b"", "more_body": False}
            message = await self._receive()
            if message["type"] != "http.request":
                return message
            self._is_over = not message.get("more_body")
            self._pieces = self._unpack(message.get("body", b""))

    def _unpack(self, packed: bytes) -> Iterator[bytes]:
        while packed:
            if self._unpacker.eof:
                if self._window == zlib.MAX_WBITS:
                    return  # only archives of gzip may follow one another
                self._archives += 1
                if self._archives > _MOST_ARCHIVES:
                    raise ParseError(
                        Code.INVALID_JSON, f"The body is more than {_MOST_ARCHIVES} gzip archives."
                    )
                self._unpacker = zlib.decompressobj(self._window)
            try:
                piece = self._unpacker.decompress(packed, _PIECE)
            except zlib.error as error:
                raise ParseError(
                    Code.INVALID_JSON, f"The body is not what Content-Encoding says: {error}"
                ) from error
            packed = self._unpacker.unconsumed_tail or self._unpacker.unused_data
            if piece:
                yield piece

    def _check_end(self) -> None:
        if not self._unpacker.eof:
            raise ParseError(Code.INVALID_JSON, "The compressed body is not complete.")
