"""Cloud code of Live Query: beforeConnect, beforeSubscribe and afterEvent, in neutral form."""

from dataclasses import replace
from typing import Any

from websockets.asyncio.client import connect

from parsepy.app import Application
from parsepy.errors import ParseError
from parsepy.model.where import DIRECT, Constraint
from parsepy.triggers import CONNECT, Event, LiveEvent, SubscribeEvent, expect
from tests.conftest import APP_ID, Client
from tests.livequery.listener import Listener, listening
from tests.rest.shop import create, ok


async def test_a_before_connect_may_refuse(url: str, application: Application) -> None:
    async def refuse(event: Event) -> None:
        raise ParseError(142, f"closed: {event.kind}")

    application.backend.triggers.add("beforeConnect", CONNECT, refuse)
    async with connect(url, compression=None) as connection:
        listener = Listener(connection)
        answer = await listener.ask(op="connect", applicationId=APP_ID)
        after = await listener.ask(op="query", requestId=1)
    assert (answer["code"], answer["error"]) == (142, "closed: beforeConnect")
    assert after["code"] == 2


async def test_a_before_subscribe_narrows_the_query(
    url: str, application: Application, shop: Client
) -> None:
    async def narrow(event: Event) -> Any:
        query = expect(event, SubscribeEvent).query
        only = Constraint("status", ((DIRECT, "paid"),))
        return replace(query, where=(*query.where, only))

    application.backend.triggers.add("beforeSubscribe", "Order", narrow)
    async with listening(url) as listener:
        await listener.subscribe("Order")
        for status in ("pending", "paid"):
            await create(shop, "Order", status=status)
        (seen,) = await listener.nothing_but("create")
    assert seen["object"]["status"] == "paid"


async def test_an_after_event_changes_and_drops_for_one_listener_only(
    url: str, application: Application, shop: Client
) -> None:
    async def mark(event: Event) -> None:
        live = expect(event, LiveEvent)
        live.object["seen"] = live.subscription_id
        live.is_sent = live.object["status"] != "hidden"

    application.backend.triggers.add("afterEvent", "Order", mark)
    async with listening(url) as listener:
        await listener.subscribe("Order", request_id=1)
        await listener.subscribe("Order", request_id=2)
        for status in ("hidden", "shown"):
            await create(shop, "Order", status=status)
        first, second = await listener.nothing_but("create", "create")
    assert {first["object"]["seen"], second["object"]["seen"]} == {1, 2}


async def test_an_after_event_brings_in_no_protected_field(
    url: str, application: Application, shop: Client
) -> None:
    permissions = {"find": {"*": True}, "protectedFields": {"*": ["secret"]}}
    body = {"fields": {"secret": {"type": "String"}}, "classLevelPermissions": permissions}
    ok(await shop.post("/schemas/Order", json=body))

    async def leak(event: Event) -> None:
        expect(event, LiveEvent).object["secret"] = "leaked"

    application.backend.triggers.add("afterEvent", "Order", leak)
    async with listening(url) as listener:
        await listener.subscribe("Order")
        await create(shop, "Order", secret="s")
        (seen,) = await listener.nothing_but("create")
    assert "secret" not in seen["object"]
