"""Whose request cloud code runs in: the context that objects and queries act with."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import replace
from typing import Any

from parsepy.backend import Backend, RequestContext
from parsepy.model.principal import MASTER
from parsepy.operations import principals

INSTALLATION_ID = "cloud"
"""Parse: operations of cloud code come from this installation; it gets no sessions."""

_REQUEST: ContextVar[RequestContext | None] = ContextVar("parsepy_request", default=None)


def enter(request: RequestContext) -> "Token[RequestContext | None]":
    """Run cloud code in a request from now on; ``leave`` takes what is returned."""
    return _REQUEST.set(request)


def leave(before: "Token[RequestContext | None]") -> None:
    """End what ``enter`` has begun."""
    _REQUEST.reset(before)


@contextmanager
def acting(request: RequestContext) -> Iterator[None]:
    """Run cloud code in a request: ``with acting(request):``."""
    before = enter(request)
    try:
        yield
    finally:
        leave(before)


@contextmanager
def as_master() -> Iterator[None]:
    """Let the calls inside have the rights of the master key, but for those with a session."""
    with acting(request().as_master()):
        yield


def request() -> RequestContext:
    """The request that this code runs in.

    Raises ``RuntimeError`` outside of any: at import, or in a task that outlived it.
    """
    found = _REQUEST.get()
    if found is None:
        raise RuntimeError(
            "Cloud code can reach the database only while a trigger, function or job runs "
            "(in tests: inside a parsepy.testing app)."
        )
    return found


def backend() -> Backend:
    """The application that this code runs in."""
    return request().backend


async def context(
    *,
    use_master_key: bool = False,
    session_token: str | None = None,
    context: dict[str, Any] | None = None,
) -> RequestContext:
    """The context of one operation of cloud code.

    It has the caller's rights, those of the master key, or those of a session; what its own
    triggers find in ``request.context`` is ``context``. Raises INVALID_SESSION_TOKEN.
    """
    found = request()
    principal = found.principal
    if use_master_key:
        principal = MASTER
    elif session_token is not None:
        principal = await principals.of_token(found.backend, session_token)
    return replace(
        found,
        principal=principal,
        installation_id=INSTALLATION_ID,
        trigger_context=dict(context or {}),
        is_answered=False,
    )
