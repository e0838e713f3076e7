"""Who is at the other end, and by which address they reached us: trusted proxies may tell."""

from collections.abc import Mapping, Sequence

from parsepy.config.proxies import TrustProxy
from parsepy.http.asgi import ASGIScope


def address_of(scope: ASGIScope, trusted: TrustProxy | None) -> str:
    """Return the client's address: the socket's, or what trusted proxies say (``trustProxy``).

    ``trusted`` None: no proxy is trusted.
    """
    peer: str = (scope.get("client") or ("",))[0]
    if trusted is None:
        return peer
    said = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    return forwarded(peer, [value.decode("latin-1") for value in said], trusted)


def forwarded(peer: str, said: Sequence[str], trusted: TrustProxy) -> str:
    """Return the client's address, given the socket's and the X-Forwarded-For headers."""
    return trusted.client(peer, ",".join(said)) if trusted and said else peer


def _scheme_of(scope: ASGIScope, headers: Mapping[bytes, bytes], trusted: TrustProxy) -> str:
    """Return ``http`` or ``https``, as the client used it before the proxies."""
    own: str = scope.get("scheme", "http")
    if not trusted.trusts((scope.get("client") or ("",))[0]):
        return own
    told = headers.get(b"x-forwarded-proto", b"").decode("latin-1").partition(",")[0].strip()
    return told if told in ("http", "https") else own


def own_url(
    scope: ASGIScope, headers: Mapping[bytes, bytes], mount: str, trusted: TrustProxy | None
) -> str:
    """Return the URL of ``mount`` as this client reaches it."""
    host = headers.get(b"host", b"localhost").decode("latin-1")
    if trusted is None:
        scheme: str = scope.get("scheme", "http")
    else:
        scheme = _scheme_of(scope, headers, trusted)
    return f"{scheme}://{host}{mount}"
