"""Mail by SMTP, to a server that others have written (aiosmtpd): addresses, headers, refusals."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import aiosmtplib
import pytest
from aiosmtpd.smtp import SMTP, AuthResult
from hypothesis import given
from hypothesis import strategies as st

from parsepy.mail import addresses, smtp
from parsepy.mail.base import Mail, MailRefused
from tests.push.fakes import certificate

MAIL = Mail("ann@shop.test", "Schöne Grüße", "Hello\n", "<p>Hello</p>", "de")
NAMES = "The Shop <shop@shop.test>"


class Box:
    """What a server has taken; ``refusals`` are its answers to a command, by its name."""

    def __init__(self, **refusals: str) -> None:
        self.refusals = refusals
        self.taken: list[Any] = []
        self.commands: list[str] = []

    async def handle_MAIL(
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """Take a sender."""
        self.commands.append("MAIL")
        envelope.mail_from = address
        return "250 fine"

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """Take or refuse a receiver."""
        self.commands.append("RCPT")
        if "RCPT" not in self.refusals:
            envelope.rcpt_tos.append(address)
        return self.refusals.get("RCPT", "250 fine")

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Take or refuse a mail."""
        if "DATA" not in self.refusals:
            self.taken.append(envelope)
        return self.refusals.get("DATA", "250 fine")

    async def handle_QUIT(self, server: Any, session: Any, envelope: Any) -> str:
        """Take leave, or not."""
        if "QUIT" in self.refusals:
            server.transport.abort()
        return "221 bye"

    def letter(self) -> EmailMessage:
        """The last mail."""
        content = self.taken[-1].content
        found = message_from_bytes(content, policy=policy.SMTPUTF8)
        assert isinstance(found, EmailMessage)
        return found


Serve = Callable[..., Awaitable[int]]


