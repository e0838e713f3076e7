"""The ``Mailer`` protocol: what the house asks of whatever sends mail; how it is asked."""

import asyncio
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from parsepy.model.values import JSONObject


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that is ready to be sent."""

    to: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True, repr=False)
class AccountMail:
    """What a mail about an account says: whose it is (in REST form) and the link to follow.

    The link is a secret of the user's: it has no ``repr``, and belongs in no log.
    """

    app_name: str
    link: str
    user: JSONObject


@runtime_checkable
class Mailer(Protocol):
    """Sends mail. Its methods may be plain functions; those run in a thread.

    A mailer with texts of its own offers ``send_verification_email(account_mail)`` and
    ``send_password_reset_email(account_mail)`` as well, and is asked for these instead.
    """

    def send_mail(self, mail: Mail) -> Any:
        """Send one mail; raises whatever went wrong."""
        ...


async def ask(method: Callable[[Any], Any], message: object) -> None:
    """Call a mailer's method, async or plain."""
    if inspect.iscoroutinefunction(method):
        await method(message)
        return
    answer = await asyncio.to_thread(method, message)
    if inspect.isawaitable(answer):
        await answer
