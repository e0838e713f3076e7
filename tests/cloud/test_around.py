"""``around_save`` and ``around_delete``: cloud code that stands around a whole write."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from parsepy import ParseError
from parsepy.pubsub import ObjectEvent
from parsepy.testing import App, CloudMistake, MakeApp
from tests.cloud.conftest import CloudShop, MakeShop
from tests.rest.shop import item_of_batch, ok, refused

Make = Callable[..., Awaitable[App]]

WATCHED = """
seen = []

@Cloud.before_save("Order")
async def before(request): seen.append("before")

@Cloud.after_save("Order")
async def after(request): seen.append("after")

@Cloud.function("seen")
async def show(request): return seen
"""


@pytest.fixture
def make(parse_app: MakeApp, cloud_file: Callable[[str], Path]) -> Make:
    """Start an application in memory with this cloud code."""

    async def start(code: str, **options: Any) -> App:
        return await parse_app(cloud=cloud_file(code), **options)

    return start


# --- what proceed does --------------------------------------------------------------------------


async def test_proceed_makes_the_whole_write_between_what_stands_around_it(make: Make) -> None:
    app = await make(
        WATCHED
        + """
@Cloud.around_save("Order")
async def around(request, proceed):
    seen.append("in")
    order = await proceed()
    seen.append(f"out {order.id is not None}")
"""
    )
    await app.anonymous.create("Order", {"total": 1})
    assert await app.anonymous.call("seen") == ["in", "before", "after", "out True"]
    assert app.fired == {
        "aroundSave Order": 1,
        "beforeSave Order": 1,
        "afterSave Order": 1,
        "function seen": 1,
    }


async def test_the_client_is_answered_what_the_write_answers(shop: MakeShop) -> None:
    made = await shop("""
@Cloud.around_save("Order")
async def around(request, proceed):
    request.object.set("status", "new")
    await proceed()
""")
    answer = await made.client.post("/classes/Order", json={"total": 5})
    order = ok(answer, 201)
    assert answer.headers["location"].endswith(f"/classes/Order/{order['objectId']}")
    assert (set(order), order["status"]) == ({"objectId", "createdAt", "status"}, "new")
    url = f"/classes/Order/{order['objectId']}"
    increment = {"total": {"__op": "Increment", "amount": 2}}
    changed = ok(await made.client.put(url, json=increment))
    assert (set(changed), changed["total"]) == ({"updatedAt", "status", "total"}, 7)


async def test_what_after_save_answers_reaches_the_client(make: Make) -> None:
    app = await make("""
@Cloud.around_save("Order")
async def around(request, proceed): return await proceed()

@Cloud.after_save("Order")
async def after(request): return {"thanks": request.object.get("total")}
""")
    assert await app.anonymous.create("Order", {"total": 5}) == {"thanks": 5}


async def test_the_hook_is_told_what_a_before_save_is_told(make: Make) -> None:
    app = await make("""
seen = []

@Cloud.around_save("Order")
async def around(request, proceed):
    before = None if request.original is None else request.original.get("total")
    seen.append([before, request.object.get("total"), request.object.op("total"),
                 request.user and request.user.username, request.master,
                 request.headers["x-parse-application-id"], request.context, request.trigger_name])
    await proceed()

@Cloud.function("seen")
async def show(request): return seen
""")
    ann = await app.user("ann")
    order = await ann.create("Order", {"total": 1}, context={"a": 1})
    change = {"total": {"__op": "Increment", "amount": 2}}
    await app.master.update("Order", order["objectId"], change)
    assert await ann.call("seen") == [
        [None, 1, 1, "ann", False, "test", {"a": 1}, "aroundSave"],
        [1, 3, change["total"], None, True, "test", {}, "aroundSave"],
    ]


async def test_proceed_returns_the_object_as_it_was_stored(make: Make) -> None:
    app = await make("""
@Cloud.before_save("Order")
async def price(request): request.object.set("total", 7)

@Cloud.around_save("Order")
async def around(request, proceed):
    order = await proceed()
    await Object("Note", order=order, total=order.get("total")).save(use_master_key=True)
""")
    order = await app.anonymous.create("Order", {"name": "mug"})
    (note,) = await app.master.find("Note")
    assert (note["order"]["objectId"], note["total"]) == (order["objectId"], 7)


async def test_a_plain_def_hook_waits_for_the_write(make: Make) -> None:
    app = await make("""
