"""Users are told of changes of their account, and a new address counts when it is confirmed."""

import re
from typing import Any

import pyotp
import pytest

from parsepy.backend import master_context
from parsepy.config import Config, ConfigError
from parsepy.operations import save
from tests.conftest import Client, MakeApp
from tests.mailbox import token_in
from tests.rest.enrolment import SECRET, login, with_mfa
from tests.rest.mailing import OPTIONS, VERIFY, Shop
from tests.rest.shop import Shopper, eventually, ok, refused, unique

NOTICES = ["password", "email", "secondFactor"]
CONFIRM: dict[str, Any] = {**OPTIONS, "emailChange": "confirm"}


@pytest.fixture
async def telling(app: MakeApp) -> Shop:
    """A shop that tells of every change."""
    mail = {"cooldown": 0, "notices": NOTICES}
    return Shop(await app(**{**OPTIONS, "mail": mail}))


@pytest.fixture
async def confirming(app: MakeApp) -> Shop:
    """A shop where new addresses wait, and addresses are confirmed at the sign-up."""
    return Shop(await app(**CONFIRM, verifyUserEmails=True))


async def subjects(shop: Shop, address: str, number: int) -> list[str]:
    """The subjects of the mails to an address, once so many have come."""
    await shop.mail(address, number)
    return [mail.subject for mail in shop.mailbox.to(address)]


async def email_of(ann: Shopper) -> Any:
    """The address that counts."""
    return ok(await ann.client.get("/users/me")).get("email")


async def confirmed(shop: Shop) -> tuple[Shopper, str]:
    """Sign up somebody who confirms the address."""
    ann, address = await shop.sign_up()
    await shop.client.get(VERIFY, params={"token": await shop.token(address)})
    return ann, address


# --- notices ------------------------------------------------------------------------------------


async def test_a_new_password_is_told(telling: Shop) -> None:
    ann, address = await telling.sign_up()
    ok(await ann.client.put(f"/users/{ann.id}", json={"password": "another"}))
    assert await subjects(telling, address, 1) == ["Your password at The Shop has changed"]
    assert ann.name in telling.mailbox.to(address)[0].text


async def test_a_password_that_was_reset_is_told(telling: Shop) -> None:
    _, address = await telling.sign_up()
    await telling.reset(await telling.ask_reset(address))
    told = await subjects(telling, address, 2)
    assert told[1] == "Your password at The Shop has changed"


async def test_a_new_address_is_told_to_the_old_one(telling: Shop) -> None:
    ann, address = await telling.sign_up()
    new = f"{unique('new')}@shop.test"
    ok(await ann.client.put(f"/users/{ann.id}", json={"email": new}))
    assert new in await telling.mail(address)
    ok(await ann.client.put(f"/users/{ann.id}", json={"email": {"__op": "Delete"}}))
    assert "no e-mail address any more" in await telling.mail(new)


async def test_what_changes_nothing_is_not_told(telling: Shop) -> None:
    ann, address = await telling.sign_up()
    ok(await ann.client.put(f"/users/{ann.id}", json={"phone": "1"}))
    ok(await ann.client.put(f"/users/{ann.id}", json={"email": address}))
    ok(await ann.client.put(f"/users/{ann.id}", json={"password": "another"}))
    assert await subjects(telling, address, 1) == ["Your password at The Shop has changed"]


async def test_nobody_is_told_who_did_not_ask_for_it(app: MakeApp) -> None:
    shop = Shop(await app(**OPTIONS))
    ann, _ = await shop.sign_up()
    new = f"{unique('new')}@shop.test"
    ok(await ann.client.put(f"/users/{ann.id}", json={"email": new}))
    ok(await ann.client.put(f"/users/{ann.id}", json={"password": "another"}))
    await shop.ask_reset(new)
    assert [mail.to for mail in shop.mailbox.sent] == [new]


