"""Multipart requests (graphql-multipart-request): operations, a map, and the files it places."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from python_multipart.exceptions import FormParserError

from parsepy.errors import ParseError
from parsepy.graphql.schema.scalars import Upload
from parsepy.http.forms import PartReader, boundary_of
from parsepy.http.uploads import FileBody
from parsepy.model.values import loads

_MOST_FIELD = 1_000_000
_MOST_FILES = 100
_MOST_PLACES = 1000


class BadUpload(Exception):
    """A form that is none, or not of this kind: ``status`` is 400 or 413."""

    def __init__(self, status: int = 400) -> None:
        super().__init__(status)
        self.status = status


@dataclass(slots=True, eq=False)
class FileUpload(Upload):
    """A file that came with a request; ``name`` is ``None`` while it has not come."""

    name: str | None = None
    content_type: str = ""
    data: bytes = b""
    is_too_large: bool = False


class _MultipartReader(PartReader):
    """Gathers the two fields and the files of a form."""

    def __init__(self, boundary: bytes, most_file: int) -> None:
        super().__init__(boundary)
        self.operations: Any = None
        self.uploads: dict[str, FileUpload] | None = None
        self.is_over = False
        self._most_file = most_file
        self._part = ""
        self._file: FileUpload | None = None
        self._is_file = False
        self._pieces: list[bytes] = []
        self._taken = 0
        self._parts = 0

    def begin(self) -> None:
        super().begin()
        self._parts += 1
        if self._parts > _MOST_FILES + 2:
            raise BadUpload(413)
        self._part, self._file, self._is_file = "", None, False
        self._pieces, self._taken = [], 0

    def described(self, options: dict[bytes, bytes]) -> None:
        self._part = options.get(b"name", b"").decode("utf-8", "replace")
        name = options.get(b"filename")
        if name is None:
            return
        self._is_file = True
        if self.uploads is None:
            raise BadUpload  # files must follow the map
        self._file = self.uploads.get(self._part)
        if self._file is not None and self._file.name is None:
            last = name.replace(b"\\", b"/").rpartition(b"/")[2]
            self._file.name = last.decode("utf-8", "replace")
            kind = self.headers.get(b"content-type", b"text/plain").partition(b";")[0]
            self._file.content_type = kind.strip().decode("latin-1")

    def data(self, data: bytes, start: int, end: int) -> None:
        self._taken += end - start
        if self._is_file:
            if self._file is None:
                return
            if self._taken > self._most_file:
                self._file.is_too_large = True
                self._pieces = []
                return
        elif self._taken > _MOST_FIELD:
            raise BadUpload(413)
        self._pieces.append(data[start:end])

    def end(self) -> None:
        content = b"".join(self._pieces)
        if self._is_file:
            if self._file is not None:
                self._file.data = content
        elif self._part == "operations":
            self._read_operations(content)
        elif self._part == "map":
            self._read_map(content)

    def over(self) -> None:
        self.is_over = True

    def _read_operations(self, content: bytes) -> None:
        operations = _json(content)
        if not isinstance(operations, dict | list):
            raise BadUpload
        self.operations = operations

    def _read_map(self, content: bytes) -> None:
        if self.operations is None:
            raise BadUpload  # the map must follow the operations
        given = _json(content)
        if not isinstance(given, dict):
            raise BadUpload
        if len(given) > _MOST_FILES:
            raise BadUpload(413)
        uploads: dict[str, FileUpload] = {}
        places = 0
        for name, paths in given.items():
            if not isinstance(paths, list):
                raise BadUpload
            places += len(paths)
            if places > _MOST_PLACES:
                raise BadUpload(413)
            uploads[name] = FileUpload()
            for path in paths:
                if not isinstance(path, str):
                    raise BadUpload
                _put(self.operations, path, uploads[name])
        self.uploads = uploads


def _json(content: bytes) -> Any:
    try:
        return loads(content)
    except ParseError:
        raise BadUpload from None


def _put(operations: Any, path: str, upload: FileUpload) -> None:
    """Put a file in its place; what does not lie on the way is made."""
    place = operations
    *way, last = path.split(".")
    for name in way:
        inner = _member(place, name)
        if not isinstance(inner, dict | list):
            inner = {}
            _set(place, name, inner)
        place = inner
    _set(place, last, upload)


def _member(place: Any, name: str) -> Any:
    if isinstance(place, dict):
        return place.get(name)
    if name.isdigit() and len(name) < 5 and int(name) < len(place):
        return place[int(name)]
    return None


def _set(place: Any, name: str, value: Any) -> None:
    if isinstance(place, dict):
        place[name] = value
    elif name.isdigit() and len(name) < 5 and int(name) < len(place):
        place[int(name)] = value
    elif name.isdigit() and len(name) < 5 and int(name) == len(place):
        place.append(value)
    else:
        raise BadUpload


async def read_form(body: FileBody, most_file: int, most: int) -> Any:
    """The operations of a multipart request, with its files in their places.

    Raises ``BadUpload``; 413 for a form of more than ``most`` bytes.
    """
    boundary = boundary_of(body.content_type or "")
    if boundary is None:
        raise BadUpload(500)
    reader = _MultipartReader(boundary, most_file)
    try:
        async for piece in _chunks(body, most):
            reader.write(piece)
    except FormParserError:
        raise BadUpload from None
    if not reader.is_over or reader.operations is None or reader.uploads is None:
        raise BadUpload
    return reader.operations


def _chunks(body: FileBody, most: int) -> AsyncIterator[bytes]:
    return body.chunks(most, lambda _: BadUpload(413))
