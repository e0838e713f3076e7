"""A purchase by GraphQL alone, from the first account to the order on its way."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from parsepy.app import Application
from tests.conftest import Client, MakeApp
from tests.graphql.conftest import codes, data
from tests.graphql.subscriber import ANYBODY, Subscriber, subscribing
from tests.livequery.listener import serving
from tests.shop.conftest import options

SIGN_UP = """mutation ($fields: CreateUserFieldsInput!) {
  signUp(input: {fields: $fields}) { viewer { sessionToken user { id username role } } }
}"""
JOIN = """mutation ($role: ID!, $user: ID!) {
  updateRole(input: {id: $role, fields: {users: {add: [$user]}}}) {
    role { name users { edges { node { username } } } }
  }
}"""
STOCK = """mutation ($red: CreateSKUFieldsInput!, $code: CreateDiscountCodeFieldsInput!) {
  createSKU(input: {fields: $red}) { sKU { product { id } } }
  createDiscountCode(input: {fields: $code}) { discountCode { code } }
}"""
CATALOGUE = """query ($most: Float!) {
  sKUS(where: {product: {have: {price: {lessThanOrEqualTo: $most}}}, stock: {greaterThan: 0}},
       order: [variation_ASC]) {
    count
    edges { node { objectId variation stock product { name price } } }
  }
}"""
FILL = """mutation ($user: ID!, $items: [Any]!) {
  createCart(input: {fields: {user: {link: $user}, items: $items}}) {
    cart { total items { ... on Element { value } } user { username } }
  }
}"""
CALL = """mutation ($name: CloudCodeFunction!, $params: Object) {
  callCloudCode(input: {functionName: $name, params: $params}) { result }
}"""
ORDERS = """{ orders { edges { node {
  objectId status total ACL { users { userId read write } roles { roleName write } }
} } } }"""
FOLLOW = """subscription ($id: ID!) {
  order(where: {objectId: {equalTo: $id}}) {
    event node { status total user { username } } original { status }
  }
}"""
STEP = """mutation ($id: ID!, $status: String!) {
  updateOrder(input: {id: $id, fields: {status: $status}}) { order { status } }
}"""


@pytest.fixture
async def application(app: MakeApp) -> Application:
    """The shop, with GraphQL."""
    return await app(**options_of_the_shop())


def options_of_the_shop() -> dict[str, Any]:
    """The shop's templates and rules; the database is the fixture's."""
    given = options("", "ecommerce.json", "shopping.json")
    del given["databaseURI"]
    live = {"classNames": ["Order", "SKU"]}
    more = {"graphQLSubscriptions": True, "liveQuery": live, "allowClientClassCreation": False}
    return {**given, "mountGraphQL": True, **more}


async def signed_up(client: Client, name: str) -> tuple[Client, dict[str, Any]]:
    """A client of a new user, and what the sign-up told of them."""
    fields = {"username": name, "password": "correct horse", "email": f"{name}@example.com"}
    viewer = (await data(client, SIGN_UP, fields=fields))["signUp"]["viewer"]
    return client.as_user(viewer["sessionToken"]), viewer["user"]


@pytest.fixture
async def staff(client: Client, master: Client) -> Client:
    """A member of the staff."""
    member, user = await signed_up(client, "sam")
    find = '{ roles(where: {name: {equalTo: "staff"}}) { edges { node { id } } } }'
    [role] = (await data(master, find))["roles"]["edges"]
    joined = await data(master, JOIN, role=role["node"]["id"], user=user["id"])
    names = [edge["node"]["username"] for edge in joined["updateRole"]["role"]["users"]["edges"]]
    assert names == ["sam"]
    return member


async def stocked(staff: Client) -> None:
    """A mug of two colours for 20 each, and a code that takes a quarter off."""
    mug = {"createAndLink": {"name": "Mug", "price": 20}}
    red = {"product": mug, "variation": "red", "stock": 5}
    code = {"code": "QUARTER", "percentage": 25, "validUntil": "2099-01-01T00:00:00.000Z"}
    made = await data(staff, STOCK, red=red, code=code)
    mug = {"link": made["createSKU"]["sKU"]["product"]["id"]}
    blue = {"product": mug, "variation": "blue", "stock": 1}
    create = (
        "mutation ($f: CreateSKUFieldsInput!) { createSKU(input: {fields: $f}) { sKU { id } } }"
    )
    await data(staff, create, f=blue)


async def called(client: Client, name: str, **params: Any) -> Any:
    """What a cloud function answers."""
    return (await data(client, CALL, name=name, params=params))["callCloudCode"]["result"]


@asynccontextmanager
async def following(
    application: Application, client: Client, query: str, **variables: Any
) -> AsyncIterator[Subscriber]:
    """A socket with a client's session, on which this is followed."""
    token = client.headers["X-Parse-Session-Token"]
    async with (
        serving(application) as url,
        subscribing(url, {**ANYBODY, "X-Parse-Session-Token": token}) as subscriber,
    ):
        await subscriber.follow("order", query, variables=variables)
        yield subscriber


