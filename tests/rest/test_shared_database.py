"""Two servers on one database: what one changes, the other knows soon."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient

from tests.conftest import Client, MakeApp, database_in
from tests.rest import shop
from tests.rest.shop import create, eventually, find, ok, refused, unique

QUICK = {"cacheTTL": 100, "databaseOptions": {"schemaCacheTtl": 100}}


@pytest.fixture
async def here(server: MakeApp) -> Client:
    """Anybody at the one server."""
    return Client(await server(**QUICK))


@pytest.fixture
async def there(server: MakeApp) -> Client:
    """Anybody at the other server."""
    return Client(await server(**QUICK))


def master_of(client: Client) -> Client:
    return Client(client.application, master=True)


async def test_a_session_of_one_server_is_good_at_the_other(here: Client, there: Client) -> None:
    anna = await shop.sign_up(here)
    assert ok(await there.as_user(anna.token).get("/users/me"))["objectId"] == anna.id


async def test_a_log_out_here_is_known_there_soon(here: Client, there: Client) -> None:
    anna = await shop.sign_up(here)
    other = there.as_user(anna.token)
    ok(await other.get("/users/me"))
    ok(await anna.client.post("/logout"))

    async def gone() -> bool:
        return (await other.get("/users/me")).status_code == 400

    await eventually(gone)
    refused(await other.get("/users/me"), 209)


async def test_a_user_deleted_here_is_nobody_there_soon(here: Client, there: Client) -> None:
    anna = await shop.sign_up(here)
    other = there.as_user(anna.token)
    ok(await other.get("/users/me"))
    ok(await master_of(here).delete(f"/users/{anna.id}"))

    async def gone() -> bool:
        return (await other.get("/users/me")).status_code == 400

    await eventually(gone)


async def test_a_role_given_here_opens_doors_there_soon(
    here: Client, there: Client, orders: str
) -> None:
    anna, role = await shop.sign_up(here), unique("staff")
    await create(master_of(here), orders, ACL={f"role:{role}": {"read": True}})
    other = there.as_user(anna.token)
    assert await find(other, orders) == []
    users = {"__op": "AddRelation", "objects": [anna.pointer]}
    body = {"name": role, "ACL": {"*": {"read": True}}, "users": users}
    ok(await master_of(here).post("/roles", json=body), 201)

    async def opened() -> bool:
        return bool(await find(other, orders))

    await eventually(opened)


async def test_a_class_made_here_is_there_at_once_for_reading(
    here: Client, there: Client, orders: str
) -> None:
    assert await find(there, orders) == []
    order = await create(here, orders, status="new", owner=shop.pointer("_User", "x"))

    async def known() -> bool:
        return bool(await find(there, orders, {"owner": shop.pointer("_User", "x")}))

    await eventually(known)
    assert ok(await there.get(f"/classes/{orders}/{order}"))["status"] == "new"


async def test_a_column_made_here_keeps_its_type_there(
    here: Client, there: Client, orders: str
) -> None:
    await create(here, orders, status="new")
    await create(there, orders, status="new")
    await create(here, orders, price=5)
    refused(await there.post(f"/classes/{orders}", json={"price": "five"}), 111)
    await create(there, orders, price=6)


async def test_permissions_changed_here_hold_there_soon(
    here: Client, there: Client, orders: str
) -> None:
    await create(here, orders, status="new")

    async def open_there() -> bool:
        return len(await find(there, orders)) == 1

    await eventually(open_there)
    closed: dict[str, Any] = {"classLevelPermissions": {"find": {}, "get": {}}}
    ok(await master_of(here).put(f"/schemas/{orders}", json=closed))

    async def shut() -> bool:
        return (await there.get(f"/classes/{orders}")).status_code == 400

    await eventually(shut)
    refused(await there.get(f"/classes/{orders}"), 119)


async def test_the_schema_api_always_reads_the_database(
    here: Client, there: Client, server: MakeApp, orders: str
) -> None:
    slow = await server(databaseOptions={"schemaCacheTtl": 600_000})
    master = Client(slow, master=True)
    ok(await master.get("/schemas"))
    await create(here, orders, status="new")
    assert "status" in ok(await master.get(f"/schemas/{orders}"))["fields"]
    await create(there, orders, price=5)
    names = [item["className"] for item in ok(await master.get("/schemas"))["results"]]
    assert orders in names


async def test_a_class_dropped_here_can_be_made_anew_there(
    here: Client, there: Client, orders: str
) -> None:
    order = await create(here, orders, price=5)
    await create(there, orders, price=6)
    ok(await master_of(here).delete(f"/purge/{orders}"))
    ok(await master_of(here).delete(f"/schemas/{orders}"))

    async def forgotten() -> bool:
        return (await there.post(f"/classes/{orders}", json={"price": "five"})).is_success

    await eventually(forgotten)
    refused(await here.get(f"/classes/{orders}/{order}"), 101, 404)
    schema = ok(await master_of(here).get(f"/schemas/{orders}"))
    assert schema["fields"]["price"]["type"] == "String"


async def test_two_servers_start_at_once_on_an_empty_database(
    app: MakeApp, mongo_uri: str, mongo: MongoClient[dict[str, Any]]
) -> None:
    name = f"test_{uuid4().hex[:16]}"
    uri = database_in(mongo_uri, name)
    first, second = await asyncio.gather(app(databaseURI=uri), app(databaseURI=uri))
    anna = await shop.sign_up(Client(first))
    ok(await Client(second, session=anna.token).get("/users/me"))
    mongo.drop_database(name)


# --- options of the database --------------------------------------------------------------------


async def test_with_schema_hooks_a_change_of_a_class_is_known_at_once(
    server: MakeApp, here: Client
) -> None:
    name = unique("Shelf")
    await create(here, name, place=1)
    late = {"schemaCacheTtl": 600_000}
    told = Client(await server(databaseOptions={**late, "enableSchemaHooks": True}))
    untold = Client(await server(databaseOptions=late))
    assert len(await find(told, name)) == len(await find(untold, name)) == 1
    for find_is_for, code in (({}, 119), ({"*": True}, None)):
        permissions = {"find": find_is_for, "get": {"*": True}}
        body = {"classLevelPermissions": permissions}
        ok(await master_of(here).put(f"/schemas/{name}", json=body))

        async def known(code: int | None = code) -> bool:
            answer: dict[str, Any] = (await told.get(f"/classes/{name}")).json()
            return answer.get("code") == code

        await eventually(known)
        assert len(await find(untold, name)) == 1  # who is not told goes on for ten minutes


async def test_batches_have_the_size_of_the_option(
    app: MakeApp, mongo_uri: str, mongo: MongoClient[dict[str, Any]]
) -> None:
    name = f"test_{uuid4().hex[:16]}"
    options = {"databaseURI": database_in(mongo_uri, name), "databaseOptions": {"batchSize": 10}}
    master = Client(await app(**options), master=True)
    await asyncio.gather(*(create(master, "Crate", n=n) for n in range(25)))
    mongo[name].command("profile", 2)
    assert len(await find(master, "Crate", limit=1000)) == 25
    params = {"pipeline": '[{"$match": {"n": {"$gte": 0}}}]'}
    assert len(ok(await master.get("/aggregate/Crate", params=params))["results"]) == 25
    mongo[name].command("profile", 0)
    batches = mongo[name]["system.profile"].find({"ns": f"{name}.Crate"}, sort=[("ts", 1)])
    assert [row["nreturned"] for row in batches] == [10, 10, 5, 10, 10, 5]


async def test_mongodb_is_told_who_is_connected(
    app: MakeApp, mongo: MongoClient[dict[str, Any]]
) -> None:
    name = unique("shop")
    await app(databaseOptions={"clientMetadata": {"name": name, "version": "1.2.3"}})
    asked = {"$currentOp": {"allUsers": True, "idleConnections": True}}
    drivers = [
        operation["clientMetadata"]["driver"]
        for operation in mongo["admin"].aggregate([asked])
        if "clientMetadata" in operation
    ]
    versions = [driver["version"] for driver in drivers if name in driver["name"].split("|")]
    assert versions
    assert all("1.2.3" in version.split("|") for version in versions)
