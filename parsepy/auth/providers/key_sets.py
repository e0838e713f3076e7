"""``KeySet``: the public keys that a provider signs with (RFC 7517), kept by this process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from parsepy.auth.providers.asking import ProviderApi
from parsepy.errors import ParseError

if TYPE_CHECKING:
    from jwt import PyJWK

SECONDS = 3600.0
"""How long keys are kept."""
_AGAIN = 60.0  # seconds between fetches for a key that is not among them
_AFTER_FAILURE = 5.0  # seconds in which a provider that failed is not asked again
_MOST = 100
_SHORTEST_RSA = 2048


class KeySet:
    """Keys by id: fetched at the first use, after an hour, and for an id that is not known yet.

    For unknown ids that is done once a minute at most: clients choose them.
    """

    def __init__(
        self,
        api: ProviderApi,
        url: str,
        seconds: float = SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._api = api
        self.url = url
        self._seconds = seconds
        self._clock = clock
        self._keys: dict[str | None, PyJWK] = {}
        self._fetched = self._tried = -float("inf")
        self._failure: ParseError | None = None
        self._lock = asyncio.Lock()

    async def find(self, kid: str | None) -> PyJWK | None:
        """The key of this id, None if there is none; without an id the only one that there is.

        Raises ``ParseError`` if the provider can't be asked.
        """
        if self._is_due(kid):
            async with self._lock:
                if self._is_due(kid):  # nobody has asked meanwhile
                    await self._fetch()
        if self._failure is not None and not self._keys:
            raise self._failure
        if kid is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(kid)

    def _is_due(self, kid: str | None) -> bool:
        now = self._clock()
        since = now - self._tried
        if now - self._fetched >= self._seconds:
            return self._failure is None or since >= _AFTER_FAILURE
        return kid not in self._keys and since >= _AGAIN

    async def _fetch(self) -> None:
        self._tried = self._clock()
        if self._tried - self._fetched >= self._seconds:
            self._keys = {}
        try:
            found = await self._api.get(self.url)
        except ParseError as error:
            self._failure = error
            return
        self._failure, self._fetched = None, self._tried
        self._keys = {key.key_id: key for key in _signing_keys(found.get("keys"))}


def _signing_keys(found: Any) -> Iterator[PyJWK]:
    """The keys that we take signatures of: RSA of 2,048 bits or more, and P-256."""
    from jwt import PyJWK
    from jwt.exceptions import PyJWTError

    for entry in found[:_MOST] if isinstance(found, list) else ():
        if not isinstance(entry, dict) or entry.get("use", "sig") != "sig":
            continue
        if not isinstance(entry.get("kid"), str | None):
            continue
        try:
            key = PyJWK.from_dict(entry, algorithm_of(entry))
        except (PyJWTError, ValueError, TypeError, KeyError):
            continue  # one that we can't use; the others count
        if getattr(key.key, "key_size", 0) >= _SHORTEST_RSA or entry["kty"] == "EC":
            yield key


def algorithm_of(entry: dict[str, Any]) -> str:
    """The one algorithm that a key is good for, by its kind, not by what a token says.

    Raises KeyError for a kind of which no signature is taken.
    """
    if entry.get("kty") == "EC" and entry.get("crv") != "P-256":
        raise KeyError(entry.get("crv"))
    return {"RSA": "RS256", "EC": "ES256"}[str(entry.get("kty"))]
