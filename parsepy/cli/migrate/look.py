"""``Look``: the database of a Parse Server as it is looked at."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pymongo.database import Database

_OWN = re.compile(r"_Join:|_SCHEMA$|_Hooks$|_GlobalConfig$|_GraphQLConfig$|fs\.|system\.")
_IS_VIEW = 166
SECONDS = 60
"""A look that takes longer is given up, and said to be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Old:
    """The database and what the configuration says of it.

    ``providers`` are those of the option ``auth``, ``jobs`` those of cloud code, ``senders`` the
    keys of ``push``; ``has_files_elsewhere``: files are not kept in GridFS.
    """

    uri: str
    prefix: str = ""
    providers: frozenset[str] = frozenset()
    jobs: frozenset[str] = frozenset()
    has_files_elsewhere: bool = False
    senders: frozenset[str] = frozenset()


@dataclass(slots=True)
class Look:
    """A database that is being looked at: its collections by the names of their classes."""

    old: Old
    database: Database[dict[str, Any]]
    names: set[str] = field(default_factory=set)
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The documents of ``_SCHEMA``, by class."""

    def metadata(self, name: str) -> dict[str, Any]:
        """What the class's row says beside its columns; nothing if that is not to be read."""
        found = (self.rows.get(name) or {}).get("_metadata")
        return found if isinstance(found, dict) else {}

    def indexes(self, name: str) -> dict[str, Any]:
        """The indexes of a class's collection, by name; none of a view."""
        from pymongo.errors import OperationFailure

        try:
            return dict(self.collection(name).index_information()) if self.has(name) else {}
        except OperationFailure as error:
            if error.code != _IS_VIEW:
                raise
            return {}

    def collection(self, name: str) -> Any:
        """The collection of a class."""
        return self.database[self.old.prefix + name]

    def has(self, name: str) -> bool:
        """Is there a collection of that class?"""
        return name in self.names

    def count(self, name: str, where: dict[str, Any] | None = None) -> int:
        """How many objects a class has; those that match, if a filter is given."""
        if name not in self.names:
            return 0
        if where is None:
            return int(self.collection(name).estimated_document_count())
        return int(self.collection(name).count_documents(where, maxTimeMS=SECONDS * 1000))

    @property
    def classes(self) -> list[str]:
        """The classes: those with a schema, and collections that look like one's."""
        from parsepy.model.schema import SYSTEM_CLASSES, VOLATILE_CLASSES

        found = {
            name
            for name in self.names
            if not _OWN.match(name)
            # a name that begins so is no class's but Parse's own: a queue of ours, say
            and (name[:1] != "_" or name in SYSTEM_CLASSES or name in VOLATILE_CLASSES)
        }
        return sorted({*found, *self.rows})
