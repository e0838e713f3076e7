"""Providers whose codes are exchanged as OAuth 2 has it: a row each, with its documentation."""

from dataclasses import dataclass

from parsepy.auth.providers.code import CodeAdapter, CodeOptions, Grant, PublicCodeOptions
from parsepy.auth.providers.proving import identity_of, text_of
from parsepy.errors import ParseError
from parsepy.model.values import JSONObject
from parsepy.outgoing import Outgoing


class GitHub(CodeAdapter):
    """https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps."""

    title = "GitHub"
    token_url = "https://github.com/login/oauth/access_token"
    user_url = "https://api.github.com/user"


class LineLogin(CodeAdapter):
    """https://developers.line.biz/en/reference/line-login/."""

    title = "Line"
    token_url = "https://api.line.me/oauth2/v2.1/token"
    user_url = "https://api.line.me/v2/profile"
    id_field = "userId"


class LinkedIn(CodeAdapter):
    """https://learn.microsoft.com/en-us/linkedin/consumer/integrations/self-serve/sign-in-with-linkedin-v2.

    Applications since 2023 have the scope ``openid``, older ones ``r_liteprofile``: each opens one
    of two addresses, which tell the same id.
    """

    title = "LinkedIn"
    token_url = "https://www.linkedin.com/oauth/v2/accessToken"
    user_url = "https://api.linkedin.com/v2/userinfo"
    _older_url = "https://api.linkedin.com/v2/me"

    async def user_of(self, token: str, auth_data: JSONObject) -> str:
        """By the address that the application's scope opens."""
        try:
            answer = await self.api.get(self.user_url, bearer=token)
        except ParseError:
            answer = await self.api.get(self._older_url, bearer=token)
        return self.identity({"id": answer.get("sub", answer.get("id"))})


@dataclass(frozen=True)
class MicrosoftOptions(CodeOptions):
    """An application, and the directory whose accounts it lets in; ``common`` is all."""

    tenant: str = "common"


class Microsoft(CodeAdapter):
    """https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow."""

    Options = MicrosoftOptions
    title = "Microsoft"
    user_url = "https://graph.microsoft.com/v1.0/me"

    def __init__(self, options: MicrosoftOptions, http: Outgoing) -> None:
        super().__init__(options, http)
        self._url = f"https://login.microsoftonline.com/{options.tenant}/oauth2/v2.0/token"

    async def exchanged(self, code: str, auth_data: JSONObject) -> Grant:
        """At the directory that is configured."""
        return self.grant_in(await self.api.post(self._url, self.form(code, auth_data)))


class Spotify(CodeAdapter):
    """https://developer.spotify.com/documentation/web-api/tutorials/code-pkce-flow."""

    Options = PublicCodeOptions
    title = "Spotify"
    token_url = "https://accounts.spotify.com/api/token"
    user_url = "https://api.spotify.com/v1/me"
    required = ("redirect_uri", "code_verifier")


class PlayGames(CodeAdapter):
    """https://developer.android.com/games/pgs/android/server-access."""

    title = "gpgames"
    token_url = "https://oauth2.googleapis.com/token"
    user_url = "https://www.googleapis.com/games/v1/players/me"
    id_field = "playerId"

    def form(self, code: str, auth_data: JSONObject) -> dict[str, str]:
        """A code that a device got for the server belongs to no redirect: it says an empty one."""
        return {"redirect_uri": "", **super().form(code, auth_data)}


class Instagram(CodeAdapter):
    """https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login."""

    title = "Instagram"
    token_url = "https://api.instagram.com/oauth/access_token"
    user_url = "https://graph.instagram.com/me"

    def grant_in(self, answer: JSONObject) -> Grant:
        """Newer versions put it into a list, ``data``."""
        listed = answer.get("data")
        if isinstance(listed, list) and listed and isinstance(listed[0], dict):
            answer = listed[0]
        return super().grant_in(answer)

    async def user_of(self, token: str, auth_data: JSONObject) -> str:
        """The token goes into the query, as this API asks for."""
        params = {"fields": "id", "access_token": token}
        return self.identity(await self.api.get(self.user_url, params))


class Weibo(CodeAdapter):
    """https://open.weibo.com/wiki/Oauth2/access_token."""

    title = "Weibo"
    token_url = "https://api.weibo.com/oauth2/access_token"
    user_url = "https://api.weibo.com/oauth2/get_token_info"
    id_field = "uid"
    required = ("redirect_uri",)

    async def user_of(self, token: str, auth_data: JSONObject) -> str:
        """By a form; an id is a number here."""
        return self.identity(await self.api.post(self.user_url, {"access_token": token}))


class WeChat(CodeAdapter):
    """https://developers.weixin.qq.com/doc/oplatform/en/Website_App/WeChat_Login/Wechat_Login.html."""

    title = "WeChat"
    token_url = "https://api.weixin.qq.com/sns/oauth2/access_token"
    user_url = "https://api.weixin.qq.com/sns/auth"

    async def exchanged(self, code: str, auth_data: JSONObject) -> Grant:
        """By a GET, in names of its own; the answer tells who it is."""
        params = {
            "appid": self._options.client_id or "",
            "secret": self._options.client_secret or "",
        }
        params |= {"code": code, "grant_type": "authorization_code"}
        answer = await self.api.get(self.token_url, params)
        user_id = identity_of(answer.get("openid"))
        if answer.get("errcode") or user_id is None:
            raise self.refused()
        return Grant(self.grant_in(answer).token, user_id)

    async def user_of(self, token: str, auth_data: JSONObject) -> str:
        """WeChat only says whether a token and an id belong together."""
        user_id = text_of(auth_data, "id")
        if user_id is None:
            raise self.refused()
        answer = await self.api.get(self.user_url, {"access_token": token, "openid": user_id})
        if answer.get("errcode") != 0:
            raise self.refused()
        return user_id


class Discord(CodeAdapter):
    """https://discord.com/developers/docs/topics/oauth2."""

    title = "Discord"
    token_url = "https://discord.com/api/oauth2/token"
    user_url = "https://discord.com/api/users/@me"
    required = ("redirect_uri",)