@Cloud.around_save("Order")
def around(request, proceed):
    request.object.set("seen", True)
    Cloud.wait(proceed())
""")
    order = await app.anonymous.create("Order")
    assert (await app.master.get("Order", order["objectId"]))["seen"] is True


async def test_cloud_codes_own_saves_and_those_of_batches_go_through_it(shop: MakeShop) -> None:
    made = await shop(
        WATCHED
        + """
@Cloud.around_save("Order")
async def around(request, proceed): await proceed()

@Cloud.function("order")
async def order(request): return (await Object("Order").save()).id
"""
    )
    ok(await made.client.post("/functions/order", json={}))
    requests = [item_of_batch("POST", "/classes/Order", {"total": n}) for n in (1, 2)]
    ok(await made.master.post("/batch", json={"requests": requests}))
    requests.append(item_of_batch("GET", "/classes/Order/nosuch"))
    refused(await made.master.post("/batch", json={"requests": requests, "transaction": True}), 101)
    assert made.fired["aroundSave Order"] == made.fired["afterSave Order"] == 5
    found = ok(await made.master.get("/classes/Order", params={"count": 1, "limit": 0}))
    assert found["count"] == 3  # what the failed transaction had made is gone


@pytest.mark.parametrize(
    ("path", "body", "change"),
    [
        ("users", {"username": "ann", "password": "secret"}, {"nick": "a"}),
        ("installations", {"deviceType": "ios", "deviceToken": "t"}, {"badge": 1}),
    ],
)
async def test_users_and_installations_have_it_too(
    shop: MakeShop, path: str, body: dict[str, Any], change: dict[str, Any]
) -> None:
    made = await shop("""
for name in ("_User", "_Installation"):
    @Cloud.around_save(name)
    async def around(request, proceed):
        request.object.set("rounds", (request.object.get("rounds") or 0) + 1)
        await proceed()
""")
    item = ok(await made.client.post(f"/{path}", json=body), 201)
    assert ("sessionToken" in item) is (path == "users")
    url = f"/{path}/{item['objectId']}"
    ok(await made.master.put(url, json=change))
    assert ok(await made.master.get(url))["rounds"] == 2
    if path == "users":
        ok(await made.client.post("/login", json=body))


# --- not proceeding, and proceeding wrongly -----------------------------------------------------


async def test_a_hook_may_answer_in_place_of_the_write(shop: MakeShop) -> None:
    made = await shop(
        WATCHED
        + """
@Cloud.around_save("Order")
async def around(request, proceed): return Cloud.answer({"kept": "elsewhere"}, status=202)
"""
    )
    answer = await made.client.post("/classes/Order", json={"total": 5})
    assert ok(answer, 202) == {"kept": "elsewhere"}
    assert made.fired == {"aroundSave Order": 1}
    assert ok(await made.master.get("/classes/Order"))["results"] == []


async def test_a_hook_may_refuse_and_hears_of_refusals_inside(make: Make) -> None:
    app = await make("""
seen = []

@Cloud.before_save("Order")
async def check(request):
    if request.object.get("total") > 10: raise ParseError(142, "too much")

@Cloud.around_save("Order")
async def around(request, proceed):
    if request.object.get("total") < 0: raise ParseError(142, "too little")
    try:
        await proceed()
    except ParseError as error:
        seen.append(error.message)
        raise

@Cloud.function("seen")
async def show(request): return seen
""")
    for total, message in ((-1, "too little"), (11, "too much")):
        with pytest.raises(ParseError, match=message):
            await app.anonymous.create("Order", {"total": total})
    assert await app.anonymous.call("seen") == ["too much"]
    assert await app.master.count("Order") == 0


async def test_proceeding_twice_is_refused_and_writes_once(make: Make) -> None:
    app = await make("""
@Cloud.around_save("Order")
async def around(request, proceed):
    await proceed()
    await proceed()
""")
    with pytest.raises(ParseError, match="called already"):
        await app.anonymous.create("Order")
    assert await app.master.count("Order") == 1


@pytest.mark.parametrize("body", ["pass", "return 5"])
async def test_a_hook_that_neither_proceeds_nor_answers_is_an_error(make: Make, body: str) -> None:
    app = await make(f"""
@Cloud.around_save("Order")
async def around(request, proceed): {body}
""")
    with pytest.raises(ParseError, match="proceed") as refusal:
        await app.anonymous.create("Order")
    assert refusal.value.code == 141
    assert await app.master.count("Order") == 0


async def test_a_hook_that_does_not_await_proceed_is_told(make: Make) -> None:
    app = await make("""
