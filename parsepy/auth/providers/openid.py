"""Providers of OpenID Connect: an ID token says who somebody is (protocol §15.9).

``OpenIdAdapter`` is their base; below it stand those whose addresses are fixed, then those that
tell them by discovery, of which any issuer may be configured.
"""

import asyncio
import time
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlsplit

from parsepy.auth.options import OptionsError, option
from parsepy.auth.providers.asking import ProviderApi
from parsepy.auth.providers.key_sets import SECONDS, KeySet
from parsepy.auth.providers.proving import ProvingAdapter, text_of
from parsepy.auth.providers.tokens import Expected, email_in, verified
from parsepy.errors import ParseError
from parsepy.model.values import JSONObject
from parsepy.outgoing import Outgoing


@dataclass(frozen=True)
class TokenOptions:
    """For whom tokens must be made out: an application has an id for each of its platforms."""

    client_id: tuple[str, ...]
    cache_max_age: float = SECONDS * 1000
    cache_max_entries: int = 5

    def __post_init__(self) -> None:
        if not self.client_id:
            raise OptionsError(["clientId is missing"])


@dataclass(frozen=True, slots=True)
class OpenIdIssuer:
    """A provider: what its tokens say of themselves, its keys, and where codes are exchanged."""

    issuers: tuple[str, ...]
    keys: KeySet
    token_url: str | None = None


class OpenIdAdapter(ProvingAdapter):
    """An ID token of the provider, made out to the application that is configured."""

    Options = TokenOptions
    modes: ClassVar[tuple[str, ...]] = ("id token",)
    field: ClassVar[str] = "id_token"
    """Where a client puts the token."""
    issuers: ClassVar[tuple[str, ...]] = ()
    keys_url: ClassVar[str] = ""

    def __init__(self, options: TokenOptions, http: Outgoing) -> None:
        super().__init__()
        self._options = options
        self._api = ProviderApi(self.title, http)
        if self.keys_url:
            self._issuer = OpenIdIssuer(self.issuers, self._keys_at(self.keys_url))

    async def prove(self, auth_data: JSONObject) -> JSONObject:
        """The authData with the subject of its token for ``id``."""
        token = text_of(auth_data, self.field)
        if token is None:
            raise self.refused("id token is invalid for this user.")
        claims = await self.claims(token)
        return {**auth_data, "id": claims["sub"]}

    def verified_email(self, proven: JSONObject) -> str | None:
        """As the token says."""
        return email_in(proven[self.field])

    async def claims(self, token: str) -> JSONObject:
        """What a true token says; raises ``ParseError``."""
        issuer = await self.issuer()
        expected = Expected(issuer.issuers, self._options.client_id)
        return await verified(token, issuer.keys, expected)

    async def issuer(self) -> OpenIdIssuer:
        """The provider; one that must be asked first raises ``ParseError``."""
        return self._issuer

    def refused(self, text: str = "") -> ParseError:
        """The refusal of a token, in Parse Server's words."""
        return super().refused(text or "auth data is invalid for this user.")

    def _keys_at(self, url: str) -> KeySet:
        return KeySet(self._api, url, self._options.cache_max_age / 1000)


class Apple(OpenIdAdapter):
    """Sign in with Apple: https://developer.apple.com/documentation/signinwithapplerestapi."""

    title = "Apple"
    field = "token"
    issuers = ("https://appleid.apple.com",)
    keys_url = "https://appleid.apple.com/auth/keys"


class Google(OpenIdAdapter):
    """Google's ID tokens: https://developers.google.com/identity/openid-connect."""

    title = "Google"
    issuers = ("accounts.google.com", "https://accounts.google.com")
    keys_url = "https://www.googleapis.com/oauth2/v3/certs"


@dataclass(frozen=True)
class DiscoveryOptions(TokenOptions):
    """A provider by its issuer; with ``clientSecret`` clients may send codes, too."""

    issuer: str | None = None
    client_secret: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.issuer is not None and not _is_safe(self.issuer):
            raise OptionsError(["issuer: expected an address with https"])


