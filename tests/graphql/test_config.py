"""The configuration of GraphQL: what is valid, how it is kept, and what it hides."""

from typing import Any

import pytest
from pymongo import MongoClient

from parsepy.app import Application
from parsepy.graphql.schema import build
from parsepy.model import graphql_config
from parsepy.model.values import JSONObject
from parsepy.operations import graphql_config as operation
from tests.conftest import Client, MakeApp
from tests.graphql.interface import shop_classes, written

HIDING = {"classConfigs": [{"className": "Product", "query": {"find": False}}]}


def types_of(config: JSONObject) -> set[str]:
    """The lines that stand for the types, fields and arguments of the shop's interface."""
    assert graphql_config.problems(config) == []
    return set(written(build(shop_classes(), config=graphql_config.from_json(config))).split("\n"))


def product(**parts: Any) -> JSONObject:
    return {"classConfigs": [{"className": "Product", **parts}]}


def test_a_class_that_is_not_enabled_is_not_there_and_pointers_to_it_are_plain_json() -> None:
    shown = types_of({"enabledForClasses": ["SKU", "_User", "_Role"]})
    assert "type SKU implements ParseObject & Node {" in shown
    assert "type Product implements ParseObject & Node {" not in shown
    assert "  product: Object" in shown


def test_a_class_may_be_disabled_although_it_is_enabled() -> None:
    shown = types_of({"enabledForClasses": ["SKU", "_User"], "disabledForClasses": ["SKU"]})
    assert "type SKU implements ParseObject & Node {" not in shown


def test_without_users_nobody_logs_in() -> None:
    shown = types_of({"disabledForClasses": ["_User"]})
    assert not [line for line in shown if "Viewer" in line or "logIn" in line]


def test_queries_and_mutations_get_other_names() -> None:
    shown = types_of(
        product(
            query={"getAlias": "ware", "findAlias": "wares"}, mutation={"createAlias": "addWare"}
        )
    )
    assert any(line.startswith("  ware(") for line in shown)
    assert any(line.startswith("  wares(") for line in shown)
    assert "  addWare(input: CreateProductInput!): CreateProductPayload" in shown
    assert not any(line.startswith("  createProduct(") for line in shown)


async def test_it_is_empty_before_it_is_set(master: Client) -> None:
    answer = await master.get("/graphql-config")
    assert (answer.status_code, answer.json()) == (200, {})


async def test_it_is_read_as_it_was_set(master: Client) -> None:
    answer = await master.put("/graphql-config", json={"params": HIDING})
    assert (answer.status_code, answer.json()) == (200, {"response": {"result": True}})
    assert (await master.get("/graphql-config")).json() == HIDING


async def test_it_lies_in_the_database_as_parse_server_writes_it(
    application: Application, master: Client, mongo: MongoClient[dict[str, Any]]
) -> None:
    await master.put("/graphql-config", json={"params": HIDING})
    files = application.backend.storage.files_database
    assert files is not None
    database = mongo[files.name]
    assert database["_GraphQLConfig"].find_one() == {"_id": 1, "config": HIDING}


async def test_an_empty_one_takes_the_place_of_another(master: Client) -> None:
    await master.put("/graphql-config", json={"params": HIDING})
    await master.put("/graphql-config", json={})
    assert (await master.get("/graphql-config")).json() == {}


async def test_only_the_master_key_may_see_and_set_it(client: Client) -> None:
    for answer in (
        await client.get("/graphql-config"),
        await client.put("/graphql-config", json={"params": {}}),
    ):
        assert (answer.status_code, answer.json()) == (403, {"error": "Permission denied"})


async def test_the_read_only_master_key_may_see_but_not_set_it(app: MakeApp) -> None:
    application = await app(readOnlyMasterKey="only-to-read")
    async with Client(application) as reader:
        reader.headers["X-Parse-Master-Key"] = "only-to-read"
        assert (await reader.get("/graphql-config")).status_code == 200
        answer = await reader.put("/graphql-config", json={"params": {}})
    assert (answer.status_code, answer.json()["code"]) == (400, 119)


async def test_one_that_is_invalid_is_refused_and_the_old_one_stays(master: Client) -> None:
    await master.put("/graphql-config", json={"params": HIDING})
    answer = await master.put("/graphql-config", json={"params": {"nope": 1}})
    assert (answer.status_code, answer.json()) == (
        400,
        {"code": 162, "error": "Invalid graphQLConfig: encountered invalid keys: [nope]"},
    )
    assert (await master.get("/graphql-config")).json() == HIDING


async def test_what_was_written_past_the_server_and_is_invalid_is_not_heeded(
    application: Application, caplog: pytest.LogCaptureFixture
) -> None:
    backend = application.backend
    await backend.storage.settings.change("_GraphQLConfig", {"config": {"nope": 1}})
    assert await operation.current(backend) is graphql_config.DEFAULT
    assert "_GraphQLConfig is not heeded: encountered invalid keys: [nope]" in caplog.text
