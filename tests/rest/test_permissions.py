"""Who may do what: class-level permissions, pointer permissions, ACLs, protected fields."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from tests.conftest import Client, MakeApp
from tests.rest import shop
from tests.rest.shop import SignUp, create, find, make_class, ok, pointer, refused, unique

PUBLIC = {"*": True}
USER = {"type": "Pointer", "targetClass": "_User"}
EVERYTHING: dict[str, Any] = dict.fromkeys(
    ("find", "get", "count", "create", "update", "delete", "addField"), PUBLIC
)
Act = Callable[[Client, str, str], Awaitable[httpx.Response]]


async def act_find(client: Client, orders: str, order: str) -> httpx.Response:
    return await client.get(f"/classes/{orders}")


async def act_get(client: Client, orders: str, order: str) -> httpx.Response:
    return await client.get(f"/classes/{orders}/{order}")


async def act_count(client: Client, orders: str, order: str) -> httpx.Response:
    return await client.get(f"/classes/{orders}", params={"count": 1, "limit": 0})


async def act_create(client: Client, orders: str, order: str) -> httpx.Response:
    return await client.post(f"/classes/{orders}", json={"status": "new"})


async def act_update(client: Client, orders: str, order: str) -> httpx.Response:
    return await client.put(f"/classes/{orders}/{order}", json={"status": "paid"})


async def act_delete(client: Client, orders: str, order: str) -> httpx.Response:
    return await client.delete(f"/classes/{orders}/{order}")


async def act_add_field(client: Client, orders: str, order: str) -> httpx.Response:
    return await client.put(f"/classes/{orders}/{order}", json={unique("field"): 1})


ACTS: dict[str, Act] = {
    "find": act_find,
    "get": act_get,
    "count": act_count,
    "create": act_create,
    "update": act_update,
    "delete": act_delete,
    "addField": act_add_field,
}


# --- class-level permissions --------------------------------------------------------------------


@pytest.mark.parametrize("operation", ACTS)
async def test_an_operation_that_is_granted_to_nobody_is_the_master_key_s(
    client: Client, master: Client, sign_up: SignUp, operation: str
) -> None:
    permissions = {**EVERYTHING, operation: {}}
    orders = await make_class(master, {"status": "String"}, **permissions)
    order = await create(master, orders, status="new")
    for caller in (client, (await sign_up()).client):
        refused(await ACTS[operation](caller, orders, order), 119)
    assert ok(await master.get(f"/classes/{orders}/{order}"))["status"] == "new"
    assert (await ACTS[operation](master, orders, order)).is_success


@pytest.mark.parametrize("operation", ACTS)
async def test_the_other_operations_stay_open(
    client: Client, master: Client, operation: str
) -> None:
    orders = await make_class(master, {"status": "String"}, **{**EVERYTHING, operation: {}})
    for name, act in ACTS.items():
        order = await create(master, orders, status="new")
        allowed = (await act(client, orders, order)).is_success
        # the new field is brought by an update
        needed = ("addField", "update") if name == "addField" else (name,)
        assert allowed == (operation not in needed), name


@pytest.mark.parametrize("operation", ACTS)
async def test_an_operation_may_ask_for_a_user(
    client: Client, master: Client, sign_up: SignUp, operation: str
) -> None:
    permissions = {**EVERYTHING, operation: {"requiresAuthentication": True}}
    orders = await make_class(master, {"status": "String"}, **permissions)
    order = await create(master, orders, status="new")
    refused(await ACTS[operation](client, orders, order), 101, 404)
    assert (await ACTS[operation]((await sign_up()).client, orders, order)).is_success


@pytest.mark.parametrize("operation", ACTS)
async def test_an_operation_may_be_one_user_s(
    client: Client, master: Client, sign_up: SignUp, operation: str
) -> None:
    anna, bert = await sign_up(), await sign_up()
    permissions = {**EVERYTHING, operation: {anna.id: True}}
    orders = await make_class(master, {"status": "String"}, **permissions)
    order = await create(master, orders, status="new")
    refused(await ACTS[operation](bert.client, orders, order), 119)
    refused(await ACTS[operation](client, orders, order), 119)
    assert (await ACTS[operation](anna.client, orders, order)).is_success


async def test_a_query_for_one_id_is_a_get(client: Client, master: Client) -> None:
    orders = await make_class(master, {"status": "String"}, **{**EVERYTHING, "find": {}})
    order = await create(master, orders, status="new")
    assert len(await find(client, orders, {"objectId": order})) == 1
    where = {"objectId": order, "status": "new"}
    response = await client.post(f"/classes/{orders}", json={"_method": "GET", "where": where})
    refused(response, 119)


async def test_a_create_with_a_new_column_needs_addfield(client: Client, master: Client) -> None:
    orders = await make_class(master, {"status": "String"}, **{**EVERYTHING, "addField": {}})
    refused(await client.post(f"/classes/{orders}", json={"price": 1}), 119)
    fields = ok(await master.get(f"/schemas/{orders}"))["fields"]
    assert "price" not in fields
    assert await find(master, orders) == []


async def test_a_client_makes_no_class_unless_the_option_allows_it(server: MakeApp) -> None:
    application = await server(allowClientClassCreation=False)
    client, master, orders = Client(application), Client(application, master=True), unique("Order")
    refused(await client.post(f"/classes/{orders}", json={"a": 1}), 119)
    refused(await client.get(f"/classes/{orders}"), 119)
    refused(await master.get(f"/schemas/{orders}"), 103)
    await create(master, orders, a=1)
    await create(client, orders, a=2)


# --- pointer permissions ------------------------------------------------------------------------


async def owned(master: Client, sign_up: SignUp, **permissions: Any) -> Any:
    """A class of orders with owners, two shoppers, and an order of each."""
    anna, bert = await sign_up(), await sign_up()
    fields = {"status": "String", "owner": USER, "watchers": "Array"}
    orders = await make_class(master, fields, **permissions)
    first = await create(master, orders, status="new", owner=anna.pointer, watchers=[bert.pointer])
    second = await create(master, orders, status="new", owner=bert.pointer)
    return orders, anna, bert, first, second


async def test_pointerfields_narrow_a_find_to_the_caller_s_objects(
    client: Client, master: Client, sign_up: SignUp
) -> None:
    rules = {**EVERYTHING, "find": {"pointerFields": ["owner"]}}
    orders, anna, bert, first, second = await owned(master, sign_up, **rules)
    assert [item["objectId"] for item in await find(anna.client, orders)] == [first]
    assert [item["objectId"] for item in await find(bert.client, orders)] == [second]
    assert await find(client, orders) == []


async def test_pointerfields_may_name_an_array_of_users(master: Client, sign_up: SignUp) -> None:
    rules = {**EVERYTHING, "find": {"pointerFields": ["owner", "watchers"]}}
    orders, anna, bert, first, second = await owned(master, sign_up, **rules)
    found = {item["objectId"] for item in await find(bert.client, orders)}
    assert found == {first, second}
    assert len(await find(anna.client, orders)) == 1


@pytest.mark.parametrize("operation", ["get", "update", "delete"])
async def test_pointerfields_hide_an_object_of_somebody_else(
    client: Client, master: Client, sign_up: SignUp, operation: str
) -> None:
    rules = {**EVERYTHING, operation: {"pointerFields": ["owner"]}}
    orders, anna, bert, first, _ = await owned(master, sign_up, **rules)
    refused(await ACTS[operation](bert.client, orders, first), 101, 404)
    refused(await ACTS[operation](client, orders, first), 101, 404)
    assert ok(await master.get(f"/classes/{orders}/{first}"))["status"] == "new"
    assert (await ACTS[operation](anna.client, orders, first)).is_success


async def test_pointerfields_narrow_a_count(
    client: Client, master: Client, sign_up: SignUp
) -> None:
    rules = {**EVERYTHING, "count": {"pointerFields": ["owner"]}}
    orders, anna, *_ = await owned(master, sign_up, **rules)
    assert ok(await act_count(anna.client, orders, ""))["count"] == 1
    assert ok(await act_count(client, orders, ""))["count"] == 0


async def test_pointerfields_do_not_grant_a_create(master: Client, sign_up: SignUp) -> None:
    rules = {**EVERYTHING, "create": {"pointerFields": ["owner"]}}
    orders, anna, *_ = await owned(master, sign_up, **rules)
    body = {"status": "new", "owner": anna.pointer}
    refused(await anna.client.post(f"/classes/{orders}", json=body), 119)


async def test_pointerfields_and_the_acl_must_both_allow(master: Client, sign_up: SignUp) -> None:
    rules = {**EVERYTHING, "find": {"pointerFields": ["owner"]}}
    orders, anna, _, first, _ = await owned(master, sign_up, **rules)
    ok(await master.put(f"/classes/{orders}/{first}", json={"ACL": {}}))
    assert await find(anna.client, orders) == []


async def test_readuserfields_let_the_owner_read(
    client: Client, master: Client, sign_up: SignUp
) -> None:
    orders, anna, bert, first, _ = await owned(master, sign_up, readUserFields=["owner"])
    assert [item["objectId"] for item in await find(anna.client, orders)] == [first]
    ok(await anna.client.get(f"/classes/{orders}/{first}"))
    refused(await bert.client.get(f"/classes/{orders}/{first}"), 101, 404)
    refused(await act_update(anna.client, orders, first), 119)
    assert await find(client, orders) == []


async def test_writeuserfields_let_the_owner_write(master: Client, sign_up: SignUp) -> None:
    orders, anna, bert, first, second = await owned(master, sign_up, writeUserFields=["owner"])
    refused(await act_update(anna.client, orders, second), 101, 404)
    refused(await act_delete(bert.client, orders, first), 101, 404)
    refused(await act_find(anna.client, orders, first), 119)
    refused(await act_create(anna.client, orders, first), 119)
    ok(await act_update(anna.client, orders, first))
    ok(await act_delete(anna.client, orders, first))


async def test_a_where_can_not_widen_a_pointer_permission(master: Client, sign_up: SignUp) -> None:
    rules = {**EVERYTHING, "find": {"pointerFields": ["owner"]}}
    orders, anna, bert, first, _ = await owned(master, sign_up, **rules)
    for where in (
        {"owner": bert.pointer},
        {"$or": [{"owner": bert.pointer}, {"status": "new"}]},
        {"owner": {"$exists": True}},
        {"owner": {"$ne": anna.pointer}},
    ):
        found = [item["objectId"] for item in await find(anna.client, orders, where)]
        assert found in ([], [first])


# --- ACLs of objects ----------------------------------------------------------------------------

READ, WRITE = {"read": True}, {"write": True}


async def test_an_object_without_an_acl_is_everybody_s(client: Client, orders: str) -> None:
    order = await create(client, orders, status="new")
    ok(await act_get(client, orders, order))
    ok(await act_update(client, orders, order))
    ok(await act_delete(client, orders, order))


async def test_an_empty_acl_is_the_master_key_s(
    client: Client, master: Client, orders: str
) -> None:
    order = await create(client, orders, status="new", ACL={})
    refused(await act_get(client, orders, order), 101, 404)
    refused(await act_update(client, orders, order), 101, 404)
    refused(await act_delete(client, orders, order), 101, 404)
    assert await find(client, orders) == []
    assert len(await find(master, orders)) == 1


async def test_public_reading_is_no_writing(client: Client, orders: str) -> None:
    order = await create(client, orders, status="new", ACL={"*": READ})
    ok(await act_get(client, orders, order))
    refused(await act_update(client, orders, order), 101, 404)
    refused(await act_delete(client, orders, order), 101, 404)


async def test_writing_without_reading_changes_but_does_not_show(
    client: Client, master: Client, orders: str
) -> None:
    order = await create(client, orders, status="new", ACL={"*": WRITE})
    refused(await act_get(client, orders, order), 101, 404)
    ok(await act_update(client, orders, order))
    assert ok(await act_get(master, orders, order))["status"] == "paid"


async def test_an_acl_names_one_user(client: Client, sign_up: SignUp, orders: str) -> None:
    anna, bert = await sign_up(), await sign_up()
    order = await create(client, orders, ACL={anna.id: {**READ, **WRITE}})
    for stranger in (client, bert.client):
        refused(await act_get(stranger, orders, order), 101, 404)
        refused(await act_update(stranger, orders, order), 101, 404)
        assert await find(stranger, orders) == []
    ok(await act_update(anna.client, orders, order))
    assert len(await find(anna.client, orders)) == 1


async def test_an_unreadable_object_is_not_counted(
    client: Client, sign_up: SignUp, orders: str
) -> None:
    anna = await sign_up()
    await create(client, orders, ACL={anna.id: READ})
    assert ok(await act_count(client, orders, ""))["count"] == 0
    assert ok(await act_count(anna.client, orders, ""))["count"] == 1


async def test_an_unreadable_object_is_not_included(
    client: Client, sign_up: SignUp, orders: str
) -> None:
    anna = await sign_up()
    product = await create(client, f"{orders}Product", name="lamp", ACL={anna.id: READ})
    order = await create(client, orders, product=pointer(f"{orders}Product", product))
    path = f"/classes/{orders}/{order}"
    assert "product" not in ok(await client.get(path, params={"include": "product"}))
    shown = ok(await anna.client.get(path, params={"include": "product"}))
    assert shown["product"]["name"] == "lamp"


async def test_a_subquery_sees_what_the_caller_sees(
    client: Client, sign_up: SignUp, orders: str
) -> None:
    anna = await sign_up()
    product = await create(client, f"{orders}Product", name="lamp", ACL={anna.id: READ})
    await create(client, orders, product=pointer(f"{orders}Product", product))
    where = {"product": {"$inQuery": {"className": f"{orders}Product", "where": {}}}}
    assert await find(client, orders, where) == []
    assert len(await find(anna.client, orders, where)) == 1


async def test_a_class_gives_its_objects_a_default_acl(
    client: Client, master: Client, sign_up: SignUp
) -> None:
    acl = {"currentUser": {"read": True, "write": True}}
    orders = await make_class(master, {"status": "String"}, **EVERYTHING, ACL=acl)
    anna = await sign_up()
    order = await create(anna.client, orders, status="new")
    shown = ok(await act_get(anna.client, orders, order))
    assert shown["ACL"] == {anna.id: {"read": True, "write": True}}
    refused(await act_get(client, orders, order), 101, 404)


async def test_an_acl_of_its_own_replaces_the_default(client: Client, master: Client) -> None:
    orders = await make_class(master, {"status": "String"}, **EVERYTHING, ACL={"*": READ})
    order = await create(client, orders, status="new", ACL={"*": {**READ, **WRITE}})
    ok(await act_update(client, orders, order))


async def test_a_default_acl_for_the_current_user_leaves_nobody_s_object_to_the_master_key(
    client: Client, master: Client
) -> None:
    acl = {"currentUser": {"read": True, "write": True}}
    orders = await make_class(master, {"status": "String"}, **EVERYTHING, ACL=acl)
    await create(client, orders, status="new")
    assert await find(client, orders) == []
    assert len(await find(master, orders)) == 1


# --- users --------------------------------------------------------------------------------------


async def test_a_new_user_is_private(client: Client, sign_up: SignUp) -> None:
    anna, bert = await sign_up(), await sign_up()
    for stranger in (client, bert.client):
        refused(await stranger.get(f"/users/{anna.id}"), 101, 404)
        assert await find(stranger, "_User", {"username": anna.name}) == []
    assert ok(await anna.client.get(f"/users/{anna.id}"))["username"] == anna.name


async def test_a_new_user_is_readable_if_enforceprivateusers_is_off(server: MakeApp) -> None:
    client = Client(await server(enforcePrivateUsers=False))
    anna = await shop.sign_up(client, email=f"{unique('a')}@shop.example")
    shown = ok(await client.get(f"/users/{anna.id}"))
    assert shown["username"] == anna.name
    assert "email" not in shown
    assert "email" in ok(await anna.client.get(f"/users/{anna.id}"))


async def test_a_user_is_changed_and_deleted_by_himself_only(
    client: Client, master: Client, sign_up: SignUp
) -> None:
    anna, bert = await sign_up(), await sign_up()
    for stranger in (client, bert.client):
        refused(await stranger.put(f"/users/{anna.id}", json={"address": "x"}), 206)
        refused(await stranger.delete(f"/users/{anna.id}"), 206)
    assert "address" not in ok(await master.get(f"/users/{anna.id}"))
    ok(await anna.client.put(f"/users/{anna.id}", json={"address": "x"}))


async def test_a_user_can_not_lock_himself_out_by_his_acl(sign_up: SignUp) -> None:
    anna = await sign_up()
    ok(await anna.client.put(f"/users/{anna.id}", json={"ACL": {"*": READ}}))
    ok(await anna.client.put(f"/users/{anna.id}", json={"address": "x"}))


# --- protected fields ---------------------------------------------------------------------------


async def protected(master: Client, rules: dict[str, list[str]]) -> tuple[str, str]:
    """A class with protected fields, and an object of it."""
    fields = {"name": "String", "cost": "Number", "margin": "Number", "owner": USER}
    products = await make_class(master, fields, **EVERYTHING, protectedFields=rules)
    return products, await create(master, products, name="lamp", cost=1, margin=2)


async def seen(client: Client, products: str, product: str) -> set[str]:
    """The columns of the object that a caller sees."""
    shown = ok(await client.get(f"/classes/{products}/{product}"))
    (found,) = await find(client, products)
    assert found == shown
    return set(shown) & {"cost", "margin"}


async def test_a_protected_field_is_shown_to_the_master_key_only(
    client: Client, master: Client, sign_up: SignUp
) -> None:
    products, product = await protected(master, {"*": ["cost"]})
    assert await seen(client, products, product) == {"margin"}
    assert await seen((await sign_up()).client, products, product) == {"margin"}
    assert await seen(master, products, product) == {"cost", "margin"}


async def test_the_sets_that_apply_are_intersected(
    client: Client, master: Client, sign_up: SignUp
) -> None:
    anna, bert = await sign_up(), await sign_up()
    rules = {"*": ["cost", "margin"], "authenticated": ["cost"], anna.id: []}
    products, product = await protected(master, rules)
    assert await seen(client, products, product) == set()
    assert await seen(bert.client, products, product) == {"margin"}
    assert await seen(anna.client, products, product) == {"cost", "margin"}


async def test_disjoint_sets_hide_nothing(client: Client, master: Client, sign_up: SignUp) -> None:
    products, product = await protected(master, {"*": ["cost"], "authenticated": ["margin"]})
    assert await seen(client, products, product) == {"margin"}
    assert await seen((await sign_up()).client, products, product) == {"cost", "margin"}


async def test_a_role_may_see_more(client: Client, master: Client, sign_up: SignUp) -> None:
    anna, role = await sign_up(), unique("staff")
    users = {"__op": "AddRelation", "objects": [anna.pointer]}
    body = {"name": role, "ACL": {"*": READ}, "users": users}
    ok(await master.post("/roles", json=body), 201)
    products, product = await protected(master, {"*": ["cost"], f"role:{role}": []})
    assert await seen(anna.client, products, product) == {"cost", "margin"}
    assert await seen(client, products, product) == {"margin"}


async def test_a_userfield_reveals_to_the_one_it_points_at(
    client: Client, master: Client, sign_up: SignUp
) -> None:
    anna, bert = await sign_up(), await sign_up()
    products, product = await protected(master, {"*": ["cost"], "userField:owner": []})
    ok(await master.put(f"/classes/{products}/{product}", json={"owner": anna.pointer}))
    assert await seen(anna.client, products, product) == {"cost", "margin"}
    assert await seen(bert.client, products, product) == {"margin"}
    assert await seen(client, products, product) == {"margin"}


async def test_the_server_s_own_protected_fields_apply_beside_the_class_s(
    server: MakeApp,
) -> None:
    products = unique("Product")
    application = await server(protectedFields={products: {"*": ["cost"]}})
    client, master = Client(application), Client(application, master=True)
    await create(master, products, name="lamp", cost=1)
    assert "cost" not in (await find(client, products))[0]
    assert "cost" in (await find(master, products))[0]


async def test_the_owner_sees_his_own_protected_fields_unless_the_option_is_off(
    server: MakeApp,
) -> None:
    client = Client(await server(protectedFieldsOwnerExempt=False))
    anna = await shop.sign_up(client, email=f"{unique('a')}@shop.example")
    assert "email" not in ok(await anna.client.get("/users/me"))
    assert "email" not in ok(await anna.client.get(f"/users/{anna.id}"))


@pytest.mark.parametrize("exempt", [True, False])
async def test_the_answer_to_a_save_shows_protected_fields_if_the_option_says_so(
    server: MakeApp, exempt: bool
) -> None:
    orders = unique("Order")
    application = await server(
        protectedFields={orders: {"*": ["stock"]}}, protectedFieldsSaveResponseExempt=exempt
    )
    client = Client(application)
    more = {"__op": "Increment", "amount": 1}
    made = ok(await client.post(f"/classes/{orders}", json={"stock": more, "sold": more}), 201)
    path = f"/classes/{orders}/{made['objectId']}"
    changed = ok(await client.put(path, json={"stock": more, "sold": more}))
    assert (made["sold"], changed["sold"]) == (1, 2)
    assert ("stock" in made, "stock" in changed) == (exempt, exempt)
    assert "objectId" not in changed


# --- sanitised refusals -------------------------------------------------------------------------


async def test_a_refusal_says_why_only_if_the_option_allows(
    server: MakeApp, master: Client, client: Client
) -> None:
    orders = await make_class(master, {"status": "String"}, **{**EVERYTHING, "find": {}})
    open_server = Client(await server(enableSanitizedErrorResponse=False))
    assert refused(await act_find(client, orders, ""), 119) == "Permission denied"
    message = refused(await act_find(open_server, orders, ""), 119)
    assert message == f"Permission denied for action find on class {orders}."
