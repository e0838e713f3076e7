"""Sign-in providers: true log-ins, and false ones; what is shown and stored of them."""

from typing import Any

from tests.differential.scenario import Scenario, Step, get, post, put, sign_up
from tests.providers.cases import APPLE, GOOGLE, REALM
from tests.providers.fake import BACK, VERIFIER
from tests.providers.keys import CLIENT, authority, false_tokens, token

FACEBOOK = "https://www.facebook.com"
ISSUERS = {"apple": APPLE, "google": GOOGLE, "facebook": FACEBOOK, "keycloak": REALM}
# Scenarios share no user: by Limited Login another one comes than by an access token.
SUBJECTS = {"facebook": "2001"}
# Whatever else a token may be is held by the contract; these are what both servers check.
FALSE = {
    "another audience": "another_audience",
    "another issuer": "another_issuer",
    "expired": "expired",
    "without an end": "without_an_end",
    "another key under the same id": "another_key",
    "an unknown key": "unknown_key",
    "no algorithm": "no_algorithm",
    "another algorithm of the key": "another_algorithm",
    "no token": "no_token",
    "another's": "anothers",
}


def tokens() -> dict[str, str]:
    """What steps send by name, since it is another text in each run."""
    found: dict[str, str] = {}
    for name, issuer in ISSUERS.items():
        more: dict[str, Any] = {"azp": CLIENT} if name == "keycloak" else {}
        subject = SUBJECTS.get(name, "1001")
        found[f"{name}_good"] = token(issuer, subject, **more)
        false = false_tokens(issuer, subject)
        found |= {f"{name}_{short}": false[label] for label, short in FALSE.items()}
    found["keycloak_in_roles"] = token(REALM, "1001", azp=CLIENT, roles=["a", "b"], groups=["g"])
    found["keycloak_another_client"] = token(REALM, "1001", azp="another")
    for name, signed in {
        "gcenter": authority().signed("G:1001"),
        "gcenter_old": authority().signed("G:1001", age=200_000),
    }.items():
        found |= {f"{name}_{key}": str(signed[key]) for key in ("timestamp", "salt", "signature")}
    return found


def tell(provider: str, label: str, **data: Any) -> Step:
    """Sign up or log in by a provider."""
    return post("/users", {"authData": {provider: data}}, name=label)


def lives(provider: str, *, bobs: str = "", **good: Any) -> list[Step]:
    """Sign up, read oneself, log in again, and link it to nobody else; `bobs` is another's name."""
    body = {"authData": {provider: good}}
    ada, bob = f"{provider}_ada", f"{provider}_bob"
    return [
        post(
            "/users", body, name="sign up", save={ada: "$.sessionToken", f"{ada}_id": "$.objectId"}
        ),
        get("/users/me", who=ada, name="read oneself"),
        get(f"/users/{{{ada}_id}}", who="master", name="what is stored"),
        post("/users", body, name="log in"),
        sign_up(bob, bobs or f"{provider}-bob"),
        put(f"/users/{{{bob}_id}}", body, who=bob, name="link another's"),
        put(f"/users/{{{ada}_id}}", {"authData": {provider: None}}, who=ada, name="unlink"),
        put(f"/users/{{{bob}_id}}", body, who=bob, name="link what is free"),
        get(f"/users/{{{bob}_id}}", who="master", name="what is linked"),
    ]


def by_token(provider: str, field: str) -> list[Step]:
    user_id = SUBJECTS.get(provider, "1001")
    bobs = f"{provider}-bob-by-token"
    steps = [
        tell(provider, label, id=user_id, **{field: f"{{{provider}_{short}}}"})
        for label, short in FALSE.items()
        if provider != "keycloak" or short != "another_audience"
    ]
    return [
        *lives(provider, bobs=bobs, id=user_id, **{field: f"{{{provider}_good}}"}),
        *steps,
        tell(provider, "another's id", id="1002", **{field: f"{{{provider}_good}}"}),
        tell(provider, "no token at all", id=user_id),
        tell(provider, "a number for a token", id=user_id, **{field: 7}),
        tell(provider, "no id", **{field: f"{{{provider}_good}}"}),
    ]


def by_access_token(provider: str, user_id: str) -> list[Step]:
    return [
        *lives(provider, id=user_id, access_token="token-of-ada"),
        tell(provider, "another's token", id=user_id, access_token="token-of-bob"),
        tell(provider, "no such token", id=user_id, access_token="token-of-nobody"),
        tell(provider, "another's id", id="another", access_token="token-of-ada"),
        tell(provider, "no token", id=user_id),
        tell(provider, "no id", access_token="token-of-ada"),
        tell(
            provider,
            "another application's token",
            id=user_id,
            access_token="token-of-ada-of-another-app",
        ),
    ]


