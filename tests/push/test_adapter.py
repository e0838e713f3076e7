"""Payloads are those of Parse Server's own push adapter, but for what is said here."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from parsepy.push import payloads
from parsepy.push.base import Message
from tests.peer import REFERENCE
from tests.push.fakes import TOPIC

ID = "push000001"
BEGUN = 1_798_135_200_000
DEVICE = {"objectId": "installed1", "deviceToken": "token", "deviceType": "ios"}
DATA: list[dict[str, Any]] = [
    {"alert": "Hi"},
    {"alert": "Hi", "title": "T"},
    {"alert": {"title": "T", "body": "B", "loc-key": "K"}},
    {"alert": {"body": "B"}, "title": "T"},
    {"title": "T"},
    {"alert": "Hi", "badge": 3, "sound": "ding"},
    {"alert": "Hi", "sound": {"name": "s", "critical": 1, "volume": 0.5}},
    {"content-available": 1},
    {"alert": "Hi", "mutable-content": 1, "category": "c", "threadId": "t"},
    {"alert": "Hi", "interruptionLevel": "passive", "targetContentIdentifier": "x"},
    {"alert": "Hi", "uri": "shop://m1", "nested": {"a": [1, {"b": None}]}, "é": "ü"},
    {"aps": {"alert": "A", "x": 1}, "badge": 1},
    {"alert": "Hi", "push_type": "voip", "collapse_id": "c", "priority": 5},
    {"alert": "Hi", "expiration_time": BEGUN + 60_000},
    {},
]
BESIDE: list[dict[str, Any]] = [
    {},
    {"expiration_time": BEGUN + 3_600_000},
    {"expiration_time": BEGUN - 1000, "collapse_id": "beside", "priority": 1},
    {"push_type": "background", "notification": {"title": "T", "body": "B", "tag": "own"}},
]
CASES = [{"data": data, **beside} for data in DATA for beside in BESIDE]


@pytest.fixture(scope="module")
def theirs() -> list[dict[str, Any]]:
    """What the adapter makes of every case."""
    asked = [{"body": body, "topic": TOPIC, "time": BEGUN, "id": ID} for body in CASES]
    script = Path(__file__).with_name("adapter.mjs")
    done = subprocess.run(
        ["node", str(script), str(REFERENCE)],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers


def message(body: dict[str, Any]) -> Message:
    """A case as a message to one device."""
    return Message(ID, body, DEVICE, BEGUN)


def of(theirs: list[dict[str, Any]], part: str) -> list[Any]:
    """One part of every answer."""
    return [answer[part] for answer in theirs]


@pytest.mark.node
def test_apple_is_sent_the_same_payload(theirs: list[dict[str, Any]]) -> None:
    assert [payloads.apns_payload(body["data"]) for body in CASES] == of(theirs, "payload")


@pytest.mark.node
def test_apple_is_sent_the_same_headers_and_ids(theirs: list[dict[str, Any]]) -> None:
    for body, their in zip(CASES, of(theirs, "headers"), strict=True):
        ids = {"apns-id": message(body).id, "apns-collapse-id": ID}
        wanted = ids | {name: str(value) for name, value in their.items()}
        assert payloads.apns_headers(message(body), TOPIC) == wanted, body


@pytest.mark.node
def test_android_is_sent_the_same_message(theirs: list[dict[str, Any]]) -> None:
    for body, their in zip(CASES, of(theirs, "android"), strict=True):
        ours = payloads.fcm_message(message(body), "android")
        android = their["android"]
        if "ttl" in android:
            android["ttl"] = f"{android['ttl']}s"  # seconds, which their client takes for millis
        android["data"]["data"] = json.loads(android["data"]["data"])
        ours["android"]["data"]["data"] = json.loads(ours["android"]["data"]["data"])
        assert (ours["token"], ours["android"]) == ("token", android), body


@pytest.mark.node
def test_apple_by_firebase_is_sent_the_same_message(theirs: list[dict[str, Any]]) -> None:
    for body, their in zip(CASES, of(theirs, "apple"), strict=True):
        ours = payloads.fcm_message(message(body), "apple")["apns"]
        headers = {name: str(value) for name, value in their["apns"]["headers"].items()}
        assert ours["payload"] == their["apns"]["payload"], body
        assert ours["headers"] == {"apns-collapse-id": ID, **headers}, body
