"""Rules around a log-in that are about time, rows, or the operator's own functions."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from parsepy.config import ConfigError
from tests.conftest import Client, MakeApp
from tests.rest.mailing import OPTIONS
from tests.rest.shop import PASSWORD, Shopper, eventually, ok, refused, sign_up, unique

Rows = Database[dict[str, Any]]


def credentials(anna: Shopper) -> dict[str, str]:
    return {"username": anna.name, "password": PASSWORD}


# --- times --------------------------------------------------------------------------------------


async def test_a_password_of_before_the_policy_counts_from_its_next_log_in(
    client: Client, server: MakeApp, database: Rows
) -> None:
    anna = await sign_up(client)
    aging = Client(await server(passwordPolicy={"maxPasswordAge": 1}))
    before = datetime.now(UTC) - timedelta(seconds=1)
    ok(await aging.post("/login", json=credentials(anna)))
    row = database["_User"].find_one({"_id": anna.id})
    assert row is not None
    assert row["_password_changed_at"] > before
    long_ago = {"_password_changed_at": before - timedelta(days=1)}
    database["_User"].update_one({"_id": anna.id}, {"$set": long_ago})
    assert "expired" in refused(await aging.post("/login", json=credentials(anna)), 101, 404)


async def test_a_log_in_does_not_make_a_password_younger(server: MakeApp, database: Rows) -> None:
    aging = Client(await server(passwordPolicy={"maxPasswordAge": 1}))
    anna = await sign_up(aging)
    marked = database["_User"].find_one({"_id": anna.id})
    ok(await aging.post("/login", json=credentials(anna)))
    assert database["_User"].find_one({"_id": anna.id}) == marked


async def test_a_session_ends_at_its_time_though_it_is_cached(
    server: MakeApp, database: Rows
) -> None:
    client = Client(await server(cacheTTL=600_000))
    anna = await sign_up(client)
    soon = {"expiresAt": datetime.now(UTC) + timedelta(seconds=0.5)}
    database["_Session"].update_one({"_session_token": anna.token}, {"$set": soon})
    client.application.backend.principals.clear()
    ok(await anna.client.get("/users/me"))
    assert client.application.backend.principals.get(anna.token) is not None

    async def is_over() -> bool:
        return (await anna.client.get("/users/me")).status_code == 400

    await eventually(is_over)
    message = refused(await anna.client.get("/users/me"), 209)
    assert message == "Session token is expired."


# --- authData beside a password -----------------------------------------------------------------


async def test_authdata_beside_a_password_is_stored_without_a_save(
    client: Client, master: Client
) -> None:
    anna = await sign_up(client)
    before = ok(await master.get(f"/users/{anna.id}"))
    linked = {"anonymous": {"id": unique("a")}}
    ok(await client.post("/login", json={**credentials(anna), "authData": linked}))
    after = ok(await master.get(f"/users/{anna.id}"))
    assert after == {**before, "authData": linked}


async def test_a_failed_log_in_stores_no_authdata(client: Client, master: Client) -> None:
    anna = await sign_up(client)
    linked = {"anonymous": {"id": unique("a")}}
    body = {**credentials(anna), "password": "wrong", "authData": linked}
    refused(await client.post("/login", json=body), 101, 404)
    assert "authData" not in ok(await master.get(f"/users/{anna.id}"))


async def test_the_echo_of_a_second_factor_changes_nothing(client: Client, database: Rows) -> None:
    anna = await sign_up(client)
    secrets = {"secret": "JBSWY3DPEHPK3PXP", "recovery": ["first"]}
    database["_User"].update_one({"_id": anna.id}, {"$set": {"_auth_data_mfa": secrets}})
    shown = ok(await anna.client.get("/users/me"))["authData"]
    body = {"authData": shown, "address": "Bern"}
    ok(await anna.client.put(f"/users/{anna.id}", json=body))
    row = database["_User"].find_one({"_id": anna.id})
    assert row is not None
    assert (row["_auth_data_mfa"], row["address"]) == (secrets, "Bern")


# --- the operator's own functions ---------------------------------------------------------------


RULES = """
from parsepy.errors import ParseError

asked = []

async def confirms(request):
    asked.append(request)
    if "broken" in request.object.get("email", ""):
        raise KeyError("a fault of the operator's")
    if "refused" in request.object.get("email", ""):
        raise ParseError(142, "not this address")
    return "must" in request.object.get("email", "")

def truthy(request):
    return 1
"""


@pytest.fixture
def rules(tmp_path: Path) -> str:
    """A file of functions."""
    file = tmp_path / "rules.py"
    file.write_text(RULES)
    return str(file)


async def test_a_function_decides_who_confirms_and_is_shown_no_secrets(
    server: MakeApp, database: Rows, rules: str
) -> None:
    application = await server(**OPTIONS, verifyUserEmails=f"{rules}:confirms")
    client = Client(application)
    anna = await sign_up(client, email=f"{unique('must')}@shop.test")
    bert = await sign_up(client, email=f"{unique('bert')}@shop.test")
    tokens = [
        "_email_verify_token" in (database["_User"].find_one({"_id": who.id}) or {})
        for who in (anna, bert)
    ]
    assert tokens == [True, False]
    ok(await anna.client.put(f"/users/{anna.id}", json={"email": f"{unique('b')}@shop.test"}))
    function = application.backend.account_rules["verifyUserEmails"]
    asked = function.__wrapped__.__globals__["asked"]  # type: ignore[attr-defined]  # of wraps
    created, updated = asked[0], asked[-1]
    assert created.created_with == {"action": "signup", "authProvider": "password"}
    assert created.original is None
    assert updated.original["username"] == updated.object["username"] == anna.name
    assert not any(
        name.startswith("_") or name == "password" for request in asked for name in request.object
    )


@pytest.mark.parametrize(("word", "code"), [("broken", 141), ("refused", 142)])
async def test_a_function_that_raises_refuses_the_write(
    server: MakeApp, rules: str, word: str, code: int
) -> None:
    client = Client(await server(**OPTIONS, verifyUserEmails=f"{rules}:confirms"))
    body = {"username": unique("u"), "password": PASSWORD, "email": f"{unique(word)}@shop.test"}
    message = refused(await client.post("/users", json=body), code)
    assert "fault" not in message


async def test_only_true_itself_keeps_anybody_out(server: MakeApp, rules: str) -> None:
    rule = f"{rules}:truthy"
    options = {"verifyUserEmails": True, "preventLoginWithUnverifiedEmail": rule}
    client = Client(await server(**OPTIONS, **options))
    anna = await sign_up(client, email=f"{unique('a')}@shop.test")
    ok(await client.post("/login", json=credentials(anna)))


async def test_a_function_that_is_not_there_stops_the_start(server: MakeApp, rules: str) -> None:
    with pytest.raises(ConfigError, match=r"sendUserEmailVerification: .* no function nosuch"):
        await server(**OPTIONS, sendUserEmailVerification=f"{rules}:nosuch")
