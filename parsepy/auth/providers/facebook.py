"""Facebook: access tokens of its Graph API, and the ID tokens of Limited Login."""

import asyncio
import hashlib
import hmac
from dataclasses import dataclass

from parsepy.auth.options import OptionsError
from parsepy.auth.providers.asking import ProviderApi
from parsepy.auth.providers.key_sets import SECONDS, KeySet
from parsepy.auth.providers.proving import ProvingAdapter, identity_of, text_of
from parsepy.auth.providers.tokens import Expected, verified
from parsepy.model.values import JSONObject
from parsepy.outgoing import Outgoing

_GRAPH = "https://graph.facebook.com/"
_ISSUER = "https://www.facebook.com"
_KEYS = "https://www.facebook.com/.well-known/oauth/openid/jwks/"


@dataclass(frozen=True)
class FacebookOptions:
    """The applications whose tokens count; with ``appSecret`` requests prove who asks."""

    app_ids: tuple[str, ...]
    app_secret: str | None = None
    cache_max_age: float = SECONDS * 1000
    cache_max_entries: int = 5

    def __post_init__(self) -> None:
        if not self.app_ids:
            raise OptionsError(["appIds is missing"])


class Facebook(ProvingAdapter):
    """https://developers.facebook.com/docs/facebook-login, and its page on Limited Login."""

    Options = FacebookOptions
    title = "Facebook"
    modes = ("access token", "id token (Limited Login)")

    def __init__(self, options: FacebookOptions, http: Outgoing) -> None:
        super().__init__()
        self._options = options
        self._api = ProviderApi(self.title, http)
        self._keys = KeySet(self._api, _KEYS, options.cache_max_age / 1000)

    async def prove(self, auth_data: JSONObject) -> JSONObject:
        """By ``token``, which Limited Login gives, else by ``access_token``."""
        if "token" in auth_data:
            return {**auth_data, "id": await self._by_id_token(auth_data)}
        token = text_of(auth_data, "access_token")
        if token is None:
            raise self.refused()
        params = {"access_token": token}
        if self._options.app_secret is not None:
            secret = self._options.app_secret.encode()
            params["appsecret_proof"] = hmac.new(secret, token.encode(), hashlib.sha256).hexdigest()
        user, app = await asyncio.gather(
            self._api.get(f"{_GRAPH}me", {"fields": "id", **params}),
            self._api.get(f"{_GRAPH}app", params),
        )
        user_id = identity_of(user.get("id"))
        if user_id is None or identity_of(app.get("id")) not in self._options.app_ids:
            raise self.refused()
        return {**auth_data, "id": user_id}

    async def _by_id_token(self, auth_data: JSONObject) -> str:
        token = text_of(auth_data, "token")
        if token is None:
            raise self.refused("id token is invalid for this user.")
        claims = await verified(token, self._keys, Expected((_ISSUER,), self._options.app_ids))
        user_id: str = claims["sub"]
        if auth_data.get("id", user_id) != user_id:
            raise self.refused("auth data is invalid for this user.")
        return user_id
