"""Random documents are answered as by the living Parse Server, spoilt ones in the same words."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from random import Random
from typing import Any

import httpx
import pytest
from graphql import GraphQLSchema
from pymongo import MongoClient

from parsepy.app import build
from parsepy.config import Config
from parsepy.graphql.stamps import SchemaKeeper
from tests.conftest import APP_ID, MASTER_KEY, MOUNT, Client, database_in
from tests.graphql.conftest import GRAPHQL
from tests.graphql.random_documents import change, document, spoilt
from tests.graphql.recording import normalised, prepare
from tests.peer import Peer

pytestmark = [pytest.mark.slow, pytest.mark.node]

OPTIONS = {
    "appId": APP_ID,
    "masterKey": MASTER_KEY,
    "serverURL": MOUNT,
    "allowCustomObjectId": True,
    "allowClientClassCreation": True,
    "mountGraphQL": True,
}
DATABASES = {"ours": "graphql_living_ours", "theirs": "graphql_living_theirs"}
BATCHES = 12
IN_A_BATCH = 50


@dataclass(frozen=True)
class Both:
    """The two servers on the same data, as anybody and with the master key."""

    schema: GraphQLSchema
    ours: dict[bool, httpx.AsyncClient]
    theirs: dict[bool, httpx.AsyncClient]
    site: str

    async def answers(self, request: Any, *, has_master: bool) -> tuple[Any, Any]:
        """What each answers: status and body."""
        ours = await self.ours[has_master].post(GRAPHQL, json=request)
        theirs = await self.theirs[has_master].post(f"{self.site}/graphql", json=request)
        return comparable(ours), comparable(theirs)


def comparable(answer: httpx.Response) -> tuple[int, Any]:
    """Status and body, without what differs from run to run."""
    return answer.status_code, normalised(without_traces(answer.json()))


def without_traces(body: Any) -> Any:
    """A body without the stack traces that the reference adds in development."""
    for error in body.get("errors", ()):
        error["extensions"].pop("stacktrace", None)
    return body


def peer_client(url: str, *, has_master: bool) -> httpx.AsyncClient:
    """A client of the reference; Node may close an idle connection just as we send on it."""
    headers = {"X-Parse-Application-Id": APP_ID}
    if has_master:
        headers["X-Parse-Master-Key"] = MASTER_KEY
    limits = httpx.Limits(max_keepalive_connections=0)
    return httpx.AsyncClient(base_url=url, headers=headers, limits=limits, timeout=60)


async def sign_up(client: httpx.AsyncClient) -> None:
    """Make a user, and with their session the class of sessions."""
    body = {"username": "seed", "password": "pw", "email": "seed@example.com"}
    headers = {"X-Parse-Installation-Id": "one"}
    (await client.post("/users", json=body, headers=headers)).raise_for_status()


@pytest.fixture(scope="module")
async def both(mongo_uri: str, mongo: MongoClient[dict[str, Any]]) -> AsyncIterator[Both]:
    """Both servers, filled with the same objects."""
    for name in DATABASES.values():
        mongo.drop_database(name)
    uris = {side: database_in(mongo_uri, name) for side, name in DATABASES.items()}
    application = build(Config.from_options({**OPTIONS, "databaseURI": uris["ours"]}))
    await application.startup()
    try:
        with Peer(uris["theirs"], OPTIONS) as peer:
            ours: dict[bool, httpx.AsyncClient] = {
                flag: Client(application, master=flag) for flag in (True, False)
            }
            theirs = {flag: peer_client(peer.url, has_master=flag) for flag in (True, False)}
            for side, clients in (("ours", ours), ("theirs", theirs)):
                await prepare(clients[True], uris[side])
                await sign_up(clients[False])
            schema = await SchemaKeeper(application.backend).current()
            yield Both(schema, ours, theirs, peer.url.removesuffix("/parse"))
            for client in (*ours.values(), *theirs.values()):
                await client.aclose()
    finally:
        await application.shutdown()
        for name in DATABASES.values():
            mongo.drop_database(name)


@pytest.mark.parametrize("seed", range(BATCHES))
async def test_random_documents_are_answered_as_by_the_reference(seed: int, both: Both) -> None:
    for number in range(IN_A_BATCH):
        random = Random(f"{seed} {number}")
        request = document(both.schema, random)
        if number % 2:
            request = spoilt(request, random)
        ours, theirs = await both.answers(request, has_master=number % 3 == 0)
        assert ours == theirs, request


@pytest.mark.parametrize("seed", range(4))
async def test_random_changes_are_answered_as_by_the_reference(seed: int, both: Both) -> None:
    for number in range(IN_A_BATCH):
        request = change(both.schema, Random(f"changes {seed} {number}"))
        ours, theirs = await both.answers(request, has_master=number % 3 == 0)
        assert ours == theirs, request
