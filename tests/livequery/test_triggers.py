"""Cloud code of Live Query: beforeConnect, beforeSubscribe and afterEvent, in neutral form."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from parsepy.app import Application
from parsepy.errors import ParseError
from parsepy.model.where import DIRECT, Constraint
from parsepy.triggers import CONNECT, Event, LiveEvent, SubscribeEvent, expect
from tests.conftest import APP_ID, MASTER_KEY, Client, MakeApp
from tests.livequery.listener import KEY_PAIRS, Listener, listening, serving
from tests.receiver import Receiver, replying
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


async def test_b7_cloud_code_is_told_what_happens_and_to_whom(
    app: MakeApp, tmp_path: Path, mongo_uri: str
) -> None:
    cloud = tmp_path / "main.py"
    cloud.write_text(CLOUD)
    application = await app(
        cloud=str(cloud), liveQuery={"classNames": ["Order"]}, liveQueryServerOptions=KEY_PAIRS
    )
    async with (
        serving(application) as url,
        Client(application, master=True) as shop,
        listening(url, sessionToken="r:one", masterKey=MASTER_KEY) as listener,
    ):
        await listener.subscribe("Order")
        await listener.subscribe("Order", request_id=2, session="r:two")
        await create(shop, "Order", status="x")
        frames = [(await listener.frame())["object"]["seen"] for _ in range(2)]
        told = ok(await shop.post("/functions/told", json={}))["result"]
    assert told == [
        ["connect", 1, 0, "r:one", True],
        ["subscribe", 1, 0, "r:one", True],
        ["subscribe", 1, 1, "r:two", True],
    ]
    assert sorted(frames) == [["create", 1, 2, "r:one", True], ["create", 1, 2, "r:two", True]]


CLOUD = """
from parsepy import Cloud

told = []

def what(request):
    return [request.event, request.clients, request.subscriptions, request.session_token,
            request.use_master_key]

@Cloud.before_connect
async def connect(request):
    told.append(what(request))

@Cloud.before_subscribe("Order")
async def subscribe(request):
    told.append(what(request))

@Cloud.after_live_query_event("Order")
async def event(request):
    request.object.set("seen", what(request))

@Cloud.function("told")
async def ask(request):
    return told
"""


@pytest.mark.parametrize("carrier", ["direct", "changeStreams"])
async def test_b7_webhooks_are_told_what_happens_and_no_token(app: MakeApp, carrier: str) -> None:
    live = {"classNames": ["Order"], "carrier": carrier}
    application = await app(liveQuery=live, liveQueryServerOptions=KEY_PAIRS)
    hooks = {"beforeConnect": "@Connect", "beforeSubscribe": "Order", "afterEvent": "Order"}
    async with Client(application, master=True) as shop, serving(application) as url:
        with Receiver() as receiver:
            for kind, class_name in hooks.items():
                body = {
                    "className": class_name,
                    "triggerName": kind,
                    "url": receiver.url + replying({}, name=kind),
                }
                ok(await shop.post("/hooks/triggers", json=body))
            async with listening(url, sessionToken="r:one") as listener:
                await listener.subscribe("Order")
                await create(shop, "Order")
                assert (await listener.frame())["op"] == "create"
            told: dict[str, Any] = {kind: receiver.sent_to(kind)[0] for kind in hooks}
    assert {kind: body["event"] for kind, body in told.items()} == {
        "beforeConnect": "connect",
        "beforeSubscribe": "subscribe",
        "afterEvent": "create",
    }
    for kind, body in told.items():
        follows = 1 if kind == "afterEvent" else 0
        shown = body["clients"], body["subscriptions"], body["useMasterKey"]
        assert shown == (1, follows, False)
        assert "r:one" not in str(body)