@Cloud.around_save("Order")
async def around(request, proceed): proceed()
""")
    with pytest.raises(CloudMistake, match=r"aroundSave of Order: proceed\(\) was never awaited"):
        await app.anonymous.create("Order")
    assert await app.master.count("Order") == 0


async def test_nobody_without_the_right_to_write_gets_as_far_as_the_hook(shop: MakeShop) -> None:
    made = await shop("""
for decorator in (Cloud.around_save, Cloud.around_delete):
    @decorator("Order")
    async def around(request, proceed): await proceed()
""")
    closed = {"classLevelPermissions": {"get": {"*": True}}}
    ok(await made.master.post("/schemas/Order", json=closed))
    refused(await made.client.post("/classes/Order", json={}), 119)
    body = {"ACL": {"*": {"read": True}}}
    url = (
        f"/classes/Order/{ok(await made.master.post('/classes/Order', json=body), 201)['objectId']}"
    )
    made.fired.clear()
    refused(await made.client.put(url, json={"total": 1}), 119)
    refused(await made.client.delete(url), 119)
    assert made.fired == {}


async def test_a_validator_is_asked_first_and_the_master_key_may_pass_it_by(make: Make) -> None:
    app = await make("""
@Cloud.around_save("Order", require_user=True, skip_with_master_key=True)
async def around(request, proceed):
    request.object.set("by", request.user.username)
    await proceed()
""")
    with pytest.raises(ParseError, match="Please login"):
        await app.anonymous.create("Order")
    ann = await app.user("ann")
    await ann.create("Order")
    await app.master.create("Order")
    assert [order.get("by") for order in await app.master.find("Order")] == ["ann", None]


async def test_a_function_that_takes_no_proceed_stops_the_start(make: Make) -> None:
    from parsepy.cloud.loader import CloudError

    with pytest.raises(CloudError, match="two arguments, the request and proceed"):
        await make("@Cloud.around_save('Order')\nasync def around(request): pass\n")


# --- conditions, locks, transactions ------------------------------------------------------------


async def test_a_condition_makes_the_write_a_conditional_one(make: Make) -> None:
    app = await make("""
@Cloud.around_save("SKU")
async def take(request, proceed):
    change = request.object.op("stock")
    if request.original is not None:
        await proceed(where={"stock": {"$gte": -change["amount"]}})
    else:
        await proceed()

@Cloud.around_save("Box")
async def never(request, proceed): await proceed(where={"open": True})
""")
    sku = await app.master.create("SKU", {"stock": 2})
    take = {"stock": {"__op": "Increment", "amount": -2}}
    assert (await app.master.update("SKU", sku["objectId"], take))["stock"] == 0
    with pytest.raises(ParseError, match="condition") as refusal:
        await app.master.update("SKU", sku["objectId"], take)
    assert refusal.value.code == 142
    assert (await app.master.get("SKU", sku["objectId"]))["stock"] == 0
    with pytest.raises(ParseError, match="stored already"):
        await app.master.create("Box")


async def test_a_lock_around_the_write_lets_one_check_and_write_at_a_time(shop: MakeShop) -> None:
    made = await shop("""
@Cloud.around_save("Room")
async def one_name(request, proceed):
    async with Cloud.lock("rooms"):
        if await Query("Room").equal_to("name", request.object.get("name")).count():
            raise ParseError(137, "there is one")
        await proceed()
""")
    answers = await asyncio.gather(
        *(made.client.post("/classes/Room", json={"name": "red"}) for _ in range(5))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 400, 400, 400, 400]


TRANSACTION = """
@Cloud.around_save("Order")
async def around(request, proceed):
    @Cloud.transaction()
    async def take_and_store():
        sku = Query("SKU")
        await (await sku.first()).decrement("stock").save(where={"stock": {"$gte": 1}})
        await proceed()
        if request.object.get("fails"):
            raise ParseError(142, "after all, no")
    await take_and_store()