async def hang_up(server: asyncio.Server, talks: list[SMTP]) -> None:
    """End a server and its connections."""
    server.close()
    for talk in talks:
        if talk.transport is not None:
            talk.transport.close()
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Start servers; each returns its port."""
    async with AsyncExitStack() as stack:

        async def start(box: Box, *, tls: Any = None, **options: Any) -> int:
            loop = asyncio.get_running_loop()

            def made() -> SMTP:
                talks.append(SMTP(box, loop=loop, hostname="shop.test", **options))
                return talks[-1]

            talks: list[SMTP] = []
            server = await loop.create_server(made, "127.0.0.1", 0, ssl=tls)
            stack.push_async_callback(hang_up, server, talks)
            port: int = server.sockets[0].getsockname()[1]
            return port

        yield start


def mailer(port: int, **options: Any) -> smtp.adapter:
    """A mailer of that server."""
    given = {"sender": NAMES, "host": "127.0.0.1", "port": port, "security": "none"}
    return smtp.adapter(**{**given, **options})


# --- whom it reaches ----------------------------------------------------------------------------


async def test_a_mail_has_a_text_and_the_same_as_html(serve: Serve) -> None:
    box = Box()
    await mailer(await serve(box)).send_mail(MAIL)
    letter = box.letter()
    assert letter.get_content_type() == "multipart/alternative"
    text, html = letter.iter_parts()
    assert isinstance(text, EmailMessage)
    assert isinstance(html, EmailMessage)
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert (text.get_content(), html.get_content()) == ("Hello\r\n", "<p>Hello</p>\r\n")
    assert (letter["Subject"], letter["Content-Language"]) == ("Schöne Grüße", "de")
    assert letter["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize(
    ("address", "over_the_line", "is_utf8"),
    [
        ("jürgen@exämple.de", "jürgen@exämple.de", True),
        ("用户@例え.jp", "用户@例え.jp", True),
        ("ann@exämple.de", "ann@xn--exmple-cua.de", False),
        ("ann@shop.test", "ann@shop.test", False),
        ("o'brien+news@shop.test", "o'brien+news@shop.test", False),
        ('"ann b"@shop.test', '"ann b"@shop.test', False),
        ("ANN@Shop.Test", "ANN@Shop.Test", False),
    ],
)
async def test_an_address_in_any_script_gets_its_mail(
    address: str, over_the_line: str, is_utf8: bool, serve: Serve
) -> None:
    box = Box()
    port = await serve(box, enable_SMTPUTF8=True)
    await mailer(port).send_mail(Mail(address, "Grüße", "Hällo\n"))
    (envelope,) = box.taken
    assert envelope.rcpt_tos == [over_the_line]
    assert envelope.smtp_utf8 is is_utf8
    assert box.letter()["To"] == over_the_line
    assert box.letter()["Subject"] == "Grüße"


async def test_an_address_that_the_server_can_not_reach_is_refused(serve: Serve) -> None:
    box = Box()
    with pytest.raises(MailRefused, match="beyond ASCII"):
        await mailer(await serve(box)).send_mail(Mail("jürgen@exämple.de", "a", "b"))
    await mailer(await serve(box)).send_mail(Mail("ann@exämple.de", "a", "b"))
    assert len(box.taken) == 1


ODD = [
    *("", " ", "ann", "@shop.test", "ann@", "ann@shop..test", ".ann@shop.test", "ann.@shop.test"),
    *("a..b@shop.test", "ann@shop.test, eve@evil.test", "ann@shop.test eve@evil.test"),
    *("Ann <eve@evil.test>", "<ann@shop.test>", "ann(eve)@shop.test", "ann@shop.test>"),
    *("ann@shop.test\r\nBcc: eve@evil.test", "ann\r\nRCPT TO:<eve@evil.test>@shop.test"),
    *("ann@shop.test\x00", "ann\x0b@shop.test", "ann\x85@shop.test", "ann@shop.test\u2028"),
    *("ann@shop.test SIZE=1", '"ann\r\n"@shop.test', '"a"b"@shop.test', '"a\\"@shop.test'),
    *("a@b@shop.test", "a;b@shop.test", "ann@[127.0.0.1]", "ann@shop.test\n", "\tann@shop.test"),
    *("a" * 65 + "@shop.test", "ann@" + "b" * 250 + ".test", "ann@shop.test/../x", "%s@%n%n"),
    *("ann@-\u0300.test", "ann@\u202eshop.test"),
]


@pytest.mark.parametrize("address", ODD)
async def test_what_is_no_single_address_reaches_nobody(address: str, serve: Serve) -> None:
    box = Box()
    with pytest.raises(MailRefused):
        await mailer(await serve(box, enable_SMTPUTF8=True)).send_mail(Mail(address, "a", "b"))
    assert box.commands == []


@given(st.text())
def test_an_address_is_one_or_is_refused(text: str) -> None:
    for address in (text, f"{text}@shop.test", f"ann@{text}", f"ann@shop.test{text}"):
        try:
            found = addresses.receiver(address)
        except MailRefused:
            continue
        spec = found.addr_spec
        assert not any(ord(char) < 32 or char in "<>" for char in spec)
        message = EmailMessage()
        message["To"] = found
        assert [item.addr_spec for item in message["To"].addresses] == [spec]


# --- what stands in headers ---------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\x0b", "\x85", "\u2028", "\x00"])
async def test_a_subject_is_one_header(end: str, serve: Serve) -> None:
    box = Box()
    attack = f"Hello{end}Bcc: eve@evil.test{end}{end}<html>"
    await mailer(await serve(box)).send_mail(Mail("ann@shop.test", attack, "text"))
    letter = box.letter()
    assert letter["Bcc"] is None
    assert letter["Subject"] == "Hello Bcc: eve@evil.test <html>"
    assert letter.get_content() == "text\r\n"
    assert box.taken[0].rcpt_tos == ["ann@shop.test"]


async def test_a_text_can_not_end_the_mail(serve: Serve) -> None:
    box = Box()
    text = "a\r\n.\r\nMAIL FROM:<eve@evil.test>\r\n..b\n.\nc\r.\r\n"
    await mailer(await serve(box)).send_mail(Mail("ann@shop.test", "a", text))
    assert len(box.taken) == 1
    assert "MAIL FROM" in box.letter().get_content()


@pytest.mark.parametrize(
    ("sender", "shown"),
    [
        ("Schöner Laden <shop@shop.test>", "Schöner Laden <shop@shop.test>"),
        ('"Ann, Eve & Co." <shop@shop.test>', '"Ann, Eve & Co." <shop@shop.test>'),
        ("shop@shop.test", "shop@shop.test"),
    ],
)
async def test_the_sender_has_a_name(sender: str, shown: str, serve: Serve) -> None:
    box = Box()
    await mailer(await serve(box), sender=sender).send_mail(MAIL)
    assert box.letter()["From"] == shown
    assert box.taken[0].mail_from == "shop@shop.test"


@pytest.mark.parametrize(
    "sender",
    ["Shop\r\nBcc: eve@evil.test <a@b.c>", "nobody", "a@b.c\n", "A <a@b.c>, B <b@b.c>\x00"],
)
def test_a_sender_that_is_none_stops_the_start(sender: str) -> None:
    with pytest.raises(ValueError, match="sender"):
        smtp.adapter(sender)


# --- refusals and outages -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("refusals", "error"),
    [
        ({"RCPT": "550 no such user"}, MailRefused),
        ({"RCPT": "450 try later"}, aiosmtplib.SMTPRecipientsRefused),
        ({"DATA": "554 spam"}, MailRefused),
        ({"DATA": "451 try later"}, aiosmtplib.SMTPDataError),
    ],
)
async def test_what_is_refused_for_good_is_told_apart(
    refusals: dict[str, str], error: type[Exception], serve: Serve
) -> None:
    box = Box(**refusals)
    with pytest.raises(error):
        await mailer(await serve(box)).send_mail(MAIL)
    assert box.taken == []


async def test_a_mail_that_is_taken_is_sent_whatever_comes_then(serve: Serve) -> None:
    box = Box(QUIT="no")
    await mailer(await serve(box)).send_mail(MAIL)
    assert len(box.taken) == 1


async def test_no_server_is_an_error_to_try_again() -> None:
    with pytest.raises((OSError, aiosmtplib.SMTPException)):
        await mailer(1).send_mail(MAIL)


async def test_a_server_that_says_nothing_is_left_in_time() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    begun = time.monotonic()
    with pytest.raises((TimeoutError, aiosmtplib.SMTPException)):
        await mailer(server.sockets[0].getsockname()[1], timeout=0.3).send_mail(MAIL)
    assert time.monotonic() - begun < 2
    server.close()


# --- lines that are closed ----------------------------------------------------------------------


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server's context, whose certificate the mailer trusts."""
    files = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(files[0]))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*map(str, files))
    return context


