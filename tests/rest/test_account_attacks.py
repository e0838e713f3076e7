"""Attacks on accounts that got through once: each is a way around a rule that holds elsewhere."""

from typing import Any

import pytest

from tests.conftest import Client, MakeApp
from tests.rest.mailing import OPTIONS, VERIFY, Shop
from tests.rest.shop import Shopper, ok, sign_up, unique


async def confirmed(shop: Shop) -> tuple[Shopper, str]:
    """Sign up somebody who confirms the address."""
    ann, address = await shop.sign_up()
    await shop.client.get(VERIFY, params={"token": await shop.token(address)})
    assert ok(await ann.client.get("/users/me"))["emailVerified"] is True
    return ann, address


# --- an address is confirmed as long as it stays --------------------------------------------------


@pytest.mark.parametrize("auth", [None, {}, {"gone": None}, {"anonymous": {"id": "new"}}])
async def test_authdata_beside_a_new_address_does_not_confirm_it(app: MakeApp, auth: Any) -> None:
    shop = Shop(await app(**OPTIONS, verifyUserEmails=True))
    ann, _ = await confirmed(shop)
    body = {"email": f"{unique('victim')}@shop.test", "authData": auth}
    ok(await ann.client.put(f"/users/{ann.id}", json=body))
    assert ok(await ann.client.get("/users/me"))["emailVerified"] is False
    await shop.token(body["email"])


async def test_a_new_address_is_not_confirmed_where_none_need_be(server: MakeApp) -> None:
    """``emailVerified`` is what codes by mail and ``linkByEmail`` trust in."""
    application = await server()
    async with Client(application) as client, Client(application, master=True) as master:
        address = f"{unique('ann')}@shop.test"
        ann = await sign_up(client, email=address)
        ok(await master.put(f"/users/{ann.id}", json={"emailVerified": True}))
        ok(await ann.client.put(f"/users/{ann.id}", json={"email": address}))
        assert ok(await ann.client.get("/users/me"))["emailVerified"] is True
        ok(await ann.client.put(f"/users/{ann.id}", json={"email": f"{unique('x')}@shop.test"}))
        assert ok(await ann.client.get("/users/me"))["emailVerified"] is False


async def test_an_anonymous_id_lets_no_address_in_unconfirmed(app: MakeApp) -> None:
    shop = Shop(await app(**OPTIONS, verifyUserEmails=True, emailChange="confirm"))
    ann, address = await confirmed(shop)
    linked: dict[str, Any] = {"authData": {"anonymous": {"id": unique("a")}}}
    ok(await ann.client.put(f"/users/{ann.id}", json=linked))
    for more in ({}, linked, {"authData": {"anonymous": {"id": unique("a")}}}):
        thief = {"email": f"{unique('thief')}@shop.test", **more}
        ok(await ann.client.put(f"/users/{ann.id}", json=thief))
        assert ok(await ann.client.get("/users/me"))["email"] == address
