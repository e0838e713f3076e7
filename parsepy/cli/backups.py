"""`parsepy data backup|restore`: a whole database, as MongoDB has it, to a folder and back."""

from __future__ import annotations

import argparse
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from parsepy.cli import progress
from parsepy.cli.commands import with_application
from parsepy.cli.configuration import configure
from parsepy.cli.database import is_in_memory
from parsepy.cli.messages import StartError
from parsepy.version import __version__

if TYPE_CHECKING:
    from parsepy.app import Application

MANIFEST = "backup.json"


def backup(args: argparse.Namespace) -> int:
    """Write every collection into a new folder, which is there whole or not at all."""
    folder: Path = args.folder
    config = configure(args).config
    if is_in_memory(config):
        raise StartError("data backup: memory: keeps nothing that another process could read")
    if folder.exists():
        raise StartError(f"data backup: {folder} is there already; name a new folder")
    draft = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(draft, ignore_errors=True)  # of a backup that was killed
    draft.mkdir(mode=0o700, parents=True)

    async def act(application: Application) -> list[dict[str, Any]]:
        return await _save_all(application, draft)

    saved = with_application(config, act)
    made = {
        "parsepy": __version__,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "collections": saved,
    }
    (draft / MANIFEST).write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")
    draft.rename(folder)
    _report(args, saved)
    return 0


async def _save_all(application: Application, folder: Path) -> list[dict[str, Any]]:
    from parsepy.storage import backups

    connection = application.backend.storage.connection
    saved = []
    for name in await backups.collections(connection):
        with progress.bar(name, await backups.size(connection, name)) as moved:
            saved.append((await backups.save(connection, name, folder, moved))._asdict())
    return saved


def restore(args: argparse.Namespace) -> int:
    """Bring a backup into an empty database, or, told so, in place of what is there."""
    folder: Path = args.folder
    try:
        saved = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["collections"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StartError(f"data restore: {folder} is no backup ({MANIFEST}: {error})") from error

    async def act(application: Application) -> None:
        await _load_all(application, folder, saved, replaces=args.replace)

    with_application(configure(args).config, act)
    _report(args, saved)
    return 0


async def _load_all(
    application: Application, folder: Path, saved: list[dict[str, Any]], *, replaces: bool
) -> None:
    from parsepy.storage import backups

    connection = application.backend.storage.connection
    found = await backups.collections(connection)
    if not replaces:
        full = [
            name
            for name in found
            if name.removeprefix(connection.prefix) != "_SCHEMA"
            and await backups.size(connection, name)
        ]
        if full:
            raise StartError(
                f"data restore: the database is not empty ({', '.join(full[:5])}); "
                "--replace drops what it has, first"
            )
    await backups.drop(connection, found)
    try:
        for one in saved:
            entry = backups.SavedCollection(one["name"], one["documents"], one["sha256"])
            with progress.bar(entry.name, entry.documents) as moved:
                await backups.load(connection, entry, folder, moved)
    except backups.BackupError as error:
        raise StartError(f"data restore: {error}; the database has a part of it now") from error


def _report(args: argparse.Namespace, saved: list[dict[str, Any]]) -> None:
    if args.json:
        print(json.dumps({one["name"]: one for one in saved}, indent=2, sort_keys=True))
        return
    for one in saved:
        print(f"{one['documents']:>10,}  {one['name']}")
