"""The messages of ``graphql-transport-ws``, both ways."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsepy.graphql import messages
from parsepy.graphql.messages import CloseCode, EndOperation, MessageError, Ping, StartOperation
from parsepy.graphql.socket_requests import credential_headers


def test_an_operation_is_read_with_all_its_parts() -> None:
    payload = {"query": "{ a }", "operationName": "A", "variables": {"b": 1}, "extensions": None}
    text = json.dumps({"type": "subscribe", "id": "1", "payload": payload})
    message = messages.decode(text.encode())
    assert isinstance(message, StartOperation)
    assert (message.id, message.asked.query, message.asked.operation_name) == ("1", "{ a }", "A")
    assert (message.asked.variables, message.asked.extensions) == ({"b": 1}, {})
    assert messages.decode(b'{"type":"complete","id":"1"}') == EndOperation("1")
    assert messages.decode(b'{"type":"ping"}') == Ping()


@given(st.binary() | st.builds(lambda value: json.dumps(value).encode(), st.recursive(
    st.none() | st.booleans() | st.text() | st.sampled_from(["ping", "subscribe", "complete"]),
    lambda inner: st.lists(inner)
    | st.dictionaries(st.sampled_from(["type", "id", "payload", "query"]), inner),
)))  # fmt: skip
def test_any_bytes_are_a_message_or_break_the_protocol(text: bytes) -> None:
    told = None
    try:
        messages.decode(text)
    except MessageError as error:
        told = error
    if told is not None:
        assert told.code is CloseCode.BAD_REQUEST
        assert 0 < len(told.reason.encode()) <= 123


def test_a_reason_fits_a_close_frame() -> None:
    assert MessageError(CloseCode.FORBIDDEN, "ü" * 100).reason == "ü" * 61


def test_what_is_sent_is_json() -> None:
    assert json.loads(messages.next_result('a"', b'{"data":null}')) == {
        "id": 'a"',
        "type": "next",
        "payload": {"data": None},
    }
    assert json.loads(messages.complete("ü")) == {"id": "ü", "type": "complete"}
    assert json.loads(messages.errors("a", [{"message": "no"}])) == {
        "id": "a",
        "type": "error",
        "payload": [{"message": "no"}],
    }


@pytest.mark.parametrize("name", ["X-Parse-Session-Token", "x-parse-session-token", "sessionToken"])
def test_keys_have_the_names_of_headers_or_of_live_query(name: str) -> None:
    assert credential_headers({name: "r:1", "other": 5}) == {b"x-parse-session-token": b"r:1"}


@pytest.mark.parametrize("value", [1, [], {}, True])
def test_a_key_is_a_string(value: Any) -> None:
    with pytest.raises(MessageError) as refused:
        credential_headers({"masterKey": value})
    assert refused.value.code is CloseCode.BAD_REQUEST
