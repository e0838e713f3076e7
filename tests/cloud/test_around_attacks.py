"""Hooks around a write in odd hands: `proceed` at once, late, after the end, with lost rights."""

from __future__ import annotations

import asyncio

import pytest

from tests.cloud.conftest import CloudShop, MakeShop
from tests.rest.shop import create, eventually, find, ok, refused, sign_up


async def test_proceeding_many_times_at_once_writes_once(shop: MakeShop) -> None:
    made = await shop("""
import asyncio

@Cloud.around_save("Order")
async def around(request, proceed):
    outcomes = await asyncio.gather(*(proceed() for _ in range(20)), return_exceptions=True)
    refusals = [outcome for outcome in outcomes if isinstance(outcome, RuntimeError)]
    return Cloud.answer({"refused": len(refusals)})
""")
    answer = ok(await made.client.post("/classes/Order", json={}), 201)
    assert answer == {"refused": 19}
    assert made.fired["aroundSave Order"] == 1
    assert len(await find(made.master, "Order")) == 1


@pytest.mark.parametrize("patience", [0, 30_000])
async def test_a_proceed_that_is_kept_can_not_write_after_its_hook(
    shop: MakeShop, patience: int
) -> None:
    made = await shop(
        """
import asyncio

kept, late = [], []

@Cloud.around_save("Order")
async def around(request, proceed):
    kept.append(proceed)
    return Cloud.answer({"stored": False})

@Cloud.around_delete("Order")
async def around_deletion(request, proceed):
    kept.append(proceed)
    return Cloud.answer({})

@Cloud.function("later")
async def later(request):
    for proceed in kept:
        try:
            await proceed()
        except RuntimeError as error:
            late.append(str(error))
    return late
""",
        cloudTimeout=patience,
    )
    assert ok(await made.client.post("/classes/Order", json={})) == {"stored": False}
    order = await create_raw(made)
    ok(await made.client.delete(f"/classes/Order/{order}"))
    told = ok(await made.client.post("/functions/later"))["result"]
    assert len(told) == 2
    assert all("is over" in text for text in told)
    assert [item["objectId"] for item in await find(made.master, "Order")] == [order]


async def create_raw(made: CloudShop) -> str:
    """An order that lies in the database already."""
    await made.backend.storage.connection.database["Order"].insert_one({"_id": "o1"})
    return "o1"


async def test_a_thread_that_goes_on_after_its_time_does_not_write(shop: MakeShop) -> None:
    made = await shop(
        """
import threading

go, ended = threading.Event(), []

@Cloud.around_save("Order")
def around(request, proceed):
    go.wait(10)
    try:
        Cloud.wait(proceed())
    except BaseException as error:
        ended.append(type(error).__name__)
        raise

@Cloud.function("go")
async def release(request): go.set()

@Cloud.function("ended")
async def show(request): return ended
""",
        cloudTimeout=200,
    )
    answer = await made.client.post("/classes/Order", json={})
    assert "did not end within" in refused(answer, 141)
    ok(await made.client.post("/functions/go"))

    async def has_ended() -> bool:
        return bool(ok(await made.client.post("/functions/ended"))["result"])

    await eventually(has_ended)
    assert ok(await made.client.post("/functions/ended"))["result"] == ["RuntimeError"]
    assert await find(made.master, "Order") == []


async def test_rights_that_are_lost_while_a_hook_waits_are_lost_for_its_write(
    shop: MakeShop,
) -> None:
    made = await shop("""
import asyncio

entered, go = asyncio.Event(), asyncio.Event()

@Cloud.around_save("Order")
async def around(request, proceed):
    if request.original and not request.master:
        entered.set()
        await go.wait()
    await proceed()

@Cloud.function("entered")
async def wait(request): await entered.wait()

@Cloud.function("go")
async def release(request): go.set()
""")
    ann = await sign_up(made.client)
    order = await create(made.master, "Order", n=1, ACL={ann.id: {"read": True, "write": True}})
    saving = asyncio.create_task(ann.client.put(f"/classes/Order/{order}", json={"n": 2}))
    ok(await made.client.post("/functions/entered"))
    body = {"ACL": {ann.id: {"read": True}}}
    ok(await made.master.put(f"/classes/Order/{order}", json=body))
    ok(await made.client.post("/functions/go"))
    refused(await saving, 101, 404)
    assert (await find(made.master, "Order"))[0]["n"] == 1


async def test_a_write_that_cloud_code_opens_is_not_made_to_what_can_no_longer_be_read(
    shop: MakeShop,
) -> None:
    """`may_write` decides on the object as it was: who may not read it any more is refused."""
    made = await shop("""
import asyncio

entered, go = asyncio.Event(), asyncio.Event()

@Cloud.may_write("Order")
async def may(request): return True

@Cloud.before_save("Order")
async def before(request):
    if not request.master:
        entered.set()
        await go.wait()

@Cloud.before_delete("Order")
async def before_deletion(request):
    if not request.master:
        entered.set()
        await go.wait()

@Cloud.function("entered")
async def wait(request): await entered.wait()

@Cloud.function("go")
async def release(request): go.set()

@Cloud.function("shut")
async def shut(request):
    entered.clear()
    go.clear()
""")
    order = await create(made.master, "Order", n=1, ACL={"*": {"read": True}})
    path = f"/classes/Order/{order}"
    for write in (made.client.put(path, json={"n": 2}), made.client.delete(path)):
        writing = asyncio.create_task(write)
        ok(await made.client.post("/functions/entered"))
        ok(await made.master.put(path, json={"ACL": {}}))
        ok(await made.client.post("/functions/go"))
        refused(await writing, 101, 404)
        assert [item["n"] for item in await find(made.master, "Order")] == [1]
        ok(await made.client.post("/functions/shut"))
        ok(await made.master.put(path, json={"ACL": {"*": {"read": True}}}))
    ok(await made.client.post("/functions/go"))
    ok(await made.client.put(path, json={"n": 3}))
