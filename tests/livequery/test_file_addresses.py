"""The addresses of files in events: the server's own, whatever a writing client says."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from parsepy.app import Application
from tests.conftest import APP_ID, MOUNT, Client, MakeApp
from tests.livequery.listener import listening, serving
from tests.rest.shop import create, ok

EVIL = {"Host": "evil.example"}
FILE = {"__type": "File", "name": "receipt.pdf"}
OURS = {**FILE, "url": f"{MOUNT}/files/{APP_ID}/receipt.pdf"}
THEIRS = {**FILE, "url": "https://evil.example/receipt.pdf"}


async def test_l4_the_host_that_a_writer_names_reaches_no_listener(url: str, shop: Client) -> None:
    order = await create(shop, "Order", receipt=FILE)
    async with listening(url) as listener:
        await listener.subscribe("Order")
        ok(await shop.put(f"/classes/Order/{order}", json={"total": 5}, headers=EVIL))
        updated = await listener.frame()
        ok(await shop.delete(f"/classes/Order/{order}", headers=EVIL))
        deleted = await listener.frame()
        ok(await shop.post("/classes/Order", json={"receipt": FILE}, headers=EVIL), 201)
        created = await listener.frame()
    shown = [updated["object"], updated["original"], deleted["object"], created["object"]]
    assert [item["receipt"] for item in shown] == [OURS] * 4


async def test_the_address_of_a_file_that_a_writer_sends_along_reaches_no_listener(
    url: str, shop: Client
) -> None:
    async with listening(url) as listener:
        await listener.subscribe("Order")
        order = await create(shop, "Order", receipt=THEIRS)
        created = await listener.frame()
        ok(await shop.put(f"/classes/Order/{order}", json={"receipt": THEIRS}))
        updated = await listener.frame()
    assert [frame["object"]["receipt"] for frame in (created, updated)] == [OURS] * 2


@pytest.fixture(params=["direct", "changeStreams"])
async def public(
    app: MakeApp, request: pytest.FixtureRequest
) -> AsyncIterator[tuple[Application, str]]:
    """A server with a public address, by either transport, and where it listens."""
    live = {"classNames": ["Order"], "carrier": request.param}
    application = await app(liveQuery=live, publicServerURL="https://shop.example/parse")
    async with serving(application) as address:
        yield application, address


async def test_events_have_the_public_address(public: Any) -> None:
    application, address = public
    async with listening(address) as listener, Client(application, master=True) as shop:
        await listener.subscribe("Order")
        await create(shop, "Order", receipt=THEIRS)
        created = await listener.frame()
    expected = f"https://shop.example/parse/files/{APP_ID}/receipt.pdf"
    assert created["object"]["receipt"]["url"] == expected
