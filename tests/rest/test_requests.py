"""How a request is read at the door; tests/unit/test_requests.py has its parts."""

import pytest

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


@pytest.mark.parametrize("value", ["12", "true", "null", "[1]", "1.5", "{"])
async def test_a_query_value_that_could_be_json_is_no_trap_for_keys(
    client: Client, orders: str, value: str
) -> None:
    order = await create(client, orders, a=1)
    shown = ok(await client.get(f"/classes/{orders}/{order}", params={"keys": value}))
    assert shown["objectId"] == order


async def test_a_doubled_slash_below_the_mount_is_one(client: Client, orders: str) -> None:
    ok(await client.get(f"http://testserver/parse//classes/{orders}"))
