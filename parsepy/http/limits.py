"""``Limits``: rate limits and the list of allowed routes, for requests and items of batches."""

import math
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from parsepy.backend import Backend, RequestContext
from parsepy.config import ConfigError, RateLimitOptions
from parsepy.config.checks import At
from parsepy.config.paths import path_pattern
from parsepy.config.table import read_group
from parsepy.counters import Count, Counters, LocalCounters, RedisCounters
from parsepy.errors import Code, denied
from parsepy.http.asgi import Headers
from parsepy.http.exchange import Exchange
from parsepy.http.refusals import HTTPRefusal
from parsepy.http.requests import ANY_CLASS, RouteMatch, SessionRule
from parsepy.http.turns import Turns
from parsepy.model.principal import NOBODY, Principal
from parsepy.model.values import JSONObject

_INTERNAL = ("127.0.0.1", "::1", "::ffff:127.0.0.1")
_BEFORE = ("ip", "global")
_AFTER = ("session", "user")


class TooMany(HTTPRefusal):
    """A rate limit is exceeded: 429, and in how many seconds to come again."""

    def __init__(self, message: str, rest: float, headers: Headers) -> None:
        retry_after = (b"retry-after", b"%d" % max(1, math.ceil(rest)))
        code = Code.CONNECTION_FAILED
        super().__init__(429, message, code=code, headers=(retry_after, *headers))


@dataclass(slots=True)
class LimitedRequest:
    """What a limit looks at: methods (an item of a batch has two), path, who, from where.

    ``spellings`` are the path as limits may name it.
    """

    methods: tuple[str, ...]
    spellings: list[str]
    ip: str
    principal: Principal


@dataclass(frozen=True, slots=True)
class _Limit:
    """A rate limit, ready to be looked up."""

    options: RateLimitOptions
    name: str
    path: re.Pattern[str]
    methods: tuple[re.Pattern[str], ...]
    counters: Counters

    def counts(self, request: LimitedRequest) -> bool:
        """Is this request one of those that are counted?"""
        options = self.options
        if request.ip in _INTERNAL and not options.include_internal_requests:
            return False
        if request.principal.is_master and not options.include_master_key:
            return False
        if self.methods and not any(
            m.search(name) for m in self.methods for name in request.methods
        ):
            return False
        return any(self.path.fullmatch(spelling) for spelling in request.spellings)

    def key(self, request: LimitedRequest) -> str:
        """Return the key to count by: of the limit's zone, or the address if the zone has none."""
        zone, principal = self.options.zone, request.principal
        if zone == "global":
            return f"{self.name} all"
        if zone == "session" and principal.session_token:
            # a digest: keys lie in Redis, where a token must not be found
            digest = sha256(principal.session_token.encode()).hexdigest()[:32]
            return f"{self.name} session {digest}"
        if zone == "user" and principal.user_id:
            return f"{self.name} user {principal.user_id}"
        return f"{self.name} ip {request.ip}"


