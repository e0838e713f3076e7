"""``Dispatcher``: the list of doors, and which of them a request goes to."""

from collections.abc import Awaitable, Sequence
from typing import NamedTuple

from parsepy.http.asgi import ASGIApplication, ASGIScope, Receive, Send


class Door(NamedTuple):
    """A way in over HTTP: all below ``path``, and ``path`` itself unless it ends in ``/``.

    ``ignores_case``: of letters in the path.
    """

    path: str
    application: ASGIApplication
    ignores_case: bool = False


class Dispatcher:
    """Passes each request to the first door that its path belongs to; the last takes all."""

    def __init__(self, doors: Sequence[Door]) -> None:
        *self._doors, self._last = (_entry(door) for door in doors)

    def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass one request to its door."""
        path: str = scope["path"]
        for below, itself, application, ignores_case in self._doors:
            asked = path.lower() if ignores_case else path
            if asked.startswith(below) or asked == itself:
                return application(scope, receive, send)
        return self._last[2](scope, receive, send)


def _entry(door: Door) -> tuple[str, str, ASGIApplication, bool]:
    path = door.path.lower() if door.ignores_case else door.path
    return path.rstrip("/") + "/", path, door.application, door.ignores_case
