"""Attacks on accounts that got through once: each is a way around a rule that holds elsewhere."""

import asyncio
import re
from collections import Counter
from typing import Any

import pytest
from pymongo.database import Database

from parsepy.operations import schemas
from tests.conftest import Client, MakeApp
from tests.rest.mailing import OPTIONS, VERIFY, Shop
from tests.rest.shop import PASSWORD, Shopper, ok, refused, sign_up, unique

Rows = Database[dict[str, Any]]


async def confirmed(shop: Shop) -> tuple[Shopper, str]:
    """Sign up somebody who confirms the address."""
    ann, address = await shop.sign_up()
    await shop.client.get(VERIFY, params={"token": await shop.token(address)})
    assert ok(await ann.client.get("/users/me"))["emailVerified"] is True
    return ann, address


# --- an address is confirmed as long as it stays --------------------------------------------------


@pytest.mark.parametrize("auth", [{}, {"gone": None}, {"anonymous": {"id": "new"}}])
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


# --- a code by mail is its user's -----------------------------------------------------------------


async def test_a_code_opens_no_account_whose_address_looks_alike(app: MakeApp) -> None:
    """The Kelvin sign is a k in lower case; the database may hold both addresses."""
    shop = Shop(await app(**OPTIONS, verifyUserEmails=True, auth={"emailOtp": {}}))
    name = unique("")
    ann, _ = await shop.sign_up(email=f"kate{name}@shop.test")
    eve, _ = await shop.sign_up(email=f"eve{name}@shop.test")
    rows = shop.application.backend.storage.connection.collection("_User")
    addresses = {ann.id: f"kate{name}@shop.test", eve.id: f"\u212aate{name}@shop.test"}
    for user_id, address in addresses.items():
        await rows.update_one({"_id": user_id}, {"$set": {"email": address, "emailVerified": True}})
    asked = {"challengeData": {"emailOtp": {"email": addresses[eve.id]}}}
    ok(await shop.client.post("/challenge", json=asked))
    code = re.search(r"^\d{6}$", await shop.mail(addresses[eve.id]), re.MULTILINE)
    assert code is not None
    body = {"authData": {"emailOtp": {"email": addresses[ann.id], "code": code[0]}}}
    refused(await shop.client.post("/users", json=body), 101, 404)
    body["authData"]["emailOtp"]["email"] = addresses[eve.id]
    assert ok(await shop.client.post("/users", json=body))["objectId"] == eve.id


async def test_a_transaction_takes_no_guess_back(app: MakeApp) -> None:
    """A batch that fails was free: every code could be tried, and the right one told."""
    shop = Shop(await app(**OPTIONS, verifyUserEmails=True, auth={"emailOtp": {}}))
    _, address = await confirmed(shop)
    asked = {"challengeData": {"emailOtp": {"email": address}}}
    ok(await shop.client.post("/challenge", json=asked))
    mailed = re.search(r"^\d{6}$", await shop.mail(address, 2), re.MULTILINE)
    assert mailed is not None
    right = mailed[0]
    wrong = f"{(int(right) + 1) % 1_000_000:06}"
    fails = {"method": "DELETE", "path": f"/parse/classes/{unique('None')}/x"}

    async def guess(code: str) -> None:
        body = {"authData": {"emailOtp": {"email": address, "code": code}}}
        log_in = {"method": "POST", "path": "/parse/users", "body": body}
        batch = {"requests": [log_in, fails], "transaction": True}
        refused(await shop.client.post("/batch", json=batch), 101)

    for _ in range(5):
        await guess(wrong)
    body = {"authData": {"emailOtp": {"email": address, "code": right}}}
    refused(await shop.client.post("/users", json=body), 101, 404)


# --- authData -------------------------------------------------------------------------------------


