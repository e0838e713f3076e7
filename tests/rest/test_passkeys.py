"""Passkeys: sign up, link, log in; what is signed, lasts five minutes and counts once."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from parsepy.auth import passkey
from parsepy.config import ConfigError
from parsepy.operations.users import providers
from tests.authenticator import Authenticator
from tests.conftest import Client, MakeApp
from tests.rest.enrolment import SECRET, Clock, Rows, with_mfa
from tests.rest.shop import PASSWORD, Shopper, ok, refused, sign_up, unique

OPTIONS = {"rpId": "shop.example", "rpName": "The Shop"}
NOT_VALID = "The passkey is not valid."
TOO_LATE = "The state of this passkey is not valid any more."


@pytest.fixture
async def shop(server: MakeApp) -> Client:
    """A server with passkeys, and TOTP as a second factor."""
    return Client(await server(auth={"passkey": OPTIONS, "mfa": {"options": ["TOTP"]}}))


async def challenged(client: Client, action: str = "login", **body: Any) -> Any:
    """What the server asks the browser."""
    asked = {"challengeData": {"passkey": {"action": action}}, **body}
    return ok(await client.post("/challenge", json=asked))["challengeData"]["passkey"]


def signed(device: Authenticator, asked: Any) -> dict[str, Any]:
    """The authData of a log-in."""
    credential = device.get(asked["options"])
    return {"authData": {"passkey": {"state": asked["state"], "credential": credential}}}


def made(device: Authenticator, asked: Any) -> dict[str, Any]:
    """The authData of a sign-up, or of one more key."""
    credential = device.create(asked["options"])
    return {"authData": {"passkey": {"state": asked["state"], "credential": credential}}}


async def registered(shop: Client, device: Authenticator) -> Shopper:
    """A shopper with a password, who has linked a key."""
    anna = await sign_up(shop)
    asked = await challenged(anna.client, "register")
    ok(await anna.client.put(f"/users/{anna.id}", json=made(device, asked)))
    return anna


def stored(database: Rows, user_id: str) -> Any:
    row = database["_User"].find_one({"_id": user_id})
    assert row is not None
    return row.get("_auth_data_passkey")


# --- ways in ------------------------------------------------------------------------------------


async def test_a_new_user_signs_up_and_logs_in_without_any_password(shop: Client) -> None:
    device = Authenticator()
    asked = await challenged(shop, "register")
    new = ok(await shop.post("/users", json=made(device, asked)), 201)
    assert new["sessionToken"].startswith("r:")
    answer = ok(await shop.post("/users", json=signed(device, await challenged(shop))))
    assert answer["objectId"] == new["objectId"]
    assert answer["sessionToken"].startswith("r:")


async def test_a_user_links_a_key_and_sees_which_there_are(shop: Client, database: Rows) -> None:
    device = Authenticator()
    anna = await registered(shop, device)
    kept = stored(database, anna.id)
    assert [set(key) for key in kept["credentials"]] == [
        {"id", "publicKey", "signCount", "createdAt"}
    ]
    (key,) = kept["credentials"]
    shown = {"id": kept["id"], "credentials": [{n: key[n] for n in ("id", "createdAt")}]}
    assert ok(await anna.client.get("/users/me"))["authData"] == {"passkey": shown}
    answer = ok(await shop.post("/users", json=signed(device, await challenged(shop))))
    assert answer["objectId"] == anna.id
    assert answer["authData"] == {"passkey": shown}
    assert stored(database, anna.id)["credentials"][0]["signCount"] == 1


async def test_the_browser_is_asked_as_the_options_say(shop: Client) -> None:
    anna = await sign_up(shop)
    asked = (await challenged(anna.client, "register"))["options"]
    assert asked["rp"] == {"id": "shop.example", "name": "The Shop"}
    assert asked["user"]["name"] == anna.name
    assert asked["authenticatorSelection"]["userVerification"] == "required"
    assert asked["authenticatorSelection"]["residentKey"] == "required"
    again = (await challenged(anna.client, "register"))["options"]
    assert again["challenge"] != asked["challenge"]


async def test_a_user_has_several_keys_and_removes_one(shop: Client, database: Rows) -> None:
    phone, laptop = Authenticator(), Authenticator()
    anna = await registered(shop, phone)
    place = f"/users/{anna.id}"
    asked = await challenged(anna.client, "register")
    with pytest.raises(LookupError):
        phone.create(asked["options"])
    ok(await anna.client.put(place, json=made(laptop, asked)))
    for device in (phone, laptop):
        answer = ok(await shop.post("/users", json=signed(device, await challenged(shop))))
        assert answer["objectId"] == anna.id
    first, second = (key["id"] for key in stored(database, anna.id)["credentials"])
    ok(await anna.client.put(place, json={"authData": {"passkey": {"remove": first}}}))
    asked = await challenged(shop)
    assert refused(await shop.post("/users", json=signed(phone, asked)), 141) == NOT_VALID
    for wrong in (first, second, None):  # not there, the only one, none
        body = {"authData": {"passkey": {"remove": wrong}}}
        assert "no such passkey" in refused(await anna.client.put(place, json=body), 141)
    ok(await anna.client.put(place, json={"authData": {"passkey": None}}))
    assert stored(database, anna.id) is None


async def test_a_key_that_does_not_tell_its_user_is_asked_for_beside_the_password(
    shop: Client,
) -> None:
    device = Authenticator(tells_handle=False)
    anna = await registered(shop, device)
    beside = {"username": anna.name, "password": PASSWORD}
    asked = await challenged(shop, **beside)
    assert [key["id"] for key in asked["options"]["allowCredentials"]]
    answer = ok(await shop.post("/login", json={**beside, **signed(device, asked)}))
    assert answer["objectId"] == anna.id
    unknown = await challenged(shop)
    assert refused(await shop.post("/users", json=signed(device, unknown)), 141) == NOT_VALID


async def test_a_passkey_needs_no_second_factor(shop: Client, clock: Clock) -> None:
    device = Authenticator()
    anna = await registered(shop, device)
    enrol = with_mfa(secret=SECRET, token=clock.code())
    ok(await anna.client.put(f"/users/{anna.id}", json=enrol))
    ok(await shop.post("/users", json=signed(device, await challenged(shop))))


AGAIN = "Log in again before you change how you sign in."


@pytest.mark.parametrize("how", ["old", "made by hand", "made by the master key"])
async def test_a_session_alone_opens_no_way_around_the_second_factor(
    shop: Client, clock: Clock, database: Rows, how: str
) -> None:
    """Who has stolen one would link a passkey of their own, and stay."""
    anna = await sign_up(shop)
    enrol = with_mfa(secret=SECRET, token=clock.code())
    ok(await anna.client.put(f"/users/{anna.id}", json=enrol))
    ago = datetime.now(UTC) - timedelta(seconds=providers.FRESH + 60)
    database["_Session"].update_many(
        {"_p_user": f"_User${anna.id}"}, {"$set": {"_created_at": ago}}
    )
    thief = anna.client
    if how == "made by hand":
        thief = shop.as_user(ok(await thief.post("/sessions", json={}), 201)["sessionToken"])
    elif how == "made by the master key":
        master = Client(shop.application, master=True)
        whose = {"userId": anna.id}
        thief = shop.as_user(ok(await master.post("/loginAs", json=whose))["sessionToken"])
    device = Authenticator()
    key = made(device, await challenged(thief, "register"))
    assert refused(await thief.put(f"/users/{anna.id}", json=key), -1) == AGAIN
    assert stored(database, anna.id) is None
    clock.step += 1
    proof = with_mfa(token=clock.code())
    body = {"username": anna.name, "password": PASSWORD, **proof}
    fresh = shop.as_user(ok(await shop.post("/login", json=body))["sessionToken"])
    ok(await fresh.put(f"/users/{anna.id}", json=key))
    ok(await shop.post("/users", json=signed(device, await challenged(shop))))


async def test_without_a_second_factor_any_session_links_a_passkey(
    shop: Client, database: Rows
) -> None:
    anna, long_ago = await sign_up(shop), datetime(2026, 1, 1, tzinfo=UTC)
    own = {"_p_user": f"_User${anna.id}"}
    database["_Session"].update_many(own, {"$set": {"_created_at": long_ago}})
    key = made(Authenticator(), await challenged(anna.client, "register"))
    ok(await anna.client.put(f"/users/{anna.id}", json=key))


async def test_what_the_javascript_sdk_sends_again_changes_nothing(
    shop: Client, database: Rows
) -> None:
    device, anna = Authenticator(), await sign_up(shop)
    body = made(device, await challenged(anna.client, "register"))
    ok(await anna.client.put(f"/users/{anna.id}", json=body))
    kept = stored(database, anna.id)
    body["authData"]["anonymous"] = {"id": unique("a")}
    ok(await anna.client.put(f"/users/{anna.id}", json=body))
    assert stored(database, anna.id) == kept


CHALLENGE = "mutation ($i: ChallengeInput!) { challenge(input: $i) { challengeData } }"
LOG_IN_WITH = """
mutation ($i: LogInWithInput!) {
  logInWith(input: $i) { viewer { sessionToken user { objectId authData } } }
}
"""


async def test_graphql_asks_signs_up_and_logs_in_as_well(server: MakeApp) -> None:
    shop = Client(await server(auth={"passkey": OPTIONS}, mountGraphQL=True))

    async def mutate(text: str, given: Any) -> Any:
        body = {"query": text, "variables": {"i": given}}
        answer = ok(await shop.post("http://testserver/graphql", json=body))
        assert "errors" not in answer, answer
        (found,) = answer["data"].values()
        return found

    device, ids = Authenticator(), []
    for action, answered in (("register", made), ("login", signed)):
        asked = await mutate(CHALLENGE, {"challengeData": {"passkey": {"action": action}}})
        body = answered(device, asked["challengeData"]["passkey"])
        viewer = (await mutate(LOG_IN_WITH, body))["viewer"]
        assert viewer["sessionToken"].startswith("r:")
        assert len(viewer["user"]["authData"]["passkey"]["credentials"]) == 1
        assert "publicKey" not in viewer["user"]["authData"]["passkey"]["credentials"][0]
        ids.append(viewer["user"]["objectId"])
    assert ids[0] == ids[1]


# --- once, and not for long ---------------------------------------------------------------------


async def test_of_twenty_log_ins_with_one_state_one_succeeds(shop: Client) -> None:
    device = Authenticator()
    await registered(shop, device)
    asked = await challenged(shop)
    bodies = [signed(device, asked) for _ in range(20)]
    answers = await asyncio.gather(*(shop.post("/users", json=body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 19


async def test_of_two_sign_ups_with_one_state_one_succeeds(shop: Client) -> None:
    asked = await challenged(shop, "register")
    bodies = [made(Authenticator(), asked) for _ in range(2)]
    answers = [await shop.post("/users", json=body) for body in bodies]
    assert [answer.status_code for answer in answers] == [201, 400]


async def test_a_state_lasts_five_minutes(shop: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    device = Authenticator()
    await registered(shop, device)
    early, late = await challenged(shop), await challenged(shop)
    now = time.time()
    for seconds, asked, is_good in ((299, early, True), (302, late, False)):
        monkeypatch.setattr(passkey, "time", SimpleNamespace(time=lambda s=seconds: now + s))
        answer = await shop.post("/users", json=signed(device, asked))
        assert (answer.status_code == 200) == is_good, answer.text
    assert answer.json()["error"] == TOO_LATE


# --- what is false ------------------------------------------------------------------------------


async def test_a_state_that_is_not_ours_is_refused(shop: Client) -> None:
    device = Authenticator()
    await registered(shop, device)
    asked = await challenged(shop)
    text, signature = asked["state"].split(".")
    for state in (None, 7, "", "x", text, f"{text}.", f"{text}.x", f"x{text}.{signature}", "é.é"):
        body = signed(device, {**asked, "state": state})
        assert refused(await shop.post("/users", json=body), 141) == TOO_LATE


async def test_a_state_serves_only_what_it_was_asked_for(shop: Client) -> None:
    device, other = Authenticator(), Authenticator()
    anna, bert = await registered(shop, device), await sign_up(shop)
    to_register = await challenged(anna.client, "register")
    # made for anna: bert does not link it, and nobody signs up by it
    body = made(other, to_register)
    refused(await bert.client.put(f"/users/{bert.id}", json=body), 141)
    refused(await shop.post("/users", json=body), 141)
    # made to log in: it registers nothing
    key = other.create(to_register["options"])
    asked = await challenged(shop)
    body = {"authData": {"passkey": {"state": asked["state"], "credential": key}}}
    refused(await bert.client.put(f"/users/{bert.id}", json=body), 141)


@pytest.mark.parametrize(
    "device",
    [
        Authenticator(origin="https://evil.example"),
        Authenticator(origin="http://shop.example"),
        Authenticator(verifies=False),
    ],
    ids=["another page", "a page without TLS", "nobody has verified the user"],
)
async def test_what_another_page_or_nobody_vouches_for_is_refused(
    shop: Client, device: Authenticator
) -> None:
    asked = await challenged(shop, "register")
    assert refused(await shop.post("/users", json=made(device, asked)), 141) == NOT_VALID
    good = Authenticator()
    await registered(shop, good)
    device.keys = good.keys
    answer = await shop.post("/users", json=signed(device, await challenged(shop)))
    assert refused(answer, 141) == NOT_VALID


async def test_a_key_that_counts_backwards_was_copied(shop: Client) -> None:
    device = Authenticator()
    await registered(shop, device)
    for _ in range(2):
        ok(await shop.post("/users", json=signed(device, await challenged(shop))))
    device.keys[0].count = 0
    answer = await shop.post("/users", json=signed(device, await challenged(shop)))
    assert refused(answer, 141) == NOT_VALID


async def test_another_key_or_another_user_opens_nothing(shop: Client) -> None:
    device, thief = Authenticator(), Authenticator()
    await registered(shop, device)
    await registered(shop, thief)
    handle = device.keys[0].handle
    thief.keys[0].handle = handle  # its key is good, the user is not its own
    answer = await shop.post("/users", json=signed(thief, await challenged(shop)))
    assert refused(answer, 141) == NOT_VALID
    thief.keys[0].id = device.keys[0].id  # and its signature is not the key's
    answer = await shop.post("/users", json=signed(thief, await challenged(shop)))
    assert refused(answer, 141) == NOT_VALID
    for data in ({"id": handle}, {"id": handle, "state": "x"}, {"id": handle, "credential": {}}):
        refused(await shop.post("/users", json={"authData": {"passkey": data}}), 141)


@pytest.mark.parametrize("odd", [None, 7, "x", [], {}, {"id": "x"}, {"response": 7}])
async def test_a_credential_of_another_form_is_refused(shop: Client, odd: Any) -> None:
    for action in ("register", "login"):
        asked = await challenged(shop, action)
        body = {"authData": {"passkey": {"state": asked["state"], "credential": odd}}}
        assert refused(await shop.post("/users", json=body), 141) == NOT_VALID


async def test_a_credential_of_any_size_is_refused(shop: Client) -> None:
    """Anybody may send one, and what it holds is decoded and stored."""
    device, asked = Authenticator(), await challenged(shop, "register")
    new = made(device, asked)
    response = new["authData"]["passkey"]["credential"]["response"]
    response["padding"] = "A" * 70_000
    assert refused(await shop.post("/users", json=new), 141) == NOT_VALID
    del response["padding"]
    ok(await shop.post("/users", json=new), 201)


@pytest.mark.parametrize(
    "asked", [None, 7, "login", [], {}, {"action": "x"}, {"action": ["login"]}]
)
async def test_a_challenge_names_an_action(shop: Client, asked: Any) -> None:
    body = {"challengeData": {"passkey": asked}}
    assert "register or login" in refused(await shop.post("/challenge", json=body), 141)


async def test_without_a_domain_there_is_no_start(server: MakeApp) -> None:
    with pytest.raises(ConfigError, match=r"auth\.passkey: rpId is missing"):
        await server(auth={"passkey": {"rpName": "The Shop"}})
