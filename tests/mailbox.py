"""A mailer for tests: it keeps what it was asked to send."""

import re

from parsepy.mail.base import AccountMail, Mail

TOKEN = re.compile(r"token=([A-Za-z0-9]+)")


class adapter:
    """Keeps mails; `fails` makes it raise for each."""

    def __init__(self, fails: bool = False) -> None:
        self.fails = fails
        self.sent: list[Mail] = []

    async def send_mail(self, mail: Mail) -> None:
        """Keep one mail."""
        if self.fails:
            raise OSError("the post office is closed")
        self.sent.append(mail)

    def to(self, address: str) -> list[Mail]:
        """What came for an address."""
        return [mail for mail in self.sent if mail.to == address]


def token_in(text: str) -> str:
    """The token of the link in a mail, or in a page's address."""
    found = TOKEN.search(text)
    assert found is not None, text
    return found[1]


class OwnTexts:
    """A mailer with texts of its own, whose methods are plain functions."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, AccountMail]] = []

    def send_mail(self, mail: Mail) -> None:
        """Is not asked."""
        raise AssertionError(mail)

    def send_verification_email(self, message: AccountMail) -> None:
        """Keep a verification."""
        self.asked.append(("verification", message))

    def send_password_reset_email(self, message: AccountMail) -> None:
        """Keep a reset."""
        self.asked.append(("reset", message))
