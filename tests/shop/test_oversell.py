"""200 buyers, 50 units, two server processes: exactly 50 are sold, never one too many."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from pymongo import MongoClient
from pymongo.collection import Collection

from tests.conftest import database_in
from tests.rest.shop import ok, pointer
from tests.sdk.test_js_sdk import APP_ID, MASTER_KEY, parsepy_serving
from tests.shop.conftest import ROOT, line

BUYERS, UNITS = 200, 50
TEMPLATES = [ROOT / "schema" / "ecommerce.json", ROOT / "schema" / "shopping.json"]


def http(url: str, **headers: str) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=50)
    base = {"X-Parse-Application-Id": APP_ID, **headers}
    # by plain HTTP: reading certificates for each of 200 clients takes longer than the sale
    return httpx.AsyncClient(base_url=url, headers=base, timeout=60, limits=limits, verify=False)


async def place(client: httpx.AsyncClient, token: str, sku: str) -> dict[str, Any]:
    headers = {"X-Parse-Session-Token": token}
    body = {"products": [line(sku)]}
    answer: dict[str, Any] = (
        await client.post("/classes/Order", json=body, headers=headers)
    ).json()
    return answer


async def sell_out(urls: list[str]) -> None:
    async with http(urls[0], **{"X-Parse-Master-Key": MASTER_KEY}) as master:
        mug = ok(await master.post("/classes/Product", json={"name": "Mug", "price": 9.9}), 201)
        product = pointer("Product", mug["objectId"])
        fields = {"product": product, "variation": "blue", "stock": UNITS}
        sku = ok(await master.post("/classes/SKU", json=fields), 201)["objectId"]
        clients = [http(url) for url in urls]
        tokens = [
            ok(answer, 201)["sessionToken"]
            for answer in await asyncio.gather(
                *(
                    clients[n % len(clients)].post(
                        "/users",
                        json={"username": f"b{n}", "password": "p", "email": f"b{n}@example.com"},
                    )
                    for n in range(BUYERS)
                )
            )
        ]
        answers = await asyncio.gather(
            *(place(clients[n % len(clients)], token, sku) for n, token in enumerate(tokens))
        )
        for client in clients:
            await client.aclose()
        unexpected = [a for a in answers if a.get("code", 0) not in (0, 142)]
        assert unexpected == []
        assert Counter(a.get("code", 0) for a in answers) == {0: UNITS, 142: BUYERS - UNITS}
        assert {a["total"] for a in answers if "total" in a} == {9.9}
        assert ok(await master.get(f"/classes/SKU/{sku}"))["stock"] == 0
        count = await master.get("/classes/Order", params={"count": 1, "limit": 0})
        assert ok(count)["count"] == UNITS


@contextmanager
def watched(skus: Collection[dict[str, Any]]) -> Iterator[list[int]]:
    """The stock after each of its changes while the block runs, as MongoDB committed them."""
    seen: list[int] = []
    last = "the last one"
    with skus.watch() as changes:
        yield seen
        skus.insert_one({"_id": last})
        for change in changes:
            if change["documentKey"]["_id"] == last:
                return
            document = change.get("fullDocument") or change["updateDescription"]["updatedFields"]
            if "stock" in document:
                seen.append(document["stock"])


@pytest.mark.slow
@pytest.mark.parametrize("processes", [1, pytest.param(2, marks=pytest.mark.slow)])
async def test_200_buyers_get_exactly_50_units(
    processes: int, mongo_uri: str, mongo: MongoClient[dict[str, Any]], tmp_path: Path
) -> None:
    name = f"test_sell_{uuid4().hex[:12]}"
    uri = database_in(mongo_uri, name)
    folders = [tmp_path / str(n) for n in range(processes)]
    for folder in folders:
        folder.mkdir()
    cloud = ROOT / "cloud" / "main.py"
    try:
        with ExitStack() as servers:
            urls = [
                servers.enter_context(parsepy_serving(uri, TEMPLATES, folder, cloud)).url
                for folder in folders
            ]
            with watched(mongo[name]["SKU"]) as stocks:
                await sell_out(urls)
    finally:
        mongo.drop_database(name)
    assert min(stocks) == 0  # at no moment was more sold than was there
    changes = Counter(after - before for before, after in pairwise(stocks))
    assert (stocks[0], changes) == (UNITS, {-1: UNITS})
