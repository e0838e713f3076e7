"""Fixtures of the push tests: both providers, a shop that pushes by them, and its devices."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Client, MakeApp
from tests.push import fakes
from tests.rest.shop import ok

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """A certificate and its key, in files; the senders of this process trust it."""
    files = fakes.certificate(tmp_path_factory.mktemp("tls"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(files[0]))
        yield files


@pytest.fixture(scope="session")
async def providers(
    certificate: tuple[Path, Path],
) -> AsyncIterator[tuple[fakes.APNs, fakes.FCM]]:
    """Both providers, over TLS."""
    apns, fcm = fakes.APNs(), fakes.FCM()
    async with fakes.served(apns, certificate), fakes.served(fcm, certificate):
        yield apns, fcm


@pytest.fixture
async def sandbox(certificate: tuple[Path, Path]) -> AsyncIterator[fakes.APNs]:
    """Apple's other server, which knows the devices of developers."""
    sandbox = fakes.APNs()
    async with fakes.served(sandbox, certificate):
        yield sandbox


@pytest.fixture
def apns(providers: tuple[fakes.APNs, fakes.FCM]) -> Iterator[fakes.APNs]:
    """Apple, as if nothing had been sent yet."""
    yield providers[0]
    providers[0].reset()


@pytest.fixture
def fcm(providers: tuple[fakes.APNs, fakes.FCM]) -> Iterator[fakes.FCM]:
    """Google, likewise."""
    yield providers[1]
    providers[1].reset()


class PushShop:
    """A server that pushes, and its devices."""

    def __init__(self, master: Client) -> None:
        self.master = master
        self.tokens: list[str] = []

    async def device(self, kind: str = "ios", **fields: Any) -> dict[str, Any]:
        """Register a device; its installation."""
        number = next(_NUMBERS)
        body = {
            "deviceType": kind,
            "deviceToken": f"{kind}-token-{number}",
            "installationId": f"device-{number}",
            "appIdentifier": fakes.TOPIC,
            "channels": ["news"],
            **fields,
        }
        made = ok(await self.master.post("/installations", json=body), 201)
        self.tokens.append(body["deviceToken"])
        return {**body, "objectId": made["objectId"]}

    async def devices(self, kind: str, count: int) -> None:
        """Register many at once."""
        for start in range(0, count, 50):
            await asyncio.gather(*(self.device(kind) for _ in range(min(50, count - start))))

    async def installation(self, device: dict[str, Any]) -> dict[str, Any]:
        """A device's installation as it is stored now."""
        found: dict[str, Any] = ok(await self.master.get(f"/installations/{device['objectId']}"))
        return found

    async def push(self, data: Any = None, **body: Any) -> str:
        """Push; the id of its status."""
        if "where" not in body and "channels" not in body:
            body["channels"] = ["news"]
        sent = {"data": {"alert": "Hello"} if data is None else data, **body}
        response = await self.master.post("/push", json=sent)
        assert ok(response) == {"result": True}
        return response.headers["x-parse-push-status-id"]

    async def status(self, push_id: str) -> dict[str, Any]:
        """A push's status as it is."""
        found: dict[str, Any] = ok(await self.master.get(f"/classes/_PushStatus/{push_id}"))
        return found

    async def ended(self, push_id: str) -> dict[str, Any]:
        """A push's status when it is over."""
        async with asyncio.timeout(60):
            while True:
                status = await self.status(push_id)
                if status["status"] in ("succeeded", "failed"):
                    return status
                await asyncio.sleep(0.02)


@pytest.fixture
async def shop(app: MakeApp, apns: fakes.APNs, fcm: fakes.FCM) -> PushShop:
    """A server with both senders."""
    application = await app(push=fakes.push_options(apns, fcm), scheduledPush=True)
    return PushShop(Client(application, master=True))
