"""``PersistedDocuments``: documents that clients name by their hash (automatic persisted queries).

A document is kept once it was sent whole, is valid and may be executed.
"""

from hashlib import sha256

from parsepy.graphql.caches import Recent


class PersistedDocuments:
    """Documents by their hash; those that were asked for longest ago are forgotten first."""

    def __init__(self, most: int = 1000, most_characters: int = 4_000_000) -> None:
        self._documents: Recent[str] = Recent(most, most_characters)

    def get(self, digest: str) -> str | None:
        """The document of a hash, if it is known."""
        return self._documents.get(digest)

    def put(self, digest: str, text: str) -> None:
        """Remember a document."""
        self._documents.put(digest, text, len(text))


def digest_of(text: str) -> str:
    """The hash by which a document is named."""
    return sha256(text.encode("utf-8", "replace")).hexdigest()
