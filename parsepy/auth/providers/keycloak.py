"""Keycloak: access tokens of a realm, made out to the client that is configured."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from parsepy.auth.options import OptionsError
from parsepy.auth.providers.asking import ProviderApi
from parsepy.auth.providers.key_sets import SECONDS, KeySet
from parsepy.auth.providers.proving import ProvingAdapter, text_of
from parsepy.auth.providers.tokens import Expected, email_in, verified
from parsepy.model.values import JSONObject
from parsepy.outgoing import Outgoing

_NEEDED = ("auth-server-url", "realm", "client-id")


@dataclass(frozen=True)
class KeycloakOptions:
    """``config`` is the file that Keycloak makes for a client; of it three members count."""

    config: Mapping[str, Any]
    cache_max_age: float = SECONDS * 1000
    cache_max_entries: int = 5

    def __post_init__(self) -> None:
        missing = [
            f"config.{name} is missing"
            for name in _NEEDED
            if not (isinstance(self.config.get(name), str) and self.config[name])
        ]
        if missing:
            raise OptionsError(missing)


class Keycloak(ProvingAdapter):
    """https://www.keycloak.org/securing-apps/oidc-layers; roles and groups must be the token's."""

    Options = KeycloakOptions
    title = "Keycloak"
    modes = ("access token",)

    def __init__(self, options: KeycloakOptions, http: Outgoing) -> None:
        super().__init__()
        server, realm, self._client_id = (str(options.config[name]) for name in _NEEDED)
        self._issuer = f"{server.rstrip('/')}/realms/{realm}"
        keys = f"{self._issuer}/protocol/openid-connect/certs"
        self._keys = KeySet(ProviderApi(self.title, http), keys, options.cache_max_age / 1000)

    async def prove(self, auth_data: JSONObject) -> JSONObject:
        """The subject of a token that was made for our client, whatever else may read it."""
        token = text_of(auth_data, "access_token")
        if token is None:
            raise self.refused("Missing access token and/or User id")
        claims = await verified(token, self._keys, Expected((self._issuer,)))
        if claims.get("azp") != self._client_id:
            raise self.refused("access token is not authorized for this client")
        if auth_data.get("id", claims["sub"]) != claims["sub"]:
            raise self.refused("auth data is invalid for this user.")
        for name in ("roles", "groups"):
            if not _are_equal(claims.get(name), auth_data.get(name)):
                raise self.refused("Invalid authentication")
        return {**auth_data, "id": claims["sub"]}

    def verified_email(self, proven: JSONObject) -> str | None:
        """As the token says."""
        return email_in(proven["access_token"])


def _are_equal(told: Any, given: Any) -> bool:
    """Parse: roles and groups are stored as a client sends them, so they must be the token's."""
    if isinstance(told, list) and isinstance(given, list):
        return sorted(map(str, told)) == sorted(map(str, given)) and all(
            isinstance(item, str) for item in given
        )
    return told is None and given is None
