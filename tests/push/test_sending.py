"""What devices receive: payloads, languages, badges, and what becomes of tokens that are gone."""

import json
from typing import Any

import pytest

from tests.conftest import Client, MakeApp
from tests.push import fakes
from tests.push.conftest import PushShop
from tests.push.fakes import FCM, APNs
from tests.rest.shop import ok, refused


@pytest.mark.slow
async def test_a_thousand_devices_receive_exactly_their_payload(
    shop: PushShop, apns: APNs, fcm: FCM
) -> None:
    await shop.devices("ios", 500)
    await shop.devices("android", 500)
    push_id = await shop.push({"alert": "Mugs are here", "sound": "chime", "sku": "M1"})
    status = await shop.ended(push_id)
    assert (status["numSent"], status["sentPerType"]) == (1000, {"ios": 500, "android": 500})
    assert "numFailed" not in status
    assert len(apns.counts()) == len(fcm.counts()) == 500
    assert {*apns.counts().values(), *fcm.counts().values()} == {1}
    for item in apns.taken:
        assert item.body == {"aps": {"alert": "Mugs are here", "sound": "chime"}, "sku": "M1"}
        assert item.headers["apns-topic"] == fakes.TOPIC
        assert item.headers["apns-push-type"] == "alert"
        assert item.headers["apns-priority"] == "10"
    assert len({item.headers["apns-id"] for item in apns.taken}) == 500
    for item in fcm.taken:
        android = item.body["android"]
        assert android["priority"] == "high"
        sent = json.loads(android["data"]["data"])
        assert sent == {"alert": "Mugs are here", "sound": "chime", "sku": "M1"}
        assert android["data"]["push_id"] == push_id
    assert fcm.granted == 1


async def test_the_status_tells_the_story_of_a_push(shop: PushShop) -> None:
    await shop.device()
    status = await shop.ended(await shop.push(where={"deviceType": "ios"}))
    assert status["status"] == "succeeded"
    assert status["source"] == "rest"
    assert json.loads(status["query"]) == {"deviceType": "ios"}
    assert json.loads(status["payload"]) == {"alert": "Hello"}
    assert status["pushHash"] == "8b1a9953c4611296a827abf8c47804d7"
    assert status["ACL"] == {}
    assert "count" not in status


async def test_clients_do_not_see_a_status(shop: PushShop) -> None:
    push_id = await shop.push()
    client = Client(shop.master.application)
    assert refused(await client.get(f"/classes/_PushStatus/{push_id}"), 119)


async def test_a_push_to_nobody_succeeds(shop: PushShop, apns: APNs) -> None:
    status = await shop.ended(await shop.push(channels=["nobody"]))
    assert (status["status"], status["numSent"], apns.taken) == ("succeeded", 0, [])


async def test_channels_choose_devices(shop: PushShop, apns: APNs) -> None:
    one = await shop.device(channels=["mugs", "cups"])
    await shop.device(channels=["plates"])
    await shop.ended(await shop.push(channels=["mugs", "bowls"]))
    assert [item.token for item in apns.taken] == [one["deviceToken"]]


async def test_a_device_is_spoken_to_in_its_language(shop: PushShop, apns: APNs) -> None:
    data = {"alert": "Hello", "alert-fr": "Bonjour", "title-de": "Laden", "alert-de": "Hallo"}
    french = await shop.device(localeIdentifier="fr-CA")
    german = await shop.device(localeIdentifier="de")
    other = await shop.device(localeIdentifier="it-IT")
    await shop.ended(await shop.push(data))
    shown = {item.token: item.body["aps"]["alert"] for item in apns.taken}
    assert shown == {
        french["deviceToken"]: "Bonjour",
        german["deviceToken"]: {"body": "Hallo", "title": "Laden"},
        other["deviceToken"]: "Hello",
    }


@pytest.mark.parametrize(
    ("badge", "before", "after"),
    [
        ("Increment", None, 1),
        ("increment", 4, 5),
        ({"__op": "Increment", "amount": 3}, 4, 7),
        (9, 4, 9),
    ],
)
async def test_badges_are_raised_where_they_are_kept_and_shown(
    shop: PushShop, apns: APNs, badge: Any, before: int | None, after: int
) -> None:
    fields: dict[str, Any] = {} if before is None else {"badge": before}
    device = await shop.device(**fields)
    await shop.ended(await shop.push({"alert": "Hello", "badge": badge}))
    assert apns.taken[0].body["aps"]["badge"] == after
    assert (await shop.installation(device))["badge"] == after


async def test_tokens_that_are_gone_are_forgotten(shop: PushShop, apns: APNs, fcm: FCM) -> None:
    kinds = ("ios", "ios", "android", "android")
    lost = [await shop.device(kind) for kind in kinds]
    kept = await shop.device()
    apns.gone.add(lost[0]["deviceToken"])
    apns.bad.add(lost[1]["deviceToken"])
    fcm.gone.add(lost[2]["deviceToken"])
    fcm.bad.add(lost[3]["deviceToken"])
    status = await shop.ended(await shop.push())
    assert (status["numSent"], status["numFailed"]) == (1, 4)
    assert status["failedPerType"] == {"ios": 2, "android": 2}
    assert [("deviceToken" in await shop.installation(device)) for device in lost] == [False] * 4
    assert "deviceToken" in await shop.installation(kept)


