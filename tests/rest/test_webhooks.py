"""Webhooks over HTTP: what is sent, what replies do, who notices a change."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from pymongo.database import Database

from parsepy.app import Application
from parsepy.operations import webhooks
from tests.conftest import Client, MakeApp
from tests.receiver import Receiver, echoing, replying
from tests.rest.shop import READ_ONLY_KEY, SignUp, eventually, find, ok, refused, unique

FUNCTIONS, TRIGGERS = "/hooks/functions", "/hooks/triggers"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Where webhooks are sent to."""
    with Receiver() as running:
        yield running


@pytest.fixture(autouse=True)
async def no_hooks_left(master: Client) -> AsyncIterator[None]:
    """Take away what a test has declared of classes that all tests share."""
    yield
    for hook in ok(await master.get(TRIGGERS)):
        if hook["className"][0] in "_@":
            path = f"{TRIGGERS}/{hook['className']}/{hook['triggerName']}"
            ok(await master.put(path, json={"__op": "Delete"}))


async def declare(master: Client, kind: str, class_name: str, url: str) -> None:
    """Declare a trigger behind a URL."""
    body = {"className": class_name, "triggerName": kind, "url": url}
    assert ok(await master.post(TRIGGERS, json=body)) == body


async def function(master: Client, url: str) -> str:
    """Declare a function behind a URL; the path that calls it."""
    name = unique("function")
    ok(await master.post(FUNCTIONS, json={"functionName": name, "url": url}))
    return f"/functions/{name}"


async def test_a_function_behind_a_url_answers_a_client(
    master: Client, client: Client, receiver: Receiver
) -> None:
    path = await function(master, receiver.url + replying({"success": {"total": 7}}))
    assert ok(await client.post(path, json={"cart": "abc"})) == {"result": {"total": 7}}
    assert receiver.sent_to("reply")[0]["params"] == {"cart": "abc"}


async def test_a_webhook_lies_over_cloud_code_of_its_name(
    application: Application, master: Client, client: Client, receiver: Receiver
) -> None:
    path = await function(master, receiver.url + replying({"success": "there"}))
    name = path.rpartition("/")[2]

    async def here(event: Any) -> str:
        return "here"

    application.backend.triggers.functions[name] = here
    assert ok(await client.post(path)) == {"result": "there"}
    ok(await master.put(f"{FUNCTIONS}/{name}", json={"__op": "Delete"}))
    assert ok(await client.post(path)) == {"result": "here"}


async def test_the_webhook_key_tells_who_calls(server: MakeApp, receiver: Receiver) -> None:
    async with Client(await server(webhookKey="a secret"), master=True) as master:
        ok(await master.post(await function(master, receiver.url + echoing())))
    assert receiver.deliveries[0].headers["x-parse-webhook-key"] == "a secret"
    assert receiver.deliveries[0].headers["content-type"] == "application/json"


async def test_no_credentials_leave_the_house(
    master: Client, sign_up: SignUp, receiver: Receiver
) -> None:
    ann = await sign_up(email=f"{unique('ann')}@shop.test")
    path = await function(master, receiver.url + echoing())
    secret = {"Cookie": "a=secret", "Authorization": "Basic secret", "X-Shop": "open"}
    ok(await ann.client.post(path, headers=secret))
    ok(await master.post(path))
    sent = json.dumps(receiver.bodies)
    for word in ("secret", ann.token, master.headers["X-Parse-Master-Key"], "sessionToken", "log"):
        assert word not in sent.replace("username", "")
    assert receiver.bodies[0]["headers"]["x-shop"] == "open"
    assert receiver.bodies[0]["user"]["username"] == ann.name


async def test_a_password_is_not_shown_and_not_lost(
    master: Client, sign_up: SignUp, receiver: Receiver
) -> None:
    reply = {"success": {"username": (name := unique("renamed")), "phone": "1"}}
    await declare(master, "beforeSave", "_User", receiver.url + replying(reply))
    ann = await sign_up()
    assert "password" not in receiver.bodies[0]["object"]
    assert receiver.bodies[0]["object"]["username"] == ann.name
    parameters = {"username": name, "password": "correct horse"}
    assert ok(await ann.client.get("/login", params=parameters))["phone"] == "1"


async def test_a_before_save_refuses(
    master: Client, client: Client, receiver: Receiver, orders: str
) -> None:
    reply = {"error": {"code": 4711, "message": "sold out"}}
    await declare(master, "beforeSave", orders, receiver.url + replying(reply))
    answer = await client.post(f"/classes/{orders}", json={"total": 1})
    assert refused(answer, 4711) == "sold out"
    assert await find(client, orders) == []


async def test_a_before_save_replaces_what_is_written(
    master: Client, client: Client, receiver: Receiver, orders: str
) -> None:
    reply = {"success": {"total": 5, "checked": True}}
    await declare(master, "beforeSave", orders, receiver.url + replying(reply))
    ok(await client.post(f"/classes/{orders}", json={"total": 1, "note": "x"}), 201)
    (order,) = await find(client, orders)
    assert (order["total"], order["checked"], "note" in order) == (5, True, False)


