"""K10: whole numbers beyond 2^53, which MongoDB's driver reads as a type of its own."""

from tests.conftest import Client
from tests.rest.shop import create, find, unique

HUGE = 2**60 + 1


async def test_a_large_number_is_read_to_the_digit_and_found(client: Client) -> None:
    name = unique("Count")
    await create(client, name, n=HUGE, inside=[{"n": HUGE}])
    [item] = await find(client, name, {"n": {"$gt": HUGE - 1}})
    assert (item["n"], item["inside"]) == (HUGE, [{"n": HUGE}])
    assert await find(client, name, {"n": {"$gt": HUGE}}) == []


async def test_select_and_dont_select_compare_large_numbers(client: Client) -> None:
    name, other = unique("Count"), unique("Other")
    await create(client, name, n=HUGE)
    await create(client, other, n=HUGE, label="same")
    await create(client, other, n=5, label="small")
    select = {"query": {"className": name, "where": {}}, "key": "n"}
    found = await find(client, other, {"n": {"$select": select}})
    assert [item["label"] for item in found] == ["same"]
    found = await find(client, other, {"n": {"$dontSelect": select}})
    assert [item["label"] for item in found] == ["small"]
