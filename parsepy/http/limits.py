"""``Limits``: rate limits and the list of allowed routes, for requests and items of batches."""

import math
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from parsepy.backend import Backend, RequestContext
from parsepy.config import ConfigError, RateLimitOptions
from parsepy.config.checks import At
from parsepy.config.paths import path_pattern
from parsepy.config.table import read_group
from parsepy.counters import Count, Counters, LocalCounters, RedisCounters
from parsepy.errors import Code, ParseError, denied
from parsepy.http import credentials
from parsepy.http.asgi import Headers
from parsepy.http.exchange import Exchange
from parsepy.http.responses import HTTPRefusal
from parsepy.model.principal import NOBODY, Principal
from parsepy.model.values import JSONObject

_INTERNAL = ("127.0.0.1", "::1", "::ffff:127.0.0.1")
_BEFORE = ("ip", "global")
_AFTER = ("session", "user")
_CLASSES = {
    "users": "_User",
    "sessions": "_Session",
    "roles": "_Role",
    "installations": "_Installation",
}
_ALIASES = {name: alias for alias, name in _CLASSES.items()}


class TooMany(HTTPRefusal):
    """A rate limit is exceeded: 429, and in how many seconds to come again."""

    def __init__(self, message: str, rest: float, headers: Headers) -> None:
        super().__init__(429, {"code": Code.CONNECTION_FAILED, "error": message})
        self.headers = [(b"retry-after", b"%d" % max(1, math.ceil(rest))), *headers]


@dataclass(slots=True)
class LimitedRequest:
    """What a limit looks at: methods (an item of a batch has two), path, who, from where."""

    methods: tuple[str, ...]
    path: tuple[str, ...]
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

    def counts(self, request: LimitedRequest, spellings: Sequence[str]) -> bool:
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
        return any(self.path.fullmatch(spelling) for spelling in spellings)

    def key(self, request: LimitedRequest) -> str:
        """Who is counted: by the zone, the address if that knows of nothing better."""
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

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._local = LocalCounters()
        self._redis: dict[str, Counters] = {}
        self._own = tuple(self._ready(options) for options in backend.config.rate_limit)
        self._declared: list[JSONObject] = []
        self._limits = self._own
        allowed = backend.config.route_allow_list
        self._allowed = None if allowed is None else tuple(map(re.compile, allowed))

    async def close(self) -> None:
        """Close the connections to Redis."""
        for counters in self._redis.values():
            await counters.close()

    @property
    def restrict(self) -> bool:
        """Is there anything to check at all?"""
        declared = self._backend.triggers.rate_limits
        return bool(self._own or declared or self._allowed is not None)

    async def admit(self, exchange: Exchange, found: credentials.Credentials) -> Principal:
        """Who asks, once the keys fit, the route is allowed and no limit is exceeded.

        Limits by address count before the session is looked up, those by user after it; what
        brings a bad session counts for its address. Raises what ``credentials.principal_of``,
        ``check_route`` and ``count`` do.
        """
        backend = self._backend
        by_key = credentials.check_keys(backend, found, exchange.ip) or NOBODY
        self.check_route(f"{exchange.method} ", exchange.path, by_key)
        request = LimitedRequest((exchange.method,), exchange.path, exchange.ip, by_key)
        exchange.extra += await self.count(request, _BEFORE)
        try:
            request.principal = await credentials.principal_of(
                backend, found, exchange.ip, exchange.path
            )
        except ParseError:
            exchange.extra += await self.count(request, _AFTER)
            raise
        exchange.extra += await self.count(request, _AFTER)
        return request.principal

    async def admit_stranger(self, exchange: Exchange) -> None:
        """Count a request that brings no credentials; raises ``TooMany``."""
        if self.restrict:
            request = LimitedRequest((exchange.method,), exchange.path, exchange.ip, NOBODY)
            exchange.extra += await self.count(request, (*_BEFORE, *_AFTER))

    async def admit_item(self, context: RequestContext, method: str, path: tuple[str, ...]) -> None:
        """The same for an item of a batch, which counts as its method and as POST."""
        if not self.restrict:
            return
        self.check_route(f"{method} /", path, context.principal)
        principal = NOBODY if path == ("login",) else context.principal
        request = LimitedRequest((method, "POST"), path, context.ip or "", principal)
        await self.count(request, (*_BEFORE, *_AFTER))

    def check_route(self, called: str, path: tuple[str, ...], principal: Principal) -> None:
        """Refuse a client what `routeAllowList` does not name; raises OPERATION_FORBIDDEN."""
        if self._allowed is None or principal.is_privileged:
            return
        text = "/".join(path)
        if not any(pattern.fullmatch(text) for pattern in self._allowed):
            raise denied(
                Code.OPERATION_FORBIDDEN, f"Route not allowed by routeAllowList: {called}{text}"
            )

    async def count(self, request: LimitedRequest, zones: Sequence[str]) -> Headers:
        """Count a request in the limits of these zones; headers that tell of the tightest.

        Raises ``TooMany``.
        """
        tightest: tuple[int, RateLimitOptions, Count] | None = None
        spellings = _spellings(request.path)
        for limit in self._current():
            options = limit.options
            if options.zone not in zones or not limit.counts(request, spellings):
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
        """All limits; what cloud code declares is read again when it has changed."""
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


def _spellings(path: tuple[str, ...]) -> list[str]:
    """The path as limits may name it: a class has an alias, and a slash in a name is one name."""
    segments = [part.replace("/", "%2F") for part in path]
    found = ["/" + "/".join(segments)]
    if path[0] in _CLASSES and path[1:] != ("me",):
        found.append("/" + "/".join(("classes", _CLASSES[path[0]], *segments[1:])))
    elif path[0] == "classes" and len(path) > 1 and path[1] in _ALIASES:
        found.append("/" + "/".join((_ALIASES[path[1]], *segments[2:])))
    return found
