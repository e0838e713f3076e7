"""``RestDoor``: the ASGI application of the route tables, and the steps of a request through it."""

import asyncio
from collections.abc import Awaitable, Collection, Mapping, Sequence

from parsepy.backend import Backend
from parsepy.errors import Code, ParseError
from parsepy.http.access_log import masked_path
from parsepy.http.admission import Admission
from parsepy.http.asgi import ASGIScope, Receive, Send
from parsepy.http.bodies import (
    check_declared,
    decoded,
    has_none,
    read_body,
    read_json,
    read_long_json,
)
from parsepy.http.compression import unpacked
from parsepy.http.credentials import is_master
from parsepy.http.exchange import NO_ROUTE, Exchange, Step, exchange_of, needed, run
from parsepy.http.failures import failure_of
from parsepy.http.held_bodies import known, strangers
from parsepy.http.idempotency import Once
from parsepy.http.limits import Limits
from parsepy.http.paths import segments
from parsepy.http.requests import ANY, ANY_CLASS, BodyRule, Request, Route
from parsepy.http.responses import Answer, send
from parsepy.http.routing import Router
from parsepy.http.tracing import traced
from parsepy.http.uploads import open_body
from parsepy.model.long_json import LONG
from parsepy.model.values import MOST_VALUES, USUAL_VALUES, JSONObject
from parsepy.operations.cloud_log import username_taken
from parsepy.rest import (
    aggregate,
    analytics,
    batch,
    classes,
    cloud_code,
    files,
    functions,
    global_config,
    graphql_config,
    health,
    push,
    receivers,
    schemas,
    script_log,
    sessions,
    system,
    users,
    webhooks,
)


def routes() -> list[Route]:
    """List every route below the mount."""
    return [
        *classes.routes,
        *users.routes,
        *sessions.routes,
        *schemas.routes,
        *aggregate.routes,
        *functions.routes,
        *webhooks.routes,
        *batch.routes,
        *files.routes,
        *global_config.routes,
        *graphql_config.routes,
        *cloud_code.routes,
        *push.routes,
        *analytics.routes,
        *script_log.routes,
        *system.routes,
        *health.routes,
        *receivers.routes,
    ]


def aliases() -> dict[str, str]:
    """Map the classes that have a path of their own to the first segment of that path."""
    return {
        route.of_class: route.path.strip("/").partition("/")[0]
        for route in routes()
        if route.of_class is not None and route.of_class != ANY_CLASS
    }


_LARGE = 20_000
"""Bytes of a body whose work may be felt by others."""
_HUGE = 100_000
"""Bytes of a body for whose values threads pay, which cost a tenth of a millisecond each."""


