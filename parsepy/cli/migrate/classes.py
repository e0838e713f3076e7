"""Classes, their columns, permissions and indexes; parameters, webhooks, schedules, pushes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from parsepy.cli.migrate.findings import Section
from parsepy.cli.migrate.look import Look
from parsepy.errors import ParseError
from parsepy.model.permissions import check_permissions
from parsepy.model.schema import SYSTEM_CLASSES, VOLATILE_CLASSES, is_class_name
from parsepy.storage import schemas as stored

_SHOWN = 8
"""So many names stand in a line at most."""
_WRITES = ("create", "update", "delete", "addField")
_UNNAMED = ("_id", "objectId", "_metadata", "_client_permissions")


def classes(look: Look) -> Section:
    """Look at classes and their columns."""
    section = Section("Classes")
    objects = {name: look.count(name) for name in look.classes}
    section.fine.append(f"classes: {len(objects)}")
    own = sorted((n for n in objects if n[:1] != "_"), key=lambda n: -objects[n])
    if own:
        counted = ", ".join(f"{name} {objects[name]:,}" for name in own[:_SHOWN])
        section.fine.append(f"objects: {counted}{_more(own)}")
    for name, row in sorted(look.rows.items()):
        if not is_class_name(name):
            section.differs.append(f"{name}: no class can have this name; nobody reaches it")
        for column, kind in row.items():
            if column[:1] != "_" and column not in _UNNAMED:
                _of_column(look, section, name, column, kind)
    bare = [
        name
        for name in objects
        if name not in look.rows and name not in VOLATILE_CLASSES and name not in SYSTEM_CLASSES
    ]
    if bare:
        section.differs.append(
            f"without a row in _SCHEMA, so unknown as classes until one is written: {_listed(bare)}"
        )
    return section


def _of_column(look: Look, section: Section, name: str, column: str, kind: Any) -> None:
    known = stored.from_text(kind) if isinstance(kind, str) else None
    if known is None:
        section.differs.append(f"{name}.{column}: {kind!r} is no type; the column is not shown")
    elif known.target and known.target not in look.rows and known.target not in SYSTEM_CLASSES:
        section.differs.append(
            f"{name}.{column}: points to the class {known.target}, which is gone; kept as it is"
        )


def permissions(look: Look) -> Section:
    """Look at class-level permissions."""
    section = Section("Permissions")
    open_to_all, without = [], []
    for name, row in sorted(look.rows.items()):
        raw = look.metadata(name).get("class_permissions")
        if raw is None:
            without.append(name)
            continue
        try:
            check_permissions(raw, stored.from_document(row).types)
        except ParseError as error:
            section.differs.append(
                f"{name}: {error.message}; kept and obeyed as stored, refused in a change"
            )
        rules = raw if isinstance(raw, dict) else {}
        granted = [op for op in _WRITES if isinstance(rules.get(op), dict) and "*" in rules[op]]
        if granted and name[0] != "_":
            open_to_all.append(f"{name} ({', '.join(granted)})")
    section.fine.append(f"class-level permissions: of {len(look.rows) - len(without)} classes")
    if without:
        section.fine.append(f"never set, so open to everybody, as before: {_listed(without)}")
    if open_to_all:
        section.fine.append(f"anybody may, as before: {_listed(open_to_all)}")
    return section


def indexes(look: Look) -> Section:
    """Look at the indexes, and at what keeps one from being made."""
    section = Section("Indexes")
    total = 0
    for name in look.classes:
        real = look.indexes(name)
        if not real:
            continue
        total += len(real)
        noted = look.metadata(name).get("indexes") or {}
        gone = sorted(set(noted) - set(real) - {"_id_"})
        if gone:
            section.differs.append(
                f"{name}: _SCHEMA names indexes that are not there; they are not made: "
                f"{_listed(gone)}"
            )
    section.fine.append(f"indexes: {total}, all kept")
    for name, field, unique in (
        ("_User", "username", "username_1"),
        ("_User", "email", "email_1"),
        ("_Role", "name", "name_1"),
    ):
        if look.has(name) and unique not in look.indexes(name):
            section.to_do += _doubled(look, name, field, unique)
    if look.has("_Session"):
        keys = [list(index["key"]) for index in look.indexes("_Session").values()]
        if [("_session_token", 1)] not in keys:
            section.differs.append(
                "sessions have no index of their token, as with Parse Server: "
                "databaseOptions.createOwnIndexes: true makes it, and speeds up every request"
            )
    return section


def _doubled(look: Look, name: str, field: str, unique: str) -> Iterator[str]:
    """Values that keep a unique index from being made."""
    stages: list[dict[str, Any]] = [
        {"$match": {field: {"$type": "string"}}},
        {"$group": {"_id": f"${field}", "count": {"$sum": 1}}},
        {"$match": {"count": {"$gt": 1}}},
        {"$limit": _SHOWN},
    ]
    found = [row["_id"] for row in look.collection(name).aggregate(stages)]
    if found:
        yield (
            f"{name}.{field} is there more than once, so the unique index {unique} can't be made: "
            f"{_listed(found)}"
        )


def settings(look: Look) -> Section:
    """Look at what the dashboard edits: parameters, webhooks, schedules, audiences, pushes."""
    section = Section("Parameters, webhooks, schedules, pushes")
    config = look.collection("_GlobalConfig").find_one({"_id": 1}) or {}
    params = config.get("params") or {}
    if params:
        section.fine.append(f"parameters of the configuration: {len(params)}")
    odd = sorted(name for name in params if "." in name or "$" in name)
    if odd:
        section.to_do.append(f"parameters with a dot or dollar can't be changed: {_listed(odd)}")
    for label, name in (("webhooks", "_Hooks"), ("audiences", "_Audience")):
        if look.count(name):
            section.fine.append(f"{label}: {look.count(name)}")
    waiting = look.count("_PushStatus", {"status": {"$in": ["scheduled", "pending", "running"]}})
    if waiting:
        section.differs.append(
            f"{waiting} pushes are scheduled or under way: those that are scheduled are sent at "
            "their time only with scheduledPush"
        )
    schedules = [row.get("jobName") for row in look.collection("_JobSchedule").find({}, limit=500)]
    if schedules:
        section.differs.append(
            f"schedules of the dashboard: {len(schedules)}; as with Parse Server something must "
            'call POST /jobs, or write @Cloud.job("name", schedule="0 8 * * *")'
        )
    unknown = sorted({str(name) for name in schedules if name not in look.old.jobs})
    if unknown and look.old.jobs:
        section.to_do.append(f"schedules of jobs that cloud code lacks: {_listed(unknown)}")
    return section


def _listed(names: list[str]) -> str:
    return ", ".join(map(str, names[:_SHOWN])) + _more(names)


def _more(names: list[str]) -> str:
    return f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
