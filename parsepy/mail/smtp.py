"""Mail by SMTP (aiosmtplib), with SMTPUTF8 where an address needs it."""

import asyncio
import ssl
from contextlib import suppress
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

import aiosmtplib

from parsepy.mail import addresses
from parsepy.mail.base import Mail, MailRefused
from parsepy.mail.templates import one_line

_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_LOCAL = ("localhost", "127.0.0.1", "::1")


class adapter:
    """Sends mail through one SMTP server.

    ``security`` is "starttls" (the default), "tls", or "none", which suits a server on the same
    machine. ``timeout`` are the seconds that sending one mail may take in all.
    """

    def __init__(
        self,
        sender: str,
        host: str = "localhost",
        *,
        port: int | None = None,
        user: str | None = None,
        password: str | None = None,
        security: str = "starttls",
        timeout: float = 20,
    ) -> None:
        if security not in _PORTS:
            raise ValueError(f"security is one of {', '.join(_PORTS)}")
        if user is not None and security == "none" and host not in _LOCAL:
            raise ValueError("a password is not sent over an open line: security tls or starttls")
        self._from = addresses.sender(sender)
        self._host = host
        self._port = port or _PORTS[security]
        self._login = None if user is None else (user, password or "")
        self._security = security
        self._timeout = timeout
        self._tls = None if security == "none" else ssl.create_default_context()

    async def send_mail(self, mail: Mail) -> None:
        """Send one mail.

        Raises ``MailRefused`` for an address that is none or that the server refuses for good,
        else ``aiosmtplib.SMTPException`` or ``OSError`` (a ``TimeoutError`` is one).
        """
        receiver = addresses.receiver(mail.to)
        message = self._message(mail, receiver)
        async with asyncio.timeout(self._timeout):
            server = aiosmtplib.SMTP(
                hostname=self._host,
                port=self._port,
                timeout=self._timeout,
                use_tls=self._security == "tls",
                start_tls=self._security == "starttls",
                tls_context=self._tls,
            )
            try:
                await server.connect()
                if self._login is not None:
                    await server.login(*self._login)
                await self._hand_over(server, message, receiver.addr_spec)
                with suppress(aiosmtplib.SMTPException, OSError):
                    await server.quit()  # the mail is taken, whatever comes now
            finally:
                server.close()

    def _message(self, mail: Mail, receiver: Address) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self._from
        # one address, whatever commas stand in it: a header of several would reach others
        message["To"] = receiver
        message["Subject"] = one_line(mail.subject) or ""
        message["Date"] = formatdate(localtime=False)
        message["Message-ID"] = make_msgid(domain=self._from.domain or "localhost")
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.text)
        if mail.html is not None:
            message.add_alternative(mail.html, subtype="html")
        message["Content-Language"] = one_line(mail.language) or "en"
        return message

    async def _hand_over(
        self, server: aiosmtplib.SMTP, message: EmailMessage, receiver: str
    ) -> None:
        try:
            await server.send_message(message, sender=self._from.addr_spec, recipients=[receiver])
        except aiosmtplib.SMTPRecipientsRefused as error:
            if all(_is_final(refusal.code) for refusal in error.recipients):
                raise MailRefused("the mail server refused the address") from error
            raise
        except aiosmtplib.SMTPDataError as error:
            if _is_final(error.code):
                raise MailRefused(f"the mail server refused the mail: {error.message}") from error
            raise
        except aiosmtplib.SMTPNotSupported as error:
            if receiver.isascii():
                raise
            raise MailRefused("the mail server takes no addresses beyond ASCII") from error


def _is_final(code: int) -> bool:
    """Does this answer say that the same will be refused again (RFC 5321 §4.2.1)?"""
    return 500 <= code <= 599
