"""QQ: codes are exchanged by GETs, whose answers may be JSON, a form, or a call in JavaScript."""

import json
import re
from urllib.parse import parse_qsl

from parsepy.auth.providers.code import CodeAdapter, Grant
from parsepy.model.values import JSONObject

_CALL = re.compile(r"\s*callback\s*\((.*)\)\s*;?\s*", re.DOTALL)


class QQ(CodeAdapter):
    """https://wiki.connect.qq.com/使用authorization_code获取access_token."""

    title = "qq"
    token_url = "https://graph.qq.com/oauth2.0/token"
    user_url = "https://graph.qq.com/oauth2.0/me"
    id_field = "openid"
    required = ("redirect_uri",)

    async def exchanged(self, code: str, auth_data: JSONObject) -> Grant:
        """JSON is asked for; errors may come as a call all the same."""
        params = {**self.form(code, auth_data), "fmt": "json"}
        reply = await self.api.reply_to_get(self.token_url, params)
        return self.grant_in(read_answer(reply.body))

    async def user_of(self, token: str, auth_data: JSONObject) -> str:
        """The token must be the configured application's, which the answer names."""
        params = {"access_token": token, "fmt": "json"}
        reply = await self.api.reply_to_get(self.user_url, params)
        answer = read_answer(reply.body)
        ours = self._options.client_id
        if ours is not None and answer.get("client_id", ours) != ours:
            raise self.refused()
        return self.identity(answer)


def read_answer(body: bytes) -> JSONObject:
    """What QQ answered, in whichever of its forms; nothing, if it is none of them."""
    text = body.decode("utf-8", "replace")
    if (call := _CALL.fullmatch(text)) is not None:
        text = call[1]
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return dict(parse_qsl(text, max_num_fields=20)) if text.count("&") < 20 else {}
    return found if isinstance(found, dict) else {}
