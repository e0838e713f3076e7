"""The ``Mailer`` protocol: what an adapter that sends mail has to offer, and how it is called."""

import asyncio
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from parsepy.model.values import JSONObject


class MailRefused(Exception):
    """This mail can't be sent, however often one tries: its address is none, or was refused.

    A mailer raises it; any other exception means that the mail is to be tried again.
    """


@dataclass(frozen=True, slots=True)
class Mail:
    """A complete mail: receiver, subject, text; the same as HTML, and its language."""

    to: str
    subject: str
    text: str
    html: str | None = None
    language: str = "en"


@dataclass(frozen=True, slots=True, repr=False)
class AccountMail:
    """The contents of a mail about an account: its user in REST form, and the link to follow.

    ``locales`` are the languages that its reader prefers, best first. The link is secret: a
    record has no ``repr``, and must not be logged.
    """

    app_name: str
    link: str
    user: JSONObject
    locales: tuple[str, ...] = ()


@runtime_checkable
class Mailer(Protocol):
    """Sends mail. Its methods may be async, or plain functions, which run in a thread.

    A mailer with texts of its own also has ``send_verification_email(account_mail)`` and
    ``send_password_reset_email(account_mail)``, which are then called instead. Mails come from a
    queue: one that fails is tried again, and a mail may come twice.
    """

    def send_mail(self, mail: Mail) -> Any:
        """Send one mail; raises ``MailRefused``, or any exception to be asked again later."""
        ...


@dataclass(slots=True)
class MailFigures:
    """What became of mails in this process; ``waiting`` is how many wait in all processes."""

    sent: int = 0
    failed: int = 0
    given_up: int = 0
    waiting: int = 0
    is_failing: bool = False
    """Did the last attempt fail?"""

    @property
    def trouble(self) -> str | None:
        """What is wrong with mail, for who asks about the server's health."""
        if not self.is_failing:
            return None
        return f"mails can't be sent; {self.waiting} wait"


async def ask(method: Callable[[Any], Any], message: object) -> None:
    """Call a mailer's method, async or plain."""
    if inspect.iscoroutinefunction(method):
        await method(message)
        return
    answer = await asyncio.to_thread(method, message)
    if inspect.isawaitable(answer):
        await answer