def checks(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    """Accept one user."""
    is_right = (data.login, data.password) == (b"shop", b"secret")
    return AuthResult(success=is_right, handled=False)


async def test_a_password_goes_over_a_closed_line(trusted: ssl.SSLContext, serve: Serve) -> None:
    login = {"host": "localhost", "user": "shop", "password": "secret"}
    box = Box()
    options = {"authenticator": checks, "auth_required": True}
    starttls = await serve(box, tls_context=trusted, require_starttls=True, **options)
    await mailer(starttls, security="starttls", **login).send_mail(MAIL)
    tls = await serve(box, tls=trusted, auth_require_tls=False, authenticator=checks)
    await mailer(tls, security="tls", **login).send_mail(MAIL)
    assert len(box.taken) == 2
    with pytest.raises(aiosmtplib.SMTPAuthenticationError):
        await mailer(tls, security="tls", **{**login, "password": "wrong"}).send_mail(MAIL)


async def test_a_certificate_that_nobody_trusts_is_not_taken(tmp_path: Path, serve: Serve) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*map(str, certificate(tmp_path)))
    box = Box()
    for security, options in (("starttls", {"tls_context": context}), ("tls", {"tls": context})):
        port = await serve(box, **options)
        with pytest.raises((OSError, aiosmtplib.SMTPException)):
            await mailer(port, security=security).send_mail(MAIL)
    assert box.taken == []


async def test_a_server_without_starttls_gets_nothing(serve: Serve) -> None:
    box = Box()
    with pytest.raises(aiosmtplib.SMTPException, match="STARTTLS"):
        await mailer(await serve(box), security="starttls").send_mail(MAIL)
    assert box.taken == []
