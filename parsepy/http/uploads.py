"""Bodies of uploads: read piece by piece and counted; JSON and multipart forms in them."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass

from python_multipart.exceptions import FormParserError

from parsepy.errors import Code, ParseError
from parsepy.http.asgi import ASGIScope, Receive
from parsepy.http.bodies import decoded, read_body
from parsepy.http.forms import PartReader, boundary_of
from parsepy.http.refusals import hung_up, unauthorized
from parsepy.model.long_json import LONG
from parsepy.model.values import USUAL_VALUES, JSONObject, loads

TooMuch = Callable[[int], Exception]
_MULTIPART = "multipart/form-data"


@dataclass(slots=True)
class FileBody:
    """The body of a route that streams it: not read until a handler asks for it.

    ``fields`` is the JSON form of the JavaScript SDK, which is read at once, since the
    credentials stand in it.
    """

    receive: Receive
    content_type: str | None = None
    declared: int | None = None
    is_stream: bool = False
    is_head: bool = False
    fields: JSONObject | None = None

    @property
    def is_multipart(self) -> bool:
        """Is it a form with a file in it?"""
        return (self.content_type or "").lower().startswith(_MULTIPART)

    async def chunks(self, most: int, too_much: TooMuch) -> AsyncIterator[bytes]:
        """Yield the bytes as they come; raises ``too_much(most)`` for more than ``most``."""
        size = 0
        more = True
        while more:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise hung_up()
            piece: bytes = message.get("body", b"")
            more = message.get("more_body", False)
            size += len(piece)
            if size > most:
                raise too_much(most)
            if piece:
                yield piece

    async def hung_up(self) -> None:
        """Return when the client has gone, or has got the whole answer."""
        while True:
            if (await self.receive())["type"] == "http.disconnect":
                return


async def open_body(
    scope: ASGIScope, receive: Receive, headers: Mapping[bytes, bytes], limit: int
) -> FileBody:
    """Open the body of an upload; only JSON that holds credentials is read at once.

    JSON may have ``limit`` bytes. Raises ``HTTPRefusal`` 403 if the application is named nowhere.
    """
    kind = headers.get(b"content-type")
    length = headers.get(b"content-length", b"")
    body = FileBody(
        receive,
        kind.decode("latin-1") if kind else None,
        int(length) if length.isdigit() and b"content-encoding" not in headers else None,
        headers.get(b"x-parse-upload-mode") == b"stream",
        scope["method"] == "HEAD",
    )
    named = headers.get(b"x-parse-application-id") or headers.get(b"authorization")
    if scope["method"] != "POST" or named:
        return body
    content = await read_body(receive, limit)
    try:
        fields = await decoded(content, USUAL_VALUES) if len(content) > LONG else loads(content)
    except ParseError:
        fields = None
    if not isinstance(fields, dict) or not fields.get("_ApplicationId"):
        raise unauthorized()
    body.fields = fields
    fields.pop("_method", None)
    claimed = fields.get("_ContentType")
    if claimed is not None and not isinstance(claimed, str):
        raise unauthorized()
    if claimed:
        body.content_type = claimed
    return body


@dataclass(slots=True)
class Part:
    """The headers of a form's file."""

    file_name: str | None = None
    content_type: str | None = None


class _FormReader(PartReader):
    """Picks the first file out of a multipart form; holds what one piece of the body held."""

    def __init__(self, boundary: bytes) -> None:
        super().__init__(boundary)
        self.part = Part()
        self.pieces: list[bytes] = []
        self.is_found = self.is_over = False
        self._wanted = False

    def feed(self, piece: bytes) -> list[bytes]:
        """Return the bytes of the file in this piece of the form."""
        self.write(piece)
        found, self.pieces = self.pieces, []
        return found

    def begin(self) -> None:
        super().begin()
        self._wanted = False

    def described(self, options: dict[bytes, bytes]) -> None:
        name = options.get(b"filename")
        if name is None or self.is_found:
            return
        kind = self.headers.get(b"content-type")
        self._wanted = self.is_found = True
        self.part.file_name = name.decode("utf-8", "replace")
        self.part.content_type = kind.decode("latin-1") if kind else None

    def data(self, data: bytes, start: int, end: int) -> None:
        if self._wanted:
            self.pieces.append(data[start:end])

    def end(self) -> None:
        if self._wanted:
            self._wanted = False
            self.is_over = True


async def multipart_file(
    content_type: str, chunks: AsyncIterator[bytes]
) -> tuple[Part, AsyncIterator[bytes]]:
    """Find the first file in a form: its headers, and its bytes as they come.

    Raises FILE_SAVE_ERROR for a form without a file, or none at all.
    """
    boundary = boundary_of(content_type)
    if boundary is None:
        raise _no_form()
    reader = _FormReader(boundary)
    async for piece in chunks:
        first = _fed(reader, piece)
        if reader.is_found:
            return reader.part, _rest(reader, first, chunks)
    raise _no_form()


def _fed(reader: _FormReader, piece: bytes) -> list[bytes]:
    try:
        return reader.feed(piece)
    except FormParserError as error:
        raise _no_form() from error


async def _rest(
    reader: _FormReader, first: list[bytes], chunks: AsyncIterator[bytes]
) -> AsyncIterator[bytes]:
    for found in first:
        yield found
    async for piece in chunks:
        for found in _fed(reader, piece):
            yield found
    if not reader.is_over:
        raise _no_form()


def _no_form() -> ParseError:
    return ParseError(Code.FILE_SAVE_ERROR, "Invalid file upload.")
