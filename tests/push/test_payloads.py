"""A push's body in the words of Apple and Google."""

from typing import Any

import pytest

from parsepy.push import payloads
from parsepy.push.base import Message
from tests.push.fakes import TOPIC

DEVICE = {"objectId": "installed1", "deviceToken": "token", "deviceType": "ios"}
BEGUN = 1_798_135_200_000


def message(data: Any, **body: Any) -> Message:
    """A push to one device."""
    return Message("push000001", {"data": data, **body}, DEVICE, BEGUN)


@pytest.mark.parametrize(
    ("data", "payload"),
    [
        ({"alert": "Hi"}, {"aps": {"alert": "Hi"}}),
        ({"alert": "Hi", "title": "T"}, {"aps": {"alert": {"body": "Hi", "title": "T"}}}),
        ({"title": "T", "alert": "Hi"}, {"aps": {"alert": {"body": "Hi", "title": "T"}}}),
        ({"title": "T"}, {"aps": {"alert": {"title": "T"}}}),
        (
            {"alert": {"loc-key": "K"}, "title": "T"},
            {"aps": {"alert": {"loc-key": "K", "title": "T"}}},
        ),
        ({"badge": 3, "sound": "ding"}, {"aps": {"badge": 3, "sound": "ding"}}),
        ({"badge": "3", "sound": 4}, {}),
        (
            {"sound": {"name": "s", "critical": 1, "volume": 0.5}},
            {"aps": {"sound": {"name": "s", "critical": 1, "volume": 0.5}}},
        ),
        ({"content-available": 1}, {"aps": {"content-available": 1}}),
        ({"content-available": True, "mutable-content": 0}, {}),
        ({"category": "c", "threadId": "t"}, {"aps": {"category": "c", "thread-id": "t"}}),
        (
            {"interruptionLevel": "passive", "targetContentIdentifier": "x"},
            {"aps": {"interruption-level": "passive", "target-content-id": "x"}},
        ),
        ({"aps": {"alert": "A", "x": 1}, "badge": 1}, {"aps": {"alert": "A", "x": 1, "badge": 1}}),
        ({"uri": "shop://m1", "n": {"a": [1]}}, {"uri": "shop://m1", "n": {"a": [1]}}),
        ({"alert": "Hi", "topic": "t", "priority": 5, "id": "i"}, {"aps": {"alert": "Hi"}}),
    ],
)
def test_an_apns_payload(data: dict[str, Any], payload: dict[str, Any]) -> None:
    assert payloads.apns_payload(data) == payload


def test_apns_headers_say_what_no_payload_says() -> None:
    shown = payloads.apns_headers(message({"alert": "Hi"}), TOPIC)
    assert shown == {
        "apns-id": message({}).id,
        "apns-push-type": "alert",
        "apns-topic": TOPIC,
        "apns-priority": "10",
        "apns-collapse-id": "push000001",
    }


def test_what_stands_beside_the_data_goes_into_apns_headers() -> None:
    beside = {"collapse_id": "c", "push_type": "background", "priority": 5}
    shown = payloads.apns_headers(message({}, expiration_time=BEGUN, **beside), TOPIC)
    assert shown["apns-collapse-id"] == "c"
    assert shown["apns-push-type"] == "background"
    assert shown["apns-priority"] == "5"
    assert shown["apns-expiration"] == str(BEGUN // 1000)


@pytest.mark.parametrize(
    ("push_type", "end"),
    [("voip", ".voip"), ("liveactivity", ".push-type.liveactivity"), ("alert", "")],
)
def test_a_push_type_has_its_topic(push_type: str, end: str) -> None:
    assert (
        payloads.apns_headers(message({}, push_type=push_type), TOPIC)["apns-topic"] == TOPIC + end
    )
    named = payloads.apns_headers(message({"topic": "own"}, push_type=push_type), TOPIC)
    assert named["apns-topic"] == "own"


def test_an_id_is_that_of_a_push_on_an_installation() -> None:
    other = Message("push000002", {}, DEVICE, BEGUN)
    assert message({}).id == message({"alert": "another try"}).id != other.id


def test_android_gets_all_but_apples_numbers() -> None:
    data = {"alert": "Hi", "badge": 1, "content-available": 1, "n": 2}
    shown = payloads.fcm_message(message(data, notification={"title": "T"}), "android")
    assert shown == {
        "token": "token",
        "android": {
            "priority": "high",
            "notification": {"tag": "push000001", "title": "T"},
            "data": {
                "push_id": "push000001",
                "time": "2026-12-24T18:00:00.000Z",
                "data": '{"alert":"Hi","n":2}',
            },
        },
    }


@pytest.mark.parametrize(
    ("seconds", "ttl"), [(60, "60s"), (-5, "0s"), (10**8, f"{28 * 24 * 3600}s")]
)
def test_a_time_to_live_is_within_what_fcm_takes(seconds: int, ttl: str) -> None:
    body = message({}, expiration_time=BEGUN + seconds * 1000)
    assert payloads.fcm_message(body, "android")["android"]["ttl"] == ttl


def test_apple_by_firebase() -> None:
    data = {"alert": "Hi", "title": "T", "badge": 2, "sku": "M1"}
    shown = payloads.fcm_message(message(data, push_type="alert", priority=5), "apple")
    assert shown["apns"]["payload"] == {
        "aps": {"alert": {"body": "Hi", "title": "T"}, "badge": 2},
        "sku": "M1",
    }
    assert shown["apns"]["headers"] == {
        "apns-push-type": "alert",
        "apns-collapse-id": "push000001",
        "apns-priority": "5",
    }


def test_a_raw_payload_goes_as_it_is() -> None:
    raw = {"android": {"ttl": 1500, "data": {"a": "b"}}}
    shown = payloads.fcm_message(message({"alert": "no"}, rawPayload=raw), "android")
    assert shown == {"token": "token", "android": {"ttl": "1.5s", "data": {"a": "b"}}}
