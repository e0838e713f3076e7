"""Which addresses count as public, in whatever spelling; and where a request really goes."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from parsepy.config.checks import At, ConfigError
from parsepy.config.proxies import outgoing_addresses
from parsepy.outgoing import Bounds, Outgoing, OutgoingError
from parsepy.outgoing.reach import Reach
from tests.push.fakes import certificate

PUBLIC = [
    *("8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::808:808"),
    "2002:808:808::",
]
PRIVATE = [
    *("127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "0.0.0.0"),
    *("169.254.169.254", "192.0.0.192", "168.63.129.16", "100.100.100.200", "fd00:ec2::254"),
    *("224.0.0.1", "255.255.255.255", "240.0.0.1", "198.18.0.1", "::", "::1", "fe80::1%eth0"),
    *("fc00::1", "fec0::1", "ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::7f00:1"),
    *("64:ff9b::7f00:1", "64:ff9b:1::7f00:1", "2002:7f00:1::", "5f00::1", "no address", ""),
    "2001:0:4136:e378:8000:63bf:80ff:fffe",  # Teredo, which ends at 127.0.0.1
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_public_in_any_spelling(address: str) -> None:
    assert Reach(is_public=True).allows(address)
    assert not Reach().allows(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_private_in_any_spelling(address: str) -> None:
    assert not Reach(is_public=True).allows(address)


def reach(value: object) -> Reach:
    """The option's value, as a server reads it."""
    return outgoing_addresses(value, At("webhookAddresses", Path()))


def test_networks_are_allowed_beside_or_instead() -> None:
    for value in ("public, 10.1.0.0/16", ["public", "10.1.0.0/16"], '["public", "10.1.0.0/16"]'):
        found = reach(value)
        assert [found.allows(a) for a in ("8.8.8.8", "10.1.2.3", "10.2.0.1")] == [True, True, False]
        assert found.allows("::ffff:10.1.2.3")
    assert [reach("loopback").allows(a) for a in ("127.0.0.1", "8.8.8.8")] == [True, False]
    for bad in ("", [], "nowhere", 5, ["10.0.0.0/99"]):
        with pytest.raises(ConfigError, match="webhookAddresses"):
            reach(bad)


class Names:
    """A name service of the tests: each question has the next answer."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: Any, port: Any, **_: Any) -> list[Any]:
        name = host.decode() if isinstance(host, bytes) else host
        self.asked.append(name)
        address = self.answers.pop(0) if self.answers else name
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]


@asynccontextmanager
async def inside(tls: ssl.SSLContext | None = None) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A service on this machine, its port, and what it was sent."""
    heard: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield server.sockets[0].getsockname()[1], heard


SPELLINGS = ["127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "localhost", "[::1]"]


@pytest.mark.parametrize("host", [*SPELLINGS, "[::ffff:127.0.0.1]"])
async def test_no_spelling_of_a_host_leads_inside(host: str) -> None:
    outgoing = Outgoing()
    async with inside() as (port, heard):
        bounds = Bounds(reach=Reach(is_public=True))
        with pytest.raises(OutgoingError, match="can't be reached"):
            await outgoing.post(f"http://{host}:{port}/", b"{}", bounds=bounds)
        assert heard == []
    await outgoing.close()


async def test_a_name_that_leads_elsewhere_a_moment_later_is_asked_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """DNS rebinding: first an address that may be asked, then the one that is meant."""
    names = Names("127.0.0.1", "127.0.0.2")
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", names)
    outgoing = Outgoing()
    bounds = Bounds(reach=reach("127.0.0.1"))
    async with inside() as (port, heard):
        reply = await outgoing.post(f"http://hooks.test:{port}/total", b"{}", bounds=bounds)
        assert reply.status == 200
        with pytest.raises(OutgoingError):
            await outgoing.post(f"http://hooks.test:{port}/total", b"{}", bounds=bounds)
    assert f"host: hooks.test:{port}".encode() in heard[0].lower()
    assert len(heard) == 1
    assert names.asked.count("hooks.test") == 2  # once for each request
    await outgoing.close()


async def test_the_name_in_a_certificate_is_that_of_the_url(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = certificate(tmp_path)  # of localhost
    monkeypatch.setenv("SSL_CERT_FILE", str(files[0]))
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(*files)
    outgoing, bounds = Outgoing(), Bounds(reach=reach("loopback"))
    async with inside(tls) as (port, heard):
        names = Names("127.0.0.1", "127.0.0.1", "127.0.0.1")
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", names)
        assert (await outgoing.post(f"https://localhost:{port}/", bounds=bounds)).status == 200
        with pytest.raises(OutgoingError, match="can't be reached"):
            await outgoing.post(f"https://hooks.test:{port}/", bounds=bounds)
    assert len(heard) == 1
    await outgoing.close()
