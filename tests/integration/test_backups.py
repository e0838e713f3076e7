"""`parsepy data backup|restore` and progress on a terminal, over a real database."""

from __future__ import annotations

import gzip
import json
import os
import pty
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient

from tests.conftest import Client, MakeApp, database_in
from tests.integration.test_cli import environment
from tests.rest.shop import ok

pytestmark = pytest.mark.slow  # each test starts several processes
Documents = dict[str, list[dict[str, Any]]]


@pytest.fixture
def other(mongo_uri: str) -> Iterator[str]:
    """The connection string of a database that nothing is in; it goes with the test."""
    uri = database_in(mongo_uri, f"other_{uuid4().hex[:12]}")
    yield uri
    with MongoClient[dict[str, Any]](uri) as client:
        client.drop_database(client.get_default_database().name)


def ended(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """A command of `parsepy data` that has run to its end."""
    command = [sys.executable, "-m", "parsepy", "data", *map(str, arguments)]
    return subprocess.run(
        command, env=environment(), capture_output=True, text=True, timeout=300, check=False
    )


def run(*arguments: str | Path) -> dict[str, Any]:
    """What a command prints as JSON."""
    outcome = ended(*arguments, "--json")
    assert outcome.returncode == 0, outcome.stderr
    found: dict[str, Any] = json.loads(outcome.stdout)
    return found


def everything(uri: str) -> tuple[Documents, dict[str, Any]]:
    """The documents and the indexes of a database, by collection."""
    with MongoClient[dict[str, Any]](uri, tz_aware=True) as client:
        database = client.get_default_database()
        names = sorted(database.list_collection_names())
        documents = {name: list(database[name].find().sort("_id", 1)) for name in names}
        return documents, {name: database[name].index_information() for name in names}


async def filled(app: MakeApp) -> str:
    """The connection string of an application with an object, a file and a user."""
    application = await app()
    async with Client(application, master=True) as master:
        where = {"type": "GeoPoint"}
        fields = {"fields": {"at": where}, "indexes": {"by_place": {"at": "2dsphere"}}}
        ok(await master.post("/schemas/Place", json=fields))
        spot = {"__type": "GeoPoint", "latitude": 1.5, "longitude": 2}
        ok(await master.post("/classes/Place", json={"at": spot, "name": "Süd"}), 201)
        ok(await master.post("/files/a.txt", content=b"a text"), 201)
        ok(await master.post("/users", json={"username": "ann", "password": "a secret"}), 201)
    uri = application.backend.config.database_uri
    assert uri is not None
    return uri


async def test_what_is_restored_is_what_was_backed_up(
    app: MakeApp, other: str, tmp_path: Path
) -> None:
    uri = await filled(app)
    folder = tmp_path / "monday"
    saved = run("backup", folder, "--database-uri", uri)
    assert saved["Place"]["documents"] == 1
    assert {"_SCHEMA", "_User", "fs.files", "fs.chunks"} <= set(saved)
    before = everything(uri)
    run("restore", folder, "--database-uri", other)
    (documents, indexes), (were, had) = everything(other), before
    assert documents == were | {name: documents[name] for name in documents if name not in were}
    assert {name: indexes[name] for name in had} == had
    moved = Client(await app(databaseURI=other))
    ok(await moved.post("/login", json={"username": "ann", "password": "a secret"}))


async def test_a_backup_is_for_its_owner_and_in_the_layout_of_mongodbs_tools(
    app: MakeApp, tmp_path: Path
) -> None:
    folder = tmp_path / "monday"
    run("backup", folder, "--database-uri", await filled(app))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    file = folder / "_User.bson.gz"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    content = gzip.decompress(file.read_bytes())
    assert int.from_bytes(content[:4], "little") == len(content)  # one document, whole
    described = json.loads(gzip.decompress((folder / "Place.metadata.json.gz").read_bytes()))
    assert {"_id_", "by_place"} <= {index["name"] for index in described["indexes"]}


async def test_what_is_there_is_not_overwritten_unasked(
    app: MakeApp, other: str, tmp_path: Path
) -> None:
    uri, folder = await filled(app), tmp_path / "monday"
    run("backup", folder, "--database-uri", uri)
    again = ended("backup", folder, "--database-uri", uri)
    assert (again.returncode, again.stdout) == (1, "")
    assert "is there already; name a new folder" in again.stderr
    with MongoClient[dict[str, Any]](other) as client:
        client.get_default_database()["Place"].insert_one({"_id": "mine"})
        refused = ended("restore", folder, "--database-uri", other)
        assert "the database is not empty (Place); --replace drops" in refused.stderr
        assert client.get_default_database()["Place"].count_documents({}) == 1
    run("restore", folder, "--replace", "--database-uri", other)
    assert [one["name"] for one in everything(other)[0]["Place"]] == ["Süd"]


@pytest.mark.parametrize("damage", ["cut", "changed", "missing"])
async def test_a_damaged_backup_is_told(
    app: MakeApp, other: str, tmp_path: Path, damage: str
) -> None:
    folder = tmp_path / "monday"
    run("backup", folder, "--database-uri", await filled(app))
    file = folder / "Place.bson.gz"
    content = gzip.decompress(file.read_bytes())
    if damage == "missing":
        file.unlink()
    else:
        damaged = content[:-9] if damage == "cut" else content.replace("Süd".encode(), b"Nord")
        file.write_bytes(gzip.compress(damaged))
    outcome = ended("restore", folder, "--database-uri", other)
    assert outcome.returncode == 1
    assert "Place.bson.gz" in outcome.stderr
    assert "the database has a part of it now" in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_a_folder_that_is_no_backup_is_told(tmp_path: Path, other: str) -> None:
    outcome = ended("restore", tmp_path, "--database-uri", other)
    assert outcome.returncode == 1
    assert f"{tmp_path} is no backup (backup.json: " in outcome.stderr


# --- progress -----------------------------------------------------------------------------------


def on_a_terminal(*arguments: str | Path) -> tuple[str, str]:
    """What a command writes to standard output, and to a terminal that is its standard error."""
    ours, its = pty.openpty()
    command = [sys.executable, "-m", "parsepy", *map(str, arguments)]
    process = subprocess.Popen(
        command,
        env={**environment(), "TERM": "xterm", "COLUMNS": "100"},
        stdout=subprocess.PIPE,
        stderr=its,
        text=True,
    )
    os.close(its)
    shown = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # how Linux says that the other end is closed
            break
        if not part:
            break
        shown += part
    os.close(ours)
    out, _ = process.communicate(timeout=300)
    assert process.returncode == 0, shown.decode()
    return out, re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())


