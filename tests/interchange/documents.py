"""What lies in a database, in comparable form: every value with its BSON type, chance renamed."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bson import Binary, Int64, ObjectId
from pymongo.database import Database

from tests.interchange.shop import Shop

CLOCK = timedelta(minutes=30)
SESSION_LENGTH = timedelta(seconds=31536000)
BCRYPT = re.compile(r"\$(2[aby])\$(\d\d)\$[./A-Za-z0-9]{53}")
TOKEN = re.compile(r"r:[0-9a-f]{32}")
OBJECT_ID = re.compile(r"[A-Za-z0-9]{10}")

Document = dict[str, Any]
Documents = dict[str, dict[str, Any]]
Indexes = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Names:
    """Our names for the strings that a server chose: ids, tokens, usernames."""

    known: Mapping[str, str]

    @classmethod
    def of(cls, shop: Shop) -> "Names":
        """The names that `shop` learned from the answers."""
        known = {value: f"<id of {name}>" for name, value in shop.ids.items()}
        known |= {value: f"<token of {name}>" for name, value in shop.tokens.items()}
        return cls(known | {value: f"<{name}>" for name, value in shop.chosen.items()})

    def text(self, text: str) -> str:
        """`text` with every known string replaced, and hashes and unknown tokens too."""
        for value, name in self.known.items():
            text = text.replace(value, name)
        text = BCRYPT.sub(lambda found: f"<bcrypt of cost {found[2]}>", text)
        return TOKEN.sub("<token>", text)


def typed(value: Any, names: Names) -> Any:
    """A BSON value with the type of every leaf: `5` is "int32 5", an unknown type raises."""
    match value:
        case dict():
            return {names.text(key): typed(item, names) for key, item in value.items()}
        case list():
            return [typed(item, names) for item in value]
        case None:
            return "null"
        case bool():
            return f"boolean {value}"
        case Int64():
            return f"int64 {int(value)}"
        case int():
            return f"int32 {value}"
        case float():
            return f"double {value!r}"
        case str():
            return f"string {names.text(value)}"
        case datetime():
            return f"date {moment(value)}"
        case Binary():
            return f"binary {value.subtype} {value.hex()}"
        case bytes():
            return f"binary 0 {value.hex()}"
        case ObjectId():
            return "ObjectId"
    raise TypeError(f"{type(value).__name__} is no BSON type that Parse writes: {value!r}")


def moment(value: datetime) -> str:
    """A date; the server's clock, now or at the end of a session, has a name."""
    now = datetime.now(UTC)
    for name, expected in (("<now>", now), ("<in a year>", now + SESSION_LENGTH)):
        if abs(value - expected) < CLOCK:
            return name
    return value.isoformat(timespec="milliseconds")


def raw(database: Database[Document]) -> dict[str, list[Document]]:
    """Every document of every collection as it is stored, in the order of ids."""
    return {
        name: list(database[name].find().sort("_id", 1))
        for name in sorted(database.list_collection_names())
    }


def documents(stored: Mapping[str, list[Document]], names: Names) -> Documents:
    """`stored` in comparable form: the documents of each collection by what identifies them."""
    found: Documents = {}
    for collection, rows in stored.items():
        found[collection] = {}
        for row in rows:
            shown = typed(row, names)
            key = identity(shown)
            if key in found[collection]:
                raise ValueError(f"{collection} holds two documents {key}")
            found[collection][key] = shown
    return found


def identity(shown: Document) -> str:
    """What tells a document, in comparable form, from the others of its collection."""
    if "_session_token" in shown:
        # Nobody was told the ids of the sessions that a sign-up or log-in makes.
        if OBJECT_ID.fullmatch(shown["_id"].removeprefix("string ")):
            shown["_id"] = "string <id>"
        return str(shown["_session_token"])
    if shown["_id"] == "ObjectId":
        return f"{shown['owningId']} has {shown['relatedId']}"
    return str(shown["_id"])


def password_hashes(stored: Mapping[str, list[Document]]) -> dict[str, str]:
    """The bcrypt prefix and cost of every user who has a password, by username."""
    found = {}
    for user in stored["_User"]:
        if "_hashed_password" in user:
            match = BCRYPT.fullmatch(user["_hashed_password"])
            found[user["username"]] = match.expand(r"\1 \2") if match else "no bcrypt"
    return found


def without_indexes(documents: Documents) -> Documents:
    """`documents` without the list of indexes in `_SCHEMA`, which each start brings up to date."""
    classes = {}
    for name, row in documents["_SCHEMA"].items():
        metadata = {k: v for k, v in row.get("_metadata", {}).items() if k != "indexes"}
        rest = {key: value for key, value in row.items() if key != "_metadata"}
        classes[name] = {**rest, "_metadata": metadata} if metadata else rest
    return {**documents, "_SCHEMA": classes}


def indexes(database: Database[Document]) -> Indexes:
    """Every index of every collection, by name, with all its options."""
    found: Indexes = {}
    for name in sorted(database.list_collection_names()):
        found[name] = {}
        for index in database[name].list_indexes():
            shown = json.loads(json.dumps(index, default=str))
            shown["key"] = list(shown["key"].items())
            shown.pop("v")
            found[name][index["name"]] = shown
    return found
