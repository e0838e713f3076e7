"""``Once``: which requests with an ``X-Parse-Request-Id`` count once only (protocol §25)."""

import re

from parsepy.backend import RequestContext
from parsepy.config import IdempotencyOptions
from parsepy.operations import idempotency

HEADER = b"x-parse-request-id"
_WRITES = {
    "classes": ("POST", "PUT"),
    "users": ("POST", "PUT"),
    "installations": ("POST", "PUT"),
    "functions": ("POST",),
    "jobs": ("POST",),
}


class Once:
    """The door's step that refuses a repeated request; without ``paths`` there is none.

    Parse: a batch's own id counts neither for the batch nor for what is in it.
    """

    def __init__(self, options: IdempotencyOptions) -> None:
        self.paths = tuple(re.compile(path) for path in options.paths)

    async def claim(self, context: RequestContext, method: str, path: tuple[str, ...]) -> None:
        """Let the request pass the first time; raises DUPLICATE_REQUEST from then on."""
        if method not in _WRITES.get(path[0], ()):
            return
        request_id = context.headers.get(HEADER)
        if not request_id:
            return
        text = "/".join(path)
        if any(pattern.match(text) for pattern in self.paths):
            await idempotency.claim(context.backend, request_id.decode("latin-1"))
