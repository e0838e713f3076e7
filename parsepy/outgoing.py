"""``Outgoing``: HTTP requests that the server makes itself, bounded in time and size."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

log = logging.getLogger("parsepy.outgoing")

TIMEOUT = 30.0
_MOST = 20_000_000  # bytes of an answer


class OutgoingError(Exception):
    """There is no answer to use; the message may be shown to a client, the cause is logged."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What another server answered: its status and all of its body."""

    status: int
    body: bytes


class Outgoing:
    """One pool of connections to other servers. Redirects are never followed.

    httpx is imported at the first request: a server that makes none starts without it.
    """

    def __init__(self, timeout: float = TIMEOUT) -> None:
        self.timeout = timeout
        self._client: httpx.AsyncClient | None = None

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Send a POST and read its answer; raises ``OutgoingError``."""
        import httpx

        try:
            async with asyncio.timeout(self.timeout):
                return await self._send(url, body, headers)
        except (TimeoutError, httpx.TimeoutException) as error:
            raise OutgoingError(f"did not answer within {self.timeout:g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise OutgoingError("can't be reached") from error

    async def _send(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        request = self._opened().stream("POST", url, content=body, headers=headers)
        async with request as response:
            pieces, size = [], 0
            async for piece in response.aiter_bytes():
                pieces.append(piece)
                size += len(piece)
                if size > _MOST:
                    raise OutgoingError("answered too much")
            return Reply(response.status_code, b"".join(pieces))

    def _opened(self) -> "httpx.AsyncClient":
        if self._client is None:
            import httpx

            # its own lines hold whole addresses, and those may hold secrets
            logging.getLogger("httpx").setLevel(logging.WARNING)
            self._client = httpx.AsyncClient(follow_redirects=False, timeout=self.timeout)
        return self._client

    async def close(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()
