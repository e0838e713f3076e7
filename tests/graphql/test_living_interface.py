"""For any classes and configuration, the interface is that of the living Parse Server."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from graphql import (
    GraphQLSchema,
    build_client_schema,
    get_introspection_query,
    introspection_from_schema,
    print_schema,
)
from hypothesis import HealthCheck, given, settings
from pymongo import MongoClient

from parsepy.graphql.schema import build
from parsepy.model import graphql_config
from parsepy.model.values import JSONObject
from tests.conftest import database_in
from tests.graphql.interface import classes_of, invalid_parts, without_descriptions
from tests.graphql.strategies import worlds
from tests.peer import Peer

pytestmark = [pytest.mark.slow, pytest.mark.node]

QUERY = get_introspection_query(descriptions=False)
DATABASE = "graphql_interface"


class Living:
    """A Parse Server that offers GraphQL, and its schema API."""

    def __init__(self, url: str) -> None:
        keys = {"X-Parse-Application-Id": "shop", "X-Parse-Master-Key": "master"}
        limits = httpx.Limits(max_keepalive_connections=0)  # Node may close an idle one as we send
        self._client = httpx.Client(headers=keys, timeout=60, limits=limits)
        self._url = url

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._client.request(method, f"{self._url}{path}", json=body)
        return answer.json()

    def become(self, definitions: list[JSONObject], config: JSONObject) -> list[JSONObject]:
        """Have these classes and this configuration; the classes as they have become."""
        for item in self.classes():
            if item["className"] not in ("_User", "_Role"):
                self._ask("DELETE", f"/schemas/{item['className']}")
        for item in definitions:
            self._ask("POST", f"/schemas/{item['className']}", item)
        answer = self._ask("PUT", "/graphql-config", {"params": config})
        assert answer == {"response": {"result": True}}, answer
        return self.classes()

    def classes(self) -> list[JSONObject]:
        """Every class."""
        found: list[JSONObject] = self._ask("GET", "/schemas")["results"]
        return found

    def interface(self) -> str:
        """What introspection tells, written down."""
        site = self._url.removesuffix("/parse")
        answer = self._client.post(f"{site}/graphql", json={"query": QUERY}).json()
        assert "errors" not in answer, answer
        return without_descriptions(print_schema(build_client_schema(answer["data"])))


@pytest.fixture(scope="module")
def living(mongo_uri: str, mongo: MongoClient[dict[str, Any]]) -> Iterator[Living]:
    """One Parse Server for the whole module."""
    mongo.drop_database(DATABASE)
    options = {
        "appId": "shop",
        "masterKey": "master",
        "serverURL": "http://localhost:1337/parse",
        "mountGraphQL": True,
    }
    with Peer(database_in(mongo_uri, DATABASE), options) as peer:
        yield Living(peer.url)
    mongo.drop_database(DATABASE)


def interface(schema: GraphQLSchema) -> str:
    """What introspection of a schema tells, written down."""
    told = introspection_from_schema(schema, descriptions=False)
    return without_descriptions(print_schema(build_client_schema(told)))


def test_the_configuration_lies_where_parse_server_keeps_it(
    living: Living, mongo: MongoClient[dict[str, Any]]
) -> None:
    config = {"enabledForClasses": ["_User"], "disabledForClasses": []}
    living.become([], config)
    assert mongo[DATABASE]["_GraphQLConfig"].find_one() == {"_id": 1, "config": config}


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(worlds())
def test_any_classes_have_the_interface_that_parse_server_gives_them(
    living: Living, world: tuple[list[JSONObject], JSONObject]
) -> None:
    definitions, config = world
    classes = classes_of(living.become(definitions, config))
    schema = build(classes, config=graphql_config.from_json(config))
    assert invalid_parts(schema) == []
    assert interface(schema).splitlines() == living.interface().splitlines()
