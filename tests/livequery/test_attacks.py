"""Attempts to hear by Live Query what no request would tell, or to wear the server out."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from websockets.asyncio.client import connect

from parsepy.app import Application
from parsepy.livequery import matching
from parsepy.livequery.delivery import Delivery
from parsepy.livequery.rights import Principals
from parsepy.livequery.subscriptions import Subscription, SubscriptionIndex
from parsepy.model.where import parse
from parsepy.pubsub import ObjectEvent
from tests.conftest import APP_ID, MASTER_KEY, Client, MakeApp
from tests.livequery.listener import KEY_PAIRS, Listener, listening, serving
from tests.rest.shop import create, eventually, ok, pointer, sign_up, unique


@pytest.fixture
async def application(app: MakeApp) -> Application:
    """A server on which, by an operator's mistake, every class is live."""
    return await app(liveQuery={"classNames": [".*"]}, liveQueryServerOptions=KEY_PAIRS)


# --- what no request would tell -----------------------------------------------------------------

INTERNAL = [
    *("_PushStatus", "_JobStatus", "_Audience", "_Hooks", "_GlobalConfig", "_JobSchedule"),
    *("_Idempotency", "_Join:users:_Role", "_Installation", "_SCHEMA", "_PushQueue", "_JobClaim"),
    *("_MailQueue", "_EmailChange", "_SignInCode"),
    *("__proto__", "a.b", ""),
]


async def test_an_internal_class_is_followed_by_no_client(url: str, client: Client) -> None:
    ann = await sign_up(client)
    async with listening(url, sessionToken=ann.token) as listener:
        for name in INTERNAL:
            query = {"className": name, "where": {}}
            for op in ("subscribe", "update"):
                answer = await listener.ask(op=op, requestId=1, query=query)
                assert (answer["op"], answer["code"] in (103, 119)) == ("error", True), name
            assert (await listener.ask(op="query", requestId=1))["op"] == "error"


SECRETS: list[Any] = [
    {"_hashed_password": {"$regex": "^"}},
    {"sessionToken": {"$exists": True}},
    {"authData.facebook.id": "1"},
    {"email": {"$regex": "^a"}},
    {"$or": [{"$and": [{"_session_token": "r:1"}]}]},
    {"$or": {"0": {"_session_token": "r:1"}, "length": 1}},
    {"$where": "true"},
    {"$expr": {"$gt": ["$_hashed_password", ""]}},
]


async def test_nobody_asks_for_the_secrets_of_a_user(url: str, client: Client) -> None:
    ann = await sign_up(client, email=f"{unique('ann')}@example.com")
    async with listening(url, sessionToken=ann.token) as listener:
        for where in SECRETS:
            query = {"className": "_User", "where": where}
            answer = await listener.ask(op="subscribe", requestId=1, query=query)
            assert (answer["op"], answer.get("code") in (102, 105, 119)) == ("error", True), where


async def test_a_user_is_told_of_without_his_secrets(
    url: str, client: Client, shop: Client
) -> None:
    ann = await sign_up(client, email=f"{unique('ann')}@example.com", phone="1")
    async with listening(url) as anybody, listening(url, masterKey=MASTER_KEY) as operator:
        await anybody.subscribe("_User")
        await operator.subscribe("_User")
        change = {"ACL": {"*": {"read": True}}, "phone": "2", "password": "new", "email": "a@b.cd"}
        ok(await shop.put(f"/users/{ann.id}", json=change))
        seen, whole = await anybody.frame(), await operator.frame()
    assert (seen["op"], whole["op"]) == ("enter", "update")
    assert seen["object"]["phone"] == "2"
    assert "email" not in seen["object"]
    for frame in (seen, whole):
        assert not {"password", "authData", "sessionToken"} & set(frame["object"])
        assert "$2b$" not in json.dumps(frame)


async def test_b8_what_only_a_database_decides_is_refused_wherever_it_stands(url: str) -> None:
    hidden = {"className": "_Session", "where": {}}
    wheres: list[Any] = [
        {"token": {"$inQuery": hidden}},
        {"token": {"$notInQuery": hidden}},
        {"token": {"$select": {"query": hidden, "key": "sessionToken"}}},
        {"token": {"$dontSelect": {"query": hidden, "key": "sessionToken"}}},
        {"$relatedTo": {"object": pointer("_Role", "x"), "key": "users"}},
        {"status": {"$text": {"$search": {"$term": "paid"}}}},
    ]
    async with listening(url) as anybody:
        for where in wheres:
            for placed in (where, {"$or": [{"a": 1}, {"$and": [where]}]}, {"$nor": [where]}):
                query = {"className": "Order", "where": placed}
                answer = await anybody.ask(op="subscribe", requestId=7, query=query)
                shown = answer["op"], answer["code"] in (102, 119), answer["requestId"]
                assert shown == ("error", True, 7), placed
            answer = await anybody.ask(op="query", requestId=7)
            assert (answer["op"], answer["code"]) == ("error", 2)