async def test_an_address_that_is_not_confirmed_is_told_nothing(app: MakeApp) -> None:
    mail = {"cooldown": 0, "notices": NOTICES}
    shop = Shop(await app(**{**OPTIONS, "mail": mail}, verifyUserEmails=True))
    ann, stranger = await shop.sign_up()
    new = f"{unique('new')}@shop.test"
    ok(await ann.client.put(f"/users/{ann.id}", json={"email": new}))
    ok(await ann.client.put(f"/users/{ann.id}", json={"password": "another"}))
    await shop.token(new)
    told = await subjects(shop, stranger, 1)
    assert told == ["Please verify your e-mail for The Shop"]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (None, {"secret": "ABC", "recovery": ["a"]}, "now protects"),
        ({"secret": "ABC", "recovery": ["a"]}, None, "has been removed"),
        ({"secret": "ABC"}, {"secret": "DEF"}, "has been changed"),
        ({"secret": "ABC", "recovery": ["a"]}, {"secret": "ABC", "recovery": []}, None),
    ],
)
async def test_a_change_of_the_second_factor_is_told(
    before: Any, after: Any, told: str | None, telling: Shop
) -> None:
    ann, address = await telling.sign_up()
    users = telling.application.backend.storage.connection.collection("_User")
    if before is not None:
        await users.update_one({"_id": ann.id}, {"$set": {"_auth_data_mfa": before}})
    context = master_context(telling.application.backend)
    await save.update(context, "_User", ann.id, {"authData": {"mfa": after}})
    await save.update(context, "_User", ann.id, {"password": "another"})
    mails = await subjects(telling, address, 1 if told is None else 2)
    assert len(mails) == (1 if told is None else 2)
    if told is not None:
        texts = [mail.text for mail in telling.mailbox.to(address)]
        assert any(told in text for text in texts)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"emailChange": "confirm"}, "emailChange: needs emailAdapter"),
        ({"mail": {"notices": ["password"]}}, "mail.notices: needs emailAdapter"),
        ({"mail": {"notices": ["weather"]}}, "mail.notices"),
        ({"emailChange": "later"}, "emailChange"),
        ({"mail": {"cooldown": -1}}, "mail.cooldown"),
    ],
)
def test_options_that_can_not_work_stop_the_start(options: Any, problem: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(problem)):
        Config.from_options({"appId": "a", "masterKey": "b", **options})


# --- a new address is confirmed first -------------------------------------------------------------


async def test_a_new_address_counts_when_it_is_confirmed(confirming: Shop) -> None:
    ann, old = await confirmed(confirming)
    new = f"{unique('new')}@shop.test"
    answer = ok(await ann.client.put(f"/users/{ann.id}", json={"email": new}))
    assert answer["email"] == old, "an SDK keeps the address that counts"
    assert await email_of(ann) == old
    assert "is about to change" in (await subjects(confirming, old, 2))[1]
    page = await confirming.client.get(VERIFY, params={"token": await confirming.token(new)})
    assert "is confirmed" in page.text
    me = ok(await ann.client.get("/users/me"))
    assert (me["email"], me["emailVerified"]) == (new, True)
    assert (await subjects(confirming, old, 3))[2] == "Your address at The Shop has changed"
    assert new in confirming.mailbox.to(old)[2].text


async def test_without_confirmed_sign_ups_it_is_the_same(app: MakeApp) -> None:
    shop = Shop(await app(**CONFIRM))
    ann, old = await shop.sign_up()
    new = f"{unique('new')}@shop.test"
    ok(await ann.client.put(f"/users/{ann.id}", json={"email": new}))
    assert await email_of(ann) == old
    await shop.client.get(VERIFY, params={"token": await shop.token(new)})
    assert await email_of(ann) == new


async def test_a_link_of_a_change_works_once_and_for_the_last_address(confirming: Shop) -> None:
    ann, old = await confirmed(confirming)
    first, second = (f"{unique('new')}@shop.test" for _ in "ab")
    links = []
    for new in (first, second):
        ok(await ann.client.put(f"/users/{ann.id}", json={"email": new}))
        links.append(await confirming.token(new))
    page = await confirming.client.get(VERIFY, params={"token": links[0]})
    assert "is confirmed" not in page.text
    assert await email_of(ann) == old
    await confirming.client.get(VERIFY, params={"token": links[1]})
    assert await email_of(ann) == second
    again = await confirming.client.get(VERIFY, params={"token": links[1]})
    assert "is confirmed" not in again.text


@pytest.mark.parametrize("change", ["password", "reset", "master", "delete"])
async def test_a_change_that_waits_ends_with(change: str, confirming: Shop) -> None:
    ann, old = await confirmed(confirming)
    new = f"{unique('new')}@shop.test"
    ok(await ann.client.put(f"/users/{ann.id}", json={"email": new}))
    link = await confirming.token(new)
    async with Client(confirming.application, master=True) as master:
        if change == "password":
            ok(await ann.client.put(f"/users/{ann.id}", json={"password": "another"}))
        elif change == "reset":
            ok(await confirming.client.post("/requestPasswordReset", json={"email": old}))
            await confirming.mail(old, 3)
            reset = next(m for m in confirming.mailbox.to(old) if "Reset" in m.subject)
            await confirming.reset(token_in(reset.text))
        elif change == "master":
            ok(await master.put(f"/users/{ann.id}", json={"email": f"{unique('m')}@shop.test"}))
        else:
            ok(await master.delete(f"/users/{ann.id}"))
    page = await confirming.client.get(VERIFY, params={"token": link})
    assert "is confirmed" not in page.text


