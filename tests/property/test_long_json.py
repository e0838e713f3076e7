"""Long JSON, decoded slice by slice, is what the decoder of whole texts makes of it, or refused."""

import json
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsepy.errors import ParseError
from parsepy.model import long_json

CHARACTERS = st.sampled_from(['"', "\\", "x", ",", "ж", "😀", "\n", "[", "]", "{", "}", " "])
TEXTS = st.lists(CHARACTERS, max_size=12).flatmap(
    lambda parts: st.integers(1, 9).map(lambda times: "".join(parts) * times)
)
KEYS = st.sampled_from(["a", "b", '"', "\\", ","])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


@pytest.fixture(autouse=True, scope="module")
def small() -> Iterator[None]:
    """Slices of a few bytes."""
    with patch.multiple(long_json, _WINDOW=16, _PIECE=24, _LEAST=20, _FAR=10):
        yield


def outcome(data: bytes) -> str | None:
    """The value of a text, as text, so that the order of keys counts; None if it is refused."""
    steps = long_json.decoded(data, 10_000)
    try:
        while True:
            next(steps)
    except StopIteration as end:
        return json.dumps(end.value)
    except ParseError as error:
        return "a key" if "A key of" in error.message else None


def whole(data: bytes) -> str | None:
    """The same by the decoder of whole texts."""
    try:
        return json.dumps(orjson.loads(data))
    except orjson.JSONDecodeError:
        return None


@given(VALUES, st.booleans(), st.sampled_from([",", " ,  \n"]))
def test_slices_make_the_same_value(value: Any, is_ascii: bool, comma: str) -> None:
    data = json.dumps(value, ensure_ascii=is_ascii, separators=(comma, ":")).encode()
    assert outcome(data) == whole(data)


@given(VALUES, st.booleans(), st.data())
def test_slices_refuse_the_same_texts(value: Any, is_ascii: bool, data: st.DataObject) -> None:
    text = bytearray(json.dumps(value, ensure_ascii=is_ascii).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(text)))
        length = data.draw(st.integers(0, 1))
        text[place : place + length] = data.draw(
            st.sampled_from([b"", *(b"%c" % c for c in b',[]{}":\\ 1')])
        )
    assert outcome(bytes(text)) in (whole(bytes(text)), "a key")
