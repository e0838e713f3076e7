"""Functions for options of parsepy; rules.js beside it does the same for Parse Server."""

from parsepy.operations.class_rules.verification import AccountRequest


def _has(request: AccountRequest, word: str) -> bool:
    return word in (request.object.get("email") or "")


async def verifyUserEmails(request: AccountRequest) -> bool:
    """Who must confirm the address."""
    return _has(request, "must")


def preventLoginWithUnverifiedEmail(request: AccountRequest) -> bool:
    """Who does not log in before."""
    by_password = (request.created_with or {}).get("authProvider") == "password"
    return _has(request, "closed") and by_password


async def sendUserEmailVerification(request: AccountRequest) -> bool:
    """Who is sent the mail."""
    return not _has(request, "silent")
