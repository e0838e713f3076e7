"""The schema API: classes, columns, indexes and permissions; nothing half-changed."""

import asyncio
from typing import Any

import pytest
from pymongo.database import Database

from parsepy.app import Application
from parsepy.operations import schemas
from parsepy.storage import Unavailable
from parsepy.storage.schemas import Schemas
from tests.conftest import Client, MakeApp
from tests.rest import shop
from tests.rest.shop import create, find, make_class, ok, refused

STRING = {"type": "String"}
BAD: dict[str, tuple[dict[str, Any], int]] = {
    "fields that are a list": ({"fields": ["a"]}, 107),
    "a field that is a number": ({"fields": {"a": 5}}, 107),
    "a type that is a list": ({"fields": {"a": {"type": ["String"]}}}, 107),
    "an unknown type": ({"fields": {"a": {"type": "Money"}}}, 111),
    "a pointer to nothing": ({"fields": {"a": {"type": "Pointer"}}}, 135),
    "a pointer to an object": ({"fields": {"a": {"type": "Pointer", "targetClass": {}}}}, 135),
    "a pointer to no class": ({"fields": {"a": {"type": "Pointer", "targetClass": "a b"}}}, 103),
    "a bad name": ({"fields": {"a b": STRING}}, 105),
    "a name with NUL": ({"fields": {"a\0": STRING}}, 105),
    "a hidden name": ({"fields": {"_hashed_password": STRING}}, 105),
    "__proto__": ({"fields": {"__proto__": STRING}}, 105),
    "a default of the wrong type": ({"fields": {"a": {**STRING, "defaultValue": 5}}}, 111),
    "two places": ({"fields": {"a": {"type": "GeoPoint"}, "b": {"type": "GeoPoint"}}}, 111),
    "an index of no field": ({"fields": {}, "indexes": {"i": {"a": 1}}}, 102),
    "an index of a strange kind": ({"fields": {"a": STRING}, "indexes": {"i": {"a": "up"}}}, 102),
    "an index of null": ({"fields": {"a": STRING}, "indexes": {"i": {"a": None}}}, 102),
    "an index of an object": ({"fields": {"a": STRING}, "indexes": {"i": {"a": {}}}}, 102),
    "an index of zero": ({"fields": {"a": STRING}, "indexes": {"i": {"a": 0}}}, 102),
    "an index name with NUL": ({"fields": {"a": STRING}, "indexes": {"i\0": {"a": 1}}}, 102),
    "an index without a name": ({"fields": {"a": STRING}, "indexes": {"": {"a": 1}}}, 102),
    "an index that MongoDB refuses": (
        {"fields": {"a": STRING}, "indexes": {"i": {"a": 1}, "j": {"a.$x": 1}}},
        102,
    ),
    "indexes that are a number": ({"indexes": 5}, 107),
    "permissions that are a list": ({"classLevelPermissions": ["find"]}, 107),
    "an unknown operation": ({"classLevelPermissions": {"buy": {}}}, 107),
    "a flag that is 1": ({"classLevelPermissions": {"find": {"*": 1}}}, 107),
    "a name that is none": ({"classLevelPermissions": {"find": {"a b": True}}}, 107),
    "protected ids": ({"classLevelPermissions": {"protectedFields": {"*": ["objectId"]}}}, 107),
    "protected nothing": ({"classLevelPermissions": {"protectedFields": {"*": ["nosuch"]}}}, 107),
    "a pointer field that is none": (
        {"classLevelPermissions": {"find": {"pointerFields": ["nosuch"]}}},
        107,
    ),
}


@pytest.mark.parametrize(("body", "code"), BAD.values(), ids=BAD)
async def test_a_bad_class_is_refused_and_not_made(
    master: Client, orders: str, body: dict[str, Any], code: int
) -> None:
    refused(await master.post(f"/schemas/{orders}", json=body), code)
    refused(await master.get(f"/schemas/{orders}"), 103)