async def test_a_taken_address_is_refused_then_and_later(confirming: Shop) -> None:
    ann, old = await confirmed(confirming)
    _, taken = await confirmed(confirming)
    refused(await ann.client.put(f"/users/{ann.id}", json={"email": taken}), 203)
    new = f"{unique('new')}@shop.test"
    ok(await ann.client.put(f"/users/{ann.id}", json={"email": new}))
    link = await confirming.token(new)
    await confirming.sign_up(email=new)  # meanwhile
    page = await confirming.client.get(VERIFY, params={"token": link})
    assert "is confirmed" not in page.text
    assert await email_of(ann) == old


async def test_a_stranger_makes_no_address_wait(confirming: Shop) -> None:
    ann, _ = await confirmed(confirming)
    eve, _ = await confirmed(confirming)
    before = len(confirming.mailbox.sent)
    refused(await eve.client.put(f"/users/{ann.id}", json={"email": "eve@shop.test"}), 206)
    rows = confirming.application.backend.storage.connection.collection("_EmailChange")
    assert await rows.count_documents({}) == 0
    assert len(confirming.mailbox.sent) == before


async def test_the_first_address_waits_too(confirming: Shop) -> None:
    body = {"username": unique("ann"), "password": "correct horse"}
    token = ok(await confirming.client.post("/users", json=body), 201)["sessionToken"]
    client = confirming.client.as_user(token)
    user_id = ok(await client.get("/users/me"))["objectId"]
    new = f"{unique('new')}@shop.test"
    ok(await client.put(f"/users/{user_id}", json={"email": new}))
    assert "email" not in ok(await client.get("/users/me"))
    await confirming.client.get(VERIFY, params={"token": await confirming.token(new)})
    assert ok(await client.get("/users/me"))["email"] == new


async def test_who_was_anonymous_signs_up_with_an_address(confirming: Shop) -> None:
    body = {"authData": {"anonymous": {"id": unique("anonymous")}}}
    made = ok(await confirming.client.post("/users", json=body), 201)
    client = confirming.client.as_user(made["sessionToken"])
    new = f"{unique('new')}@shop.test"
    changes = {"username": unique("ann"), "password": "correct horse", "email": new}
    ok(await client.put(f"/users/{made['objectId']}", json=changes))
    await confirming.token(new)
    assert (await subjects(confirming, new, 1)) == ["Please verify your e-mail for The Shop"]


async def test_the_master_key_sets_an_address_at_once(confirming: Shop) -> None:
    ann, old = await confirmed(confirming)
    new = f"{unique('new')}@shop.test"
    async with Client(confirming.application, master=True) as master:
        ok(await master.put(f"/users/{ann.id}", json={"email": new}))
    assert await email_of(ann) == new
    assert new in await confirming.mail(old, 2)


async def test_an_old_address_that_was_never_confirmed_is_not_told_the_new_one(
    confirming: Shop,
) -> None:
    ann, mistyped = await confirming.sign_up()
    new = f"{unique('new')}@shop.test"
    ok(await ann.client.put(f"/users/{ann.id}", json={"email": new}))
    await confirming.client.get(VERIFY, params={"token": await confirming.token(new)})
    assert await email_of(ann) == new

    async def nothing_waits() -> bool:
        rows = confirming.application.backend.storage.connection.collection("_MailQueue")
        return await rows.count_documents({"done": False}) == 0

    await eventually(nothing_waits)
    assert len(confirming.mailbox.to(mistyped)) == 1


async def test_a_real_second_factor_is_told_when_set_up_and_removed_not_when_used(
    app: MakeApp,
) -> None:
    options = {**OPTIONS, "mail": {"cooldown": 0, "notices": NOTICES}}
    shop = Shop(await app(**options, auth={"mfa": {"options": ["TOTP"]}}))
    ann, address = await shop.sign_up()
    code = pyotp.TOTP(SECRET).now()
    body = with_mfa(secret=SECRET, token=code)
    answer = ok(await ann.client.put(f"/users/{ann.id}", json=body))
    recovery = answer["authDataResponse"]["mfa"]["recovery"].split(", ")
    assert "now protects" in await shop.mail(address)
    session = ok(await shop.client.post("/login", json=login(ann, token=recovery[0])))
    client = shop.client.as_user(session["sessionToken"])
    removal = {"authData": {"mfa": {"unlink": True, "token": recovery[1]}}}
    ok(await client.put(f"/users/{ann.id}", json=removal))
    assert "has been removed" in await shop.mail(address, 2)
    assert len(shop.mailbox.to(address)) == 2
