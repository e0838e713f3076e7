"""Who may see an event: permissions of class, ACL, roles, pointers and protected fields, now."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from parsepy.app import Application
from parsepy.livequery import protocol
from tests.conftest import MASTER_KEY, Client, MakeApp
from tests.livequery.listener import KEY_PAIRS, Listener, listening
from tests.rest.shop import Shopper, create, ok, pointer, sign_up, unique

LIVE: dict[str, Any] = {"create": {"*": True}, "update": {"*": True}}


@pytest.fixture
async def application(app: MakeApp) -> Application:
    """The shop's server, to which the master key is a key of Live Query, too."""
    live = {"classNames": ["Order", "Flash.*"]}
    return await app(liveQuery=live, liveQueryServerOptions=KEY_PAIRS)


@asynccontextmanager
async def shopper(url: str, client: Client) -> AsyncIterator[tuple[Shopper, Listener]]:
    """A shopper who listens with his session."""
    who = await sign_up(client)
    async with listening(url, sessionToken=who.token) as listener:
        yield who, listener


async def order_class(shop: Client, **permissions: Any) -> None:
    """Give the class of orders these permissions."""
    fields = {"user": {"type": "Pointer", "targetClass": "_User"}, "secret": {"type": "String"}}
    body = {"fields": fields, "classLevelPermissions": {**LIVE, **permissions}}
    ok(await shop.post("/schemas/Order", json=body))


async def test_an_order_is_seen_by_its_customer_alone(
    url: str, client: Client, shop: Client
) -> None:
    async with shopper(url, client) as (ann, hers), shopper(url, client) as (_, his):
        await hers.subscribe("Order")
        await his.subscribe("Order")
        acl = {ann.id: {"read": True}}
        order = await create(shop, "Order", status="pending", ACL=acl)
        for status in ("paid", "shipped"):
            ok(await shop.put(f"/classes/Order/{order}", json={"status": status}))
        seen = await hers.nothing_but("create", "update", "update")
        assert [frame["object"]["status"] for frame in seen] == ["pending", "paid", "shipped"]
        await his.nothing_but()


async def test_lost_and_gained_read_access_show_no_state_that_was_not_readable(
    url: str, client: Client, shop: Client
) -> None:
    async with shopper(url, client) as (ann, hers):
        await hers.subscribe("Order")
        acl = {ann.id: {"read": True}}
        order = await create(shop, "Order", status="open", ACL=acl)
        ok(await shop.put(f"/classes/Order/{order}", json={"status": "hidden", "ACL": {}}))
        ok(await shop.put(f"/classes/Order/{order}", json={"status": "back", "ACL": acl}))
        _, left, entered = await hers.nothing_but("create", "leave", "enter")
    assert left["object"]["status"] == "open"
    assert (entered["object"]["status"], "original" in entered) == ("back", False)


async def test_a_log_out_stops_the_flow(url: str, client: Client, shop: Client) -> None:
    async with shopper(url, client) as (ann, hers):
        await hers.subscribe("Order")
        acl = {ann.id: {"read": True}}
        await create(shop, "Order", ACL=acl)
        assert (await hers.frame())["op"] == "create"
        ok(await ann.client.post("/logout"))
        await create(shop, "Order", ACL=acl)
        await hers.nothing_but()


async def test_a_role_counts_from_when_it_is_given_to_when_it_is_taken(
    url: str, client: Client, shop: Client
) -> None:
    await order_class(shop, find={"role:staff": True})
    role = ok(await shop.post("/roles", json={"name": "staff", "ACL": {}}), 201)["objectId"]
    async with shopper(url, client) as (ann, hers):
        query = {"className": "Order", "where": {}}
        refusal = await hers.ask(op="subscribe", requestId=1, query=query)
        assert (refusal["op"], refusal["code"], refusal["requestId"]) == ("error", 119, 1)
        members = {"__op": "AddRelation", "objects": [pointer("_User", ann.id)]}
        ok(await shop.put(f"/roles/{role}", json={"users": members}))
        await hers.subscribe("Order")
        await create(shop, "Order", status="seen")
        assert (await hers.frame())["object"]["status"] == "seen"
        gone = {"__op": "RemoveRelation", "objects": [pointer("_User", ann.id)]}
        ok(await shop.put(f"/roles/{role}", json={"users": gone}))
        await create(shop, "Order", status="unseen")
        await hers.nothing_but()


