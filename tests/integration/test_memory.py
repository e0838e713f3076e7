"""`memory:` carries a whole shop in this process, and says what it cannot do."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from parsepy.app import Application, build
from parsepy.config import Config, ConfigError
from parsepy.errors import Code, ParseError
from parsepy.storage import DuplicateKey, Storage, open_storage
from parsepy.storage.documents import file_url_of
from parsepy.storage.memory.sessions import MemorySession
from tests.conftest import APP_ID, MASTER_KEY, MOUNT, Client
from tests.integration.test_cli import serving

SCHEMA = Path(__file__).parents[2] / "schema"
TEMPLATES = [str(SCHEMA / "ecommerce.json"), str(SCHEMA / "shopping.json")]


async def started(**options: Any) -> Application:
    """An application in memory."""
    defaults = {
        "appId": APP_ID,
        "masterKey": MASTER_KEY,
        "serverURL": MOUNT,
        "databaseURI": "memory:",
        "allowClientClassCreation": True,
    }
    application = build(Config.from_options({**defaults, **options}))
    await application.startup()
    return application


@pytest.fixture
async def shop() -> AsyncIterator[Client]:
    """Anybody, at the shop of both templates."""
    application = await started(schema=TEMPLATES, allowClientClassCreation=False)
    async with Client(application) as client:
        yield client
    await application.shutdown()


@pytest.fixture
async def master(shop: Client) -> AsyncIterator[Client]:
    """The holder of the master key, at the same shop."""
    async with Client(shop.application, master=True) as client:
        yield client


@pytest.fixture
async def anybody() -> AsyncIterator[Client]:
    """Anybody, at an application where each may make classes."""
    application = await started()
    async with Client(application) as client:
        yield client
    await application.shutdown()


def storage() -> Storage:
    return open_storage("memory:", file_url=file_url_of("http://shop/parse", "shop"))


async def answered(response: httpx.Response) -> Any:
    assert response.status_code in (200, 201), response.text
    return response.json()


async def signed_up(client: Client, name: str) -> tuple[Client, dict[str, Any]]:
    """A client of a new user, and a pointer to that user."""
    fields = {"username": name, "password": "secret", "email": f"{name}@shop.example"}
    made = await answered(await client.post("/users", json=fields))
    return client.as_user(made["sessionToken"]), to("_User", made["objectId"])


def to(class_name: str, object_id: str) -> dict[str, Any]:
    return {"__type": "Pointer", "className": class_name, "objectId": object_id}


async def found(client: Client, class_name: str, **query: Any) -> list[Any]:
    texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in query.items()}
    answer = await answered(await client.get(f"/classes/{class_name}", params=texts))
    results: list[Any] = answer["results"]
    return results


async def made(client: Client, class_name: str, values: dict[str, Any]) -> str:
    answer = await answered(await client.post(f"/classes/{class_name}", json=values))
    return str(answer["objectId"])


# --- What it carries ---


async def test_it_starts_with_both_templates_in_under_a_second() -> None:
    seconds = []
    for _ in range(3):  # of which one is not disturbed by other processes
        before = time.perf_counter()
        application = await started(schema=TEMPLATES)
        seconds.append(time.perf_counter() - before)
        assert application.backend.state == "ok"
    assert min(seconds) < 1


def test_the_command_serves_the_demo_shop_and_says_that_it_will_be_gone(tmp_path: Path) -> None:
    with serving(tmp_path, "--database-uri", "memory:", "--demo") as server:
        assert "in memory, for trials: the data are gone when the server stops" in server.welcome
        assert server.request("GET", "/classes/Product?limit=0&count=1")["count"] >= 12
        assert server.stop() == 0
        assert server.complaints == []
    left = sorted(file.name for file in (tmp_path / ".parsepy").iterdir())
    assert left == [".gitignore", "keys.json"]


async def test_two_applications_share_nothing(anybody: Client) -> None:
    await made(anybody, "Product", {"name": "Kettle"})
    async with Client(await started()) as other:
        assert await found(other, "Product") == []


async def test_a_customer_signs_up_logs_in_and_out(shop: Client) -> None:
    await signed_up(shop, "ada")
    credentials = {"username": "ada", "password": "secret"}
    ada = await answered(await shop.post("/login", json=credentials))
    customer = shop.as_user(ada["sessionToken"])
    assert (await answered(await customer.get("/users/me")))["username"] == "ada"
    await answered(await customer.post("/logout", json={}))
    assert (await customer.get("/users/me")).json()["code"] == Code.INVALID_SESSION_TOKEN


async def test_the_catalogue_is_searched_sorted_and_paged(shop: Client, master: Client) -> None:
    for name, price in (("Kettle", 79), ("Mug (blue)", 12.5), ("Mug (red)", 9), ("Tray", 20)):
        await made(master, "Product", {"name": name, "price": price})
    dear = await found(shop, "Product", where={"price": {"$gt": 10}}, order="-price", limit=2)
    mugs = await found(shop, "Product", where={"name": {"$regex": r"^\QMug (\E"}}, order="price")
    odd = await found(shop, "Product", where={"$or": [{"name": "Tray"}, {"price": 9}]}, keys="name")
    assert [item["name"] for item in dear] == ["Kettle", "Tray"]
    assert [item["price"] for item in mugs] == [9, 12.5]
    assert sorted(item["name"] for item in odd) == ["Mug (red)", "Tray"]
    assert all("price" not in item for item in odd)


async def test_a_cart_is_its_owners_alone(shop: Client) -> None:
    ada, her = await signed_up(shop, "ada")
    bob, _ = await signed_up(shop, "bob")
    cart = await made(ada, "Cart", {"user": her, "items": [], "total": 0})
    lines = {"__op": "Add", "objects": [{"sku": "blue", "quantity": 2}]}
    await answered(await ada.put(f"/classes/Cart/{cart}", json={"items": lines, "total": 25}))
    assert [c["total"] for c in await found(ada, "Cart")] == [25]
    assert await found(bob, "Cart") == []
    assert (await bob.get(f"/classes/Cart/{cart}")).json()["code"] == Code.OBJECT_NOT_FOUND
    refused = await bob.put(f"/classes/Cart/{cart}", json={"total": 0})
    assert refused.json()["code"] == Code.OBJECT_NOT_FOUND


async def test_an_order_shows_to_its_customer_and_to_staff(shop: Client, master: Client) -> None:
    ada, her = await signed_up(shop, "ada")
    bob, _ = await signed_up(shop, "bob")
    eve, staff = await signed_up(shop, "eve")
    role = (await answered(await master.get("/roles", params={"where": '{"name":"staff"}'})))[
        "results"
    ][0]["objectId"]
    joins = {"users": {"__op": "AddRelation", "objects": [staff]}}
    await answered(await master.put(f"/roles/{role}", json=joins))
    values = {"user": her, "products": [], "total": 25, "status": "pending"}
    order = await made(ada, "Order", values)
    (seen,) = await found(ada, "Order", include="user")
    assert seen["user"]["username"] == "ada"
    assert await found(bob, "Order") == []
    await answered(await eve.put(f"/classes/Order/{order}", json={"status": "shipped"}))
    refused = await ada.put(f"/classes/Order/{order}", json={"total": 0})
    assert refused.json()["code"] == Code.OBJECT_NOT_FOUND
    assert (await found(ada, "Order"))[0]["status"] == "shipped"


async def test_stock_is_counted_down_by_many_at_once(shop: Client, master: Client) -> None:
    product = to("Product", await made(master, "Product", {"name": "Mug", "price": 9}))
    sku = await made(master, "SKU", {"product": product, "variation": "red", "stock": 30})
    sold = {"stock": {"__op": "Increment", "amount": -1}}
    await asyncio.gather(*(master.put(f"/classes/SKU/{sku}", json=sold) for _ in range(20)))
    (left,) = await found(shop, "SKU", include="product")
    assert (left["stock"], left["product"]["name"]) == (10, "Mug")


async def test_products_of_a_wish_list_are_related(anybody: Client) -> None:
    ids = [await made(anybody, "Product", {"name": name}) for name in ("Mug", "Tray", "Kettle")]
    adds = {"__op": "AddRelation", "objects": [to("Product", i) for i in ids]}
    wishes = await made(anybody, "WishList", {"products": adds})
    removes = {"__op": "RemoveRelation", "objects": [to("Product", ids[1])]}
    await answered(await anybody.put(f"/classes/WishList/{wishes}", json={"products": removes}))
    of_list = {"$relatedTo": {"object": to("WishList", wishes), "key": "products"}}
    listed = await found(anybody, "Product", where=of_list, order="name")
    assert [item["name"] for item in listed] == ["Kettle", "Mug"]


async def test_a_batch_answers_each_request(anybody: Client) -> None:
    requests = [
        {"method": "POST", "path": "/parse/classes/Product", "body": {"name": name}}
        for name in ("Mug", "Tray")
    ]
    requests.append({"method": "DELETE", "path": "/parse/classes/Product/none", "body": {}})
    answers = await answered(await anybody.post("/batch", json={"requests": requests}))
    assert ["success" in item for item in answers] == [True, True, False]
    assert len(await found(anybody, "Product")) == 2


async def test_tags_added_once_stay_single(anybody: Client) -> None:
    product = await made(anybody, "Product", {"tags": ["new"]})
    adds = {"tags": {"__op": "AddUnique", "objects": ["sale", "sale", "new"]}}
    await answered(await anybody.put(f"/classes/Product/{product}", json=adds))
    assert (await found(anybody, "Product"))[0]["tags"] == ["new", "sale"]


# --- What must be unique ---


@pytest.mark.parametrize("name", ["ada", "ADA", "Ada"])
async def test_a_username_is_taken_in_any_case(shop: Client, name: str) -> None:
    await signed_up(shop, "ada")
    fields = {"username": name, "password": "secret", "email": "other@shop.example"}
    assert (await shop.post("/users", json=fields)).json()["code"] == Code.USERNAME_TAKEN


async def test_an_email_address_is_taken_in_any_case(shop: Client) -> None:
    await signed_up(shop, "ada")
    fields = {"username": "bob", "password": "secret", "email": "Ada@Shop.Example"}
    assert (await shop.post("/users", json=fields)).json()["code"] == Code.EMAIL_TAKEN


async def test_one_of_several_who_take_a_name_at_once_gets_it(shop: Client) -> None:
    answers = await asyncio.gather(
        *(
            shop.post("/users", json={"username": n, "password": "p", "email": f"{i}@shop.example"})
            for i, n in enumerate(("Ada", "ADA", "ada", "ada"))
        )
    )
    assert sorted(answer.status_code for answer in answers) == [201, 400, 400, 400]


async def test_a_unique_index_refuses_the_second_and_keeps_the_first() -> None:
    codes = storage().connection.collection("DiscountCode")
    await codes.create_index([("code", 1)], name="code_1", unique=True)
    await codes.insert_one({"_id": "a", "code": "SPRING", "percentage": 10})
    await codes.insert_one({"_id": "b", "code": "SUMMER", "percentage": 20})
    taken = {"$set": {"percentage": 50, "code": "SPRING"}}
    with pytest.raises(Exception, match="index: code_1 ") as refusal:
        await codes.update_one({"_id": "b"}, taken)
    assert getattr(refusal.value, "code", None) == 11000
    assert await codes.find_one({"_id": "b"}) == {"_id": "b", "code": "SUMMER", "percentage": 20}
    await codes.delete_one({"_id": "a"})
    assert (await codes.update_one({"_id": "b"}, taken)).matched_count == 1
    await codes.insert_one({"_id": "c", "code": "SUMMER"})  # free again


async def test_a_unique_index_without_case_refuses_the_other_case() -> None:
    codes = storage().connection.collection("DiscountCode")
    order = {"locale": "en_US", "strength": 2}
    await codes.create_index([("code", 1)], name="code_1", unique=True, collation=order)
    await codes.insert_one({"code": "Straße"})
    with pytest.raises(Exception, match="index: code_1 "):
        await codes.insert_one({"code": "STRASSE"})


async def test_a_sparse_unique_index_lets_many_have_nothing() -> None:
    codes = storage().connection.collection("DiscountCode")
    await codes.create_index([("code", 1)], name="code_1", unique=True, sparse=True)
    await codes.insert_one({"percentage": 10})
    await codes.insert_one({"percentage": 10})
    assert await codes.count_documents({}) == 2


async def test_a_unique_index_over_duplicates_is_refused() -> None:
    store = storage()
    for _ in range(2):
        await store.connection.collection("DiscountCode").insert_one({"code": "SPRING"})
    with pytest.raises(DuplicateKey):
        await store.indexes.create("DiscountCode", "code_1", {"code": 1}, unique=True)
    assert list(await store.indexes.read("DiscountCode")) == ["_id_"]


async def test_an_index_of_the_same_name_with_other_keys_is_refused() -> None:
    store = storage()
    await store.indexes.create("DiscountCode", "lookup", {"code": 1})
    await store.indexes.create("DiscountCode", "lookup", {"code": 1})
    with pytest.raises(ParseError, match="Index lookup exists with other keys or options"):
        await store.indexes.create("DiscountCode", "lookup", {"percentage": 1})
    await store.indexes.drop("DiscountCode", "lookup")
    await store.indexes.drop("DiscountCode", "lookup")
    assert list(await store.indexes.read("DiscountCode")) == ["_id_"]


async def test_an_upsert_that_would_repeat_a_unique_value_leaves_nothing() -> None:
    codes = storage().connection.collection("DiscountCode")
    await codes.create_index([("code", 1)], name="code_1", unique=True)
    await codes.insert_one({"_id": "a", "code": "SPRING"})
    change = {"$set": {"code": "SPRING"}}
    with pytest.raises(Exception, match="index: code_1 "):
        await codes.update_one({"_id": "b"}, change, upsert=True)
    assert [item["_id"] for item in await codes.find({}).to_list(None)] == ["a"]


async def test_a_dropped_database_forgets_documents_and_unique_values() -> None:
    store = storage()
    codes = store.connection.collection("DiscountCode")
    await codes.create_index([("code", 1)], name="code_1", unique=True)
    await codes.insert_one({"code": "SPRING"})
    await store.connection.drop_database()
    assert await store.indexes.read("DiscountCode") == {}
    for _ in range(2):
        await codes.insert_one({"code": "SPRING"})
    assert await codes.count_documents({}) == 2


async def test_what_an_index_says_expires_is_gone() -> None:
    seen = storage().connection.collection("_Idempotency")
    await seen.create_index([("expire", 1)], name="ttl", expireAfterSeconds=0)
    now = datetime.now(UTC).replace(tzinfo=None)
    await seen.insert_one({"_id": "old", "expire": now - timedelta(seconds=1)})
    await seen.insert_one({"_id": "new", "expire": now + timedelta(hours=1)})
    assert [item["_id"] for item in await seen.find({}).to_list(None)] == ["new"]


# --- Transactions ---


async def test_a_refused_transaction_takes_back_what_it_wrote(anybody: Client) -> None:
    create = {"method": "POST", "path": "/parse/classes/Order", "body": {"total": 5}}
    wrong = {"method": "POST", "path": "/parse/classes/Order", "body": {"total": "five"}}
    answer = await anybody.post("/batch", json={"requests": [create, wrong], "transaction": True})
    assert answer.status_code == 400
    assert answer.json()["code"] == Code.INCORRECT_TYPE
    assert await found(anybody, "Order") == []


async def test_an_abort_puts_back_what_was_changed_deleted_and_unique() -> None:
    codes = storage().connection.collection("DiscountCode")
    await codes.create_index([("code", 1)], name="code_1", unique=True)
    await codes.insert_one({"_id": "a", "code": "SPRING"})
    await codes.insert_one({"_id": "b", "code": "AUTUMN"})
    async with aborted(codes) as session:
        await codes.update_one({"_id": "a"}, {"$set": {"code": "MAY"}}, session=session)
        await codes.delete_one({"_id": "b"}, session=session)
        await codes.insert_one({"_id": "c", "code": "SPRING"}, session=session)
    assert [(i["_id"], i["code"]) for i in await codes.find({}, sort=[("_id", 1)]).to_list()] == [
        ("a", "SPRING"),
        ("b", "AUTUMN"),
    ]
    await codes.insert_one({"_id": "d", "code": "MAY"})
    with pytest.raises(Exception, match="index: code_1 "):
        await codes.insert_one({"_id": "e", "code": "SPRING"})


async def test_a_second_transaction_waits_for_the_first() -> None:
    store = storage()
    order: list[str] = []

    async def transact(name: str) -> None:
        async with store.transaction():
            order.append(f"{name} begins")
            await asyncio.sleep(0)
            order.append(f"{name} ends")

    await asyncio.gather(transact("one"), transact("two"))
    assert order == ["one begins", "one ends", "two begins", "two ends"]


async def test_a_write_waits_for_the_transaction_that_holds_its_document() -> None:
    store = storage()
    skus = store.connection.collection("SKU")
    await skus.insert_one({"_id": "a", "stock": 5})
    async with aborted(skus) as session:
        await skus.update_one({"_id": "a"}, {"$inc": {"stock": -5}}, session=session)
        other = asyncio.create_task(skus.update_one({"_id": "a"}, {"$inc": {"stock": 1}}))
        await asyncio.sleep(0)
        assert not other.done()
    await asyncio.wait_for(other, 5)
    (sku,) = await skus.find({}).to_list(None)
    assert sku["stock"] == 6


@asynccontextmanager
async def aborted(collection: Any) -> AsyncIterator[Any]:
    """A session in a transaction that is aborted at the end."""
    session = MemorySession(collection._current)
    await session.start_transaction()
    yield session
    await session.abort_transaction()


# --- What is refused ---


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({"place": {"$near": [0, 0]}}, "near"),
        ({"$or": [{"place": {"$type": "array"}}]}, "type"),
        ({"$text": {"$search": "mug"}}, "text"),
        ({"$where": "true"}, "where"),
    ],
)
async def test_an_operator_that_is_missing_is_named(query: dict[str, Any], named: str) -> None:
    with pytest.raises(ParseError, match=rf"has no operator \${named}; use MongoDB") as refusal:
        await storage().connection.collection("Store").find(query).to_list(None)
    assert refusal.value.code == Code.COMMAND_UNAVAILABLE


async def test_a_hint_at_no_index_is_a_bad_query(anybody: Client) -> None:
    await anybody.post("/classes/Product", json={"name": "Mug"})
    answer = await anybody.get("/classes/Product", params={"hint": "none"})
    assert (answer.status_code, answer.json()["code"]) == (400, Code.INVALID_QUERY)


async def test_a_part_of_the_driver_that_is_missing_is_named() -> None:
    with pytest.raises(ParseError, match=r"has no watch; use MongoDB"):
        await storage().connection.collection("Order").watch()


MASTER = {"X-Parse-Master-Key": MASTER_KEY}


async def test_simple_pipelines_and_distinct_values_are_answered(anybody: Client) -> None:
    for name, price in (("Mug", 3), ("Cup", 3), ("Pot", 9)):
        await made(anybody, "Product", {"name": name, "price": price, "tags": [name, "new"]})
    group = {"$group": {"_id": "$price", "count": {"$sum": 1}}}
    body = {"_method": "GET", "pipeline": [group, {"$sort": {"_id": 1}}]}
    answer = await answered(await anybody.post("/aggregate/Product", json=body, headers=MASTER))
    assert answer["results"] == [{"objectId": 3, "count": 2}, {"objectId": 9, "count": 1}]
    for distinct, values in (("price", {3, 9}), ("tags", {"Mug", "Cup", "Pot", "new"})):
        query = {"distinct": distinct}
        response = await anybody.get("/aggregate/Product", params=query, headers=MASTER)
        assert set((await answered(response))["results"]) == values


@pytest.mark.parametrize(
    "stage",
    [
        {"$merge": {"into": "Copy"}},
        {"$out": "Copy"},
        {"$bucketAuto": {"groupBy": "$price", "buckets": 2}},
        {"$project": {"x": {"$toUpper": {"$nosuch": 1}}}},
        {"$group": {"_id": {"$divide": ["$name", 0]}}},
    ],
)
async def test_a_stage_that_is_missing_is_refused(anybody: Client, stage: dict[str, Any]) -> None:
    await made(anybody, "Product", {"name": "Mug"})
    body = {"_method": "GET", "pipeline": [stage]}
    answer = await anybody.post("/aggregate/Product", json=body, headers=MASTER)
    assert answer.status_code == 400
    assert answer.json()["code"] in (Code.COMMAND_UNAVAILABLE, Code.INVALID_QUERY)


@pytest.mark.parametrize("pattern", ["[", "(?<x", "[[:alpha:]]", "(" * 5000])
async def test_a_pattern_that_cannot_be_read_is_a_bad_query(anybody: Client, pattern: str) -> None:
    await made(anybody, "Product", {"name": "Mug"})
    where = json.dumps({"name": {"$regex": pattern}})
    body = {"_method": "GET", "where": where}
    answer = await anybody.post("/classes/Product", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, Code.INVALID_QUERY)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"notes.size": {"__op": "Increment", "amount": 1}}, Code.INCORRECT_TYPE),
        ({"notes.size": {"__op": "Add", "objects": ["big"]}}, Code.INVALID_QUERY),
        ({"notes.size.inner": 1}, Code.INVALID_KEY_NAME),
        ({"notes.": 1}, Code.INVALID_KEY_NAME),
    ],
)
async def test_a_change_that_fails_changes_nothing(
    anybody: Client, change: dict[str, Any], code: Code
) -> None:
    product = await made(anybody, "Product", {"name": "Mug", "notes": {"size": "small"}})
    answer = await anybody.put(f"/classes/Product/{product}", json={"name": "Cup", **change})
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    (kept,) = await found(anybody, "Product")
    assert (kept["name"], kept["notes"]) == ("Mug", {"size": "small"})


def test_without_its_extra_the_start_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mongomock_motor", None)
    options = {"appId": APP_ID, "masterKey": MASTER_KEY, "databaseURI": "memory:"}
    with pytest.raises(ConfigError, match=r"pip install 'parsepy-server\[memory\]'"):
        build(Config.from_options(options))


def test_without_its_extra_the_command_ends_with_one_line(tmp_path: Path) -> None:
    script = (
        "import sys; sys.modules['mongomock_motor'] = None\n"
        "from parsepy.cli import main\n"
        "sys.exit(main(['user', 'grant', 'ada', 'admin', '--database-uri', 'memory:']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        'parsepy: databaseURI: "memory:" needs mongomock-motor: '
        "pip install 'parsepy-server[memory]'"
    ]


async def test_places_are_found_and_the_nearest_comes_first(anybody: Client) -> None:
    places = {"Ulm": (48.4, 10), "Bonn": (50.7, 7.1), "Suva": (-18.1, 178.4)}
    for name, (latitude, longitude) in places.items():
        at = {"__type": "GeoPoint", "latitude": latitude, "longitude": longitude}
        await anybody.post("/classes/Town", json={"name": name, "at": at})
    await anybody.post("/classes/Town", json={"name": "Atlantis"})
    here = {"__type": "GeoPoint", "latitude": 50, "longitude": 9}
    corner = {"__type": "GeoPoint", "latitude": 40, "longitude": 0}
    cases: list[tuple[Any, dict[str, Any], list[str]]] = [
        ({"$nearSphere": here}, {}, ["Bonn", "Ulm", "Suva"]),
        ({"$nearSphere": here}, {"skip": 1, "limit": 1}, ["Ulm"]),
        ({"$nearSphere": here}, {"order": "-name"}, ["Ulm", "Suva", "Bonn"]),
        ({"$nearSphere": here, "$maxDistance": 0.1}, {}, ["Bonn", "Ulm"]),
        ({"$geoWithin": {"$centerSphere": [here, 0.1]}}, {"order": "name"}, ["Bonn", "Ulm"]),
        ({"$within": {"$box": [corner, here]}}, {}, []),
    ]
    for test, options, expected in cases:
        params = {"where": json.dumps({"at": test}), **options}
        found = (await anybody.get("/classes/Town", params=params)).json()["results"]
        assert [town["name"] for town in found] == expected
    counted: dict[str, Any] = {
        "where": json.dumps({"at": {"$nearSphere": here}}),
        "count": 1,
        "limit": 0,
    }
    assert (await anybody.get("/classes/Town", params=counted)).json()["count"] == 3


async def test_areas_hold_points_and_texts_are_not_searched(anybody: Client) -> None:
    square = {"__type": "Polygon", "coordinates": [[0, 0], [0, 10], [10, 10], [10, 0]]}
    await anybody.post("/classes/Zone", json={"name": "square", "area": square})
    for longitude, expected in ((5, 1), (15, 0)):
        point = {"__type": "GeoPoint", "latitude": 5, "longitude": longitude}
        where = json.dumps({"area": {"$geoIntersects": {"$point": point}}})
        found = await anybody.get("/classes/Zone", params={"where": where})
        assert len(found.json()["results"]) == expected
    where = json.dumps({"name": {"$text": {"$search": {"$term": "square"}}}})
    refused = await anybody.get("/classes/Zone", params={"where": where})
    assert refused.json()["code"] == Code.COMMAND_UNAVAILABLE
