"""Indexes: what the house needs is there from the start; what others made stays."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient

from tests.conftest import Client, MakeApp, database_in

SCHEMA = Path(__file__).parents[2] / "schema"
TEMPLATES = [str(path) for path in sorted(SCHEMA.glob("*.json"))]
Mongo = MongoClient[dict[str, Any]]


@pytest.fixture
def name(mongo: Mongo) -> Any:
    """A database that goes when the test ends."""
    made = f"test_indexes_{uuid4().hex[:12]}"
    yield made
    mongo.drop_database(made)


def first_keys(mongo: Mongo, database: str, collection: str) -> set[str]:
    """The fields that the indexes of a collection begin with."""
    indexes = mongo[database][collection].index_information().values()
    return {index["key"][0][0] for index in indexes}


async def test_what_every_request_looks_for_is_indexed(
    app: MakeApp, mongo: Mongo, mongo_uri: str, name: str
) -> None:
    await app(databaseURI=database_in(mongo_uri, name))
    assert {"_session_token", "_p_user"} <= first_keys(mongo, name, "_Session")
    assert {"username", "email", "_perishable_token", "_email_verify_token"} <= first_keys(
        mongo, name, "_User"
    )
    assert "name" in first_keys(mongo, name, "_Role")
    for join in ("_Join:users:_Role", "_Join:roles:_Role"):
        assert {"owningId", "relatedId"} <= first_keys(mongo, name, join)
    assert {"reqId", "expire"} <= first_keys(mongo, name, "_Idempotency")


async def test_every_pointer_of_the_templates_is_indexed(
    app: MakeApp, mongo: Mongo, mongo_uri: str, name: str
) -> None:
    shop = await app(databaseURI=database_in(mongo_uri, name), schema=TEMPLATES)
    classes = shop.backend.schemas.classes
    pointers = {(c, f) for c, schema in classes.items() for f in schema.pointers}
    assert {("Order", "user"), ("SKU", "product"), ("Cart", "user")} <= pointers
    for class_name, field in pointers:
        assert f"_p_{field}" in first_keys(mongo, name, class_name), (class_name, field)


async def test_join_rows_of_a_database_that_parse_server_made_are_indexed_when_asked(
    app: MakeApp, mongo: Mongo, mongo_uri: str, name: str
) -> None:
    mongo[name]["_SCHEMA"].insert_one({"_id": "Order", "skus": "relation<SKU>"})
    mongo[name]["_Join:skus:Order"].insert_one({"owningId": "a", "relatedId": "b"})
    uri = database_in(mongo_uri, name)
    await app(databaseURI=uri)  # which changes nothing that nobody asked for
    assert first_keys(mongo, name, "_Join:skus:Order") == {"_id"}
    await app(databaseURI=uri, databaseOptions={"createOwnIndexes": True})
    assert {"owningId", "relatedId"} <= first_keys(mongo, name, "_Join:skus:Order")
    assert {"_session_token", "_p_user"} <= first_keys(mongo, name, "_Session")


async def test_an_index_that_somebody_else_made_is_never_dropped(
    app: MakeApp, mongo: Mongo, mongo_uri: str, name: str
) -> None:
    made = {
        "Order": [("total", -1), ("_p_user", 1)],
        "_User": [("address", 1)],
        "_Session": [("_session_token", 1), ("expiresAt", 1)],
        "_Join:users:_Role": [("relatedId", 1), ("owningId", 1)],
    }
    for collection, keys in made.items():
        mongo[name][collection].create_index(keys, name="by_our_dba")
    for _ in range(2):
        shop = await app(databaseURI=database_in(mongo_uri, name), schema=TEMPLATES)
        async with Client(shop, master=True) as master:
            body = {"fields": {"note": {"type": "String"}}}
            await master.put("/schemas/Order", json=body)
            await master.put("/schemas/Order", json={"fields": {"note": {"__op": "Delete"}}})
    for collection, keys in made.items():
        found = mongo[name][collection].index_information()["by_our_dba"]["key"]
        assert found == keys


async def test_one_refused_index_keeps_none_of_the_others_away(
    app: MakeApp, mongo: Mongo, mongo_uri: str, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    twins = [{"_id": "a", "username": "ann"}, {"_id": "b", "username": "ann"}]
    mongo[name]["_User"].insert_many(twins)
    await app(databaseURI=database_in(mongo_uri, name))
    (line,) = [r.getMessage() for r in caplog.records if "could not be made" in r.getMessage()]
    assert "username_1" in line
    indexes = mongo[name]["_User"].index_information()
    assert "username_1" not in indexes
    assert {"email_1", "case_insensitive_username", "_perishable_token"} <= indexes.keys()
