"""Accounts over HTTP: sign up, log in, sessions that end, lockout, passwords, providers."""

from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from tests.conftest import Client, MakeApp
from tests.rest import shop
from tests.rest.shop import PASSWORD, SignUp, find, ok, refused, unique

LOYALTY = '''
from parsepy.errors import ParseError


class adapter:
    """The shop's loyalty cards: a card's PIN is its number, backwards."""

    def __init__(self, shop: str) -> None:
        self.shop = shop

    async def validate_app_id(self, app_ids, auth_data, options, request):
        if auth_data.get("shop") not in (None, self.shop):
            raise ParseError(101, "This card is another shop's.")

    async def validate_auth_data(self, auth_data, options, request):
        if auth_data.get("pin") != auth_data.get("id", "")[::-1]:
            raise ValueError("The PIN is wrong.")
        return {"save": {"id": auth_data["id"]}, "response": {"points": 5}}
'''


@pytest.fixture
def loyalty(tmp_path: Path) -> dict[str, Any]:
    """The option that adds loyalty cards as a way to sign in."""
    file = tmp_path / "loyalty.py"
    file.write_text(LOYALTY)
    return {"loyalty": {"module": str(file), "options": {"shop": "lamps"}}}


def card(number: str, **more: str) -> dict[str, Any]:
    return {"authData": {"loyalty": {"id": number, "pin": number[::-1], **more}}}


async def log_in(client: Client, name: str, password: str = PASSWORD) -> Client:
    """A client of a new session."""
    answer = ok(await client.post("/login", json={"username": name, "password": password}))
    return client.as_user(answer["sessionToken"])


# --- sign up and log in -------------------------------------------------------------------------


async def test_signing_up_answers_an_id_and_a_session(client: Client) -> None:
    body = {
        "username": unique("anna"),
        "password": PASSWORD,
        "email": f"{unique('a')}@shop.example",
    }
    response = await client.post("/users", json=body)
    answer = ok(response, 201)
    assert set(answer) == {"objectId", "createdAt", "sessionToken"}
    assert response.headers["Location"].endswith(f"/parse/users/{answer['objectId']}")


async def test_a_user_made_with_the_master_key_has_a_session_if_an_installation_is_told(
    master: Client,
) -> None:
    bodies = [{"username": unique("eve"), "password": PASSWORD} for _ in range(2)]
    alone = ok(await master.post("/users", json=bodies[0]), 201)
    told = {"X-Parse-Installation-Id": "dashboard"}
    installed = ok(await master.post("/users", json=bodies[1], headers=told), 201)
    assert ("sessionToken" in alone, "sessionToken" in installed) == (False, True)


@pytest.mark.usefixtures("full_cost")
async def test_the_stored_password_is_a_bcrypt_hash_and_is_shown_to_nobody(
    sign_up: SignUp, master: Client, database: Database[dict[str, Any]]
) -> None:
    anna = await sign_up()
    stored = database["_User"].find_one({"_id": anna.id})
    assert stored is not None
    assert stored["_hashed_password"].startswith("$2b$10$")
    assert PASSWORD not in str(stored)
    assert "assword" not in (await master.get(f"/users/{anna.id}")).text


async def test_logging_in_makes_a_new_session_each_time(client: Client, sign_up: SignUp) -> None:
    anna = await sign_up()
    body = {"username": anna.name, "password": PASSWORD}
    tokens = {ok(await client.post("/login", json=body))["sessionToken"] for _ in range(2)}
    assert len(tokens | {anna.token}) == 3


async def test_a_username_of_digits_logs_in_by_the_query_string(
    client: Client, sign_up: SignUp
) -> None:
    await sign_up(username="20240229", password="0012")
    query = {"username": "20240229", "password": "0012"}
    assert ok(await client.get("/login", params=query))["username"] == "20240229"