async def test_who_has_lost_a_role_can_no_longer_ask_by_what_it_showed(
    url: str, client: Client, shop: Client
) -> None:
    ann, role = await sign_up(client), unique("staff")
    protected = {"*": ["secret"], f"role:{role}": []}
    fields = {"secret": {"type": "String"}, "status": {"type": "String"}}
    rights = {name: {"*": True} for name in ("find", "get", "create")}
    body = {"fields": fields, "classLevelPermissions": {**rights, "protectedFields": protected}}
    ok(await shop.post("/schemas/Order", json=body))
    members = {"__op": "AddRelation", "objects": [pointer("_User", ann.id)]}
    made = await shop.post("/roles", json={"name": role, "ACL": {}, "users": members})
    role_id = ok(made, 201)["objectId"]
    async with listening(url, sessionToken=ann.token) as hers:
        await hers.subscribe("Order", {"secret": {"$regex": "^s"}})
        await hers.subscribe("Order", {}, request_id=2, watch=["secret"])
        await hers.subscribe("Order", request_id=3)
        await create(shop, "Order", secret="s1")
        assert {(await hers.frame())["requestId"] for _ in range(3)} == {1, 2, 3}
        ok(await shop.delete(f"/roles/{role_id}"))
        await create(shop, "Order", secret="s2")
        seen = await hers.frame()  # the last of the three
    assert (seen["requestId"], "secret" in seen["object"]) == (3, False)


async def test_a_class_for_users_alone_is_silent_to_who_has_logged_out(
    url: str, client: Client, shop: Client
) -> None:
    ann, users = await sign_up(client), {"requiresAuthentication": True}
    rights = {**dict.fromkeys(("find", "get"), users), "create": {"*": True}}
    ok(await shop.post("/schemas/Order", json={"classLevelPermissions": rights}))
    query = {"className": "Order", "where": {}}
    async with listening(url) as anybody, listening(url, sessionToken=ann.token) as hers:
        answer = await anybody.ask(op="subscribe", requestId=1, query=query)
        assert answer["op"] == "error"
        await hers.subscribe("Order")
        await create(shop, "Order")
        assert (await hers.frame())["op"] == "create"
        ok(await ann.client.post("/logout"))
        async with listening(url, masterKey=MASTER_KEY) as operator:
            await operator.subscribe("Order")
            await create(shop, "Order")
            await operator.frame()  # he is told after her
        await hers.nothing_but()
        assert (await hers.ask(op="query", requestId=1))["op"] == "error"


# --- the master key -----------------------------------------------------------------------------


@pytest.mark.parametrize(("trusted", "op"), [("loopback", "error"), (False, "connected")])
async def test_a_proxy_lends_its_address_to_no_master_key(
    app: MakeApp, trusted: Any, op: str
) -> None:
    hello = {"op": "connect", "applicationId": APP_ID, "masterKey": MASTER_KEY}
    options = {
        "trustProxy": trusted,
        "liveQuery": {"classNames": ["Order"]},
        "liveQueryServerOptions": KEY_PAIRS,
    }
    async with serving(await app(**options)) as url:
        for told in ("203.0.113.9", "127.0.0.1, 203.0.113.9"):
            headers = {"X-Forwarded-For": told}
            async with connect(f"{url}/parse", additional_headers=headers) as connection:
                assert (await Listener(connection).ask(**hello))["op"] == op


# --- wearing the server out ---------------------------------------------------------------------


async def test_a_pattern_that_is_none_leaves_no_subscription_behind(
    url: str, application: Application
) -> None:
    async with listening(url) as listener:
        for where in ({"name": {"$regex": "["}}, {"name": {"$regex": "a"}}):
            query = {"className": "Order", "where": where}
            answer = await listener.ask(op="subscribe", requestId=1, query=query)
        assert answer["op"] == "subscribed"
        broken = {**query, "where": {"name": {"$regex": "("}}}
        await listener.ask(op="subscribe", requestId=2, query=broken)
    live = application.live
    assert live is not None

    async def is_gone() -> bool:
        return live.connections == 0

    await eventually(is_gone)
    assert live.subscriptions == 0


async def test_others_get_their_turn_between_queries_that_take_long(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching, "_TURN", -1.0)
    loop, turns = asyncio.get_running_loop(), [0]
    seen: list[int] = []

    def turn() -> None:
        turns[0] += 1
        timer[0] = loop.call_soon(turn)

    def long(_: Any) -> Callable[[Any], bool]:
        def holds(item: Any) -> bool:
            seen.append(turns[0])
            return False

        return holds

    index = SubscriptionIndex(long)
    for status in ("a", "b", "c"):
        index.add(Subscription(object(), 1, "Order", parse({"status": {"$ne": status}})))
    timer = [loop.call_soon(turn)]
    event = ObjectEvent("create", "Order", {"objectId": "1"})
    who = Principals(application.backend)
    await Delivery(application.backend, index, who, (), lambda *_: None).deliver(event)
    timer[0].cancel()
    assert len(seen) == len(set(seen)) == 3
