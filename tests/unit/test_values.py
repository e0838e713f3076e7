"""REST values: JSON, dates, types, and what is refused of untrusted ones."""

import json
import time
from datetime import datetime
from typing import Any

import pytest

from parsepy.errors import Code, ParseError
from parsepy.model import values
from parsepy.model.values import FieldType

CUP = {"__type": "Pointer", "className": "Product", "objectId": "cup"}


def nest(depth: int, value: Any = 1) -> Any:
    for _ in range(depth):
        value = [value]
    return value


# --- JSON -----------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ['{"price":5}', b'{"price":5}', bytearray(b'{"price":5}')])
def test_json_is_read_from_text_and_bytes(text: Any) -> None:
    assert values.loads(text) == {"price": 5}


@pytest.mark.parametrize("text", ["", "{", "nope", "NaN", "1e999", b"\xff", "[1,]"])
def test_what_is_no_json_is_refused(text: Any) -> None:
    with pytest.raises(ParseError, match="Malformed JSON") as refused:
        values.loads(text)
    assert refused.value.code == Code.INVALID_JSON


@pytest.mark.parametrize("encode", [str, str.encode])
def test_json_deeper_than_200_levels_is_refused(encode: Any) -> None:
    assert values.loads(encode(json.dumps(nest(200)))) == nest(200)
    for deep in (nest(201), nest(900), {"a": nest(200)}):
        with pytest.raises(ParseError, match="deeper than 200") as refused:
            values.loads(encode(json.dumps(deep)))
        assert refused.value.code == Code.INVALID_JSON


@pytest.mark.parametrize("text", [b'"\0\\ud83d"', '"\0\\ud83d"'])
def test_a_cut_character_beside_a_byte_that_no_json_has_is_refused(text: bytes | str) -> None:
    with pytest.raises(ParseError, match="Malformed JSON"):
        values.loads(text)


def test_a_broad_list_is_not_deep() -> None:
    assert len(values.loads(json.dumps([{"a": []}] * 500))) == 500


def test_json_is_written_compactly() -> None:
    assert values.dumps({"a": [1, None, "é"]}) == '{"a":[1,null,"é"]}'.encode()


# --- dates ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "iso"),
    [
        ("2020-01-02T03:04:05.678Z", "2020-01-02T03:04:05.678Z"),
        ("2020-01-02T03:04:05.678999Z", "2020-01-02T03:04:05.678Z"),
        ("2020-01-02T03:04:05", "2020-01-02T03:04:05.000Z"),
        ("2020-01-02", "2020-01-02T00:00:00.000Z"),
        ("2020-01-02T03:04:05+02:00", "2020-01-02T01:04:05.000Z"),
        (0, "1970-01-01T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (1.5, "1970-01-01T00:00:00.001Z"),
    ],
)
def test_a_date_is_read_leniently_and_written_in_utc_milliseconds(value: Any, iso: str) -> None:
    moment = values.from_iso(value)
    assert moment is not None
    assert values.date(moment) == {"__type": "Date", "iso": iso}


@pytest.mark.parametrize(
    "value", ["", "bad", "2020-13-01", True, None, [], {}, 1e30, "0001-01-01T00:00:00+05:00"]
)
def test_what_is_no_date_is_none(value: Any) -> None:
    assert values.from_iso(value) is None


@pytest.mark.parametrize(
    ("nanoseconds", "written"),
    [
        (1_709_368_200_007_999_999, "2024-03-02T08:30:00.007Z"),
        (1_709_368_200_990_000_000, "2024-03-02T08:30:00.990Z"),
        (1_709_368_199_999_000_000, "2024-03-02T08:29:59.999Z"),
    ],
)
def test_a_stamp_has_the_milliseconds_of_its_moment(
    monkeypatch: pytest.MonkeyPatch, nanoseconds: int, written: str
) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: nanoseconds)
    assert values.stamp() == written


def test_now_is_naive_utc_without_microseconds() -> None:
    now = values.now()
    assert now.tzinfo is None
    assert now.microsecond % 1000 == 0
    assert values.from_iso(values.to_iso(now)) == now


def test_an_early_year_keeps_four_digits() -> None:
    assert values.to_iso(datetime(1, 2, 3)) == "0001-02-03T00:00:00.000Z"


# --- ids (more in tests/property/test_identifiers.py) -----------------------------------------


def test_an_id_has_the_wanted_length() -> None:
    assert [len(values.new_id(size)) for size in (1, 10, 25)] == [1, 10, 25]
    assert values.new_id().isalnum()


def test_a_session_token_is_r_and_32_digits() -> None:
    assert values.new_token()[:2] == "r:"
    assert len(values.new_token()) == 34