class DiscoveredAdapter(OpenIdAdapter):
    """A provider that tells its addresses itself (OpenID Connect Discovery 1.0)."""

    Options = DiscoveryOptions
    modes = ("id token", "code, with clientSecret")
    default_issuer: ClassVar[str] = ""

    def __init__(self, options: DiscoveryOptions, http: Outgoing) -> None:
        super().__init__(options, http)
        self._name = (options.issuer or self.default_issuer).rstrip("/")
        self._secret = options.client_secret
        self._found: OpenIdIssuer | None = None
        self._until = 0.0
        self._lock = asyncio.Lock()

    async def prove(self, auth_data: JSONObject) -> JSONObject:
        """Exchange a code for an ID token first, if there is one."""
        code = text_of(auth_data, "code")
        if code is None or self._secret is None:
            return await super().prove(auth_data)
        form = {"grant_type": "authorization_code", "code": code}
        form |= {"client_id": self._options.client_id[0], "client_secret": self._secret}
        for name in ("redirect_uri", "code_verifier"):
            if (text := text_of(auth_data, name)) is not None:
                form[name] = text
        token_url = (await self.issuer()).token_url
        if token_url is None:
            raise self.refused("The provider tells no address that takes codes.")
        found = await self._api.post(token_url, form)
        token = text_of(found, "id_token")
        if token is None:
            raise self.refused()
        return {"id": (await self.claims(token))["sub"], "id_token": token}

    async def issuer(self) -> OpenIdIssuer:
        """What the provider tells of itself, kept for an hour; raises ``ParseError``."""
        if self._found is None or self._until <= time.monotonic():
            async with self._lock:
                if self._found is None or self._until <= time.monotonic():
                    self._found = await self._discovered(self._found)
                    self._until = time.monotonic() + SECONDS
        return self._found

    async def _discovered(self, known: OpenIdIssuer | None) -> OpenIdIssuer:
        told = await self._api.get(f"{self._name}/.well-known/openid-configuration")
        name, keys, token_url = (
            told.get(field) for field in ("issuer", "jwks_uri", "token_endpoint")
        )
        if not isinstance(name, str) or name.rstrip("/") != self._name:
            raise self.refused("The provider tells another issuer than its own.")
        if not isinstance(keys, str) or not _is_safe(keys):
            raise self.refused("The provider tells no address of its keys.")
        is_safe = isinstance(token_url, str) and _is_safe(token_url)
        kept = known.keys if known is not None and known.keys.url == keys else self._keys_at(keys)
        return OpenIdIssuer((name,), kept, token_url if is_safe else None)


@dataclass(frozen=True)
class AnyIssuerOptions(DiscoveryOptions):
    """The issuer must be named."""

    issuer: str | None = option("issuer", default=None, is_needed=True)
    oidc: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.issuer is None:
            raise OptionsError(["issuer is missing"])


class AnyIssuer(DiscoveredAdapter):
    """``oidc: true``: whoever has OpenID Connect with discovery."""

    Options = AnyIssuerOptions
    title = "OpenID"


class GitLab(DiscoveredAdapter):
    """GitLab; its own installations by ``issuer``: https://docs.gitlab.com/integration/openid_connect_provider."""

    title = "GitLab"
    default_issuer = "https://gitlab.com"


class Slack(DiscoveredAdapter):
    """Sign in with Slack: https://docs.slack.dev/authentication/sign-in-with-slack."""

    title = "Slack"
    default_issuer = "https://slack.com"


class Twitch(DiscoveredAdapter):
    """Twitch: https://dev.twitch.tv/docs/authentication/getting-tokens-oidc."""

    title = "Twitch"
    default_issuer = "https://id.twitch.tv/oauth2"


class Kakao(DiscoveredAdapter):
    """Kakao Login: https://developers.kakao.com/docs/latest/en/kakaologin/rest-api."""

    title = "Kakao"
    default_issuer = "https://kauth.kakao.com"


def _is_safe(url: str) -> bool:
    """Is it https, or this machine's own, as in tests?"""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in _LOCAL))


_LOCAL = frozenset(("localhost", "127.0.0.1", "::1"))
