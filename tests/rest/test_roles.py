"""Roles over HTTP: members, inheritance, cycles, and what a change of them does at once."""

from typing import Any

import pytest

from tests.conftest import Client
from tests.rest.shop import Shopper, SignUp, create, find, make_class, ok, pointer, refused, unique


async def make_role(
    master: Client, members: list[Shopper] | None = None, heirs: list[str] | None = None
) -> tuple[str, str]:
    """A role with these members, inherited by these roles; its name and its id."""
    name = unique("staff")
    body: dict[str, Any] = {"name": name, "ACL": {"*": {"read": True}}}
    if members:
        body["users"] = add(*(member.pointer for member in members))
    if heirs:
        body["roles"] = add(*(pointer("_Role", heir) for heir in heirs))
    return name, ok(await master.post("/roles", json=body), 201)["objectId"]


def add(*objects: dict[str, Any]) -> dict[str, Any]:
    return {"__op": "AddRelation", "objects": list(objects)}


def remove(*objects: dict[str, Any]) -> dict[str, Any]:
    return {"__op": "RemoveRelation", "objects": list(objects)}


async def sees(shopper: Shopper, orders: str) -> bool:
    return bool(await find(shopper.client, orders))


async def for_role(master: Client, orders: str, role: str) -> None:
    """An order that only this role may read."""
    await create(master, orders, ACL={f"role:{role}": {"read": True}})


async def test_a_role_opens_what_its_members_may_read(
    client: Client, master: Client, sign_up: SignUp, orders: str
) -> None:
    anna, bert = await sign_up(), await sign_up()
    role, _ = await make_role(master, [anna])
    await for_role(master, orders, role)
    assert await sees(anna, orders)
    assert not await sees(bert, orders)
    assert await find(client, orders) == []


async def test_a_new_member_gains_the_role_at_once(
    master: Client, sign_up: SignUp, orders: str
) -> None:
    anna = await sign_up()
    role, role_id = await make_role(master)
    await for_role(master, orders, role)
    assert not await sees(anna, orders)
    ok(await master.put(f"/roles/{role_id}", json={"users": add(anna.pointer)}))
    assert await sees(anna, orders)


async def test_a_member_who_is_taken_out_loses_the_role_at_once(
    master: Client, sign_up: SignUp, orders: str
) -> None:
    anna = await sign_up()
    role, role_id = await make_role(master, [anna])
    await for_role(master, orders, role)
    assert await sees(anna, orders)
    ok(await master.put(f"/roles/{role_id}", json={"users": remove(anna.pointer)}))
    assert not await sees(anna, orders)


async def test_a_deleted_role_opens_nothing_at_once(
    master: Client, sign_up: SignUp, orders: str
) -> None:
    anna = await sign_up()
    role, role_id = await make_role(master, [anna])
    await for_role(master, orders, role)
    assert await sees(anna, orders)
    ok(await master.delete(f"/roles/{role_id}"))
    assert not await sees(anna, orders)


async def test_a_role_is_inherited_through_every_level(
    master: Client, sign_up: SignUp, orders: str
) -> None:
    owner = await sign_up()
    _, administrators = await make_role(master, [owner])
    _, moderators = await make_role(master, heirs=[administrators])
    _, editors = await make_role(master, heirs=[moderators])
    readers, _ = await make_role(master, heirs=[editors])
    await for_role(master, orders, readers)
    assert await sees(owner, orders)


async def test_a_role_is_not_inherited_upward(master: Client, sign_up: SignUp, orders: str) -> None:
    reader = await sign_up()
    administrators, administrators_id = await make_role(master)
    await make_role(master, [reader], heirs=[administrators_id])
    await for_role(master, orders, administrators)
    assert not await sees(reader, orders)


async def test_a_cycle_of_roles_gives_each_member_all_of_them(
    master: Client, sign_up: SignUp, orders: str
) -> None:
    anna, bert = await sign_up(), await sign_up()
    first, first_id = await make_role(master, [anna])
    second, second_id = await make_role(master, [bert], heirs=[first_id])
    ok(await master.put(f"/roles/{first_id}", json={"roles": add(pointer("_Role", second_id))}))
    await for_role(master, orders, first)
    await for_role(master, orders, second)
    for shopper in (anna, bert):
        assert len(await find(shopper.client, orders)) == 2


async def test_a_role_that_inherits_from_itself_harms_nobody(
    master: Client, sign_up: SignUp, orders: str
) -> None:
    anna = await sign_up()
    role, role_id = await make_role(master, [anna])
    ok(await master.put(f"/roles/{role_id}", json={"roles": add(pointer("_Role", role_id))}))
    await for_role(master, orders, role)
    assert await sees(anna, orders)


async def test_a_member_of_two_hundred_roles_has_them_all(
    master: Client, sign_up: SignUp, orders: str
) -> None:
    anna = await sign_up()
    names = [unique("staff") for _ in range(200)]
    body = {"ACL": {"*": {"read": True}}, "users": add(anna.pointer)}
    requests = [
        {"method": "POST", "path": "/parse/roles", "body": {**body, "name": name}} for name in names
    ]
    ok(await master.post("/batch", json={"requests": requests}))
    for name in (names[0], names[99], names[100], names[199]):
        await for_role(master, orders, name)
    assert len(await find(anna.client, orders)) == 4


async def test_a_role_is_a_group_of_the_class_level_permissions(
    client: Client, master: Client, sign_up: SignUp
) -> None:
    anna = await sign_up()
    role, _ = await make_role(master, [anna])
    orders = await make_class(master, {"status": "String"}, find={f"role:{role}": True})
    refused(await client.get(f"/classes/{orders}"), 119)
    assert await find(anna.client, orders) == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"ACL": {"*": {"read": True}}}, 111),
        ({"name": "no-acl"}, 111),
        ({"name": 5, "ACL": {}}, 111),
        ({"name": "x", "ACL": "public"}, 123),
        ({"name": "x", "ACL": {}, "users": [1]}, 111),
    ],
)
async def test_a_role_without_what_it_needs_is_refused(
    client: Client, body: dict[str, Any], code: int
) -> None:
    refused(await client.post("/roles", json=body), code)


async def test_a_name_is_one_role_s(master: Client) -> None:
    role, _ = await make_role(master)
    body = {"name": role, "ACL": {"*": {"read": True}}}
    refused(await master.post("/roles", json=body), 137)


async def test_the_members_of_a_role_are_asked_for_by_relation(
    master: Client, sign_up: SignUp
) -> None:
    anna, bert = await sign_up(), await sign_up()
    _, role_id = await make_role(master, [anna, bert])
    where = {"$relatedTo": {"object": pointer("_Role", role_id), "key": "users"}}
    members = {item["objectId"] for item in await find(master, "_User", where)}
    assert members == {anna.id, bert.id}
    (role,) = await find(master, "_Role", {"users": anna.pointer})
    assert role["objectId"] == role_id
