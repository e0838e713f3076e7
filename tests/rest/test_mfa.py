"""The second factor: set up, asked for at log-ins, counted once, changed and taken away."""

import asyncio
import hashlib
import re
from typing import Any

import pyotp
import pytest

from parsepy.config import ConfigError
from tests.conftest import Client, MakeApp
from tests.rest.enrolment import (
    ENABLED,
    MISSING,
    OTHER,
    SECRET,
    WRONG,
    Clock,
    OpenWithMFA,
    Rows,
    Telephone,
    enrol,
    enrol_with_code,
    login,
    stored,
    with_mfa,
)
from tests.rest.shop import PASSWORD, ok, refused, sign_up, unique

LOCKED = (
    "Your account is locked due to multiple failed login attempts. "
    "Please try again after 5 minute(s)"
)


# --- authenticator apps -------------------------------------------------------------------------


async def test_totp_is_set_up_with_a_code_and_gives_recovery_codes(
    opened: OpenWithMFA, clock: Clock, database: Rows
) -> None:
    anna, recovery = await enrol(await opened(), clock)
    assert all(re.fullmatch(r"[a-zA-Z0-9]{30}", code) for code in recovery)
    kept = {"secret": SECRET, "recovery": recovery, "lastStep": clock.step - 1}
    assert stored(database, anna) == kept
    assert ok(await anna.client.get("/users/me"))["authData"] == ENABLED


async def test_a_log_in_takes_a_code(opened: OpenWithMFA, clock: Clock) -> None:
    client = await opened()
    anna, _ = await enrol(client, clock)
    assert refused(await client.post("/login", json=login(anna)), -1) == MISSING
    wrong = login(anna, token="000000")
    assert refused(await client.post("/login", json=wrong), 141) == WRONG
    answer = ok(await client.post("/login", json=login(anna, token=clock.code())))
    assert answer["authData"] == ENABLED
    assert answer["sessionToken"].startswith("r:")


@pytest.mark.parametrize("step", [-1, 0, 1])
async def test_clocks_may_differ_by_one_step(opened: OpenWithMFA, clock: Clock, step: int) -> None:
    client = await opened()
    anna, _ = await enrol(client, clock)
    clock.step += 5
    for far in (-2, 2):
        refused(await client.post("/login", json=login(anna, token=clock.code(far))), 141)
    ok(await client.post("/login", json=login(anna, token=clock.code(step))))


async def test_a_code_counts_once(opened: OpenWithMFA, clock: Clock) -> None:
    client = await opened()
    anna, _ = await enrol(client, clock)
    ok(await client.post("/login", json=login(anna, token=clock.code(1))))
    for older in (1, 0, -1):
        again = login(anna, token=clock.code(older))
        assert refused(await client.post("/login", json=again), 141) == WRONG


async def test_the_code_of_the_set_up_opens_nothing(opened: OpenWithMFA, clock: Clock) -> None:
    client = await opened()
    anna, _ = await enrol(client, clock)
    used = login(anna, token=clock.code(-1))
    assert refused(await client.post("/login", json=used), 141) == WRONG


async def test_a_recovery_code_works_once(
    opened: OpenWithMFA, clock: Clock, database: Rows
) -> None:
    client = await opened()
    anna, (first, second) = await enrol(client, clock)
    ok(await client.post("/login", json=login(anna, token=first)))
    assert refused(await client.post("/login", json=login(anna, token=first)), 141) == WRONG
    assert stored(database, anna)["recovery"] == [second]


