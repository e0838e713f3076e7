"""The last states of documents of which MongoDB keeps no states before changes yet."""

import contextlib
from typing import Any

import bson

from parsepy.storage.documents import Document

MOST_BYTES = 32 * 1024 * 1024


class RecentDocuments:
    """What a stream has shown of documents: the latest of them, in ``most`` bytes.

    A collection that is made while somebody listens has changes before its states are kept. Since
    the stream has shown each of its documents from the first on, what they were is known here.
    """

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._size = 0
        self._collections: dict[str, dict[bytes, bytes]] = {}

    def put(self, collection: str, document: Document) -> None:
        """Note the state of a document."""
        key, encoded = _key(document["_id"]), bson.encode(document)
        self.remove(collection, document["_id"])
        documents = self._collections.setdefault(collection, {})
        documents[key] = encoded
        self._size += len(encoded)
        while self._size > self._most and documents:
            self._size -= len(documents.pop(next(iter(documents))))

    def get(self, collection: str, object_id: Any) -> Document | None:
        """The last state of a document; None if it is not known."""
        encoded = self._collections.get(collection, {}).get(_key(object_id))
        return None if encoded is None else bson.decode(encoded)

    def remove(self, collection: str, object_id: Any) -> None:
        """Drop what is known of a document."""
        self._size -= len(self._collections.get(collection, {}).pop(_key(object_id), b""))

    def forget(self, collection: str) -> None:
        """Drop what is known of a collection."""
        self._size -= sum(map(len, self._collections.pop(collection, {}).values()))


def _key(object_id: Any) -> bytes:
    return bson.encode({"_id": object_id})


def updated(before: Document, description: Document) -> Document:
    """A document after an update that a change stream describes (``updateDescription``)."""
    document: Document = bson.decode(bson.encode(before))  # a copy, of which all can be changed
    for cut in description.get("truncatedArrays", ()):
        place, name = _place(document, cut["field"])
        with contextlib.suppress(LookupError, TypeError):
            del place[name][cut["newSize"] :]
    for path, value in description.get("updatedFields", {}).items():
        place, name = _place(document, path)
        if isinstance(place, list) and name == len(place):
            place.append(value)
        else:
            with contextlib.suppress(LookupError, TypeError):
                place[name] = value
    for path in description.get("removedFields", ()):
        place, name = _place(document, path)
        with contextlib.suppress(LookupError, TypeError):
            del place[name]
    return document


def _place(document: Document, path: str) -> tuple[Any, Any]:
    """Where a dotted path leads: what holds the value, and its name or position there."""
    place: Any = document
    *parts, last = path.split(".")
    for part in parts:
        try:
            place = place[int(part) if isinstance(place, list) else part]
        except (LookupError, TypeError, ValueError):
            return {}, last
    return place, int(last) if isinstance(place, list) and last.isdigit() else last
