"""The REST door: ``routes()``, the concatenated tables, and the ASGI application over them."""

import itertools
import logging
import secrets
from collections.abc import Mapping

from parsepy.backend import Backend, RequestContext
from parsepy.errors import Code, ParseError
from parsepy.http import credentials
from parsepy.http.access_log import REQUEST_ID, masked_path, watchers
from parsepy.http.addresses import address_of, own_url
from parsepy.http.asgi import ASGIScope, Receive, Send
from parsepy.http.bodies import read_body, read_json
from parsepy.http.cors import CORS
from parsepy.http.exchange import Exchange
from parsepy.http.idempotency import Once
from parsepy.http.limits import Limits
from parsepy.http.paths import read_query, segments
from parsepy.http.requests import Request, Route
from parsepy.http.responses import Answer, HTTPRefusal, error_answer, send
from parsepy.http.routing import Router
from parsepy.http.uploads import FileBody, open_body
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
    push,
    receivers,
    schemas,
    script_log,
    sessions,
    system,
    users,
    webhooks,
)
from parsepy.storage import Unavailable

log = logging.getLogger("parsepy.rest")


def routes() -> list[Route]:
    """Every route below the mount, but for `/health`, which asks for no credentials."""
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
        *cloud_code.routes,
        *push.routes,
        *analytics.routes,
        *script_log.routes,
        *system.routes,
    ]


class RestDoor:
    """The ASGI application of everything below the mount path."""

    def __init__(self, backend: Backend) -> None:
        config = backend.config
        self._backend = backend
        self._mount = config.mount_path.rstrip("/")
        self._cors = CORS(config)
        self.routes = routes()
        self._router = Router(self.routes)
        # Parse: a batch does not reach files, whose bodies are no JSON
        self._batched = Router(r for r in self.routes if r not in files.routes)
        self._once = Once(config.idempotency_options)
        self._limits = Limits(backend)
        self._watchers = watchers(backend)
        self._trusted = config.trust_proxy
        self._limit = config.max_upload_size
        self._request_prefix = secrets.token_hex(4)
        self._request_number = itertools.count(1)
        self._public_url = (config.public_server_url or "").rstrip("/")

    async def close(self) -> None:
        """Let go of what the door holds outside."""
        await self._limits.close()

    async def __call__(self, scope: ASGIScope, receive: Receive, send_message: Send) -> None:
        """Answer one HTTP request."""
        headers: Mapping[bytes, bytes] = dict(scope["headers"])
        request_id = f"{self._request_prefix}-{next(self._request_number):x}"
        method: str = scope["method"]
        ip = address_of(scope, self._trusted)
        exchange = Exchange(scope, receive, headers, request_id, ip, method)
        try:
            answer = await self._answer(exchange)
        except ParseError as error:
            exchange.code = error.code
            if error.code == Code.USERNAME_TAKEN:
                username_taken(self._backend.config.log_levels, request_id, error)
            answer = error_answer(self._backend, error)
        except HTTPRefusal as refusal:
            answer = Answer(refusal.body, refusal.status, refusal.headers)
        except RecursionError:
            answer = Answer({"code": Code.INVALID_JSON, "error": "The nesting is too deep."}, 400)
        except Unavailable as error:
            log.error("request %s: the database can't be reached: %s", request_id, error)
            answer = Answer({"code": Code.INTERNAL_SERVER_ERROR, "error": "Database error"}, 500)
        except Exception:  # the outermost handler: log, answer without internals
            log.exception("request %s: %s %s", request_id, method, masked_path(scope["path"]))
            answer = Answer(
                {"code": Code.INTERNAL_SERVER_ERROR, "error": "Internal server error."}, 500
            )
        answer.headers = [*answer.headers, *exchange.extra, (REQUEST_ID, request_id.encode())]
        await send(answer, self._cors.headers(headers.get(b"origin")), send_message)
        for watch in self._watchers:
            watch(exchange, answer.status)

    async def _answer(self, exchange: Exchange) -> Answer:
        scope, headers, method = exchange.scope, exchange.headers, exchange.method
        if method == "OPTIONS":
            return Answer(b"OK")
        if method == "HEAD":
            method = exchange.method = "GET"  # the server leaves the body out
        path = segments(scope, self._mount)
        if path == ("health",):
            return await self._health()
        if path is None:
            return _no_route(method, scope)
        exchange.path = path
        stream: FileBody | None = None
        raw = b""
        if path[0] == "files":
            stream = await open_body(scope, exchange.receive, headers, self._backend.config)
            body = stream.fields or {}
        else:
            raw = await read_body(scope, exchange.receive, self._limit)
            if receivers.takes(exchange, method):
                return await self._receive(exchange, raw)
            body = read_json(headers.get(b"content-type", b""), raw)
        if method == "POST" and "_method" in body:
            override = body.pop("_method")
            if isinstance(override, str):
                method = exchange.method = override.upper()
        found = credentials.read(self._backend.config, headers, body)
        if stream is not None and method == "GET":
            credentials.of_download(self._backend.config, found)
        context = await self._context(exchange, found)
        match = self._router.find(method, path)
        if match is None:
            return _no_route(method, scope)
        exchange.route = match.route
        if self._once.paths:
            await self._once.claim(context, method, path)
        request = Request(
            method,
            path,
            read_query(scope["query_string"]),
            body,
            context,
            match.arguments,
            headers,
            self._batched.find,
            admit_item=self._limits.admit_item,
            stream=stream,
            form=raw,
        )
        return await match.handler(request)

    async def _receive(self, exchange: Exchange, body: bytes) -> Answer:
        backend = self._backend
        if backend.state != "ok":
            raise ParseError(Code.INTERNAL_SERVER_ERROR, f"Invalid server state: {backend.state}")
        await self._limits.admit_stranger(exchange)
        answer = await receivers.receive(backend, exchange, body, self._mount_url(exchange))
        return answer or _no_route(exchange.method, exchange.scope)

    async def _context(self, exchange: Exchange, found: credentials.Credentials) -> RequestContext:
        backend = self._backend
        if backend.state != "ok":
            raise ParseError(Code.INTERNAL_SERVER_ERROR, f"Invalid server state: {backend.state}")
        if self._limits.restrict:
            principal = await self._limits.admit(exchange, found)
        else:
            principal = await credentials.principal_of(backend, found, exchange.ip, exchange.path)
        exchange.user_id = principal.user_id
        return RequestContext(
            backend,
            principal,
            found.installation_id or None,
            exchange.ip,
            exchange.request_id,
            credentials.trigger_context(found) if found.context is not None else {},
            self._mount_url(exchange),
            exchange.headers,
        )

    def _mount_url(self, exchange: Exchange) -> str:
        """Where the client reaches the server: as it is configured, or by the address it used."""
        return self._public_url or own_url(
            exchange.scope, exchange.headers, self._mount, self._trusted
        )

    async def _health(self) -> Answer:
        state = self._backend.state
        if state != "ok":
            retry = [(b"retry-after", b"1")] if state == "starting" else []
            return Answer({"status": state}, 503, retry)
        try:
            await self._backend.storage.ping()
        except Unavailable as error:
            log.error("health: the database can't be reached: %s", error)
            return Answer({"status": "error"}, 503)
        return Answer({"status": "ok"})


def _no_route(method: str, scope: ASGIScope) -> Answer:
    return Answer({"error": f"Cannot {method} {scope['path']}"}, 404)
