"""Accounts by mail: password resets, confirmed addresses, and who is told nothing."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from parsepy.app import Application, build
from parsepy.config import Config, ConfigError
from parsepy.errors import Code, ParseError
from parsepy.triggers import Event, UserEvent, expect
from tests.conftest import APP_ID, MASTER_KEY, MOUNT, Client, MakeApp, database_in
from tests.mailbox import OwnTexts, token_in
from tests.receiver import Receiver, replying
from tests.rest.mailing import OPTIONS, RESET, VERIFY, Shop
from tests.rest.shop import PASSWORD, eventually, ok, refused, unique

Rows = Database[dict[str, Any]]
NEEDS = (
    "An appName, publicServerURL, and emailAdapter are required for password reset and "
    "email verification functionality."
)


@pytest.fixture(scope="module")
async def mailing(mongo_uri: str, mongo: MongoClient[dict[str, Any]]) -> AsyncIterator[Application]:
    """A server that can send mail, started once; on another database nobody sends its mails."""
    name = f"test_mails_{uuid4().hex[:12]}"
    keys = {"appId": APP_ID, "masterKey": MASTER_KEY, "serverURL": MOUNT}
    uri = database_in(mongo_uri, name)
    made = build(Config.from_options({**keys, "databaseURI": uri, **OPTIONS}))
    await made.startup()
    yield made
    await made.shutdown()
    await asyncio.to_thread(mongo.drop_database, name)


@pytest.fixture
def shop(mailing: Application) -> Shop:
    """The shop that can send mail."""
    return Shop(mailing)


@pytest.fixture
async def verifying(server: MakeApp) -> Shop:
    """A shop whose users confirm their address."""
    return Shop(await server(**OPTIONS, verifyUserEmails=True))


async def row_of(database: Rows, user_id: str) -> dict[str, Any]:
    """A user as stored."""
    row = await asyncio.to_thread(database["_User"].find_one, {"_id": user_id})
    assert row is not None
    return row


async def change_row(database: Rows, user_id: str, **columns: Any) -> None:
    """Change columns of a user behind the server's back."""
    update = {"$set": columns}
    await asyncio.to_thread(database["_User"].update_one, {"_id": user_id}, update)


# --- a new password -----------------------------------------------------------------------------


async def test_a_forgotten_password_is_replaced_by_mail(shop: Shop) -> None:
    ann, address = await shop.sign_up()
    token = await shop.ask_reset(address)
    page = await shop.client.get(RESET, params={"token": token})
    assert page.status_code == 200
    assert f'value="{token}"' in page.text
    assert "is changed" in (await shop.reset(token)).text
    refused(await shop.log_in(ann.name), 101, 404)
    ok(await shop.log_in(ann.name, "a new one"))


async def test_the_mail_names_the_shop_the_user_and_the_link(shop: Shop) -> None:
    ann, address = await shop.sign_up()
    token = await shop.ask_reset(address)
    (mail,) = shop.mailbox.to(address)
    assert mail.subject == "Password Reset for The Shop"
    assert ann.name in mail.text
    link = f"http://shop.test/parse/apps/{APP_ID}/request_password_reset?token={token}"
    assert link in mail.text
    assert len(token) == 25


async def test_a_new_password_ends_the_sessions(shop: Shop) -> None:
    ann, address = await shop.sign_up()
    ok(await ann.client.get("/users/me"))
    await shop.reset(await shop.ask_reset(address))
    refused(await ann.client.get("/users/me"), 209)


async def test_a_link_works_once(shop: Shop) -> None:
    _, address = await shop.sign_up()
    token = await shop.ask_reset(address)
    await shop.reset(token)
    again = await shop.reset(token, "another one")
    assert "token is invalid" in again.text
    page = await shop.client.get(RESET, params={"token": token})
    assert "This link can&#39;t be used" in page.text


