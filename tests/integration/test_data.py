"""`parsepy data export|import`: what goes out comes in the same, killed in the middle too."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient

from parsepy.cli import main
from tests.conftest import Client, MakeApp, database_in
from tests.integration.test_cli import environment
from tests.rest.shop import ok

EVERYTHING = {
    "text": 'Tee, grün, "süß"\nzwei Zeilen',
    "number": 2.5,
    "whole": 7,
    "flag": True,
    "moment": {"__type": "Date", "iso": "2030-05-01T17:33:00.123Z"},
    "details": {"a": [1, {"b": None}]},
    "list": [1, "two", {"__type": "Pointer", "className": "Game", "objectId": "x"}],
    "photo": {"__type": "File", "name": "a.png"},
    "place": {"__type": "GeoPoint", "latitude": 1.5, "longitude": -2},
    "area": {"__type": "Polygon", "coordinates": [[0, 0], [0, 1], [1, 1], [0, 0]]},
    "raw": {"__type": "Bytes", "base64": "AAE="},
    "ACL": {"*": {"read": True}, "role:staff": {"read": True, "write": True}},
}


@pytest.fixture
def other(mongo_uri: str) -> str:
    """The connection string of a database that nothing is in."""
    return database_in(mongo_uri, f"other_{uuid4().hex[:12]}")


async def filled(app: MakeApp) -> tuple[Client, str]:
    """An application with objects of every type, a relation and users; its connection string."""
    application = await app()
    master = Client(application, master=True)
    game = ok(await master.post("/classes/Game", json=EVERYTHING), 201)["objectId"]
    member = ok(await master.post("/classes/Game", json={"text": "member"}), 201)["objectId"]
    pointer = {"__type": "Pointer", "className": "Game", "objectId": member}
    change = {"best": pointer, "friends": {"__op": "AddRelation", "objects": [pointer]}}
    ok(await master.put(f"/classes/Game/{game}", json=change))
    body = {"username": "ann", "password": "a secret", "email": "ann@mail.example"}
    ok(await master.post("/users", json=body), 201)
    uri = application.backend.config.database_uri
    assert uri is not None
    return master, uri


def ended(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """A command that has run to its end."""
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


@pytest.mark.slow
async def test_what_went_out_comes_in_the_same(app: MakeApp, other: str, tmp_path: Path) -> None:
    _, uri = await filled(app)
    first = run("export", tmp_path / "a", "--database-uri", uri)
    assert first["Game.jsonl"]["count"] == 2
    assert first["_Join.friends.Game.jsonl"]["count"] == 1
    run("import", tmp_path / "a", "--database-uri", other)
    assert run("export", tmp_path / "b", "--database-uri", other) == first
    run("import", tmp_path / "a", "--database-uri", other)  # twice is as once
    assert run("export", tmp_path / "c", "--database-uri", other) == first
    before, after = ({d["_id"]: d for d in documents(x, "Game")} for x in (uri, other))
    assert after == before


def documents(uri: str, collection: str) -> list[dict[str, Any]]:
    with MongoClient[dict[str, Any]](uri) as client:
        return list(client.get_default_database()[collection].find())


@pytest.mark.slow
async def test_files_go_along_where_they_are_asked_for(
    app: MakeApp, other: str, tmp_path: Path
) -> None:
    master, uri = await filled(app)
    names = []
    for path, content in (("a.txt", b"a text"), ("b b.bin", bytes(700_000))):
        headers = {"Content-Type": "application/octet-stream"}
        answer = await master.post(f"/files/{path}", content=content, headers=headers)
        names.append(ok(answer, 201)["name"])
    held = [{"__type": "File", "name": name} for name in names]
    body = {"photo": held[0], "list": [{"deep": held[1]}], "text": "files"}
    ok(await master.post("/classes/Game", json=body), 201)
    told = ended("export", tmp_path, "--database-uri", uri, "--files", "--json")
    assert json.loads(told.stdout)["files"] == {"count": 2}
    assert "the file a.png, which is not there" in told.stderr
    assert run("import", tmp_path, "--database-uri", other)["files"] == {"count": 2}
    async with Client(await app(databaseURI=other)) as moved:
        contents = [(await moved.get(f"/files/parsepy/{name}")).content for name in names]
    assert contents == [b"a text", bytes(700_000)]


async def test_users_keep_their_passwords(app: MakeApp, other: str, tmp_path: Path) -> None:
    _, uri = await filled(app)
    run("export", tmp_path, "--database-uri", uri, "--class", "_User")
    run("import", tmp_path / "_User.jsonl", "--database-uri", other)
    moved = Client(await app(databaseURI=other))
    answer = await moved.post("/login", json={"username": "ann", "password": "a secret"})
    assert ok(answer)["email"] == "ann@mail.example"


async def test_csv_comes_in_as_it_went_out(app: MakeApp, other: str, tmp_path: Path) -> None:
    _, uri = await filled(app)
    run("export", tmp_path, "--database-uri", uri, "--class", "Game", "--format", "csv")
    header = (tmp_path / "Game.csv").read_text().splitlines()[0]
    assert header.startswith("objectId,createdAt,updatedAt,area,best,")
    run("import", tmp_path, "--database-uri", other)
    before, after = ({d["_id"]: d for d in documents(x, "Game")} for x in (uri, other))
    assert after == before


@pytest.mark.parametrize(
    ("line", "reason"),
    [("{", "line 2"), ("[]", "no JSON object"), ('{"text": "a"}', "has no objectId")],
)
async def test_a_line_that_is_wrong_is_named(
    app: MakeApp,
    tmp_path: Path,
    line: str,
    reason: str,
) -> None:
    _, uri = await filled(app)
    file = tmp_path / "Game.jsonl"
    file.write_text(f'{{"objectId": "a1", "text": "b"}}\n{line}\n')
    outcome = ended("import", file, "--database-uri", uri)
    assert outcome.returncode == 1
    assert reason in outcome.stderr


def many(file: Path, count: int) -> None:
    with file.open("w") as out:
        for number in range(count):
            item = {"objectId": f"id{number:07d}", "createdAt": "2026-01-01T00:00:00.000Z"}
            out.write(json.dumps({**item, "updatedAt": item["createdAt"], "n": number}) + "\n")


def killed(*arguments: str | Path, when: Path, size: int) -> None:
    """Start a command and kill it when a file has so many bytes (or is there)."""
    command = [sys.executable, "-m", "parsepy", "data", *map(str, arguments)]
    process = subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not (when.exists() and when.stat().st_size >= size):
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


@pytest.mark.slow
@pytest.mark.parametrize("count", [30_000])
async def test_killed_in_the_middle_it_goes_on(
    app: MakeApp, other: str, tmp_path: Path, count: int
) -> None:
    master = Client(await app(databaseURI=other), master=True)
    ok(await master.post("/schemas/Many", json={"fields": {"n": {"type": "Number"}}}))
    many(tmp_path / "Many.jsonl", count)
    source: list[str | Path] = ["import", tmp_path / "Many.jsonl", "--database-uri", other]
    killed(*source, when=tmp_path / "import-state.json", size=2)
    (state,) = json.loads((tmp_path / "import-state.json").read_text()).values()
    assert 0 < state["count"] < count
    assert run(*source) == {"Many.jsonl": {"count": count}}
    assert not (tmp_path / "import-state.json").exists()
    target: list[str | Path] = [
        "export",
        tmp_path / "out",
        "--class",
        "Many",
        "--database-uri",
        other,
    ]
    killed(*target, when=tmp_path / "out" / "Many.jsonl", size=100_000)
    part = (tmp_path / "out" / "Many.jsonl").stat().st_size
    assert run(*target)["Many.jsonl"]["count"] == count
    assert (tmp_path / "out" / "Many.jsonl").stat().st_size > part
    lines = (tmp_path / "out" / "Many.jsonl").read_text().splitlines()
    assert [json.loads(line)["n"] for line in lines] == list(range(count))


def test_a_path_that_is_no_file_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "import", str(tmp_path / "none.jsonl")]) == 1
    assert "is neither a folder nor a .jsonl or .csv file" in capsys.readouterr().err
