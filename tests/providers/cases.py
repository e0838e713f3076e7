"""A true log-in, and false ones, of every third party: what a table of tests needs to know."""

from dataclasses import dataclass, field
from typing import Any

from tests.providers.fake import BACK, BASIC, SECRET, SHOP, VERIFIER
from tests.providers.keys import BUNDLE, CLIENT, authority, false_tokens, token

Data = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One provider in one of its ways."""

    name: str
    options: Data
    good: Data
    """What ada's client sends."""
    user_id: str
    """Whom the provider says that this is."""
    bad: dict[str, Data] = field(default_factory=dict)
    proofs: tuple[str, ...] = ("code",)
    """Which of ``good`` must be there and right."""
    needed: tuple[str, ...] = ("clientId",)
    """Options without which the start is refused."""
    way: str = ""
    provider: str = ""
    """The name of the provider that is built in, if it is configured under another."""

    @property
    def label(self) -> str:
        """Name and way."""
        return f"{self.name} {self.way}".strip()


APP: Data = {"clientId": CLIENT, "clientSecret": SECRET}
BOTH = ("clientId", "clientSecret")


def openid(name: str, issuer: str, key: str = "id_token", **more: Any) -> Case:
    """A provider whose ID tokens are checked here."""
    good = {"id": "1001", key: token(issuer, "1001")}
    bad = {label: {"id": "1001", key: text} for label, text in false_tokens(issuer, "1001").items()}
    bad["another's id"] = {**good, "id": "1002"}
    options = more.pop("options", {"clientId": CLIENT})
    return Case(name, options, good, "1001", bad, (key,), **more)


def code(name: str, user_id: str, **more: Any) -> Case:
    """A provider whose codes are exchanged."""
    beside = more.pop("beside", {"redirect_uri": BACK})
    good = {"code": "code-of-ada", **beside}
    bad = {
        "a code that is none": {**good, "code": "code-of-nobody"},
        "another's id": {**good, "id": "another"},
        "a long code": {**good, "code": "c" * 20_000},
        "a code of other signs": {**good, "code": "ü\ud800"},
        "an access token and an id": {"id": user_id, "access_token": "token-of-ada"},
    }
    if beside:
        bad["another address"] = {**good, "redirect_uri": "https://evil.test/"}
    more.setdefault("needed", BOTH)
    return Case(name, more.pop("options", APP), good, user_id, bad, **more)


def access(name: str, options: Data, user_id: str, **more: Any) -> Case:
    """A provider that is asked whose access token it is."""
    good = {"id": user_id, "access_token": "token-of-ada"}
    bad = {
        "a token that is none": {**good, "access_token": "token-of-nobody"},
        "another's token": {**good, "access_token": "token-of-bob"},
        "another's id": {**good, "id": "another"},
        **more.pop("bad", {}),
    }
    return Case(name, options, good, user_id, bad, ("access_token",), **more)


APPLE, GOOGLE = "https://appleid.apple.com", "https://accounts.google.com"
REALM = f"https://{SHOP}/realms/shop"
KEYCLOAK = {"auth-server-url": f"https://{SHOP}/", "realm": "shop", "client-id": CLIENT}
INTROSPECTION = {
    "oauth2": True,
    "tokenIntrospectionEndpointUrl": f"https://{SHOP}/introspect",
    "authorizationHeader": BASIC,
}
IN_ROLES: Data = {"roles": ["admin", "clerk"], "groups": ["staff"]}


def keycloak() -> Case:
    """Whose tokens name the client as ``azp``, and more audiences."""
    made: Data = {"azp": CLIENT, "aud": "account"}

    def of(**more: Any) -> str:
        return token(REALM, "1001", **{**made, **more})

    good: Data = {"id": "1001", "access_token": of(**IN_ROLES), **IN_ROLES}
    dull: Data = {"id": "1001", "access_token": of()}
    bad: dict[str, Data] = {
        label: {"id": "1001", "access_token": text}
        for label, text in false_tokens(REALM, "1001").items()
    }
    bad |= {
        "another client's": {**dull, "access_token": of(azp="another")},
        "no client's": {**dull, "access_token": of(azp=None)},
        "more roles": {**good, "roles": ["admin", "clerk", "owner"]},
        "other groups": {**good, "groups": ["board"]},
        "roles of nobody": {**dull, "roles": ["owner"]},
        "another's id": {**good, "id": "1002"},
    }
    return Case("keycloak", {"config": KEYCLOAK}, good, "1001", bad, ("access_token",), ("config",))