async def test_of_many_resets_with_one_link_one_succeeds(shop: Shop) -> None:
    """GHSA-r3xq-68wh-gwvh: several read the token before the first had used it up."""
    ann, address = await shop.sign_up()
    token = await shop.ask_reset(address)
    words = [f"password {number}" for number in range(8)]
    pages = await asyncio.gather(*(shop.reset(token, word) for word in words))
    done = [word for word, page in zip(words, pages, strict=True) if "is changed" in page.text]
    assert len(done) == 1
    ok(await shop.log_in(ann.name, done[0]))


async def test_the_latest_link_counts(shop: Shop) -> None:
    _, address = await shop.sign_up()
    first = await shop.ask_reset(address)
    second = await shop.ask_reset(address)
    assert first != second
    assert "token is invalid" in (await shop.reset(first)).text
    assert "is changed" in (await shop.reset(second)).text


@pytest.mark.parametrize("change", [{"password": "own choice"}, {"email": "new@shop.test"}])
async def test_a_change_by_the_user_ends_the_link(change: dict[str, str], shop: Shop) -> None:
    ann, address = await shop.sign_up()
    token = await shop.ask_reset(address)
    if "email" in change:
        change = {"email": f"{unique('new')}@shop.test"}
    ok(await ann.client.put(f"/users/{ann.id}", json=change))
    assert "token is invalid" in (await shop.reset(token)).text


@pytest.mark.parametrize("token", [{"$ne": ""}, {"$regex": "."}, ["a"], 5, True, None, ""])
async def test_only_a_text_is_a_token(token: Any, shop: Shop) -> None:
    ann, address = await shop.sign_up()
    await shop.ask_reset(address)
    body = {"token": token, "new_password": "stolen"}
    answer = await shop.client.post(RESET, json=body)
    assert answer.status_code == 303
    assert "password_reset_link_invalid.html" in answer.headers["location"]
    ok(await shop.log_in(ann.name))
    if token:
        body = {"token": token}
        message = refused(await shop.client.post("/requestPasswordReset", json=body), 162)
        assert message == "token must be a string"


@pytest.mark.parametrize("password", [{"$ne": ""}, ["a"], 5, True, None, ""])
async def test_only_a_text_is_a_password(password: Any, shop: Shop) -> None:
    ann, address = await shop.sign_up()
    token = await shop.ask_reset(address)
    body = {"token": token, "new_password": password}
    headers = {"X-Requested-With": "XMLHttpRequest"}
    answer = await shop.client.post(RESET, json=body, headers=headers)
    assert answer.json() == {"code": 201, "error": "Missing password"}
    ok(await shop.log_in(ann.name))


async def test_a_username_may_be_an_address(shop: Shop) -> None:
    address = f"{unique('ben')}@shop.test"
    ok(await shop.client.post("/users", json={"username": address, "password": PASSWORD}), 201)
    assert "is changed" in (await shop.reset(await shop.ask_reset(address))).text
    ok(await shop.log_in(address, "a new one"))


async def test_anothers_username_does_not_come_between(shop: Shop) -> None:
    address = f"{unique('cleo')}@shop.test"
    body = {"username": address, "password": "squatter"}
    ok(await shop.client.post("/users", json=body), 201)
    cleo, _ = await shop.sign_up(email=address)
    await shop.reset(await shop.ask_reset(address))
    ok(await shop.log_in(cleo.name, "a new one"))


async def test_an_address_in_another_case_is_found_where_all_are_lower(server: MakeApp) -> None:
    shop = Shop(await server(**OPTIONS, convertEmailToLowercase=True))
    _, address = await shop.sign_up()
    body = {"email": address.upper()}
    ok(await shop.client.post("/requestPasswordReset", json=body))
    await shop.token(address)


async def test_an_unknown_address_is_answered_alike(shop: Shop) -> None:
    """CVE-2026-31901, GHSA-w54v-hf9p-8856: the answer told who has an account."""
    _, address = await shop.sign_up()
    for path in ("/requestPasswordReset", "/verificationEmailRequest"):
        known = await shop.client.post(path, json={"email": address})
        unknown = await shop.client.post(path, json={"email": f"{unique('no')}@shop.test"})
        assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
        assert set(known.headers) == set(unknown.headers)