class Limits:
    """The rate limits of the configuration and of cloud code, which may change at any time."""

    def __init__(self, backend: Backend, aliases: Mapping[str, str] | None = None) -> None:
        """``aliases`` maps the classes that have a path of their own to its first segment."""
        self._backend = backend
        self._aliases = aliases or {}
        self._local = LocalCounters()
        self._redis: dict[str, Counters] = {}
        self._own = tuple(self._ready(options) for options in backend.config.rate_limit)
        self._declared: list[JSONObject] = []
        self._limits = self._own
        allowed = backend.config.route_allow_list
        self._allowed = None if allowed is None else tuple(map(re.compile, allowed))
        bounds = backend.bounds
        self.turns = Turns(bounds.requests_under_way, bounds.requests_waiting)
        """Shared by all doors: who has begun too much at one waits at the others."""

    async def close(self) -> None:
        """Close the connections to Redis."""
        for counters in self._redis.values():
            await counters.close()

    @property
    def restricts_routes(self) -> bool:
        """Is there a list of allowed routes?"""
        return self._allowed is not None

    @property
    def are_set(self) -> bool:
        """Is there a rate limit at all?"""
        return bool(self._own or self._backend.triggers.rate_limits)

    async def by_address(self, exchange: Exchange) -> None:
        """Count a request in the limits by address and over all clients; raises ``TooMany``."""
        exchange.add_headers(await self._count(self._limited(exchange), _BEFORE))

    async def by_user(self, exchange: Exchange) -> None:
        """Count a request in the limits by session and by user; raises ``TooMany``."""
        exchange.add_headers(await self._count(self._limited(exchange), _AFTER))

    async def admit_item(
        self, context: RequestContext, method: str, path: tuple[str, ...], match: RouteMatch
    ) -> None:
        """Check an item of a batch, which counts as its method and as POST.

        Raises ``TooMany``, or OPERATION_FORBIDDEN for what `routeAllowList` does not name.
        """
        self.check_route(f"{method} /", path, context.principal)
        if self.are_set:
            is_nobody = match.route.session is SessionRule.IGNORED
            principal = NOBODY if is_nobody else context.principal
            spellings = self._spellings(path, match)
            request = LimitedRequest((method, "POST"), spellings, context.ip or "", principal)
            await self._count(request, (*_BEFORE, *_AFTER))

    def _limited(self, exchange: Exchange) -> LimitedRequest:
        spellings = self._spellings(exchange.path, exchange.match)
        return LimitedRequest((exchange.method,), spellings, exchange.ip, exchange.principal)

    def _spellings(self, path: tuple[str, ...], match: RouteMatch) -> list[str]:
        """List the ways to spell the path in a limit: as it is, and by the class's other path."""
        segments = [part.replace("/", "%2F") for part in path]
        found = ["/" + "/".join(segments)]
        of_class = match.route.of_class
        if of_class == ANY_CLASS:
            alias = self._aliases.get(match.arguments["className"])
            if alias is not None:
                found.append("/" + "/".join((alias, *segments[2:])))
        elif of_class is not None:
            found.append("/" + "/".join(("classes", of_class, *segments[1:])))
        return found

    def check_route(self, called: str, path: tuple[str, ...], principal: Principal) -> None:
        """Refuse a client a route that `routeAllowList` lacks; raises OPERATION_FORBIDDEN."""
        if self._allowed is None or principal.is_privileged:
            return
        text = "/".join(path)
        if not any(pattern.fullmatch(text) for pattern in self._allowed):
            raise denied(
                Code.OPERATION_FORBIDDEN, f"Route not allowed by routeAllowList: {called}{text}"
            )

    async def _count(self, request: LimitedRequest, zones: Sequence[str]) -> Headers:
        """Count a request in the limits of these zones; return headers about the tightest one.

        Raises ``TooMany``.
        """
        tightest: tuple[int, RateLimitOptions, Count] | None = None
        for limit in self._current():
            options = limit.options
            if options.zone not in zones or not limit.counts(request):
                continue
            found = await limit.counters.hit(limit.key(request), options.request_time_window / 1000)
            left = options.request_count - found.times
            if left < 0:
                shown = _headers(options, 0, found)
                raise TooMany(options.error_response_message, found.rest, shown)
            if tightest is None or left < tightest[0]:
                tightest = left, options, found
        if tightest is None:
            return []
        left, options, found = tightest
        return _headers(options, left, found)

    def _current(self) -> tuple[_Limit, ...]:
        """Return all limits; those of cloud code are read again when they have changed."""
        declared = self._backend.triggers.rate_limits
        if declared != self._declared:
            self._declared = list(declared)
            self._limits = (*self._own, *filter(None, map(self._from_cloud, declared)))
        return self._limits

    def _from_cloud(self, declared: JSONObject) -> _Limit | None:
        try:
            at = At("rateLimit", self._backend.config.base_dir)
            return self._ready(read_group(RateLimitOptions, declared, at, {}))
        except ConfigError as error:
            self._backend.log.error("a rate limit of cloud code is ignored: %s", error)
            return None

    def _ready(self, options: RateLimitOptions) -> _Limit:
        window, methods = options.request_time_window, options.request_methods
        return _Limit(
            options,
            f"{options.request_path} {window:g} {','.join(methods)} {options.zone}",
            path_pattern(options.request_path),
            tuple(map(re.compile, methods)),
            self._counters(options.redis_url),
        )

    def _counters(self, url: str | None) -> Counters:
        if url is None:
            return self._local
        if url not in self._redis:
            try:
                self._redis[url] = RedisCounters(url)
            except ImportError as error:
                raise ConfigError(
                    ["rateLimit.redisUrl: needs the extra: pip install 'parsepy-server[redis]'"]
                ) from error
        return self._redis[url]


def _headers(options: RateLimitOptions, left: int, found: Count) -> Headers:
    return [
        (b"x-ratelimit-limit", b"%d" % options.request_count),
        (b"x-ratelimit-remaining", b"%d" % left),
        (b"x-ratelimit-reset", b"%d" % math.ceil(time.time() + found.rest)),
    ]