@pytest.mark.parametrize(
    "token", [None, 123456, True, "", [], {}, "12345", "1234567", "\uff11\uff12345\uff16"]
)
async def test_what_is_no_code_is_refused(opened: OpenWithMFA, clock: Clock, token: Any) -> None:
    client = await opened()
    anna, _ = await enrol(client, clock)
    body = {**login(anna), **with_mfa(token=token)}
    assert refused(await client.post("/login", json=body), 141) == WRONG


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"secret": SECRET}, "Invalid MFA data"),
        ({"token": "123456"}, "Invalid MFA data"),
        ({"secret": "SHORT", "token": "123456"}, "Invalid MFA data"),
        ({"secret": 7, "token": "123456"}, "Invalid MFA data"),
        ({"secret": "A" * 300, "token": "123456"}, "Invalid MFA data"),
        ({"secret": "1" * 24, "token": "123456"}, "Invalid MFA data"),
        ({"secret": SECRET, "token": "000000"}, WRONG),
        ({"secret": SECRET, "token": 7}, WRONG),
        ({"mobile": "+41 44 000 00 00"}, "Invalid MFA data"),
        ({}, "Invalid MFA data"),
    ],
)
async def test_a_set_up_that_is_wrong_stores_nothing(
    opened: OpenWithMFA, clock: Clock, database: Rows, data: dict[str, Any], message: str
) -> None:
    client = await opened()
    anna = await sign_up(client)
    answer = await anna.client.put(f"/users/{anna.id}", json=with_mfa(**data))
    assert refused(answer, 141) == message
    assert stored(database, anna) is None