async def test_an_email_logs_in_as_well(client: Client, sign_up: SignUp) -> None:
    email = f"{unique('a')}@shop.example"
    anna = await sign_up(email=email)
    for name in ("username", "email"):
        answer = ok(await client.post("/login", json={name: email, "password": PASSWORD}))
        assert answer["objectId"] == anna.id


@pytest.mark.parametrize("change", [str.upper, str.title])
async def test_a_username_in_other_case_is_taken_but_does_not_log_in(
    client: Client, sign_up: SignUp, change: Any
) -> None:
    anna = await sign_up()
    body = {"username": change(anna.name), "password": PASSWORD}
    assert refused(await client.post("/users", json=body), 202).startswith("Account already exists")
    refused(await client.post("/login", json=body), 101, 404)


async def test_an_email_in_other_case_is_taken(client: Client, sign_up: SignUp) -> None:
    email = f"{unique('a')}@shop.example"
    await sign_up(email=email)
    body = {"username": unique("bert"), "password": PASSWORD, "email": email.upper()}
    refused(await client.post("/users", json=body), 203)


async def test_names_are_stored_in_lower_case_if_the_options_say_so(server: MakeApp) -> None:
    client = Client(await server(convertUsernameToLowercase=True, convertEmailToLowercase=True))
    name = unique("Anna")
    anna = await shop.sign_up(client, username=name, email=f"{name}@SHOP.example")
    shown = ok(await anna.client.get("/users/me"))
    assert (shown["username"], shown["email"]) == (name.lower(), f"{name}@shop.example".lower())
    await log_in(client, name.upper())


REFUSALS: dict[str, tuple[dict[str, Any], int]] = {
    "nothing": ({}, 200),
    "no username": ({"password": "x"}, 200),
    "no password": ({"username": "no-password"}, 201),
    "an empty password": ({"username": "no-password", "password": ""}, 201),
    "a username that is a number": ({"username": 5, "password": "x"}, 200),
    "a username that is an object": ({"username": {"$ne": None}, "password": "x"}, 200),
    "a password that is an object": ({"username": "no-password", "password": {"a": 1}}, 201),
    "an email without @": ({"username": "no-email", "password": "x", "email": "shop"}, 125),
    "emailVerified": ({"username": "no-email", "password": "x", "emailVerified": True}, 119),
    "an unknown provider": ({"authData": {"bakery": {"id": "1"}}}, 252),
}


@pytest.mark.parametrize(("body", "code"), REFUSALS.values(), ids=REFUSALS)
async def test_a_sign_up_without_what_it_needs_makes_no_user(
    client: Client, master: Client, body: dict[str, Any], code: int
) -> None:
    refused(await client.post("/users", json=body), code)
    named = [n for n in (body.get("username"),) if isinstance(n, str)]
    assert await find(master, "_User", {"username": {"$in": named}}) == []


@pytest.mark.parametrize("bad", ["wrong", "", "x" * 100, "\0"])
async def test_a_wrong_password_is_refused(client: Client, sign_up: SignUp, bad: str) -> None:
    anna = await sign_up()
    response = await client.post("/login", json={"username": anna.name, "password": bad})
    assert response.json()["code"] == (101 if bad else 201)


@pytest.mark.parametrize("password", ["x" * 100, "a\0b", "Schlüßel", " "])
async def test_an_unusual_password_logs_in(client: Client, sign_up: SignUp, password: str) -> None:
    anna = await sign_up(password=password)
    await log_in(client, anna.name, password)


async def test_become_is_a_request_with_the_other_session(client: Client, sign_up: SignUp) -> None:
    anna = await sign_up()
    shown = ok(await client.as_user(anna.token).get("/users/me"))
    assert (shown["objectId"], shown["sessionToken"]) == (anna.id, anna.token)


