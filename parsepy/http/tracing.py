"""Requests and their operations as spans of a trace; where nobody asks for them, nothing."""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import wraps

from parsepy.http.access_log import METHODS, masked_path
from parsepy.http.asgi import ASGIApplication, ASGIScope, Receive, Send
from parsepy.http.exchange import exchange_of
from parsepy.http.requests import ANY_CLASS, Request, Route
from parsepy.http.responses import Answer
from parsepy.telemetry import Telemetry

_CARRIERS = (b"traceparent", b"tracestate", b"baggage")
Handler = Callable[[Request], Awaitable[Answer]]


class TracingLayer:
    """Makes each request a span, with the route, the status, and the id that logs know it by.

    It stands inside of the ``ExchangeLayer``. Neither the query string nor a body is recorded.
    """

    def __init__(self, telemetry: Telemetry, application: ASGIApplication) -> None:
        self._telemetry = telemetry
        self._application = application

    async def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        exchange = exchange_of(scope)
        method = exchange.method if exchange.method in METHODS else "_OTHER"
        headers = exchange.headers
        carried = {
            name.decode(): headers[name].decode("latin-1") for name in _CARRIERS if name in headers
        }
        began = time.perf_counter()
        with self._telemetry.request(method, carried) as span:
            try:
                await self._application(scope, receive, send)
            finally:
                status = exchange.status or 500
                self._telemetry.name_request(
                    span,
                    exchange.route,
                    status,
                    request_id=exchange.request_id,
                    path=masked_path(scope["path"]),
                    error_code=exchange.code,
                    user_id=exchange.principal.user_id,
                )
        seconds = time.perf_counter() - began
        self._telemetry.measure_request(method, exchange.route or "none", status, seconds)


def traced(routes: Sequence[Route], telemetry: Telemetry | None) -> Sequence[Route]:
    """The routes, whose handlers are spans where there is telemetry; batches call them as well."""
    if telemetry is None:
        return routes
    return [replace(route, handler=_traced(route, telemetry)) for route in routes]


def _traced(route: Route, telemetry: Telemetry) -> Handler:
    handler: Handler = route.handler
    own_class = None if route.of_class == ANY_CLASS else route.of_class

    @wraps(handler)
    async def handle(request: Request) -> Answer:
        class_name = own_class or request.arguments.get("className")
        attributes = {"parse.operation": handler.__name__}
        if class_name is not None:
            attributes["parse.class"] = class_name[:128]
        name = handler.__name__ if class_name is None else f"{handler.__name__} {class_name[:128]}"
        with telemetry.step(name, attributes):
            return await handler(request)

    return handle
