"""``GraphQLDoor``: the ASGI application at ``graphQLPath``."""

from typing import Any

from graphql import GraphQLError

from parsepy.backend import Backend
from parsepy.graphql.failures import with_code
from parsepy.graphql.processor import RequestFailed, RequestProcessor
from parsepy.graphql.transport import (
    JSON,
    BadRequest,
    GraphQLRequest,
    Refused,
    answer,
    charset_of,
    check_origin,
    essence_of,
    formatted,
    media_type,
    of_get,
    of_post,
    read_json,
)
from parsepy.graphql.uploads import BadUpload, read_form
from parsepy.http.access_log import masked_path
from parsepy.http.asgi import ASGIScope, Receive, Send
from parsepy.http.bodies import read_body
from parsepy.http.exchange import Exchange, Step, exchange_of, needed, run
from parsepy.http.failures import failure_of
from parsepy.http.refusals import HTTPRefusal
from parsepy.http.responses import Answer, send
from parsepy.http.uploads import FileBody

_PLAIN_JSON = b"application/json"
JSON_LIMIT = 100 * 1024
"""Bytes that a request in JSON may have."""


class GraphQLDoor:
    """Answers GraphQL requests; ``steps`` are taken in their order."""

    def __init__(self, backend: Backend, processor: RequestProcessor) -> None:
        self._backend = backend
        self._processor = processor
        self.steps: tuple[Step, ...] = (
            _answer_preflight,
            *processor.admission,
            processor.take_turn,
            self.handle,
        )
        self._steps = needed(self.steps, processor.idle)

    async def __call__(self, scope: ASGIScope, receive: Receive, send_message: Send) -> None:
        """Answer one HTTP request."""
        exchange = exchange_of(scope)
        try:
            given = await run(self._steps, exchange)
        except Exception as error:  # noqa: BLE001 - the outermost handler, which logs
            path = masked_path(scope["path"])
            where = f"request {exchange.request_id}: {exchange.method} {path}"
            failure = failure_of(self._backend, error, where)
            exchange.code = failure.code
            given = failure.answer()
        finally:
            if exchange.turn is not None:
                self._processor.turns.end(exchange.turn)
        await send(given, send_message)

    # --- the request ----------------------------------------------------------------------------

    async def handle(self, exchange: Exchange) -> Answer:
        """Read what is asked, execute it, and answer in the form that the client takes."""
        headers = exchange.headers
        kind = media_type(headers.get(b"accept"))
        try:
            body = await self._body(exchange)
        except Refused as refused:
            return refused.answer()
        shown = kind or JSON
        try:
            check_origin(headers)
            asked = _asked(exchange, body)
            if kind is None:
                raise BadRequest(
                    "An 'accept' header was provided for this request which does not accept "
                    "application/json; charset=utf-8 or "
                    "application/graphql-response+json; charset=utf-8",
                    406,
                )
            return await self._answer(exchange, asked, shown)
        except BadRequest as error:
            problem = formatted(with_code(error.message, "BAD_REQUEST"), error.message)
            return answer({"errors": [problem]}, shown, error.status, error.headers)

    async def _body(self, exchange: Exchange) -> Any:
        """The body of a POST as JSON; ``None`` where it is of another type. Raises ``Refused``."""
        if exchange.method not in ("POST", "GET"):
            return None
        given = exchange.headers.get(b"content-type")
        if given == _PLAIN_JSON:  # as most write it
            try:
                return read_json(await read_body(exchange.receive, JSON_LIMIT))
            except HTTPRefusal as error:
                raise Refused(error.status) from None
        essence = essence_of(given)
        most = self._backend.config.max_upload_size
        if essence == "multipart/form-data":
            form = FileBody(exchange.receive, (given or b"").decode("latin-1"))
            try:
                return await read_form(form, most, 2 * most)
            except BadUpload as error:
                raise Refused(error.status) from None
        if essence not in ("application/json", "application/graphql"):
            return None
        if charset_of(given or b"") not in ("", "utf-8", "utf8"):
            raise Refused(415)
        content = await self._content(exchange)
        if essence == "application/graphql":
            return {"query": content.decode("utf-8", "replace")}
        return read_json(content)

    async def _content(self, exchange: Exchange) -> bytes:
        try:
            return await read_body(exchange.receive, JSON_LIMIT)
        except HTTPRefusal as error:
            raise Refused(error.status) from None

    async def _answer(self, exchange: Exchange, asked: GraphQLRequest, kind: bytes) -> Answer:
        processor = self._processor
        try:
            known = processor.known(exchange, asked)
            operation = known or await processor.check(exchange, asked)
            if operation.is_subscription and operation.documents.has_subscriptions:
                raise RequestFailed([GraphQLError("Subscriptions are served over a websocket.")])
            result = await processor.execute(exchange, operation)
        except RequestFailed as failed:
            content = {"errors": processor.shown(exchange, asked, failed.errors)}
            return answer(content, kind, failed.status, failed.headers)
        if isinstance(result, bytes):
            return Answer(result, 200, [(b"content-type", kind)])
        if result.errors:
            shown = processor.shown(exchange, asked, result.errors)
            return answer({"errors": shown, "data": result.data}, kind)
        return answer({"data": result.data}, kind)


def _answer_preflight(exchange: Exchange) -> Answer | None:
    return Answer(b"OK") if exchange.method == "OPTIONS" else None


def _asked(exchange: Exchange, body: Any) -> GraphQLRequest:
    if exchange.method == "POST":
        return of_post(body)
    if exchange.method == "GET":
        return of_get(exchange.scope["query_string"], exchange.headers)
    raise BadRequest(
        "Apollo Server supports only GET/POST requests.", 405, [(b"allow", b"GET, POST")]
    )