async def test_pointer_permissions_show_the_own_orders_only(
    url: str, client: Client, shop: Client
) -> None:
    await order_class(shop, find={"pointerFields": ["user"]}, get={"pointerFields": ["user"]})
    async with shopper(url, client) as (ann, hers), shopper(url, client) as (bob, _):
        await hers.subscribe("Order")
        await create(shop, "Order", user=bob.pointer)
        own = await create(shop, "Order", user=ann.pointer)
        (seen,) = await hers.nothing_but("create")
    assert seen["object"]["objectId"] == own


async def test_protected_fields_are_hidden_from_one_and_shown_to_another_at_once(
    url: str, client: Client, shop: Client
) -> None:
    name = unique("staff")
    protected = {"*": ["secret"], f"role:{name}": []}
    await order_class(shop, find={"*": True}, protectedFields=protected)
    async with shopper(url, client) as (_, his), shopper(url, client) as (ann, hers):
        users = {"__op": "AddRelation", "objects": [pointer("_User", ann.id)]}
        ok(await shop.post("/roles", json={"name": name, "ACL": {}, "users": users}), 201)
        for listener in (his, hers):
            await listener.subscribe("Order")
        await create(shop, "Order", secret="s", status="x")
        assert (await hers.frame())["object"]["secret"] == "s"
        assert "secret" not in (await his.frame())["object"]


async def test_protected_fields_can_be_neither_asked_for_nor_watched(
    url: str, shop: Client
) -> None:
    await order_class(shop, find={"*": True}, protectedFields={"*": ["secret"]})
    async with listening(url) as listener:
        for query in ({"where": {"secret": "s"}}, {"where": {}, "watch": ["secret"]}):
            query = {"className": "Order", **query}
            answer = await listener.ask(op="subscribe", requestId=1, query=query)
            assert (answer["op"], answer["code"]) == ("error", 119)


async def test_the_master_key_sees_what_nobody_may_read(url: str, shop: Client) -> None:
    async with listening(url, masterKey=MASTER_KEY) as listener:
        await listener.subscribe("Order")
        await create(shop, "Order", ACL={})
        await listener.nothing_but("create")


async def test_a_subscription_has_its_own_session(url: str, client: Client, shop: Client) -> None:
    ann = await sign_up(client)
    async with listening(url) as listener:
        await listener.subscribe("Order", session=ann.token)
        await listener.subscribe("Order", request_id=2)
        await create(shop, "Order", ACL={ann.id: {"read": True}})
        (seen,) = await listener.nothing_but("create")
    assert seen["requestId"] == 1


async def test_an_invalid_session_sees_public_orders(url: str, shop: Client) -> None:
    async with listening(url, sessionToken="r:nobody") as listener:
        await listener.subscribe("Order")
        await create(shop, "Order")
        await listener.nothing_but("create")


async def test_sessions_are_for_users_only(url: str, application: Application) -> None:
    async with listening(url) as listener:
        query = {"className": "_Session", "where": {}}
        answer = await listener.ask(op="subscribe", requestId=1, query=query)
    assert (answer["op"], answer["code"]) == ("error", 209)


async def test_what_many_may_see_is_encoded_once(
    url: str, client: Client, shop: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[object] = []
    encode = protocol.state

    def counting(item: Any, original: Any, since: Any) -> bytes:
        encoded.append(item)
        return encode(item, original, since)

    monkeypatch.setattr(protocol, "state", counting)
    ann, bob = await sign_up(client), await sign_up(client)
    async with (
        listening(url, sessionToken=ann.token) as hers,
        listening(url, sessionToken=bob.token) as his,
        listening(url) as anybodys,
    ):
        for listener in (hers, his, anybodys):
            await listener.subscribe("Order")
            await listener.subscribe("Order", {"status": "paid"}, request_id=2)
        await create(shop, "Order", status="paid")
        for listener in (hers, his, anybodys):
            await listener.nothing_but("create", "create")
    assert len(encoded) == 1
