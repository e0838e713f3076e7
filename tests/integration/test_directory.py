"""Log in by LDAP, against a real directory (Debian's slapd)."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from parsepy.auth.opening import open_provider
from parsepy.auth.options import OptionsError
from parsepy.auth.providers import THIRD_PARTIES
from parsepy.errors import Code, ParseError
from parsepy.outgoing import Outgoing
from tests.conftest import Client, MakeApp
from tests.providers.directory import SUFFIX, Slapd
from tests.rest.shop import ok, refused

pytest.importorskip("bonsai", reason="the extra ldap is not installed (.ci/directory installs it)")
GROUP = {"groupCn": "clerks", "groupFilter": "(&(memberUid={{id}})(objectClass=posixGroup))"}


@pytest.fixture(scope="module")
def directory() -> Iterator[Slapd]:
    with Slapd() as slapd:
        yield slapd


async def log_in(directory: Slapd | str, name: Any, password: Any, **more: Any) -> Any:
    url = directory if isinstance(directory, str) else directory.url
    options = {"url": url, "suffix": SUFFIX, **more}
    it: Any = open_provider(THIRD_PARTIES["ldap"], options, Outgoing()).adapter
    return await it.before_find({"id": name, "password": password}, {}, None)


async def refusal(*arguments: Any, **more: Any) -> str:
    with pytest.raises(ParseError) as caught:
        await log_in(*arguments, **more)
    assert caught.value.code == Code.OBJECT_NOT_FOUND
    return caught.value.message


async def test_a_right_password_logs_in_and_is_not_stored(directory: Slapd) -> None:
    assert await log_in(directory, "ada", "pass-word of ada") == {"id": "ada"}
    odd = "jürgen + co"
    assert await log_in(directory, odd, "pass-word of j") == {"id": odd}


async def test_the_name_of_an_entry_may_be_given_as_a_pattern(directory: Slapd) -> None:
    dn = f"uid={{{{id}}}},{SUFFIX}"
    assert await log_in(directory, "ada", "pass-word of ada", dn=dn) == {"id": "ada"}


@pytest.mark.parametrize("typed", ["ada", "ADA", " Ada  ", "\uff41da"])
async def test_one_entry_is_one_identity_however_its_name_is_typed(
    directory: Slapd, typed: str
) -> None:
    """Else each spelling was an account of its own."""
    assert await log_in(directory, typed, "pass-word of ada") == {"id": "ada"}
    dn = f"uid={{{{id}}}},{SUFFIX}"
    assert await log_in(directory, typed, "pass-word of ada", dn=dn) == {"id": "ada"}


async def test_a_name_is_as_it_was_typed_where_no_attribute_holds_it(directory: Slapd) -> None:
    dn = f"uid=ada,{SUFFIX}"
    odd = {"dn": f"{dn[:4]}{{{{id}}}}a,{SUFFIX}"}  # the name is a part of the entry's
    assert await log_in(directory, "AD", "pass-word of ada", **odd) == {"id": "AD"}


async def test_one_account_is_logged_in_by_every_spelling(directory: Slapd, app: MakeApp) -> None:
    options = {"ldap": {"url": directory.url, "suffix": SUFFIX}}
    client = Client(await app(auth=options))

    async def by(name: str, status: int = 200) -> str:
        body = {"authData": {"ldap": {"id": name, "password": "pass-word of ada"}}}
        found: str = ok(await client.post("/users", json=body), status)["objectId"]
        return found

    ada = await by("Ada", 201)
    assert {await by(name) for name in ("ada", "ADA", "Ada ")} == {ada}
    wrong = {"authData": {"ldap": {"id": "ada", "password": "pass-word of j"}}}
    refused(await client.post("/users", json=wrong), 101, 404)


async def test_a_user_stored_as_they_typed_stays_who_types_so(
    directory: Slapd, app: MakeApp
) -> None:
    """Parse Server keeps the spelling of the client."""
    client = Client(await app(auth={"ldap": {"url": directory.url, "suffix": SUFFIX}}))
    master = Client(client.application, master=True)
    old = ok(await master.post("/users", json={"username": "old", "password": "x"}), 201)
    rows = client.application.backend.storage.connection.collection("_User")
    stored = {"_auth_data_ldap": {"id": "ADA"}}
    await rows.update_one({"_id": old["objectId"]}, {"$set": stored})
    body = {"authData": {"ldap": {"id": "ADA", "password": "pass-word of ada"}}}
    assert ok(await client.post("/users", json=body))["objectId"] == old["objectId"]
    body["authData"]["ldap"]["id"] = "ada"
    assert ok(await client.post("/users", json=body), 201)["objectId"] != old["objectId"]


@pytest.mark.parametrize("password", ["", " ", "wrong", "pass-word of j", None, 0, [], {}, "\0"])
async def test_ghsa_863r_39r9_vfcf_a_password_that_is_empty_or_wrong_is_refused(
    directory: Slapd, password: Any
) -> None:
    """Parse Server 9.10 lets an empty one in: the directory takes it for an anonymous bind."""
    assert await refusal(directory, "ada", password) == "LDAP: Wrong username or password"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "*",
        f"ada,{SUFFIX}",
        "ada+cn=Ada",
        "ada)(uid=*",
        "ada\0",
        "ada\\",
        "nobody",
        "ad\ud800a",
        "a" * 2_000,
        None,
        7,
        ["ada"],
        {"$ne": ""},
    ],
)
async def test_ghsa_7m6r_fhh7_r47c_a_name_is_a_name_and_nothing_else(
    directory: Slapd, name: Any
) -> None:
    assert await refusal(directory, name, "pass-word of ada") == "LDAP: Wrong username or password"


async def test_only_a_group_is_let_in(directory: Slapd) -> None:
    assert await log_in(directory, "ada", "pass-word of ada", **GROUP) == {"id": "ada"}
    for name, password, group in [
        ("ada", "pass-word of ada", {**GROUP, "groupCn": "owners"}),
        ("jürgen + co", "pass-word of j", GROUP),
    ]:
        text = await refusal(directory, name, password, **group)
        assert text == "LDAP: User not in group"


async def test_a_name_can_not_change_what_a_group_is_searched_by(directory: Slapd) -> None:
    loose = {"groupCn": "owners", "groupFilter": "(memberUid={{id}})"}
    for name in ("*", "ada)(|(cn=*)", "nobody)(cn=owners"):
        await refusal(directory, name, "pass-word of ada", **loose)


async def test_many_log_ins_at_once(directory: Slapd) -> None:
    calls = [
        log_in(directory, "ada", "pass-word of ada" if number % 2 else "wrong", **GROUP)
        for number in range(20)
    ]
    found = await asyncio.gather(*calls, return_exceptions=True)
    assert [not isinstance(one, ParseError) for one in found] == [False, True] * 10


async def test_a_directory_that_is_away_lets_nobody_in() -> None:
    assert await refusal("ldap://127.0.0.1:9", "ada", "x") == "LDAP: The directory can't be asked."


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"url": "http://x"}, "url: expected ldap:// or ldaps://"),
        ({"dn": "uid=x"}, "dn: expected {{id}} in it"),
        ({"groupCn": "x"}, "groupCn and groupFilter need each other"),
        ({"tlsOptions": {"cert": "x"}}, "tlsOptions: unknown member 'cert'"),
        ({"suffix": ""}, "suffix: expected text that is not empty"),
    ],
)
def test_wrong_options_stop_the_start(options: dict[str, Any], problem: str) -> None:
    given = {"url": "ldap://x", "suffix": SUFFIX, **options}
    with pytest.raises(OptionsError) as caught:
        open_provider(THIRD_PARTIES["ldap"], given, Outgoing())
    assert caught.value.problems == (problem,)
