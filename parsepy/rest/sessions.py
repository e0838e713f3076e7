"""``/sessions/me`` and ``/upgradeToRevocableSession``."""

from parsepy.http.requests import Request, Route, SessionRule
from parsepy.http.responses import Answer
from parsepy.operations import sessions


async def current(request: Request) -> Answer:
    """Answer the session of the request's token."""
    return Answer(await sessions.current(request.context))


async def upgrade(request: Request) -> Answer:
    """Exchange a legacy token for a session."""
    return Answer(await sessions.upgrade(request.context))


routes = [
    Route("GET", "/sessions/me", current, session=SessionRule.LOOKED_UP),
    Route("POST", "/upgradeToRevocableSession", upgrade, session=SessionRule.LEGACY),
]
