"""The ``Mailer`` protocol: what an adapter that sends mail has to offer, and how it is called."""

import asyncio
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from parsepy.model.values import JSONObject


@dataclass(frozen=True, slots=True)
class Mail:
    """A complete mail: receiver, subject and text."""

    to: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True, repr=False)
class AccountMail:
    """The contents of a mail about an account: its user in REST form, and the link to follow.

    The link is secret: a record has no ``repr``, and must not be logged.
    """

    app_name: str
    link: str
    user: JSONObject


@runtime_checkable
class Mailer(Protocol):
    """Sends mail. Its methods may be async, or plain functions, which run in a thread.

    A mailer with texts of its own also has ``send_verification_email(account_mail)`` and
    ``send_password_reset_email(account_mail)``, which are then called instead.
    """

    def send_mail(self, mail: Mail) -> Any:
        """Send one mail; may raise any exception, which is logged."""
        ...


async def ask(method: Callable[[Any], Any], message: object) -> None:
    """Call a mailer's method, async or plain."""
    if inspect.iscoroutinefunction(method):
        await method(message)
        return
    answer = await asyncio.to_thread(method, message)
    if inspect.isawaitable(answer):
        await answer