async def test_verifypassword_makes_no_session(client: Client, sign_up: SignUp) -> None:
    anna = await sign_up()
    query = {"username": anna.name, "password": PASSWORD}
    assert "sessionToken" not in ok(await client.get("/verifyPassword", params=query))
    assert len(await find(anna.client, "_Session")) == 1
    wrong = {**query, "password": "wrong"}
    refused(await client.post("/verifyPassword", json=wrong), 101, 404)


async def test_the_master_key_logs_in_as_anybody(master: Client, sign_up: SignUp) -> None:
    anna = await sign_up()
    token = ok(await master.post("/loginAs", json={"userId": anna.id}))["sessionToken"]
    assert ok(await master.as_user(token).get("/users/me"))["objectId"] == anna.id
    refused(await master.post("/loginAs", json={"userId": "nobody"}), 101, 404)
    refused(await master.post("/loginAs", json={}), 162)
    refused(await anna.client.post("/loginAs", json={"userId": anna.id}), 119)


# --- the end of sessions ------------------------------------------------------------------------


async def test_logging_out_ends_the_session_at_once(sign_up: SignUp) -> None:
    anna = await sign_up()
    ok(await anna.client.get("/users/me"))
    assert ok(await anna.client.post("/logout")) == {}
    refused(await anna.client.get("/users/me"), 209)


async def test_logging_out_leaves_the_other_sessions(client: Client, sign_up: SignUp) -> None:
    anna = await sign_up()
    phone = await log_in(client, anna.name)
    ok(await phone.post("/logout"))
    ok(await anna.client.get("/users/me"))


async def test_a_deleted_user_is_nobody_at_once(
    sign_up: SignUp, database: Database[dict[str, Any]]
) -> None:
    anna = await sign_up()
    ok(await anna.client.get("/users/me"))
    ok(await anna.client.delete(f"/users/{anna.id}"))
    refused(await anna.client.get("/users/me"), 209)
    assert database["_Session"].count_documents({"_p_user": f"_User${anna.id}"}) == 0


async def test_a_deleted_session_ends_at_once(sign_up: SignUp) -> None:
    anna = await sign_up()
    (session,) = await find(anna.client, "_Session")
    ok(await anna.client.delete(f"/sessions/{session['objectId']}"))
    refused(await anna.client.get("/users/me"), 209)


async def test_an_expired_session_is_refused(master: Client, sign_up: SignUp) -> None:
    anna = await sign_up()
    (session,) = await find(anna.client, "_Session")
    past = {"expiresAt": {"__type": "Date", "iso": "2020-01-01T00:00:00.000Z"}}
    ok(await master.put(f"/sessions/{session['objectId']}", json=past))
    message = refused(await anna.client.get("/users/me"), 209)
    assert message == "Session token is expired."


async def test_a_new_password_ends_the_other_sessions_and_answers_a_new_one(
    client: Client, sign_up: SignUp
) -> None:
    anna = await sign_up()
    phone = await log_in(client, anna.name)
    ok(await phone.get("/users/me"))
    answer = ok(await anna.client.put(f"/users/{anna.id}", json={"password": "new"}))
    refused(await phone.get("/users/me"), 209)
    refused(await anna.client.get("/users/me"), 209)
    ok(await client.as_user(answer["sessionToken"]).get("/users/me"))
    refused(
        await client.post("/login", json={"username": anna.name, "password": PASSWORD}), 101, 404
    )
    await log_in(client, anna.name, "new")


async def test_sessions_outlive_a_new_password_if_the_option_says_so(server: MakeApp) -> None:
    anna = await shop.sign_up(Client(await server(revokeSessionOnPasswordReset=False)))
    ok(await anna.client.put(f"/users/{anna.id}", json={"password": "new"}))
    ok(await anna.client.get("/users/me"))


