"""The line of each request, and who else watches them: id, status, duration, never a body."""

import logging
import time
from collections.abc import Callable

from parsepy.backend import Backend
from parsepy.http.exchange import Exchange
from parsepy.logs import VERBOSE, mask

REQUEST_ID = b"x-request-id"
_log = logging.getLogger("parsepy.request")
METHODS = ("GET", "POST", "PUT", "DELETE", "OPTIONS")
_LINES = ("verbose", "debug", "silly")
Watcher = Callable[[Exchange], None]


def watchers(backend: Backend) -> list[Watcher]:
    """Return what to call after each answered request: log line, metrics; by default nothing.

    Parse: a line for each request appears from the log level verbose on.
    """
    config = backend.config
    found: list[Watcher] = []
    if config.verbose or config.log_level in _LINES:
        found.append(write_line)
    if (metrics := backend.metrics) is not None:

        def measure(exchange: Exchange) -> None:
            seconds = time.perf_counter() - exchange.started
            method = exchange.method if exchange.method in METHODS else "other"
            metrics.request(method, exchange.route or "none", exchange.status, seconds)

        found.append(measure)
    return found


def write_line(exchange: Exchange) -> None:
    """Log one answered request, without its query string, which may hold secrets."""
    milliseconds = round((time.perf_counter() - exchange.started) * 1000, 2)
    path = masked_path(exchange.scope["path"])
    _log.log(
        VERBOSE,
        "%s %s %d %g ms (request %s)",
        exchange.method,
        path,
        exchange.status,
        milliseconds,
        exchange.request_id,
        extra={
            "fields": {
                "requestId": exchange.request_id,
                "method": exchange.method,
                "path": path,
                "status": exchange.status,
                "code": exchange.code,
                "durationMs": milliseconds,
                "ip": exchange.ip,
                "userId": exchange.principal.user_id,
            }
        },
    )


def masked_path(path: str) -> str:
    """Return a path as a log may show it: shortened, secrets masked."""
    return mask(path[:1000])