def by_code(provider: str, user_id: str, code: str = "code-of-ada", **beside: str) -> list[Step]:
    return [
        *lives(provider, bobs=f"{provider}-bob-{user_id.lower()}", code=code, **beside),
        tell(provider, "with the right id", id=user_id, code=code, **beside),
        tell(provider, "with another's id", id="another", code=code, **beside),
        tell(provider, "no such code", code="code-of-nobody", **beside),
        tell(provider, "no code", id=user_id),
        tell(provider, "an access token", id=user_id, access_token="token-of-ada"),
    ]


def insecurely(provider: str, user_id: str) -> list[Step]:
    return [
        *lives(provider, id=user_id, access_token="token-of-ada"),
        tell(provider, "another's token", id=user_id, access_token="token-of-bob"),
        tell(provider, "no such token", id=user_id, access_token="token-of-nobody"),
        tell(provider, "no token", id=user_id),
    ]


AT = {"redirect_uri": BACK}
CODES: dict[str, tuple[str, dict[str, str]]] = {
    "github": ("1001", {}),
    "gpgames": ("g1001", AT),
    "instagram": ("1001", AT),
    "line": ("U1001", AT),
    "linkedin": ("1001", AT),
    "microsoft": ("1001", AT),
    "qq": ("Q1001", AT),
    "spotify": ("s1001", {**AT, "code_verifier": VERIFIER}),
    "wechat": ("o1001", {}),
    "weibo": ("1001", AT),
}
KEYCLOAK = [
    *by_token("keycloak", "access_token"),
    *[
        tell("keycloak", label, id="1001", access_token=f"{{keycloak_{name}}}", **more)
        for label, name, more in [
            ("its roles", "in_roles", {"roles": ["b", "a"], "groups": ["g"]}),
            ("more roles", "in_roles", {"roles": ["a", "b", "c"], "groups": ["g"]}),
            ("roles of nobody", "good", {"roles": ["a"]}),
            ("no roles said", "in_roles", {}),
            ("another client's", "another_client", {}),
        ]
    ],
]
SIGNED: dict[str, Any] = {
    "id": "G:1001",
    "publicKeyUrl": "https://static.gc.apple.com/public-key/gc-prod-1.cer",
    **{name: f"{{gcenter_{name}}}" for name in ("timestamp", "salt", "signature")},
}
GAME_CENTER = [
    *lives("gcenter", **SIGNED),
    tell("gcenter", "another's id", **{**SIGNED, "id": "G:1002"}),
    tell("gcenter", "another moment", **{**SIGNED, "timestamp": 1}),
    tell(
        "gcenter",
        "signed two days ago",
        **{**SIGNED, **{name: f"{{gcenter_old_{name}}}" for name in ("timestamp", "signature")}},
    ),
    tell("gcenter", "another salt", **{**SIGNED, "salt": "c2FsdA=="}),
    tell("gcenter", "no salt", **{**SIGNED, "salt": ""}),
    tell("gcenter", "elsewhere", **{**SIGNED, "publicKeyUrl": "https://evil.test/apple.com/a.cer"}),
    tell(
        "gcenter",
        "a certificate of another issuer",
        **{**SIGNED, "publicKeyUrl": "https://static.gc.apple.com/public-key/evil.cer"},
    ),
]
TWITTER = [
    *lives("twitter", oauth_token="request-of-ada", oauth_verifier="verifier-of-ada"),
    tell("twitter", "a wrong verifier", oauth_token="request-of-ada", oauth_verifier="guessed"),
    tell(
        "twitter",
        "an access token",
        id="1001",
        oauth_token="token-of-ada",
        oauth_token_secret="token-secret",
    ),
]


def scenario(name: str, steps: list[Step], configuration: str = "providers") -> Scenario:
    return Scenario(f"sign-in by {name}", steps, configuration)


SCENARIOS = [
    scenario("apple", by_token("apple", "token")),
    scenario("google", by_token("google", "id_token")),
    scenario("keycloak", KEYCLOAK),
    scenario("facebook's access token", by_access_token("facebook", "1001")),
    scenario("an OAuth 2 server", by_access_token("staff", "1001")),
    scenario("janrain capture", by_access_token("janraincapture", "uuid-1001")),
    scenario("game center", GAME_CENTER),
    scenario("twitter", TWITTER),
    *[scenario(name, by_code(name, user_id, **more)) for name, (user_id, more) in CODES.items()],
    *[
        scenario(f"{name}, insecurely", insecurely(name, user_id), "insecure_providers")
        for name, (user_id, _) in CODES.items()
    ],
    scenario("linkedin, of an older application", by_code("linkedin", "1003", "code-of-old", **AT)),
    # last, since its users have the same ids
    scenario("facebook's limited login", by_token("facebook", "token")),
]