@pytest.fixture(scope="module")
async def shelf(application: Application) -> str:
    """A class that bad changes leave as it is."""
    return await make_class(Client(application, master=True), {"status": "String"})


@pytest.mark.parametrize(("body", "code"), BAD.values(), ids=BAD)
async def test_a_bad_change_is_refused_and_changes_nothing(
    master: Client, shelf: str, body: dict[str, Any], code: int
) -> None:
    before = ok(await master.get(f"/schemas/{shelf}"))
    refused(await master.put(f"/schemas/{shelf}", json=body), code)
    assert ok(await master.get(f"/schemas/{shelf}")) == before


async def test_a_class_shows_its_default_columns_and_public_permissions(
    master: Client, orders: str
) -> None:
    made = ok(
        await master.post(f"/schemas/{orders}", json={"fields": {"price": {"type": "Number"}}})
    )
    assert made == ok(await master.get(f"/schemas/{orders}"))
    assert set(made["fields"]) == {"objectId", "createdAt", "updatedAt", "ACL", "price"}
    assert made["classLevelPermissions"]["find"] == {"*": True}


async def test_a_class_is_made_once(master: Client, orders: str) -> None:
    ok(await master.post(f"/schemas/{orders}", json={}))
    refused(await master.post(f"/schemas/{orders}", json={}), 103)
    refused(await master.post("/schemas", json={}), 135)
    refused(await master.post(f"/schemas/{orders}x", json={"className": "Other"}), 103)


async def test_a_deleted_column_is_gone_from_every_object(
    client: Client, master: Client, orders: str
) -> None:
    order = await create(client, orders, status="new", price=5)
    change = {"fields": {"price": {"__op": "Delete"}}}
    ok(await master.put(f"/schemas/{orders}", json=change))
    assert "price" not in ok(await client.get(f"/classes/{orders}/{order}"))
    await create(client, orders, price="now a text")


async def test_a_column_keeps_its_type(master: Client, orders: str) -> None:
    ok(await master.post(f"/schemas/{orders}", json={"fields": {"a": STRING}}))
    change = {"fields": {"a": {"type": "Number"}}}
    refused(await master.put(f"/schemas/{orders}", json=change), 255)
    missing = {"fields": {"b": {"__op": "Delete"}}}
    refused(await master.put(f"/schemas/{orders}", json=missing), 255)
    reserved = {"fields": {"objectId": {"__op": "Delete"}}}
    refused(await master.put(f"/schemas/{orders}", json=reserved), 136)


async def test_required_and_default_hold_for_writes(client: Client, master: Client) -> None:
    fields = {
        "name": {"type": "String", "required": True},
        "status": {"type": "String", "required": True, "defaultValue": "new"},
    }
    orders = await make_class(master, fields)
    refused(await client.post(f"/classes/{orders}", json={}), 142)
    refused(await client.post(f"/classes/{orders}", json={"name": ""}), 142)
    answer = ok(await client.post(f"/classes/{orders}", json={"name": "a"}), 201)
    assert answer["status"] == "new"
    path = f"/classes/{orders}/{answer['objectId']}"
    for name in (None, "", {"__op": "Delete"}):
        refused(await client.put(path, json={"name": name}), 142)
    refused(await client.put(path, json={"status": {"__op": "Delete"}}), 142)
    assert ok(await client.get(path))["status"] == "new"


async def test_an_index_is_made_and_dropped(
    master: Client, orders: str, database: Database[dict[str, Any]]
) -> None:
    body = {"fields": {"a": STRING}, "indexes": {"by_a": {"a": 1}}}
    made = ok(await master.post(f"/schemas/{orders}", json=body))
    assert made["indexes"]["by_a"] == {"a": 1}
    assert "by_a" in database[orders].index_information()
    drop = {"indexes": {"by_a": {"__op": "Delete"}}}
    ok(await master.put(f"/schemas/{orders}", json=drop))
    assert "by_a" not in database[orders].index_information()
    refused(await master.put(f"/schemas/{orders}", json=drop), 102)


