"""Errors of a field: what an exception of an operation becomes in GraphQL's form."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from graphql import GraphQLError

from parsepy.backend import Backend, RequestContext
from parsepy.errors import Code, ParseError
from parsepy.http.failures import failure_of

INTERNAL = "INTERNAL_SERVER_ERROR"
_PLAIN = "Internal server error"


class FieldError(GraphQLError):
    """An error of an operation: its words are ours or cloud code's, not the library's.

    ``delay`` orders those that were found before the database was asked. Parse: of several root
    fields that fail and may not be null, the first to fail is told alone.
    """

    delay: int | None = None


class AtOnce(Exception):
    """A refusal that was found before the database was asked."""

    def __init__(self, error: ParseError, delay: int) -> None:
        super().__init__(error)
        self.error = error
        self.delay = delay


@contextmanager
def at_once(delay: int = 1) -> Iterator[None]:
    """Mark the refusals that are raised inside as found at once; the least delay is told."""
    try:
        yield
    except ParseError as error:
        raise AtOnce(error, delay) from error


class PlainError(Exception):
    """An error that the client is told without Parse's code."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def error_of(context: RequestContext, error: Exception, where: str) -> FieldError:
    """The error of a field, with Parse's code; what is no client's doing is logged."""
    if isinstance(error, AtOnce):
        made = error_of(context, error.error, where)
        made.delay = error.delay
        return made
    if isinstance(error, FieldError):
        return error
    if isinstance(error, PlainError):
        return FieldError(error.message)
    failure = failure_of(context.backend, error, where)
    message = failure.message
    if not isinstance(error, ParseError) and message == f"{_PLAIN}.":
        message = _PLAIN  # Parse: another wording than REST's
    code = Code.INTERNAL_SERVER_ERROR if failure.code is None else failure.code
    return FieldError(message, extensions={"code": int(code)})


def shown_message(backend: Backend, error: ParseError) -> str:
    """A refusal's words, sanitised if the server does that."""
    return failure_of(backend, error, "GraphQL").message


def with_code(message: str, code: str, **extensions: Any) -> GraphQLError:
    """An error of a request with a code of the transport's own."""
    return GraphQLError(message, extensions={"code": code, **extensions})