"""


@pytest.mark.parametrize("fails", [False, True])
async def test_a_transaction_around_the_write_is_all_or_nothing(
    shop: MakeShop, fails: bool
) -> None:
    made = await shop(TRANSACTION)
    ok(await made.master.post("/classes/SKU", json={"stock": 1}), 201)
    answer = await made.client.post("/classes/Order", json={"fails": fails})
    assert answer.status_code == (400 if fails else 201)
    (sku,) = ok(await made.master.get("/classes/SKU"))["results"]
    orders = ok(await made.master.get("/classes/Order"))["results"]
    assert (sku["stock"], len(orders)) == ((1, 0) if fails else (0, 1))


async def test_a_transaction_that_met_another_proceeds_again(shop: MakeShop) -> None:
    made = await shop(TRANSACTION)
    ok(await made.master.post("/classes/SKU", json={"stock": 4}), 201)
    ok(await made.master.post("/classes/Order", json={"fails": False}), 201)
    answers = await asyncio.gather(
        *(made.client.post("/classes/Order", json={"fails": False}) for _ in range(6))
    )
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [400] * 3
    assert {a.json()["objectId"] for a in answers if a.status_code == 201} <= {
        order["objectId"] for order in ok(await made.master.get("/classes/Order"))["results"]
    }


async def test_a_write_that_was_undone_is_not_answered_as_one_that_was_made(shop: MakeShop) -> None:
    made = await shop("""
@Cloud.around_save("Order")
async def around(request, proceed):
    try:
        async with Cloud.transaction():
            await proceed()
            raise ValueError("undo it")
    except ValueError:
        pass
""")
    message = refused(await made.client.post("/classes/Order", json={}), 141)
    assert "neither awaited proceed()" in message
    assert ok(await made.master.get("/classes/Order"))["results"] == []


async def test_an_object_bears_the_moment_of_its_write_not_of_its_request(make: Make) -> None:
    app = await make("""
import asyncio
from datetime import UTC, datetime

@Cloud.around_save("Order")
async def around(request, proceed):
    await asyncio.sleep(0.01)  # as if for a lock
    request.object.set("began", datetime.now(UTC))
    await proceed()
""")
    order = await app.anonymous.create("Order")
    stored = await app.master.get("Order", order["objectId"])
    assert stored["began"]["iso"] <= stored["createdAt"] == stored["updatedAt"]


async def test_proceeding_with_the_master_key_may_add_columns(
    shop: MakeShop,
) -> None:
    made = await shop("""
@Cloud.around_save("Order")
async def around(request, proceed):
    request.object.set("margin", 3)
    await proceed(use_master_key=request.object.get("trusted", False))
""")
    permissions = {"create": {"*": True}, "get": {"*": True}, "addField": {}}
    fields = {"trusted": {"type": "Boolean"}}
    body = {"fields": fields, "classLevelPermissions": permissions}
    ok(await made.master.post("/schemas/Order", json=body))
    refused(await made.client.post("/classes/Order", json={"trusted": False}), 119)
    order = ok(await made.client.post("/classes/Order", json={"trusted": True}), 201)
    assert ok(await made.master.get(f"/classes/Order/{order['objectId']}"))["margin"] == 3


class Heard:
    """A listener to orders."""

    def __init__(self) -> None:
        self.operations: list[str] = []

    def wants(self, class_name: str) -> bool:
        return class_name == "Order"

    def publish(self, event: ObjectEvent) -> None:
        self.operations.append(event.operation)

    def forget(self, user_id: str | None) -> None:
        """Nothing is cached."""


@asynccontextmanager
async def hearing(shop: CloudShop) -> AsyncIterator[Heard]:
    heard = Heard()
    shop.backend.events.add(heard)
    try:
        yield heard
    finally:
        shop.backend.events.remove(heard)


async def test_events_are_published_when_the_transaction_around_is_over(shop: MakeShop) -> None:
    made = await shop(TRANSACTION)
    ok(await made.master.post("/classes/SKU", json={"stock": 5}), 201)
    async with hearing(made) as heard:
        refused(await made.client.post("/classes/Order", json={"fails": True}), 142)
        assert heard.operations == []
        ok(await made.client.post("/classes/Order", json={"fails": False}), 201)
        assert heard.operations == ["create"]


# --- limits -------------------------------------------------------------------------------------


async def test_the_time_of_the_write_inside_does_not_count(make: Make) -> None:
    code = """
import asyncio

@Cloud.before_save("Order")
async def slowly(request): await asyncio.sleep(0.2)

@Cloud.after_save("Order")
async def slowly_too(request): await asyncio.sleep(0.2)

@Cloud.around_save("Order")
async def around(request, proceed):
    await proceed()
    if request.object.get("hangs"): await asyncio.Event().wait()