async def test_a_class_with_objects_is_not_dropped(
    client: Client, master: Client, orders: str
) -> None:
    await create(client, orders, status="new")
    assert "contains 1 objects" in refused(await master.delete(f"/schemas/{orders}"), 255)
    ok(await master.delete(f"/purge/{orders}"))
    assert await find(client, orders) == []
    ok(await master.delete(f"/schemas/{orders}"))
    refused(await master.get(f"/schemas/{orders}"), 103)


async def test_a_dropped_class_takes_its_relations_with_it(
    client: Client, master: Client, orders: str, database: Database[dict[str, Any]]
) -> None:
    user = {"__type": "Pointer", "className": "_User", "objectId": "x"}
    order = await create(client, orders, guests={"__op": "AddRelation", "objects": [user]})
    assert f"_Join:guests:{orders}" in database.list_collection_names()
    ok(await client.delete(f"/classes/{orders}/{order}"))
    ok(await master.delete(f"/schemas/{orders}"))
    assert f"_Join:guests:{orders}" not in database.list_collection_names()


async def test_new_permissions_hold_at_once(client: Client, master: Client, orders: str) -> None:
    await create(client, orders, status="new")
    assert len(await find(client, orders)) == 1
    closed: dict[str, Any] = {"classLevelPermissions": {"get": {"*": True}}}
    ok(await master.put(f"/schemas/{orders}", json=closed))
    refused(await client.get(f"/classes/{orders}"), 119)


async def test_purging_the_sessions_ends_them_at_once(app: MakeApp) -> None:
    application = await app()
    anna = await shop.sign_up(Client(application))
    ok(await anna.client.get("/users/me"))
    ok(await Client(application, master=True).delete("/purge/_Session"))
    refused(await anna.client.get("/users/me"), 209)


async def test_a_class_that_fails_takes_no_objects_along(
    master: Client, database: Database[dict[str, Any]]
) -> None:
    shops = shop.unique("Shop")
    database[shops].insert_one({"_id": "old", "spot": "no place at all"})
    body = {"fields": {"spot": {"type": "GeoPoint"}}, "indexes": {"near": {"spot": "2dsphere"}}}
    assert (await master.post(f"/schemas/{shops}", json=body)).status_code == 400
    refused(await master.get(f"/schemas/{shops}"), 103)
    assert database[shops].count_documents({}) == 1


async def test_locked_schemas_can_be_read_and_not_changed(server: MakeApp) -> None:
    locked = await server(schema={"lockSchemas": True})
    async with Client(locked, master=True) as master:
        ok(await master.get("/schemas/_User"))
        for answer in (
            await master.post("/schemas/Shelf", json={}),
            await master.put("/schemas/_User", json={"fields": {"shoe": STRING}}),
            await master.delete("/schemas/Shelf"),
        ):
            refused(answer, 119)


async def test_a_dead_database_is_waited_for_once_not_by_each_in_turn(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = application.backend
    tries = []

    async def unreachable(storage: object) -> Any:
        tries.append(storage)
        await asyncio.sleep(0.01)  # long enough that the others wait
        raise Unavailable("no server")

    monkeypatch.setattr(Schemas, "read", unreachable)
    loads = [schemas.load(backend, within=0) for _ in range(20)]
    for outcome in await asyncio.gather(*loads, return_exceptions=True):
        assert isinstance(outcome, Unavailable)
    assert len(tries) == 2  # the first, and one for all who came while it was waiting


@pytest.mark.parametrize("unique", [True, False])
async def test_the_index_of_provider_ids_can_be_left_out(app: MakeApp, unique: bool) -> None:
    options = {"createIndexAuthDataUniqueness": unique}
    application = await app(databaseOptions=options)
    indexes = await application.backend.storage.indexes.read("_User")
    assert ("_auth_data_anonymous_id" in indexes) is unique
