"""``CodeAdapter``: a client brings a code of OAuth 2, which we exchange (RFC 6749 §4.1).

The provider is asked whose access token it then is; no client says so. With ``enableInsecureAuth``
clients may bring an access token of their own, which any other application may have got.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from parsepy.auth.options import OptionsError, option
from parsepy.auth.providers.asking import ProviderApi
from parsepy.auth.providers.proving import ProvingAdapter, identity_of, text_of
from parsepy.errors import Code, ParseError
from parsepy.model.values import JSONObject
from parsepy.outgoing import Outgoing


@dataclass(frozen=True)
class CodeOptions:
    """The application, as the provider knows it."""

    client_id: str | None = option("clientId", default=None, is_needed=True)
    client_secret: str | None = option("clientSecret", default=None, is_needed=True)
    enable_insecure_auth: bool = False

    needs_secret: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.enable_insecure_auth and not (self.client_id or self.client_secret):
            return
        missing = ["clientId is missing"] if not self.client_id else []
        if self.needs_secret and not self.client_secret:
            missing.append("clientSecret is missing")
        if missing:
            raise OptionsError(missing)


@dataclass(frozen=True)
class PublicCodeOptions(CodeOptions):
    """Of a provider that lets applications without a secret in, by PKCE (RFC 7636)."""

    client_secret: str | None = None

    needs_secret = False


@dataclass(frozen=True, slots=True)
class Grant:
    """What a code was exchanged for; some providers tell at once who it is."""

    token: str
    user_id: str | None = None


class CodeAdapter(ProvingAdapter):
    """A provider; a row of it says where to ask, and in which field it tells the id."""

    Options = CodeOptions
    modes = ("code", "access token, insecure")
    token_url: ClassVar[str]
    user_url: ClassVar[str]
    id_field: ClassVar[str] = "id"
    required: ClassVar[tuple[str, ...]] = ()
    """What must stand beside the code."""

    def __init__(self, options: CodeOptions, http: Outgoing) -> None:
        super().__init__()
        self._options = options
        self.api = ProviderApi(self.title, http)

    async def prove(self, auth_data: JSONObject) -> JSONObject:
        """The id that the provider tells, and the access token."""
        code = text_of(auth_data, "code")
        if code is None or self._options.client_id is None:
            return await self._by_token(auth_data)
        if any(text_of(auth_data, name) is None for name in self.required):
            needed = " and ".join(("code", *self.required))
            raise self.refused(f"{self.title} auth requires {needed} to be sent.")
        grant = await self.exchanged(code, auth_data)
        user_id = grant.user_id or await self.user_of(grant.token, auth_data)
        return {"id": user_id, "access_token": grant.token}

    async def _by_token(self, auth_data: JSONObject) -> JSONObject:
        if not self._options.enable_insecure_auth:
            raise ParseError(Code.VALIDATION_ERROR, f"{self.title} code is required.")
        token = text_of(auth_data, "access_token")
        if token is None:
            raise self.refused()
        return {**auth_data, "id": await self.user_of(token, auth_data)}

    async def exchanged(self, code: str, auth_data: JSONObject) -> Grant:
        """Exchange a code; raises ``ParseError``."""
        return self.grant_in(await self.api.post(self.token_url, self.form(code, auth_data)))

    def form(self, code: str, auth_data: JSONObject) -> dict[str, str]:
        """What the provider is sent for a code (RFC 6749 §4.1.3)."""
        form = {"grant_type": "authorization_code", "code": code}
        form["client_id"] = self._options.client_id or ""
        if self._options.client_secret is not None:
            form["client_secret"] = self._options.client_secret
        for name in ("redirect_uri", "code_verifier"):
            if (text := text_of(auth_data, name)) is not None:
                form[name] = text
        return form

    def grant_in(self, answer: JSONObject) -> Grant:
        """The access token of an answer; raises ``ParseError`` for an error told with 200."""
        token = text_of(answer, "access_token")
        if token is None:
            raise self.refused()
        return Grant(token)

    async def user_of(self, token: str, auth_data: JSONObject) -> str:
        """Whose access token it is; raises ``ParseError``."""
        return self.identity(await self.api.get(self.user_url, bearer=token))

    def identity(self, answer: JSONObject) -> str:
        """The id in an answer; raises ``ParseError`` if there is none."""
        found = identity_of(answer.get(self.id_field))
        if found is None:
            raise self.refused()
        return found

    async def after_find(self, auth_data: JSONObject, options: Any, request: Any) -> JSONObject:
        """What a user reads of it: not the access token."""
        return {"id": auth_data.get("id")}