async def test_bars_are_on_a_terminal_and_results_are_not(app: MakeApp, tmp_path: Path) -> None:
    uri = await filled(app)
    target = ("--database-uri", uri, "--json")
    out, shown = on_a_terminal("data", "export", tmp_path / "out", *target)
    assert json.loads(out)["Place.jsonl"]["count"] == 1
    assert "Place.jsonl" in shown
    assert "1/1" in shown
    out, shown = on_a_terminal("data", "import", tmp_path / "out", "--database-uri", uri)
    assert "Place.jsonl" in shown
    assert "bytes" in shown


async def test_without_a_terminal_nothing_but_the_result_is_written(
    app: MakeApp, tmp_path: Path
) -> None:
    outcome = ended("export", tmp_path / "out", "--database-uri", await filled(app))
    assert outcome.stderr == ""
    assert "Place.jsonl" in outcome.stdout


async def test_applying_tells_on_a_terminal_what_it_is_doing(other: str, tmp_path: Path) -> None:
    schema = {
        "classes": [{"className": f"Room{number}", "fields": {}} for number in range(30)],
    }
    (tmp_path / "rooms.json").write_text(json.dumps(schema))
    rooms = ("--schema", tmp_path / "rooms.json")
    out, shown = on_a_terminal("schema", "apply", "--yes", *rooms, "--database-uri", other)
    assert "Room29: create the class" in out
    assert "bringing in the schema" in shown


# --- speed --------------------------------------------------------------------------------------


def test_a_bench_measures_and_removes_what_it_made(mongo_uri: str) -> None:
    command = [sys.executable, "-m", "parsepy", "bench", "--seconds", "0.5", "--connections", "2"]
    command += ["--database-uri", mongo_uri, "--json"]
    done = subprocess.run(
        command, env=environment(), capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    measured = {one["operation"]: one for one in json.loads(done.stdout)}
    assert list(measured) == ["get", "find 100", "count", "create", "update", "function"]
    assert all(one["requests"] > 0 for one in measured.values())
    with MongoClient[dict[str, Any]](mongo_uri) as client:
        assert not [name for name in client.list_database_names() if "parsepy_bench" in name]