async def test_tokens_that_are_gone_stay_if_the_option_says_so(
    app: MakeApp, apns: APNs, fcm: FCM
) -> None:
    options = fakes.push_options(apns, fcm)
    application = await app(push=options, cleanupInvalidInstallations=False)
    shop = PushShop(Client(application, master=True))
    device = await shop.device()
    apns.gone.add(device["deviceToken"])
    assert (await shop.ended(await shop.push()))["numFailed"] == 1
    assert "deviceToken" in await shop.installation(device)


async def test_a_provider_that_is_busy_is_asked_again(shop: PushShop, apns: APNs, fcm: FCM) -> None:
    apple, android = await shop.device(), await shop.device("android")
    apns.busy[apple["deviceToken"]] = fcm.busy[android["deviceToken"]] = 2
    status = await shop.ended(await shop.push())
    assert status["numSent"] == 2
    assert len({item.token for item in [*apns.taken, *fcm.taken]}) == 2


async def test_an_access_token_that_is_refused_is_renewed(shop: PushShop, fcm: FCM) -> None:
    await shop.device("android")
    await shop.ended(await shop.push())
    fcm.revoke()
    status = await shop.ended(await shop.push())
    assert (status["numSent"], len(fcm.taken), fcm.granted) == (1, 2, 3)


async def test_a_device_of_a_kind_that_has_no_sender_fails(shop: PushShop) -> None:
    await shop.device("web")
    await shop.device("windows")  # which Parse does not know: it is not counted
    status = await shop.ended(await shop.push())
    assert (status["failedPerType"], status["numFailed"]) == ({"web": 1}, 1)


async def test_what_a_client_writes_into_his_installation_keeps_no_push_from_the_others(
    shop: PushShop, apns: APNs, fcm: FCM
) -> None:
    vast = await shop.device(badge=1e308)
    deep = await shop.device(badge=-1e308)
    for kind in ("constructor", "__proto__", "a\0b", "x" * 10_000):
        await shop.device(kind, pushType="android")
    await shop.device("toaster", pushType="android")
    plain = await shop.device(badge=2)
    status = await shop.ended(await shop.push({"alert": "Hello", "badge": "Increment"}))
    assert status["status"] == "succeeded"
    counted = status["sentPerType"]
    assert (status["numSent"], counted) == (8, {"ios": 3, "toaster": 1, "other": 4})
    badges = {item.token: item.body["aps"]["badge"] for item in apns.taken}
    assert badges == {
        vast["deviceToken"]: 2**53 - 1,
        deep["deviceToken"]: -(2**53 - 1),
        plain["deviceToken"]: 3,
    }


async def test_a_badge_beyond_all_numbers_is_the_largest(shop: PushShop, apns: APNs) -> None:
    device = await shop.device()
    assert (await shop.ended(await shop.push({"badge": 1e308})))["numSent"] == 1
    assert (await shop.installation(device))["badge"] == 2**53 - 1


async def test_kinds_of_devices_beyond_a_hundred_are_counted_together(
    shop: PushShop, fcm: FCM
) -> None:
    for number in range(102):
        await shop.device(f"kind-{number}", pushType="android")
    counted = (await shop.ended(await shop.push()))["sentPerType"]
    assert (len(counted), counted["other"]) == (101, 2)


async def test_a_push_type_goes_before_the_device_type(shop: PushShop, fcm: FCM) -> None:
    device = await shop.device("ios", pushType="android")
    await shop.ended(await shop.push())
    assert [item.token for item in fcm.taken] == [device["deviceToken"]]


async def test_what_is_wrong_with_the_where_stands_in_the_status(shop: PushShop) -> None:
    status = await shop.ended(await shop.push(where={"deviceType": {"$in": "ios"}}))
    assert status["status"] == "failed"
    assert status["errorMessage"] == {"code": 107, "message": "bad $in value"}


async def test_an_audience_counts_how_often_it_was_used(shop: PushShop) -> None:
    body = {"name": "Readers", "query": '{"deviceType":"ios"}'}
    made = ok(await shop.master.post("/push_audiences", json=body), 201)
    for _ in range(2):
        await shop.push(where={"deviceType": "ios"}, audience_id=made["objectId"])
    found = ok(await shop.master.get(f"/push_audiences/{made['objectId']}"))
    assert (found["timesUsed"], found["query"]) == (2, {"deviceType": "ios"})
    assert found["lastUsed"].endswith("Z")


async def test_an_audience_that_is_gone_keeps_no_push_back(shop: PushShop, apns: APNs) -> None:
    await shop.device()
    await shop.ended(await shop.push(audience_id="nobody"))
    assert len(apns.taken) == 1


async def test_the_server_says_what_it_can_push(shop: PushShop, app: MakeApp) -> None:
    features = ok(await shop.master.get("/serverInfo"))["features"]["push"]
    assert set(features.values()) == {True}
    without = Client(await app(), master=True)
    features = ok(await without.get("/serverInfo"))["features"]["push"]
    assert features == {
        "immediatePush": False,
        "scheduledPush": False,
        "storedPushData": False,
        "pushAudiences": True,
        "localization": True,
    }
