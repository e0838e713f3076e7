"""``/login`` and what belongs to it: log-outs, challenges, one's own user, account mails."""

from parsepy.http.requests import Request, Route, SessionRule
from parsepy.http.responses import Answer
from parsepy.model.values import JSONObject
from parsepy.operations import accounts, users
from parsepy.storage import reserved


def _credentials(request: Request) -> JSONObject:
    """Read the parameters of a log-in; in a query string all of them are texts."""
    return {**request.body, **request.query}


async def log_in(request: Request) -> Answer:
    """Log in with username or email and password."""
    with reserved():
        return Answer(await users.log_in(request.context, _credentials(request)))


async def challenge(request: Request) -> Answer:
    """Ask providers for what a log-in by them needs."""
    return Answer(await users.challenge(request.context, request.body))


async def log_out(request: Request) -> Answer:
    """End the session of the request."""
    await users.log_out(request.context)
    return Answer({})


async def me(request: Request) -> Answer:
    """Answer the user of the session token."""
    return Answer(await users.me(request.context))


async def verify_password(request: Request) -> Answer:
    """Check a password without a session."""
    return Answer(await users.verify_password(request.context, _credentials(request)))


async def log_in_as(request: Request) -> Answer:
    """Become any user with the master key."""
    user_id = _credentials(request).get("userId")
    return Answer(await users.log_in_as(request.context, user_id))


async def request_password_reset(request: Request) -> Answer:
    """Mail a link for a new password; the answer is the same for an unknown user."""
    await accounts.request_password_reset(request.context, request.body)
    return Answer({})


async def request_verification(request: Request) -> Answer:
    """Mail the link that confirms an e-mail address once more."""
    await accounts.request_verification(request.context, request.body)
    return Answer({})


routes = [
    Route("GET", "/login", log_in, session=SessionRule.IGNORED),
    Route("POST", "/login", log_in, session=SessionRule.IGNORED),
    Route("POST", "/challenge", challenge),
    Route("POST", "/loginAs", log_in_as),
    Route("POST", "/logout", log_out),
    Route("GET", "/users/me", me, session=SessionRule.FIRST),
    Route("GET", "/verifyPassword", verify_password),
    Route("POST", "/verifyPassword", verify_password),
    Route("POST", "/requestPasswordReset", request_password_reset),
    Route("POST", "/verificationEmailRequest", request_verification),
]