def game_center() -> Case:
    good = authority().signed("G:1001")
    at = "https://static.gc.apple.com/public-key/gc-prod-1.cer"
    evil = authority("evil").signed("G:1001", publicKeyUrl=at.replace("gc-prod-1", "evil"))
    bad = {
        "another's id": {**good, "id": "G:1002"},
        "another moment": {**good, "timestamp": good["timestamp"] + 1},
        "another salt": {**good, "salt": "c2FsdA=="},
        "another signature": authority("evil").signed("G:1001"),
        "a certificate of another issuer": evil,
        "a moment before the epoch": {**good, "timestamp": -1},
        "a moment beyond eight bytes": {**good, "timestamp": 2**64},
        "a signature that is no base64": {**good, "signature": "###"},
        **{
            f"a certificate at {url[:60]}": {**good, "publicKeyUrl": url}
            for url in (
                at.replace("https", "http"),
                "https://evil.test/apple.com/a.cer",
                "https://apple.com.evil.test/a.cer",
                "https://evilapple.com/a.cer",
                "https://static.gc.apple.com@evil.test/a.cer",
                "https://evil.test\\.apple.com/a.cer",
                f"{at}?a=.cer",
                "https://[apple.com/a.cer",
                "https://static.gc.apple.com:8443/public-key/gc-prod-1.cer",
                "https://static.gc.apple.com/" + "a" * 400 + ".cer",
            )
        },
    }
    proofs = ("publicKeyUrl", "timestamp", "signature", "salt")
    return Case("gcenter", {"bundleId": BUNDLE}, good, "G:1001", bad, proofs, ("bundleId",))


def twitter(name: str) -> Case:
    good = {"oauth_token": "request-of-ada", "oauth_verifier": "verifier-of-ada"}
    bad = {
        "another's verifier": {**good, "oauth_verifier": "verifier-of-bob"},
        "another's id": {**good, "id": "1002"},
        "an access token and an id": {
            "id": "1001",
            "oauth_token": "token-of-ada",
            "oauth_token_secret": "token-secret",
        },
    }
    options = {"consumerKey": CLIENT, "consumerSecret": SECRET}
    return Case(name, options, good, "1001", bad, tuple(good), tuple(options))


def discovered(name: str, at: str, **options: Any) -> list[Case]:
    """A provider with discovery, by token and by code."""
    needed = ("clientId", *(key for key in options if key == "issuer"))
    tokens = openid(
        name, at, way="by token", options={"clientId": CLIENT, **options}, needed=needed
    )
    codes = code(name, "1001", way="by code", options={**APP, **options}, needed=needed)
    return [tokens, codes]


PKCE = {"redirect_uri": BACK, "code_verifier": VERIFIER}
CASES = [
    openid("apple", APPLE, "token"),
    openid("google", GOOGLE),
    openid(
        "facebook",
        "https://www.facebook.com",
        "token",
        way="by Limited Login",
        options={"appIds": [CLIENT], "appSecret": SECRET},
        needed=("appIds",),
    ),
    access(
        "facebook",
        {"appIds": [CLIENT], "appSecret": SECRET},
        "1001",
        way="by access token",
        needed=("appIds",),
        bad={
            "another application's": {"id": "1001", "access_token": "token-of-ada-of-another-app"}
        },
    ),
    keycloak(),
    access(
        "staff",
        {**INTROSPECTION, "appidField": "client_id", "appIds": [CLIENT]},
        "1001",
        provider="oauth2",
        needed=("tokenIntrospectionEndpointUrl", "appIds"),
        bad={
            "another application's": {"id": "1001", "access_token": "token-of-ada-of-another-app"}
        },
    ),
    access(
        "janraincapture",
        {"janrain_capture_host": "capture.shop.test"},
        "uuid-1001",
        needed=("janrain_capture_host",),
    ),
    code("github", "1001", beside={}),
    code("linkedin", "1001"),
    code("microsoft", "1001"),
    code("line", "U1001"),
    code("instagram", "1001"),
    code("gpgames", "g1001"),
    code("spotify", "s1001", beside=PKCE, options={"clientId": CLIENT}, needed=("clientId",)),
    code("wechat", "o1001", beside={}),
    code("weibo", "1001"),
    code("qq", "Q1001"),
    code("discord", "1001"),
    twitter("twitter"),
    twitter("digits"),
    game_center(),
    *discovered("gitlab", "https://gitlab.com"),
    *discovered("slack", "https://slack.com"),
    *discovered("twitch", "https://id.twitch.tv/oauth2"),
    *discovered("kakao", "https://kauth.kakao.com"),
    *[
        case
        for issuer in [f"https://{SHOP}/oidc"]
        for case in discovered("anybody", issuer, oidc=True, issuer=issuer)
    ],
]
