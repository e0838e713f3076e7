"""``MCPDoor``: MCP's streamable HTTP for those who hold the master key, and administrators."""

import asyncio
from dataclasses import replace
from typing import Any

from mcp.server.mcpserver import Context
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from parsepy.backend import Backend
from parsepy.errors import Code, ParseError
from parsepy.http.admission import Admission
from parsepy.http.asgi import ASGIScope, Receive, Send
from parsepy.http.bodies import check_declared, read_body
from parsepy.http.exchange import NO_ROUTE, Exchange, Step, exchange_of, needed
from parsepy.http.failures import failure_of
from parsepy.http.held_bodies import known
from parsepy.http.limits import Limits
from parsepy.http.refusals import HTTPRefusal
from parsepy.http.requests import BodyRule, Route, RouteMatch
from parsepy.http.responses import Answer, send
from parsepy.mcp.callers import Caller, is_operator
from parsepy.mcp.desk import Desk
from parsepy.mcp.server import make_server
from parsepy.model.values import check_number

BODY_LIMIT = 2 * 1024 * 1024
"""Bytes that a message may have."""
MOST_VALUES = 20_000
"""Values in its JSON, each object counting for four: the SDK reads a message in one go."""
_LARGE = 20_000
"""Bytes of a message whose work may be felt by others."""
_UNKNOWN = "MCP needs the master key, or the session of a member of the role admin."


class MCPDoor:
    """Answers MCP's messages, each with the rights that come with it.

    It keeps no sessions, so that any process of an application can answer any message.
    """

    def __init__(self, backend: Backend, limits: Limits, desk: Desk) -> None:
        self._backend = backend
        path = backend.config.mcp.path
        admission = Admission(backend, limits)
        self._context = admission.context
        self._path = tuple(path.strip("/").split("/"))
        route = Route("ANY", path, NO_ROUTE.route.handler, body=BodyRule.NONE, in_batch=False)
        self._match = RouteMatch(route, {})
        steps: tuple[Step, ...] = (
            self._begin,
            admission.read_credentials,
            admission.check_state,
            admission.check_keys,
            admission.check_allowed_route,
            admission.limit_by_address,
            admission.find_session,
            admission.limit_by_user,
        )
        self._steps = needed(steps, {*admission.idle()})
        server = make_server(replace(desk, caller_of=self._caller_of))
        self._manager = StreamableHTTPSessionManager(
            app=server._lowlevel_server,
            json_response=True,
            stateless=True,
            max_request_body_size=BODY_LIMIT,
        )
        self.is_open = asyncio.Event()

    async def run(self) -> None:
        """Keep open what answers messages, until this is cancelled."""
        async with self._manager.run():
            self.is_open.set()
            await asyncio.Event().wait()

    async def __call__(self, scope: ASGIScope, receive: Receive, send_message: Send) -> None:
        """Answer one HTTP request."""
        exchange = exchange_of(scope)
        try:
            refusal = await self._admitted(exchange)
        except Exception as error:  # noqa: BLE001 - the outermost handler, which logs
            where = f"request {exchange.request_id}: {exchange.method} {scope['path']}"
            failure = failure_of(self._backend, error, where)
            exchange.code = failure.code
            refusal = failure.answer()
        if refusal is not None:
            await send(refusal, send_message)
            return
        await self.is_open.wait()
        await self._manager.handle_request(scope, exchange.receive, send_message)

    async def _admitted(self, exchange: Exchange) -> Answer | None:
        """Find out who asks; an answer for whom may not, None for whom may."""
        try:
            for step in self._steps:
                outcome = step(exchange)
                answer = outcome if isinstance(outcome, Answer | None) else await outcome
                if answer is not None:
                    return answer
        except HTTPRefusal as error:
            if error.status not in (401, 403):
                raise
            return _unauthorized()
        except ParseError as error:
            if error.code != Code.INVALID_SESSION_TOKEN:
                raise
            return _unauthorized()
        if not is_operator(exchange.principal):
            return _unauthorized()
        if exchange.method != "POST":  # there are no sessions, hence no streams to open or to end
            return Answer({"error": "MCP's messages come by POST."}, 405, [(b"allow", b"POST")])
        await self._read_message(exchange)
        return None

    async def _read_message(self, exchange: Exchange) -> None:
        """Read the message for the SDK; refuse one that is too large, or of too many values."""
        check_declared(exchange.headers, BODY_LIMIT)
        receive = exchange.receive
        message = await read_body(receive, BODY_LIMIT, known)
        exchange.is_large = len(message) > _LARGE
        if exchange.is_large:
            check_number(message, MOST_VALUES)
        pieces = iter(({"type": "http.request", "body": message, "more_body": False},))

        async def again() -> Any:
            piece = next(pieces, None)
            return await receive() if piece is None else piece

        exchange.receive = again

    def _begin(self, exchange: Exchange) -> None:
        exchange.path = self._path
        exchange.match = self._match

    async def _caller_of(self, ctx: Context) -> Caller:
        """Who sent the message that a tool is called by."""
        request = ctx.request_context.request
        assert request is not None
        exchange = exchange_of(request.scope)
        way = f"{exchange.ip}, request {exchange.request_id}"
        # an agent reads what anybody may have written, whoever has sent it
        return Caller(replace(self._context(exchange), is_bounded=True), way)


def _unauthorized() -> Answer:
    return Answer({"error": _UNKNOWN}, 401)
