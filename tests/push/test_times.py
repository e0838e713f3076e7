"""Pushes at a time: scheduled, local to each device, and worth something only until then."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from parsepy.errors import ParseError
from parsepy.operations.push import times
from parsepy.storage import pushes
from tests.conftest import Client, MakeApp
from tests.push import fakes
from tests.push.conftest import PushShop
from tests.push.fakes import FCM, APNs
from tests.rest.shop import refused


def iso(**later: float) -> str:
    """A time from now, without an offset."""
    return (datetime.now(UTC) + timedelta(**later)).replace(tzinfo=None).isoformat("T", "seconds")


async def queued(shop: PushShop, push_id: str) -> dict[str, Any]:
    """What is left of a push."""
    collection = shop.master.application.backend.storage.connection.collection(pushes.COLLECTION)
    return await collection.find_one({"_id": push_id}) or {}


async def make_due(shop: PushShop, push_id: str) -> None:
    """Let the time of a push have come."""
    collection = shop.master.application.backend.storage.connection.collection(pushes.COLLECTION)
    await collection.update_one({"_id": push_id}, {"$set": {"due": datetime(2020, 1, 1)}})


async def test_a_scheduled_push_waits_for_its_time(shop: PushShop, apns: APNs) -> None:
    await shop.device()
    time = iso(hours=1) + "Z"
    push_id = await shop.push(push_time=time)
    status = await shop.status(push_id)
    assert status["status"] == "scheduled"
    assert status["pushTime"] == time.replace("Z", ".000Z")
    now_too = await shop.push({"alert": "now"})
    await shop.ended(now_too)
    assert [item.body["aps"]["alert"] for item in apns.taken] == ["now"]
    await make_due(shop, push_id)
    assert (await shop.ended(push_id))["numSent"] == 1


async def test_a_scheduled_push_is_sent_by_one_process_of_many(
    app: MakeApp, apns: APNs, fcm: FCM
) -> None:
    options = {"push": fakes.push_options(apns, fcm), "scheduledPush": True}
    first = await app(**options)
    for _ in range(3):
        await app(databaseURI=first.backend.config.database_uri, **options)
    shop = PushShop(Client(first, master=True))
    await shop.devices("ios", 20)
    push_id = await shop.push(push_time=iso(seconds=1) + "Z")
    assert (await shop.ended(push_id))["numSent"] == 20
    assert set(apns.counts().values()) == {1}


async def test_without_scheduled_pushes_it_is_sent_at_once(
    app: MakeApp, apns: APNs, fcm: FCM
) -> None:
    shop = PushShop(Client(await app(push=fakes.push_options(apns, fcm)), master=True))
    await shop.device()
    push_id = await shop.push(push_time=iso(hours=1) + "Z")
    assert (await shop.ended(push_id))["numSent"] == 1


async def test_a_time_without_offset_is_that_of_each_device(shop: PushShop, apns: APNs) -> None:
    # half an hour ago in Kiritimati, which is the first to have any time; much later elsewhere
    local = iso(hours=14, minutes=-30)
    first = await shop.device(timeZone="Pacific/Kiritimati")
    berlin = await shop.device(timeZone="Europe/Berlin")
    nowhere = await shop.device()
    push_id = await shop.push(push_time=local)
    await apns.until(1)
    while (await queued(shop, push_id))["owner"] is not None:
        await apns.until(1)
    assert [item.token for item in apns.taken] == [first["deviceToken"]]
    status = await shop.status(push_id)
    assert status["pushTime"] == local + ".000"
    assert status["sentPerUTCOffset"] == {"14": 1}
    collection = shop.master.application.backend.storage.connection.collection(pushes.COLLECTION)
    await collection.update_one(
        {"_id": push_id}, {"$set": {"local": datetime(2020, 1, 1), "due": datetime(2020, 1, 1)}}
    )
    status = await shop.ended(push_id)
    assert status["sentPerUTCOffset"] == {"14": 1, "1": 1}
    assert status["numSent"] == 3
    assert set(apns.counts()) == {d["deviceToken"] for d in (first, berlin, nowhere)}


async def test_a_push_says_until_when_it_is_worth_sending(shop: PushShop, apns: APNs) -> None:
    await shop.device()
    push_id = await shop.push(expiration_time=4102444800)
    assert (await shop.ended(push_id))["expiry"] == 4102444800000
    assert apns.taken[0].headers["apns-expiration"] == "4102444800"


async def test_an_interval_begins_when_the_push_does(shop: PushShop, fcm: FCM) -> None:
    await shop.device("android")
    await shop.ended(await shop.push(expiration_interval=3600))
    assert fcm.taken[0].body["android"]["ttl"] == "3600s"
    await shop.ended(await shop.push(expiration_interval=60, push_time=iso(seconds=-1) + "Z"))
    assert 55 <= int(fcm.taken[1].body["android"]["ttl"][:-1]) <= 60


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, 'Sending a push requires either "channels" or a "where" query.'),
        (
            {"channels": ["a"], "where": {}},
            "Channels and query can not be set at the same time.",
        ),
        ({"where": {}, "expiration_time": "soon"}, "soon is not valid time."),
        ({"where": {}, "expiration_time": {}}, "[object Object] is not valid time."),
        ({"where": {}, "push_time": True}, "true is not valid time."),
        ({"where": {}, "push_time": "2020-13-01"}, "2020-13-01 is not valid time."),
        (
            {"where": {}, "expiration_interval": 0},
            "expiration_interval must be a number greater than 0",
        ),
        (
            {"where": {}, "expiration_interval": 5, "expiration_time": 4102444800},
            "Both expiration_time and expiration_interval cannot be set",
        ),
        *(
            (
                {"where": {}, "expiration_interval": interval, **beside},
                "expiration_interval must be a number of seconds that a calendar has",
            )
            for interval in (1e300, 1e308)
            for beside in ({}, {"push_time": "2035-01-01T00:00:00Z"})
        ),
        *(
            ({"where": {}, "push_time": time}, f"{time} is not valid time.")
            for time in ("0001-01-01T00:00:00", "9999-12-31T23:59:59")
        ),
    ],
)
async def test_what_can_not_be_sent_is_refused(
    shop: PushShop, body: dict[str, Any], message: str
) -> None:
    response = await shop.master.post("/push", json={"data": {"alert": "Hello"}, **body})
    assert refused(response, 115) == message


async def test_a_server_that_is_not_configured_says_so(master: Client) -> None:
    response = await master.post("/push", json={"where": {}, "data": {}})
    assert refused(response, 115) == "Missing push configuration"


async def test_only_the_master_key_pushes(client: Client) -> None:
    assert (await client.post("/push", json={"where": {}, "data": {}})).status_code == 403


# --- the clock ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "local"),
    [
        ("2026-12-24T18:00:00Z", False),
        ("2026-12-24T18:00:00+02:00", False),
        ("2026-12-24T18:00:00", True),
        ("2026-12-24", True),
        (1798135200, False),
        ("Thu, 24 Dec 2026 18:00:00 GMT", False),
    ],
)
def test_a_time_without_offset_is_local(value: Any, local: bool) -> None:
    assert times.is_local(value) is local
    assert times.moment_of(value, "").date().isoformat() == "2026-12-24"


def test_the_offsets_of_a_local_time_go_from_east_to_west() -> None:
    local = datetime(2026, 7, 1, 9)
    offsets = times.offsets_at(local)
    moments = [times.due(local, offset) for offset in offsets]
    assert moments == sorted(moments)
    assert (offsets[0], offsets[-1]) == (14 * 60, -12 * 60 if -720 in offsets else -11 * 60)
    assert "Asia/Kolkata" in times.zones(local, 330)
    assert "Europe/Berlin" in times.zones(local, 120)
    everywhere = [
        name for offset in offsets if offset is not None for name in times.zones(local, offset)
    ]
    assert sorted(everywhere) == sorted(times.zones(local, times.UNKNOWN_ZONE))


@pytest.mark.parametrize(
    ("offset", "shown"), [(0, "0"), (-360, "-6"), (330, "5:30"), (-210, "-3:30")]
)
def test_an_offset_is_told_in_hours(offset: int, shown: str) -> None:
    assert times.shown_offset(offset) == shown


@pytest.mark.parametrize("value", [float("inf"), 1e30, "", [], None, {}])
def test_what_is_no_time_is_refused(value: Any) -> None:
    with pytest.raises(ParseError, match="is not valid time"):
        times.moment_of(value, "it")
