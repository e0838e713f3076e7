"""The headers by which browsers decide who may read an answer (protocol §1.5)."""

from parsepy.config import Config
from parsepy.http.asgi import Headers

ALLOWED_HEADERS = (
    "X-Parse-Master-Key",
    "X-Parse-REST-API-Key",
    "X-Parse-Javascript-Key",
    "X-Parse-Application-Id",
    "X-Parse-Client-Version",
    "X-Parse-Session-Token",
    "X-Requested-With",
    "X-Parse-Revocable-Session",
    "X-Parse-Request-Id",
    "Content-Type",
    "Pragma",
    "Cache-Control",
    "X-Parse-Client-Key",
    "X-Parse-Windows-Key",
    "X-Parse-Installation-Id",
    "X-Parse-Cloud-Context",
    "X-Parse-Maintenance-Key",
    "X-Parse-Upload-Mode",
    "X-Parse-File-Directory",
    "X-Parse-File-Metadata",
    "X-Parse-File-Tags",
    "X-Parse-File-Max-Upload-Size",
    # beyond the reference's: what client libraries, proxies and tracing send
    "X-Parse-OS-Version",
    "X-Parse-App-Build-Version",
    "X-Parse-App-Display-Version",
    "Authorization",
    "If-Modified-Since",
    "If-None-Match",
    "If-Range",
    "Range",
    "Idempotency-Key",
    "traceparent",
    "tracestate",
    "baggage",
)
EXPOSED_HEADERS = (
    "X-Parse-Job-Status-Id",
    "X-Parse-Push-Status-Id",
    "Access-Control-Expose-Headers",  # itself, too: the SDK in a browser looks there
    "Accept-Ranges",
    "Content-Range",
    "Content-Disposition",
    "ETag",
    "Location",
    "Retry-After",
)


class CORS:
    """The headers that every response carries (protocol §1.5)."""

    def __init__(self, config: Config) -> None:
        origins = config.allow_origin or ("*",)
        self._origins = frozenset(origin.encode() for origin in origins)
        self._first = next(iter(origins)).encode()
        allowed = ", ".join((*ALLOWED_HEADERS, *config.allow_headers))
        self._common: Headers = [
            (b"access-control-allow-methods", b"GET,PUT,POST,DELETE,OPTIONS"),
            (b"access-control-allow-headers", allowed.encode()),
            (b"access-control-expose-headers", ", ".join(EXPOSED_HEADERS).encode()),
        ]
        self._fixed: Headers = [(b"access-control-allow-origin", self._first), *self._common]

    def headers(self, origin: bytes | None) -> Headers:
        """Return the headers for a request from ``origin``."""
        if origin is None or origin == self._first or origin not in self._origins:
            return self._fixed
        return [(b"access-control-allow-origin", origin), *self._common, (b"vary", b"Origin")]
