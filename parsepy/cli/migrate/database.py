"""The database of a Parse Server, looked at by reads alone."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from parsepy.cli.messages import StartError
from parsepy.cli.migrate.findings import Section

if TYPE_CHECKING:
    from pymongo.database import Database

_OWN = re.compile(r"_Join:|_SCHEMA$|_Hooks$|_GlobalConfig$|_GraphQLConfig$|fs\.|system\.")
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

    def collection(self, name: str) -> Any:
        """The collection of a class."""
        return self.database[self.old.prefix + name]

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
        found = {name for name in self.names if not _OWN.match(name)}
        return sorted({*found, *self.rows})


def examined(old: Old) -> list[Section]:
    """Look at everything; raises ``StartError`` if the database can't be read."""
    from pymongo import MongoClient
    from pymongo.errors import PyMongoError

    from parsepy.cli.migrate import classes, files, people

    own: dict[str, Any] = (
        {} if "timeoutms" in old.uri.lower() else {"serverSelectionTimeoutMS": 5000}
    )
    try:
        with MongoClient[dict[str, Any]](old.uri, **own) as client:
            database = client.get_default_database("parse")
            look = Look(old, database)
            everything = database.list_collection_names()
            look.names = {
                name.removeprefix(old.prefix) for name in everything if name.startswith(old.prefix)
            } | {name for name in everything if name.startswith("fs.")}
            look.rows = {row["_id"]: row for row in look.collection("_SCHEMA").find({})}
            return [
                server(look, client.admin.command("hello")),
                *classes.sections(look),
                people.users(look),
                people.devices(look),
                files.section(look),
                classes.settings(look),
            ]
    except PyMongoError as error:
        raise StartError(f"the database can't be read: {error}") from error


def server(look: Look, hello: dict[str, Any]) -> Section:
    """What kind of MongoDB it is."""
    section = Section("Database")
    version = look.database.client.server_info()["version"]
    if "setName" in hello or hello.get("msg") == "isdbgrid":
        section.fine.append(
            f"MongoDB {version}, {'a replica set' if 'setName' in hello else 'sharded'}"
        )
    else:
        section.differs.append(
            f"MongoDB {version} is no replica set: transactions are refused, and Live Query hears "
            "of this process's writes alone; `mongod --replSet rs0` and once `rs.initiate()` help"
        )
    if not look.rows:
        section.to_do.append(
            f"{look.database.name} has no _SCHEMA: it is no Parse Server's database, or "
            "collectionPrefix is missing"
        )
    return section
