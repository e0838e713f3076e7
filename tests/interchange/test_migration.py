"""docs/migrate.md, rehearsed: Parse Server's database moves to parsepy, back, and serves both.

Real processes, the real JavaScript SDK, one database with every feature in use (must show 6).
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from pymongo import MongoClient
from pymongo.database import Database

from tests.conftest import database_in
from tests.integration.test_cli import environment
from tests.integration.test_cli import parsepy as run_parsepy
from tests.interchange.moving import (
    Clients,
    Raw,
    client,
    contents,
    lost,
    parsepy,
    reference,
    server_at,
    written,
)
from tests.interchange.servers import PEER
from tests.interchange.shop import write
from tests.receiver import Receiver

pytestmark = [pytest.mark.node, pytest.mark.slow]

CACHED = 6.0  # seconds for which Parse Server may remember a session that has ended


@dataclass(frozen=True, slots=True)
class Move:
    """What was seen on the way, stage by stage."""

    uri: str
    name: str
    receiver: str
    clients: Clients
    folder: Path
    before: Raw
    seen: Any
    """What a client sees at Parse Server of what a client wrote there."""
    written: Any
    check: str
    check_code: int


async def fill(url: str) -> None:
    """Write the shop with every data type and permission through a server."""
    async with client(url) as http:
        shop = server_at(PEER, http)
        await write(shop)
        await shop.done("POST", "/users", {"username": "lou", "password": "one"})
        for _ in range(2):  # failed log-ins are counted
            await shop.send("POST", "/login", {"username": "lou", "password": "two"})
        await shop.done("POST", "/requestPasswordReset", {"email": "before@shop.test"})
        await shop.done("POST", "/jobs/clean", {}, who="master")
        params = {"enabledForClasses": ["Product"]}
        await shop.done("PUT", "/graphql-config", {"params": params}, who="master")


@pytest.fixture(scope="module")
def move(
    mongo_uri: str, mongo: MongoClient[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Move]:
    """An app of Parse Server, filled by its clients; then `parsepy migrate check` has looked."""
    name = f"migration_{uuid4().hex[:12]}"
    uri, folder = database_in(mongo_uri, name), tmp_path_factory.mktemp("move")
    clients = Clients(tmp_path_factory.mktemp("clients"))
    with Receiver() as receiver:
        with reference(uri, receiver.url) as url:
            made = clients.at(url, "write", "before")
            asyncio.run(fill(url))
            seen = clients.at(url, "see", "before")
        before, indexes = contents(uri, name)
        config = written(folder, uri, receiver.url)
        told = run_parsepy("migrate", "check", config, cwd=folder)
        assert contents(uri, name) == (before, indexes), "the check has written"
        yield Move(
            uri,
            name,
            receiver.url,
            clients,
            folder,
            before,
            seen,
            made,
            told.stdout + told.stderr,
            told.returncode,
        )
    mongo.drop_database(name)


def test_the_check_tells_what_carries_over(move: Move) -> None:
    for line in (
        'beforeSave("Moved")  is written: @Cloud.before_save("Moved")',
        "MongoDB 6",
        "differs: Product.maker: points to the class Maker, which is gone; kept as it is",
        "class-level permissions: of 5 classes",
        "passwords (bcrypt): 7",
        "users of anonymous: 3",
        "ios with a token: 2",
        "files in GridFS: 1",
        "parameters of the configuration: 2",
        "webhooks: 1",
        "audiences: 1",
        "differs: schedules of the dashboard: 1",
    ):
        assert f"  {line}" in move.check
    # the shop names files of another store, on purpose
    assert "to do: 3 files that objects name are not in GridFS" in move.check
    assert move.check.endswith(
        "Verdict: 1 thing to write or decide; 3 differ, see above and docs/differences.md\n"
    )
    assert move.check_code == 1


def test_the_app_uses_what_is_compared(move: Move) -> None:
    seen = move.seen
    assert seen["file"] == [200, "text/plain; charset=utf-8", "file of before"]
    assert (seen["protected"], seen["closed"], seen["byDefault"]) == ("hidden", 119, "Ulm")
    assert (seen["own"], seen["mine"], seen["notNamed"]) == (["note of before"], "let in", 0)
    assert (seen["again"], seen["wrong"], seen["refused"]) == (142, 101, 142)
    assert (seen["config"], seen["all"]) == ([3, "hidden"], 4)
    assert (seen["nobody"], seen["role"], seen["near"]) == (0, 1, 1)
    assert (seen["schedule"], seen["pushes"]) == (["clean"], ["succeeded"])


def test_every_client_goes_on_and_the_way_back_is_open(move: Move) -> None:
    clients, before = move.clients, dict(move.before)
    with parsepy(move.folder, move.uri, move.receiver):
        pass
    assert lost(before, contents(move.uri, move.name)[0]) == [], "a start alone has written"
    with parsepy(move.folder, move.uri, move.receiver) as url:
        assert clients.at(url, "become", move.written["token"]) == "user-before"
        assert clients.at(url, "see", "before") == move.seen
        made = clients.at(url, "write", "during")
        assert (made["ended"], made["anonymous"]) == (True, "string")
        ours = clients.at(url, "see", "during")
    with reference(move.uri, move.receiver) as url:
        assert clients.at(url, "become", made["token"]) == "user-during"
        assert clients.at(url, "see", "before") == move.seen
        assert clients.at(url, "see", "during") == ours
        clients.at(url, "write", "after")
    with parsepy(move.folder, move.uri, move.receiver) as url:
        seen = clients.at(url, "see", "after")
    assert renamed(seen, "after") == renamed(move.seen, "before") == renamed(ours, "during")


def test_both_serve_one_database_at_the_same_time(move: Move) -> None:
    clients = move.clients
    with (
        reference(move.uri, move.receiver) as theirs,
        parsepy(move.folder, move.uri, move.receiver) as ours,
    ):
        with clients.following(ours, "left") as follower:
            left = clients.at(theirs, "write", "left")
            assert follower.communicate(timeout=30)[0] == '"goods of left"\n'
        right = clients.at(ours, "write", "right")
        for url in (theirs, ours):
            for tag, made in (("left", left), ("right", right)):
                assert clients.at(url, "become", made["token"]) == f"user-{tag}"
        assert clients.at(ours, "see", "left") == clients.at(theirs, "see", "left")
        assert clients.at(theirs, "see", "right") == clients.at(ours, "see", "right")
        assert [once(url) for url in (theirs, ours, theirs)] == [201, 400, 400]
        # who logs out at one is out at the other, once its cache forgets
        assert clients.at(ours, "end", left["token"]) == 209
        assert clients.at(theirs, "end", right["token"]) == 209
        time.sleep(CACHED)
        assert clients.at(theirs, "become", left["token"]) == 209
        assert clients.at(ours, "become", right["token"]) == 209


def test_files_are_copied_by_the_script_of_the_guide(move: Move, tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "migrate.md").read_text(encoding="utf-8")
    script = tmp_path / "copy_files.py"
    script.write_text(page.partition("```python\n")[2].partition("```")[0], encoding="utf-8")
    name = f"{move.name}_copy"
    uri = move.uri.replace(move.name, name)
    with MongoClient[dict[str, Any]](move.uri) as mongo:
        try:
            restored(mongo[move.name], mongo[name])
            with (
                reference(move.uri, move.receiver) as old,
                parsepy(tmp_path / "new", uri, move.receiver, preserveFileName=True) as new,
            ):
                said = [copied(script, old, new), copied(script, old, new)]
                seen = move.clients.at(new, "see", "before")
        finally:
            mongo.drop_database(name)
    note = move.written["file"]
    assert f"{note} copied" in said[0]
    assert f"{note} there" in said[1]
    assert seen["file"] == move.seen["file"]


def restored(old: Database[dict[str, Any]], new: Database[dict[str, Any]]) -> None:
    """What a dump brings from a host that keeps files elsewhere: all but GridFS."""
    for name in old.list_collection_names():
        rows = [] if name.startswith("fs.") else list(old[name].find())
        if rows:
            new[name].insert_many(rows)


def copied(script: Path, old: str, new: str) -> list[str]:
    """What the script prints; the shop names three files that are nowhere, so it ends with 1."""
    given = {"APP_ID": "shop", "OLD_URL": old, "NEW_URL": new}
    given |= {"OLD_MASTER_KEY": "master", "NEW_MASTER_KEY": "master"}
    done = subprocess.run(
        [sys.executable, str(script)],
        env=environment() | given,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "")
    lines = done.stdout.splitlines()
    assert sum("not read: " in line for line in lines) >= 3, done.stdout
    return lines


def once(url: str) -> int:
    """Send one and the same request, which counts once at both servers together."""
    headers = {"X-Parse-Application-Id": "shop", "X-Parse-Request-Id": "the same"}
    return httpx.post(f"{url}/classes/Once", json={"n": 1}, headers=headers).status_code


def renamed(seen: Any, tag: str) -> Any:
    """The same without the tag of who wrote it."""
    if isinstance(seen, dict):
        return {key: renamed(value, tag) for key, value in seen.items()}
    if isinstance(seen, list):
        return [renamed(value, tag) for value in seen]
    return seen.replace(tag, "TAG") if isinstance(seen, str) else seen