async def test_a_purchase_by_graphql_alone(
    application: Application, client: Client, staff: Client
) -> None:
    await stocked(staff)
    ann, user = await signed_up(client, "ann")
    assert user["role"] == "customer"
    found = (await data(client, CATALOGUE, most=20))["sKUS"]
    skus = [edge["node"] for edge in found["edges"]]
    assert found["count"] == 2
    assert [(sku["variation"], sku["stock"]) for sku in skus] == [("blue", 1), ("red", 5)]
    assert skus[0]["product"] == {"name": "Mug", "price": 20}

    red = {"__type": "Pointer", "className": "SKU", "objectId": skus[1]["objectId"]}
    items = [{"sku": red, "quantity": 2}]
    cart = (await data(ann, FILL, user=user["id"], items=items))["createCart"]["cart"]
    assert (cart["total"], cart["user"]) == (40, {"username": "ann"})
    assert cart["items"][0]["value"]["price"] == 20

    confirmed = await called(ann, "applyDiscountCode", code="quarter")
    assert (confirmed["subtotal"], confirmed["discount"], confirmed["total"]) == (40, 10, 30)
    placed = await called(ann, "checkout", requestId="once")

    [order] = [edge["node"] for edge in (await data(ann, ORDERS))["orders"]["edges"]]
    assert order["objectId"] == placed["objectId"]
    assert (order["status"], order["total"]) == ("pending", 30)
    assert order["ACL"]["users"] == [{"userId": user["id"], "read": True, "write": False}]

    order_id = order["objectId"]
    async with following(application, ann, FOLLOW, id=order_id) as follower:
        moved = await data(staff, STEP, id=order_id, status="paid")
        assert moved["updateOrder"]["order"]["status"] == "paid"
        assert await follower.event("order") == {
            "event": "UPDATE",
            "node": {"status": "paid", "total": 30, "user": {"username": "ann"}},
            "original": {"status": "pending"},
        }
        assert await codes(ann, STEP, id=order_id, status="delivered") == [142]
        await follower.settled()
    left = (await data(client, CATALOGUE, most=20))["sKUS"]["edges"]
    assert [edge["node"]["stock"] for edge in left] == [1, 3]


async def test_nobody_follows_anothers_order(
    application: Application, client: Client, staff: Client
) -> None:
    await stocked(staff)
    ann, user = await signed_up(client, "ann")
    bob, _ = await signed_up(client, "bob")
    [sku, _] = (await data(client, CATALOGUE, most=20))["sKUS"]["edges"]
    blue = {"__type": "Pointer", "className": "SKU", "objectId": sku["node"]["objectId"]}
    await data(ann, FILL, user=user["id"], items=[blue])
    order_id = (await called(ann, "checkout"))["objectId"]
    async with following(application, bob, FOLLOW, id=order_id) as stranger:
        await data(staff, STEP, id=order_id, status="paid")
        async with following(application, ann, FOLLOW, id=order_id) as owner:
            await data(staff, STEP, id=order_id, status="shipped")
            assert (await owner.event("order"))["node"]["status"] == "shipped"
        await stranger.settled()
