"""``Outgoing``: HTTP requests that the server makes itself, bounded in time, size and redirects."""

import asyncio
import json
import logging
import zlib
from collections.abc import AsyncIterator, Mapping, MutableMapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, Protocol

from parsepy.outgoing.reach import Reach

if TYPE_CHECKING:
    import httpx

log = logging.getLogger("parsepy.outgoing")

TIMEOUT = 30.0
"""Seconds for a request of the server's own, its answer and all redirects included."""
_MOST = 20_000_000  # bytes of an answer


class OutgoingError(Exception):
    """There is no answer to use; the message may be shown to a client, the cause is logged."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long a request may take, how much may be answered, how many redirects are followed.

    ``None`` is the limit of the ``Outgoing`` that is asked. ``reach``: which addresses may be
    asked (``None``: all), of which redirects are not followed.
    """

    seconds: float | None = None
    size: int | None = None
    redirects: int = 0
    reach: Reach | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What another server answered: its status, all of its body, headers in lower case."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_success(self) -> bool:
        """Is it an answer of the kind that was asked for (2xx)?"""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The body as JSON; raises ``OutgoingError`` if it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise OutgoingError("answered no JSON") from error


class Tracing(Protocol):
    """Records the requests that the server makes itself, and tells those that it asks."""

    def outgoing(self, method: str, host: str) -> AbstractContextManager[Any]:
        """The span of one request."""
        ...

    def inject(self, headers: MutableMapping[str, str]) -> None:
        """Write into the headers which trace a request belongs to."""
        ...


class Outgoing:
    """One pool of connections to other servers, without cookies. POSTs are never redirected.

    httpx is imported at the first request: a server that makes none starts without it. Tests put
    a ``transport`` of their own in the network's place, such as ``httpx.MockTransport``.
    """

    def __init__(
        self, timeout: float = TIMEOUT, *, transport: "httpx.AsyncBaseTransport | None" = None
    ) -> None:
        self.timeout = timeout
        self._transport = transport
        self._client: httpx.AsyncClient | None = None
        self.tracing: Tracing | None = None

    async def get(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        bounds: Bounds | None = None,
    ) -> Reply:
        """Send a GET and read its answer; raises ``OutgoingError``.

        Redirects are followed as far as the bounds say, but from https to https only, and without
        credentials to another host.
        """
        return await self._bounded("GET", url, bounds, params=params, headers=headers)

    async def post(
        self,
        url: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        form: Mapping[str, str] | None = None,
        data: Any = None,
        bounds: Bounds | None = None,
    ) -> Reply:
        """Send a POST of bytes, a ``form``, or ``data`` as JSON; raises ``OutgoingError``."""
        content: dict[str, Any] = {"content": body}
        if form is not None:
            content = {"data": form}
        elif data is not None:
            content = {"json": data}
        return await self._bounded("POST", url, bounds, headers=headers, **content)

    async def _bounded(self, method: str, url: str, bounds: Bounds | None, **content: Any) -> Reply:
        import httpx

        bounds = bounds or Bounds()
        seconds = self.timeout if bounds.seconds is None else bounds.seconds
        size = _MOST if bounds.size is None else bounds.size
        try:
            async with asyncio.timeout(seconds):
                request = self._opened().build_request(method, url, timeout=seconds, **content)
                host, redirects = request.url.host, bounds.redirects
                if bounds.reach is not None:
                    await _pin(request, bounds.reach)
                    redirects = 0
                if self.tracing is None:
                    return await self._send(request, size, redirects)
                with self.tracing.outgoing(method, host):
                    self.tracing.inject(request.headers)
                    return await self._send(request, size, redirects)
        except (TimeoutError, httpx.TimeoutException) as error:
            raise OutgoingError(f"did not answer within {seconds:g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise OutgoingError("can't be reached") from error

    async def _send(self, request: "httpx.Request", size: int, redirects: int) -> Reply:
        """Read the answer, or that of the address that it leads to."""
        response = await self._opened().send(request, stream=True)
        try:
            target = response.next_request
            if target is None or request.method != "GET" or not redirects:
                body = await _read(response, size)
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Reply(response.status_code, body, headers)
        finally:
            await response.aclose()
        here, there = request.url, target.url
        if there.scheme != "https" and here.scheme == "https":
            raise OutgoingError("leads to an address that is not safe")
        if (here.scheme, here.host, here.port) != (there.scheme, there.host, there.port):
            # whatever header holds a key, another host shall not have it
            target = self._opened().build_request("GET", there)
            target.extensions = request.extensions
        return await self._send(target, size, redirects - 1)

    def _opened(self) -> "httpx.AsyncClient":
        if self._client is None:
            import httpx

            # its own lines hold whole addresses, and those may hold secrets
            logging.getLogger("httpx").setLevel(logging.WARNING)
            self._client = httpx.AsyncClient(
                follow_redirects=False,
                timeout=self.timeout,
                transport=self._transport,
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
                headers={"accept-encoding": "identity"},
            )
        return self._client

    async def close(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()


async def _pin(request: "httpx.Request", reach: Reach) -> None:
    """Have a request go to an address that may be asked, whatever its name leads to later.

    Its Host header and the name in the certificate stay as they are. Raises ``OutgoingError``.
    """
    url = request.url
    address = await reach.address_of(url.host, url.port or (443 if url.scheme == "https" else 80))
    if address is None:
        # as if nobody answered: who asks shall not learn which names there are inside
        raise OutgoingError("can't be reached") from PermissionError(
            f"{url.host} leads to no address that may be asked"
        )
    request.extensions = {**request.extensions, "sni_hostname": url.host}
    # no other host of this address may get what is sent over a connection made for this one
    request.headers["connection"] = "close"
    request.url = url.copy_with(host=address)


async def _read(response: "httpx.Response", size: int) -> bytes:
    """The whole body; raises ``OutgoingError`` if it is larger, or of an odd encoding.

    The library would unpack a kilobyte to a gigabyte, encoding within encoding, before it could be
    counted; so none is asked for, and of what comes all the same one is unpacked, within the bound.
    """
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("", "identity"):
        return await _bounded(response.aiter_bytes(), size)
    if encoding not in ("gzip", "x-gzip"):
        raise OutgoingError("answered in an encoding that was not asked for")
    packed = await _bounded(response.aiter_raw(), size)
    unpacking = zlib.decompressobj(wbits=31)
    try:
        body = unpacking.decompress(packed, size + 1)
    except zlib.error as error:
        raise OutgoingError("answered what can't be unpacked") from error
    if len(body) > size:
        raise OutgoingError("answered too much")
    return body


async def _bounded(pieces: AsyncIterator[bytes], size: int) -> bytes:
    found, read = [], 0
    async for piece in pieces:
        found.append(piece)
        read += len(piece)
        if read > size:
            raise OutgoingError("answered too much")
    return b"".join(found)
