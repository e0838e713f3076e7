"""``emailOtp``: log in by a code of six digits that is mailed to one's address.

A client asks ``/challenge`` with ``{"emailOtp": {"email": …}}``, and logs in with ``{"email",
"code"}``. The code is made of the server's key, so nothing that is stored tells it.
"""

import hmac
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Protocol, TypeGuard

from parsepy.auth.base import Answer, AuthAdapter, AuthRequest
from parsepy.errors import Code, ParseError
from parsepy.model.values import JSONObject

DIGITS = 6
_LONGEST = 320  # characters of an address (RFC 5321 §4.5.3.1)
_SECONDS = 60.0  # that a proof is good, within one request
_MOST = 10_000
_CODE = re.compile(r"[0-9]{6}")
_WRONG = "The code is not valid."

CodeOf = Callable[[str, str], str]
"""From an address and the issue of a code to the code."""


class MailedCodes(AuthRequest, Protocol):
    """What a request can do for this provider, beside what it does for all."""

    async def mail_code(self, email: str, code_of: CodeOf) -> None:
        """Mail a code, if somebody has the address."""

    async def use_code(self, email: str, code: str, code_of: CodeOf) -> str | None:
        """The objectId of the user whom the code lets in, once; None if it lets nobody in."""


class EmailOtp(AuthAdapter):
    """Who reads the mails of a user's address is that user; nothing is stored of it."""

    modes: ClassVar[tuple[str, ...]] = ("code by mail",)

    def __init__(self, signing_key: bytes) -> None:
        self._signing_key = signing_key
        self._proven: OrderedDict[str, tuple[str, float]] = OrderedDict()

    async def challenge(
        self,
        challenge_data: Any,
        auth_data: JSONObject | None,
        options: Mapping[str, Any],
        request: MailedCodes,
    ) -> None:
        """Mail a code; the answer is the same for an address that nobody has."""
        email = challenge_data.get("email") if isinstance(challenge_data, dict) else None
        if not _is_address(email):
            raise ParseError(Code.INVALID_EMAIL_ADDRESS, "Email address format is invalid.")
        await request.mail_code(email, self._code)

    async def before_find(
        self, auth_data: JSONObject, options: Mapping[str, Any], request: MailedCodes
    ) -> JSONObject:
        """Use the code up; raises OBJECT_NOT_FOUND, whatever of it is not right."""
        email, code = auth_data.get("email"), auth_data.get("code")
        user_id = None
        if _is_address(email) and isinstance(code, str) and _CODE.fullmatch(code):
            user_id = await request.use_code(email, code, self._code)
        if user_id is None or "id" in auth_data:
            raise ParseError(Code.OBJECT_NOT_FOUND, _WRONG)
        ticket = secrets.token_hex(16)
        self._proven[ticket] = (user_id, time.monotonic() + _SECONDS)
        while len(self._proven) > _MOST:
            self._proven.popitem(last=False)
        return {"ticket": ticket}

    async def find_user(
        self, auth_data: JSONObject, options: Mapping[str, Any], request: AuthRequest
    ) -> str | None:
        """Whom the code has let in."""
        ticket = auth_data.get("ticket")
        user_id, end = self._proven.get(ticket, ("", 0.0)) if isinstance(ticket, str) else ("", 0.0)
        return user_id if end > time.monotonic() else None

    async def validate_auth_data(
        self, auth_data: JSONObject, options: Mapping[str, Any], request: AuthRequest
    ) -> Answer:
        """It must be the user who logs in that the code was mailed to."""
        user_id = await self.find_user(auth_data, options, request)
        if user_id is None or request.original is None or request.original["objectId"] != user_id:
            raise ParseError(Code.OBJECT_NOT_FOUND, _WRONG)
        return {"doNotSave": True}

    def _code(self, address: str, issue: str) -> str:
        digest = hmac.digest(self._signing_key, f"{issue}\0{address}".encode(), "sha256")
        return f"{int.from_bytes(digest, 'big') % 10**DIGITS:0{DIGITS}d}"


def _is_address(email: Any) -> TypeGuard[str]:
    """May it be an address? That somebody has it is not asked here."""
    if not isinstance(email, str) or len(email) > _LONGEST or not email.isprintable():
        return False
    return "@" in email[1:-1]
