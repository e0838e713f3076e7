"""Mails about accounts: their links and texts; they are sent in the background (§16.1)."""

import asyncio
from typing import Any
from urllib.parse import quote

from parsepy.backend import Backend
from parsepy.config import Config
from parsepy.errors import Code, ParseError
from parsepy.mail.base import AccountMail, Mail, ask
from parsepy.model.values import JSONObject

_VERIFICATION = """\
Hello,

please confirm that {email} is your address at {app}:

{link}

If you have no account there, you need not do anything.
"""
_RESET = """\
Hello,

somebody, hopefully you, wants to set a new password for your account{named} at {app}:

{link}

If it was not you, you need not do anything: your password stays as it is.
"""


def check_set_up(backend: Backend) -> None:
    """Refuse a request that needs mail on a server that can send none (§13.11)."""
    config = backend.config
    if backend.mailer is None or not config.app_name or not config.public_server_url:
        raise ParseError(
            Code.INTERNAL_SERVER_ERROR,
            "An appName, publicServerURL, and emailAdapter are required for password reset and "
            "email verification functionality.",
        )


def _link(config: Config, page: str, token: str) -> str:
    """The address of a page that takes a token, in the operator's frame if there is one."""
    path = f"/{config.pages.pages_endpoint}/{config.app_id}/{page}"
    query = f"token={quote(token, safe='')}"
    if config.parse_frame_url:
        return f"{config.parse_frame_url}?link={quote(path, safe='')}&{query}"
    return f"{config.public_server_url}{path}?{query}"


def send_verification(backend: Backend, user: JSONObject, token: str) -> None:
    """Mail a user a link to confirm the e-mail address, in the background."""
    config = backend.config
    link = _link(config, "verify_email", token)
    text = _VERIFICATION.format(email=user.get("email"), app=config.app_name, link=link)
    mail = Mail(str(user.get("email")), f"Please verify your e-mail for {config.app_name}", text)
    _start(backend, "send_verification_email", mail, _account_mail(config, link, user))


def send_password_reset(backend: Backend, user: JSONObject, token: str) -> None:
    """Send a user the link to a new password, soon."""
    config = backend.config
    link = _link(config, "request_password_reset", token)
    username = user.get("username")
    named = f" ({username})" if username else ""
    text = _RESET.format(named=named, app=config.app_name, link=link)
    # Parse: a user without an e-mail address may have one as username
    to = str(user.get("email") or username)
    mail = Mail(to, f"Password Reset for {config.app_name}", text)
    _start(backend, "send_password_reset_email", mail, _account_mail(config, link, user))


def _account_mail(config: Config, link: str, user: JSONObject) -> AccountMail:
    shown = {n: v for n, v in user.items() if n[0] != "_" and n != "authData"}
    return AccountMail(str(config.app_name), link, shown)


def _start(backend: Backend, own: str, mail: Mail, account_mail: AccountMail) -> None:
    """Send in the background: an answer says by its time no more than by its text."""
    method = getattr(backend.mailer, own, None)
    message: Any = account_mail
    if method is None:
        assert backend.mailer is not None
        method, message = backend.mailer.send_mail, mail

    async def send() -> None:
        try:
            await ask(method, message)
        except Exception:  # whatever an operator's mailer may raise
            backend.log.exception("a mail could not be sent")

    task = asyncio.create_task(send())
    backend.tasks.add(task)
    task.add_done_callback(backend.tasks.discard)
