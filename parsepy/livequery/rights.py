"""``Principals``: whose rights a subscription has, at the moment of each event."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from parsepy.backend import Backend, RequestContext
from parsepy.cache import Cache
from parsepy.errors import ParseError
from parsepy.livequery.clients import Follower, LiveClient
from parsepy.livequery.subscriptions import Subscription
from parsepy.model.principal import NOBODY, Principal
from parsepy.operations import principals
from parsepy.storage import Unavailable

log = logging.getLogger("parsepy.livequery")
T = TypeVar("T")
_PAUSES = (0.1, 0.3, 1, 3, 10)  # seconds between tries while the database is away


class Principals:
    """Finds the user behind a subscription; asked for each event, so that rights are current.

    Valid tokens are in the application's cache (``cacheTTL``; a log-out drops them at once),
    invalid ones in a cache of this object (protocol §30.12).
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._invalid: Cache[bool] = Cache(backend.config.cache_ttl / 1000, 10_000)

    def known(self, subscription: Subscription) -> Principal | None:
        """Return the principal of a subscription if it is cached, else None."""
        client: LiveClient | Follower = subscription.client
        if subscription.token is not None:
            own = self._cached(subscription.token)
            if own is not NOBODY:
                return own
        if client.privileged is not None:
            return client.privileged
        return NOBODY if client.token is None else self._cached(client.token)

    def _cached(self, token: str) -> Principal | None:
        known = self._backend.principals.get(token)
        if known is not None:
            return known
        return NOBODY if self._invalid.get(token) else None

    async def of(self, subscription: Subscription) -> Principal:
        """Find the user of the subscription's own token, else of the connection's, else nobody."""
        client: LiveClient | Follower = subscription.client
        if subscription.token is not None:
            own = await self.of_token(subscription.token)
            if own is not NOBODY:
                return own
        if client.privileged is not None:
            return client.privileged
        return NOBODY if client.token is None else await self.of_token(client.token)

    async def of_token(self, token: str) -> Principal:
        """Find the user of a session token; ``NOBODY`` if it is not (or no longer) valid."""
        known = self._cached(token)
        if known is not None:
            return known
        try:
            return await retry_while_unavailable(lambda: principals.of_token(self._backend, token))
        except ParseError:
            self._invalid.put(token, True)
            return NOBODY

    def context(self, client: LiveClient | Follower, principal: Principal) -> RequestContext:
        """Make the request context in which a client's messages and events are handled."""
        return RequestContext(
            self._backend,
            principal,
            client.installation_id,
            client.ip,
            client.id,
            headers=client.headers,
        )


async def retry_while_unavailable(call: Callable[[], Awaitable[T]]) -> T:
    """Await a call, again while the database is away; after 14 seconds raises ``Unavailable``."""
    for pause in _PAUSES:
        try:
            return await call()
        except Unavailable as error:
            log.warning("an event waits for the database: %s", error)
            await asyncio.sleep(pause)
    return await call()
