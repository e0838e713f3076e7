"""The application that the tests of a module share keeps nothing of a test."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cloud.conftest import MakeShop
from tests.cloud.standing import Standing
from tests.conftest import Client
from tests.rest.shop import create, find, ok, sign_up

CODE = """
@Cloud.before_save("Order")
def check(request): pass

@Cloud.job("count", schedule="0 3 * * *")
async def count(request): pass

@Cloud.function("total")
def total(request): return 5
"""


async def state(standing: Standing) -> dict[str, Any]:
    """What the application and its database hold."""
    backend = standing.application.backend
    master = Client(standing.application, master=True)
    return {
        "rows": standing.rows(),
        "classes": ok(await master.get("/schemas")),
        "triggers": backend.triggers.registered(),
        "functions": list(backend.triggers.functions),
        "webhooks": ok(await master.get("/hooks/functions")),
        "jobs": list(backend.triggers.jobs),
        "observers": list(backend.triggers.observers),
        "cached": [len(backend.principals), len(backend.roles), len(backend.settings)],
        "log": ok(await master.get("/scriptlog")),
        "config": ok(await master.get("/config")),
    }


async def test_all_that_a_test_leaves_is_taken_out(standing: Standing, shop: MakeShop) -> None:
    before = await state(standing)
    it = await shop(CODE)
    await create(it.client, "Order", total=1)
    ann = await sign_up(it.client, username="ann", password="secret")
    assert ok(await ann.client.post("/functions/total", json={})) == {"result": 5}
    ok(await it.master.put("/config", json={"params": {"open": True}}))
    hook = {"functionName": "far", "url": "http://shop.test/far"}
    ok(await it.master.post("/hooks/functions", json=hook))
    index = {"indexes": {"by_total": {"total": 1}}, "fields": {"total": {"type": "Number"}}}
    ok(await it.master.put("/schemas/_User", json=index))
    left = await state(standing)
    assert all(left[name] != found for name, found in before.items()), left
    await standing.forget()
    assert await state(standing) == before


@pytest.mark.parametrize("total", [1, 2])
async def test_each_test_has_data_of_its_own(shop: MakeShop, total: int) -> None:
    it = await shop(CODE)
    await create(it.client, "Order", total=total)
    assert [order["total"] for order in await find(it.client, "Order")] == [total]
    await sign_up(it.client, username="ann", password="secret")
