"""How a request is read: bodies of every content type, query strings, paths."""

from typing import Any

import pytest

from parsepy.errors import ParseError
from parsepy.http.bodies import read_json
from parsepy.http.paths import read_query, split_path
from tests.conftest import Client
from tests.rest.shop import create, find, ok

TYPES = ["application/json", "text/plain", "text/plain; charset=utf-8", "", "image/png", "x" * 99]


@pytest.mark.parametrize("content_type", TYPES)
async def test_a_body_is_json_whatever_its_type_says(
    client: Client, orders: str, content_type: str
) -> None:
    headers = {"Content-Type": content_type}
    response = await client.post(f"/classes/{orders}", content=b'{"a":1}', headers=headers)
    ok(response, 201)
    assert (await find(client, orders))[0]["a"] == 1


@pytest.mark.parametrize("body", [b"", b"{}"])
async def test_an_empty_body_is_an_empty_object(client: Client, orders: str, body: bytes) -> None:
    ok(await client.post(f"/classes/{orders}", content=body), 201)


async def test_a_form_is_read_as_texts(client: Client, orders: str) -> None:
    ok(await client.post(f"/classes/{orders}", data={"name": "lamp", "price": "5"}), 201)
    (order,) = await find(client, orders)
    assert (order["name"], order["price"]) == ("lamp", "5")


READ: dict[bytes, dict[str, Any]] = {
    b"a=1&a=2": {"a": "2"},
    b"a": {"a": ""},
    b"a=%C3%BC+b": {"a": "ü b"},
    b"": {},
    b"&&": {},
    b"a=%00": {"a": "\0"},
}


@pytest.mark.parametrize(("text", "values"), READ.items())
def test_a_query_string_is_read(text: bytes, values: dict[str, Any]) -> None:
    assert read_query(text) == values


@pytest.mark.parametrize("value", ["12", "true", "null", "[1]", "1.5", "{"])
async def test_a_query_value_that_could_be_json_is_no_trap_for_keys(
    client: Client, orders: str, value: str
) -> None:
    order = await create(client, orders, a=1)
    shown = ok(await client.get(f"/classes/{orders}/{order}", params={"keys": value}))
    assert shown["objectId"] == order


PATHS: dict[str, tuple[str, ...] | None] = {
    "/parse/classes/A": ("classes", "A"),
    "/parse//classes/A": ("classes", "A"),
    "/parse/classes/A/": ("classes", "A"),
    "/parse/classes/A/b%2Fc": ("classes", "A", "b/c"),
    "/parse/classes/A%20b": ("classes", "A b"),
    "/parse/classes/A/%": ("classes", "A", "%"),
    "/parse": ("",),
    "/parser/classes/A": None,
    "/other": None,
    "": None,
}


@pytest.mark.parametrize(("path", "parts"), PATHS.items())
def test_a_path_is_cut_below_the_mount(path: str, parts: tuple[str, ...] | None) -> None:
    assert split_path(path, "/parse") == parts


async def test_a_doubled_slash_below_the_mount_is_one(client: Client, orders: str) -> None:
    ok(await client.get(f"http://testserver/parse//classes/{orders}"))


def test_a_multipart_body_is_no_json() -> None:
    assert read_json(b"multipart/form-data; boundary=x", b"--x--") == {}


@pytest.mark.parametrize("body", [b"{", b"5", b'"x"', b"null", b"\xff"])
def test_a_body_that_is_no_object_is_refused_with_107(body: bytes) -> None:
    with pytest.raises(ParseError) as refusal:
        read_json(b"application/json", body)
    assert refusal.value.code == 107
