"""``Admission``: the steps by which every door finds out who asks, and whether they may."""

from collections.abc import Awaitable

from parsepy.backend import Backend, RequestContext
from parsepy.errors import Code, ParseError
from parsepy.http import credentials
from parsepy.http.exchange import Exchange, Step
from parsepy.http.limits import Limits
from parsepy.http.requests import KeyRule, SessionRule
from parsepy.http.responses import Answer
from parsepy.storage import reserved

_FIRST = (SessionRule.FIRST, SessionRule.LOOKED_UP)


class Admission:
    """Steps between a request that has been read and its handler; they raise refusals.

    They follow the decision procedure of protocol §2.5, as the route's policy asks for it.
    """

    def __init__(self, backend: Backend, limits: Limits) -> None:
        self._backend = backend
        self._limits = limits
        self.turns = limits.turns
        self._client_keys = credentials.client_keys(backend.config)

    def idle(self) -> list[Step]:
        """Return the steps that have nothing to do as the server is configured."""
        return [] if self._limits.restricts_routes else [self.check_allowed_route]

    def read_credentials(self, exchange: Exchange) -> None:
        """Read the credentials from headers and body; those in the body are removed from it."""
        if exchange.match.route.keys is KeyRule.IGNORED:
            exchange.credentials = credentials.Credentials()
            return
        exchange.credentials = credentials.read(
            self._backend.config, exchange.headers, exchange.body
        )

    def check_state(self, exchange: Exchange) -> None:
        """Refuse everything but probes before the server has started and after it has stopped."""
        state = self._backend.state
        if state != "ok" and not exchange.match.route.is_probe:
            raise ParseError(Code.INTERNAL_SERVER_ERROR, f"Invalid server state: {state}")

    def check_keys(self, exchange: Exchange) -> None:
        """Find the principal of a privileged key; refuse a request without the keys asked for."""
        keys = exchange.match.route.keys
        if keys is KeyRule.IGNORED:
            return
        backend, found = self._backend, exchange.credentials
        if keys is KeyRule.ASKED:
            principal = credentials.check_keys(backend, self._client_keys, found, exchange.ip)
        else:
            principal = credentials.key_principal(backend, found, exchange.ip)
        if principal is not None:
            exchange.principal = principal

    def check_allowed_route(self, exchange: Exchange) -> None:
        """Refuse a client a route that the option ``routeAllowList`` does not name."""
        if exchange.match.route.keys is not KeyRule.IGNORED:
            called = f"{exchange.method} "
            self._limits.check_route(called, exchange.path, exchange.principal)

    def limit_by_address(self, exchange: Exchange) -> Awaitable[Answer | None] | None:
        """Count the request in the rate limits that do not depend on its session."""
        if not self._limits.are_set or exchange.match.route.is_probe:
            return None
        return self._limits.by_address(exchange)

    def find_session(self, exchange: Exchange) -> Awaitable[Answer | None] | None:
        """Find the user of the session token, unless a privileged key decides who asks."""
        token, rule = exchange.credentials.session_token, exchange.match.route.session
        if not token or rule is SessionRule.IGNORED:
            return None
        if exchange.principal.is_privileged and rule not in _FIRST:
            return None
        if rule is not SessionRule.LEGACY:
            known = self._backend.principals.get(token)
            if known is not None:  # most are: nothing to wait for
                exchange.principal = known
                return None
        return self._find_session(exchange, token, rule)

    async def _find_session(self, exchange: Exchange, token: str, rule: SessionRule) -> None:
        try:
            with reserved():
                exchange.principal = await credentials.session_principal(self._backend, token, rule)
        except ParseError:
            if self._limits.are_set:  # a bad session counts for its address
                await self._limits.by_user(exchange)
            raise

    def limit_by_user(self, exchange: Exchange) -> Awaitable[Answer | None] | None:
        """Count the request in the rate limits by session and by user."""
        if not self._limits.are_set or exchange.match.route.is_probe:
            return None
        return self._limits.by_user(exchange)

    def take_turn(self, exchange: Exchange) -> Awaitable[Answer | None] | None:
        """Let a client's request wait while many of the same client are under way.

        Who has taken a turn ends it: ``turns.end(exchange.turn)``. Raises ``HTTPRefusal`` 429.
        """
        principal = exchange.principal
        if principal.is_privileged or exchange.match.route.is_probe:
            return None
        client = principal.user_id or exchange.ip
        counts = self.turns.counts
        count = counts.get(client, 0)
        if count < self.turns.most:  # as `Turns.take` does, without the call
            counts[client] = count + 1
            exchange.turn = client
            return None
        return self._wait(exchange, client)

    async def _wait(self, exchange: Exchange, client: str) -> None:
        await self.turns.wait(client)
        exchange.turn = client

    def context(self, exchange: Exchange) -> RequestContext:
        """Make the context in which operations act for this request; raises INVALID_JSON."""
        found = exchange.credentials
        return RequestContext(
            self._backend,
            exchange.principal,
            found.installation_id or None,
            exchange.ip,
            exchange.request_id,
            credentials.trigger_context(found) if found.context is not None else {},
            exchange.mount_url,
            exchange.headers,
            is_answered=self._backend.unanswered is not None,
            is_large=exchange.is_large,
            is_huge=exchange.is_huge,
        )
