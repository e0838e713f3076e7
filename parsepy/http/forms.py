"""Multipart forms: their parts one by one, and whole forms as parameters."""

from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from parsepy.errors import Code, ParseError
from parsepy.model.values import JSONObject, from_bytes

_LONGEST_HEADERS = 16_384
_LONGEST_BOUNDARY = 256
_MOST_PARTS = 1000


def boundary_of(content_type: str) -> bytes | None:
    """Read the boundary between the parts of a form; ``None`` if its content type has none."""
    _, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    return boundary if boundary and len(boundary) <= _LONGEST_BOUNDARY else None


class PartReader:
    """Goes through the parts of a form and calls the methods that subclasses override."""

    def __init__(self, boundary: bytes) -> None:
        self.headers: dict[bytes, bytes] = {}
        self._name = self._value = b""
        self._size = 0
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self.begin,
                "on_header_field": self._field,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_headers_finished": self._headers_finished,
                "on_part_data": self.data,
                "on_part_end": self.end,
                "on_end": self.over,
            },
        )

    def write(self, piece: bytes) -> None:
        """Read the next piece of the form; raises ``FormParserError`` for what is no form."""
        self._parser.write(piece)

    def begin(self) -> None:
        """Note that a part begins."""
        self.headers = {}

    def described(self, options: dict[bytes, bytes]) -> None:
        """Note that the headers of a part are complete; ``options`` are its name and file name."""

    def data(self, data: bytes, start: int, end: int) -> None:
        """Take some of a part's content."""

    def end(self) -> None:
        """Note that a part ends."""

    def over(self) -> None:
        """Note that the form ends."""

    def _field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]
        self._count(end - start)

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]
        self._count(end - start)

    def _count(self, more: int) -> None:
        self._size += more
        if self._size > _LONGEST_HEADERS:
            raise FormParserError("the headers of the form are too long")

    def _header_end(self) -> None:
        self.headers[self._name.lower()] = self._value
        self._name = self._value = b""

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self.headers.get(b"content-disposition"))
        self.described(options)


class _Parameters(PartReader):
    """Gathers the fields and files of a form."""

    def __init__(self, boundary: bytes) -> None:
        super().__init__(boundary)
        self.found: JSONObject = {}
        self.is_over = False
        self._parts = 0
        self._options: dict[bytes, bytes] = {}
        self._pieces: list[bytes] = []

    def begin(self) -> None:
        super().begin()
        self._size = 0
        self._parts += 1
        if self._parts > _MOST_PARTS:
            raise _invalid(f"more than {_MOST_PARTS} parts")

    def described(self, options: dict[bytes, bytes]) -> None:
        self._options, self._pieces = options, []

    def data(self, data: bytes, start: int, end: int) -> None:
        self._pieces.append(data[start:end])

    def end(self) -> None:
        name = self._options.get(b"name")
        if name is not None:
            self.found[name.decode("utf-8", "replace")] = self._value_of(b"".join(self._pieces))

    def over(self) -> None:
        self.is_over = True

    def _value_of(self, content: bytes) -> Any:
        kind = self.headers.get(b"content-type", b"text/plain").partition(b";")[0].strip().lower()
        file_name = self._options.get(b"filename")
        if file_name is None and kind != b"application/octet-stream":
            return content.decode("utf-8", "replace")
        file: JSONObject = {"contentType": kind.decode("latin-1"), "data": from_bytes(content)}
        if file_name is not None:
            # a browser of old sends the path on its disk
            last = file_name.replace(b"\\", b"/").rpartition(b"/")[2]
            file = {"filename": last.decode("utf-8", "replace"), **file}
        return file


def parameters_of(content_type: str, form: bytes) -> JSONObject:
    """Read the fields of a form as texts, its files as ``{filename, contentType, data}``.

    ``data`` is a Bytes value. Of parts with one name the last counts. Raises INVALID_JSON for
    what is no form, for one that ends early, and for one of more than 1,000 parts.
    """
    boundary = boundary_of(content_type)
    if boundary is None:
        raise _invalid("Multipart: Boundary not found")
    reader = _Parameters(boundary)
    try:
        reader.write(form)
        is_form = reader.is_over
    except FormParserError:
        is_form = False
    if not is_form:
        raise _invalid("Unexpected end of multipart data")
    return reader.found


def _invalid(why: str) -> ParseError:
    return ParseError(Code.INVALID_JSON, f"Invalid multipart request: {why}")
