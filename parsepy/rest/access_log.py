"""The line of each request, and who else watches them: id, status, duration, never a body."""

import logging
import time
from collections.abc import Callable

from parsepy.backend import Backend
from parsepy.logs import VERBOSE, mask
from parsepy.rest.visit import Visit

REQUEST_ID = b"x-request-id"
_log = logging.getLogger("parsepy.request")
_METHODS = ("GET", "POST", "PUT", "DELETE", "OPTIONS")
_LINES = ("verbose", "debug", "silly")
Watcher = Callable[[Visit, int], None]


def watchers(backend: Backend) -> list[Watcher]:
    """Whoever is told of each answered request; nobody by default, which costs nothing.

    Parse: a line for each request appears from the log level verbose on.
    """
    config = backend.config
    found: list[Watcher] = []
    if not config.silent and (config.verbose or config.log_level in _LINES):
        found.append(write_line)
    if (metrics := backend.metrics) is not None:

        def measure(visit: Visit, status: int) -> None:
            seconds = time.perf_counter() - visit.started
            method = visit.method if visit.method in _METHODS else "other"
            metrics.request(method, visit.route or "none", status, seconds)

        found.append(measure)
    return found


def write_line(visit: Visit, status: int) -> None:
    """Log one answered request; the query string, which may hold secrets, is left out."""
    milliseconds = round((time.perf_counter() - visit.started) * 1000, 2)
    path = masked_path(visit.scope["path"])
    _log.log(
        VERBOSE,
        "%s %s %d %g ms (request %s)",
        visit.method,
        path,
        status,
        milliseconds,
        visit.request_id,
        extra={
            "fields": {
                "requestId": visit.request_id,
                "method": visit.method,
                "path": path,
                "status": status,
                "code": visit.code,
                "durationMs": milliseconds,
                "ip": visit.ip,
                "userId": visit.user_id,
            }
        },
    )


def masked_path(path: str) -> str:
    """A path as a log may show it."""
    return mask(path[:1000])
