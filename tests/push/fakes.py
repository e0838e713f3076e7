"""APNs and FCM as the senders meet them: HTTP/2 over TLS, signatures checked, devices that show."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from tests.push.http2 import Answer, Request, serving

KEY_ID, TEAM = "KEY1234567", "TEAM123456"
TOPIC = "org.example.shop"
PROJECT = "shop-1"
APNS_KEY = ec.generate_private_key(ec.SECP256R1())
ACCOUNT_KEY = rsa.generate_private_key(65537, 2048)

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def pem(key: Key) -> str:
    """A private key as its file holds it."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


@dataclass(frozen=True, slots=True)
class Received:
    """One message that a provider took."""

    token: str
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass(slots=True)
class Provider:
    """What both providers have: whom they know, what they took, how they can be made to wait."""

    taken: list[Received] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    bad: set[str] = field(default_factory=set)
    busy: Counter[str] = field(default_factory=Counter)
    """How often a token's message is refused for want of time."""
    opens: asyncio.Event = field(default_factory=asyncio.Event)
    takes: int | None = None
    """After so many messages nothing is taken before `opens` is set; None: all are."""
    came: int = 0
    waiting: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""

    def reset(self) -> None:
        """Forget everything but the address; what waits goes on."""
        self.opens.set()
        fresh = type(self)()
        for item in fields(self):
            if item.name != "url":
                setattr(self, item.name, getattr(fresh, item.name))

    async def admit(self, token: str, request: Request) -> int:
        """Wait as told; the status of the answer, 0 if who asked has hung up."""
        self.came += 1
        if self.takes is not None and self.came > self.takes and not self.opens.is_set():
            self.waiting += 1
            self.changed.set()
            opens = asyncio.create_task(self.opens.wait())
            hung_up = asyncio.create_task(request.hung_up.wait())
            await asyncio.wait([opens, hung_up], return_when=asyncio.FIRST_COMPLETED)
            self.waiting -= 1
            opens.cancel()
            hung_up.cancel()
        if request.hung_up.is_set():
            return 0
        if self.busy[token]:
            self.busy[token] -= 1
            return 503
        if token in self.gone:
            return 410
        return 400 if token in self.bad else 200

    def take(self, received: Received) -> None:
        """Deliver a message to its device."""
        self.taken.append(received)
        self.changed.set()

    async def until(self, count: int) -> None:
        """Return when so many messages were taken."""
        async with asyncio.timeout(60):
            while len(self.taken) < count:
                self.changed.clear()
                await self.changed.wait()

    def counts(self) -> Counter[str]:
        """How many messages each device was sent."""
        return Counter(item.token for item in self.taken)


class APNs(Provider):
    """Apple's server."""

    async def handle(self, request: Request) -> Answer | None:
        """Answer one request."""
        assert request.method == "POST"
        scheme, _, signed = request.headers["authorization"].partition(" ")
        claims = jwt.decode(signed, APNS_KEY.public_key(), ["ES256"])
        assert (scheme, claims["iss"]) == ("bearer", TEAM)
        assert jwt.get_unverified_header(signed)["kid"] == KEY_ID
        assert abs(claims["iat"] - time.time()) < 3600
        prefix, _, token = request.path.rpartition("/")
        assert prefix == "/3/device"
        status = await self.admit(token, request)
        if status == 0:
            return None
        if status == 200:
            shown = {k: v for k, v in request.headers.items() if k.startswith("apns-")}
            self.take(Received(token, shown, json.loads(request.body)))
            return 200, None
        reasons = {410: "Unregistered", 400: "BadDeviceToken", 503: "Shutdown"}
        return status, {"reason": reasons[status]}


_REFUSALS = {
    410: (404, "NOT_FOUND", "UNREGISTERED", "Requested entity was not found."),
    400: (
        400,
        "INVALID_ARGUMENT",
        "INVALID_ARGUMENT",
        "The registration token is not a valid FCM registration token",
    ),
    503: (503, "UNAVAILABLE", "UNAVAILABLE", "The service is unavailable."),
}


@dataclass(slots=True)
class FCM(Provider):
    """Google's servers: the one that gives access tokens, and the one that takes messages."""

    granted: int = 0

    async def handle(self, request: Request) -> Answer | None:
        """Answer one request."""
        if request.path == "/token":
            return 200, self.grant(bytes(request.body))
        assert request.path == f"/v1/projects/{PROJECT}/messages:send"
        if request.headers["authorization"] != f"Bearer access-{self.granted}":
            return 401, {"error": {"status": "UNAUTHENTICATED"}}
        message = json.loads(request.body)["message"]
        token = message.pop("token")
        status = await self.admit(token, request)
        if status == 0:
            return None
        if status == 200:
            self.take(Received(token, {}, message))
            return 200, {"name": f"projects/{PROJECT}/messages/1"}
        code, kind, error, text = _REFUSALS[status]
        details = [{"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError"}]
        details[0]["errorCode"] = error
        return code, {"error": {"code": code, "status": kind, "message": text, "details": details}}

    def grant(self, body: bytes) -> dict[str, Any]:
        """An access token for a service account's assertion."""
        form = dict(part.split("=", 1) for part in body.decode().split("&"))
        assert form["grant_type"] == "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer"
        claims = jwt.decode(
            form["assertion"], ACCOUNT_KEY.public_key(), ["RS256"], audience=f"{self.url}/token"
        )
        assert claims["scope"] == "https://www.googleapis.com/auth/firebase.messaging"
        self.granted += 1
        return {"access_token": f"access-{self.granted}", "expires_in": 3600}

    def revoke(self) -> None:
        """Let no token count that was granted so far."""
        self.granted += 1


async def all_wait(providers: Sequence[Provider], count: int) -> None:
    """Return when so many messages wait to be taken: all that are under way."""
    async with asyncio.timeout(60):
        while sum(provider.waiting for provider in providers) < count:
            for provider in providers:
                provider.changed.clear()
            waits = [asyncio.create_task(provider.changed.wait()) for provider in providers]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for task in waits:
                task.cancel()


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        .add_extension(x509.BasicConstraints(True, None), True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "localhost.pem", folder / "localhost.key"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_text(pem(key))
    return files


@asynccontextmanager
async def served(provider: APNs | FCM, files: tuple[Path, Path]) -> AsyncIterator[None]:
    """Serve a provider over TLS on a free port."""
    async with serving(provider.handle, files) as url:
        provider.url = url
        yield
        provider.opens.set()


def push_options(apns: APNs, fcm: FCM) -> dict[str, Any]:
    """The option ``push`` for both."""
    return {
        "ios": {
            "token": {"key": pem(APNS_KEY), "keyId": KEY_ID, "teamId": TEAM},
            "topic": TOPIC,
            "production": True,
            "baseURL": apns.url,
        },
        "android": {
            "firebaseServiceAccount": {
                "project_id": PROJECT,
                "client_email": "push@shop-1.iam.example.org",
                "private_key": pem(ACCOUNT_KEY),
                "token_uri": f"{fcm.url}/token",
            },
            "baseURL": fcm.url,
        },
    }
