"""What the tests of account mails share: a shop that sends mail, its mailbox, its pages."""

from dataclasses import dataclass, field
from typing import Any

import httpx

from parsepy.app import Application
from tests.conftest import APP_ID, Client
from tests.mailbox import adapter, token_in
from tests.rest.shop import PASSWORD, Shopper, eventually, ok, unique
from tests.rest.shop import sign_up as sign_up_with

OPTIONS: dict[str, Any] = {
    "appName": "The Shop",
    "publicServerURL": "http://shop.test/parse",
    "emailAdapter": {"module": "tests.mailbox"},
    "mail": {"cooldown": 0},
}
PAGES = f"/apps/{APP_ID}"
RESET, VERIFY = f"{PAGES}/request_password_reset", f"{PAGES}/verify_email"


@dataclass
class Shop:
    """A running shop: a client of it, and what it mails."""

    application: Application
    client: Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = Client(self.application)

    @property
    def mailbox(self) -> adapter:
        """The mailer."""
        mailer = self.application.backend.mailer
        assert isinstance(mailer, adapter)
        return mailer

    async def sign_up(self, **fields: Any) -> tuple[Shopper, str]:
        """Sign up somebody with an address; the user and the address."""
        address = fields.pop("email", None) or f"{unique('ann')}@shop.test"
        return await sign_up_with(self.client, email=address, **fields), address

    async def mail(self, address: str, number: int = 1) -> str:
        """The text of the nth mail to an address, as soon as it came."""

        async def came() -> bool:
            return len(self.mailbox.to(address)) >= number

        await eventually(came)
        return self.mailbox.to(address)[number - 1].text

    async def token(self, address: str, number: int = 1) -> str:
        """The token in the link of the nth mail to an address."""
        return token_in(await self.mail(address, number))

    async def ask_reset(self, address: str) -> str:
        """Ask for a new password; the token that was mailed."""
        number = len(self.mailbox.to(address)) + 1
        ok(await self.client.post("/requestPasswordReset", json={"email": address}))
        return await self.token(address, number)

    async def reset(self, token: Any, password: Any = "a new one", **more: Any) -> httpx.Response:
        """Send the form of the reset page."""
        return await self.client.post(
            RESET, data={"token": token, "new_password": password, **more}
        )

    async def log_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        """Try to log in."""
        return await self.client.get("/login", params={"username": name, "password": password})
