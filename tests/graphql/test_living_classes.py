"""Whatever the classes and their configuration, documents are answered as by Parse Server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from random import Random
from typing import Any

import httpx
import pytest
from graphql import GraphQLSchema
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pymongo import MongoClient

from parsepy.app import build
from parsepy.config import Config
from parsepy.graphql.stamps import SchemaKeeper
from parsepy.model.values import JSONObject
from tests.conftest import Client, database_in
from tests.graphql.conftest import GRAPHQL
from tests.graphql.random_documents import change, document, spoilt
from tests.graphql.recording import PRODUCTS
from tests.graphql.strategies import worlds
from tests.graphql.test_living import OPTIONS, comparable, peer_client
from tests.peer import Peer

pytestmark = [pytest.mark.slow, pytest.mark.node]

DATABASES = {"ours": "graphql_classes_ours", "theirs": "graphql_classes_theirs"}
OBJECTS = 3
VALUES: dict[str, Any] = {
    "String": ("product 01", "text é", "", "x y"),
    "Number": (0, 3, 17.5, -1),
    "Boolean": (True, False),
    "Date": ({"__type": "Date", "iso": "2024-01-02T03:04:05.678Z"},),
    "Object": ({"a": 1}, {}, {"a": {"b": [1, None]}}),
    "Array": ([], [1, "two"], [{"three": 3}]),
    "File": ({"__type": "File", "name": "37c8c113fadb6f5937ade9ec2008c78b_hello.txt"},),
    "Bytes": ({"__type": "Bytes", "base64": "aGVsbG8="},),
    "GeoPoint": ({"__type": "GeoPoint", "latitude": 40.5, "longitude": -30},),
    "Polygon": ({"__type": "Polygon", "coordinates": [[0, 0], [0, 1], [1, 1], [1, 0]]},),
}


NOT_TAKEN = ("constructor", "toString")
"""Columns that the reference refuses for what JavaScript's objects have of that name."""


def value_of(column: JSONObject, random: Random) -> Any:
    """A value for a column; pointers may lead nowhere."""
    kind = column["type"]
    if kind not in ("Pointer", "Relation"):
        return random.choice(VALUES[kind])
    pointer = {
        "__type": "Pointer",
        "className": column["targetClass"],
        "objectId": random.choice(PRODUCTS[: OBJECTS + 1]),
    }
    return pointer if kind == "Pointer" else {"__op": "AddRelation", "objects": [pointer]}


class Server:
    """One of the two servers: what it is told by REST, and asked by GraphQL."""

    def __init__(self, master: httpx.AsyncClient, anybody: httpx.AsyncClient, url: str) -> None:
        self._clients = {True: master, False: anybody}
        self._master = master
        self._url = url

    async def become(self, classes: list[JSONObject], config: JSONObject) -> list[int]:
        """Have these classes, with a few objects, and this configuration; the statuses."""
        told = (await self._master.get("/schemas")).json()["results"]
        for item in told:
            if item["className"] not in ("_User", "_Role"):
                await self._master.delete(f"/purge/{item['className']}")
                await self._master.delete(f"/schemas/{item['className']}")
        answers = [
            await self._master.post(f"/schemas/{item['className']}", json=item) for item in classes
        ]
        answers.append(await self._master.put("/graphql-config", json={"params": config}))
        random = Random(1)
        for item in classes:
            if item["className"].startswith("_"):
                continue  # what the system's classes take is told by other tests
            for object_id in PRODUCTS[:OBJECTS]:
                given: JSONObject = {"objectId": object_id}
                for name, column in item["fields"].items():
                    if column.get("required") or random.random() < 0.7:
                        given[name] = value_of(column, random)
                path = f"/classes/{item['className']}"
                answers.append(await self._master.post(path, json=given))
        return [answer.status_code for answer in answers]

    async def answer(self, request: JSONObject, *, has_master: bool) -> tuple[int, Any]:
        """Status and body of the answer to a GraphQL request."""
        return comparable(await self._clients[has_master].post(self._url, json=request))


class Pair:
    """The two servers, and the schema that documents are written for."""

    def __init__(self, keeper: SchemaKeeper, ours: Server, theirs: Server) -> None:
        self._keeper = keeper
        self.ours = ours
        self.theirs = theirs

    async def become(self, world: tuple[list[JSONObject], JSONObject]) -> GraphQLSchema:
        """Have both become this; our schema then."""
        assert await self.ours.become(*world) == await self.theirs.become(*world)
        return await self._keeper.current()

    async def compare(self, request: JSONObject, *, has_master: bool) -> None:
        """Fail unless both answer the same."""
        ours = await self.ours.answer(request, has_master=has_master)
        theirs = await self.theirs.answer(request, has_master=has_master)
        assert ours == theirs, request


@pytest.fixture(scope="module")
async def pair(mongo_uri: str, mongo: MongoClient[dict[str, Any]]) -> AsyncIterator[Pair]:
    """Both servers, on databases of their own."""
    for name in DATABASES.values():
        mongo.drop_database(name)
    uris = {side: database_in(mongo_uri, name) for side, name in DATABASES.items()}
    application = build(Config.from_options({**OPTIONS, "databaseURI": uris["ours"]}))
    await application.startup()
    with Peer(uris["theirs"], OPTIONS) as peer:
        both = (
            *(Client(application, master=True), Client(application)),
            *(peer_client(peer.url, has_master=flag) for flag in (True, False)),
        )
        url = peer.url.removesuffix("/parse") + "/graphql"
        keeper = SchemaKeeper(application.backend)
        yield Pair(keeper, Server(both[0], both[1], GRAPHQL), Server(both[2], both[3], url))
        for client in both:
            await client.aclose()
    await application.shutdown()
    for name in DATABASES.values():
        mongo.drop_database(name)


def mutations_of(schema: GraphQLSchema) -> list[str]:
    """The mutations that make or change objects of the made-up classes."""
    assert schema.mutation_type is not None
    return [
        name
        for name, field in schema.mutation_type.fields.items()
        if (operation := field.extensions["operation"]).kind in ("create", "update")
        and not (operation.class_name or "_").startswith("_")
    ]


def request_of(schema: GraphQLSchema, seed: int) -> JSONObject:
    """A random request: a query or a change, valid or spoilt."""
    random = Random(seed)
    mutations = mutations_of(schema)
    if mutations and random.random() < 0.3:
        request = change(schema, random, mutations)
    else:
        request = document(schema, random)
    return spoilt(request, random) if random.random() < 0.4 else request


@settings(
    max_examples=50,
    deadline=None,
    derandomize=True,
    phases=(Phase.generate,),  # to find a smaller world takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(worlds(), st.lists(st.integers(0, 2**32), min_size=10, max_size=10, unique=True))
async def test_documents_over_any_classes_are_answered_as_by_the_reference(
    pair: Pair, world: tuple[list[JSONObject], JSONObject], seeds: list[int]
) -> None:
    for item in world[0]:
        for name in NOT_TAKEN:
            item["fields"].pop(name, None)
    schema = await pair.become(world)
    for number, seed in enumerate(seeds):
        await pair.compare(request_of(schema, seed), has_master=number % 3 > 0)
