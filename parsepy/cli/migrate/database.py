"""The database of a Parse Server, looked at by reads alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from parsepy.cli.messages import of_database
from parsepy.cli.migrate import classes, files, people
from parsepy.cli.migrate.findings import Section
from parsepy.cli.migrate.look import SECONDS, Look, Old


def examined(old: Old) -> list[Section]:
    """Look at everything; what can't be read is to do."""
    from pymongo import MongoClient
    from pymongo.errors import PyMongoError

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
            rows = look.collection("_SCHEMA").find({})
            look.rows = {row["_id"]: row for row in rows if isinstance(row["_id"], str)}
            hello = client.admin.command("hello")
            return [server(look, hello), *(_taken(title, part, look) for title, part in PARTS)]
    except PyMongoError as error:
        return [Section("Database", to_do=[f"it can't be read: {of_database(str(error))}"])]


def _taken(title: str, part: Callable[[Look], Section], look: Look) -> Section:
    """One part of the look; what takes too long is given up."""
    from pymongo.errors import ExecutionTimeout

    try:
        return part(look)
    except ExecutionTimeout:
        return Section(title, differs=[f"not looked at to the end: it takes more than {SECONDS} s"])


PARTS: list[tuple[str, Callable[[Look], Section]]] = [
    ("Classes", classes.classes),
    ("Permissions", classes.permissions),
    ("Indexes", classes.indexes),
    ("Users", people.users),
    ("Installations", people.devices),
    ("Files", files.section),
    ("Parameters, webhooks, schedules, pushes", classes.settings),
]
"""What is looked at, in the order in which it is printed."""


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
