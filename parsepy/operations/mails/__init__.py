"""Mails about accounts are queued here, before what asked for them is answered (§16.1).

``worker`` sends them: so neither an outage of the mail server nor a killed process loses one, and
an answer says by its time no more than by its text.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from parsepy.backend import Backend, RequestContext
from parsepy.errors import Code, ParseError
from parsepy.model.values import JSONObject
from parsepy.operations.mails.kinds import (
    EMAIL_CHANGE,
    EMAIL_CHANGE_REQUESTED,
    EMAIL_CHANGED,
    PASSWORD_CHANGED,
    PASSWORD_RESET,
    SECOND_FACTOR_CHANGED,
    SIGN_IN_CODE,
    VERIFICATION,
)
from parsepy.storage import mails
from parsepy.storage.mails import MailWork
from parsepy.texts import languages

__all__ = [
    "EMAIL_CHANGE",
    "EMAIL_CHANGED",
    "EMAIL_CHANGE_REQUESTED",
    "PASSWORD_CHANGED",
    "PASSWORD_RESET",
    "SECOND_FACTOR_CHANGED",
    "SIGN_IN_CODE",
    "VERIFICATION",
    "ask",
    "can_send",
    "check_set_up",
    "locales_of",
    "send",
]

_AFTER_ANSWER = 0.1  # seconds


def can_send(backend: Backend) -> bool:
    """Is this server set up to send mails with links?"""
    config = backend.config
    return bool(backend.mailer is not None and config.app_name and config.public_server_url)


def check_set_up(backend: Backend) -> None:
    """Refuse a request that needs mail on a server that can send none (§13.11)."""
    if not can_send(backend):
        raise ParseError(
            Code.INTERNAL_SERVER_ERROR,
            "An appName, publicServerURL, and emailAdapter are required for password reset and "
            "email verification functionality.",
        )


def locales_of(context: RequestContext, locale: str | None = None) -> list[str]:
    """List the languages that a request asks for, best first; ``locale`` is that of a link."""
    header = context.headers.get(b"accept-language", b"").decode("latin-1")
    return [*([locale] if locale else []), *languages.accepted(header)]


async def ask(
    context: RequestContext,
    kind: str,
    address: str,
    user: JSONObject | None,
    *,
    locale: str | None = None,
    values: JSONObject | None = None,
) -> None:
    """Queue a mail that somebody asks for, unless one like it has just gone to the address.

    ``user`` None: nobody has the address; the same is written then, and takes the same time. The
    mail's link is made when it is sent. How soon another one may go is the option
    ``mail.cooldown``; who asks earlier is answered alike.
    """
    backend = context.backend
    work = None
    if user is not None:
        work = MailWork(kind, address, user["objectId"], values or {}, is_fresh=True)
        work.locales = locales_of(context, locale)
    distance = backend.config.mail.cooldown
    write = partial(mails.ask, backend.storage, kind, address, work, distance)
    if backend.storage.connection.in_transaction:
        # a refusal by the unique id would end the transaction
        await backend.storage.after_transaction(partial(_ask, backend, write))
        return
    await _ask(backend, write)


async def _ask(backend: Backend, write: Callable[[], Awaitable[bool]]) -> None:
    await write()
    # after the answer, and whether or not there is a mail: sending it must not slow the answer
    asyncio.get_running_loop().call_later(_AFTER_ANSWER, backend.mail_queued.set)


async def send(
    context: RequestContext, kind: str, to: str, user_id: str, values: JSONObject | None = None
) -> None:
    """Queue a mail that must go, in the current transaction if there is one.

    If one like it has just gone to the address, it goes after the cool-down, and only the last of
    several does.
    """
    backend = context.backend
    work = MailWork(kind, to, user_id, values or {}, locales_of(context))
    await mails.add(backend.storage, work, backend.config.mail.cooldown)
    await backend.storage.after_commit(backend.mail_queued.set)
