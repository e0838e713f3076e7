"""A stored second factor that no adapter here can check: nobody gets in by less, or reads it."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pymongo.database import Database

from tests.conftest import Client, MakeApp
from tests.rest.shop import PASSWORD, Shopper, SignUp, find, ok, pointer, refused, sign_up, unique

SECRETS = {"secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "recovery": ["first", "second"]}
ENABLED = {"mfa": {"status": "enabled"}}
MISSING = "Missing additional authData mfa"

Enrol = Callable[..., Awaitable[Shopper]]


@pytest.fixture
def enrol(sign_up: SignUp, database: Database[dict[str, Any]]) -> Enrol:
    """Sign up a shopper, and write down a second factor as Parse Server does."""

    async def make(mfa: Any = SECRETS, **fields: Any) -> Shopper:
        anna = await sign_up(**fields)
        database["_User"].update_one({"_id": anna.id}, {"$set": {"_auth_data_mfa": mfa}})
        return anna

    return make


def credentials(anna: Shopper) -> dict[str, str]:
    return {"username": anna.name, "password": PASSWORD}


@pytest.mark.parametrize("mfa", [SECRETS, {"mobile": "+41 44 000 00 00"}, {}, "odd"])
async def test_a_password_alone_does_not_log_in(client: Client, enrol: Enrol, mfa: Any) -> None:
    anna = await enrol(mfa)
    assert refused(await client.post("/login", json=credentials(anna)), -1) == MISSING


@pytest.mark.parametrize("mfa", [None, {"pending": {"+41 44 000 00 00": {"token": "1"}}}])
async def test_what_was_never_set_up_is_not_asked_for(
    client: Client, enrol: Enrol, mfa: Any
) -> None:
    anna = await enrol(mfa)
    ok(await client.post("/login", json=credentials(anna)))


async def test_a_wrong_password_does_not_tell_of_the_second_factor(
    client: Client, enrol: Enrol
) -> None:
    anna = await enrol()
    wrong = {**credentials(anna), "password": "wrong"}
    refused(await client.post("/login", json=wrong), 101, 404)


@pytest.mark.parametrize("given", [{"token": "123456"}, {"token": "first"}, {"id": "x"}, SECRETS])
async def test_a_second_factor_that_nobody_can_check_is_unsupported(
    client: Client, enrol: Enrol, given: dict[str, Any]
) -> None:
    anna = await enrol()
    body = {**credentials(anna), "authData": {"mfa": given}}
    refused(await client.post("/login", json=body), 252)


async def test_another_provider_beside_the_password_is_not_enough(
    client: Client, enrol: Enrol
) -> None:
    anna = await enrol()
    body = {**credentials(anna), "authData": {"anonymous": {"id": unique("a")}}}
    assert refused(await client.post("/login", json=body), -1) == MISSING


async def test_an_enrolled_user_is_not_found_out_by_who_can_not_prove_the_first_provider(
    server: MakeApp, database: Database[dict[str, Any]], tmp_path: Path
) -> None:
    async with Client(await server(auth=_card(tmp_path, "default"))) as client:
        made = ok(await client.post("/users", json=card("17")), 201)
        enrolled = {"$set": {"_auth_data_mfa": SECRETS}}
        database["_User"].update_one({"_id": made["objectId"]}, enrolled)
        assert refused(await client.post("/users", json=card("17")), -1) == MISSING
        refused(await client.post("/users", json=card("17", pin="wrong")), 141)


async def test_a_new_user_can_not_bring_a_second_factor_that_nobody_checks(client: Client) -> None:
    refused(await client.post("/users", json={"authData": {"mfa": SECRETS}}), 252)
    named = {"username": unique("eve"), "password": PASSWORD, "authData": {"mfa": SECRETS}}
    refused(await client.post("/users", json=named), 252)


async def test_the_master_key_takes_a_second_factor_away(
    client: Client, master: Client, enrol: Enrol
) -> None:
    anna = await enrol()
    ok(await master.put(f"/users/{anna.id}", json={"authData": {"mfa": None}}))
    ok(await client.post("/login", json=credentials(anna)))


# --- providers of the operator's own ------------------------------------------------------------


CARD = """
class adapter:
    policy = {policy!r}

    async def validate_app_id(self, app_ids, auth_data, options, request):
        pass

    async def validate_auth_data(self, auth_data, options, request):
        if auth_data.get("pin") != "right":
            raise ValueError("The PIN is wrong.")
        return {{"save": {{"id": auth_data["id"]}}}}
