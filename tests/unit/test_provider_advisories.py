"""Advisories on Parse Server's providers, each as a test that is named by its id.

Those on log-ins as such are in tests/rest/test_auth_advisories.py, on LDAP in
tests/integration/test_directory.py.
"""

from typing import Any

import httpx
import pytest

from parsepy.auth.opening import open_provider
from parsepy.auth.options import OptionsError
from parsepy.auth.providers import BASES, THIRD_PARTIES
from parsepy.errors import ParseError
from parsepy.outgoing import Outgoing
from tests.providers.cases import APP, INTROSPECTION, KEYCLOAK, REALM
from tests.providers.fake import BACK, SECRET, answer_httpx
from tests.providers.keys import BUNDLE, CLIENT, authority, false_tokens, token

OPTIONS: dict[str, Any] = {
    "google": {"clientId": [CLIENT, "client-of-the-tablet"]},
    "apple": {"clientId": CLIENT},
    "facebook": {"appIds": [CLIENT], "appSecret": SECRET},
    "keycloak": {"config": KEYCLOAK},
    "oauth2": {**INTROSPECTION, "appidField": "client_id", "appIds": [CLIENT]},
    "gcenter": {"bundleId": BUNDLE},
    "instagram": APP,
}
TOKENS = {
    "google": ("https://accounts.google.com", "id_token"),
    "apple": ("https://appleid.apple.com", "token"),
    "facebook": ("https://www.facebook.com", "token"),
    "keycloak": (REALM, "access_token"),
}


class Provider:
    """A provider as it is configured, and whom it has asked."""

    def __init__(self, name: str, options: dict[str, Any] | None = None) -> None:
        self.asked: list[str] = []

        def answer(request: httpx.Request) -> httpx.Response:
            self.asked.append(request.url.host)
            return answer_httpx(request)

        http = Outgoing(5, transport=httpx.MockTransport(answer))
        make = THIRD_PARTIES.get(name) or BASES[name]
        given = OPTIONS[name] if options is None else options
        self._adapter: Any = open_provider(make, given, http).adapter

    async def lets_in(self, **auth_data: Any) -> str | None:
        """The identity that a client gets in by; None: it is refused."""
        try:
            found = await self._adapter.before_find(auth_data, {}, None)
        except ParseError:
            return None
        return str(found["id"])


@pytest.mark.parametrize("name", ["google", "apple", "facebook"])
async def test_cve_2026_30863_ghsa_x6fw_778m_wr9v_a_token_for_another_client_opens_nothing(
    name: str,
) -> None:
    """The audience was not looked at where no client id was configured, or not at all."""
    provider, (issuer, field) = Provider(name), TOKENS[name]
    for audience in ("another", ["another"], f"{CLIENT}x", "", [], None):
        bad = {field: token(issuer, "1001", aud=audience), "id": "1001"}
        assert await provider.lets_in(**bad) is None, audience
    assert await provider.lets_in(**{field: token(issuer, "1001")}) == "1001"
    needed = "appIds" if name == "facebook" else "clientId"
    rest = {option: value for option, value in OPTIONS[name].items() if option != needed}
    for missing in (rest, {**rest, needed: ""}, {**rest, needed: []}):
        with pytest.raises(OptionsError):
            Provider(name, missing)


@pytest.mark.parametrize("name", TOKENS)
@pytest.mark.parametrize(
    "how",
    [
        "no algorithm",
        "the public key as a secret",
        "another algorithm of the key",
        "the id of a key of another kind",
        "another key under the same id",
    ],
)
async def test_ghsa_4q3h_vp4r_prv2_a_token_does_not_choose_its_algorithm(
    name: str, how: str
) -> None:
    """``none``, or HMAC with the public key, passed where the token said so."""
    issuer, field = TOKENS[name]
    bad = {field: false_tokens(issuer, "1001")[how], "id": "1001"}
    assert await Provider(name).lets_in(**bad) is None


async def test_ghsa_48mh_j4p5_7j9v_keycloaks_token_of_another_client_opens_nothing() -> None:
    """A realm signs tokens for each of its clients; ``azp`` says for which."""
    provider = Provider("keycloak")
    for azp in ("another", f"{CLIENT}x", "", None, [CLIENT]):
        bad = token(REALM, "1001", azp=azp, aud="account")
        assert await provider.lets_in(id="1001", access_token=bad) is None, azp
    good = token(REALM, "1001", azp=CLIENT, aud="account")
    assert await provider.lets_in(id="1001", access_token=good) == "1001"


@pytest.mark.parametrize("name", ["facebook", "oauth2"])
async def test_ghsa_r657_33vp_gp22_ghsa_837q_jhwx_cmpv_another_applications_token_opens_nothing(
    name: str,
) -> None:
    """The list of applications was read wrongly, and an id is a user's in its application only."""
    provider = Provider(name)
    other = "token-of-ada-of-another-app"
    assert await provider.lets_in(id="1001", access_token=other) is None
    assert await provider.lets_in(id="1001", access_token="token-of-ada") == "1001"
    for two in (["first", CLIENT], [CLIENT, "last"]):
        both = Provider(name, {**OPTIONS[name], "appIds": two})
        assert await both.lets_in(id="1001", access_token=other) is None
        assert await both.lets_in(id="1001", access_token="token-of-ada") == "1001"
    for missing in ([], [""], ""):
        with pytest.raises(OptionsError):
            Provider(name, {**OPTIONS[name], "appIds": missing})


async def test_ghsa_qf8x_vqjv_92gr_a_certificate_is_fetched_from_apple_alone() -> None:
    """The client named the certificate that its own signature was checked by."""
    provider, good = Provider("gcenter"), authority().signed("G:1001")
    for url in (
        "https://evil.test/apple.com/a.cer",
        "https://apple.com.evil.test/a.cer",
        "https://evilapple.com/a.cer",
        "https://static.gc.apple.com@evil.test/a.cer",
        "http://static.gc.apple.com/public-key/gc-prod-1.cer",
    ):
        forged = authority("evil").signed("G:1001", publicKeyUrl=url)
        assert await provider.lets_in(**forged) is None
    assert provider.asked == []
    assert await provider.lets_in(**good) == "G:1001"


async def test_ghsa_fr88_w35c_r596_a_token_names_its_own_user_alone() -> None:
    """A token that was valid vouched for any id beside it."""
    provider = Provider("oauth2")
    assert await provider.lets_in(id="1002", access_token="token-of-ada") is None
    assert await provider.lets_in(access_token="token-of-ada") == "1001"


@pytest.mark.parametrize("options", [APP, {"enableInsecureAuth": True}], ids=["code", "token"])
async def test_ghsa_3f5f_xgrj_97pf_no_client_says_where_to_ask(options: dict[str, Any]) -> None:
    """Instagram's ``apiURL`` came from the client: the server asked whomever it named."""
    provider = Provider("instagram", options)
    for key in ("apiURL", "apiUrl", "api_url", "url", "tokenUrl", "userUrl", "host"):
        named = {key: "https://evil.test/", "redirect_uri": BACK}
        await provider.lets_in(id="1001", code="code-of-ada", access_token="token-of-ada", **named)
    assert provider.asked
    assert {host.removeprefix("api.").removeprefix("graph.") for host in provider.asked} == {
        "instagram.com"
    }
