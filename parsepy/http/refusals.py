"""``HTTPRefusal``: the refusals that Parse answers by a status, most of them without a code."""

from collections.abc import Iterable

from parsepy.errors import Code


class HTTPRefusal(Exception):
    """A refusal with a status of its own, and a code only where Parse sends one (protocol §3.1).

    ``sanitize`` means what it does in ``ParseError``.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: int | None = None,
        sanitize: bool = False,
        headers: Iterable[tuple[bytes, bytes]] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.sanitize = sanitize
        self.headers = tuple(headers)


def unauthorized() -> HTTPRefusal:
    """Make the refusal of missing or wrong credentials."""
    return HTTPRefusal(403, "unauthorized")


def forbidden(message: str) -> HTTPRefusal:
    """Make a permission refusal without a code, subject to sanitising."""
    return HTTPRefusal(403, message, sanitize=True)


def master_required() -> HTTPRefusal:
    """Make the refusal of a client on a route of the master key (protocol §2.8)."""
    return forbidden("unauthorized: master key is required")


def too_large(limit: int, of_what: str) -> HTTPRefusal:
    """Make the refusal of a body that has more than ``limit`` bytes."""
    message = f"The request body is larger than {limit} bytes {of_what}."
    return HTTPRefusal(413, message, code=Code.OBJECT_TOO_LARGE)


def hung_up() -> HTTPRefusal:
    """Make the refusal of a request whose client has gone before the body was complete."""
    return HTTPRefusal(400, "The client hung up.", code=Code.CONNECTION_FAILED)
