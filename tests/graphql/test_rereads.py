"""A mutation answers what its maker may read of the object, whether or not it is read again."""

from typing import Any

import pytest

from parsepy.app import Application
from parsepy.storage import Storage
from tests.conftest import Client, MakeApp
from tests.graphql.conftest import codes, data
from tests.graphql.subscriber import subscribing
from tests.livequery.listener import serving
from tests.rest.shop import create, ok, sign_up

CREATE = "mutation($f: CreateMugFieldsInput) { createMug(input: {fields: $f}) { mug { %s } } }"
UPDATE = (
    "mutation($id: ID!, $f: UpdateMugFieldsInput) "
    "{ updateMug(input: {id: $id, fields: $f}) { mug { %s } } }"
)
FIELDS = {
    "name": {"type": "String"},
    "price": {"type": "Number"},
    "cost": {"type": "Number"},
    "owner": {"type": "Pointer", "targetClass": "_User"},
}
OPEN: dict[str, Any] = {
    name: {"*": True} for name in ("find", "get", "count", "create", "update", "delete")
}


@pytest.fixture
async def application(app: MakeApp) -> Application:
    """A server with GraphQL and live mugs."""
    return await app(
        mountGraphQL=True, graphQLSubscriptions=True, liveQuery={"classNames": ["Mug"]}
    )


@pytest.fixture
async def mugs(master: Client) -> Client:
    """The master key's client of a shop that keeps what mugs cost to itself."""
    permissions = {**OPEN, "protectedFields": {"*": ["cost"]}}
    body = {"fields": FIELDS, "classLevelPermissions": permissions}
    ok(await master.post("/schemas/Mug", json=body))
    return master


@pytest.mark.parametrize("selected", ["id", "objectId createdAt", "id name", "__typename"])
async def test_what_its_maker_may_not_read_is_stored_and_not_answered(
    mugs: Client, client: Client, selected: str
) -> None:
    given = {"name": "hidden", "ACL": {"public": {"read": False, "write": False}}}
    assert await codes(client, CREATE % selected, f=given) == [101]
    assert (await data(mugs, "{ mugs { count } }"))["mugs"]["count"] == 1


@pytest.mark.parametrize("selected", ["updatedAt", "id name price"])
async def test_who_may_write_and_not_read_is_told_nothing(
    mugs: Client, client: Client, selected: str
) -> None:
    acl = {"*": {"write": True}}
    mug = await create(mugs, "Mug", name="a", ACL=acl)
    assert await codes(client, UPDATE % selected, id=mug, f={"name": "b"}) == [101]
    assert ok(await mugs.get(f"/classes/Mug/{mug}"))["name"] == "b"


@pytest.mark.parametrize("selected", ["id", "id name"])
async def test_without_the_right_to_get_nothing_is_answered(
    mugs: Client, client: Client, selected: str
) -> None:
    permissions = {**OPEN, "get": {}}
    ok(await mugs.put("/schemas/Mug", json={"classLevelPermissions": permissions}))
    assert await codes(client, CREATE % selected, f={"name": "a"}) == [119]


async def test_pointer_permissions_decide_what_is_answered(mugs: Client, client: Client) -> None:
    permissions = {**OPEN, "get": {"pointerFields": ["owner"]}}
    ok(await mugs.put("/schemas/Mug", json={"classLevelPermissions": permissions}))
    ann = await sign_up(client)
    own = {"name": "a", "owner": {"link": ann.id}}
    made = await data(ann.client, CREATE % "objectId", f=own)
    mug = made["createMug"]["mug"]["objectId"]
    assert await codes(ann.client, CREATE % "objectId", f={"name": "nobody's"}) == [101]
    kept = await data(ann.client, UPDATE % "name owner { username }", id=mug, f={"name": "b"})
    assert kept["updateMug"]["mug"] == {"name": "b", "owner": {"username": ann.name}}


async def test_what_is_protected_stays_hidden_after_an_update(mugs: Client, client: Client) -> None:
    mug = await create(mugs, "Mug", name="a", price=3, cost=1)
    shown = (await data(client, UPDATE % "name price cost", id=mug, f={"name": "b"}))["updateMug"]
    assert shown["mug"] == {"name": "b", "price": 3, "cost": None}
    shown = (await data(mugs, UPDATE % "name price cost", id=mug, f={"price": 4}))["updateMug"]
    assert shown["mug"] == {"name": "b", "price": 4, "cost": 1}


async def test_who_follows_is_told_the_whole_object_whatever_the_mutation_selects(
    application: Application, mugs: Client, client: Client
) -> None:
    mug = await create(mugs, "Mug", name="a", price=3)
    async with serving(application) as url, subscribing(url) as ann:
        await ann.follow("mug", "subscription { mug { node { name price } original { name } } }")
        await data(client, UPDATE % "id", id=mug, f={"name": "b"})
        told = await ann.event("mug")
    assert told == {"node": {"name": "b", "price": 3}, "original": {"name": "a"}}


@pytest.mark.parametrize(
    "selected", ["name", "id price", "ACL { public { read } }", "tags { count }"]
)
async def test_an_update_tells_what_is_selected_whatever_it_changes(
    mugs: Client, client: Client, selected: str
) -> None:
    column = {"fields": {"tags": {"type": "Relation", "targetClass": "Mug"}}}
    ok(await mugs.put("/schemas/Mug", json={**column, "classLevelPermissions": OPEN}))
    mug = await create(mugs, "Mug", name="a", price=3, cost=1)
    found = await data(client, UPDATE % selected, id=mug, f={"cost": 2})
    again = await data(client, f"query($id: ID!) {{ mug(id: $id) {{ {selected} }} }}", id=mug)
    assert found["updateMug"]["mug"] == again["mug"]


@pytest.mark.parametrize(("selected", "columns"), [("name", 5), ("owner { username }", None)])
async def test_an_update_is_told_no_more_than_is_selected(
    mugs: Client,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    selected: str,
    columns: int | None,
) -> None:
    ok(
        await mugs.put(
            "/schemas/Mug", json={"classLevelPermissions": {**OPEN, "protectedFields": {}}}
        )
    )
    mug = await create(mugs, "Mug", name="a", price=3, cost=1)
    asked: list[frozenset[str] | None] = []
    update = Storage.update

    async def noting(self: Storage, *arguments: Any, **named: Any) -> Any:
        asked.append(named["returning"])
        return await update(self, *arguments, **named)

    monkeypatch.setattr(Storage, "update", noting)
    await data(client, UPDATE % selected, id=mug, f={"price": 4})
    assert [None if told is None else len(told) for told in asked] == [columns]
