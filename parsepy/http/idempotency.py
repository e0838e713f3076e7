"""``Once``: which requests with an ``X-Parse-Request-Id`` count once only (protocol §25)."""

import re
from collections.abc import Awaitable

from parsepy.backend import Backend
from parsepy.http.exchange import Exchange, Step
from parsepy.http.responses import Answer
from parsepy.operations import idempotency

HEADER = b"x-parse-request-id"


class Once:
    """The step that refuses a repeated request, on the paths of ``idempotencyOptions``.

    Parse: a batch's own id counts neither for the batch nor for what is in it.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._paths = tuple(map(re.compile, backend.config.idempotency_options.paths))

    def idle(self) -> list[Step]:
        """Return the step, if the options name no path for it."""
        return [] if self._paths else [self.claim]

    def claim(self, exchange: Exchange) -> Awaitable[Answer | None] | None:
        """Let the request pass the first time; raises DUPLICATE_REQUEST from then on."""
        if not exchange.match.route.is_idempotent:
            return None
        request_id = exchange.headers.get(HEADER)
        path = "/".join(exchange.path)
        if not request_id or not any(pattern.match(path) for pattern in self._paths):
            return None
        return idempotency.claim(self._backend, request_id.decode("latin-1"))