"""
    app = await make(code, cloudTimeout=300)
    await app.anonymous.create("Order")
    with pytest.raises(ParseError, match="aroundSave of Order did not end within"):
        await app.anonymous.create("Order", {"hangs": True})


async def test_a_hook_that_saves_its_own_class_is_cut_off(make: Make) -> None:
    app = await make("""
@Cloud.around_save("Order")
async def around(request, proceed):
    await Object("Order").save()
    await proceed()
""")
    with pytest.raises(ParseError, match="leads to itself"):
        await app.anonymous.create("Order")
    assert await app.master.count("Order") == 0


async def test_an_error_of_after_save_inside_reaches_nobody(make: Make) -> None:
    app = await make("""
@Cloud.after_save("Order")
async def fail(request): raise ValueError("no")

@Cloud.around_save("Order")
async def around(request, proceed): await proceed()
""")
    assert "objectId" in await app.anonymous.create("Order")


# --- deletions ----------------------------------------------------------------------------------

DELETES = """
seen = []

@Cloud.before_delete("Order")
async def before(request): seen.append("before")

@Cloud.after_delete("Order")
async def after(request): seen.append("after")

@Cloud.around_delete("Order")
async def around(request, proceed):
    match request.object.get("status"):
        case "kept": return Cloud.answer({"kept": True})
        case "refused": raise ParseError(142, "it stays")
        case "twice": await proceed()
        case "shipped": return await proceed(where={"status": "pending"})
    seen.append("in")
    await proceed()
    seen.append("out")

@Cloud.function("seen")
async def show(request): return seen
"""


async def test_a_deletion_is_made_between_what_stands_around_it(make: Make) -> None:
    app = await make(DELETES)
    order = await app.master.create("Order", {"status": "pending"})
    await app.anonymous.delete("Order", order["objectId"])
    assert await app.anonymous.call("seen") == ["in", "before", "after", "out"]
    assert await app.master.count("Order") == 0


@pytest.mark.parametrize(
    ("status", "message", "left"),
    [
        ("refused", "it stays", 1),
        ("shipped", "condition", 1),
        ("twice", "called already", 0),
    ],
)
async def test_a_deletion_may_be_refused_made_conditional_and_made_once(
    make: Make, status: str, message: str, left: int
) -> None:
    app = await make(DELETES)
    order = await app.master.create("Order", {"status": status})
    with pytest.raises(ParseError, match=message):
        await app.anonymous.delete("Order", order["objectId"])
    assert await app.master.count("Order") == left


async def test_a_deletion_may_be_answered_in_its_place(shop: MakeShop) -> None:
    made = await shop(DELETES)
    order = ok(await made.master.post("/classes/Order", json={"status": "kept"}), 201)
    url = f"/classes/Order/{order['objectId']}"
    assert ok(await made.client.delete(url)) == {"kept": True}
    assert ok(await made.master.get(url))["status"] == "kept"


# --- after a wait -------------------------------------------------------------------------------

IN_TURN = """
import asyncio

@Cloud.around_save("Cart")
async def in_turn(request, proceed):
    if request.original is not None:
        LATE.set()
        await GO.wait()
        await request.refresh()
        request.object.set("count", len(request.object.get("items")))
        request.object.set("was", len(request.original.get("items")))
        request.object.set("items", request.object.get("items"))
    await proceed()

@Cloud.around_delete("Cart")
async def delete(request, proceed):
    await GO.wait()
    await request.refresh()
    if request.object.get("items"):
        raise ParseError(142, "it is not empty")
    await proceed()

@Cloud.before_save("Box")
async def no_refresh(request): await request.refresh()

@Cloud.before_delete("Box")
async def neither(request): await request.refresh()

@Cloud.function("late")
async def late(request): await LATE.wait()

@Cloud.function("go")
async def go(request):
    GO.set()

