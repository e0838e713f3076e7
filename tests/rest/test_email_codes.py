"""Log in by a code that is mailed: six digits, ten minutes, five guesses, once."""

import asyncio
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from parsepy.app import Application
from parsepy.config import Config, ConfigError
from parsepy.operations.mails import codes
from parsepy.storage import mails
from parsepy.storage.sign_in_codes import COLLECTION
from tests.conftest import Client, MakeApp
from tests.rest.mailing import OPTIONS, VERIFY, Shop
from tests.rest.shop import Shopper, eventually, ok, refused, unique

CODES: dict[str, Any] = {**OPTIONS, "auth": {"emailOtp": {}}, "verifyUserEmails": True}
WRONG = "The code is not valid."


@pytest.fixture
async def shop(app: MakeApp) -> Shop:
    """A shop that mails codes."""
    return Shop(await app(**CODES))


async def verified(shop: Shop) -> tuple[Shopper, str]:
    """Sign up somebody whose address is verified."""
    ann, address = await shop.sign_up()
    await shop.client.get(VERIFY, params={"token": await shop.token(address)})
    return ann, address


async def ask(shop: Shop, address: Any, **more: Any) -> httpx.Response:
    """Ask for a code."""
    body = {"challengeData": {"emailOtp": {"email": address, **more}}}
    return await shop.client.post("/challenge", json=body)


async def code_of(shop: Shop, address: str, number: int) -> str:
    """The code in the nth mail to an address."""
    found = re.search(r"^\d{6}$", await shop.mail(address, number), re.MULTILINE)
    assert found is not None
    return found[0]


async def log_in(shop: Shop, address: Any, code: Any, **more: Any) -> httpx.Response:
    """Log in by a code."""
    body = {"authData": {"emailOtp": {"email": address, "code": code}, **more}}
    return await shop.client.post("/users", json=body)


def another(code: str) -> str:
    """A code that is wrong."""
    return f"{(int(code) + 1) % 1_000_000:06}"


async def test_who_reads_the_mail_is_logged_in(shop: Shop) -> None:
    ann, address = await verified(shop)
    assert ok(await ask(shop, address)) == {"challengeData": {"emailOtp": True}}
    code = await code_of(shop, address, 2)
    assert shop.mailbox.to(address)[1].subject == "Your code for The Shop"
    user = ok(await log_in(shop, address, code))
    assert (user["objectId"], user["email"]) == (ann.id, address)
    assert user["authData"] == {"emailOtp": {"id": ann.id}}
    me = ok(await shop.client.as_user(user["sessionToken"]).get("/users/me"))
    assert me["objectId"] == ann.id
    assert refused(await log_in(shop, address, code), 101, 404) == WRONG
    ok(await ask(shop, address))
    ok(await log_in(shop, address, await code_of(shop, address, 3)))


