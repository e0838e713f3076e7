"""Which events reach a listener: the five kinds, their states, and what narrows them."""

from typing import Any

import pytest

from parsepy.livequery.rights import Principals
from parsepy.livequery.subscriptions import SharedQuery, Subscription
from parsepy.model.principal import Principal
from tests.conftest import Client
from tests.livequery.listener import listening
from tests.rest.shop import create, ok


async def test_an_order_is_created_updated_and_deleted_before_a_listeners_eyes(
    url: str, shop: Client
) -> None:
    async with listening(url) as listener:
        await listener.subscribe("Order", {"status": "pending"})
        order = await create(shop, "Order", status="pending", total=5)
        created = await listener.frame()
        ok(await shop.put(f"/classes/Order/{order}", json={"total": 6}))
        updated = await listener.frame()
        ok(await shop.delete(f"/classes/Order/{order}"))
        deleted = await listener.frame()
    assert [frame["op"] for frame in (created, updated, deleted)] == ["create", "update", "delete"]
    assert (updated["object"]["total"], updated["original"]["total"]) == (6, 5)
    assert created["object"]["className"] == "Order"
    assert "original" not in created
    assert "original" not in deleted


async def test_an_order_enters_and_leaves_a_query(url: str, shop: Client) -> None:
    order = await create(shop, "Order", status="pending")
    async with listening(url) as listener:
        await listener.subscribe("Order", {"status": "paid"})
        ok(await shop.put(f"/classes/Order/{order}", json={"status": "paid"}))
        entered = await listener.frame()
        ok(await shop.put(f"/classes/Order/{order}", json={"status": "shipped"}))
        left = await listener.frame()
    assert (entered["op"], entered["original"]["status"]) == ("enter", "pending")
    assert (left["op"], left["object"]["status"]) == ("leave", "shipped")
    assert left["original"]["status"] == "paid"


async def test_who_has_unsubscribed_hears_nothing_more(url: str, shop: Client) -> None:
    async with listening(url) as listener:
        await listener.subscribe("Order")
        assert (await listener.ask(op="unsubscribe", requestId=1))["op"] == "unsubscribed"
        await create(shop, "Order", status="pending")
        await listener.nothing_but()


async def test_only_selected_fields_are_sent(url: str, shop: Client) -> None:
    async with listening(url) as listener:
        await listener.subscribe("Order", fields=["status"])
        await create(shop, "Order", status="pending", total=5)
        shown = (await listener.frame())["object"]
    assert set(shown) == {"className", "objectId", "createdAt", "updatedAt", "status"}


async def test_an_update_of_other_fields_than_the_watched_is_not_told(
    url: str, shop: Client
) -> None:
    order = await create(shop, "Order", status="pending", total=1)
    async with listening(url) as listener:
        await listener.subscribe("Order", watch=["status"])
        ok(await shop.put(f"/classes/Order/{order}", json={"total": 2}))
        ok(await shop.put(f"/classes/Order/{order}", json={"status": "paid"}))
        assert (await listener.frame())["object"]["status"] == "paid"
        await listener.nothing_but()


async def test_b8_a_class_that_is_not_live_is_refused_and_logged_once(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    query = {"className": "Cart", "where": {}}
    with caplog.at_level("WARNING", "parsepy.livequery"):
        async with listening(url) as listener:
            for number in (1, 2):
                answer = await listener.ask(op="subscribe", requestId=number, query=query)
                assert (answer["op"], answer["code"], answer["requestId"]) == ("error", 119, number)
    assert [record.getMessage() for record in caplog.records if "Cart" in record.getMessage()] == [
        "a client subscribes to Cart, which is none of liveQuery.classNames: it is refused"
    ]


async def test_the_objects_of_a_subscription_can_be_asked_for(url: str, shop: Client) -> None:
    order = await create(shop, "Order", status="pending")
    async with listening(url) as listener:
        await listener.subscribe("Order", {"status": "pending"})
        answer = await listener.ask(op="query", requestId=1)
    assert [item["objectId"] for item in answer["results"]] == [order]
    assert answer["results"][0]["className"] == "Order"


async def test_every_path_of_the_port_takes_websockets(url: str) -> None:
    for path in ("/", "/parse", "/parse/", "/anything"):
        async with listening(url, path) as listener:
            await listener.subscribe("Order")


async def test_what_goes_wrong_with_one_listener_is_not_the_others_loss(
    url: str, shop: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    rights_of = Principals.of

    async def unlucky(who: Principals, subscription: Subscription) -> Principal:
        if subscription.request_id == 13:
            raise RuntimeError("out of luck")
        return await rights_of(who, subscription)

    async with listening(url) as first, listening(url) as last:
        await first.subscribe("Order", request_id=13)
        await last.subscribe("Order")
        monkeypatch.setattr(Principals, "of", unlucky)
        await create(shop, "Order")
        await last.nothing_but("create")
        await first.nothing_but()


async def test_a_query_that_fails_is_not_the_others_loss(
    url: str, shop: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with listening(url) as first, listening(url) as last:
        await first.subscribe("Order", {"total": {"$gt": 0}})
        await last.subscribe("Order", {"total": {"$gt": 1}})
        match = SharedQuery.match
        failed: list[Any] = []

        def unlucky(query: SharedQuery, *states: Any) -> Any:
            if not failed or query is failed[0]:
                failed.append(query)
                raise RuntimeError("out of luck")
            return match(query, *states)

        monkeypatch.setattr(SharedQuery, "match", unlucky)
        await create(shop, "Order", total=5)
        await last.nothing_but("create")
        await first.nothing_but()


async def test_a_large_number_is_matched_and_told(url: str, shop: Client) -> None:
    """K10: it was of the driver's own type, which the matcher does not know."""
    async with listening(url) as listener:
        await listener.subscribe("Order", {"total": {"$gt": 2**60}})
        order = await create(shop, "Order", total=2**60 + 1)
        ok(await shop.put(f"/classes/Order/{order}", json={"note": "x"}))
        created, updated = await listener.frame(), await listener.frame()
    assert (created["op"], updated["op"]) == ("create", "update")
    assert updated["original"]["total"] == 2**60 + 1


async def test_a_courier_enters_and_leaves_a_neighbourhood(url: str, shop: Client) -> None:
    def at(latitude: float, longitude: float) -> dict[str, Any]:
        return {"__type": "GeoPoint", "latitude": latitude, "longitude": longitude}

    courier = await create(shop, "Order", place=at(50.7, 7.1))
    async with listening(url) as listener:
        near = {"$nearSphere": at(48.4, 10), "$maxDistanceInKilometers": 50}
        await listener.subscribe("Order", {"place": near})
        ok(await shop.put(f"/classes/Order/{courier}", json={"place": at(48.3, 10.1)}))
        entered = await listener.frame()
        ok(await shop.put(f"/classes/Order/{courier}", json={"place": at(48.9, 11)}))
        left = await listener.frame()
    assert [entered["op"], left["op"]] == ["enter", "leave"]
    assert left["original"]["place"] == at(48.3, 10.1)
