"""Every provider's servers, answering as their documentation says: by function, and over HTTP.

Whoever logs in is somebody of ``PEOPLE``: ``code-of-ada`` is exchanged for ``token-of-ada``, whose
id is 1001 in each provider's own form. The application is ``keys.CLIENT`` with ``SECRET``.
"""

import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

import httpx
from cryptography.hazmat.primitives.serialization import Encoding

from parsepy.outgoing import Outgoing
from tests.providers import keys
from tests.providers.keys import CLIENT

SECRET = "secret-of-the-shop"
BACK = "https://shop.test/back"
VERIFIER = "verifier-of-the-shop-with-43-characters-at-least"
PEOPLE = {"ada": 1001, "bob": 1002, "old": 1003}
"""Who has an account; ``old`` uses an application of before LinkedIn's change of scopes."""
BASIC = "Basic c2hvcDpzZWNyZXQ="
SHOP = "login.shop.test"
ISSUERS = {
    "https://gitlab.com": "https://gitlab.com/oauth",
    "https://slack.com": "https://slack.com/api",
    "https://id.twitch.tv/oauth2": "https://id.twitch.tv/oauth2",
    "https://kauth.kakao.com": "https://kauth.kakao.com/oauth",
    f"https://{SHOP}/oidc": f"https://{SHOP}/oidc",
}
"""Issuers with discovery, and where their endpoints are."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request to a provider."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def place(self) -> str:
        """Host and path."""
        parts = urlsplit(self.url)
        return f"{parts.netloc}{parts.path}"

    @property
    def query(self) -> dict[str, str]:
        """The query's fields."""
        return dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))

    @property
    def form(self) -> dict[str, str]:
        """The body's fields; of JSON, too, which some providers take."""
        if self.headers.get("content-type", "").startswith("application/json"):
            found = json.loads(self.body)
            return {name: value for name, value in found.items() if isinstance(value, str)}
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    @property
    def bearer(self) -> str | None:
        """The person whose access token stands in the header."""
        kind, _, token = self.headers.get("authorization", "").partition(" ")
        return owner(token) if kind.lower() == "bearer" else None


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered; an object as JSON."""

    content: Any
    status: int = 200
    kind: str = "application/json"

    @property
    def body(self) -> bytes:
        """The bytes of it."""
        if isinstance(self.content, bytes):
            return self.content
        text = self.content if isinstance(self.content, str) else json.dumps(self.content)
        return text.encode()


def owner(token: str | None) -> str | None:
    """Whose access token it is."""
    name = (token or "").removeprefix("token-of-")
    return name if token == f"token-of-{name}" and name in PEOPLE else None


def coder(code: str | None) -> str | None:
    """Whose code it is."""
    name = (code or "").removeprefix("code-of-")
    return name if code == f"code-of-{name}" and name in PEOPLE else None


# --- OAuth 2 ------------------------------------------------------------------------------------

INVALID = Answer({"error": "invalid_grant", "error_description": "The code is not valid."}, 400)
NO_TOKEN = Answer({"error": {"status": 401, "message": "Invalid access token"}}, 401)


def is_ours(form: Mapping[str, str], *, redirects: tuple[str, ...] = (BACK,)) -> bool:
    """Does the shop's server ask, in the right way?"""
    return (
        form.get("client_id") == CLIENT
        and form.get("client_secret") == SECRET
        and form.get("grant_type") == "authorization_code"
        and form.get("redirect_uri") in redirects
    )


def exchange(asked: Asked, **more: Any) -> Answer:
    """RFC 6749 §4.1.3, by a form."""
    form = asked.form
    name = coder(form.get("code"))
    is_form = asked.headers.get("content-type") == "application/x-www-form-urlencoded"
    if asked.method != "POST" or not is_form or name is None or not is_ours(form):
        return INVALID
    answer = {"access_token": f"token-of-{name}", "token_type": "Bearer", "expires_in": 3600}
    return Answer(answer | more)