# --- types ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("cup", "String"),
        (True, "Boolean"),
        (5, "Number"),
        (5.5, "Number"),
        ([], "Array"),
        ({}, "Object"),
        ({"size": 1}, "Object"),
        ({"__type": ""}, "Object"),
        ({"__type": "Date", "iso": "2020-01-01"}, "Date"),
        (CUP, "Pointer<Product>"),
        ({**CUP, "__type": "Object", "price": 5}, "Pointer<Product>"),
        ({"__type": "Relation", "className": "Order"}, "Relation<Order>"),
        ({"__type": "File", "name": "cup.png"}, "File"),
        ({"__type": "GeoPoint", "latitude": 1, "longitude": 2.5}, "GeoPoint"),
        ({"__type": "Bytes", "base64": "AAAA"}, "Bytes"),
        ({"__type": "Polygon", "coordinates": [[0, 0], [0, 1], [1, 0.5]]}, "Polygon"),
    ],
)
def test_a_value_tells_its_column_type(value: Any, name: str) -> None:
    assert str(values.type_of(value)) == name


def test_null_has_no_type() -> None:
    assert values.type_of(None) is None


@pytest.mark.parametrize(
    "value",
    [
        {"__type": "Moon"},
        {"__type": 5},
        {"__type": ["Date"]},
        {"__type": "Date"},
        {"__type": "Date", "iso": ""},
        {"__type": "Date", "iso": "bad"},
        {"__type": "Pointer"},
        {"__type": "Pointer", "className": "Product"},
        {"__type": "Pointer", "className": "Product", "objectId": ""},
        {"__type": "Pointer", "className": "Product", "objectId": 5},
        {"__type": "Pointer", "className": 5, "objectId": "cup"},
        {"__type": "Object", "className": "Product"},
        {"__type": "Relation"},
        {"__type": "File", "url": "http://shop/cup.png"},
        {"__type": "GeoPoint", "latitude": 1},
        {"__type": "GeoPoint", "latitude": "1", "longitude": True},
        {"__type": "GeoPoint", "latitude": float("nan"), "longitude": 1},
        {"__type": "Bytes"},
        {"__type": "Bytes", "base64": ""},
        {"__type": "Bytes", "base64": "%%%"},
        {"__type": "Bytes", "base64": "é"},
        {"__type": "Polygon"},
        {"__type": "Polygon", "coordinates": [5]},
        {"__type": "Polygon", "coordinates": [[1]]},
        {"__type": "Polygon", "coordinates": [["a", "b"]]},
    ],
)
def test_an_unknown_or_broken_typed_value_is_refused(value: Any) -> None:
    with pytest.raises(ParseError, match="This is not a valid ") as refused:
        values.type_of(value)
    assert refused.value.code == Code.INCORRECT_TYPE


def test_a_type_prints_its_target() -> None:
    assert str(FieldType("Pointer", "_User")) == "Pointer<_User>"
    assert str(values.STRING) == "String"


def test_an_included_object_stands_for_its_pointer() -> None:
    assert values.is_pointer(values.pointer("Product", "cup"))
    assert values.is_pointer({**CUP, "__type": "Object"})
    assert not values.is_pointer({"className": "Product"})
    assert not values.is_pointer("cup")


def test_bytes_travel_as_base64() -> None:
    assert values.from_bytes(b"\x00cup") == {"__type": "Bytes", "base64": "AGN1cA=="}
    assert values.to_bytes({"__type": "Bytes", "base64": "AGN1cA=="}) == b"\x00cup"


# --- nested values ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        5,
        "a.b$",
        {"a": [{"b": {"": 1}}, "x"]},
        {"d": {"__type": "Date", "iso": "2020-01-01"}},
        [CUP],
    ],
)
def test_a_good_nested_value_passes(value: Any) -> None:
    values.check_nested(value)


@pytest.mark.parametrize("key", ["a.b", "$set", "price$", "a\0"])
def test_a_nested_key_with_dollar_dot_or_nul_is_refused(key: str) -> None:
    for value in ({key: 1}, {"a": {key: 1}}, [{"a": [{key: 1}]}]):
        with pytest.raises(ParseError, match="Nested keys") as refused:
            values.check_nested(value)
        assert refused.value.code == Code.INVALID_NESTED_KEY


@pytest.mark.parametrize("kind", ["Date", "Bytes"])
def test_a_broken_date_or_bytes_inside_is_refused(kind: str) -> None:
    with pytest.raises(ParseError, match=f"not a valid {kind}"):
        values.check_nested([{"__type": kind}])


def test_values_nest_100_levels_and_no_deeper() -> None:
    values.check_nested(nest(101))
    for value in (nest(102), {"a": nest(101)}):
        with pytest.raises(ParseError, match="Nesting deeper than 100 levels"):
            values.check_nested(value)


