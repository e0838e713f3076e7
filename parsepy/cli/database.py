"""The database of a command: the configured one, a running server's, or an embedded one."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import secrets
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from parsepy.cli.messages import StartError, warn
from parsepy.cli.process import ignore_signals
from parsepy.config import Config

if TYPE_CHECKING:
    from parsepy.storage.embedded import EmbeddedMongo

DATA_DIR = ".parsepy"
"""The name of a data directory that nobody has named otherwise."""


def is_in_memory(config: Config) -> bool:
    """Are the data kept in this process only?"""
    return config.database_uri is not None and config.database_uri.startswith("memory:")


def _place_of_server(config: Config) -> Path:
    return config.data_dir / "server.json"


def make_data_dir(config: Config) -> None:
    """Make the data directory, which holds keys and data: git leaves it out by itself."""
    folder = config.data_dir
    is_ours = not folder.exists() or folder.name == DATA_DIR
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    rules = folder / ".gitignore"
    if is_ours and not rules.exists():
        with contextlib.suppress(OSError):  # a folder that only has keys may be read-only
            rules.write_text("# Keys and data of parsepy: never to be committed.\n*\n")


@contextlib.contextmanager
def database(config: Config) -> Iterator[Config]:
    """Start an embedded MongoDB for the block, unless a database is configured.

    Gives the configuration with the address of the database. Raises ``StartError`` at the end if
    the embedded MongoDB has ended by itself.
    """
    if config.database_uri is not None:
        yield config
        return
    from parsepy.storage.embedded import EmbeddedMongo

    make_data_dir(config)
    mongo = EmbeddedMongo.start(config.data_dir / "data")
    lost = threading.Event()
    threading.Thread(target=_watch, args=(mongo, lost), name="mongod-watch", daemon=True).start()
    try:
        yield dataclasses.replace(config, database_uri=mongo.uri)
    finally:
        ignore_signals()  # a second Ctrl-C must not leave mongod behind
        mongo.stop()
        if lost.is_set():
            raise StartError(
                f"the embedded MongoDB has ended by itself; {mongo.log_path} says more. "
                "The data are kept: start again."
            )


def _watch(mongo: EmbeddedMongo, lost: threading.Event) -> None:
    """Send this process SIGTERM when its mongod ends by itself."""
    code = mongo.wait()
    if code is None:
        return
    if code:
        lost.set()
    else:  # as when systemd tells all processes of a service to stop
        warn("the embedded MongoDB was told to stop, so the server stops, too")
    os.kill(os.getpid(), signal.SIGTERM)


@contextlib.contextmanager
def shared_database(config: Config) -> Iterator[Config]:
    """Do as `database`, but use the embedded MongoDB of a running server if there is one."""
    uri = _uri_of_server(config) if config.database_uri is None else None
    if uri is not None:
        yield dataclasses.replace(config, database_uri=uri)
        return
    with database(config) as found:
        yield found


def _uri_of_server(config: Config) -> str | None:
    try:
        found = json.loads(_place_of_server(config).read_text(encoding="utf-8"))
        os.kill(found["pid"], 0)
        return str(found["uri"])
    except (OSError, ValueError, KeyError, TypeError):
        return None  # no server, or one that was killed and left its note


@contextlib.contextmanager
def noted(config: Config) -> Iterator[None]:
    """Write the database's address to `server.json` for other commands; remove it at the end."""
    note = _place_of_server(config)
    draft = note.with_name(f".{note.name}.{secrets.token_hex(8)}")
    note.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"uri": config.database_uri, "pid": os.getpid()}, file)
    draft.replace(note)
    try:
        yield
    finally:
        note.unlink(missing_ok=True)