def me(make: Callable[[str], Any]) -> Callable[[Asked], Answer]:
    """An address that tells whose access token the header holds."""

    def answer(asked: Asked) -> Answer:
        name = asked.bearer
        return NO_TOKEN if asked.method != "GET" or name is None else Answer(make(name))

    return answer


def github(asked: Asked) -> Answer:
    form = asked.form
    name = coder(form.get("code"))
    if (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET) or name is None:
        text = "The code passed is incorrect or expired."
        return Answer({"error": "bad_verification_code", "error_description": text})
    if asked.headers.get("accept") != "application/json":
        return Answer(f"access_token=token-of-{name}&scope=&token_type=bearer", kind="text/plain")
    return Answer({"access_token": f"token-of-{name}", "scope": "", "token_type": "bearer"})


def linkedin_me(asked: Asked) -> Answer:
    name = asked.bearer
    if name is None:
        return NO_TOKEN
    if name != "old":
        return Answer({"message": "Not enough permissions to access: GET /me", "status": 403}, 403)
    return Answer({"id": str(PEOPLE[name]), "localizedFirstName": name})


def linkedin_userinfo(asked: Asked) -> Answer:
    name = asked.bearer
    if name is None or name == "old":
        return Answer({"message": "Not enough permissions", "status": 403}, 403)
    return Answer({"sub": str(PEOPLE[name]), "name": name})


def instagram_me(asked: Asked) -> Answer:
    name = owner(asked.query.get("access_token"))
    if name is None:
        return Answer({"error": {"type": "OAuthException", "code": 190}}, 400)
    return Answer({"id": str(PEOPLE[name])})


def instagram_token(asked: Asked) -> Answer:
    answer = exchange(asked)
    if answer is INVALID:
        return Answer({"error_type": "OAuthException", "code": 400, "error_message": "no"}, 400)
    name = coder(asked.form["code"]) or ""
    return Answer({"access_token": f"token-of-{name}", "user_id": PEOPLE[name], "permissions": []})


def google_token(asked: Asked) -> Answer:
    name = coder(asked.form.get("code"))
    if name is None or not is_ours(asked.form, redirects=(BACK, "")):
        return INVALID
    return Answer({"access_token": f"token-of-{name}", "token_type": "Bearer"})


def spotify_token(asked: Asked) -> Answer:
    form = asked.form
    name = coder(form.get("code"))
    told = [form.get(field) for field in ("client_id", "redirect_uri", "code_verifier")]
    if name is None or told != [CLIENT, BACK, VERIFIER]:
        return INVALID
    return Answer({"access_token": f"token-of-{name}", "token_type": "Bearer"})


def wechat_token(asked: Asked) -> Answer:
    query = asked.query
    name = coder(query.get("code"))
    if (query.get("appid"), query.get("secret")) != (CLIENT, SECRET) or name is None:
        return Answer({"errcode": 40029, "errmsg": "invalid code"})
    more = {"expires_in": 7200, "refresh_token": "r", "scope": "snsapi_login"}
    return Answer({"access_token": f"token-of-{name}", "openid": f"o{PEOPLE[name]}", **more})


def wechat_auth(asked: Asked) -> Answer:
    query = asked.query
    name = owner(query.get("access_token"))
    if name is None or query.get("openid") != f"o{PEOPLE[name]}":
        return Answer({"errcode": 40003, "errmsg": "invalid openid"})
    return Answer({"errcode": 0, "errmsg": "ok"})


def weibo_token(asked: Asked) -> Answer:
    answer = exchange(asked)
    if answer is INVALID:
        return Answer({"error": "invalid_grant", "error_code": 21325, "request": "/"}, 400)
    name = coder(asked.form["code"]) or ""
    return Answer({"access_token": f"token-of-{name}", "expires_in": 1, "uid": str(PEOPLE[name])})


