"""``emailOtp``: log in by a code that is mailed to a verified address (parsepy's own).

A client asks ``/challenge`` with ``{"emailOtp": {"email": …}}``, and logs in with authData of
``email`` and ``code``. A code has six digits, is valid for ten minutes, may be guessed at five
times, and counts once. Nothing tells whether an address has a user. Stored is the user's own
objectId as ``id``.
"""

import re
from collections.abc import Mapping
from typing import Any

from parsepy.auth.base import Answer, AuthAdapter, AuthRequest
from parsepy.errors import Code, ParseError
from parsepy.model.values import JSONObject
from parsepy.texts import languages

_CODE = re.compile(r"[0-9]{6}")


class EmailCode(AuthAdapter):
    """Codes by mail; who can read the mail of an address is its user."""

    async def challenge(
        self,
        challenge_data: Any,
        auth_data: JSONObject | None,
        options: Mapping[str, Any],
        request: AuthRequest,
    ) -> Any:
        """Mail a code, unless one has just been mailed; the answer is always the same."""
        asked = challenge_data if isinstance(challenge_data, dict) else {}
        email = asked.get("email")
        if not isinstance(email, str) or not email:
            raise ParseError(Code.EMAIL_MISSING, "you must provide an email")
        await request.mail_code(email, languages.locale(asked.get("locale")))

    async def before_find(
        self, auth_data: JSONObject, options: Mapping[str, Any], request: AuthRequest
    ) -> JSONObject | None:
        """The user whom the address and the code name; the code is used up."""
        email, code = auth_data.get("email"), auth_data.get("code")
        user_id = None
        if isinstance(email, str) and isinstance(code, str) and _CODE.fullmatch(code):
            user_id = await request.use_code(email, code)
        if user_id is None:
            raise ParseError(Code.OBJECT_NOT_FOUND, "The code is not valid.")
        return {"id": user_id}

    async def validate_auth_data(
        self, auth_data: JSONObject, options: Mapping[str, Any], request: AuthRequest
    ) -> Answer:
        """What ``before_find`` has proven is stored; nothing else comes here."""
        return {"save": {"id": auth_data["id"]}}
