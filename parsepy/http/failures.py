"""The one mapping from an exception to what a client is told of it.

Every door asks ``failure_of`` and puts the failure into its own form: a JSON body, an item of a
batch, a Live Query frame, a page.
"""

import logging
from dataclasses import dataclass

from parsepy.backend import Backend
from parsepy.errors import DENIED, Code, ParseError
from parsepy.http.refusals import HTTPRefusal
from parsepy.http.responses import Answer
from parsepy.model.values import JSONObject
from parsepy.storage import Conflict, Unavailable

log = logging.getLogger("parsepy.http")

_STATUS: dict[int, int] = {Code.INTERNAL_SERVER_ERROR: 500, Code.OBJECT_NOT_FOUND: 404}
FORESEEN = (ParseError, HTTPRefusal, RecursionError, Unavailable)
"""What may end one item of a batch while the others go on."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What a client is told: an HTTP status, Parse's code where it has one, and a message.

    ``is_passing``: the same request may succeed a little later.
    """

    status: int
    message: str
    code: int | None = None
    headers: tuple[tuple[bytes, bytes], ...] = ()
    is_passing: bool = False

    def content(self, code: int | None = None) -> JSONObject:
        """Return the failure as JSON; ``code`` is used where it has none."""
        shown = code if self.code is None else self.code
        return {"error": self.message} if shown is None else {"code": shown, "error": self.message}

    def answer(self) -> Answer:
        """Return the failure as an answer in JSON."""
        return Answer(self.content(), self.status, list(self.headers))


def status_of(code: int) -> int:
    """Return the HTTP status of an error of this code (protocol §3.1)."""
    return _STATUS.get(code, 400)


def failure_of(backend: Backend, error: Exception, where: str) -> Failure:
    """Map an exception to a failure; log, with ``where``, what no client has caused.

    Never raises: an exception that nobody foresaw is a plain 500, its traceback in the log.
    """
    if isinstance(error, ParseError):
        message = _shown(backend, error)
        return Failure(status_of(error.code), message, error.code)
    if isinstance(error, HTTPRefusal):
        return Failure(error.status, _shown(backend, error), error.code, error.headers)
    if isinstance(error, RecursionError):
        return Failure(400, "The nesting is too deep.", Code.INVALID_JSON)
    if isinstance(error, Unavailable):
        log.error("%s: the database can't be reached: %s", where, error)
        return Failure(
            503,
            "Database error",
            Code.INTERNAL_SERVER_ERROR,
            ((b"retry-after", b"1"),),
            is_passing=True,
        )
    if isinstance(error, Conflict):
        log.error("%s: %s", where, error)
        message = "Other transactions changed the same objects; try again."
        return _internal(message, is_passing=True)
    log.error("%s", where, exc_info=error)
    return _internal("Internal server error.")


def _shown(backend: Backend, error: ParseError | HTTPRefusal) -> str:
    """Return a refusal's wording; ``enableSanitizedErrorResponse`` keeps details in the log."""
    if error.sanitize and backend.config.enable_sanitized_error_response:
        backend.log.info("refused: %s (code %s)", error.message, error.code)
        return DENIED
    return error.message


def _internal(message: str, *, is_passing: bool = False) -> Failure:
    return Failure(500, message, Code.INTERNAL_SERVER_ERROR, is_passing=is_passing)