def weibo_info(asked: Asked) -> Answer:
    name = owner(asked.form.get("access_token"))
    if name is None:
        return Answer({"error": "invalid_access_token", "error_code": 21332}, 400)
    return Answer({"uid": PEOPLE[name], "appkey": CLIENT, "scope": None, "expire_in": 1})


def qq_token(asked: Asked) -> Answer:
    query = asked.query
    name = coder(query.get("code"))
    if asked.method != "GET" or name is None or not is_ours(query):
        text = 'callback( {"error":100019,"error_description":"code to access token error"} );\n'
        return Answer(text, kind="text/html")
    answer = {"access_token": f"token-of-{name}", "expires_in": "7776000", "refresh_token": "r"}
    if query.get("fmt") == "json":
        return Answer(answer)
    return Answer("&".join(f"{k}={v}" for k, v in answer.items()), kind="text/html")


def qq_me(asked: Asked) -> Answer:
    name = owner(asked.query.get("access_token"))
    answer: Any = {"error": 100016, "error_description": "access token check failed"}
    if name is not None:
        answer = {"client_id": CLIENT, "openid": f"Q{PEOPLE[name]}"}
    if asked.query.get("fmt") == "json":
        return Answer(answer)
    return Answer(f"callback( {json.dumps(answer)} );\n", kind="text/html")


# --- others -------------------------------------------------------------------------------------


def graph_me(asked: Asked) -> Answer:
    name = owner(asked.query.get("access_token", "").removesuffix("-of-another-app"))
    return graph_error(asked) if name is None else Answer({"id": str(PEOPLE[name])})


def graph_app(asked: Asked) -> Answer:
    token = asked.query.get("access_token", "")
    if token == "token-of-ada-of-another-app":
        return Answer({"id": "another", "name": "Another"})
    return graph_error(asked) if owner(token) is None else Answer({"id": CLIENT, "name": "Shop"})


def graph_error(asked: Asked) -> Answer:
    text = "Invalid OAuth access token."
    return Answer({"error": {"message": text, "type": "OAuthException", "code": 190}}, 400)


def with_proof(answer: Callable[[Asked], Answer]) -> Callable[[Asked], Answer]:
    """Facebook's "require app secret"."""

    def proven(asked: Asked) -> Answer:
        token = asked.query.get("access_token", "")
        proof = hmac.new(SECRET.encode(), token.encode(), hashlib.sha256).hexdigest()
        is_right = asked.query.get("appsecret_proof") == proof
        return answer(asked) if is_right else graph_error(asked)

    return proven


def introspect(asked: Asked) -> Answer:
    if asked.headers.get("authorization") != BASIC:
        return Answer({"error": "invalid_client"}, 401)
    token = asked.form.get("token", "")
    name = owner(token.removesuffix("-of-another-app"))
    if name is None:
        return Answer({"active": False})
    app = "another" if token.endswith("-of-another-app") else CLIENT
    return Answer({"active": True, "sub": str(PEOPLE[name]), "client_id": app, "aud": [app, "x"]})


def janrain(asked: Asked) -> Answer:
    name = owner(asked.query.get("access_token"))
    if name is None or asked.query.get("attribute_name") != "uuid":
        return Answer({"stat": "error", "code": 414, "error": "access_token_expired"})
    return Answer({"stat": "ok", "result": f"uuid-{PEOPLE[name]}"})


def oauth1(asked: Asked) -> dict[str, str] | None:
    """The fields of a request's OAuth 1.0a header whose signature is right (RFC 5849 §3.4)."""
    from oauthlib.oauth1.rfc5849 import signature

    kind, _, rest = asked.headers.get("authorization", "").partition(" ")
    if kind != "OAuth":
        return None
    pairs = [part.strip().partition("=")[::2] for part in rest.split(",")]
    found = {name: unquote(value.strip('"')) for name, value in pairs}
    params = [(k, v) for k, v in found.items() if k not in ("oauth_signature", "realm")]
    base = signature.signature_base_string(
        asked.method,
        signature.base_string_uri(asked.url),
        signature.normalize_parameters(params),
    )
    token_secret = "token-secret" if "oauth_verifier" not in found else ""
    expected = signature.sign_hmac_sha1_with_client(base, _Signer(SECRET, token_secret))
    return found if found.get("oauth_signature") == expected else None