async def test_digits_period_and_algorithm_are_options(opened: OpenWithMFA, clock: Clock) -> None:
    client = await opened(digits=8, period=60, algorithm="SHA256")
    totp = pyotp.TOTP(SECRET, digits=8, digest=hashlib.sha256, interval=60)
    anna = await sign_up(client)
    code = totp.generate_otp(int(clock.time()) // 60)
    ok(await anna.client.put(f"/users/{anna.id}", json=with_mfa(secret=SECRET, token=code)))
    later = totp.generate_otp(int(clock.time()) // 60 + 1)
    ok(await client.post("/login", json=login(anna, token=later)))


async def test_a_new_user_may_bring_a_second_factor_along(
    opened: OpenWithMFA, clock: Clock
) -> None:
    client = await opened()
    body = {"username": unique("anna"), "password": PASSWORD}
    set_up = {**body, **with_mfa(secret=SECRET, token=clock.code())}
    assert ok(await client.post("/users", json=set_up), 201)["authDataResponse"]["mfa"]["recovery"]
    assert refused(await client.post("/login", json=body), -1) == MISSING


async def test_graphql_asks_for_a_code_as_well(opened: OpenWithMFA, clock: Clock) -> None:
    client = await opened(graphql=True)
    anna, _ = await enrol(client, clock)
    text = "mutation ($i: LogInInput!) { logIn(input: $i) { viewer { user { authData } } } }"

    async def log_in(**given: Any) -> Any:
        credentials = {"username": anna.name, "password": PASSWORD, **given}
        body = {"query": text, "variables": {"i": credentials}}
        return (await client.post("http://testserver/graphql", json=body)).json()

    (error,) = (await log_in())["errors"]
    assert (error["message"], error["extensions"]["code"]) == (MISSING, -1)
    code = {"authData": {"mfa": {"token": clock.code()}}}
    assert (await log_in(**code))["data"]["logIn"]["viewer"]["user"]["authData"] == ENABLED
    (error,) = (await log_in(**code))["errors"]
    assert (error["message"], error["extensions"]["code"]) == (WRONG, 141)


async def test_a_second_factor_vouches_for_nobody_who_signs_up(
    server: MakeApp, clock: Clock
) -> None:
    mailing = {"appName": "Shop", "publicServerURL": "http://shop.test/parse"}
    rules = {"verifyUserEmails": True, "preventLoginWithUnverifiedEmail": True}
    mailer = {"emailAdapter": {"module": "console"}}
    auth = {"mfa": {"options": ["TOTP"]}}
    client = Client(await server(auth=auth, **mailing, **rules, **mailer))
    name = unique("anna")
    body = {"username": name, "password": PASSWORD, "email": f"{name}@shop.test"}
    set_up = {**body, **with_mfa(secret=SECRET, token=clock.code())}
    made = ok(await client.post("/users", json=set_up), 201)
    assert "sessionToken" not in made
    assert made["authDataResponse"]["mfa"]["recovery"]


# --- change and removal -------------------------------------------------------------------------


async def test_a_session_alone_does_not_change_the_secret(
    opened: OpenWithMFA, clock: Clock, database: Rows
) -> None:
    client = await opened()
    anna, _ = await enrol(client, clock)
    before = stored(database, anna)
    new = {"secret": OTHER, "token": clock.code(secret=OTHER)}
    for old in ({}, {"old": "000000"}, {"old": clock.code(-1)}):
        answer = await anna.client.put(f"/users/{anna.id}", json=with_mfa(**new, **old))
        assert refused(answer, 141) == WRONG
    assert stored(database, anna) == before
    body = with_mfa(**new, old=clock.code())
    ok(await anna.client.put(f"/users/{anna.id}", json=body))
    assert stored(database, anna)["secret"] == OTHER


async def test_a_session_alone_does_not_take_it_away(
    opened: OpenWithMFA, clock: Clock, database: Rows
) -> None:
    client = await opened()
    anna, (first, _) = await enrol(client, clock)
    for body in ({"authData": {"mfa": None}}, with_mfa(unlink=True, token="000000")):
        assert refused(await anna.client.put(f"/users/{anna.id}", json=body), 141) == WRONG
    for beside in ({}, {"anonymous": {"id": unique("a")}}):
        body = {**login(anna), "authData": {"mfa": None, **beside}}
        assert refused(await client.post("/login", json=body), -1) == MISSING
    assert stored(database, anna) is not None
    body = with_mfa(unlink=True, token=first)
    ok(await anna.client.put(f"/users/{anna.id}", json=body))
    assert stored(database, anna) is None
    ok(await client.post("/login", json=login(anna)))


async def test_the_master_key_takes_it_away_and_changes_it(
    opened: OpenWithMFA, clock: Clock, database: Rows
) -> None:
    client = await opened()
    privileged = Client(client.application, master=True)
    anna, _ = await enrol(client, clock)
    raw = {"secret": OTHER, "recovery": ["a" * 30]}
    ok(await privileged.put(f"/users/{anna.id}", json=with_mfa(**raw)))
    assert stored(database, anna) == raw
    ok(await client.post("/login", json=login(anna, token="a" * 30)))
    ok(await privileged.put(f"/users/{anna.id}", json={"authData": {"mfa": None}}))
    assert stored(database, anna) is None


async def test_another_provider_is_linked_as_the_javascript_sdk_does(
    opened: OpenWithMFA, clock: Clock, database: Rows
) -> None:
    client = await opened()
    anna, _ = await enrol(client, clock)
    kept = stored(database, anna)
    visitor = {"anonymous": {"id": unique("a")}}
    # what it was shown, or what it has sent itself, goes along with each new provider
    for known in (ENABLED, with_mfa(secret=SECRET, token=clock.code(-1))["authData"]):
        body = {"authData": {**visitor, **known}}
        ok(await anna.client.put(f"/users/{anna.id}", json=body))
    assert stored(database, anna) == kept
    shown = ok(await anna.client.get("/users/me"))["authData"]
    assert shown == {**ENABLED, **visitor}


# --- how often ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["app", "recovery", "message"])
async def test_of_twenty_log_ins_with_one_code_one_succeeds(
    opened: OpenWithMFA, clock: Clock, telephone: Telephone, kind: str
) -> None:
    client = await opened("TOTP", "SMS")
    anna, code = await enrol_with_code(client, clock, telephone, kind)
    body = login(anna, token=code)
    answers = await asyncio.gather(*(client.post("/login", json=body) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 19


async def test_the_third_wrong_code_locks_the_account(opened: OpenWithMFA, clock: Clock) -> None:
    client = await opened(lockout=3)
    anna, (first, _) = await enrol(client, clock)
    for _ in range(3):
        answer = await client.post("/login", json=login(anna, token="000000"))
        assert refused(answer, 141) == WRONG
    for body in (login(anna, token=clock.code()), login(anna, token=first), login(anna)):
        assert refused(await client.post("/login", json=body), 101, 404) == LOCKED
    body = with_mfa(unlink=True, token=first)
    assert refused(await anna.client.put(f"/users/{anna.id}", json=body), 101, 404) == LOCKED


async def test_wrong_codes_of_a_session_count_as_well(opened: OpenWithMFA, clock: Clock) -> None:
    client = await opened(lockout=3)
    anna, _ = await enrol(client, clock)
    new = {"secret": OTHER, "token": clock.code(secret=OTHER), "old": "000000"}
    for body in (with_mfa(**new), with_mfa(unlink=True, token="000000"), with_mfa(**new)):
        assert refused(await anna.client.put(f"/users/{anna.id}", json=body), 141) == WRONG
    body = login(anna, token=clock.code())
    assert refused(await client.post("/login", json=body), 101, 404) == LOCKED


async def test_a_right_password_forgets_no_wrong_codes(opened: OpenWithMFA, clock: Clock) -> None:
    client = await opened(lockout=3)
    anna, _ = await enrol(client, clock)
    for _ in range(2):
        refused(await client.post("/login", json=login(anna, token="000000")), 141)
        assert refused(await client.post("/login", json=login(anna)), -1) == MISSING
    ok(await client.post("/login", json=login(anna, token=clock.code())))
    for _ in range(2):  # and a whole log-in forgets them
        refused(await client.post("/login", json=login(anna, token="000000")), 141)
    ok(await client.post("/login", json=login(anna, token=clock.code(1))))


async def test_many_guesses_at_once_are_cut_short(opened: OpenWithMFA, clock: Clock) -> None:
    client = await opened(lockout=3)
    anna, _ = await enrol(client, clock)
    guesses = (client.post("/login", json=login(anna, token=f"{n:06d}")) for n in range(12))
    await asyncio.gather(*guesses)
    body = login(anna, token=clock.code())
    assert refused(await client.post("/login", json=body), 101, 404) == LOCKED


async def test_verifypassword_uses_a_code_up(opened: OpenWithMFA, clock: Clock) -> None:
    client = await opened()
    anna, _ = await enrol(client, clock)
    assert refused(await client.post("/verifyPassword", json=login(anna)), -1) == MISSING
    body = login(anna, token=clock.code())
    assert ok(await client.post("/verifyPassword", json=body))["objectId"] == anna.id
    assert refused(await client.post("/login", json=body), 141) == WRONG


# --- what stops the start -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"digits": 6}, "options is missing"),
        ({"options": []}, "options: expected TOTP or SMS"),
        ({"options": ["TOTP", "EMAIL"]}, "options: expected TOTP or SMS"),
        ({"options": ["SMS"]}, "sendSMS is missing"),
        ({"options": ["SMS"], "sendSMS": "no_such_module:send"}, "sendSMS: no_such_module"),
        ({"options": ["SMS"], "sendSMS": 7}, "sendSMS: expected a function"),
        ({"options": ["TOTP"], "digits": 3}, "digits: expected 4 to 10"),
        ({"options": ["TOTP"], "period": 5}, "period: expected 10 or more"),
        ({"options": ["TOTP"], "algorithm": "MD5"}, "algorithm: expected one of SHA1"),
        ({"options": ["TOTP"], "digit": 6}, 'unknown option "digit": did you mean "digits"?'),
    ],
)
async def test_options_that_are_wrong_stop_the_start(
    server: MakeApp, options: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ConfigError, match=re.escape(problem)):
        await server(auth={"mfa": options})
