"""Our own sign-in adapters keep the contract that the package ships for authors of others."""

import asyncio
import hashlib
import hmac
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pyotp

from parsepy.auth.anonymous import Anonymous
from parsepy.auth.base import AuthAdapter
from parsepy.auth.contract import AdapterContract, RequestInMemory
from parsepy.auth.mfa import MultiFactor
from parsepy.auth.passkey import Passkey
from parsepy.outgoing import Bounds, Outgoing
from tests.authenticator import Authenticator

README = Path(__file__).parents[3] / "README.md"


def of_the_readme() -> Callable[..., object]:
    """The adapter that README.md shows."""
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    (block,) = [block for block in blocks if "class adapter" in block]
    names: dict[str, Any] = {}
    exec(block, names)  # the manual must run as it stands
    adapter: Callable[..., object] = names["adapter"]
    return adapter


class TestAnonymous(AdapterContract):
    adapter = Anonymous
    is_gullible = True

    def good(self) -> dict[str, Any]:
        return {"id": "a-visitor"}


class TestTheAdapterOfTheReadme(AdapterContract):
    adapter = of_the_readme()

    def options(self) -> dict[str, Any]:
        return {"secret": "of the readme"}

    def good(self) -> dict[str, Any]:
        token = hmac.new(b"of the readme", b"17", hashlib.sha256).hexdigest()
        return {"id": "17", "token": token}

    def bad(self) -> Mapping[str, dict[str, Any]]:
        return {
            "a made-up token": {"id": "17", "token": "0" * 64},
            "another's token": {**self.good(), "id": "18"},
            "a token that is no ASCII": {"id": "17", "token": "ü"},
        }


class Introspection(AuthAdapter):
    """Asks an OAuth 2 server whom an access token belongs to (RFC 7662)."""

    @dataclass(frozen=True)
    class Options:
        """What a configuration says of it."""

        url: str
        client_secret: str
        timeout: float = 5

    def __init__(self, options: Options, http: Outgoing) -> None:
        self._options = options
        self._http = http

    async def validate_auth_data(
        self, auth_data: dict[str, Any], options: Mapping[str, Any], request: Any
    ) -> dict[str, Any] | None:
        """The token is alive, and belongs to whom it is said to."""
        if not isinstance(auth_data["token"], str):
            raise TypeError("A token is a text.")
        reply = await self._http.post(
            self._options.url,
            form={"token": auth_data["token"]},
            headers={"Authorization": f"Bearer {self._options.client_secret}"},
            bounds=Bounds(self._options.timeout, 10_000),
        )
        found = reply.json() if reply.is_success else None
        if not isinstance(found, dict) or found.get("active") is not True:
            raise ValueError("The token is not valid.")
        if found.get("sub") != auth_data["id"]:
            raise ValueError("The token is another user's.")
        return {"save": {"id": found["sub"]}}


class TestAnAdapterThatAsksItsProvider(AdapterContract):
    adapter = Introspection

    def options(self) -> dict[str, Any]:
        return {"url": "https://login.example/introspect", "clientSecret": "secret of ours"}

    def good(self) -> dict[str, Any]:
        return {"id": "17", "token": "alive"}

    def bad(self) -> Mapping[str, dict[str, Any]]:
        return {
            "a dead token": {"id": "17", "token": "dead"},
            "another's token": {"id": "18", "token": "alive"},
        }

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.headers["authorization"] != "Bearer secret of ours":
            return httpx.Response(401)
        if request.content == b"token=alive":
            return httpx.Response(200, json={"active": True, "sub": "17"})
        return httpx.Response(200, json={"active": False})


MFA_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code_of(secret: str, step: int = 0) -> str:
    """What an authenticator app shows, so many steps from now."""
    return pyotp.HOTP(secret).at(int(time.time()) // 30 + step)


class TestMultiFactorAtASetUp(AdapterContract):
    adapter = MultiFactor

    def options(self) -> dict[str, Any]:
        return {"options": ["TOTP"]}

    def good(self) -> dict[str, Any]:
        return {"secret": MFA_SECRET, "token": code_of(MFA_SECRET)}

    def bad(self) -> Mapping[str, dict[str, Any]]:
        return {
            "a code of long ago": {**self.good(), "token": code_of(MFA_SECRET, -10)},
            "a secret that is too short": {**self.good(), "secret": "JBSWY3DP"},
            "a secret of other letters": {**self.good(), "secret": "1" * 32},
        }


class TestMultiFactorAtALogIn(TestMultiFactorAtASetUp):
    def stored(self) -> dict[str, Any]:
        return {"secret": MFA_SECRET, "recovery": ["of no use here"]}

    def good(self) -> dict[str, Any]:
        return {"token": code_of(MFA_SECRET)}

    def bad(self) -> Mapping[str, dict[str, Any]]:
        return {
            "a code of long ago": {"token": code_of(MFA_SECRET, -10)},
            "another's code": {"token": code_of("A" * 32)},
        }


class TestPasskeyAtASetUp(AdapterContract):
    adapter = Passkey

    def options(self) -> dict[str, Any]:
        return {"rpId": "shop.example"}

    def good(self) -> dict[str, Any]:
        return self.answered(Authenticator(), "register")

    def bad(self) -> Mapping[str, dict[str, Any]]:
        return {
            "another page": self.answered(Authenticator(origin="https://evil.example"), "register"),
            "nobody verified": self.answered(Authenticator(verifies=False), "register"),
        }

    def answered(self, device: Authenticator, action: str) -> dict[str, Any]:
        """The authData of a challenge that a device has answered."""
        request = RequestInMemory(self.stored())
        request.original = None if action == "register" else request.original
        call = self._opened().challenge({"action": action}, None, request)
        asked = asyncio.run(call)
        answer = device.create if action == "register" else device.get
        return {"state": asked["state"], "credential": answer(asked["options"])}


class TestPasskeyAtALogIn(TestPasskeyAtASetUp):
    device: ClassVar[Authenticator] = Authenticator()
    kept: ClassVar[dict[str, Any]] = {}

    def stored(self) -> dict[str, Any]:
        return self.kept

    def good(self) -> dict[str, Any]:
        self._enrol()
        return self.answered(self.device, "login")

    def bad(self) -> Mapping[str, dict[str, Any]]:
        self._enrol()
        thief = Authenticator(origin="https://evil.example", keys=self.device.keys)
        return {"another page": self.answered(thief, "login")}

    def shown(self) -> dict[str, Any]:
        self._enrol()
        (key,) = self.kept["credentials"]
        shown = {"id": key["id"], "createdAt": key["createdAt"]}
        return {"id": self.kept["id"], "credentials": [shown]}

    def _enrol(self) -> None:
        if not self.kept:
            data = self.answered(self.device, "register")
            found = self._validated(data).save
            assert found is not None
            self.kept.update(found)