async def test_a_log_in_replaces_the_session_of_the_same_installation(
    client: Client, sign_up: SignUp
) -> None:
    anna = await sign_up()
    headers = {"X-Parse-Installation-Id": unique("phone")}
    body = {"username": anna.name, "password": PASSWORD}
    first = ok(await client.post("/login", json=body, headers=headers))["sessionToken"]
    second = ok(await client.post("/login", json=body, headers=headers))["sessionToken"]
    refused(await client.as_user(first).get("/users/me"), 209)
    ok(await client.as_user(second).get("/users/me"))


async def test_use_prolongs_a_session_past_its_half_if_the_option_says_so(
    server: MakeApp, master: Client, database: Database[dict[str, Any]]
) -> None:
    anna = await shop.sign_up(Client(await server(extendSessionOnUse=True, cacheTTL=0)))
    row = database["_Session"].find_one({"_session_token": anna.token})
    assert row is not None
    old = row["_updated_at"].replace(year=row["_updated_at"].year - 1)
    database["_Session"].update_one({"_id": row["_id"]}, {"$set": {"_updated_at": old}})
    ok(await anna.client.get("/users/me"))
    after = database["_Session"].find_one({"_id": row["_id"]})
    assert after is not None
    assert after["expiresAt"] > row["expiresAt"]


async def test_a_legacy_token_is_exchanged_for_a_session_once(
    client: Client, sign_up: SignUp, database: Database[dict[str, Any]]
) -> None:
    anna = await sign_up()
    legacy = unique("legacy")
    database["_User"].update_one({"_id": anna.id}, {"$set": {"_session_token": legacy}})
    answer = ok(await client.as_user(legacy).post("/upgradeToRevocableSession"))
    assert answer["sessionToken"].startswith("r:")
    shown = ok(await client.as_user(answer["sessionToken"]).get("/users/me"))
    assert shown["objectId"] == anna.id
    stored = database["_User"].find_one({"_id": anna.id})
    assert stored is not None
    assert "_session_token" not in stored
    refused(await client.as_user(legacy).post("/upgradeToRevocableSession"), 209)


async def test_a_legacy_token_opens_nothing_else(
    client: Client, sign_up: SignUp, database: Database[dict[str, Any]]
) -> None:
    anna = await sign_up()
    legacy = unique("legacy")
    database["_User"].update_one({"_id": anna.id}, {"$set": {"_session_token": legacy}})
    refused(await client.as_user(legacy).get("/users/me"), 209)


# --- lockout and passwords ----------------------------------------------------------------------


async def test_an_account_is_locked_after_too_many_failures(server: MakeApp) -> None:
    client = Client(await server(accountLockout={"threshold": 2, "duration": 1}))
    anna = await shop.sign_up(client)
    wrong = {"username": anna.name, "password": "wrong"}
    for _ in range(2):
        message = refused(await client.post("/login", json=wrong), 101, 404)
        assert message == "Invalid username/password."
    right = {"username": anna.name, "password": PASSWORD}
    assert "locked" in refused(await client.post("/login", json=right), 101, 404)


async def test_a_success_sets_the_failures_back(server: MakeApp) -> None:
    client = Client(await server(accountLockout={"threshold": 2, "duration": 1}))
    anna = await shop.sign_up(client)
    wrong = {"username": anna.name, "password": "wrong"}
    refused(await client.post("/login", json=wrong), 101, 404)
    await log_in(client, anna.name)
    refused(await client.post("/login", json=wrong), 101, 404)
    await log_in(client, anna.name)


async def test_a_lock_ends_with_its_time(
    server: MakeApp, database: Database[dict[str, Any]]
) -> None:
    client = Client(await server(accountLockout={"threshold": 1, "duration": 1}))
    anna = await shop.sign_up(client)
    wrong = {"username": anna.name, "password": "wrong"}
    refused(await client.post("/login", json=wrong), 101, 404)
    stored = database["_User"].find_one({"_id": anna.id})
    assert stored is not None
    past = stored["_account_lockout_expires_at"].replace(year=2020)
    database["_User"].update_one({"_id": anna.id}, {"$set": {"_account_lockout_expires_at": past}})
    await log_in(client, anna.name)