"""


def _card(folder: Path, policy: str) -> dict[str, Any]:
    file = folder / f"card_{policy}.py"
    file.write_text(CARD.format(policy=policy))
    return {"card": {"module": str(file)}}


def card(number: str, pin: str = "right") -> dict[str, Any]:
    return {"authData": {"card": {"id": number, "pin": pin}}}


async def test_a_provider_may_be_a_second_factor(server: MakeApp, tmp_path: Path) -> None:
    async with Client(await server(auth=_card(tmp_path, "additional"))) as client:
        anna = await sign_up(client)
        number = unique("n")
        ok(await anna.client.put(f"/users/{anna.id}", json=card(number)))
        missing = refused(await client.post("/login", json=credentials(anna)), -1)
        assert missing == "Missing additional authData card"
        ok(await client.post("/login", json={**credentials(anna), **card(number)}))
        wrong = {**credentials(anna), **card(number, pin="wrong")}
        refused(await client.post("/login", json=wrong), 141)


async def test_a_second_factor_is_the_one_that_was_linked(server: MakeApp, tmp_path: Path) -> None:
    async with Client(await server(auth=_card(tmp_path, "additional"))) as client:
        anna = await sign_up(client)
        ok(await anna.client.put(f"/users/{anna.id}", json=card(unique("n"))))
        thief = {**credentials(anna), **card(unique("thief"))}
        assert refused(await client.post("/login", json=thief), -1) == (
            "Missing additional authData card"
        )


async def test_a_second_factor_alone_opens_nothing(server: MakeApp, tmp_path: Path) -> None:
    async with Client(await server(auth=_card(tmp_path, "additional"))) as client:
        number = unique("n")
        refused(await client.post("/users", json=card(number)), 252)
        named = {"username": unique("anna"), "password": PASSWORD, **card(number)}
        ok(await client.post("/users", json=named), 201)
        refused(await client.post("/users", json=card(number)), 208)
        refused(await client.post("/users", json={**named, "password": "another"}), 208)


async def test_a_second_factor_with_an_identity_of_somebody_else_opens_nothing(
    server: MakeApp, tmp_path: Path
) -> None:
    async with Client(await server(auth=_card(tmp_path, "additional"))) as client:
        anna, number, mine = await sign_up(client), unique("n"), str(uuid4())
        ok(await anna.client.put(f"/users/{anna.id}", json=card(number)))
        thief = {"authData": {**card(number)["authData"], "anonymous": {"id": mine}}}
        refused(await client.post("/users", json=thief), 208)
        ok(
            await anna.client.put(
                f"/users/{anna.id}", json={"authData": {"anonymous": {"id": mine}}}
            )
        )
        ok(await client.post("/users", json=thief))


async def test_a_second_factor_that_is_switched_off_still_counts(
    server: MakeApp, tmp_path: Path
) -> None:
    auth = _card(tmp_path, "additional")
    async with Client(await server(auth=auth)) as client:
        anna = await sign_up(client)
        number = unique("n")
        ok(await anna.client.put(f"/users/{anna.id}", json=card(number)))
    auth["card"]["enabled"] = False
    async with Client(await server(auth=auth)) as client:
        refused(await client.post("/login", json=credentials(anna)), -1)
        refused(await client.post("/login", json={**credentials(anna), **card(number)}), 252)


async def test_a_solo_provider_needs_no_second_factor(
    server: MakeApp, database: Database[dict[str, Any]], tmp_path: Path
) -> None:
    async with Client(await server(auth=_card(tmp_path, "solo"))) as client:
        number = unique("n")
        made = ok(await client.post("/users", json=card(number)), 201)
        enrolled = {"$set": {"_auth_data_mfa": SECRETS}}
        database["_User"].update_one({"_id": made["objectId"]}, enrolled)
        again = ok(await client.post("/users", json=card(number)))
        assert again["objectId"] == made["objectId"]


# --- what is shown ------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/users/me", "/users/{id}", "/users", "/classes/_User"])
async def test_the_user_reads_only_that_it_is_on(enrol: Enrol, path: str) -> None:
    anna = await enrol()
    answer = ok(await anna.client.get(path.format(id=anna.id)))
    users = answer.get("results", [answer])
    assert [u["authData"] for u in users if u["objectId"] == anna.id] == [ENABLED]


async def test_nobody_else_reads_that_it_is_on(
    client: Client, sign_up: SignUp, enrol: Enrol
) -> None:
    everybody = {"*": {"read": True}}
    anna, bert = await enrol(ACL=everybody), await sign_up()
    for reader in (client, bert.client):
        assert "authData" not in ok(await reader.get(f"/users/{anna.id}"))


async def test_an_included_user_has_no_authdata(master: Client, enrol: Enrol, orders: str) -> None:
    anna = await enrol()
    ok(await master.post(f"/classes/{orders}", json={"user": pointer("_User", anna.id)}), 201)
    for reader, is_shown in ((anna.client, False), (master, True)):
        found = await find(reader, orders, include="user")
        assert ("authData" in found[0]["user"]) == is_shown


@pytest.mark.parametrize("column", ["authData.mfa.secret", "authData.mfa.recovery", "authData.mfa"])
async def test_nobody_can_ask_for_it_bit_by_bit(enrol: Enrol, column: str) -> None:
    anna = await enrol()
    where = {"where": f'{{"{column}": {{"$regex": "^J"}}}}'}
    refused(await anna.client.get("/users", params=where), 119)
    refused(await anna.client.get("/users", params={"order": column}), 119)


async def test_the_master_key_reads_it(master: Client, enrol: Enrol) -> None:
    anna = await enrol()
    assert ok(await master.get(f"/users/{anna.id}"))["authData"] == {"mfa": SECRETS}
    pipeline = {"$match": f'{{"_id": "{anna.id}"}}'}
    rows = ok(await master.get("/aggregate/_User", params=pipeline))["results"]
    assert rows[0]["authData"] == {"mfa": SECRETS}
    assert (await anna.client.get("/aggregate/_User", params=pipeline)).status_code == 403


CLOUD = """
from parsepy import Cloud, Query

