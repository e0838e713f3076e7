"""What a newcomer reads first: with no MongoDB, one alone, a replica set, one that is not ready.

Must show 7 of moving in: the first lines help, whatever MongoDB the machine has.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient

from parsepy.storage.embedded import HOST, find_mongod
from tests.conftest import database_in
from tests.integration.test_cli import free_port, parsepy, serving

PATIENCE = 30
OWN = "none yet: --demo brings a shop with goods, --schema FILE your own;"


@pytest.fixture(scope="module", params=[(), ("--replSet", "rs1")], ids=["alone", "not initiated"])
def mongod(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[tuple[str, bool]]:
    """A mongod as people start one, and whether it is meant for a replica set."""
    folder, port = tmp_path_factory.mktemp("mongod"), free_port()
    command = [str(find_mongod(folder / "data")), "--dbpath", str(folder), "--nounixsocket"]
    command += ["--bind_ip", HOST, "--port", str(port), "--wiredTigerCacheSizeGB", "0.25"]
    running = subprocess.Popen([*command, *request.param], stdout=subprocess.DEVNULL)
    try:
        uri = f"mongodb://{HOST}:{port}"
        direct = f"{uri}/?directConnection=true&serverSelectionTimeoutMS={PATIENCE * 1000}"
        with MongoClient[dict[str, Any]](direct) as client:
            client.admin.command("ping")
        yield uri, bool(request.param)
    finally:
        running.terminate()
        running.wait(PATIENCE)


def facts(welcome: str) -> dict[str, str]:
    """The lines of a welcome, by what they are about."""
    text = welcome.partition("\n\n")[2].partition("\n\n")[0]
    text = re.sub(r"\n {18}", " ", text)
    return {line[:18].strip(): line[18:] for line in text.splitlines()}


def test_without_a_mongodb_one_is_started_and_another_may_be_named(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        told = facts(server.welcome)
        assert server.errors == []
    assert told["database"].startswith(f"embedded MongoDB in {tmp_path}")
    assert told["database"].endswith("another one by --database-uri mongodb://…")
    assert told["classes"].startswith(OWN)


def test_a_mongodb_alone_serves_and_says_what_it_lacks(
    mongod: tuple[str, bool], tmp_path: Path
) -> None:
    uri, is_for_a_set = mongod
    if is_for_a_set:
        done = parsepy("serve", "--port", str(free_port()), "--database-uri", uri, cwd=tmp_path)
        assert done.returncode == 1
        assert "it answers, but is no primary" in done.stderr
        assert "`mongosh --eval 'rs.initiate()'`" in done.stderr
        return
    address = f"{uri}/app_{uuid4().hex[:8]}"
    with serving(tmp_path, "--database-uri", address) as server:
        told = facts(server.welcome)
        first = server.errors[0]
    assert told["database"] == f"{address} (no replica set: without transactions)"
    assert "transactions are refused" in first
    assert "start it with `mongod --replSet rs0`" in first


def test_a_replica_set_is_said_to_be_one_and_a_class_of_it_is_what_to_try(
    mongo_uri: str, mongo: MongoClient[dict[str, Any]], tmp_path: Path
) -> None:
    name = f"first_lines_{uuid4().hex[:8]}"
    row = {"objectId": "string", "createdAt": "date", "updatedAt": "date", "title": "string"}
    closed: dict[str, Any] = {"class_permissions": {"find": {}}}
    mongo[name]["_SCHEMA"].insert_many(
        [{"_id": "Album", **row}, {"_id": "Acts", **row, "_metadata": closed}]
    )
    try:
        with serving(tmp_path, "--database-uri", database_in(mongo_uri, name)) as server:
            told = facts(server.welcome)
            assert server.errors[1:] == []
    finally:
        mongo.drop_database(name)
    assert told["database"].endswith(" (a replica set)")
    assert told["classes"] == "2: Acts, Album"
    assert "/classes/Album?order=title&limit=3" in server.welcome


def test_graphql_and_its_playground_are_named_where_they_are(tmp_path: Path) -> None:
    own = ("--set", "mountGraphQL=true", "--set", "mountPlayground=true")
    with serving(tmp_path, *own, "--set", "playgroundPath=/try") as server:
        told = facts(server.welcome)
    origin = server.url.removesuffix("/parse")
    assert (told["GraphQL"], told["playground"]) == (f"{origin}/graphql", f"{origin}/try")


def test_with_live_query_a_mongodb_that_is_not_there_is_asked_twice(tmp_path: Path) -> None:
    uri = "mongodb://127.0.0.1:9/shop?serverSelectionTimeoutMS=100"
    own = ("--database-uri", uri, "--set", 'liveQuery={"classNames": ["Chat"]}')
    done = parsepy("serve", "--port", str(free_port()), *own, cwd=tmp_path)
    first, second = done.stderr.splitlines()
    assert first.endswith("the database does not answer, or has no primary; it is asked once more")
    assert "nothing answers at 127.0.0.1:9" in second


def test_a_mongodb_that_is_not_there_is_said_to_be_so(tmp_path: Path) -> None:
    uri = "mongodb://127.0.0.1:9/shop?serverSelectionTimeoutMS=100"
    done = parsepy("serve", "--port", str(free_port()), "--database-uri", uri, cwd=tmp_path)
    assert done.stderr.startswith(
        "parsepy: the database can't be used: nothing answers at 127.0.0.1:9; is it running, and "
        "databaseURI right? Without databaseURI a MongoDB of our own is started"
    )
    assert len(done.stderr.splitlines()) == 1
