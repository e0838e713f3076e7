"""Pointers inside arrays and objects, which older versions stored with their keys as sent (A1)."""

import json
from itertools import permutations
from typing import Any

import pytest
from pymongo.database import Database

from tests.conftest import Client
from tests.rest.shop import SignUp, create, find, ok, unique

Stored = Database[dict[str, Any]]
KEYS = ("__type", "className", "objectId")
SPELLINGS = list(permutations(KEYS))


def score(object_id: str, keys: tuple[str, ...] = KEYS) -> dict[str, Any]:
    values = {"__type": "Pointer", "className": "Score", "objectId": object_id}
    return {key: values[key] for key in keys}


async def aged(client: Client, database: Stored) -> str:
    """A class with a document for each order of keys, as an older version stored them."""
    name = unique("Game")
    await create(client, name, n=-1, list=[score("C")], o={"p": 1}, items=[])
    database[name].insert_many(
        {
            "_id": f"game{n}",
            "n": n,
            "list": [score("A", keys), score("B", keys)],
            "o": {"p": score("A", keys)},
            "items": [{"sku": score("A", keys)}],
        }
        for n, keys in enumerate(SPELLINGS)
    )
    return name


@pytest.mark.parametrize("field", ["list", "o.p", "items.sku"])
@pytest.mark.parametrize(
    "test",
    [
        score("A"),
        {"$eq": score("A", SPELLINGS[5])},
        {"$in": [score("A"), score("X")]},
        {"$all": [score("A")]},
        {"$nin": [score("C"), score("X"), 1, None]},
    ],
    ids=["plain", "$eq", "$in", "$all", "$nin"],
)
async def test_pointers_stored_in_any_order_are_found(
    field: str, test: Any, client: Client, database: Stored
) -> None:
    name = await aged(client, database)
    if isinstance(test, dict) and "$nin" in test and field == "items.sku":
        test = {"$exists": True, **test}
    found = await find(client, name, {field: test}, order="n")
    assert [item["n"] for item in found] == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("test", [{"$ne": score("A")}, {"$nin": [score("A")]}])
async def test_a_block_list_holds_for_pointers_stored_in_any_order(
    test: Any, client: Client, database: Stored
) -> None:
    name = await aged(client, database)
    assert [item["n"] for item in await find(client, name, {"list": test})] == [-1]


async def test_contained_by_knows_pointers_stored_in_any_order(
    client: Client, database: Stored
) -> None:
    name = await aged(client, database)
    where = {"list": {"$containedBy": [score("A"), score("B")]}}
    assert len(await find(client, name, where)) == 6


async def test_add_unique_adds_no_pointer_that_is_there_in_another_order(
    client: Client, database: Stored
) -> None:
    name = await aged(client, database)
    for n in range(6):
        change = {"__op": "AddUnique", "objects": [score("A"), score("Z")]}
        answer = ok(await client.put(f"/classes/{name}/game{n}", json={"list": change}))
        assert answer["list"] == [score("A"), score("B"), score("Z")]
        assert len(database[name].find_one({"_id": f"game{n}"})["list"]) == 3  # type: ignore[index]


async def test_l5_remove_removes_a_pointer_stored_in_any_order(
    client: Client, database: Stored
) -> None:
    name = await aged(client, database)
    for n in range(6):
        change = {"__op": "Remove", "objects": [score("A")]}
        answer = ok(await client.put(f"/classes/{name}/game{n}", json={"list": change}))
        assert answer["list"] == [score("B")]


async def test_a_search_for_a_pointer_in_any_order_uses_the_index_of_its_array(
    client: Client, master: Client, database: Stored
) -> None:
    name = await aged(client, database)
    database[name].create_index("list")
    query = {"where": json.dumps({"list": score("A")}), "explain": "true"}
    plan = ok(await master.get(f"/classes/{name}", params=query))["results"]
    assert "IXSCAN" in str(plan["queryPlanner"]["winningPlan"])


async def test_l5_an_owner_in_an_array_is_known_by_any_order_of_keys_and_extra_keys(
    sign_up: SignUp, client: Client, master: Client, database: Stored
) -> None:
    name, anna, ben = unique("Doc"), await sign_up(), await sign_up()
    owner = {"objectId": anna.id, "name": "Anna", "className": "_User", "__type": "Pointer"}
    made = await create(master, name, owners=[owner])
    rules = {"readUserFields": ["owners"], "writeUserFields": ["owners"]}
    ok(await master.put(f"/schemas/{name}", json={"classLevelPermissions": rules}))
    path = f"/classes/{name}/{made}"
    assert ok(await anna.client.get(path))["owners"]
    database[name].update_one({}, {"$set": {"owners": [{k: owner[k] for k in KEYS[::-1]}]}})
    assert ok(await anna.client.get(path))["owners"]
    assert len(await find(anna.client, name)) == 1
    assert await find(ben.client, name) == []
    change = {"__op": "Remove", "objects": [owner]}
    assert ok(await anna.client.put(path, json={"owners": change}))["owners"] == []
    assert await find(anna.client, name) == []
