"""``Dispatcher``: the list of doors, and which of them a request goes to."""

from collections.abc import Awaitable, Sequence
from typing import NamedTuple

from parsepy.http.asgi import ASGIApplication, ASGIScope, Receive, Send


class Door(NamedTuple):
    """A way in over HTTP: all below ``path``, and ``path`` itself unless it ends in ``/``."""

    path: str
    application: ASGIApplication


class Dispatcher:
    """Passes each request to the first door that its path belongs to; the last takes all."""

    def __init__(self, doors: Sequence[Door]) -> None:
        *self._doors, self._last = (
            (door.path.rstrip("/") + "/", door.path, door.application) for door in doors
        )

    def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass one request to its door."""
        path: str = scope["path"]
        for below, itself, application in self._doors:
            if path.startswith(below) or path == itself:
                return application(scope, receive, send)
        return self._last[2](scope, receive, send)
