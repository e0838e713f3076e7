"""Adapters of an operator, for tests: written to a folder, with what they were asked."""

import json
from pathlib import Path
from typing import Any

CODE = """
import json

from parsepy.errors import ParseError

PERSONS = {{"for-anna": 17, "for-bert": 18}}


class adapter:
    async def _note(self, method, auth_data):
        with open({log!r}, "a") as file:
            print(json.dumps([method, auth_data]), file=file)

    async def before_find(self, auth_data, options, request):
        await self._note("before_find", auth_data)
        if "code" not in auth_data:
            raise ParseError(141, "A code is needed.")
        if auth_data["code"] not in PERSONS:
            raise ParseError(141, "The code is wrong.")
        return {{"id": PERSONS[auth_data["code"]], "token": "token of " + auth_data["code"]}}

    async def validate_auth_data(self, auth_data, options, request):
        await self._note("validate_auth_data", auth_data)
        if not str(auth_data.get("token")).startswith("token of "):
            raise ParseError(141, "The token is wrong.")
        return {{"verifiedEmail": auth_data.get("token").split("-")[1] + "@shop.example"}}

    async def after_find(self, auth_data, options, request):
        return {{"id": auth_data["id"]}}
"""


class CodeProvider:
    """A provider that exchanges codes for a number and a token, which it does not show."""

    def __init__(self, folder: Path, name: str = "code_provider") -> None:
        self._log = folder / f"{name}.log"
        self.module = folder / f"{name}.py"
        self.module.write_text(CODE.format(log=str(self._log)))

    @property
    def asked(self) -> list[Any]:
        """What it was asked: method and authData."""
        lines = self._log.read_text().splitlines() if self._log.exists() else []
        return [json.loads(line) for line in lines]

    def forget(self) -> None:
        """Begin anew."""
        self._log.unlink(missing_ok=True)
