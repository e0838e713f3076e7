"""Errors of a field: what an exception of an operation becomes in GraphQL's form."""

from typing import Any

from graphql import GraphQLError

from parsepy.backend import Backend, RequestContext
from parsepy.errors import Code, ParseError
from parsepy.http.failures import failure_of

INTERNAL = "INTERNAL_SERVER_ERROR"
_PLAIN = "Internal server error"


class FieldError(GraphQLError):
    """An error of an operation: its words are ours or cloud code's, not the library's."""


class PlainError(Exception):
    """An error that the client is told without Parse's code."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def error_of(context: RequestContext, error: Exception, where: str) -> GraphQLError:
    """The error of a field, with Parse's code; what is no client's doing is logged."""
    if isinstance(error, GraphQLError):
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