LATE, GO = asyncio.Event(), asyncio.Event()
"""


async def test_a_hook_that_has_waited_begins_anew_with_what_is_stored_now(
    shop: MakeShop,
) -> None:
    made = await shop(IN_TURN)
    cart = ok(await made.client.post("/classes/Cart", json={"items": ["mug"]}), 201)["objectId"]
    add = {"items": {"__op": "Add", "objects": ["cup"]}}
    saving = asyncio.create_task(made.client.put(f"/classes/Cart/{cart}", json=add))
    ok(await made.client.post("/functions/late", json={}))
    storage = made.client.application.backend.storage
    rows = storage.connection.collection("Cart")
    await rows.update_one({"_id": cart}, {"$set": {"items": ["mug", "pan"]}})
    ok(await made.client.post("/functions/go", json={}))
    ok(await saving)
    stored = ok(await made.client.get(f"/classes/Cart/{cart}"))
    assert stored["items"] == ["mug", "pan", "cup"]
    assert (stored["was"], stored["count"]) == (2, 3)


async def test_a_hook_that_has_waited_is_told_that_the_object_is_gone(shop: MakeShop) -> None:
    made = await shop(IN_TURN)
    cart = ok(await made.client.post("/classes/Cart", json={"items": []}), 201)["objectId"]
    saving = asyncio.create_task(made.client.put(f"/classes/Cart/{cart}", json={"a": 1}))
    ok(await made.client.post("/functions/late", json={}))
    await made.client.application.backend.storage.connection.collection("Cart").delete_one(
        {"_id": cart}
    )
    ok(await made.client.post("/functions/go", json={}))
    refused(await saving, 101, 404)


async def test_a_deletion_that_has_waited_begins_anew_as_well(shop: MakeShop) -> None:
    made = await shop(IN_TURN)
    cart = ok(await made.client.post("/classes/Cart", json={"items": []}), 201)["objectId"]
    going = asyncio.create_task(made.client.delete(f"/classes/Cart/{cart}"))
    rows = made.client.application.backend.storage.connection.collection("Cart")
    await rows.update_one({"_id": cart}, {"$set": {"items": ["mug"]}})
    ok(await made.client.post("/functions/go", json={}))
    refused(await going, 142)
    await rows.update_one({"_id": cart}, {"$set": {"items": []}})
    ok(await made.client.delete(f"/classes/Cart/{cart}"))


async def test_only_hooks_around_a_write_can_begin_anew(shop: MakeShop) -> None:
    made = await shop(IN_TURN)
    assert "only around_save" in refused(await made.client.post("/classes/Box", json={}), 141)


# --- locks and transactions ---------------------------------------------------------------------

IN_ONE = """
@Cloud.around_save("Order")
async def one_at_a_time(request, proceed):
    async with Cloud.lock("orders"):
        await proceed()

@Cloud.function("again")
async def again(request):
    @Cloud.transaction()
    async def place():
        return (await Object("Order").save()).id
    return await place()

@Cloud.function("once")
async def once(request):
    async with Cloud.transaction():
        await Object("Order").save()

@Cloud.function("count")
async def count(request):
    async with Cloud.transaction():
        await Object("Box").save()
        with Cloud.outside_transaction():
            await Object("Try").save()
        raise ParseError(142, "wrong")
"""


async def test_a_function_of_a_transaction_runs_again_with_the_lock_that_it_wants(
    shop: MakeShop,
) -> None:
    made = await shop(IN_ONE)
    order = ok(await made.client.post("/functions/again", json={}))["result"]
    (stored,) = ok(await made.master.get("/classes/Order"))["results"]
    assert stored["objectId"] == order


async def test_a_block_of_a_transaction_can_not_wait_for_a_lock(shop: MakeShop) -> None:
    made = await shop(IN_ONE)
    message = refused(await made.client.post("/functions/once", json={}), 141)
    assert "Cloud.lock must be taken before the transaction begins" in message
    assert ok(await made.master.get("/classes/Order"))["results"] == []


async def test_what_is_written_outside_of_a_transaction_stays(shop: MakeShop) -> None:
    made = await shop(IN_ONE)
    refused(await made.client.post("/functions/count", json={}), 142)
    assert ok(await made.master.get("/classes/Box"))["results"] == []
    assert len(ok(await made.master.get("/classes/Try"))["results"]) == 1


async def test_each_item_of_a_batch_is_told_a_request_id_of_its_own(shop: MakeShop) -> None:
    made = await shop("""
@Cloud.before_save("Order")
async def note(request): request.object.set("by", request.headers.get("x-parse-request-id"))
""")
    item = {"method": "POST", "path": "/parse/classes/Order", "body": {}}
    headers = {"X-Parse-Request-Id": "abc"}
    ok(await made.client.post("/batch", json={"requests": [item, item]}, headers=headers))
    ok(await made.client.post("/batch", json={"requests": [item]}))
    told = [row.get("by") for row in ok(await made.master.get("/classes/Order"))["results"]]
    assert set(told) == {"abc.0", "abc.1", None}
