"""``Visit``: what the door knows of one request on its way through it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from parsepy.config.proxies import TrustProxy
from parsepy.rest.requests import Receive, Scope
from parsepy.rest.responses import Headers


@dataclass(slots=True)
class Visit:
    """One request: how it came, what became known of it, and headers for its answer.

    ``route`` is the pattern of the route that was found; ``user_id`` is the signed-in user's.
    """

    scope: Scope
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


def address_of(scope: Scope, trusted: TrustProxy) -> str:
    """The client's address: the socket's, or what trusted proxies tell (option trustProxy)."""
    peer: str = (scope.get("client") or ("",))[0]
    if not trusted:
        return peer
    told = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    if not told:
        return peer
    return trusted.client(peer, b",".join(told).decode("latin-1"))


def scheme_of(scope: Scope, headers: Mapping[bytes, bytes], trusted: TrustProxy) -> str:
    """http or https, as the client used it."""
    own: str = scope.get("scheme", "http")
    if not trusted or not trusted.trusts((scope.get("client") or ("",))[0]):
        return own
    told = headers.get(b"x-forwarded-proto", b"").decode("latin-1").partition(",")[0].strip()
    return told if told in ("http", "https") else own
