"""``Exchange``: one request and its answer, as far as they are known on the way through a door."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from parsepy.http.asgi import ASGIScope, Headers, Receive


@dataclass(slots=True)
class Exchange:
    """One request: how it came, what became known of it, and headers for its answer.

    ``route`` is the pattern of the route that was found; ``user_id`` is the signed-in user's.
    """

    scope: ASGIScope
    receive: Receive
    headers: Mapping[bytes, bytes]
    request_id: str
    ip: str
    method: str
    extra: Headers = field(default_factory=list)
    path: tuple[str, ...] = ()
    route: str | None = None
    user_id: str | None = None
    code: int | None = None
    started: float = field(default_factory=time.perf_counter)