async def test_it_is_told_where_the_shop_wants_it(server: MakeApp) -> None:
    policy = {"resetPasswordSuccessOnInvalidEmail": False}
    shop = Shop(await server(**OPTIONS, passwordPolicy=policy))
    body = {"email": "nobody@shop.test"}
    answer = await shop.client.post("/requestPasswordReset", json=body)
    assert refused(answer, 101, 404) == "A user with that email does not exist."


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, 204),
        ({"email": ""}, 204),
        ({"email": {"$ne": ""}}, 125),
        ({"email": ["a@b.c"]}, 125),
        ({"email": 5}, 125),
    ],
)
async def test_only_a_text_is_an_address(body: Any, code: int, shop: Shop) -> None:
    for path in ("/requestPasswordReset", "/verificationEmailRequest"):
        refused(await shop.client.post(path, json=body), code)


async def test_without_mail_nothing_is_promised(client: Client) -> None:
    for path in ("/requestPasswordReset", "/verificationEmailRequest"):
        answer = await client.post(path, json={"email": "a@shop.test"})
        assert refused(answer, 1, 500) == NEEDS


async def test_a_mail_that_fails_does_not_show(
    app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    failing = {"emailAdapter": {"module": "tests.mailbox", "options": {"fails": True}}}
    shop = Shop(await app(**{**OPTIONS, **failing}))
    _, address = await shop.sign_up()
    ok(await shop.client.post("/requestPasswordReset", json={"email": address}))

    async def is_logged() -> bool:
        return "a mail could not be sent" in caplog.text

    await eventually(is_logged)
    assert "token=" not in caplog.text


async def test_the_policy_holds_for_a_new_password(server: MakeApp) -> None:
    policy = {"validatorPattern": "^.{9,}$", "validationError": "Nine at least."}
    shop = Shop(await server(**OPTIONS, passwordPolicy=policy))
    ann, address = await shop.sign_up()
    token = await shop.ask_reset(address)
    page = await shop.reset(token, "short")
    assert (page.status_code, "Nine at least." in page.text) == (200, True)
    assert f'value="{token}"' in page.text, "the form can be sent again"
    await shop.reset(token, "long enough")
    ok(await shop.log_in(ann.name, "long enough"))


async def test_a_link_has_its_time(server: MakeApp, database: Rows) -> None:
    policy = {"resetTokenValidityDuration": 60}
    shop = Shop(await server(**OPTIONS, passwordPolicy=policy))
    ann, address = await shop.sign_up()
    token = await shop.ask_reset(address)
    past = datetime.now(UTC) - timedelta(seconds=1)
    left = (await row_of(database, ann.id))["_perishable_token_expires_at"] - past
    assert timedelta(seconds=55) < left < timedelta(seconds=65)
    await change_row(database, ann.id, _perishable_token_expires_at=past)
    assert "The password reset link has expired" in (await shop.reset(token)).text
    ok(await shop.log_in(ann.name))


async def test_an_expired_link_asks_for_another(server: MakeApp, database: Rows) -> None:
    policy = {"resetTokenValidityDuration": 60}
    shop = Shop(await server(**OPTIONS, passwordPolicy=policy))
    ann, address = await shop.sign_up()
    token = await shop.ask_reset(address)
    refused(await shop.client.post("/requestPasswordReset", json={"token": token}), 125)
    past = datetime.now(UTC) - timedelta(seconds=1)
    await change_row(database, ann.id, _perishable_token_expires_at=past)
    ok(await shop.client.post("/requestPasswordReset", json={"token": token}))
    assert "is changed" in (await shop.reset(await shop.token(address, 2))).text


async def test_a_link_that_is_valid_is_sent_again(server: MakeApp, database: Rows) -> None:
    policy = {"resetTokenValidityDuration": 60, "resetTokenReuseIfValid": True}
    shop = Shop(await server(**OPTIONS, passwordPolicy=policy))
    ann, address = await shop.sign_up()
    first = await shop.ask_reset(address)
    assert await shop.ask_reset(address) == first
    past = datetime.now(UTC) - timedelta(seconds=1)
    await change_row(database, ann.id, _perishable_token_expires_at=past)
    assert await shop.ask_reset(address) != first


@pytest.mark.parametrize("unlocks", [True, False])
async def test_a_new_password_unlocks_where_the_shop_wants_it(
    unlocks: bool, server: MakeApp
) -> None:
    lockout = {"threshold": 1, "duration": 5, "unlockOnPasswordReset": unlocks}
    shop = Shop(await server(**OPTIONS, accountLockout=lockout))
    ann, address = await shop.sign_up()
    refused(await shop.log_in(ann.name, "wrong"), 101, 404)
    assert "locked" in refused(await shop.log_in(ann.name), 101, 404)
    await shop.reset(await shop.ask_reset(address))
    assert (await shop.log_in(ann.name, "a new one")).status_code == (200 if unlocks else 404)


async def test_cloud_code_hears_of_a_request_and_may_refuse_it(server: MakeApp) -> None:
    application = await server(**OPTIONS)
    shop = Shop(application)
    told: list[dict[str, Any]] = []
    ann, address = await shop.sign_up()

    async def refuse(event: Event) -> None:
        told.append(expect(event, UserEvent).object)
        raise ParseError(Code.VALIDATION_ERROR, "not today")

    application.backend.triggers.add("beforePasswordResetRequest", "_User", refuse)
    for email in (address, "nobody@shop.test"):
        await shop.client.post("/requestPasswordReset", json={"email": email})
    answer = await shop.client.post("/requestPasswordReset", json={"email": address})
    assert refused(answer, 142) == "not today"
    assert [user["objectId"] for user in told] == [ann.id, ann.id]
    assert not any(name.startswith("_") for name in told[0])
    assert shop.mailbox.sent == []


async def test_a_webhook_hears_of_a_request(server: MakeApp) -> None:
    kind = "beforePasswordResetRequest"
    application = await server(**OPTIONS)
    shop = Shop(application)
    ann, address = await shop.sign_up()
    with Receiver() as receiver:
        async with Client(application, master=True) as master:
            url = receiver.url + replying({"error": "closed"})
            body = {"className": "_User", "triggerName": kind, "url": url}
            ok(await master.post("/hooks/triggers", json=body))
            answer = await shop.client.post("/requestPasswordReset", json={"email": address})
            ok(await master.put(f"/hooks/triggers/_User/{kind}", json={"__op": "Delete"}))
        assert refused(answer, 141) == "closed"
        assert receiver.bodies[0]["object"]["objectId"] == ann.id


# --- a confirmed address ------------------------------------------------------------------------


async def test_an_address_is_confirmed_by_mail(verifying: Shop) -> None:
    ann, address = await verifying.sign_up()
    assert ok(await ann.client.get("/users/me"))["emailVerified"] is False
    token = await verifying.token(address)
    (mail,) = verifying.mailbox.to(address)
    assert mail.subject == "Please verify your e-mail for The Shop"
    assert f"http://shop.test/parse/apps/{APP_ID}/verify_email?token={token}" in mail.text
    page = await verifying.client.get(VERIFY, params={"token": token})
    assert (page.status_code, "is confirmed" in page.text) == (200, True)
    assert ok(await ann.client.get("/users/me"))["emailVerified"] is True
    again = await verifying.client.get(VERIFY, params={"token": token})
    assert "is confirmed" not in again.text


async def test_who_has_no_address_gets_no_mail(verifying: Shop) -> None:
    body = {"username": unique("ann"), "password": PASSWORD}
    ok(await verifying.client.post("/users", json=body), 201)
    assert verifying.mailbox.sent == []


async def test_a_new_address_is_to_be_confirmed_again(verifying: Shop) -> None:
    ann, address = await verifying.sign_up()
    first = await verifying.token(address)
    await verifying.client.get(VERIFY, params={"token": first})
    new = f"{unique('new')}@shop.test"
    ok(await ann.client.put(f"/users/{ann.id}", json={"email": new}))
    assert ok(await ann.client.get("/users/me"))["emailVerified"] is False
    await verifying.client.get(VERIFY, params={"token": first})
    assert ok(await ann.client.get("/users/me"))["emailVerified"] is False
    await verifying.client.get(VERIFY, params={"token": await verifying.token(new)})
    assert ok(await ann.client.get("/users/me"))["emailVerified"] is True


async def test_another_change_sends_no_mail(verifying: Shop) -> None:
    ann, address = await verifying.sign_up()
    await verifying.token(address)
    ok(await ann.client.put(f"/users/{ann.id}", json={"phone": "1"}))
    ok(await ann.client.put(f"/users/{ann.id}", json={"email": {"__op": "Delete"}}))
    assert len(verifying.mailbox.sent) == 1


async def test_who_has_not_confirmed_stays_outside(server: MakeApp) -> None:
    options = {"verifyUserEmails": True, "preventLoginWithUnverifiedEmail": True}
    shop = Shop(await server(**OPTIONS, **options))
    name, address = unique("ann"), f"{unique('ann')}@shop.test"
    body = {"username": name, "password": PASSWORD, "email": address}
    assert "sessionToken" not in ok(await shop.client.post("/users", json=body), 201)
    assert refused(await shop.log_in(name), 205) == "User email is not verified."
    await shop.client.get(VERIFY, params={"token": await shop.token(address)})
    ok(await shop.log_in(name))


async def test_a_mail_can_be_asked_for_again(verifying: Shop) -> None:
    _, address = await verifying.sign_up()
    first = await verifying.token(address)
    ok(await verifying.client.post("/verificationEmailRequest", json={"email": address}))
    second = await verifying.token(address, 2)
    assert first != second
    await verifying.client.get(VERIFY, params={"token": second})
    ok(await verifying.client.post("/verificationEmailRequest", json={"email": address}))
    assert len(verifying.mailbox.to(address)) == 2, "who has confirmed gets no more"


async def test_the_same_link_comes_again_where_the_shop_wants_it(
    server: MakeApp, database: Rows
) -> None:
    options = {"emailVerifyTokenValidityDuration": 60, "emailVerifyTokenReuseIfValid": True}
    shop = Shop(await server(**OPTIONS, **options, verifyUserEmails=True))
    ann, address = await shop.sign_up()
    first = await shop.token(address)
    ok(await shop.client.post("/verificationEmailRequest", json={"email": address}))
    assert await shop.token(address, 2) == first
    past = datetime.now(UTC) - timedelta(seconds=1)
    await change_row(database, ann.id, _email_verify_token_expires_at=past)
    page = await shop.client.get(VERIFY, params={"token": first})
    assert "is confirmed" not in page.text
    ok(await shop.client.post("/verificationEmailRequest", json={"email": address}))
    third = await shop.token(address, 3)
    assert "is confirmed" in (await shop.client.get(VERIFY, params={"token": third})).text


async def test_who_has_confirmed_is_told_where_the_shop_wants_it(server: MakeApp) -> None:
    options = {"verifyUserEmails": True, "emailVerifySuccessOnInvalidEmail": False}
    shop = Shop(await server(**OPTIONS, **options))
    _, address = await shop.sign_up()
    path = "/verificationEmailRequest"
    answer = await shop.client.post(path, json={"email": "no@shop.test"})
    assert refused(answer, 205) == "No user found with email no@shop.test"
    ok(await shop.client.post(path, json={"email": address}))
    await shop.client.get(VERIFY, params={"token": await shop.token(address, 2)})
    answer = await shop.client.post(path, json={"email": address})
    assert refused(answer, -1) == f"Email {address} is already verified."


async def test_the_mail_can_be_left_out(server: MakeApp) -> None:
    options = {"verifyUserEmails": True, "sendUserEmailVerification": False}
    shop = Shop(await server(**OPTIONS, **options))
    ann, address = await shop.sign_up()
    ok(await shop.client.post("/verificationEmailRequest", json={"email": address}))
    assert ok(await ann.client.get("/users/me"))["emailVerified"] is False
    assert shop.mailbox.sent == []


@pytest.mark.parametrize("how", ["token[]=a", "token[$ne]=a", "token=", "", "token=%00"])
async def test_a_link_without_a_good_token_confirms_nothing(how: str, verifying: Shop) -> None:
    ann, address = await verifying.sign_up()
    await verifying.token(address)
    page = await verifying.client.get(f"{VERIFY}?{how}")
    assert (page.status_code, "is confirmed" in page.text) == (200, False)
    assert ok(await ann.client.get("/users/me"))["emailVerified"] is False


async def test_no_client_reads_or_queries_a_token(verifying: Shop) -> None:
    ann, address = await verifying.sign_up()
    await verifying.token(address)
    await verifying.ask_reset(address)
    me = ok(await ann.client.get("/users/me"))
    assert not [name for name in me if name.startswith("_")]
    for column in ("_perishable_token", "_email_verify_token"):
        where = {"where": f'{{"{column}":{{"$regex":"^a"}}}}'}
        refused(await ann.client.get("/users", params=where), 105)


async def test_no_client_confirms_himself(verifying: Shop) -> None:
    ann, _ = await verifying.sign_up()
    for body in ({"emailVerified": True}, {"_email_verify_token": "mine"}):
        answer = await ann.client.put(f"/users/{ann.id}", json=body)
        assert answer.status_code == 400


async def test_what_is_rolled_back_is_not_mailed(verifying: Shop, database: Rows) -> None:
    address = f"{unique('ann')}@shop.test"
    taken, theirs = await verifying.sign_up()
    await verifying.token(theirs)
    users = [
        {"username": unique("ann"), "password": PASSWORD, "email": address},
        {"username": taken.name, "password": PASSWORD},
    ]
    requests = [{"method": "POST", "path": "/parse/users", "body": body} for body in users]
    await verifying.client.post("/batch", json={"requests": requests, "transaction": True})
    assert await asyncio.to_thread(database["_User"].find_one, {"email": address}) is None

    async def is_empty() -> bool:
        return await asyncio.to_thread(database["_MailQueue"].count_documents, {}) == 0

    await eventually(is_empty)
    assert verifying.mailbox.to(address) == []


# --- mailers ------------------------------------------------------------------------------------


async def test_a_mailer_may_have_texts_of_its_own(server: MakeApp) -> None:
    application = await server(**OPTIONS, verifyUserEmails=True)
    own = application.backend.mailer = OwnTexts()
    client = Client(application)
    address = f"{unique('ann')}@shop.test"
    body = {"username": unique("ann"), "password": PASSWORD, "email": address}
    ok(await client.post("/users", json=body), 201)
    ok(await client.post("/requestPasswordReset", json={"email": address}))

    async def both() -> bool:
        return len(own.asked) == 2

    await eventually(both)
    for _, message in own.asked:
        assert (message.app_name, message.user["email"]) == ("The Shop", address)
        assert len(token_in(message.link)) == 25
        assert not [name for name in message.user if name[0] == "_"]
    assert {kind for kind, _ in own.asked} == {"verification", "reset"}


async def test_a_frame_of_the_shops_own_gets_the_link(server: MakeApp) -> None:
    shop = Shop(await server(**OPTIONS, parseFrameURL="https://shop.test/frame"))
    _, address = await shop.sign_up()
    token = await shop.ask_reset(address)
    path = f"%2Fapps%2F{APP_ID}%2Frequest_password_reset"
    link = f"https://shop.test/frame?link={path}&token={token}"
    assert link in await shop.mail(address)


def test_a_mailer_must_be_able_to_send() -> None:
    options = {"masterKey": MASTER_KEY, "databaseURI": "mongodb://127.0.0.1:9/shop"}
    for module in ("tests.rest.shop", "json"):
        config = Config.from_options({**options, "emailAdapter": {"module": module}})
        with pytest.raises(ConfigError, match="emailAdapter"):
            build(config)