POLICIES: dict[str, tuple[dict[str, Any], str]] = {
    "a pattern": ({"validatorPattern": "[0-9]"}, "no digits"),
    "no username": ({"doNotAllowUsername": True}, "my name is policed"),
}


@pytest.mark.parametrize(("policy", "bad"), POLICIES.values(), ids=POLICIES)
async def test_a_password_against_the_policy_is_refused(
    server: MakeApp, policy: dict[str, Any], bad: str
) -> None:
    client = Client(await server(passwordPolicy=policy))
    name = unique("policed")
    bad = bad.replace("policed", name)
    refused(await client.post("/users", json={"username": name, "password": bad}), 142)
    anna = await shop.sign_up(client, username=name, password="lamp 42")
    refused(await anna.client.put(f"/users/{anna.id}", json={"password": bad}), 142)
    await log_in(client, name, "lamp 42")


async def test_the_policy_has_words_of_its_own(server: MakeApp) -> None:
    policy = {"validatorPattern": "[0-9]", "validationError": "A digit, please."}
    client = Client(await server(passwordPolicy=policy))
    body = {"username": unique("anna"), "password": "no digits"}
    assert refused(await client.post("/users", json=body), 142) == "A digit, please."


async def test_an_old_password_does_not_come_again(server: MakeApp) -> None:
    client = Client(await server(passwordPolicy={"maxPasswordHistory": 2}))
    anna = await shop.sign_up(client, password="one")
    user = anna.client
    for password in ("two", "three"):
        answer = ok(await user.put(f"/users/{anna.id}", json={"password": password}))
        user = client.as_user(answer["sessionToken"])
    refused(await user.put(f"/users/{anna.id}", json={"password": "two"}), 142)
    refused(await user.put(f"/users/{anna.id}", json={"password": "three"}), 142)
    ok(await user.put(f"/users/{anna.id}", json={"password": "one"}))


async def test_a_password_that_is_too_old_does_not_log_in(
    server: MakeApp, database: Database[dict[str, Any]]
) -> None:
    client = Client(await server(passwordPolicy={"maxPasswordAge": 1}))
    anna = await shop.sign_up(client)
    await log_in(client, anna.name)
    stored = database["_User"].find_one({"_id": anna.id})
    assert stored is not None
    past = stored["_password_changed_at"].replace(year=2020)
    database["_User"].update_one({"_id": anna.id}, {"$set": {"_password_changed_at": past}})
    body = {"username": anna.name, "password": PASSWORD}
    assert "expired" in refused(await client.post("/login", json=body), 101, 404)


# --- providers ----------------------------------------------------------------------------------


async def test_an_anonymous_visitor_becomes_a_customer_with_the_same_id(client: Client) -> None:
    visitor = {"authData": {"anonymous": {"id": unique("visitor")}}}
    answer = ok(await client.post("/users", json=visitor), 201)
    user = client.as_user(answer["sessionToken"])
    name = unique("anna")
    body = {"username": name, "password": PASSWORD, "authData": {"anonymous": None}}
    ok(await user.put(f"/users/{answer['objectId']}", json=body))
    customer = await log_in(client, name)
    assert ok(await customer.get("/users/me"))["objectId"] == answer["objectId"]
    assert ok(await client.post("/users", json=visitor), 201)["objectId"] != answer["objectId"]


async def test_an_anonymous_visitor_who_comes_back_is_the_same(client: Client) -> None:
    visitor = {"authData": {"anonymous": {"id": unique("visitor")}}}
    first = ok(await client.post("/users", json=visitor), 201)
    second = ok(await client.post("/users", json=visitor))
    assert second["objectId"] == first["objectId"]


async def test_anonymous_users_can_be_switched_off(server: MakeApp) -> None:
    client = Client(await server(enableAnonymousUsers=False))
    refused(await client.post("/users", json={"authData": {"anonymous": {"id": "1"}}}), 252)


