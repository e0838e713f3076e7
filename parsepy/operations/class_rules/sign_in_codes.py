"""Codes for a log-in by mail: to whom they go, and whose log-in they open.

An unknown address is answered as a known one, after the same work.
"""

import hmac
from collections.abc import Callable

from parsepy.backend import RequestContext
from parsepy.model.values import JSONObject
from parsepy.operations import mails, schemas
from parsepy.storage import sign_in_codes
from parsepy.storage.options import ReadOptions

SECONDS = 600
"""How long a code is good."""
TRIES = 5
_RENEWED = SECONDS / 2  # who asks again within this time gets the same code


async def send(context: RequestContext, email: str, code_of: Callable[[str, str], str]) -> None:
    """Mail a code, which ``code_of`` makes of address and issue; refused where no mail can go."""
    mails.check_set_up(context.backend)
    address = _address(context, email)
    user = await _user(context, address)
    issue = await sign_in_codes.issue(context.backend.storage, address, SECONDS, _RENEWED)
    values: JSONObject = {"code": code_of(address, issue), "minutes": int(SECONDS / 60)}
    await mails.ask(context, mails.SIGN_IN_CODE, address, user, values=values)


async def use(
    context: RequestContext, email: str, code: str, code_of: Callable[[str, str], str]
) -> str | None:
    """The objectId of the user whom a code lets in, which it does once; None if it is not right."""
    address = _address(context, email)
    user = await _user(context, address)
    storage = context.backend.storage
    issue = await sign_in_codes.begin_try(storage, address, TRIES)
    is_right = hmac.compare_digest(code_of(address, issue or "").encode(), code.encode())
    if user is None or issue is None or not is_right:
        return None
    is_first = await sign_in_codes.use_up(storage, address, issue)
    return str(user["objectId"]) if is_first else None


def _address(context: RequestContext, email: str) -> str:
    return email.lower() if context.config.convert_email_to_lowercase else email


async def _user(context: RequestContext, address: str) -> JSONObject | None:
    """Whose address it is; where addresses are confirmed, only who has done so.

    Else somebody could sign up with another's address, and wait until they log in by a code.
    """
    options = ReadOptions(limit=1, internal=True, mount_url=context.mount_url)
    found = await schemas.lookup(context.backend, "_User", {"email": address}, options)
    if not found or (context.config.verify_user_emails and not found[0].get("emailVerified")):
        return None
    return found[0]
