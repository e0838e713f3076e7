"""B6: who saves has the answer before the event, and a slow or broken answer loses none."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from parsepy import pubsub
from parsepy.app import Application
from parsepy.backend import context_of
from parsepy.cloud import current
from parsepy.http.asgi import ASGIScope, Receive, Send
from parsepy.livequery.delivery import Delivery
from parsepy.operations import objects
from parsepy.triggers import Event
from tests.conftest import Client, MakeApp
from tests.livequery.listener import listening, serving
from tests.rest.shop import create, item_of_batch, ok


@pytest.fixture(params=["direct", "changeStreams"])
async def application(request: pytest.FixtureRequest, app: MakeApp) -> Application:
    """The shop's server, which is brought events in either way."""
    return await app(liveQuery={"classNames": ["Order"], "carrier": request.param})


@pytest.fixture
async def url(application: Application) -> AsyncIterator[str]:
    """Where it listens for websockets."""
    async with serving(application) as address:
        yield address


@pytest.fixture
def order_of_things(application: Application, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the server hands over, as it does: `answer`, or `event`."""
    things: list[str] = []
    answer, send_event = Application.__call__, Delivery._send

    async def call(self: Application, scope: ASGIScope, receive: Receive, send: Send) -> None:
        async def noting(message: Any) -> None:
            await send(message)
            if message["type"] == "http.response.body":
                things.append("answer")

        await answer(self, scope, receive, noting)

    def deliver(self: Delivery, *arguments: Any) -> None:
        things.append("event")
        send_event(self, *arguments)

    monkeypatch.setattr(Application, "__call__", call)
    monkeypatch.setattr(Delivery, "_send", deliver)
    return things


async def test_b6_the_answer_is_out_before_the_event(
    url: str,
    application: Application,
    shop: Client,
    order_of_things: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pubsub, "HOLD_SECONDS", 60.0)

    async def slow(event: Event) -> None:
        await application.backend.storage.ping()  # others get their turn after the write

    application.backend.triggers.add("afterSave", "Order", slow)
    application.backend.triggers.add("afterDelete", "Order", slow)
    async with listening(url) as listener:
        await listener.subscribe("Order")
        for number in range(20):
            order_of_things.clear()
            order = await create(shop, "Order", total=number)
            assert (await listener.frame())["object"]["objectId"] == order
            ok(await shop.put(f"/classes/Order/{order}", json={"total": 2}))
            assert (await listener.frame())["op"] == "update"
            ok(await shop.delete(f"/classes/Order/{order}"))
            assert (await listener.frame())["op"] == "delete"
            assert order_of_things == ["answer", "event"] * 3
        order_of_things.clear()
        items = [item_of_batch("POST", "/classes/Order", {"total": n}) for n in range(30)]
        ok(await shop.post("/batch", json={"requests": items}))
        for _ in items:
            assert (await listener.frame())["op"] == "create"
        assert order_of_things == ["answer", *["event"] * 30]


async def test_b6_an_answer_that_breaks_off_loses_no_event(url: str, shop: Client) -> None:
    application = shop.application
    answer = b'{"total": 1}'
    headers = [(b"x-parse-application-id", b"parsepy"), (b"content-type", b"application/json")]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/parse/classes/Order",
        "root_path": "",
        "raw_path": b"/parse/classes/Order",
        "query_string": b"",
        "scheme": "http",
        "headers": headers,
        "client": ("127.0.0.1", 5),
        "server": ("127.0.0.1", 80),
    }

    async def receive() -> Any:
        return {"type": "http.request", "body": answer}

    async def hang_up(message: Any) -> None:
        raise ConnectionResetError

    async with listening(url) as listener:
        await listener.subscribe("Order")
        with pytest.raises(ConnectionResetError):
            await application(scope, receive, hang_up)
        assert (await listener.frame())["object"]["total"] == 1
        await listener.nothing_but()


async def test_b6_a_slow_answer_holds_events_for_a_moment_only(
    url: str, application: Application, shop: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pubsub, "HOLD_SECONDS", 0.05)
    may_answer = asyncio.Event()

    async def slow(event: Event) -> None:
        await may_answer.wait()

    application.backend.triggers.add("afterSave", "Order", slow)
    async with listening(url) as listener:
        await listener.subscribe("Order")
        saving = asyncio.create_task(create(shop, "Order", total=1))
        assert (await listener.frame())["object"]["total"] == 1
        assert not saving.done()
        may_answer.set()
        await saving
        await listener.nothing_but()


async def test_b6_what_cloud_code_writes_waits_for_no_answer(
    url: str, application: Application, shop: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pubsub, "HOLD_SECONDS", 60.0)
    heard = asyncio.Event()

    async def report(event: Event) -> None:
        with current.acting(context_of(event)):
            await objects.create(await current.context(), "Order", {"progress": 1})
        async with asyncio.timeout(10):
            await heard.wait()

    application.backend.triggers.functions["close"] = report
    async with listening(url) as listener:
        await listener.subscribe("Order")
        calling = asyncio.create_task(shop.post("/functions/close", json={}))
        assert (await listener.frame())["object"]["progress"] == 1
        heard.set()
        ok(await calling)


async def test_b6_an_answer_leads_its_event_by_what_a_client_takes_to_read_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pubsub, "LEAD_SECONDS", 0.05)
    loop = asyncio.get_running_loop()
    unanswered = pubsub.Unanswered(lambda class_name: True)
    unanswered.begin("r1", "Order", "o1")
    unanswered.begin("r1", "Order", "o2")
    unanswered.end("r1")
    unanswered.begin("r1", "Order", "o3")  # a client may send one request id twice
    answered = loop.time()
    await unanswered.wait("Order", "o2")
    assert loop.time() - answered >= 0.049
    await unanswered.wait("Order", "o1")  # the same answer leads all that it told of
    assert loop.time() - answered < pubsub.HOLD_SECONDS
    assert list(unanswered._writers) == [("Order", "o3")]
    unanswered.end("r1")
    await unanswered.wait("Order", "o3")
    assert not unanswered._writers
    assert not unanswered._requests


def test_b6_nothing_is_kept_of_what_nobody_listens_to() -> None:
    unanswered = pubsub.Unanswered(lambda class_name: class_name == "Order")
    unanswered.begin("r1", "Cart", "c1")
    unanswered.end("r1")
    assert not unanswered._requests
    assert not unanswered._writers
