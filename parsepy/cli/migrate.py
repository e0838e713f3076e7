"""`parsepy migrate check`: what of a Parse Server carries over; it reads, and writes nothing."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from parsepy.cli.config_check import checked
from parsepy.cli.messages import StartError
from parsepy.cli.problems import with_lines
from parsepy.config import collect

_CALL = re.compile(
    r"Parse\.Cloud\.(?P<kind>before\w+|after\w+|define|job)\s*\(\s*"
    r"(?:(?P<quote>[\"'`])(?P<name>[^\"'`]+)(?P=quote)|Parse\.(?P<builtin>\w+))?"
)
_COMMENT = re.compile(r"/\*.*?\*/|(?<![:\"'])//[^\n]*", re.DOTALL)
_FUNCTIONS = {"define": "function", "job": "job"}
_BARE = ("beforeLogin", "afterLogin", "afterLogout", "beforePasswordResetRequest", "beforeConnect")
_SYSTEM = re.compile(r"_Join:|_SCHEMA$|_Hooks$|_GlobalConfig$|fs\.|system\.")


def command(args: argparse.Namespace) -> int:
    """Print what carries over and what must be written; return 1 if anything must be."""
    notes, problems = checked(args.file)
    settings = collect(args.file, os.environ, {})
    print("Options and adapters")
    _listed([*(f"as it is: {note}" for note in notes), *with_lines(tuple(problems))])

    print("Cloud code")
    cloud = settings.values.get("cloud")
    found = list(python_of(_text_of(args.file.parent / str(cloud)))) if cloud else []
    _listed([f"{theirs}  ->  {ours}" for theirs, ours in found])

    print("Database")
    uri = args.database_uri or settings.values.get("databaseURI")
    prefix = str(settings.values.get("collectionPrefix") or "")
    lines, more = _database(str(uri), prefix) if uri else (["not looked at: no databaseURI"], [])
    _listed([*lines, *more])

    to_do = len(problems) + len(found) + len(more)
    print(f"Verdict: {to_do} things to write or decide" if to_do else "Verdict: it carries over")
    return 1 if to_do else 0


def _listed(lines: list[str]) -> None:
    for line in lines or ["nothing"]:
        print(f"  {line}")


def _text_of(file: Path) -> str:
    if not file.is_file():
        raise StartError(f"cloud: there is no file {file}")
    return "\n".join(
        one.read_text(encoding="utf-8", errors="replace")
        for one in sorted(file.parent.rglob("*.js"))
        if "node_modules" not in one.parts
    )


def python_of(source: str) -> Iterator[tuple[str, str]]:
    """Find the triggers, functions and jobs of JavaScript; yield each with its Python line."""
    for found in _CALL.finditer(_COMMENT.sub("", source)):
        kind, name, builtin = found["kind"], found["name"], found["builtin"]
        snake = _FUNCTIONS.get(kind) or re.sub(r"([A-Z])", lambda it: f"_{it[1].lower()}", kind)
        target = f'"{name}"' if name else builtin
        theirs = f"{kind}({target or ''})"
        if kind in _BARE:
            yield theirs, f"@Cloud.{snake}"
        elif target is not None:
            yield theirs, f"@Cloud.{snake}({target})"
        else:
            yield theirs, f"@Cloud.{snake}(...): the name is computed; write it"


def _database(uri: str, prefix: str) -> tuple[list[str], list[str]]:
    """Count what is there; return what carries over, and what must be decided."""
    from pymongo import MongoClient
    from pymongo.errors import PyMongoError

    try:
        with MongoClient[dict[str, Any]](uri, serverSelectionTimeoutMS=5000) as client:
            database = client.get_default_database("parse")
            names = sorted(database.list_collection_names())
            users = database[f"{prefix}_User"]
            shown = [
                f"classes: {sum(1 for name in names if _is_class(name, prefix))}",
                f"users: {users.estimated_document_count()}",
                f"files in GridFS: {database['fs.files'].estimated_document_count()}",
            ]
            return shown, list(_of_users(users))
    except PyMongoError as error:
        raise StartError(f"the database can't be read: {error}") from error


def _is_class(name: str, prefix: str) -> bool:
    return name.startswith(prefix) and not _SYSTEM.match(name.removeprefix(prefix))


def _of_users(users: Any) -> Iterator[str]:
    """What of users needs a decision: passwords of another kind, and second factors."""
    has_password = {"$exists": True, "$ne": None}
    is_foreign: Mapping[str, Any] = {
        "_hashed_password": {**has_password, "$not": {"$regex": r"^\$2[abxy]\$"}}
    }
    foreign = users.count_documents(is_foreign)
    if foreign:
        yield f"{foreign} users have passwords that are not of bcrypt: they must reset them"
    factors = users.count_documents({"_auth_data_mfa": {"$exists": True, "$ne": None}})
    if factors:
        yield f"{factors} users have a second factor (auth.mfa): they can't log in without it"
