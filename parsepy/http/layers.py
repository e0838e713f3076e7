"""Plain ASGI layers that stand around a door, whatever it is written with."""

import itertools
import secrets
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from parsepy.backend import Backend
from parsepy.http.access_log import REQUEST_ID, watchers
from parsepy.http.addresses import address_of, own_url
from parsepy.http.asgi import ASGIApplication, ASGIScope, Headers, Receive, Send
from parsepy.http.cors import CORS
from parsepy.http.exchange import Exchange, attach, detach, exchange_of
from parsepy.http.failures import failure_of
from parsepy.http.limits import Limits
from parsepy.http.responses import Answer
from parsepy.http.responses import send as answer

_LATER = b"Please try again later."


class ExchangeLayer:
    """Begins the ``Exchange`` of each request, and ends it when it has been answered.

    It knows the client's address and the server's own, gives the request an id, and gives every
    answer the headers of CORS, that id, and those of the exchange. The line in the log and the
    figures come last.
    """

    def __init__(self, backend: Backend, application: ASGIApplication) -> None:
        config = backend.config
        self._application = application
        self._cors = CORS(config).headers
        self._watchers = watchers(backend)
        self._unanswered = backend.unanswered
        self._trusted = config.trust_proxy or None
        self._mount = config.mount_path.rstrip("/")
        self._public_url = (config.public_server_url or "").rstrip("/")
        self._request_prefix = secrets.token_hex(4)
        self._request_number = itertools.count(1)

    async def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        headers: dict[bytes, bytes] = dict(scope["headers"])
        request_id = f"{self._request_prefix}-{next(self._request_number):x}"
        exchange = Exchange(
            scope,
            receive,
            headers,
            request_id,
            address_of(scope, self._trusted),
            self._public_url or own_url(scope, headers, self._mount, self._trusted),
        )
        attach(exchange)
        cors = self._cors
        if self._watchers:
            exchange.started = time.perf_counter()

        def send_with_headers(message: MutableMapping[str, Any]) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                exchange.status = message["status"]
                answer_headers: Headers = message["headers"]
                answer_headers += cors(headers.get(b"origin"))
                answer_headers.append((REQUEST_ID, request_id.encode()))
                if exchange.answer_headers:
                    answer_headers += exchange.answer_headers
            return send(message)

        try:
            await self._application(scope, receive, send_with_headers)
        finally:
            if self._unanswered is not None:
                self._unanswered.end(request_id)
        detach(exchange)
        for watch in self._watchers:
            watch(exchange)


class LimitLayer:
    """Counts requests that bring no credentials in the rate limits; raises ``TooMany``.

    For doors that find their routes by the decoded path, as Starlette does.
    """

    def __init__(self, limits: Limits, mount: str, application: ASGIApplication) -> None:
        self._limits = limits
        self._mount = mount
        self._application = application

    async def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if self._limits.are_set:
            exchange = exchange_of(scope)
            # by the decoded path, as routes are found, or %2F would be a way around the limit
            path = scope["path"].removeprefix(self._mount)
            exchange.path = tuple(path.strip("/").split("/"))
            await self._limits.by_address(exchange)
            await self._limits.by_user(exchange)
        await self._application(scope, receive, send)


class BodyLimitLayer:
    """Raises the refusal once a body has more than ``limit`` bytes."""

    def __init__(
        self, limit: int, refusal: Callable[[], Exception], application: ASGIApplication
    ) -> None:
        self._limit = limit
        self._refusal = refusal
        self._application = application

    async def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        size = 0

        async def counted() -> MutableMapping[str, Any]:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > self._limit:
                raise self._refusal()
            return message

        await self._application(scope, counted, send)


class HeaderLayer:
    """Gives every answer some more headers."""

    def __init__(self, headers: Headers, application: ASGIApplication) -> None:
        self._headers = headers
        self._application = application

    async def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        """Pass one request on."""

        def send_with_headers(message: MutableMapping[str, Any]) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *self._headers]
            return send(message)

        await self._application(scope, receive, send_with_headers)


class PlainFailureLayer:
    """Answers exceptions as plain text, and 503 while the application does not serve.

    ``what`` says in the log what was asked for, such as ``a page``. Once the answer has begun, an
    exception is raised on.
    """

    def __init__(self, backend: Backend, what: str, application: ASGIApplication) -> None:
        self._backend = backend
        self._what = what
        self._application = application

    async def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if self._backend.state != "ok":
            await answer(Answer(_LATER, 503), send)
            return
        exchange = exchange_of(scope)
        try:
            await self._application(scope, receive, send)
        except Exception as error:
            if exchange.status:
                raise
            where = f"request {exchange.request_id}: {self._what} ({exchange.method})"
            failure = failure_of(self._backend, error, where)
            exchange.code = failure.code
            if failure.is_passing:
                await answer(Answer(_LATER, 503, [*failure.headers]), send)
            else:
                text = failure.message.encode()
                await answer(Answer(text, failure.status, [*failure.headers]), send)
