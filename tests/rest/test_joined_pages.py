"""Pages with ``include``, which the native reader joins: as Python makes them of objects."""

import asyncio
import json
from typing import Any

import pytest

from parsepy.app import Application
from parsepy.operations import includes
from parsepy.storage.native import is_used
from tests.conftest import Client
from tests.rest.shop import SignUp, create, ok, pointer, unique

READ = {"read": True}


@pytest.fixture
def twins(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many objects each page had that Python joined."""
    pages: list[int] = []
    fetch = includes.fetch

    async def counted(context: Any, objects: Any, *more: Any) -> None:
        pages.append(len(objects))
        await fetch(context, objects, *more)

    monkeypatch.setattr(includes, "fetch", counted)
    return pages


async def both(client: Client, path: str, **parameters: str) -> Any:
    """A page, which must be the same with ``keys`` as it is without; those Python selects."""
    joined = ok(await client.get(path, params=parameters))["results"]
    selected = ok(await client.get(path, params={**parameters, "keys": "item,note,name"}))
    assert joined == selected["results"]
    return joined


async def test_objects_stand_where_pointers_were(client: Client, twins: list[int]) -> None:
    line, item, maker = unique("Line"), unique("Item"), unique("Maker")
    smith = await create(client, maker, name="Smith")
    mug = await create(client, item, name="mug", maker=pointer(maker, smith))
    await create(client, line, item=pointer(item, mug), note="first")
    await create(client, line, item=pointer(item, "gone"), note="second")
    await create(client, line, note="third")
    path = f"/classes/{line}"
    found = ok(await client.get(path, params={"include": "item.maker", "order": "note"}))
    first, second, third = found["results"]
    assert first["item"]["maker"]["name"] == "Smith"
    assert first["item"] | {"__type": "Object", "className": item, "name": "mug"} == first["item"]
    assert "item" not in second
    assert "item" not in third
    assert bool(twins) != is_used()
    assert await both(client, path, include="item.maker", order="note") == found["results"]
    counted = ok(await client.get(path, params={"include": "item", "count": "1"}))
    assert counted["count"] == len(counted["results"]) == 3


async def test_what_may_not_be_read_is_not_joined(
    client: Client, sign_up: SignUp, twins: list[int]
) -> None:
    anna, line, item = await sign_up(), unique("Line"), unique("Item")
    for name, acl in (("hers", {anna.id: READ}), ("everybody's", {"*": READ})):
        made = await create(client, item, name=name, ACL=acl)
        await create(client, line, item=pointer(item, made), note=name)
    for reader, expected in ((client, ["everybody's"]), (anna.client, ["everybody's", "hers"])):
        path = f"/classes/{line}"
        found = ok(await reader.get(path, params={"include": "item", "order": "note"}))["results"]
        assert [row["item"]["name"] for row in found if "item" in row] == expected
    assert bool(twins) != is_used()


async def test_rights_to_find_and_hidden_fields_of_the_joined_class_count(
    client: Client, master: Client, twins: list[int]
) -> None:
    line, item = unique("Line"), unique("Item")
    rights: dict[str, Any] = {name: {"*": True} for name in ("get", "find", "create")}
    await create(master, line, item=pointer(item, await create(master, item, cost=3)))
    await create(master, line, item=pointer(item, await create(master, item, cost=4)))
    rights["protectedFields"] = {"*": ["cost"]}
    ok(await master.put(f"/schemas/{item}", json={"classLevelPermissions": rights}))
    path = f"/classes/{line}?include=item"
    assert all("cost" not in row["item"] for row in ok(await client.get(path))["results"])
    assert twins
    del rights["find"], rights["protectedFields"]
    ok(await master.put(f"/schemas/{item}", json={"classLevelPermissions": rights}))
    refused = await client.get(path)
    assert (refused.status_code, refused.json()["code"]) == (400, 119)


async def test_a_hook_of_the_joined_class_is_heard(
    client: Client, application: Application, twins: list[int]
) -> None:
    line, item = unique("Line"), unique("Item")
    await create(client, line, item=pointer(item, await create(client, item, name="mug")))

    async def renamed(event: Any) -> Any:
        return [{**row, "name": "cup"} for row in event.objects]

    application.backend.triggers.add("afterFind", item, renamed)
    found = ok(await client.get(f"/classes/{line}?include=item"))["results"]
    assert [row["item"]["name"] for row in found] == ["cup"]
    assert twins


async def test_arrays_and_odd_values_are_left_to_python(client: Client, twins: list[int]) -> None:
    line, item = unique("Line"), unique("Item")
    mug = pointer(item, await create(client, item, name="mug"))
    await create(client, line, items=[mug], where=json.dumps("x"))
    found = ok(await client.get(f"/classes/{line}?include=items"))["results"]
    assert [one["name"] for one in found[0]["items"]] == ["mug"]
    assert twins == [1]


async def test_equal_pages_at_one_time_are_answered_alike_and_to_each_by_their_rights(
    client: Client, sign_up: SignUp
) -> None:
    anna, line, item = await sign_up(), unique("Line"), unique("Item")
    for name, acl in (("hers", {anna.id: READ}), ("everybody's", {"*": READ})):
        made = await create(client, item, name=name, ACL=acl)
        await create(client, line, item=pointer(item, made), note=name)
    path, asked = f"/classes/{line}", {"include": "item", "order": "note"}
    readers = [client, anna.client] * 10
    pages = await asyncio.gather(*(reader.get(path, params=asked) for reader in readers))
    for reader, page in zip(readers, pages, strict=True):
        found = [row["item"]["name"] for row in ok(page)["results"] if "item" in row]
        assert found == (["everybody's"] if reader is client else ["everybody's", "hers"])