@dataclass(frozen=True, slots=True)
class _Signer:
    client_secret: str
    resource_owner_secret: str


def twitter_token(asked: Asked) -> Answer:
    found = oauth1(asked) or {}
    name = found.get("oauth_token", "").removeprefix("request-of-")
    if name not in PEOPLE or found.get("oauth_verifier") != f"verifier-of-{name}":
        return Answer("Request token missing", 401, "text/html")
    fields = {"oauth_token": f"token-of-{name}", "oauth_token_secret": "token-secret"}
    fields |= {"user_id": str(PEOPLE[name]), "screen_name": name}
    return Answer("&".join(f"{k}={v}" for k, v in fields.items()), kind="text/html")


def twitter_me(asked: Asked) -> Answer:
    name = owner((oauth1(asked) or {}).get("oauth_token"))
    if name is None:
        return Answer({"title": "Unauthorized", "status": 401}, 401)
    return Answer({"data": {"id": str(PEOPLE[name]), "name": name, "username": name}})


def jwks(asked: Asked) -> Answer:
    return Answer({"keys": keys.public_keys()})


def discovery(issuer: str, base: str) -> Callable[[Asked], Answer]:
    """OpenID Connect Discovery 1.0 §4.2, with the fields that are needed."""
    document = {
        "issuer": issuer,
        "jwks_uri": f"{base}/keys",
        "token_endpoint": f"{base}/token",
        "id_token_signing_alg_values_supported": ["RS256", "ES256"],
    }
    return lambda asked: Answer(document)


def openid_token(issuer: str) -> Callable[[Asked], Answer]:
    """The token endpoint of an issuer."""

    def answer(asked: Asked) -> Answer:
        name = coder(asked.form.get("code")) or ""
        said = exchange(asked)
        if said is INVALID:
            return said
        return exchange(asked, id_token=keys.token(issuer, str(PEOPLE[name])))

    return answer


def certificate(asked: Asked) -> Answer:
    found = keys.authority().leaf.public_bytes(Encoding.DER)
    return Answer(found, kind="application/pkix-cert")


def other_certificate(asked: Asked) -> Answer:
    found = keys.authority("evil").leaf.public_bytes(Encoding.DER)
    return Answer(found, kind="application/pkix-cert")


def root_certificate(asked: Asked) -> Answer:
    found = keys.authority().root.public_bytes(Encoding.PEM)
    return Answer(found, kind="application/x-pem-file")


