"""The database of a Parse Server, looked at by reads alone."""

from __future__ import annotations

from typing import Any

from parsepy.cli.messages import StartError
from parsepy.cli.migrate import classes, files, people
from parsepy.cli.migrate.findings import Section
from parsepy.cli.migrate.look import Look, Old


def examined(old: Old) -> list[Section]:
    """Look at everything; raises ``StartError`` if the database can't be read."""
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