# --- how much is read -----------------------------------------------------------------------


@pytest.mark.parametrize("text", ["[" + "0," * 20 + "0]", b"[" + b"[]," * 20 + b"0]"])
def test_json_of_too_many_values_is_refused_before_it_is_read(text: Any) -> None:
    with pytest.raises(ParseError) as refused:
        values.loads(text, 10)
    assert refused.value.code == Code.OBJECT_TOO_LARGE


@pytest.mark.parametrize(
    "text",
    [
        "a, b, c, d, e, f, g, h, i, j, k, l, m",
        'he said "a, b, c, d, e, f, g, h, i, j, k, l", and',
        "a backslash at the end, b, c, d, e, f, g, h, i, j, k \\",
    ],
)
def test_marks_inside_texts_are_no_values(text: str) -> None:
    body = {"description": text, "price": 5}
    assert values.loads(json.dumps(body), 10) == body


@pytest.mark.parametrize("text", ["[" + '"a",' * 20 + '"b"]', "[" + '"a","b",' * 40 + "1]"])
def test_too_many_texts_are_too_many_values(text: str) -> None:
    with pytest.raises(ParseError):
        values.loads(text, 10)


@pytest.mark.parametrize(
    ("part", "expected"), [("0", True), ("17", True), ("²", False), ("x1", False), ("", False)]
)
def test_a_position_is_written_in_plain_digits(part: str, expected: bool) -> None:
    assert values.is_position(part) is expected


# --- paths ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "path", "expected"),
    [
        ({"a": 1}, "a", {"a": 7}),
        ({"a": {"b": 1, "c": 2}}, "a.b", {"a": {"b": 7, "c": 2}}),
        ([1, 2], "1", [1, 7]),
        ([{"q": 1}], "0.q", [{"q": 7}]),
        ([1], "3", [1, None, None, 7]),
        ([1], "x", [1]),
        ([1], "10000", [1]),
        (5, "a.b", {"a": {"b": 7}}),
        (values.GONE, "a", {"a": 7}),
    ],
)
def test_a_value_is_placed_at_a_path_as_mongodb_does(value: Any, path: str, expected: Any) -> None:
    assert values.placed(value, path.split("."), lambda old: 7) == expected


@pytest.mark.parametrize(
    ("value", "path", "expected"),
    [
        ({"a": 1, "b": 2}, "a", {"b": 2}),
        ([1, 2], "0", [None, 2]),
        ([1, 2], "5", [1, 2]),
        ({"b": 2}, "a.x", {"b": 2}),
        (values.GONE, "a", values.GONE),
    ],
)
def test_a_removal_leaves_null_in_an_array_and_makes_nothing(
    value: Any, path: str, expected: Any
) -> None:
    assert values.placed(value, path.split("."), lambda old: values.GONE) == expected


def test_what_is_placed_leaves_the_value_itself_alone() -> None:
    value = {"a": [{"b": 1}]}
    assert values.placed(value, ["a", "0", "b"], lambda old: old + 1) == {"a": [{"b": 2}]}
    assert value == {"a": [{"b": 1}]}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"objectId": "cup", "className": "Product", "__type": "Pointer", "x": 1}, CUP),
        ({"__type": "Pointer", "className": 5, "objectId": "cup"}, None),
    ],
)
def test_a_pointer_is_made_normal_if_it_names_an_object(value: Any, expected: Any) -> None:
    found = values.normal_pointer(value)
    assert list(found.items()) == list((expected or value).items())


def test_what_is_json_already_is_not_encoded_again() -> None:
    assert values.dumps({"results": values.encoded(b'[{"a":1.0}]')}) == b'{"results":[{"a":1.0}]}'


def test_keys_of_large_objects_are_checked_as_well() -> None:
    many = {f"a{i}": i for i in range(100)}
    values.check_nested(many)
    for key in ("a.b", "$a", "a\0"):
        with pytest.raises(ParseError) as caught:
            values.check_nested({**many, key: 1})
        assert caught.value.code == Code.INVALID_NESTED_KEY


# --- bytes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "end", ["", "A", "AA", "AA=", "AA==", "AAA=", "AAAA", "AA==AAAA", "?", "é"]
)
@pytest.mark.parametrize("before", ["AAAA", "AA==", "AAA=", "A A=", "AAA?", "=AAA"])
def test_long_bytes_are_read_as_short_ones(
    monkeypatch: pytest.MonkeyPatch, before: str, end: str
) -> None:
    value = {"__type": "Bytes", "base64": before * 2 + end}
    whole = values.to_bytes(value)
    for piece in (4, 8):
        monkeypatch.setattr(values, "_BASE64_PIECE", piece)
        assert values.to_bytes(value) == whole
