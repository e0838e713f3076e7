"""``PersistedDocuments``: documents that clients name by their hash (automatic persisted queries).

A document is kept once it was sent whole, is valid and may be executed.
"""

from collections import OrderedDict
from hashlib import sha256


class PersistedDocuments:
    """Documents by their hash; those that were asked for longest ago are forgotten first."""

    def __init__(self, most: int = 1000, most_characters: int = 4_000_000) -> None:
        self._most = most
        self._most_characters = most_characters
        self._characters = 0
        self._documents: OrderedDict[str, str] = OrderedDict()

    def get(self, digest: str) -> str | None:
        """The document of a hash, if it is known."""
        text = self._documents.get(digest)
        if text is not None:
            self._documents.move_to_end(digest)
        return text

    def put(self, digest: str, text: str) -> None:
        """Remember a document."""
        if digest in self._documents:
            return
        self._documents[digest] = text
        self._characters += len(text)
        while len(self._documents) > self._most or self._characters > self._most_characters:
            _, forgotten = self._documents.popitem(last=False)
            self._characters -= len(forgotten)


def digest_of(text: str) -> str:
    """The hash by which a document is named."""
    return sha256(text.encode("utf-8", "replace")).hexdigest()
