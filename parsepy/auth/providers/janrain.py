"""Janrain Capture: a server of the operator's is asked whose access token it is."""

from dataclasses import dataclass

from parsepy.auth.options import OptionsError, option
from parsepy.auth.providers.asking import ProviderApi
from parsepy.auth.providers.proving import ProvingAdapter, identity_of, text_of
from parsepy.model.values import JSONObject
from parsepy.outgoing import Outgoing


@dataclass(frozen=True)
class JanrainOptions:
    """The host that keeps the accounts."""

    host: str = option("janrain_capture_host")

    def __post_init__(self) -> None:
        if any(sign in self.host for sign in "/?#@\\") or not self.host.isascii():
            raise OptionsError(["janrain_capture_host: expected a host, without https://"])


class JanrainCapture(ProvingAdapter):
    """https://identitydocs.akamai.com/home/api-entity: the ``uuid`` of the token's account."""

    Options = JanrainOptions
    title = "Janrain capture"
    modes = ("access token",)

    def __init__(self, options: JanrainOptions, http: Outgoing) -> None:
        super().__init__()
        self._url = f"https://{options.host}/entity"
        self._api = ProviderApi(self.title, http)

    async def prove(self, auth_data: JSONObject) -> JSONObject:
        """An answer that is not ``ok`` tells nobody."""
        token = text_of(auth_data, "access_token")
        if token is None:
            raise self.refused()
        answer = await self._api.get(self._url, {"access_token": token, "attribute_name": "uuid"})
        user_id = identity_of(answer.get("result"))
        if answer.get("stat") != "ok" or user_id is None:
            raise self.refused()
        return {**auth_data, "id": user_id}