seen = []

def note(request):
    for user in (request.object, getattr(request, "original", None), request.user):
        if user is not None and user.get("authData"):
            seen.append(user.get("authData"))

Cloud.after_save("_User")(note)
Cloud.before_login(note)
Cloud.after_login(note)

@Cloud.may_write("_User")
def may_write(request):
    note(request)
    return True

@Cloud.function("whoAmI")
async def who_am_i(request):
    found = await Query("_User").get(request.user.id)
    return [request.user.get("authData"), found.get("authData")]

@Cloud.function("seen")
def what_was_seen(request):
    return seen
"""


@pytest.mark.parametrize("exempt", [False, True])
async def test_cloud_code_sees_it_only_with_the_master_key(
    server: MakeApp, database: Database[dict[str, Any]], tmp_path: Path, exempt: bool
) -> None:
    file = tmp_path / "main.py"
    file.write_text(CLOUD)
    application = await server(cloud=str(file), protectedFieldsTriggerExempt=exempt)
    async with Client(application) as client:
        readable = {"ACL": {"*": {"read": True}}}
        anna, bert = await sign_up(client, **readable), await sign_up(client)
        pending = {"pending": {"1": {"token": "secret"}}}  # asks for nothing at log-in yet
        database["_User"].update_one({"_id": anna.id}, {"$set": {"_auth_data_mfa": pending}})
        ok(await client.post("/login", json=credentials(anna)))
        ok(await anna.client.put(f"/users/{anna.id}", json={"address": "Bern"}))
        ok(await bert.client.put(f"/users/{anna.id}", json={"address": "Basel"}))
        shown = {"mfa": {"status": "disabled"}}
        answer = ok(await anna.client.post("/functions/whoAmI"))
        assert answer["result"] == [shown, shown]
        seen = ok(await client.post("/functions/seen"))["result"]
        assert seen
        assert all(item == shown for item in seen)