async def test_one_code_counts_once_under_twenty_tries_at_once(shop: Shop) -> None:
    _, address = await verified(shop)
    ok(await ask(shop, address))
    code = await code_of(shop, address, 2)
    answers = await asyncio.gather(*(log_in(shop, address, code) for _ in range(20)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 404: 19}


async def test_five_guesses_are_all(shop: Shop) -> None:
    _, address = await verified(shop)
    ok(await ask(shop, address))
    code = await code_of(shop, address, 2)
    for _ in range(5):
        assert refused(await log_in(shop, address, another(code)), 101, 404) == WRONG
    assert refused(await log_in(shop, address, code), 101, 404) == WRONG
    ok(await ask(shop, address))
    ok(await log_in(shop, address, await code_of(shop, address, 3)))


async def test_guesses_at_once_are_not_more_of_them(shop: Shop) -> None:
    _, address = await verified(shop)
    ok(await ask(shop, address))
    code = await code_of(shop, address, 2)
    wrong = (log_in(shop, address, another(code)) for _ in range(20))
    assert {answer.status_code for answer in await asyncio.gather(*wrong)} == {404}
    assert refused(await log_in(shop, address, code), 101, 404) == WRONG


async def test_after_many_guesses_no_code_is_mailed_for_a_day(shop: Shop) -> None:
    _, address = await verified(shop)
    for number in range(4):
        ok(await ask(shop, address))
        code = await code_of(shop, address, 2 + number)
        for _ in range(5):
            refused(await log_in(shop, address, another(code)), 101, 404)
    assert ok(await ask(shop, address)) == {"challengeData": {"emailOtp": True}}
    await is_delivered(shop.application)
    assert len(shop.mailbox.to(address)) == 5
    await rows_of(shop.application).delete_many({})  # a day later MongoDB does so itself
    ok(await ask(shop, address))
    ok(await log_in(shop, address, await code_of(shop, address, 6)))


def rows_of(application: Application) -> Any:
    """Where codes are kept."""
    return application.backend.storage.connection.collection(COLLECTION)


async def is_delivered(application: Application) -> None:
    """Return when no mail waits."""

    async def none_waits() -> bool:
        return await mails.waiting(application.backend.storage) == 0

    await eventually(none_waits)


async def test_a_code_has_its_time(shop: Shop) -> None:
    _, address = await verified(shop)
    ok(await ask(shop, address))
    code = await code_of(shop, address, 2)
    rows = rows_of(shop.application)
    (row,) = await rows.find({}).to_list(None)
    now = datetime.now(UTC).replace(tzinfo=None)
    assert timedelta(minutes=9) < row["expires"] - now <= timedelta(minutes=10)
    await rows.update_one({}, {"$set": {"expires": now - timedelta(seconds=1)}})
    assert refused(await log_in(shop, address, code), 101, 404) == WRONG


async def test_the_last_code_counts(shop: Shop) -> None:
    _, address = await verified(shop)
    found = []
    for number in (2, 3):
        ok(await ask(shop, address))
        found.append(await code_of(shop, address, number))
    if found[0] != found[1]:
        refused(await log_in(shop, address, found[0]), 101, 404)
    ok(await log_in(shop, address, found[1]))


async def test_neither_code_nor_address_is_kept(shop: Shop) -> None:
    _, address = await verified(shop)
    ok(await ask(shop, address))
    code = await code_of(shop, address, 2)
    await log_in(shop, "nobody@shop.test", "123456")
    kept = str(await rows_of(shop.application).find({}).to_list(None))
    assert address not in kept
    assert code not in re.findall(r"\b\d{6}\b", kept)
    assert "nobody" not in kept


async def test_an_unknown_address_is_answered_alike(shop: Shop) -> None:
    _, known = await verified(shop)
    _, unverified = await shop.sign_up()
    await shop.token(unverified)
    addresses = (known, unverified, f"{unique('no')}@shop.test", "nonsense", "x" * 5000)
    asked = [await ask(shop, address) for address in addresses]
    assert len({(answer.status_code, answer.content) for answer in asked}) == 1
    tried = [await log_in(shop, address, "000000") for address in addresses]
    assert len({(answer.status_code, answer.content) for answer in tried}) == 1
    await code_of(shop, known, 2)
    await is_delivered(shop.application)
    assert len(shop.mailbox.to(unverified)) == 1, "it is not known to be theirs"
    assert len(shop.mailbox.sent) == 3


async def test_nobody_signs_up_by_a_guess(shop: Shop) -> None:
    address = f"{unique('no')}@shop.test"
    ok(await ask(shop, address))
    for code in (
        "000000",
        "",
        None,
        123456,
        {"$ne": ""},
        ["123456"],
        "12345",
        "\uff11\uff12\uff13\uff14\uff15\uff16",
        "123456\n",
    ):
        assert refused(await log_in(shop, address, code), 101, 404) == WRONG
    for email in (None, "", {"$ne": ""}, 5, ["a@b.c"]):
        assert refused(await log_in(shop, email, "123456"), 101, 404) == WRONG


@pytest.mark.parametrize("email", [None, "", 5, {"$ne": ""}, ["a@b.c"]])
async def test_a_code_is_asked_for_by_an_address(email: Any, shop: Shop) -> None:
    assert refused(await ask(shop, email), 204) == "you must provide an email"


async def test_thirty_requests_mail_one_code_that_stays_valid(app: MakeApp) -> None:
    shop = Shop(await app(**{**CODES, "mail": {"cooldown": 60}}))
    _, address = await verified(shop)
    answers = [await ask(shop, address) for _ in range(30)]
    assert {answer.text for answer in answers} == {answers[0].text}
    code = await code_of(shop, address, 2)
    await is_delivered(shop.application)
    assert len(shop.mailbox.to(address)) == 2
    ok(await log_in(shop, address, code))


async def test_a_second_factor_is_still_asked_for(app: MakeApp) -> None:
    auth = {"emailOtp": {}, "mfa": {"options": ["TOTP"]}}
    shop = Shop(await app(**{**CODES, "auth": auth}))
    ann, address = await verified(shop)
    users = shop.application.backend.storage.connection.collection("_User")
    factor = {"secret": "JBSWY3DPEHPK3PXPJBSW", "recovery": ["a" * 30]}
    await users.update_one({"_id": ann.id}, {"$set": {"_auth_data_mfa": factor}})
    ok(await ask(shop, address))
    answer = await log_in(shop, address, await code_of(shop, address, 2))
    assert refused(answer, -1) == "Missing additional authData mfa"
    ok(await ask(shop, address))
    code = await code_of(shop, address, 3)
    ok(await log_in(shop, address, code, mfa={"token": "a" * 30}))


async def test_a_client_names_no_other_user(shop: Shop) -> None:
    ann, _ = await verified(shop)
    eve, address = await verified(shop)
    ok(await ask(shop, address))
    given = {"email": address, "code": await code_of(shop, address, 2), "id": ann.id}
    answer = await shop.client.post("/users", json={"authData": {"emailOtp": given}})
    assert answer.status_code >= 400
    for data in ({"id": ann.id}, {"id": eve.id}, {"id": ann.id, "email": address}):
        answer = await shop.client.post("/users", json={"authData": {"emailOtp": data}})
        assert refused(answer, 101, 404) == WRONG
        answer = await eve.client.put(f"/users/{eve.id}", json={"authData": {"emailOtp": data}})
        assert answer.status_code == 404 or "authDataResponse" not in answer.text


async def test_a_mail_speaks_the_language_that_is_asked_for(shop: Shop) -> None:
    _, address = await verified(shop)
    ok(await ask(shop, address, locale="fr"))
    await code_of(shop, address, 2)
    assert shop.mailbox.to(address)[1].subject == "Votre code pour The Shop"


async def test_without_being_configured_it_is_not_there(app: MakeApp) -> None:
    client = Client(await app(**OPTIONS))
    body = {"challengeData": {"emailOtp": {"email": "a@shop.test"}}}
    assert ok(await client.post("/challenge", json=body)) == {"challengeData": {}}
    given = {"authData": {"emailOtp": {"id": "x", "email": "a@shop.test", "code": "123456"}}}
    refused(await client.post("/users", json=given), 252)


def test_without_mail_it_stops_the_start() -> None:
    with pytest.raises(ConfigError, match=r"auth\.emailOtp: needs emailAdapter"):
        Config.from_options({"appId": "a", "masterKey": "b", "auth": {"emailOtp": {}}})


def test_codes_are_six_digits_of_chance() -> None:
    assert codes.LIMITS.seconds == 600
    assert (codes.LIMITS.tries, codes.LIMITS.tries_a_day) == (5, 20)
