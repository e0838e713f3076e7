"""The indexes of a collection; only unique ones and those that expire have an effect."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pymongo.errors import DuplicateKeyError, OperationFailure

from parsepy.model.schema import INDEX_KINDS
from parsepy.storage.documents import Document
from parsepy.storage.memory.comparing import comparable, ignores_case, values_at
from parsepy.storage.memory.refusals import unavailable

_OPTIONS = {"unique", "sparse", "collation", "expireAfterSeconds"}


@dataclass(slots=True)
class MemoryIndex:
    """An index; a unique one knows which document holds each key."""

    name: str
    keys: tuple[tuple[str, Any], ...]
    options: Document
    holders: dict[tuple[Any, ...], Any] = field(default_factory=dict)

    @property
    def paths(self) -> list[str]:
        """The indexed paths."""
        return [path for path, _ in self.keys]

    @property
    def any_case(self) -> bool:
        """Are texts that differ in case the same key?"""
        return ignores_case(self.options.get("collation"))

    def taken_by_another(self, document: Document) -> tuple[Any, ...] | None:
        """The key of a document that another one holds."""
        for key in self._keys_of(document):
            if self.holders.get(key, document["_id"]) != document["_id"]:
                return key
        return None

    def enter(self, document: Document) -> None:
        """Record the keys of a document that was stored."""
        self.holders.update(dict.fromkeys(self._keys_of(document), document["_id"]))

    def leave(self, document: Document) -> None:
        """Forget the keys of a document that was deleted or is about to change."""
        for key in self._keys_of(document):
            self.holders.pop(key, None)

    def _keys_of(self, document: Document) -> set[tuple[Any, ...]]:
        if not self.options.get("unique"):
            return set()
        columns = [values_at(document, path.split(".")) for path in self.paths]
        if self.options.get("sparse") and not any(columns):
            return set()
        compared = [[comparable(v, self.any_case) for v in c or [None]] for c in columns]
        return set(itertools.product(*compared))


class MemoryIndexes:
    """The indexes of one collection, by name."""

    def __init__(self, full_name: str) -> None:
        self._full_name = full_name
        self._by_name: dict[str, MemoryIndex] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def __iter__(self) -> Iterator[MemoryIndex]:
        return iter(self._by_name.values())

    def draft(
        self, name: str, keys: Sequence[tuple[str, Any]], options: Document
    ) -> MemoryIndex | None:
        """An index that may be added; ``None`` if it is there.

        Raises OperationFailure with MongoDB's numbers, COMMAND_UNAVAILABLE for options that
        ``memory:`` lacks.
        """
        if unknown := options.keys() - _OPTIONS:
            raise unavailable(f"index option {min(unknown)}")
        for _, kind in keys:
            if isinstance(kind, str) and kind not in INDEX_KINDS:
                raise OperationFailure(f"Unknown index plugin {kind!r}", 67)
        index = MemoryIndex(name, tuple(keys), options)
        same = self._by_name.get(name)
        if same is not None:
            if (same.keys, same.options) != (index.keys, index.options):
                raise OperationFailure(f"index {name} exists with other keys or options", 86)
            return None
        for other in self:
            if other.keys == index.keys and other.any_case == index.any_case:
                raise OperationFailure(f"index exists with a different name: {other.name}", 85)
        return index

    def add(self, index: MemoryIndex, documents: Iterable[Document]) -> None:
        """Add a draft over the documents there are; DuplicateKeyError if two have one key."""
        for document in documents:
            self._check(index, document)
            index.enter(document)
        self._by_name[index.name] = index

    def drop(self, name: str) -> None:
        """Forget an index; OperationFailure if there is none."""
        if self._by_name.pop(name, None) is None:
            raise OperationFailure(f"index not found with name [{name}]", 27)

    def clear(self) -> None:
        """Forget every index."""
        self._by_name.clear()

    def check_unique(self, document: Document) -> None:
        """DuplicateKeyError if another document holds a key of this one."""
        for index in self:
            self._check(index, document)

    def _check(self, index: MemoryIndex, document: Document) -> None:
        key = index.taken_by_another(document)
        if key is not None:
            raise duplicate(self._full_name, index.name, key)

    def enter(self, document: Document) -> None:
        """Record the keys of a document that was stored."""
        for index in self:
            index.enter(document)

    def leave(self, document: Document) -> None:
        """Forget the keys of a document that was deleted or is about to change."""
        for index in self:
            index.leave(document)


def duplicate(full_name: str, index: str, key: Any) -> DuplicateKeyError:
    """MongoDB's refusal of a second document with a key."""
    message = f"E11000 duplicate key error collection: {full_name} index: {index} dup key: {key!r}"
    return DuplicateKeyError(message, 11000, {"errmsg": message, "code": 11000})