@pytest.mark.parametrize("nothing", [None, {"__op": "Delete"}, {"unlink": True}])
async def test_a_second_factor_that_nobody_can_check_is_not_taken_away(
    client: Client, master: Client, database: Rows, nothing: Any
) -> None:
    ann = await sign_up(client)
    mfa = {"secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "recovery": ["first"]}
    database["_User"].update_one({"_id": ann.id}, {"$set": {"_auth_data_mfa": mfa}})
    body = {"authData": {"mfa": nothing}}
    refused(await ann.client.put(f"/users/{ann.id}", json=body), 252)
    batch = {"requests": [{"method": "PUT", "path": f"/parse/users/{ann.id}", "body": body}]}
    assert ok(await ann.client.post("/batch", json=batch))[0]["error"]["code"] == 252
    assert ok(await master.get(f"/users/{ann.id}"))["authData"] == {"mfa": mfa}
    ok(await master.put(f"/users/{ann.id}", json={"authData": {"mfa": None}}))
    assert "authData" not in ok(await master.get(f"/users/{ann.id}"))


async def test_a_log_in_stores_nothing_that_a_save_may_not(client: Client) -> None:
    """Prohibited keywords (GHSA-p6h4-93qp-jhcm) on the ways that store authData without a save."""
    anonymous: dict[str, Any] = {"id": unique("a")}
    ok(await client.post("/users", json={"authData": {"anonymous": anonymous}}), 201)
    bert = await sign_up(client)
    for bad in ({"constructor": 1}, {"deep": [{"__proto__": {"x": 1}}]}):
        body = {"authData": {"anonymous": {**anonymous, **bad}}}
        refused(await client.post("/users", json=body), 105)
        own = {"authData": {"anonymous": {"id": unique("b"), **bad}}}
        log_in = {"username": bert.name, "password": PASSWORD, **own}
        refused(await client.post("/login", json=log_in), 105)
        refused(await bert.client.put(f"/users/{bert.id}", json=own), 105)


async def test_providers_that_are_not_there_are_looked_for_nowhere(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their ids have no index: one such request would read all users, many names many times."""
    searches: list[Any] = []
    lookup = schemas.lookup

    async def counted(backend: Any, name: str, where: Any, *more: Any) -> Any:
        searches.append(where)
        return await lookup(backend, name, where, *more)

    monkeypatch.setattr(schemas, "lookup", counted)
    unknown = {"authData": {f"p{number}": {"id": "x"} for number in range(50)}}
    refused(await client.post("/users", json=unknown), 252)
    assert searches == []
    for data in ({"id": "x"}, None):
        many = {"authData": {f"p{number}": data for number in range(1000)}, "username": "eve"}
        refused(await client.post("/users", json={**many, "password": "p"}), 162)


# --- mails say nothing for strangers, and tell of nobody ------------------------------------------


async def test_a_locale_of_any_length_tells_of_no_address(app: MakeApp) -> None:
    """It was kept with the mail that it is for, whose size then told that there is one."""
    shop = Shop(await app(**OPTIONS, verifyUserEmails=True, auth={"emailOtp": {}}))
    _, address = await confirmed(shop)
    locale = "en" + "-abcdefgh" * 1_900_000
    for email in (address, "nobody@shop.test"):
        body = {"challengeData": {"emailOtp": {"email": email, "locale": locale}}}
        answer = ok(await shop.client.post("/challenge", json=body))
        assert answer == {"challengeData": {"emailOtp": True}}
    await shop.mail(address, 2)


@pytest.mark.parametrize(
    ("email", "shown"),
    [
        ('"Danger! See http://evil.test/now"@shop.test', "..."),
        ('"You have won, see evil.test"@shop.test', "..."),
        ("evil.test/now@shop.test", "..."),
        ("anna.muster+mail@shop.test", "anna.muster+mail@shop.test"),
    ],
)
@pytest.mark.parametrize("change", ["confirm", "direct"])
async def test_a_new_address_makes_no_sentence_of_a_mail(
    app: MakeApp, email: str, shown: str, change: str
) -> None:
    """Who signs up with another's address has the server write to it."""
    mail = {"cooldown": 0, "notices": ["email"]}
    more = {"emailChange": "confirm"} if change == "confirm" else {}
    shop = Shop(await app(**{**OPTIONS, "mail": mail}, **more))
    eve, victim = await shop.sign_up()
    ok(await eve.client.put(f"/users/{eve.id}", json={"email": email}))
    assert f" {shown}." in await shop.mail(victim)


# --- guesses at once ------------------------------------------------------------------------------


@pytest.mark.parametrize("in_transaction", [False, True])
@pytest.mark.parametrize("route", ["/login", "/verifyPassword"])
async def test_guesses_at_once_are_no_more_than_one_after_the_other(
    server: MakeApp, route: str, in_transaction: bool
) -> None:
    client = Client(await server(accountLockout={"threshold": 3, "duration": 5}))
    ann = await sign_up(client)

    async def guess(password: str) -> str:
        body = {"username": ann.name, "password": password}
        if not in_transaction:
            return str((await client.post(route, json=body)).json()["error"])
        request = {"method": "POST", "path": f"/parse{route}", "body": body}
        batch = {"requests": [request], "transaction": True}
        return str((await client.post("/batch", json=batch)).json()["error"])

    told = Counter(await asyncio.gather(*(guess(f"wrong {number}") for number in range(40))))
    assert told["Invalid username/password."] == 3
    assert len(told) == 2


async def test_log_ins_in_one_transaction_do_not_wait_for_each_other(server: MakeApp) -> None:
    client = Client(await server(accountLockout={"threshold": 3, "duration": 5}))
    ann, bert = await sign_up(client), await sign_up(client)
    requests = [
        {
            "method": "POST",
            "path": "/parse/login",
            "body": {"username": who.name, "password": PASSWORD},
        }
        for who in (ann, bert, ann)
    ]
    batch = {"requests": requests, "transaction": True}
    for answer in await asyncio.gather(*(client.post("/batch", json=batch) for _ in range(3))):
        names = [item["success"]["username"] for item in ok(answer)]
        assert names == [ann.name, bert.name, ann.name]
