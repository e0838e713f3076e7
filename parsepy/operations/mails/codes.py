"""Codes that log somebody in: asked for by an address, mailed to its user, and used once.

Only an address that is verified counts: else somebody could sign up with another's address, and
wait with a password of their own until its owner logs in by a code.
"""

import hashlib
import hmac
import secrets
from typing import Any

from parsepy.backend import Backend, RequestContext
from parsepy.model.values import JSONObject
from parsepy.operations import mails, schemas
from parsepy.storage.options import ReadOptions
from parsepy.storage.sign_in_codes import CodeLimits

MINUTES = 10
LIMITS = CodeLimits(seconds=MINUTES * 60, tries=5, tries_a_day=20)
_DIGITS = 6
_LONGEST = 320  # characters of an address
_INTERNAL = ReadOptions(limit=1, internal=True)


async def ask(context: RequestContext, email: str, locale: str | None) -> None:
    """Mail a code to the user with this verified address; nobody learns whether there is one."""
    mails.check_set_up(context.backend)
    user = await _user(context.backend, email)
    address = str(user["email"]) if user is not None else email
    await mails.ask(context, mails.SIGN_IN_CODE, address, user, locale=locale)


async def make(backend: Backend, user: JSONObject, email: str) -> str | None:
    """Make the code of a mail that is about to be sent; None if too many were guessed wrong.

    It is the user's alone: two may have addresses that only look alike.
    """
    code = f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}}"
    digest = _digest(backend, user["objectId"], email, code)
    made = await backend.storage.sign_in_codes.store(_digest(backend, email), digest, LIMITS)
    return code if made else None


async def use(backend: Backend, email: str, code: str) -> JSONObject | None:
    """Use a code up; the user whose verified address it was mailed to, None if it is wrong."""
    found = await _user(backend, email)
    address = str(found["email"]) if found is not None else email
    user_id = found["objectId"] if found is not None else ""
    key, digest = _digest(backend, address), _digest(backend, user_id, address, code)
    is_right = await backend.storage.sign_in_codes.use(key, digest, LIMITS)
    return found if is_right else None


async def _user(backend: Backend, email: str) -> JSONObject | None:
    if len(email) > _LONGEST:
        return None
    address = email.lower() if backend.config.convert_email_to_lowercase else email
    where = {"email": address, "emailVerified": True}
    found = await schemas.lookup(backend, "_User", where, _INTERNAL)
    return found[0] if found else None


def _digest(backend: Backend, *parts: Any) -> str:
    """What is stored in place of an address or a code: all codes are soon tried without a key."""
    key = hmac.digest(str(backend.config.master_key).encode(), b"signInCode", "sha256")
    text = "\0".join(part.strip().lower() for part in parts)
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
