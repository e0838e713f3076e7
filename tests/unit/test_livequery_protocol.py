"""Live Query messages: what is read of them, what is refused, and the frames that answer."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsepy.livequery import protocol
from parsepy.livequery.protocol import Connect, Fetch, FrameError, Subscribe, Unsubscribe


def decode(**message: Any) -> Any:
    """Read a message as a client would send it."""
    return protocol.decode(json.dumps(message).encode())


def test_a_connect_is_read_with_its_keys_and_an_empty_token_is_none() -> None:
    message = decode(
        op="connect", applicationId="shop", javascriptKey="js", sessionToken="", installationId="i"
    )
    assert isinstance(message, Connect)
    assert (message.application_id, message.keys) == ("shop", {"javascriptKey": "js"})
    assert (message.session_token, message.installation_id) == (None, "i")


@pytest.mark.parametrize("name", ["keys", "fields"])
def test_selected_columns_are_read_under_both_their_names(name: str) -> None:
    query = {"className": "Order", "where": {"total": 5}, name: ["status"], "watch": ["total"]}
    message = decode(op="subscribe", requestId=3, query=query, sessionToken="r:1", other=True)
    assert isinstance(message, Subscribe)
    assert (message.keys, message.watch) == (frozenset(["status"]), frozenset(["total"]))
    assert (message.request_id, message.session_token) == (3, "r:1")


def test_an_update_is_read_as_a_subscription_without_selected_columns() -> None:
    message = decode(op="update", requestId=3, query={"className": "Order", "where": {}})
    assert message == Subscribe(3, "Order", {}, None, None, None)


def test_unsubscribe_and_query_name_their_subscription() -> None:
    assert decode(op="unsubscribe", requestId=4) == Unsubscribe(4)
    assert decode(op="query", requestId=4) == Fetch(4)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({}, "Missing required property: op"),
        ({"op": 5}, "Invalid type: number (expected string)"),
        ({"op": "sing"}, 'No enum match for: "sing"'),
        ({"op": "connect"}, "Missing required property: applicationId"),
        ({"op": "connect", "applicationId": ["a"]}, "Invalid type: array (expected string)"),
        ({"op": "unsubscribe"}, "Missing required property: requestId"),
        ({"op": "query", "requestId": "1"}, "Invalid type: string (expected number)"),
        ({"op": "query", "requestId": True}, "Invalid type: boolean (expected number)"),
        ({"op": "subscribe", "requestId": 1}, "Missing required property: query"),
        (
            {"op": "subscribe", "requestId": 1, "query": {"className": "A", "where": "x"}},
            "Invalid type: string (expected object)",
        ),
        (
            {
                "op": "subscribe",
                "requestId": 1,
                "query": {"className": "A", "where": {}, "keys": 1},
            },
            "Invalid type: keys (expected array of strings)",
        ),
        (
            {
                "op": "subscribe",
                "requestId": 1,
                "query": {"className": "A", "where": {}, "watch": ["a"] * 1001},
            },
            "watch names more than 1000 fields",
        ),
    ],
)
def test_what_is_wrong_with_a_message_is_said(message: dict[str, Any], words: str) -> None:
    with pytest.raises(FrameError) as refusal:
        decode(**message)
    assert refusal.value.message == words
    told = json.loads(protocol.error(refusal.value.code, refusal.value.message))
    assert (told["op"], told["code"], told["reconnect"]) == ("error", 1, False)


@pytest.mark.parametrize(
    ("text", "kind"), [(b"[]", "array"), (b"null", "null"), (b'{"op":', "JSON"), (b"7", "number")]
)
def test_what_is_no_object_is_refused(text: bytes, kind: str) -> None:
    with pytest.raises(FrameError, match=kind):
        protocol.decode(text)


def told_of(text: bytes) -> str:
    """What a message is, or the op of the frame that refuses it."""
    try:
        return type(protocol.decode(text)).__name__
    except FrameError as error:
        return str(json.loads(protocol.error(error.code, error.message))["op"])


@given(st.one_of(st.binary(), st.text().map(str.encode)))
def test_any_bytes_are_a_message_or_a_refusal(text: bytes) -> None:
    assert told_of(text) in ("Connect", "Subscribe", "Unsubscribe", "Fetch", "error")


def test_frames_carry_whom_they_are_for() -> None:
    whom = protocol.address("c", "i", 7)
    assert json.loads(protocol.acknowledged("subscribed", whom)) == {
        "op": "subscribed",
        "clientId": "c",
        "installationId": "i",
        "requestId": 7,
    }
    bare = protocol.acknowledged("connected", protocol.address("c", None, None))
    assert json.loads(bare) == {"op": "connected", "clientId": "c"}
    assert json.loads(protocol.results(whom, [{"a": 1}]))["results"] == [{"a": 1}]


@pytest.mark.parametrize("original", [None, {"status": "pending"}])
def test_an_event_is_its_address_and_the_states(original: dict[str, Any] | None) -> None:
    rest = protocol.state({"status": "paid"}, original)
    frame = json.loads(protocol.opening("update") + protocol.address("c", None, 1) + rest)
    assert frame["object"] == {"status": "paid"}
    assert frame.get("original") == original


def test_a_shape_is_a_new_dict_of_the_selected_columns() -> None:
    item = {"objectId": "o", "status": "paid", "total": 5, "note": {"a": 1}}
    shown = protocol.shape(item, "Order", frozenset(["note.a"]))
    assert shown == {"className": "Order", "objectId": "o", "note": {"a": 1}}
    everything = protocol.shape(item, "Order", None)
    assert everything == {**item, "className": "Order"}


def test_refusals_of_the_house_keep_their_code() -> None:
    told = json.loads(protocol.error(119, "no", 4))
    assert (told["code"], told["error"], told["requestId"]) == (119, "no", 4)


def test_a_place_among_the_changes_is_written_and_read() -> None:
    place = (1_764_460_800, 3, 2**32 - 1)
    assert protocol.position_of(protocol.since_of(place)) == place


@pytest.mark.parametrize("text", ["", "1.2", "1.2.x", "1.2.3.4", "-1.2.3", "1.2." + "f" * 9])
def test_what_is_no_place_is_none(text: str) -> None:
    assert protocol.position_of(text) is None


def test_frames_carry_a_place_where_there_is_one() -> None:
    assert protocol.state({"a": 1}, None) == b',"object":{"a":1}}'
    assert protocol.state({"a": 1}, None, "1.2.0") == b',"object":{"a":1},"since":"1.2.0"}'
    assert protocol.reached((1, 2, 0)) == b'{"op":"since","since":"1.2.0"}'
    assert protocol.acknowledged("subscribed", b'"requestId":1', {"resumed": True}) == (
        b'{"op":"subscribed","requestId":1,"resumed":true}'
    )


def test_a_name_as_long_as_a_book_is_refused() -> None:
    text = b'{"op":"connect","applicationId":"' + b"x" * (protocol.MAX_TEXT + 1) + b'"}'
    with pytest.raises(FrameError, match="characters"):
        protocol.decode(text)
