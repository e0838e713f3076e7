"""Mailers: SMTP as a small server of ours hears it, and the console."""

import asyncio
from collections.abc import AsyncIterator
from email import message_from_string, policy
from email.message import EmailMessage

import aiosmtplib
import pytest

from parsepy.mail import console, smtp
from parsepy.mail.base import Mail, Mailer, MailRefused, ask

MAIL = Mail("ann@shop.test", "Schöne Grüße", "Hello\n\nhttps://shop.test/?token=abc\n")


class PostOffice:
    """A small SMTP server: it keeps the envelopes and letters that come."""

    def __init__(self) -> None:
        self.commands: list[str] = []
        self.letters: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk to one client."""
        writer.write(b"220 shop.test\r\n")
        while line := (await reader.readline()).decode().strip():
            self.commands.append(line)
            word = line.upper()
            if word == "DATA":
                writer.write(b"354 go on\r\n")
                self.letters.append((await reader.readuntil(b"\r\n.\r\n")).decode()[:-3])
            writer.write(b"221 bye\r\n" if word == "QUIT" else b"250 fine\r\n")
        writer.close()

    def letter(self) -> EmailMessage:
        """The last letter."""
        found = message_from_string(self.letters[-1], policy=policy.default)
        assert isinstance(found, EmailMessage)
        return found


@pytest.fixture
async def office() -> AsyncIterator[PostOffice]:
    """A post office on a free port."""
    office = PostOffice()
    server = await asyncio.start_server(office.serve, "127.0.0.1", 0)
    office.port = server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]  # set here
    yield office
    server.close()


def mailer(office: PostOffice, **options: object) -> smtp.adapter:
    """A mailer that uses that post office."""
    port: int = office.port  # type: ignore[attr-defined]  # set by the fixture
    given = {"sender": "The Shop <shop@shop.test>", "host": "127.0.0.1", "port": port}
    return smtp.adapter(**{**given, "security": "none", **options})  # type: ignore[arg-type]


async def test_a_mail_arrives(office: PostOffice) -> None:
    await mailer(office).send_mail(MAIL)
    letter = office.letter()
    assert (letter["From"], letter["To"]) == ("The Shop <shop@shop.test>", "ann@shop.test")
    assert letter["Subject"] == "Schöne Grüße"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter.get_content().strip().splitlines()[-1] == "https://shop.test/?token=abc"
    commands = [command.lower() for command in office.commands]  # Python 3.13 writes "rcpt to"
    assert [c for c in commands if c.startswith("rcpt")] == ["rcpt to:<ann@shop.test>"]


@pytest.mark.parametrize(
    "to",
    [
        "ann@shop.test, eve@evil.test",
        "ann@shop.test\r\nBcc: eve@evil.test",
        "ann@shop.test\neve@evil.test",
        "Ann <eve@evil.test>",
        "ann",
        "",
    ],
)
async def test_a_mail_has_one_receiver(to: str, office: PostOffice) -> None:
    with pytest.raises(MailRefused, match="the address is none"):
        await mailer(office).send_mail(Mail(to, "Hello", "text"))
    assert office.letters == []


async def test_a_line_that_can_not_be_closed_is_not_used(office: PostOffice) -> None:
    with pytest.raises(aiosmtplib.SMTPException, match="STARTTLS"):
        await mailer(office, security="starttls").send_mail(MAIL)
    assert office.letters == []


@pytest.mark.parametrize(
    "options",
    [
        {"sender": "nobody"},
        {"sender": "a@b.c", "security": "maybe"},
        {"sender": "a@b.c", "security": "none", "host": "mail.test", "user": "a"},
    ],
)
def test_options_that_can_not_work_are_refused(options: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"sender|security"):
        smtp.adapter(**options)  # type: ignore[arg-type]  # all of them texts


async def test_the_console_shows_the_whole_mail_with_its_token(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    await console.adapter().send_mail(MAIL)
    shown = capsys.readouterr().err
    assert "ann@shop.test" in shown
    assert "token=abc" in shown
    assert caplog.text == ""


async def test_a_mailer_may_be_plain_or_async_or_both() -> None:
    seen = []

    class Plain:
        def send_mail(self, mail: Mail) -> None:
            seen.append(mail)

    class Later:
        def send_mail(self, mail: Mail) -> "asyncio.Future[None]":
            done = loop.create_future()
            loop.call_soon_threadsafe(done.set_result, None)
            seen.append(mail)
            return done

    loop = asyncio.get_running_loop()
    for made in (Plain(), Later()):
        assert isinstance(made, Mailer)
        await ask(made.send_mail, MAIL)
    assert seen == [MAIL, MAIL]
