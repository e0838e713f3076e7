"""A plain start on a database of Parse Server's changes nothing; clients go on as before.

Must-show 3 of moving in: own `Product` and `Order`, users without e-mail, roles, relations.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from bson import encode
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient

from tests.conftest import database_in
from tests.integration.test_cli import parsepy, serving
from tests.peer import REFERENCE, Peer

pytestmark = [pytest.mark.node, pytest.mark.slow]

APP_ID, MASTER_KEY = "shop", "of the old server"
OPTIONS = {"appId": APP_ID, "masterKey": MASTER_KEY, "allowClientClassCreation": True}
CLOSED = {
    "find": {"*": True},
    "get": {"*": True},
    "count": {"*": True},
    "create": {"requiresAuthentication": True},
}
Raw = dict[str, list[bytes]]

# What a client does after the move; it prints what it saw.
SESSION = """
const Parse = require("parse/node");
Parse.initialize("shop");
Parse.serverURL = process.argv[2];
Parse.User.enableUnsafeCurrentUser();
const name = process.argv[3];
(async () => {
  const said = [];
  const user = await Parse.User.signUp(name, "a good password");
  said.push(user.get("email") === undefined, user.getSessionToken().startsWith("r:"));
  const rows = await new Parse.Query("Product").ascending("title").include("maker").find();
  said.push(rows.map((row) => [row.get("title"), row.get("maker").get("name")]));
  const order = new Parse.Object("Order");
  await order.save({ lines: [1, 2], note: "mine", product: rows[0] });
  said.push((await new Parse.Query("Order").get(order.id)).get("lines"));
  await order.save({ note: "changed" });
  said.push(await new Parse.Query("Order").equalTo("note", "changed").count());
  await order.destroy();
  await Parse.User.logOut();
  const old = await Parse.User.logIn("zoe", "her password");
  said.push(await old.relation("likes").query().count());
  const refused = await new Parse.Object("Secret").save({ a: 1 }).catch((error) => error.code);
  said.push(refused);
  console.log(JSON.stringify(said));
})();
"""


@dataclass(frozen=True, slots=True)
class Old:
    """A database that Parse Server has filled and left, and what its clients saw there."""

    uri: str
    name: str
    seen: str


def session(folder: Path, url: str, name: str) -> str:
    """What the JavaScript SDK prints at the server with this address."""
    script = folder / "session.cjs"
    script.write_text(SESSION)
    modules = folder / "node_modules"
    if not modules.exists():
        modules.symlink_to(REFERENCE / "node_modules")
    done = subprocess.run(
        ["node", str(script), url, name], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def fill(url: str) -> None:
    """Make what an app of its own has: classes, permissions, indexes, roles, rows, users."""
    headers = {"X-Parse-Application-Id": APP_ID, "X-Parse-Master-Key": MASTER_KEY}
    with httpx.Client(base_url=url, headers=headers, timeout=30) as client:

        def send(path: str, body: Any) -> Any:
            answer = client.post(path, json=body)
            assert answer.is_success, answer.text
            return answer.json()

        fields = {"title": {"type": "String"}, "maker": {"type": "Pointer", "targetClass": "Maker"}}
        send("/schemas/Maker", {"className": "Maker", "fields": {"name": {"type": "String"}}})
        product = {
            "className": "Product",
            "fields": fields,
            "indexes": {"titles": {"title": 1}},
            "classLevelPermissions": CLOSED,
        }
        send("/schemas/Product", product)
        send("/schemas/Secret", {"className": "Secret", "classLevelPermissions": CLOSED})
        maker = send("/classes/Maker", {"name": "Mugs & Co"})
        pointer = {"__type": "Pointer", "className": "Maker", "objectId": maker["objectId"]}
        made = [send("/classes/Product", {"title": t, "maker": pointer})["objectId"] for t in "ba"]
        liked = {"__type": "Pointer", "className": "Product", "objectId": made[0]}
        likes = {"__op": "AddRelation", "objects": [liked]}
        zoe = send("/users", {"username": "zoe", "password": "her password", "likes": likes})
        send("/users", {"username": "ben", "password": "his password", "loyalty": 3})
        user = {"__type": "Pointer", "className": "_User", "objectId": zoe["objectId"]}
        members = {"__op": "AddRelation", "objects": [user]}
        send("/roles", {"name": "admin", "ACL": {}, "users": members})
        send("/classes/Order", {"lines": [{"qty": 2}], "note": "old", "product": liked})


@pytest.fixture(scope="module", params=["restarted", "left at once"])
def old(
    request: pytest.FixtureRequest,
    mongo_uri: str,
    mongo: MongoClient[dict[str, Any]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Old]:
    """The database of a Parse Server, with one start or two."""
    name = f"test_old_{uuid4().hex[:12]}"
    uri = database_in(mongo_uri, name)
    with Peer(uri, OPTIONS) as peer:
        fill(peer.url)
        seen = session(tmp_path_factory.mktemp("node"), peer.url, "kim")
    if request.param == "restarted":
        Peer(uri, OPTIONS).stop()
    yield Old(uri, name, seen)
    mongo.drop_database(name)


def contents(uri: str, name: str) -> tuple[Raw, dict[str, Any]]:
    """Every document of a database, byte by byte, and every index."""
    client: MongoClient[RawBSONDocument] = MongoClient(uri, document_class=RawBSONDocument)
    with client:
        database = client[name]
        names = sorted(database.list_collection_names())
        documents = {n: sorted(bytes(d.raw) for d in database[n].find()) for n in names}
        indexes = {n: sorted(encode(i) for i in database[n].list_indexes()) for n in names}
        return documents, indexes


def configuration(folder: Path, uri: str) -> str:
    """Write a configuration as Parse Server has it; its path."""
    file = folder / "parse-server.json"
    file.write_text(json.dumps({**OPTIONS, "databaseURI": uri}))
    return str(file)


def test_a_plain_start_changes_nothing_and_clients_go_on(old: Old, tmp_path: Path) -> None:
    before = contents(old.uri, old.name)
    with serving(tmp_path, "--config", configuration(tmp_path, old.uri)):
        pass
    after = contents(old.uri, old.name)
    assert after[1] == before[1]
    assert after[0].keys() == before[0].keys()
    for name, documents in before[0].items():
        assert after[0][name] == documents, name
    with serving(tmp_path, "--config", configuration(tmp_path, old.uri)) as server:
        assert session(tmp_path, server.url, "lee") == old.seen


def test_a_template_whose_permissions_differ_stops_the_start_and_changes_nothing(
    old: Old, tmp_path: Path
) -> None:
    before = contents(old.uri, old.name)
    words = ("--config", configuration(tmp_path, old.uri), "--template", "ecommerce")
    done = parsepy("serve", *words, cwd=tmp_path)
    assert done.returncode == 1
    assert "_User: the template's class-level permissions are {" in done.stderr
    lines = done.stderr.splitlines()
    of_product = next(line.strip() for line in lines if line.strip().startswith("Product: "))
    assert '{"role:staff":true' in of_product
    assert f"those in the database {json.dumps(CLOSED, separators=(',', ':'))[:-1]}" in of_product
    assert "--replace-permissions" in of_product
    assert contents(old.uri, old.name) == before
