"""Log in by a code that is mailed: once, within ten minutes, with five tries."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pyotp
import pytest
import pytest_asyncio

from parsepy.model.values import now
from tests.conftest import Client, MakeApp
from tests.rest.mailed_codes import CODE, Codes
from tests.rest.mailing import OPTIONS
from tests.rest.shop import ok

WRONG = (404, {"code": 101, "error": "The code is not valid."})


@pytest_asyncio.fixture
async def shop(app: MakeApp) -> AsyncIterator[Codes]:
    auth = {"emailOtp": True, "mfa": {"options": ["TOTP"]}}
    yield Codes(await app(**OPTIONS, auth=auth))


def other(code: str) -> str:
    """Another code."""
    return f"{(int(code) + 1) % 10**6:06d}"


async def test_a_code_logs_its_user_in_once(shop: Codes) -> None:
    ann, address = await shop.sign_up()
    assert await shop.ask(address) == (200, {"challengeData": {"emailOtp": True}})
    code = await shop.code(address)
    status, user = await shop.enter(address, code)
    assert (status, user["username"]) == (200, ann.name)
    me = ok(await shop.client.as_user(user["sessionToken"]).get("/users/me"))
    assert "authData" not in me
    session = ok(await shop.client.as_user(user["sessionToken"]).get("/sessions/me"))
    assert session["createdWith"] == {"action": "login", "authProvider": "emailOtp"}
    assert await shop.enter(address, code) == WRONG


async def test_twenty_log_ins_at_once_with_one_code_are_one(shop: Codes) -> None:
    _, address = await shop.sign_up()
    await shop.ask(address)
    code = await shop.code(address)
    found = await asyncio.gather(*(shop.enter(address, code) for _ in range(20)))
    assert sorted(status for status, _ in found) == [200, *[404] * 19]


async def test_an_unknown_address_is_answered_alike(shop: Codes) -> None:
    _, address = await shop.sign_up()
    assert await shop.ask("nobody@shop.test") == await shop.ask(address)
    await shop.mail(address)
    assert await shop.enter("nobody@shop.test", "123456") == WRONG
    assert await shop.enter(address, other(await shop.code(address))) == WRONG
    assert shop.mailbox.to("nobody@shop.test") == []
    assert await shop.rows.count_documents({}) == 2


async def test_a_code_dies_after_five_wrong_tries(shop: Codes) -> None:
    _, address = await shop.sign_up()
    await shop.ask(address)
    code = await shop.code(address)
    for _ in range(4):
        assert await shop.enter(address, other(code)) == WRONG
    assert (await shop.enter(address, code))[0] == 200
    await shop.ask(address)
    code = await shop.code(address, 2)
    tries = (shop.enter(address, other(code)) for _ in range(20))
    assert {status for status, _ in await asyncio.gather(*tries)} == {404}
    assert await shop.enter(address, code) == WRONG
    await shop.ask(address)  # asking again makes no tries
    assert await shop.code(address, 3) == code
    assert await shop.enter(address, code) == WRONG


async def test_a_code_is_good_for_ten_minutes(shop: Codes) -> None:
    _, address = await shop.sign_up()
    await shop.ask(address)
    code = await shop.code(address)
    (row,) = [row async for row in shop.rows.find()]
    assert timedelta(minutes=9, seconds=50) < row["expires"] - now() <= timedelta(minutes=10)
    assert code not in str(row)
    await shop.rows.update_one({}, {"$set": {"expires": now() - timedelta(seconds=1)}})
    assert await shop.enter(address, code) == WRONG
    await shop.ask(address)
    renewed = await shop.code(address, 2)
    assert (await shop.enter(address, renewed))[0] == 200


async def test_who_asks_again_soon_gets_the_same_code_and_later_a_new_one(shop: Codes) -> None:
    _, address = await shop.sign_up()
    for _ in range(2):
        await shop.ask(address)
    assert await shop.code(address, 1) == await shop.code(address, 2)
    first = await shop.rows.find_one({})
    await shop.rows.update_one({}, {"$set": {"expires": now() + timedelta(minutes=4)}})
    await shop.ask(address)
    await shop.mail(address, 3)
    second = await shop.rows.find_one({})
    assert first["issue"] != second["issue"]


async def test_another_users_code_opens_nothing(shop: Codes) -> None:
    _, ann = await shop.sign_up()
    _, bea = await shop.sign_up()
    for address in (ann, bea):
        await shop.ask(address)
    code = await shop.code(ann)
    assert await shop.enter(bea, code) == WRONG or code == await shop.code(bea)


ODD: tuple[Any, ...] = (
    None,
    7,
    "",
    [],
    {},
    {"$ne": ""},
    "12345",
    "1234567",
    "\uff11\uff12\uff13\uff14\uff15\uff16",
    "12345\n",
)


async def test_what_is_no_code_is_a_wrong_one(shop: Codes) -> None:
    _, address = await shop.sign_up()
    await shop.ask(address)
    code = await shop.code(address)
    for odd in ODD:
        assert await shop.enter(address, odd) == WRONG
        assert await shop.enter(odd, code) == WRONG
    assert (await shop.enter(address, code))[0] == 200


@pytest.mark.parametrize(
    "email", [None, 7, "", "x", "@x", "x@", "a@b\n", "a" * 400 + "@b", ["a@b"]]
)
async def test_a_code_is_mailed_to_addresses_only(shop: Codes, email: Any) -> None:
    status, body = await shop.ask(email)
    assert (status, body["code"]) == (400, 125)


async def test_a_ticket_can_not_be_made_up(shop: Codes) -> None:
    await shop.sign_up()
    for forged in ({"ticket": "0" * 32}, {"id": "x"}, {"email": "a@b", "ticket": "x"}):
        answer = await shop.client.post("/users", json={"authData": {"emailOtp": forged}})
        assert (answer.status_code, answer.json()) == WRONG


async def test_a_code_does_not_replace_a_second_factor(shop: Codes) -> None:
    ann, address = await shop.sign_up()
    totp = pyotp.TOTP(pyotp.random_base32())
    me = f"/users/{ann.id}"
    mfa = {"secret": totp.secret, "token": totp.now()}
    ok(await ann.client.put(me, json={"authData": {"mfa": mfa}}))
    await shop.ask(address)
    status, body = await shop.enter(address, await shop.code(address))
    assert (status, body["error"]) == (400, "Missing additional authData mfa")


async def test_where_addresses_are_confirmed_only_a_confirmed_one_logs_in(app: MakeApp) -> None:
    shop = Codes(await app(**OPTIONS, auth={"emailOtp": True}, verifyUserEmails=True))
    _, address = await shop.sign_up()
    await shop.mail(address)  # which asks to confirm it
    assert await shop.ask(address) == (200, {"challengeData": {"emailOtp": True}})
    async with Client(shop.application, master=True) as master:
        (user,) = ok(await master.get("/users"))["results"]
        confirmed = {"emailVerified": True}
        ok(await master.put(f"/users/{user['objectId']}", json=confirmed))
    await shop.ask(address)
    found = CODE.search(await shop.mail(address, 2))
    assert found is not None
    assert (await shop.enter(address, found[1]))[0] == 200


async def test_codes_need_a_mailer_and_to_be_configured(app: MakeApp) -> None:
    without = Codes(await app(auth={"emailOtp": True}))
    assert (await without.ask("a@shop.test"))[1]["code"] == 1
    unconfigured = Codes(await app(**OPTIONS))
    assert (await unconfigured.ask("a@shop.test"))[1] == {"challengeData": {}}
    assert (await unconfigured.enter("a@shop.test", "123456"))[1]["code"] in (200, 252)