async def test_a_provider_of_our_own_signs_up_and_logs_in(
    server: MakeApp, loyalty: dict[str, Any]
) -> None:
    client = Client(await server(auth=loyalty))
    number = unique("")
    first = ok(await client.post("/users", json=card(number)), 201)
    assert first["authDataResponse"] == {"loyalty": {"points": 5}}
    second = ok(await client.post("/users", json=card(number)))
    assert second["objectId"] == first["objectId"]
    assert second["sessionToken"] != first["sessionToken"]


async def test_what_a_provider_saves_is_what_is_stored(
    server: MakeApp, loyalty: dict[str, Any], database: Database[dict[str, Any]]
) -> None:
    number = unique("")
    answer = ok(await Client(await server(auth=loyalty)).post("/users", json=card(number)), 201)
    stored = database["_User"].find_one({"_id": answer["objectId"]})
    assert stored is not None
    assert stored["_auth_data_loyalty"] == {"id": number}


async def test_a_provider_that_raises_refuses_with_its_own_words(
    server: MakeApp, loyalty: dict[str, Any]
) -> None:
    client = Client(await server(auth=loyalty))
    message = refused(await client.post("/users", json=card("12", pin="12")), 141)
    assert message == "The PIN is wrong."
    message = refused(await client.post("/users", json=card("12", shop="cars")), 101, 404)
    assert message == "This card is another shop's."


async def test_a_provider_is_asked_at_every_log_in(
    server: MakeApp, loyalty: dict[str, Any]
) -> None:
    client = Client(await server(auth=loyalty))
    number = unique("")
    ok(await client.post("/users", json=card(number)), 201)
    refused(await client.post("/users", json={"authData": {"loyalty": {"id": number}}}), 141)


async def test_a_card_is_linked_to_a_customer_and_taken_off_again(
    server: MakeApp, loyalty: dict[str, Any]
) -> None:
    client = Client(await server(auth=loyalty))
    anna, number = await shop.sign_up(client), unique("")
    ok(await anna.client.put(f"/users/{anna.id}", json=card(number)))
    assert ok(await client.post("/users", json=card(number)))["objectId"] == anna.id
    ok(await anna.client.put(f"/users/{anna.id}", json={"authData": {"loyalty": None}}))
    assert ok(await client.post("/users", json=card(number)), 201)["objectId"] != anna.id


async def test_another_customer_s_card_can_not_be_linked(
    server: MakeApp, loyalty: dict[str, Any]
) -> None:
    client = Client(await server(auth=loyalty))
    anna, bert, number = await shop.sign_up(client), await shop.sign_up(client), unique("")
    ok(await anna.client.put(f"/users/{anna.id}", json=card(number)))
    refused(await bert.client.put(f"/users/{bert.id}", json=card(number)), 208)
    refused(await bert.client.post("/users", json=card(number)), 208)


async def test_a_card_is_shown_to_its_owner_and_the_master_key_only(
    server: MakeApp, loyalty: dict[str, Any], master: Client
) -> None:
    client = Client(await server(auth=loyalty, enforcePrivateUsers=False))
    anna, bert, number = await shop.sign_up(client), await shop.sign_up(client), unique("")
    ok(await anna.client.put(f"/users/{anna.id}", json=card(number)))
    assert "authData" in ok(await anna.client.get(f"/users/{anna.id}"))
    assert "authData" in ok(await master.get(f"/users/{anna.id}"))
    assert "authData" not in ok(await bert.client.get(f"/users/{anna.id}"))


async def test_a_provider_that_is_switched_off_is_unknown(
    server: MakeApp, loyalty: dict[str, Any]
) -> None:
    loyalty["loyalty"]["enabled"] = False
    client = Client(await server(auth=loyalty))
    refused(await client.post("/users", json=card("12")), 252)
