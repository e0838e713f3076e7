"""Twitter, and Digits, whose tokens were Twitter's: OAuth 1.0a (RFC 5849), signed by oauthlib."""

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from parsepy.auth.options import OptionsError, option
from parsepy.auth.providers.asking import ProviderApi
from parsepy.auth.providers.proving import ProvingAdapter, identity_of, text_of
from parsepy.model.values import JSONObject
from parsepy.outgoing import Outgoing

_EXCHANGE = "https://api.twitter.com/oauth/access_token"
_USER = "https://api.twitter.com/2/users/me"


@dataclass(frozen=True)
class TwitterOptions:
    """The application; Parse Server reads the second spelling, and documents the first."""

    consumer_key: str = option("consumerKey", "consumer_key")
    consumer_secret: str = option("consumerSecret", "consumer_secret")
    enable_insecure_auth: bool = False

    def __post_init__(self) -> None:
        if find_spec("oauthlib") is None:
            raise OptionsError(["needs oauthlib: pip install 'parsepy-server[twitter]'"])


class Twitter(ProvingAdapter):
    """https://docs.x.com/fundamentals/authentication/oauth-1-0a/obtaining-user-access-tokens."""

    Options = TwitterOptions
    title: ClassVar[str] = "Twitter"
    modes = ("verifier", "access token, insecure")
    extra = "twitter"

    def __init__(self, options: TwitterOptions, http: Outgoing) -> None:
        super().__init__()
        self._options = options
        self._api = ProviderApi(self.title, http)

    async def prove(self, auth_data: JSONObject) -> JSONObject:
        """Exchange a token and its verifier; Twitter tells whose the new token is."""
        token, verifier = (text_of(auth_data, name) for name in ("oauth_token", "oauth_verifier"))
        if verifier is None and self._options.enable_insecure_auth:
            return await self._by_token(auth_data)
        if token is None or verifier is None:
            raise self.refused()
        headers = self._signed("POST", _EXCHANGE, resource_owner_key=token, verifier=verifier)
        reply = await self._api.reply_to_post(_EXCHANGE, {}, headers)
        answer = _form_of(reply.body)
        user_id = identity_of(answer.get("user_id"))
        told = {name: text_of(answer, name) for name in ("oauth_token", "oauth_token_secret")}
        if user_id is None or None in told.values():
            raise self.refused()
        return {"id": user_id, **told}

    async def _by_token(self, auth_data: JSONObject) -> JSONObject:
        """A token and its secret; clients of old send `auth_token` and `auth_token_secret`."""
        token, secret = (
            text_of(auth_data, f"oauth_{name}") or text_of(auth_data, f"auth_{name}")
            for name in ("token", "token_secret")
        )
        if token is None or secret is None:
            raise self.refused()
        owner = {"resource_owner_key": token, "resource_owner_secret": secret}
        reply = await self._api.reply_to_get(_USER, headers=self._signed("GET", _USER, **owner))
        found = self._api.object_in(reply, _USER).get("data")
        user_id = identity_of(found.get("id")) if isinstance(found, dict) else None
        if user_id is None:
            raise self.refused()
        return {**auth_data, "id": user_id}

    def _signed(self, method: str, url: str, **token: str) -> dict[str, str]:
        """The headers of a request, with its signature."""
        from oauthlib.oauth1 import Client

        options = self._options
        client = Client(options.consumer_key, client_secret=options.consumer_secret, **token)
        headers: dict[str, str] = client.sign(url, http_method=method)[1]
        return headers

    async def after_find(self, auth_data: JSONObject, options: Any, request: Any) -> JSONObject:
        """What a user reads of it: not the token."""
        return {"id": auth_data.get("id")}


class Digits(Twitter):
    """The same accounts by telephone number."""

    title = "Digits"


def _form_of(body: bytes) -> JSONObject:
    """The fields of an answer that is a form; nothing, if it is too much or none."""
    text = body.decode("utf-8", "replace")
    return dict(parse_qsl(text)) if text.count("&") < 20 else {}
