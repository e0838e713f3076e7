"""A shop whose customers log in by codes that are mailed to them."""

import re
from typing import Any

from parsepy.storage.sign_in_codes import COLLECTION
from tests.conftest import Client
from tests.rest.mailing import Shop

CODE = re.compile(r"^(\d{6})$", re.MULTILINE)


class Codes(Shop):
    """A shop whose customers log in by codes."""

    async def ask(self, email: Any, client: Client | None = None) -> tuple[int, Any]:
        """Ask for a code."""
        body = {"challengeData": {"emailOtp": {"email": email}}}
        answer = await (client or self.client).post("/challenge", json=body)
        return answer.status_code, answer.json()

    async def code(self, address: str, number: int = 1) -> str:
        """The code in the nth mail."""
        found = CODE.search(await self.mail(address, number))
        assert found is not None
        return found[1]

    async def enter(self, email: Any, code: Any, **more: Any) -> tuple[int, Any]:
        """Try to log in."""
        data = {"emailOtp": {"email": email, "code": code}, **more}
        answer = await self.client.post("/users", json={"authData": data})
        return answer.status_code, answer.json()

    @property
    def rows(self) -> Any:
        """The codes in the database."""
        return self.application.backend.storage.connection.collection(COLLECTION)
