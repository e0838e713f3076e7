"""The app that moves: its configuration for either server, its clients, its database in bytes."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from bson import encode
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient

from tests.integration.test_cli import serving
from tests.interchange.servers import APP_ID, MASTER_KEY, TIMEOUT, Server
from tests.peer import REFERENCE, Peer

FOLDER = Path(__file__).parent / "move"
SENDERS = Path(__file__).parents[1] / "differential"
PATIENCE = 120
Raw = dict[str, dict[bytes, bytes]]


def options(uri: str, receiver: str, language: str) -> dict[str, Any]:
    """Parse Server's options; what is a program is JavaScript's (``js``) or ours (``py``)."""

    def module(name: str, path: str) -> dict[str, Any]:
        return {"module": str(SENDERS / f"{name}.{language}"), "options": {"url": receiver + path}}

    return {
        "databaseURI": uri,
        "appId": APP_ID,
        "masterKey": MASTER_KEY,
        "maintenanceKey": "maintenance",
        "appName": "The Shop",
        "publicServerURL": "http://localhost:1337/parse",
        "cloud": str(FOLDER / f"main.{language}"),
        "allowClientClassCreation": True,
        "enableAnonymousUsers": True,
        "verifyUserEmails": True,
        "emailAdapter": module("mailer", "/mail"),
        "push": {"adapter": module("sender", "/push")},
        "passwordPolicy": {"maxPasswordHistory": 3, "resetTokenValidityDuration": 3600},
        "accountLockout": {"threshold": 4, "duration": 1},
        "fileUpload": {"enableForPublic": True, "enableForAnonymousUser": True},
        "liveQuery": {"classNames": ["Goods"]},
        "startLiveQueryServer": True,
        "sessionLength": 1_000_000,
        "idempotencyOptions": {"paths": ["classes/Once"]},
    }


def written(folder: Path, uri: str, receiver: str, **more: Any) -> Path:
    """Our options as a file, as a server's operator has them."""
    file = folder / "parse-server.json"
    content = options(uri, receiver, "py") | more
    file.write_text(json.dumps(content, indent=1), encoding="utf-8")
    return file


@contextmanager
def reference(uri: str, receiver: str) -> Iterator[str]:
    """Parse Server on the database; where it is reached."""
    with Peer(uri, options(uri, receiver, "js")) as peer:
        yield peer.url


@contextmanager
def parsepy(folder: Path, uri: str, receiver: str, **more: Any) -> Iterator[str]:
    """`parsepy serve` on the database, with the same options; where it is reached."""
    folder.mkdir(exist_ok=True)
    with serving(folder, "--config", str(written(folder, uri, receiver, **more))) as server:
        yield server.url


def client(url: str) -> httpx.AsyncClient:
    """A client for the requests of ``Server``."""
    return httpx.AsyncClient(base_url=url, timeout=TIMEOUT)


def server_at(kind: str, http: httpx.AsyncClient) -> Server:
    """What the shop of these tests is written through."""
    return Server(kind, http)


class Clients:
    """The JavaScript SDK in a process of its own, once for each thing that it does."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "node_modules").symlink_to(REFERENCE / "node_modules")
        self._script = folder / "clients.cjs"
        self._script.write_text((FOLDER / "clients.cjs").read_text(encoding="utf-8"))

    def at(self, url: str, verb: str, argument: str) -> Any:
        """Have it done at a server; what it printed."""
        done = subprocess.run(
            ["node", str(self._script), url, verb, argument],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, f"{verb} {argument} at {url}: {done.stderr}"
        return json.loads(done.stdout)

    @contextmanager
    def following(self, url: str, tag: str) -> Iterator["subprocess.Popen[str]"]:
        """Have it follow a class by Live Query; it prints what it heard, and ends."""
        command = ["node", str(self._script), url, "live", tag]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                assert process.stdout.readline() == "following\n"
                yield process
            finally:
                process.kill()


def contents(uri: str, name: str) -> tuple[Raw, Mapping[str, Any]]:
    """Every document of the database, byte by byte by its id, and every index."""
    mongo: MongoClient[RawBSONDocument] = MongoClient(uri, document_class=RawBSONDocument)
    with mongo:
        database = mongo[name]
        names = sorted(database.list_collection_names())
        documents = {
            collection: {encode({"_id": row["_id"]}): bytes(row.raw) for row in rows}
            for collection in names
            for rows in [list(database[collection].find())]
        }
        found = {n: sorted(encode(index) for index in database[n].list_indexes()) for n in names}
        return documents, found


def lost(before: Raw, after: Raw) -> list[str]:
    """The documents that are gone, or are not what they were."""
    return [
        f"{name} {key!r}"
        for name, rows in before.items()
        for key, row in rows.items()
        if after.get(name, {}).get(key) != row
    ]