PLACES: dict[str, Callable[[Asked], Answer]] = {
    "appleid.apple.com/auth/keys": jwks,
    "www.googleapis.com/oauth2/v3/certs": jwks,
    "www.facebook.com/.well-known/oauth/openid/jwks/": jwks,
    f"{SHOP}/realms/shop/protocol/openid-connect/certs": jwks,
    f"{SHOP}/introspect": introspect,
    "capture.shop.test/entity": janrain,
    "graph.facebook.com/me": with_proof(graph_me),
    "graph.facebook.com/app": with_proof(graph_app),
    "github.com/login/oauth/access_token": github,
    "api.github.com/user": me(lambda name: {"login": name, "id": PEOPLE[name]}),
    "www.linkedin.com/oauth/v2/accessToken": exchange,
    "api.linkedin.com/v2/me": linkedin_me,
    "api.linkedin.com/v2/userinfo": linkedin_userinfo,
    "login.microsoftonline.com/common/oauth2/v2.0/token": exchange,
    "graph.microsoft.com/v1.0/me": me(lambda name: {"id": str(PEOPLE[name]), "mail": None}),
    "api.line.me/oauth2/v2.1/token": exchange,
    "api.line.me/v2/profile": me(lambda name: {"userId": f"U{PEOPLE[name]}", "displayName": name}),
    "api.instagram.com/oauth/access_token": instagram_token,
    "graph.instagram.com/me": instagram_me,
    "oauth2.googleapis.com/token": google_token,
    "www.googleapis.com/games/v1/players/me": me(lambda name: {"playerId": f"g{PEOPLE[name]}"}),
    "accounts.spotify.com/api/token": spotify_token,
    "api.spotify.com/v1/me": me(lambda name: {"id": f"s{PEOPLE[name]}", "type": "user"}),
    "api.weixin.qq.com/sns/oauth2/access_token": wechat_token,
    "api.weixin.qq.com/sns/auth": wechat_auth,
    "api.weibo.com/oauth2/access_token": weibo_token,
    "api.weibo.com/oauth2/get_token_info": weibo_info,
    "graph.qq.com/oauth2.0/token": qq_token,
    "graph.qq.com/oauth2.0/me": qq_me,
    "api.twitter.com/oauth/access_token": twitter_token,
    "api.twitter.com/2/users/me": twitter_me,
    "discord.com/api/oauth2/token": exchange,
    "discord.com/api/users/@me": me(lambda name: {"id": str(PEOPLE[name]), "username": name}),
    "static.gc.apple.com/public-key/gc-prod-1.cer": certificate,
    "static.gc.apple.com/public-key/evil.cer": other_certificate,
    "cacerts.digicert.com/DigiCertTrustedG4CodeSigningRSA4096SHA3842021CA1.crt.pem": (
        root_certificate
    ),
    **{
        f"{name.removeprefix('https://')}/.well-known/openid-configuration": discovery(name, base)
        for name, base in ISSUERS.items()
    },
    **{f"{base.removeprefix('https://')}/keys": jwks for base in ISSUERS.values()},
    **{
        f"{base.removeprefix('https://')}/token": openid_token(name)
        for name, base in ISSUERS.items()
    },
}


def answer(asked: Asked) -> Answer:
    """What the provider at that address answers."""
    place = PLACES.get(asked.place)
    if place is None and asked.place.startswith("www.googleapis.com/games/v1/players/"):
        return PLACES["www.googleapis.com/games/v1/players/me"](asked)
    return Answer({"error": "not found"}, 404) if place is None else place(asked)


def answer_httpx(request: httpx.Request) -> httpx.Response:
    """The same for a request of httpx, without a network."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    found = answer(Asked(request.method, str(request.url), headers, request.content))
    return httpx.Response(found.status, content=found.body, headers={"Content-Type": found.kind})


# --- over HTTP ----------------------------------------------------------------------------------


class _Redirection(httpx.AsyncHTTPTransport):
    """Sends what is asked of https to the made-up providers."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.scheme == "https":
            place = request.url.raw_path.decode()
            request.url = httpx.URL(f"{self._url}/{request.url.netloc.decode()}{place}")
        return await super().handle_async_request(request)


def redirected(url: str) -> Outgoing:
    """The network of a parsepy that knows no other providers than those at the URL."""
    return Outgoing(transport=_Redirection(url))


def redirecting(url: str) -> dict[str, str]:
    """The environment of a Parse Server that knows no other providers."""
    preload = Path(__file__).with_name("redirect.js")
    return {"FAKE_PROVIDERS": url, "NODE_OPTIONS": f"--require {preload}"}


@dataclass
class FakeProviders:
    """All of them on one port: ``{url}/{host}/{path}`` is ``https://{host}/{path}``."""

    asked: list[Asked] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(fake: FakeProviders) -> Callable[..., BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))

        def _answer(self, body: bytes) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, f"https:/{self.path}", headers, body)
            fake.asked.append(asked)
            found = answer(asked)
            self.send_response(found.status)
            self.send_header("Content-Type", found.kind)
            self.send_header("Content-Length", str(len(found.body)))
            self.end_headers()
            self.wfile.write(found.body)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Say nothing."""

    return Handler
