"""Long JSON is decoded slice by slice, and is what the decoder of whole texts makes of it."""

import json
from typing import Any

import orjson
import pytest

from parsepy.errors import Code, ParseError
from parsepy.model import long_json

MANY = 1_000_000
SIZE = 4 * 1024 * 1024


def decode(data: bytes, most: int = MANY) -> Any:
    """The value of a text, whatever number of steps it takes."""
    return in_steps(data, most)[0]


def in_steps(data: bytes, most: int = MANY) -> tuple[Any, int]:
    """The value of a text, and the number of steps."""
    steps, count = long_json.decoded(data, most), 0
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value, count
        count += 1


def refused(data: bytes, most: int = MANY) -> tuple[Code | int, str]:
    """Code and message of the refusal of a text."""
    with pytest.raises(ParseError) as caught:
        decode(data, most)
    return caught.value.code, caught.value.message


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slices of a few bytes, so that short texts show what happens at their borders."""
    for name, value in {"_WINDOW": 16, "_PIECE": 24, "_LEAST": 20, "_FAR": 10}.items():
        monkeypatch.setattr(long_json, name, value)


TEXTS: dict[str, bytes] = {
    "one text": b'{"a":"%b"}' % (b"x" * SIZE),
    "a text by itself": b'"%b"' % (b"x" * SIZE),
    "one wide character": b'{"a":"%b"}' % ("😀".encode() + b"x" * (SIZE // 2)),
    "wide characters": b'{"a":"%b"}' % ("ж".encode() * (SIZE // 4)),
    "escapes": b'{"a":"%b"}' % (rb"\n" * (SIZE // 4)),
    "long escapes": b'{"a":"%b"}' % (rb"\u0416" * (SIZE // 12)),
    "pairs": b'{"a":"%b"}' % (rb"\ud83d\ude00" * (SIZE // 24)),
    "backslashes": b'{"a":"%b"}' % (rb"\\" * (SIZE // 4)),
    "space": b'{"a":%b1}' % (b" " * (SIZE // 2)),
    "commas in a text": b'{"a":"%b"}' % (b"," * (SIZE // 2)),
    "quotes in a text": b'{"a":"%b"}' % (rb"\"" * (SIZE // 4)),
    "long keys": orjson.dumps({f"{i:0200}": i for i in range(8_000)}),
    "texts": orjson.dumps([f"{i:0200}" for i in range(8_000)]),
    "towers": orjson.dumps([[[[{"a": [{"b": [i]}]}]]] for i in range(8_000)]),
}


@pytest.mark.parametrize("name", TEXTS)
def test_what_is_long_is_decoded_in_many_steps(name: str) -> None:
    data = TEXTS[name]
    value, steps = in_steps(data)
    assert value == orjson.loads(data)
    assert steps >= len(data) / 2 / (64 * 1024)


NESTED: dict[str, Any] = {
    "objects": {"a": {"b": {"c": "some text", "d": [1, 2, 3]}, "e": 5}, "f": [{"g": {"h": 1}}] * 3},
    "lists": [[[[1, 2], [3, 4], [5, 6], [7, 8]], [9]], [[[10, 11, 12, 13, 14, 15, 16, 17, 18]]]],
    "long texts": ["x" * 200, {"a": "ж" * 100, "b": ["😀" * 50, '"\\' * 60]}, "y" * 70, "\n" * 90],
    "nothing": [[], {}, [[]], {"a": {}}, "", None, True, 1.5, -3],
}


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", NESTED)
@pytest.mark.parametrize("is_ascii", [True, False])
@pytest.mark.parametrize("between", [",", " ,\n      " + " " * 80])
def test_containers_grow_from_slice_to_slice(name: str, is_ascii: bool, between: str) -> None:
    text = json.dumps(NESTED[name], ensure_ascii=is_ascii, separators=(between, ":")).encode()
    assert decode(text) == NESTED[name]


@pytest.mark.usefixtures("small")
def test_of_two_values_of_one_key_the_last_counts() -> None:
    text = b'{"a":[1,2,3,4,5,6],"b":1,"a":[[7,8,9],[10,11,12,13]],"c":[4,5,6,7,8,9]}'
    assert json.dumps(decode(text)) == json.dumps(orjson.loads(text))
    twice = b'[{"a":[1],"b":[],"a":[2,"%b",{"c":1,"c":[3,4,5,6,7]}]}]' % (b"x" * 60)
    assert json.dumps(decode(twice)) == json.dumps(orjson.loads(twice))


def test_the_value_that_is_open_where_a_slice_ends_may_stand_before_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(long_json, "_WINDOW", 64)
    numbers = ",".join(map(str, range(100)))
    for others in ('"b":[]', '"b":{}', '"b":[[]],"c":{"d":[5]},"e":2', '"b":[[[]]],"c":{"a":{}}'):
        for opened, closed in (("[", "]"), ("[[", "]]"), ('{"a":[', "]}")):
            text = f'{{"a":1,{others},"a":{opened}{numbers}{closed}}}'.encode()
            assert json.dumps(decode(text)) == json.dumps(orjson.loads(text))


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    "text",
    [
        b"[1,2,3,4,5,6,7,8,,9,10,11,12]",
        b"[1,2,3,4,5,6,7,8,9,10,11,12,]",
        b'{"a":1,"b":2,"c":3,"d",4,"e":5}',
        b"[1,2,3,4,5,6,7,8},9,10,11,12]",
        b"[1,2,3,4,5],[6,7,8,9,10,11,12]",
        b"[1,2,3,4,5,6]]]]],7,8,9,10,11,",
        b"[1,2,3,4,5] [6,7,8,9,10,11,12]",
        b'["' + b"x" * 100,
        b'["' + b"x" * 50 + b"\0" + b"x" * 50 + b'"]',
        b'["' + b"x" * 50 + b"\xff" + b"x" * 50 + b'"]',
        b'["' + rb"\ud83d" * 30 + b'"]',
        b"[1,\\2,3,4,5,6,7,8,9,10,11,12,13]",
        b"",
    ],
)
def test_what_is_no_json_is_refused(text: bytes) -> None:
    code, message = refused(text)
    assert code == Code.INVALID_JSON
    assert message.startswith("Malformed JSON: ")


def test_values_quotes_and_levels_are_bounded() -> None:
    assert refused(b"[%b1]" % (b"1," * 100), 100) == (116, "JSON of more than 100 values.")
    assert refused(b'"' * 500, 100) == (116, "JSON of more than 100 values.")
    code, message = refused(b"[" * 300)
    assert (code, message) == (107, "Nesting deeper than 200 levels.")
    assert decode(b"[" * 200 + b"]" * 200) == orjson.loads(b"[" * 200 + b"]" * 200)


@pytest.mark.usefixtures("small")
def test_no_key_is_a_long_text() -> None:
    assert refused(b'[{"%b":1}]' % (b"k" * 100))[0] == Code.OBJECT_TOO_LARGE


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("count", range(90, 130))
def test_a_text_is_cut_between_characters(count: int) -> None:
    for text in ("\\" * count, "a\\" * count, "ж\\😀" * count, '"' * count, "\\\\ж" * count):
        for value in ([text], [text + "\u0416" + text], ["x" * count + text]):
            for is_ascii in (True, False):
                assert decode(json.dumps(value, ensure_ascii=is_ascii).encode()) == value