class RestDoor:
    """Answers every request below the mount path; ``steps`` are taken in their order."""

    def __init__(self, backend: Backend, limits: Limits) -> None:
        config = backend.config
        self._backend = backend
        self._mount = config.mount_path.rstrip("/")
        self._find = Router(traced(routes(), backend.telemetry)).find
        self._admit_item = limits.admit_item
        self._app_id = config.app_id.encode("latin-1", "replace")
        self._body_limit = config.max_upload_size
        self._values = backend.bounds.body_values
        self._large = min(_LARGE, self._values // 4)  # below, it can't have too many values
        admission = Admission(backend, limits)
        self._context = admission.context
        self._turns = admission.turns
        once = Once(backend)
        self.steps: tuple[Step, ...] = (
            answer_preflight,
            self.find_route,
            self.read_body,
            self.override_method,
            admission.read_credentials,
            admission.check_state,
            admission.check_keys,
            admission.check_allowed_route,
            admission.limit_by_address,
            admission.find_session,
            admission.limit_by_user,
            admission.take_turn,
            refuse_unknown_route,
            once.claim,
            self.handle,
        )
        idle = {*admission.idle(), *once.idle()}
        unlimited = {*idle, admission.limit_by_address, admission.limit_by_user}
        self._limits = limits
        self._ways = self._by_method(unlimited), self._by_method(idle)

    def _by_method(self, idle: Collection[Step]) -> Mapping[str, Sequence[Step]]:
        """Return the steps that have something to do for a request, by its method."""
        posted = needed(self.steps, {*idle, answer_preflight})
        others = needed(posted, {self.override_method})
        ways = {"GET": others, "PUT": others, "DELETE": others, "POST": posted}
        return {**ways, ANY: needed(self.steps, idle)}

    async def __call__(self, scope: ASGIScope, receive: Receive, send_message: Send) -> None:
        """Answer one HTTP request."""
        exchange = exchange_of(scope)
        ways = self._ways[self._limits.are_set]  # cloud code may bring some at any time
        try:
            answer = await run(ways.get(exchange.method) or ways[ANY], exchange)
        except Exception as error:  # noqa: BLE001 - the outermost handler, which logs
            answer = self._refused(exchange, error)
        finally:
            client = exchange.turn
            if client is not None:
                turns = self._turns
                if turns.queues or turns.counts[client] > 1:
                    turns.end(client)
                else:  # as `end` does, without the call
                    del turns.counts[client]
        await send(answer, send_message)

    def _refused(self, exchange: Exchange, error: Exception) -> Answer:
        path = masked_path(exchange.scope["path"])
        where = f"request {exchange.request_id}: {exchange.method} {path}"
        failure = failure_of(self._backend, error, where)
        exchange.code = failure.code
        if isinstance(error, ParseError) and error.code == Code.USERNAME_TAKEN:
            username_taken(self._backend.config.log_levels, exchange.request_id, error)
        return failure.answer()

    # --- the steps ------------------------------------------------------------------------------

    def find_route(self, exchange: Exchange) -> Answer | None:
        """Find the route, whose policy the next steps follow; HEAD is a GET whose body is cut."""
        if exchange.method == "HEAD":
            exchange.method = "GET"
        path = segments(exchange.scope, self._mount)
        if path is None:
            return _no_route(exchange)
        exchange.path = path
        match = self._find(exchange.method, exchange.path)
        if match is not None:
            exchange.match = match
        return None

    def read_body(self, exchange: Exchange) -> Awaitable[None] | None:
        """Read the body as the route wants it, no further than its limit."""
        rule = exchange.match.route.body
        is_read = rule is BodyRule.STREAMED or b"content-encoding" in exchange.headers
        if not is_read and (rule is BodyRule.NONE or has_none(exchange.scope, exchange.headers)):
            return None  # as of most that read: nothing to wait for
        return self._read_body(exchange)

    async def _read_body(self, exchange: Exchange) -> None:
        route, headers = exchange.match.route, exchange.headers
        limit = self._body_limit if route.body_limit is None else route.body_limit
        if b"content-encoding" in headers:
            exchange.receive = unpacked(exchange.receive, headers)
        if route.body is BodyRule.NONE:
            return
        if route.body is BodyRule.STREAMED:
            exchange.upload = await open_body(exchange.scope, exchange.receive, headers, limit)
            exchange.body = exchange.upload.fields or {}
            return
        check_declared(headers, limit)
        is_known = headers.get(b"x-parse-application-id") == self._app_id
        raw = await read_body(exchange.receive, limit, known if is_known else strangers)
        if raw:
            exchange.raw = raw
            if route.body is BodyRule.JSON:
                kind = headers.get(b"content-type", b"")
                if len(raw) > self._large:
                    exchange.body = await self._read_large(exchange, kind, raw)
                else:
                    exchange.body = read_json(kind, raw, self._values)

    async def _read_large(self, exchange: Exchange, kind: bytes, raw: bytes) -> JSONObject:
        """Read a body whose work is done in steps, between which others have their turn.

        The master key may send more than clients.
        """
        is_trusted = is_master(self._backend.config, exchange.headers)
        exchange.is_large, exchange.is_huge = True, len(raw) > _HUGE
        await asyncio.sleep(0)
        body = await read_long_json(kind, raw, MOST_VALUES if is_trusted else self._values)
        await _read_context(body)
        await asyncio.sleep(0)
        return body

    def override_method(self, exchange: Exchange) -> None:
        """Take ``_method`` of a POST for the method: old clients send all requests as POST."""
        if exchange.method == "POST" and "_method" in exchange.body:
            override = exchange.body.pop("_method")
            if isinstance(override, str):
                exchange.method = override.upper()
                match = self._find(exchange.method, exchange.path)
                is_json = match is not None and match.route.body is BodyRule.JSON  # as it was read
                exchange.match = match if match is not None and is_json else NO_ROUTE

    def handle(self, exchange: Exchange) -> Awaitable[Answer]:
        """Call the handler of the route."""
        route, arguments = exchange.match
        if len(exchange.scope["query_string"]) > _LARGE:
            exchange.is_large = True
        request = Request(
            exchange.method,
            exchange.path,
            exchange.scope["query_string"],
            exchange.body,
            self._context(exchange),
            route,
            arguments,
            exchange.headers,
            self._find,
            self._admit_item,
            exchange.receive,
            exchange.raw,
            exchange.upload,
        )
        return route.handler(request)


async def _read_context(body: JSONObject) -> None:
    """Read a long context for cloud code that comes as text, before the credentials are read."""
    context = body.get("_context")
    if isinstance(context, str) and len(context) > LONG:
        try:
            body["_context"] = await decoded(context.encode("utf-8", "replace"), USUAL_VALUES)
        except ParseError:
            body["_context"] = []  # which is refused as it is no object


def answer_preflight(exchange: Exchange) -> Answer | None:
    """Answer OPTIONS, which browsers send first; the CORS headers say what they may do."""
    return Answer(b"OK") if exchange.method == "OPTIONS" else None


def refuse_unknown_route(exchange: Exchange) -> Answer | None:
    """Answer 404 where no route was found; only now, so that a stranger learns no routes."""
    return _no_route(exchange) if exchange.match is NO_ROUTE else None


def _no_route(exchange: Exchange) -> Answer:
    return Answer({"error": f"Cannot {exchange.method} {exchange.scope['path']}"}, 404)