async def test_a_before_save_that_returns_the_object_loses_nothing(
    master: Client, client: Client, receiver: Receiver, orders: str
) -> None:
    made = ok(
        await client.post(f"/classes/{orders}", json={"total": 1, "old": 1, "a": {"b": 1}}), 201
    )
    path = f"/classes/{orders}/{made['objectId']}"
    reply = {
        "success": {
            "total": {"__op": "Increment", "amount": 2},
            "old": {"__op": "Delete"},
            "a": {"b": 1, "c": 2},
            "note": "seen",
            "objectId": made["objectId"],
        }
    }
    await declare(master, "beforeSave", orders, receiver.url + replying(reply))
    changes = {
        "total": {"__op": "Increment", "amount": 2},
        "old": {"__op": "Delete"},
        "a.c": 2,
    }
    ok(await client.put(path, json=changes))
    (order,) = await find(client, orders)
    assert (order["total"], order["a"], order["note"]) == (3, {"b": 1, "c": 2}, "seen")
    assert "old" not in order


async def test_what_a_before_save_returns_unchanged_is_not_written_again(
    master: Client, client: Client, receiver: Receiver, orders: str
) -> None:
    made = ok(await client.post(f"/classes/{orders}", json={"stock": 1, "note": "a"}), 201)
    path = f"/classes/{orders}/{made['objectId']}"
    reply = {"success": {"stock": 1, "note": "b"}}
    await declare(master, "beforeSave", orders, receiver.url + replying(reply, name="slow"))
    receiver.is_open.clear()
    writing = asyncio.create_task(client.put(path, json={"note": "b"}))
    await eventually(lambda: _true(len(receiver.sent_to("slow")) == 1))
    trigger = f"{TRIGGERS}/{orders}/beforeSave"
    ok(await master.put(trigger, json={"__op": "Delete"}))
    ok(await client.put(path, json={"stock": {"__op": "Increment", "amount": 5}}))
    receiver.is_open.set()
    ok(await writing)
    (order,) = await find(client, orders)
    assert (order["stock"], order["note"]) == (6, "b")


async def _true(value: bool) -> bool:
    return value


async def test_an_after_save_answers_the_client(
    master: Client, client: Client, receiver: Receiver, orders: str
) -> None:
    reply = {"success": {"thanks": True}}
    await declare(master, "afterSave", orders, receiver.url + replying(reply))
    assert ok(await client.post(f"/classes/{orders}", json={"total": 1}), 201) == {"thanks": True}


async def test_an_after_find_answers_other_objects(
    master: Client, client: Client, receiver: Receiver, orders: str
) -> None:
    ok(await client.post(f"/classes/{orders}", json={"total": 1}), 201)
    reply = {"success": [{"objectId": "x", "total": 2}]}
    await declare(master, "afterFind", orders, receiver.url + replying(reply))
    assert await find(client, orders) == [{"objectId": "x", "total": 2, "className": orders}]
    assert receiver.bodies[0]["objects"][0]["total"] == 1


async def test_a_before_find_answers_instead_of_the_database(
    master: Client, client: Client, receiver: Receiver, orders: str
) -> None:
    reply = {"success": [{"objectId": "x", "total": 2}]}
    await declare(master, "beforeFind", orders, receiver.url + replying(reply))
    assert [order["total"] for order in await find(master, orders)] == [2]
    assert await find(client, orders) == [], "a client reads only what is there, and theirs to read"


@pytest.mark.parametrize("kind", ["beforeDelete", "beforeFind"])
async def test_triggers_refuse(
    kind: str, master: Client, client: Client, receiver: Receiver, orders: str
) -> None:
    made = ok(await client.post(f"/classes/{orders}", json={"total": 1}), 201)
    await declare(master, kind, orders, receiver.url + replying({"error": "closed"}))
    path = f"/classes/{orders}/{made['objectId']}"
    method = "DELETE" if kind == "beforeDelete" else "GET"
    assert refused(await client.request(method, path), 141) == "closed"


async def test_a_file_is_told_and_may_be_refused(master: Client, receiver: Receiver) -> None:
    await declare(master, "beforeSave", "@File", receiver.url + replying({"error": "too big"}))
    answer = await master.post("/files/a.txt", content=b"hello")
    assert refused(answer, 130) == "too big"
    assert receiver.bodies[0]["file"]["name"].endswith("a.txt")
    assert receiver.bodies[0]["fileSize"] == 5


async def test_a_log_in_is_refused(master: Client, sign_up: SignUp, receiver: Receiver) -> None:
    ann = await sign_up()
    await declare(master, "beforeLogin", "_User", receiver.url + replying({"error": "closed"}))
    parameters = {"username": ann.name, "password": "correct horse"}
    assert refused(await ann.client.get("/login", params=parameters), 141) == "closed"


