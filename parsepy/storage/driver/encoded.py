"""``Encoded``: a command that reads, whose fields are encoded before it is sent.

Who has encoded them, to tell equal reads apart, spares MongoDB's driver to encode them again.
"""

from functools import lru_cache
from itertools import count
from struct import Struct
from typing import Any, NamedTuple

from bson import encode
from bson.raw_bson import RawBSONDocument
from pymongo import ReadPreference
from pymongo.read_preferences import Primary

from parsepy.storage.documents import Document
from parsepy.storage.driver.reads import Collection

_KEPT = 256
"""Of how many collections the part of a message that names them is kept."""
_DIRECT = ReadPreference.PRIMARY_PREFERRED
"""What PyMongo asks for where it knows of one server alone (``directConnection``)."""
_OP_MSG = 2013
_MOST = 2**31
_NUMBERS = count(1)
"""Of messages: a reply tells which one it answers, on a connection that has one under way."""
_LENGTH = 4  # bytes
_BEGIN = Struct("<4iIBi").pack
_AROUND = 21  # bytes of a message beside its document


class Encoded(NamedTuple):
    """A command that reads, with its fields after the collection's name as a BSON document."""

    name: str
    fields: bytes

    def as_document(self, collection: Collection) -> Document:
        """The command as PyMongo takes it."""
        return {self.name: collection.name, **RawBSONDocument(self.fields)}

    def message(
        self, collection: Collection, database: str, preference: Any
    ) -> tuple[int, bytes, int]:
        """The number of a message of MongoDB's wire protocol, the message, its document's size.

        ``preference`` is one that ``is_simple``.
        """
        head, tail = _head(self.name, collection.name), _tail(database, preference is _DIRECT)
        size = len(head) + len(self.fields) + len(tail) - 1  # the fields end twice
        number = next(_NUMBERS) % _MOST
        begin = _BEGIN(_AROUND + size, number, 0, _OP_MSG, 0, 0, size)
        return number, b"".join((begin, head, self.fields[_LENGTH:-1], tail)), size


Command = Document | Encoded


def is_simple(preference: Any) -> bool:
    """Can ``Encoded.message`` tell MongoDB of a read preference?"""
    return preference is _DIRECT or isinstance(preference, Primary)


@lru_cache(_KEPT)
def _head(name: str, collection: str) -> bytes:
    return encode({name: collection})[_LENGTH:-1]


@lru_cache(_KEPT)
def _tail(database: str, is_direct: bool) -> bytes:
    preference = {"$readPreference": _DIRECT.document} if is_direct else {}
    return encode({"$db": database, **preference})[_LENGTH:]
