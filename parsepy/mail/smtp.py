"""Mail by SMTP, with the standard library's client, in threads."""

import asyncio
import smtplib
import ssl
from concurrent.futures import ThreadPoolExecutor
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, make_msgid, parseaddr

from parsepy.mail.base import Mail

_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_THREADS = 4  # a server that hangs holds up mail, and nothing else


class adapter:
    """Sends mail through one SMTP server.

    ``security`` is "starttls" (the default), "tls", or "none", which suits a server on the same
    machine.
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
        if user is not None and security == "none" and host not in ("localhost", "127.0.0.1"):
            raise ValueError("a password is not sent over an open line: security tls or starttls")
        self._from = _address(sender)
        self._host = host
        self._port = port or _PORTS[security]
        self._login = None if user is None else (user, password or "")
        self._security = security
        self._timeout = timeout
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="mail")

    async def send_mail(self, mail: Mail) -> None:
        """Send one mail; raises ``smtplib.SMTPException``, ``OSError`` or ``ValueError``."""
        if not mail.to:
            raise ValueError("a mail without a receiver")
        message = EmailMessage()
        message["From"] = self._from
        # one address, whatever commas stand in it: a header of several would reach others
        message["To"] = recipient = Address(addr_spec=mail.to)
        message["Subject"] = mail.subject
        message["Date"] = formatdate(localtime=False)
        message["Message-ID"] = make_msgid(domain=self._from.domain or "localhost")
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.text)
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._threads, self._send, message, recipient.addr_spec)

    def _send(self, message: EmailMessage, recipient: str) -> None:
        with self._connected() as server:
            if self._login is not None:
                server.login(*self._login)
            server.send_message(message, self._from.addr_spec, [recipient])

    def _connected(self) -> smtplib.SMTP:
        if self._security == "tls":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(self._host, self._port, timeout=self._timeout, context=context)
        server = smtplib.SMTP(self._host, self._port, timeout=self._timeout)
        if self._security == "starttls":
            try:
                server.starttls(context=ssl.create_default_context())
            except BaseException:
                server.close()
                raise
        return server


def _address(text: str) -> Address:
    """Parse an address such as ``Library <books@example.com>``; raises ``ValueError``."""
    name, spec = parseaddr(text)
    if "@" not in spec:
        raise ValueError(f"sender: {text!r} is no mail address")
    return Address(name, addr_spec=spec)
