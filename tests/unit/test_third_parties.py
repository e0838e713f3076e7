"""What third parties' adapters do beside a plain log-in: insecure ways, failures, odd answers."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from parsepy.adapters import open_providers
from parsepy.auth.opening import open_provider
from parsepy.auth.options import OptionsError
from parsepy.auth.providers import BASES, THIRD_PARTIES
from parsepy.auth.providers.directory import escaped
from parsepy.auth.providers.proving import Proofs
from parsepy.auth.providers.qq import read_answer
from parsepy.config import Config, ConfigError
from parsepy.errors import Code, ParseError
from parsepy.outgoing import Outgoing
from tests.providers.cases import APP, CASES
from tests.providers.fake import BACK, ISSUERS, SECRET, answer_httpx
from tests.providers.keys import BUNDLE, CLIENT, authority, token

Answer = Callable[[httpx.Request], httpx.Response]


def adapter(name: str, options: dict[str, Any], answer: Answer = answer_httpx) -> Any:
    http = Outgoing(5, transport=httpx.MockTransport(answer))
    return open_provider(THIRD_PARTIES.get(name) or BASES[name], options, http).adapter


async def identified(it: Any, **auth_data: Any) -> dict[str, Any]:
    found: dict[str, Any] = await it.before_find(auth_data, {}, None)
    return found


async def refusal(it: Any, **auth_data: Any) -> ParseError:
    with pytest.raises(ParseError) as caught:
        await it.before_find(auth_data, {}, None)
    return caught.value


# --- codes --------------------------------------------------------------------------------------


async def test_a_code_is_not_stored_and_the_access_token_is_not_shown() -> None:
    github = adapter("github", APP)
    found = await identified(github, code="code-of-ada", redirect_uri=BACK, more="x")
    assert found == {"id": "1001", "access_token": "token-of-ada"}
    assert await github.after_find(found, {}, None) == {"id": "1001"}


async def test_an_application_of_either_linkedin_logs_in() -> None:
    linkedin = adapter("linkedin", APP)
    for name, number in [("ada", "1001"), ("old", "1003")]:
        assert (await identified(linkedin, code=f"code-of-{name}", redirect_uri=BACK))[
            "id"
        ] == number


async def test_a_missing_code_is_told_as_parse_server_does() -> None:
    error = await refusal(adapter("github", APP), id="1001", access_token="token-of-ada")
    assert (error.code, error.message) == (Code.VALIDATION_ERROR, "GitHub code is required.")


async def test_a_microsoft_directory_of_ones_own_is_asked() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(400, json={})

    await refusal(adapter("microsoft", {**APP, "tenant": "shop.test"}, answer), code="x")
    assert asked == ["https://login.microsoftonline.com/shop.test/oauth2/v2.0/token"]


async def test_an_instagram_token_in_a_list_is_read() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        said = answer_httpx(request)
        is_token = request.url.host == "api.instagram.com"
        return httpx.Response(200, json={"data": [said.json()]}) if is_token else said

    found = await identified(
        adapter("instagram", APP, answer), code="code-of-ada", redirect_uri=BACK
    )
    assert found["id"] == "1001"


async def test_a_qq_token_of_another_application_is_refused() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        said = answer_httpx(request)
        is_me = request.url.path == "/oauth2.0/me"
        return httpx.Response(200, json={"client_id": "x", "openid": "Q1"}) if is_me else said

    assert await refusal(adapter("qq", APP, answer), code="code-of-ada", redirect_uri=BACK)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b'{"openid": "Q"}', {"openid": "Q"}),
        (b'callback( {"openid": "Q"} );\n', {"openid": "Q"}),
        (b"access_token=t&expires_in=1", {"access_token": "t", "expires_in": "1"}),
        (b"callback( [1] );", {}),
        (b"\xff\xfe", {}),
        (b"a=1&" * 50, {}),
        (b"[" * 100_000, {}),
    ],
)
def test_the_forms_of_qqs_answers(body: bytes, found: dict[str, str]) -> None:
    assert read_answer(body) == found


# --- access tokens that a client brings ---------------------------------------------------------

INSECURE = {"enableInsecureAuth": True}
BY_TOKEN = {
    "github": "1001",
    "linkedin": "1001",
    "microsoft": "1001",
    "line": "U1001",
    "instagram": "1001",
    "gpgames": "g1001",
    "spotify": "s1001",
    "wechat": "o1001",
    "weibo": "1001",
    "qq": "Q1001",
    "discord": "1001",
}


@pytest.mark.parametrize("name", BY_TOKEN)
async def test_an_insecure_log_in_asks_the_provider_all_the_same(name: str) -> None:
    it = adapter(name, INSECURE)
    good = {"id": BY_TOKEN[name], "access_token": "token-of-ada"}
    assert await identified(it, **good, more="kept") == {**good, "more": "kept"}
    for bad in ({"id": "another"}, {"access_token": "token-of-nobody"}, {"access_token": None}):
        assert (await refusal(it, **{**good, **bad})).code == Code.OBJECT_NOT_FOUND
    assert await refusal(it, code="code-of-ada")  # nobody told the client's secret


@pytest.mark.parametrize("names", ["oauth", "auth"])
async def test_an_insecure_log_in_by_twitter(names: str) -> None:
    options = {"consumer_key": CLIENT, "consumer_secret": SECRET, **INSECURE}
    twitter = adapter("twitter", options)
    good = {"id": "1001", f"{names}_token": "token-of-ada", f"{names}_token_secret": "token-secret"}
    assert await identified(twitter, **good) == good
    assert await refusal(twitter, **{**good, f"{names}_token_secret": "guessed"})
    assert await refusal(twitter, **{**good, "id": "1002"})
    assert await refusal(twitter, id="1001", oauth_token="token-of-ada")
    assert await twitter.after_find(good, {}, None) == {"id": "1001"}


def test_an_insecure_way_needs_two_options() -> None:
    def config(**more: Any) -> Config:
        options = {"appId": "a", "masterKey": "m", "serverURL": "http://x/parse", **more}
        return Config.from_options({**options, "databaseURI": "memory:"}, base_dir=Path())

    auth = {"github": INSECURE}
    with pytest.raises(ConfigError) as caught:
        open_providers(config(auth=auth), Outgoing())
    assert caught.value.problems == (
        "auth.github: enableInsecureAuth needs enableInsecureAuthAdapters: true beside it",
    )
    both = open_providers(config(auth=auth, enableInsecureAuthAdapters=True), Outgoing())
    assert set(both) == {"anonymous", "github"}
    off = open_providers(config(auth={"github": {"enabled": False}}), Outgoing())
    assert set(off) == {"anonymous"}


# --- Facebook, OAuth 2, OpenID ------------------------------------------------------------------


async def test_facebook_is_asked_without_a_proof_if_there_is_no_secret() -> None:
    asked: list[httpx.URL] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        return httpx.Response(200, json={"id": CLIENT if request.url.path == "/app" else "17"})

    facebook = adapter("facebook", {"appIds": [CLIENT]}, answer)
    assert (await identified(facebook, access_token="t"))["id"] == "17"
    assert {url.path for url in asked} == {"/me", "/app"}
    assert all("appsecret_proof" not in url.params for url in asked)


async def test_introspection_reads_other_fields_and_lists_of_applications() -> None:
    case = next(case for case in CASES if case.provider == "oauth2")
    options = {**case.options, "appidField": "aud", "useridField": "sub"}
    assert (await identified(adapter("oauth2", options), access_token="token-of-ada"))["id"]
    error = await refusal(
        adapter("oauth2", {**options, "appIds": ["y"]}), access_token="token-of-ada"
    )
    assert error.message == "OAuth2: Invalid app ID."


ISSUER = "https://login.shop.test/oidc"
ANY = {"oidc": True, "issuer": ISSUER, "clientId": CLIENT}


@pytest.mark.parametrize(
    "told",
    [
        {"issuer": "https://evil.test", "jwks_uri": f"{ISSUER}/keys"},
        {"issuer": ISSUER},
        {"issuer": ISSUER, "jwks_uri": "http://login.shop.test/keys"},
        {"issuer": ISSUER, "jwks_uri": "file:///etc/passwd"},
        {"issuer": [ISSUER], "jwks_uri": f"{ISSUER}/keys"},
    ],
)
async def test_an_issuer_that_tells_something_odd_lets_nobody_in(told: dict[str, Any]) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        is_discovery = request.url.path.endswith("openid-configuration")
        return httpx.Response(200, json=told) if is_discovery else answer_httpx(request)

    assert await refusal(adapter("oidc", ANY, answer), id_token=token(ISSUER, "17"))


@pytest.mark.parametrize("told", [None, 7, "http://login.shop.test/token", "/token"])
async def test_an_issuer_without_a_safe_address_for_codes_takes_none(told: Any) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        said = answer_httpx(request)
        is_discovery = request.url.path.endswith("openid-configuration")
        return (
            httpx.Response(200, json={**said.json(), "token_endpoint": told})
            if is_discovery
            else said
        )

    it = adapter("oidc", {**ANY, "clientSecret": SECRET}, answer)
    error = await refusal(it, code="code-of-ada", redirect_uri=BACK)
    assert error.message == "The provider tells no address that takes codes."


@pytest.mark.parametrize("told", [None, 0, -1, True, 1.5, "", "a" * 1_001, "\ud800", "\0", [], {}])
async def test_what_a_provider_tells_must_be_an_id(told: Any) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        is_user = request.url.path == "/user"
        content = json.dumps({"id": told})
        return httpx.Response(200, content=content) if is_user else answer_httpx(request)

    assert await refusal(adapter("github", APP, answer), code="code-of-ada")


async def test_an_issuer_is_asked_for_its_addresses_once() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return answer_httpx(request)

    it = adapter("oidc", {**ANY, "issuer": f"{ISSUER}/"}, answer)
    tokens = [token(ISSUER, str(number)) for number in range(10)]
    await asyncio.gather(*(identified(it, id_token=text) for text in tokens))
    assert asked == ["/oidc/.well-known/openid-configuration", "/oidc/keys"]


@pytest.mark.parametrize(
    "issuer", ["http://login.shop.test", "login.shop.test", "ftp://x", "https://["]
)
def test_an_issuer_must_be_reached_safely(issuer: str) -> None:
    with pytest.raises(OptionsError, match="issuer: expected an address with https"):
        adapter("oidc", {**ANY, "issuer": issuer})


async def test_a_gitlab_of_ones_own_is_told_by_its_issuer() -> None:
    gitlab = adapter("gitlab", {"clientId": CLIENT, "issuer": ISSUER})
    assert (await identified(gitlab, id_token=token(ISSUER, "17")))["id"] == "17"
    assert await refusal(gitlab, id_token=token("https://gitlab.com", "17"))
    assert "https://gitlab.com" in ISSUERS


@pytest.mark.parametrize("name", ["apple", "google"])
async def test_an_application_has_several_client_ids(name: str) -> None:
    case = next(case for case in CASES if case.name == name)
    it = adapter(name, {"clientId": ["another", CLIENT], "cacheMaxAge": 1000, "cacheMaxEntries": 1})
    assert (await identified(it, **case.good))["id"] == "1001"


@pytest.mark.parametrize(
    ("told", "email"),
    [
        ({"email": "a@shop.test", "email_verified": True}, "a@shop.test"),
        ({"email": "a@shop.test", "email_verified": "true"}, "a@shop.test"),
        ({"email": "a@shop.test", "email_verified": False}, None),
        ({"email": "a@shop.test"}, None),
        ({"email": ["a@shop.test"], "email_verified": True}, None),
        ({"email_verified": True}, None),
    ],
)
async def test_an_address_counts_that_the_provider_has_verified(
    told: dict[str, Any], email: str | None
) -> None:
    google = adapter("google", {"clientId": CLIENT})
    found = await identified(google, id_token=token("https://accounts.google.com", "17", **told))
    answer = await google.validate_auth_data(found, {}, None)
    assert answer.get("verifiedEmail") == email


# --- Game Center --------------------------------------------------------------------------------

GAME = {"bundleId": BUNDLE}


async def test_certificates_are_kept_and_a_bounded_number_of_them() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        named = httpx.Request("GET", "https://static.gc.apple.com/public-key/gc-prod-1.cer")
        return answer_httpx(named if "apple" in request.url.host else request)

    game = adapter("gcenter", GAME, answer)
    good = authority().signed("G:1")
    for _ in range(3):
        assert await identified(game, **good) == good
    assert asked == ["cacerts.digicert.com", "static.gc.apple.com"]
    for number in range(40):
        url = f"https://static.gc.apple.com/public-key/{number}.cer"
        await identified(game, **{**good, "publicKeyUrl": url})
    assert len(asked) == 42
    assert len(game._certificates) <= 17


@pytest.mark.parametrize("place", ["cacerts.digicert.com", "static.gc.apple.com"])
@pytest.mark.parametrize("how", ["unreachable", "an error", "no certificate", "much"])
async def test_a_certificate_that_can_not_be_had_refuses_one_log_in(place: str, how: str) -> None:
    """Parse Server 9.10 ends when the first of them fails."""
    is_down = True

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host != place or not is_down:
            return answer_httpx(request)
        if how == "unreachable":
            raise httpx.ConnectError("refused")
        content = {"an error": b"", "no certificate": b"-----BEGIN", "much": b"x" * 30_000}[how]
        return httpx.Response(500 if how == "an error" else 200, content=content)

    game = adapter("gcenter", GAME, answer)
    good = authority().signed("G:1")
    assert (await refusal(game, **good)).code == Code.OBJECT_NOT_FOUND
    is_down = False
    assert await identified(game, **good) == good


async def test_a_game_of_the_clients_word_is_insecure() -> None:
    game = adapter("gcenter", INSECURE)
    good = {**authority().signed("G:1"), "bundleId": BUNDLE}
    assert await identified(game, **good) == good
    assert (await refusal(game, **authority().signed("G:1"))).message == (
        "AuthData bundleId is missing."
    )


@pytest.mark.parametrize(
    ("options", "age", "is_good"),
    [
        ({}, 86_000, True),
        ({}, 87_000, False),
        ({}, -200, True),
        ({}, -400, False),
        ({"maxAge": 600}, 500, True),
        ({"maxAge": 600}, 700, False),
    ],
)
async def test_a_signature_of_game_center_is_good_for_a_day(
    options: dict[str, Any], age: int, is_good: bool
) -> None:
    """It is no secret that ends by itself: whoever reads one later would sign in by it."""
    game, given = adapter("gcenter", {**GAME, **options}), authority().signed("G:1", age)
    if is_good:
        assert await identified(game, **given) == given
    else:
        assert (await refusal(game, **given)).message == "The signature is too old."


def test_a_signature_that_is_never_good_stops_the_start() -> None:
    with pytest.raises(OptionsError, match="maxAge"):
        adapter("gcenter", {**GAME, "maxAge": 0})


async def test_a_moment_may_be_text() -> None:
    good = authority().signed("G:1")
    assert await identified(
        adapter("gcenter", GAME), **{**good, "timestamp": str(good["timestamp"])}
    )
    assert await refusal(adapter("gcenter", GAME), **{**good, "timestamp": "9" * 5_000})


# --- small parts --------------------------------------------------------------------------------


def test_what_was_proven_is_remembered_for_a_minute() -> None:
    now = 0.0
    proofs = Proofs(lambda: now)
    proofs.add({"id": "a", "n": 1})
    assert {"n": 1, "id": "a"} in proofs
    assert {"id": "a"} not in proofs
    now = 59.9
    assert {"id": "a", "n": 1} in proofs
    now = 60.0
    assert {"id": "a", "n": 1} not in proofs
    proofs.add({"id": "b"})
    assert len(proofs._ends) == 1


def test_only_so_much_is_remembered() -> None:
    proofs = Proofs(lambda: 0.0)
    for number in range(10_010):
        proofs.add({"id": str(number)})
    assert len(proofs._ends) == 10_000
    assert {"id": "3"} not in proofs
    assert {"id": "10009"} in proofs


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("ada.l@shop-1.test", "ada.l@shop-1.test"),
        ("*)(uid=*", r"\2a\29\28uid\3d\2a"),
        ("x,ou=admins", r"x\2cou\3dadmins"),
        (" a+b\\#", r"\20a\2bb\5c\23"),
        ("jürgen", r"j\c3\bcrgen"),
        ("{{id}}", r"\7b\7bid\7d\7d"),
    ],
)
def test_a_name_can_not_leave_its_place_in_a_directory(name: str, safe: str) -> None:
    assert escaped(name) == safe
