"""Access tokens that the server of an OAuth 2 provider is asked about (RFC 7662)."""

from dataclasses import dataclass

from parsepy.auth.options import OptionsError
from parsepy.auth.providers.asking import ProviderApi
from parsepy.auth.providers.proving import ProvingAdapter, identity_of, text_of
from parsepy.model.values import JSONObject
from parsepy.outgoing import Outgoing


@dataclass(frozen=True)
class IntrospectionOptions:
    """Where to ask, and in which fields of the answer user and application stand."""

    token_introspection_endpoint_url: str
    userid_field: str = "sub"
    appid_field: str | None = None
    app_ids: tuple[str, ...] = ()
    authorization_header: str | None = None
    oauth2: bool = True

    def __post_init__(self) -> None:
        if self.appid_field is not None and not self.app_ids:
            raise OptionsError(["appIds is missing, which appidField asks for"])


class Introspection(ProvingAdapter):
    """``oauth2: true``: any server that tells whose token it is, and for which application."""

    Options = IntrospectionOptions
    title = "OAuth2"
    modes = ("access token",)

    def __init__(self, options: IntrospectionOptions, http: Outgoing) -> None:
        super().__init__()
        self._options = options
        self._api = ProviderApi(self.title, http)

    async def prove(self, auth_data: JSONObject) -> JSONObject:
        """One question answers both."""
        token = text_of(auth_data, "access_token")
        if token is None:
            raise self._invalid()
        options = self._options
        header = options.authorization_header
        headers = {} if header is None else {"Authorization": header}
        url = options.token_introspection_endpoint_url
        answer = await self._api.post(url, {"token": token}, headers)
        user_id = identity_of(answer.get(options.userid_field))
        if answer.get("active") is not True or user_id is None:
            raise self._invalid()
        if auth_data.get("id", user_id) != user_id:
            raise self._invalid()
        if options.appid_field is not None:
            found = answer.get(options.appid_field)
            told = found if isinstance(found, list) else [found]
            if not any(app_id in options.app_ids for app_id in told):
                raise self.refused("OAuth2: Invalid app ID.")
        return {**auth_data, "id": user_id}

    def _invalid(self) -> Exception:
        return self.refused("OAuth2 access token is invalid for this user.")
