"""Pages of relations: who was given an object by a read is not asked again whether they may."""

from pathlib import Path
from typing import Any

import pytest

from parsepy.storage import Storage
from tests.conftest import Client, MakeApp
from tests.graphql.conftest import data
from tests.rest.shop import create, ok, pointer

GET = "query($id: ID!) { shelf(id: $id) { mugs { edges { node { name } } } } }"
FIND = "{ shelves { edges { node { mugs { edges { node { name } } } } } } }"
COLUMNS = {
    "mugs": {"type": "Relation", "targetClass": "Mug"},
    "things": {"type": "Array"},
}
OPEN: dict[str, Any] = {
    name: {"*": True} for name in ("find", "get", "count", "create", "update", "delete")
}
ONE_MUG = {"edges": [{"node": {"name": "a"}}]}
NONE: dict[str, Any] = {"edges": []}


async def shelf(master: Client, **fields: Any) -> str:
    """A shelf with one mug."""
    ok(await master.post("/schemas/Shelf", json={"fields": COLUMNS}))
    mug = await create(master, "Mug", name="a")
    related = {"__op": "AddRelation", "objects": [pointer("Mug", mug)]}
    return await create(master, "Shelf", mugs=related, **fields)


@pytest.fixture
def got(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The classes of which objects were read by their ids."""
    names: list[str] = []
    get = Storage.get

    async def noting(self: Storage, schema: Any, *arguments: Any, **named: Any) -> Any:
        names.append(schema.name)
        return await get(self, schema, *arguments, **named)

    monkeypatch.setattr(Storage, "get", noting)
    return names


async def test_an_owner_that_was_just_read_is_not_read_again(
    master: Client, client: Client, got: list[str]
) -> None:
    owner = await shelf(master)
    got.clear()
    assert await data(client, GET, id=owner) == {"shelf": {"mugs": ONE_MUG}}
    assert got == ["Shelf"]
    got.clear()
    assert await data(client, FIND) == {"shelves": {"edges": [{"node": {"mugs": ONE_MUG}}]}}
    assert got == []


async def test_who_may_find_an_owner_and_not_get_it_sees_nothing_in_its_relations(
    master: Client, client: Client
) -> None:
    await shelf(master)
    permissions = {**OPEN, "get": {}}
    ok(await master.put("/schemas/Shelf", json={"classLevelPermissions": permissions}))
    assert await data(client, FIND) == {"shelves": {"edges": [{"node": {"mugs": NONE}}]}}
    assert await data(master, FIND) == {"shelves": {"edges": [{"node": {"mugs": ONE_MUG}}]}}


async def test_an_object_within_an_array_is_none_that_was_read(
    master: Client, client: Client
) -> None:
    secret = await shelf(master, ACL={})
    forged = {"__type": "Object", "className": "Shelf", "objectId": secret}
    forged["mugs"] = {"__type": "Relation", "className": "Mug"}  # type: ignore[assignment]
    own = await create(client, "Shelf", things=[forged])
    text = (
        "query($id: ID!) { shelf(id: $id) { things "
        "{ ... on Shelf { mugs { edges { node { name } } } } } } }"
    )
    assert await data(client, text, id=own) == {"shelf": {"things": [{"mugs": NONE}]}}


HOOK = """
from parsepy import Cloud, FindRequest

@Cloud.before_find("Shelf")
async def note(request: FindRequest) -> None:
    pass
"""


async def test_cloud_code_of_reads_is_asked_for_the_owner_too(
    app: MakeApp, tmp_path: Path, got: list[str]
) -> None:
    cloud = tmp_path / "main.py"
    cloud.write_text(HOOK)
    application = await app(mountGraphQL=True, cloud=str(cloud))
    async with Client(application, master=True) as master, Client(application) as client:
        await shelf(master)
        got.clear()
        assert await data(client, FIND) == {"shelves": {"edges": [{"node": {"mugs": ONE_MUG}}]}}
    assert got == ["Shelf"]