async def test_a_webhook_that_does_not_answer_ends_in_time(
    application: Application,
    master: Client,
    client: Client,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert application.backend.outgoing.timeout == 30
    monkeypatch.setattr(application.backend.outgoing, "timeout", 0.2)
    path = await function(master, receiver.url + echoing())
    receiver.is_open.clear()
    answer = await client.post(path)
    assert refused(answer, 141) == "The webhook did not answer within 0.2 s."


async def test_an_endless_answer_is_cut_off(
    master: Client, client: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parsepy.outgoing._MOST", 10)
    path = await function(master, receiver.url + replying({"success": "far too much"}))
    assert refused(await client.post(path), 141) == "The webhook answered too much."


async def test_a_redirect_is_not_followed(
    master: Client, client: Client, receiver: Receiver
) -> None:
    target = receiver.url + echoing("elsewhere")
    path = await function(master, receiver.url + replying(target, status=307))
    assert refused(await client.post(path), 141) == "The webhook answered with status 307."
    assert receiver.sent_to("elsewhere") == []


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "[::ffff:127.0.0.1]", "localhost"])
async def test_webhooks_may_be_kept_from_the_inside(
    host: str, server: MakeApp, receiver: Receiver
) -> None:
    application = await server(webhookAddresses="public")
    url = receiver.url.replace("127.0.0.1", host)
    async with Client(application, master=True) as master, Client(application) as client:
        path = await function(master, url + echoing("inside"))
        assert refused(await client.post(path), 141) == "The webhook can't be reached."
    assert receiver.sent_to("inside") == []
    async with Client(await server(webhookAddresses=["loopback"]), master=True) as master:
        ok(await master.post(await function(master, receiver.url + echoing("inside"))))
    assert len(receiver.sent_to("inside")) == 1


async def test_a_client_is_not_told_where_a_webhook_lives(master: Client, client: Client) -> None:
    path = await function(master, "http://127.0.0.1:9/private")
    assert refused(await client.post(path), 141) == "The webhook can't be reached."


@pytest.mark.parametrize(
    "url", ["ftp://shop.test/", "shop.test", "/path", "http://", "file:///etc/passwd", 5, None, ""]
)
async def test_only_web_addresses_can_be_declared(url: Any, master: Client) -> None:
    body = {"functionName": unique("function"), "url": url}
    assert refused(await master.post(FUNCTIONS, json=body), 143) == "invalid hook declaration"


async def test_a_trigger_of_ours_has_no_webhook(master: Client, orders: str) -> None:
    body = {"className": orders, "triggerName": "mayWrite", "url": "http://shop.test/"}
    assert refused(await master.post(TRIGGERS, json=body), 143) == "invalid hook declaration"


async def test_the_read_only_key_reads_and_changes_nothing(client: Client) -> None:
    key = {"X-Parse-Master-Key": READ_ONLY_KEY}
    body = {"functionName": unique("function"), "url": "http://shop.test/"}
    ok(await client.get(FUNCTIONS, headers=key))
    refused(await client.post(FUNCTIONS, json=body, headers=key), 119)
    refused(await client.put(f"{FUNCTIONS}/any", json=body, headers=key), 119)


async def test_of_two_declarations_at_once_one_is_refused(master: Client) -> None:
    body = {"functionName": unique("function"), "url": "http://shop.test/"}
    answers = await asyncio.gather(*(master.post(FUNCTIONS, json=body) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400, 400]


async def test_a_start_finds_the_webhooks_of_before(
    server: MakeApp, master: Client, receiver: Receiver
) -> None:
    path = await function(master, receiver.url + replying({"success": 1}))
    async with Client(await server()) as other:
        assert ok(await other.post(path)) == {"result": 1}


async def test_other_processes_notice_a_change(
    server: MakeApp, master: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "_SLOWEST", 0.02)
    async with Client(await server(databaseOptions={"schemaCacheTtl": 0})) as other:
        path = await function(master, receiver.url + replying({"success": 1}))

        async def is_known() -> bool:
            return (await other.post(path)).status_code == 200

        await eventually(is_known)


async def test_rows_of_parse_server_are_understood(
    server: MakeApp, database: Database[dict[str, Any]], receiver: Receiver
) -> None:
    name = unique("function")
    row = {"functionName": name, "url": receiver.url + replying({"success": 1})}
    database["_Hooks"].insert_one(dict(row))
    async with Client(await server(), master=True) as master:
        assert ok(await master.get(f"{FUNCTIONS}/{name}")) == row
        assert ok(await master.post(f"/functions/{name}")) == {"result": 1}
        ok(await master.put(f"{FUNCTIONS}/{name}", json={"__op": "Delete"}))
    assert database["_Hooks"].find_one({"functionName": name}) is None


async def test_a_reply_may_not_hold_what_a_body_may_not(
    master: Client, client: Client, receiver: Receiver, orders: str
) -> None:
    reply = {"success": {"a": {"b": [{"__proto__": 1}]}}}
    await declare(master, "beforeSave", orders, receiver.url + replying(reply))
    refused(await client.post(f"/classes/{orders}", json={"total": 1}), 105)
