"""The routes of ``rest/users.py``: log in and out, me, verifyPassword, loginAs."""

import pytest

from tests.conftest import Client
from tests.rest.shop import PASSWORD, SignUp, ok, refused


@pytest.mark.parametrize("verb", ["GET", "POST"])
@pytest.mark.parametrize("route", ["/login", "/verifyPassword"])
@pytest.mark.parametrize("place", ["params", "json"])
async def test_credentials_come_by_query_or_body(
    client: Client, sign_up: SignUp, verb: str, route: str, place: str
) -> None:
    anna = await sign_up()
    credentials = {"username": anna.name, "password": PASSWORD}
    kwargs = {place: credentials}
    shown = ok(await client.request(verb, route, **kwargs))  # type: ignore[arg-type]  # a dict
    assert shown["objectId"] == anna.id
    assert shown["ACL"] == {anna.id: {"read": True, "write": True}}
    assert ("sessionToken" in shown) == (route == "/login")


@pytest.mark.parametrize(("password", "value"), [("12345", "12345"), ("true", "true"), ("0", "0")])
async def test_a_password_in_the_query_is_a_text(
    client: Client, sign_up: SignUp, password: str, value: str
) -> None:
    anna = await sign_up(password=password)
    ok(await client.get("/login", params={"username": anna.name, "password": value}))


@pytest.mark.parametrize("route", ["/login", "/verifyPassword"])
async def test_a_log_in_without_its_parts_says_which_is_missing(client: Client, route: str) -> None:
    assert refused(await client.post(route, json={}), 200) == "username/email is required."
    response = await client.post(route, json={"username": "anna"})
    assert refused(response, 201) == "password is required."


async def test_username_and_email_must_belong_together(client: Client, sign_up: SignUp) -> None:
    anna, bert = await sign_up(email="anna-1@shop.example"), await sign_up()
    body = {"username": anna.name, "email": "anna-1@shop.example", "password": PASSWORD}
    ok(await client.post("/login", json=body))
    refused(await client.post("/login", json={**body, "username": bert.name}), 101, 404)


async def test_a_user_whom_nobody_may_read_does_not_log_in(
    client: Client, master: Client, sign_up: SignUp
) -> None:
    anna = await sign_up()
    ok(await master.put(f"/users/{anna.id}", json={"ACL": {}}))
    credentials = {"username": anna.name, "password": PASSWORD}
    refused(await client.post("/login", json=credentials), 101, 404)
    ok(await master.post("/login", json=credentials))


async def test_me_without_a_session_is_refused(client: Client) -> None:
    refused(await client.get("/users/me"), 209)


async def test_me_shows_what_was_changed_at_once(sign_up: SignUp) -> None:
    anna = await sign_up()
    ok(await anna.client.get("/users/me"))
    ok(await anna.client.put(f"/users/{anna.id}", json={"address": "Bern"}))
    assert ok(await anna.client.get("/users/me"))["address"] == "Bern"


async def test_logging_out_without_a_session_is_fine(client: Client) -> None:
    assert ok(await client.post("/logout")) == {}


async def test_a_user_that_is_read_by_himself_carries_his_own_token(
    master: Client, sign_up: SignUp
) -> None:
    anna = await sign_up()
    assert ok(await anna.client.get(f"/users/{anna.id}"))["sessionToken"] == anna.token
    assert "sessionToken" not in ok(await master.get(f"/users/{anna.id}"))


async def test_the_id_of_loginas_may_be_digits(client: Client, master: Client) -> None:
    refused(await master.post("/loginAs", params={"userId": "1234567890"}), 101, 404)


@pytest.mark.parametrize("column", ["username", "password", "email"])
async def test_a_credential_is_no_target_of_field_operations(sign_up: SignUp, column: str) -> None:
    anna = await sign_up()
    operation = {"__op": "SetOnInsert", "amount": "a@example.com"}
    refused(await anna.client.put(f"/users/{anna.id}", json={column: operation}), 111)
