"""Advisories on Parse Server's authentication, each as a test that is named by its id.

Those on single providers (tokens, audiences, certificates, LDAP) are with the providers' tests.
"""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Client, MakeApp
from tests.rest.enrolment import (
    MISSING,
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
from tests.rest.providers import CodeProvider
from tests.rest.shop import PASSWORD, ok, refused, sign_up, unique


@pytest.fixture
async def codes(server: MakeApp, tmp_path: Path, database: Rows) -> Client:
    """A server with a provider that exchanges codes."""
    database["_User"].delete_many({"_auth_data_codes": {"$exists": True}})
    module = str(CodeProvider(tmp_path).module)
    return Client(await server(auth={"codes": {"module": module}}))


def by(**data: Any) -> dict[str, Any]:
    return {"authData": {"codes": data}}


async def test_ghsa_pfj7_wv7c_22pr_a_part_of_authdata_is_no_log_in(codes: Client) -> None:
    """Authentication bypass by authData that names only the provider's id."""
    made = ok(await codes.post("/users", json=by(code="for-anna")), 201)
    for part in ({"id": "17"}, {"id": "17", "token": ""}, {"id": "17", "token": None}):
        refused(await codes.post("/users", json=by(**part)), 141)
    assert made["objectId"]


@pytest.mark.parametrize("data", [{}, {"anonymous": {}}, {"codes": {}}, {"codes": None}, None])
async def test_ghsa_wjqw_r9x4_j59v_empty_authdata_makes_no_user(codes: Client, data: Any) -> None:
    """Sign-up without any credentials by empty authData."""
    for beside in ({}, {"username": unique("eve")}):
        answer = await codes.post("/users", json={"authData": data, **beside})
        assert answer.status_code == 400, answer.text


async def test_ghsa_mr43_w6c2_mvjq_a_foreign_id_beside_a_password_is_refused(
    codes: Client, database: Rows
) -> None:
    """An identity was taken over by its id, beside one's own password."""
    bert = ok(await codes.post("/users", json=by(code="for-bert")), 201)
    eve = await sign_up(codes)
    for forged in ({"id": "18", "code": "for-anna"}, {"id": "18"}, {"id": "18", "token": "x"}):
        body = {"username": eve.name, "password": PASSWORD, **by(**forged)}
        assert (await codes.post("/login", json=body)).status_code in (400, 404)
    row = database["_User"].find_one({"_id": eve.id})
    assert row is not None
    assert "_auth_data_codes" not in row
    assert ok(await codes.post("/users", json=by(code="for-bert")))["objectId"] == bert["objectId"]


async def test_ghsa_8w3j_g983_8jh5_whose_identity_it_is_is_told_only_to_who_proves_it(
    codes: Client,
) -> None:
    """Ids could be guessed by the answer that they are used already."""
    ok(await codes.post("/users", json=by(code="for-bert")), 201)
    eve = await sign_up(codes)
    path = f"/users/{eve.id}"
    unproven = refused(await eve.client.put(path, json=by(id="18")), 141)
    assert unproven == refused(await eve.client.put(path, json=by(id="19")), 141)
    assert refused(await eve.client.put(path, json=by(code="for-bert")), 208)


async def test_ghsa_4hf6_3x24_c9m8_a_recovery_code_is_used_up(
    opened: OpenWithMFA, clock: Clock, database: Rows
) -> None:
    """A recovery code could be used again."""
    client = await opened()
    anna, (first, second) = await enrol(client, clock)
    ok(await client.post("/login", json=login(anna, token=first)))
    assert refused(await client.post("/login", json=login(anna, token=first)), 141) == WRONG
    assert stored(database, anna)["recovery"] == [second]


@pytest.mark.parametrize("kind", ["recovery", "message", "app"])
async def test_ghsa_2299_ghjr_6vjp_w73w_g5xw_rwhf_jpq4_7fmq_q5fj_a_code_is_not_spent_twice(
    opened: OpenWithMFA, clock: Clock, telephone: Telephone, kind: str
) -> None:
    """CVE-2026-43930. Parallel log-ins with one code (recovery, message, by another provider)."""
    client = await opened("TOTP", "SMS")
    anna, token = await enrol_with_code(client, clock, telephone, kind)
    visitor = {"anonymous": {"id": unique("a")}}
    as_shown = {"mfa": {"status": "enabled"}, **visitor}
    ok(await anna.client.put(f"/users/{anna.id}", json={"authData": as_shown}))
    by_password = {**login(anna), "authData": {"mfa": {"token": token}}}
    by_provider = {"authData": {**visitor, "mfa": {"token": token}}}
    calls = [
        *(client.post("/login", json=by_password) for _ in range(5)),
        *(client.post("/users", json=by_provider) for _ in range(5)),
    ]
    answers = await asyncio.gather(*calls)
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 9


async def test_ghsa_mw9v_j7v7_vh97_a_second_factor_is_not_unlinked_by_a_log_in(
    opened: OpenWithMFA, clock: Clock, database: Rows
) -> None:
    """``null`` in the authData of a log-in took the second factor away, or passed for it."""
    client = await opened()
    anna, _ = await enrol(client, clock)
    visitor = {"anonymous": {"id": unique("a")}}
    linked = {"authData": {"mfa": {"status": "enabled"}, **visitor}}
    ok(await anna.client.put(f"/users/{anna.id}", json=linked))
    nothing = {"authData": {"mfa": None, **visitor}}
    for path, body in (("/login", {**login(anna), **nothing}), ("/users", nothing)):
        assert refused(await client.post(path, json=body), -1) == MISSING
    code = {**login(anna), **with_mfa(token=clock.code())}
    ok(await client.post("/login", json=code))
    assert stored(database, anna) is not None


async def test_ghsa_75v4_m273_5j49_wp76_gg32_8258_no_answer_shows_the_secrets(
    opened: OpenWithMFA, clock: Clock
) -> None:
    """/login and /verifyPassword answered the stored row where ``get`` of users was closed."""
    client = await opened()
    master = Client(client.application, master=True)
    anna, recovery = await enrol(client, clock)
    rights = ok(await master.get("/schemas/_User"))["classLevelPermissions"]
    closed = {**rights, "get": {}}
    ok(await master.put("/schemas/_User", json={"classLevelPermissions": closed}))
    try:
        for path, token in (("/verifyPassword", recovery[0]), ("/login", recovery[1])):
            answer = await client.post(path, json=login(anna, token=token))
            assert set(ok(answer)) <= {"objectId", "sessionToken", "authDataResponse"}
        again = await anna.client.post("/verifyPassword", json=login(anna))
        assert set(ok(again)) == {"objectId"}
    finally:
        ok(await master.put("/schemas/_User", json={"classLevelPermissions": rights}))


async def test_ps_6703_the_validator_is_asked_at_every_log_in(
    codes: Client, tmp_path: Path
) -> None:
    """Parse Server issue 6703: authData that had not changed was not validated again."""
    provider = CodeProvider(tmp_path)
    for status in (201, 200, 200):
        provider.forget()
        ok(await codes.post("/users", json=by(code="for-anna")), status)
        assert [method for method, _ in provider.asked] == ["before_find", "validate_auth_data"]
