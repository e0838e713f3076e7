"""What the tests of second factors share: a clock, a telephone, shoppers who have enrolled."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyotp
from pymongo.database import Database

from tests.conftest import Client
from tests.rest.shop import PASSWORD, Shopper, ok, refused, sign_up

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
OTHER = "KRSXG5DSOVXGOYLTMVQXGZLSKRSXG5DS"
WRONG = "Invalid MFA token"
MISSING = "Missing additional authData mfa"
ENABLED = {"mfa": {"status": "enabled"}}

Rows = Database[dict[str, Any]]
OpenWithMFA = Callable[..., Awaitable[Client]]
"""Start a server with these methods (TOTP, SMS), options of mfa, and a threshold of lockout."""


@dataclass
class Clock:
    """What a test's authenticator app and the server take for the time, in steps of 30 s."""

    step: int = 58_000_000

    def time(self) -> float:
        """The seconds since 1970."""
        return self.step * 30 + 15

    def code(self, step: int = 0, secret: str = SECRET) -> str:
        """The code of a time step, counted from now."""
        return pyotp.TOTP(secret).generate_otp(self.step + step)


SENDER = """
import json

async def send(code, number):
    if number.endswith("999"):
        raise OSError("no such number")
    with open({file!r}, "a") as file:
        print(json.dumps([code, number]), file=file)
"""


class Telephone:
    """The messages that the function of ``sendSMS`` was to send."""

    def __init__(self, folder: Path, database: Rows) -> None:
        self._file, self._claims = folder / "messages", database["_JobClaim"]
        self.module = folder / "sms.py"
        self.module.write_text(SENDER.format(file=str(self._file)))

    @property
    def messages(self) -> list[tuple[str, str]]:
        """Each code, and the number that it went to."""
        lines = self._file.read_text().splitlines() if self._file.exists() else []
        return [tuple(json.loads(line)) for line in lines]

    @property
    def code(self) -> str:
        """The code of the last message."""
        return self.messages[-1][0]

    def wait(self) -> None:
        """Let a minute pass, in which no number may be sent another message."""
        self._claims.delete_many({"_id": {"$regex": "^auth:mfa:"}})


def with_mfa(**data: Any) -> dict[str, Any]:
    """A body with authData of the second factor."""
    return {"authData": {"mfa": data}}


def login(anna: Shopper, **data: Any) -> dict[str, Any]:
    """The body of a log-in with a second factor."""
    return {"username": anna.name, "password": PASSWORD, **(with_mfa(**data) if data else {})}


async def enrol(client: Client, clock: Clock, **fields: Any) -> tuple[Shopper, list[str]]:
    """Sign up a shopper who sets up TOTP; their recovery codes."""
    anna = await sign_up(client, **fields)
    body = with_mfa(secret=SECRET, token=clock.code())
    answer = ok(await anna.client.put(f"/users/{anna.id}", json=body))
    clock.step += 1
    return anna, answer["authDataResponse"]["mfa"]["recovery"].split(", ")


async def enrol_by_telephone(client: Client, telephone: Telephone) -> Shopper:
    """Sign up a shopper who confirms a number of their own, a minute ago."""
    anna = await sign_up(client)
    number = f"+41 {int(anna.id.encode().hex()[:12], 16)}"
    ok(await anna.client.put(f"/users/{anna.id}", json=with_mfa(mobile=number)))
    body = with_mfa(mobile=number, token=telephone.code)
    ok(await anna.client.put(f"/users/{anna.id}", json=body))
    telephone.wait()
    return anna


async def enrol_with_code(
    client: Client, clock: Clock, telephone: Telephone, kind: str
) -> tuple[Shopper, str]:
    """Sign up a shopper with a second factor; a code of theirs: of an app, recovery or message."""
    if kind == "message":
        anna = await enrol_by_telephone(client, telephone)
        refused(await client.post("/login", json=login(anna, token="request")), 141)
        return anna, telephone.code
    anna, recovery = await enrol(client, clock)
    return anna, recovery[0] if kind == "recovery" else clock.code()


def stored(database: Rows, anna: Shopper) -> Any:
    """What the database has of their second factor."""
    row = database["_User"].find_one({"_id": anna.id})
    assert row is not None
    return row.get("_auth_data_mfa")
