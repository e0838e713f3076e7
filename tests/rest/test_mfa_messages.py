"""Codes that are sent to a telephone: set up, asked for, one a minute, used up."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.rest.enrolment import (
    ENABLED,
    MISSING,
    SECRET,
    WRONG,
    Clock,
    OpenWithMFA,
    Rows,
    Telephone,
    enrol,
    enrol_by_telephone,
    login,
    stored,
    with_mfa,
)
from tests.rest.shop import ok, refused, sign_up, unique

SENT = "A code was sent already. Please wait a minute."


def number() -> str:
    """A number that no other test uses, in a spelling that is allowed."""
    return f"+(41) 44/{int(unique('')[:8], 16)}"


async def test_a_number_is_confirmed_by_the_code_that_it_gets(
    opened: OpenWithMFA, telephone: Telephone, database: Rows
) -> None:
    client = await opened("SMS")
    anna, mobile = await sign_up(client), number()
    ok(await anna.client.put(f"/users/{anna.id}", json=with_mfa(mobile=mobile)))
    ((code, told),) = telephone.messages
    assert (told, len(code), code.isdigit()) == (mobile, 6, True)
    ok(await client.post("/login", json=login(anna)))  # not confirmed, not asked for
    assert ok(await anna.client.get("/users/me"))["authData"] == {"mfa": {"status": "disabled"}}
    for body in (with_mfa(mobile=mobile, token="x"), with_mfa(mobile=mobile, token=None)):
        refused(await anna.client.put(f"/users/{anna.id}", json=body), 141)
    body = with_mfa(mobile=mobile, token=code)
    ok(await anna.client.put(f"/users/{anna.id}", json=body))
    assert stored(database, anna) == {"pending": {}, "mobile": mobile}
    assert ok(await anna.client.get("/users/me"))["authData"] == ENABLED
    assert refused(await client.post("/login", json=login(anna)), -1) == MISSING


@pytest.mark.parametrize(
    "mobile", ["call me", "+41 44\n000", 41, ["+41"], "+" + "1" * 60, "+41x", "+41.44"]
)
async def test_what_is_no_number_gets_no_message(
    opened: OpenWithMFA, telephone: Telephone, mobile: Any
) -> None:
    anna = await sign_up(await opened("SMS"))
    answer = await anna.client.put(f"/users/{anna.id}", json=with_mfa(mobile=mobile))
    assert refused(answer, 141) == "Invalid mobile number."
    assert telephone.messages == []


async def test_a_log_in_asks_for_a_code_and_uses_it_up(
    opened: OpenWithMFA, telephone: Telephone, database: Rows
) -> None:
    client = await opened("SMS")
    anna = await enrol_by_telephone(client, telephone)
    kept = stored(database, anna)
    answer = await client.post("/login", json=login(anna, token="request"))
    assert refused(answer, 141) == "Please enter the token"
    wrong = await client.post("/login", json=login(anna, token="000000"))
    assert refused(wrong, 141) == "Invalid MFA token 1"
    body = login(anna, token=telephone.code)
    assert ok(await client.post("/login", json=body))["authData"] == ENABLED
    assert stored(database, anna) == kept
    assert refused(await client.post("/login", json=body), 141) == "Invalid MFA token 1"


async def test_a_code_expires(opened: OpenWithMFA, telephone: Telephone, database: Rows) -> None:
    client = await opened("SMS", period=60)
    anna = await enrol_by_telephone(client, telephone)
    refused(await client.post("/login", json=login(anna, token="request")), 141)
    expiry = stored(database, anna)["expiry"].replace(tzinfo=UTC)
    assert timedelta(seconds=30) < expiry - datetime.now(UTC) <= timedelta(seconds=60)
    over = {"_auth_data_mfa.expiry": datetime.now(UTC) - timedelta(seconds=1)}
    database["_User"].update_one({"_id": anna.id}, {"$set": over})
    late = await client.post("/login", json=login(anna, token=telephone.code))
    assert refused(late, 141) == "Invalid MFA token 2"


async def test_asking_for_a_code_ends_no_session(opened: OpenWithMFA, telephone: Telephone) -> None:
    client = await opened("SMS")
    anna = await enrol_by_telephone(client, telephone)
    refused(await client.post("/login", json=login(anna, token="request")), 141)
    ok(await anna.client.get("/users/me"))


async def test_a_number_gets_one_message_a_minute_however_it_is_written(
    opened: OpenWithMFA, telephone: Telephone
) -> None:
    client = await opened("SMS")
    anna, bert, mobile = await sign_up(client), await sign_up(client), number()
    ok(await anna.client.put(f"/users/{anna.id}", json=with_mfa(mobile=mobile)))
    for shopper, spelling in ((anna, mobile), (bert, mobile.replace("/", " - "))):
        body = with_mfa(mobile=spelling)
        assert refused(await shopper.client.put(f"/users/{shopper.id}", json=body), 141) == SENT
    assert len(telephone.messages) == 1
    telephone.wait()
    ok(await anna.client.put(f"/users/{anna.id}", json=with_mfa(mobile=mobile)))
    assert len(telephone.messages) == 2


async def test_asking_for_codes_locks_nobody_out(opened: OpenWithMFA, telephone: Telephone) -> None:
    client = await opened("SMS", lockout=2)
    anna = await enrol_by_telephone(client, telephone)
    for _ in range(4):
        refused(await client.post("/login", json=login(anna, token="request")), 141)
    ok(await client.post("/login", json=login(anna, token=telephone.code)))


async def test_a_message_that_can_not_be_sent_is_asked_for_again_at_once(
    opened: OpenWithMFA, telephone: Telephone
) -> None:
    client = await opened("SMS", lockout=1)
    anna, unreachable = await sign_up(client), f"{number()}999"
    for _ in range(2):
        answer = await anna.client.put(f"/users/{anna.id}", json=with_mfa(mobile=unreachable))
        assert refused(answer, 141) == "Auth failed. Unknown error."


async def test_a_number_is_changed_with_a_code_of_the_old_one(
    opened: OpenWithMFA, telephone: Telephone, database: Rows
) -> None:
    client = await opened("SMS")
    anna, new = await enrol_by_telephone(client, telephone), number()
    place, old = f"/users/{anna.id}", stored(database, anna)["mobile"]
    alone = await anna.client.put(place, json=with_mfa(mobile=new))
    assert refused(alone, 141) == "MFA is already set up on this account"
    asked = await anna.client.put(place, json=with_mfa(mobile=new, old="request"))
    assert refused(asked, 141) == "Please enter the token"
    assert telephone.messages[-1][1] == old
    ok(await anna.client.put(place, json=with_mfa(mobile=new, old=telephone.code)))
    assert telephone.messages[-1][1] == new
    ok(await anna.client.put(place, json=with_mfa(mobile=new, token=telephone.code)))
    assert stored(database, anna)["mobile"] == new


async def test_a_telephone_is_taken_away_with_a_code(
    opened: OpenWithMFA, telephone: Telephone, database: Rows
) -> None:
    client = await opened("SMS")
    anna = await enrol_by_telephone(client, telephone)
    place = f"/users/{anna.id}"
    alone = await anna.client.put(place, json={"authData": {"mfa": None}})
    assert refused(alone, 141) == "Invalid MFA token 1"
    refused(await anna.client.put(place, json=with_mfa(unlink=True, token="request")), 141)
    ok(await anna.client.put(place, json=with_mfa(unlink=True, token=telephone.code)))
    assert stored(database, anna) is None


async def test_what_was_never_confirmed_is_taken_away_and_replaced_without_a_code(
    opened: OpenWithMFA, telephone: Telephone, clock: Clock, database: Rows
) -> None:
    client = await opened("SMS", "TOTP")
    anna = await sign_up(client)
    place = f"/users/{anna.id}"
    ok(await anna.client.put(place, json=with_mfa(mobile=number())))
    ok(await anna.client.put(place, json={"authData": {"mfa": None}}))
    assert stored(database, anna) is None
    ok(await anna.client.put(place, json=with_mfa(mobile=number())))
    ok(await anna.client.put(place, json=with_mfa(secret=SECRET, token=clock.code())))
    assert set(stored(database, anna)) == {"secret", "recovery", "lastStep"}


async def test_a_way_that_is_not_offered_any_more_opens_nothing(
    opened: OpenWithMFA, telephone: Telephone, clock: Clock
) -> None:
    both = await opened("SMS", "TOTP")
    anna, _ = await enrol(both, clock)
    bert = await enrol_by_telephone(both, telephone)
    by_message, by_app = await opened("SMS"), await opened("TOTP")
    body = login(anna, token=clock.code())
    assert refused(await by_message.post("/login", json=body), 141) == WRONG
    assert refused(await by_app.post("/login", json=login(bert, token="request")), 141) == WRONG
