"""Calls that public cloud code makes: ACLs, mails, classes at the start, the master key's block."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from parsepy import ACL, Config, ParseError, User
from parsepy.app import build
from parsepy.cloud import current
from parsepy.cloud.objects import Object as CloudObject
from parsepy.model.templates import TemplateError
from parsepy.operations.schemas import SchemaConflict
from tests.cloud.conftest import MakeShop
from tests.conftest import MakeApp
from tests.peer import REFERENCE
from tests.rest.shop import find, ok, refused, sign_up

SDK = REFERENCE / "node_modules" / "parse" / "lib" / "node"
MAILS = {
    "appName": "Shop",
    "publicServerURL": "http://shop.test/parse",
    "verifyUserEmails": True,
    "emailAdapter": {"module": str(Path(__file__).parents[1] / "mailbox.py")},
}
GAME = """
Cloud.define_schema("Game", {"name": "String", "score": {"type": "Number", "defaultValue": 1}},
    indexes={"by_score": {"score": -1}}, permissions={"find": {"*": True}, "create": {"*": True}})
"""


@pytest.mark.skipif(not SDK.is_dir(), reason="needs the JavaScript SDK: npm ci in tests/reference")
def test_an_acl_has_every_method_of_the_javascript_sdk() -> None:
    methods = re.findall(r"^  ([a-z]\w+)\(.*\) {", (SDK / "ParseACL.js").read_text(), re.M)
    names = {re.sub("[A-Z]", lambda it: f"_{it[0].lower()}", name) for name in methods}
    names = {name.replace("to_j_s_o_n", "to_json") for name in names} - {"constructor"}
    assert len(names) > 10
    assert {name for name in names if not hasattr(ACL, name)} == set()


def test_an_acl_is_chained() -> None:
    acl = ACL().set_public_read_access(True).set_public_write_access(True)
    assert (acl.get_public_read_access(), acl.get_public_write_access()) == (True, True)
    acl.set_public_write_access(False).set_role_read_access("staff", True)
    acl.set_role_write_access("staff", True)
    assert (acl.get_role_read_access("staff"), acl.get_role_write_access("staff")) == (True, True)
    assert acl.to_json() == {"*": {"read": True}, "role:staff": {"read": True, "write": True}}
    assert acl.equals(ACL(acl.to_json()))
    assert not acl.equals(ACL())
    assert CloudObject("Note").set_acl(acl).get_acl() is acl


async def test_a_user_is_asked_for_roles_and_given_a_password(shop: MakeShop) -> None:
    it = await shop("""
        @Cloud.function("promote")
        async def promote(request):
            await request.user.set_password("second").save()
            held = [await request.user.has_role(name) for name in ("staff", "admin")]
            return [request.function_name, request.user.is_anonymous, *held]
    """)
    ann = await sign_up(it.client, username="ann", password="first")
    staff = {"name": "staff", "ACL": {}, "users": {"__op": "AddRelation", "objects": [ann.pointer]}}
    ok(await it.master.post("/roles", json=staff), 201)
    answer = ok(await ann.client.post("/functions/promote", json={}))
    assert answer == {"result": ["promote", False, True, False]}
    refused(await it.client.post("/login", json={"username": "ann", "password": "first"}), 101, 404)
    ok(await it.client.post("/login", json={"username": "ann", "password": "second"}))


async def test_a_user_without_a_name_is_anonymous(shop: MakeShop) -> None:
    it = await shop("""
        @Cloud.after_save(User)
        async def see(request):
            await Object("Seen", without_name=request.object.is_anonymous).save()
    """)
    body = {"authData": {"anonymous": {"id": "a-phone"}}}
    ok(await it.client.post("/users", json=body), 201)
    assert [seen["without_name"] for seen in await find(it.master, "Seen")] == [True]


async def test_mails_are_asked_for(shop: MakeShop) -> None:
    it = await shop("", **MAILS)
    mailbox: Any = it.backend.mailer
    made = {"username": "ann", "password": "p", "email": "ann@shop.test"}
    await it.client.post("/users", json=made)
    with current.acting(current_master(it)):
        await User.request_password_reset("ann@shop.test")
        await User.request_email_verification("ann@shop.test")
        await User.request_password_reset("nobody@shop.test")
        with pytest.raises(ParseError) as refused:
            await User.request_password_reset("")
    assert refused.value.code == 204
    wanted = {"Password", "verify"}
    async with asyncio.timeout(10):
        while not wanted <= words_of(mailbox):  # noqa: ASYNC110 - mails go out by themselves
            await asyncio.sleep(0.02)
    assert {mail.to for mail in mailbox.sent} == {"ann@shop.test"}


def words_of(mailbox: Any) -> set[str]:
    return {word for mail in mailbox.sent for word in mail.subject.split()}


def current_master(it: Any) -> Any:
    from parsepy.backend import master_context

    return master_context(it.backend)


async def test_a_user_is_verified_and_impersonated(shop: MakeShop) -> None:
    it = await shop("")
    made = (await it.client.post("/users", json={"username": "ann", "password": "p"})).json()
    with current.acting(current_master(it)):
        assert (await User.verify_password("ann", "p")).id == made["objectId"]
        ann = await User.log_in_as(made["objectId"])
        assert (await User.become(str(ann.session_token))).username == "ann"
        with pytest.raises(ParseError):
            await User.verify_password("ann", "wrong")


async def test_parameters_are_saved_for_the_master_key(shop: MakeShop) -> None:
    it = await shop("")
    with current.acting(current_master(it)):
        await Config.save({"fee": 3, "margin": 2}, {"margin": True})
    shown = (await it.client.get("/config")).json()
    assert shown["params"] == {"fee": 3}


async def test_a_block_has_the_rights_of_the_master_key(shop: MakeShop) -> None:
    it = await shop(
        """
        @Cloud.function("count")
        async def count(request):
            with Cloud.as_master():
                inside = await Query("Secret").count()
                told = await Query("Secret").count(session_token=request.params.get("token"))
            return [inside, told, await Query("Secret").count()]
        """
    )
    await it.master.post("/classes/Secret", json={"ACL": {}})
    made = (await it.client.post("/users", json={"username": "ann", "password": "p"})).json()
    called = await it.client.post("/functions/count", json={"token": made["sessionToken"]})
    assert called.json() == {"result": [1, 0, 0]}


async def test_a_class_is_made_once_and_grows(app: MakeApp, cloud_file: Any) -> None:
    first = await app(cloud=str(cloud_file(GAME)))
    backend = first.backend
    rows = await backend.storage.schemas.read()
    again = build(backend.config)
    await again.startup()
    try:
        assert await again.backend.storage.schemas.read() == rows
        assert "by_score" in again.backend.schemas.classes["Game"].indexes
    finally:
        await again.shutdown()
    assert backend.schemas.classes["Game"].defaults == {"score": 1}
    grown = GAME + 'Cloud.define_schema("Game", {"level": "Number"})'
    cloud_file(grown)
    later = build(backend.config)
    await later.startup()
    try:
        assert str(later.backend.schemas.classes["Game"].types["level"]) == "Number"
    finally:
        await later.shutdown()


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ('Cloud.define_schema("Game", {"n": "Numbr"})', 'define_schema("Game")'),
        ('Cloud.define_schema("not a name", {})', "not a name"),
        ('Cloud.define_schema("Game", {"n": "Number"}, indexes={"i": {"n": "up"}})', "direction"),
        ('Cloud.define_schema("Game", permissions={"find": {"*": "yes"}})', "find"),
    ],
)
async def test_a_slip_stops_the_start(app: MakeApp, cloud_file: Any, code: str, told: str) -> None:
    with pytest.raises(TemplateError) as stopped:
        await app(cloud=str(cloud_file(code)))
    assert told in str(stopped.value)


async def test_a_changed_type_stops_the_start(app: MakeApp, cloud_file: Any) -> None:
    first = await app(cloud=str(cloud_file(GAME)))
    cloud_file('Cloud.define_schema("Game", {"name": "Number"})')
    with pytest.raises(SchemaConflict, match=r"Game\.name"):
        await build(first.backend.config).startup()


async def test_a_watched_definition_counts_at_once(app: MakeApp, cloud_file: Any) -> None:
    application = await app(cloud=str(cloud_file(GAME)), watch=True)
    classes = application.backend.schemas
    cloud_file(GAME + 'Cloud.define_schema("Later", {"n": "Number"})')
    async with asyncio.timeout(10):
        while "Later" not in classes.classes:  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0.05)
