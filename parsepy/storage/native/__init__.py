"""The optional extension that reads documents: from BSON to REST form, or to JSON, in one pass.

It is built where a C compiler is at hand when parsepy is installed; without it everything works the
same, and reading takes about three times the CPU time. ``to_object`` in ``storage/documents.py``
defines what it does, and reads whatever it leaves alone.
"""

import os
from collections.abc import Callable, Iterable
from enum import IntEnum
from typing import Any, NamedTuple, Protocol

from parsepy.model.selection import SelectedColumn
from parsepy.model.values import JSONObject, dumps

Reply = bytes | memoryview
Joined = dict[str, dict[str, bytes]]
"""What stands in place of pointers: by column and object id, an object's JSON."""

_VERSION = 3
"""What the extension must be built from: that of ``reader.c``."""

_split: Callable[[Reply], dict[str, bytes] | None] | None
_is_whole: Callable[[Reply], bool] | None
try:
    from parsepy.storage.native import _reader

    if getattr(_reader, "VERSION", 0) != _VERSION:
        raise ImportError("the native reader was built from another version")
except ImportError:  # not built, or by an older installation, which is no fault
    _built, _split, _is_whole = None, None, None
else:
    _built, _split, _is_whole = _reader.Reader, _reader.split, _reader.is_whole


class NativeReader(Protocol):
    """Reads the documents of one class; every method answers ``None`` for what is left alone."""

    def objects(self, reply: Reply, /) -> list[JSONObject] | None:
        """Return the documents of a whole reply to `find` in REST form."""

    def json(self, reply: Reply, /) -> bytes | None:
        """Return the documents of a whole reply to `find` as a JSON array."""

    def object(self, document: Reply, /) -> JSONObject | None:
        """Return one document in REST form."""

    def object_with(
        self, document: Reply, key: str, /
    ) -> tuple[JSONObject, list[str] | None] | None:
        """Return one document in REST form, and the list at a key of it, if there is one."""

    def json_with(self, reply: Reply, joined: Joined, /) -> bytes | None:
        """Return the documents of a whole reply as a JSON array, objects in place of pointers.

        A pointer of a column that is named in ``joined`` to what is not there is left out.
        """

    def json_by_id(self, reply: Reply, ending: bytes, joined: Joined, /) -> dict[str, bytes] | None:
        """Return the documents of a whole reply by their ids, as JSON objects with an ending."""

    def selected(
        self, reply: Reply, values: tuple[SelectedColumn, ...], opening: bytes, closing: bytes, /
    ) -> tuple[bytes, int] | None:
        """Return the documents of a whole reply as a JSON array of what is selected, and how many.

        Each stands between the two texts.
        """

    def selected_by_id(
        self, reply: Reply, values: tuple[SelectedColumn, ...], /
    ) -> dict[str, bytes] | None:
        """Return what is selected of a whole reply's documents by their ids, as JSON objects."""

    def pointers(self, reply: Reply, name: str, /) -> dict[str, int] | None:
        """Return how often the pointers of a column lead to each id."""


SWITCH = "PARSEPY_NATIVE_READER"
"""The variable of the environment that, set to ``off``, has everything read without it."""


class ColumnReading(IntEnum):
    """How a column is read; the numbers are those of ``plan.h``."""

    PLAIN = 0
    ID = 1
    MOMENT_TEXT = 2
    """A date as a bare ISO text."""
    MOMENT = 3
    """A date as a Date value, whatever else it may be stored as."""
    POINTER = 4
    GEO_POINT = 5
    FILE_NAME = 6
    BYTES = 7
    LEFT_ALONE = 8
    """By ``to_object`` alone."""


class ReadColumn(NamedTuple):
    """A column: its key in documents, its name in REST form, and how it is read.

    ``target`` is the class of a pointer, ``convert`` makes the value of a file of its name.
    """

    key: str
    name: str
    kind: ColumnReading
    target: str | None = None
    convert: Callable[[Any], Any] | None = None


def is_built() -> bool:
    """Is the extension there?"""
    return _built is not None


def is_used() -> bool:
    """Is the extension there, and not switched off?"""
    return is_built() and os.environ.get(SWITCH) != "off"


def splitter() -> Callable[[Reply], dict[str, bytes] | None] | None:
    """Return what splits a reply into its documents by their ids; ``None`` if it is not used."""
    return _split if is_used() else None


def whole(reply: Reply) -> bytes | None:
    """Return the bytes of a reply, if it is a good one that has all documents, else ``None``."""
    return bytes(reply) if _is_whole is not None and _is_whole(reply) else None


def told() -> str:
    """Say in a few words whether the extension is there and used."""
    if is_used():
        return "used"
    return f"built, but {SWITCH} is off" if is_built() else "not built: reading is slower"


def reader_of(
    columns: Iterable[ReadColumn], relations: Iterable[tuple[str, str]]
) -> NativeReader | None:
    """Return the reader of a class; ``None`` where the extension is not used."""
    if _built is None or not is_used():
        return None
    try:
        return _built(tuple(map(_prepared, columns)), tuple(_relation(*pair) for pair in relations))
    except (UnicodeEncodeError, TypeError):  # half a surrogate in a name, which no JSON has
        return None


def _prepared(column: ReadColumn) -> tuple[object, ...]:
    """The column with all that is the same for each of its values, as the extension takes it."""
    key, name, kind, target, convert = column
    prefix = opening = b""
    if target is not None:
        prefix = f"{target}$".encode()
        opening = _open({"__type": "Pointer", "className": target}) + b',"objectId":'

    def encode(value: Any) -> bytes:
        assert convert is not None
        return dumps(convert(value))

    label = dumps(name) + b":"
    return (key, name, label, int(kind), target, prefix, opening, convert, encode)


def _relation(name: str, target: str) -> tuple[str, str, bytes]:
    value = {"__type": "Relation", "className": target}
    return name, target, dumps(name) + b":" + dumps(value)


def _open(value: JSONObject) -> bytes:
    return dumps(value)[:-1]
