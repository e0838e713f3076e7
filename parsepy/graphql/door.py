"""``GraphQLDoor``: the ASGI application at ``graphQLPath``."""

import asyncio
from collections.abc import Sequence
from typing import Any

from graphql import GraphQLError, GraphQLSchema, OperationType

from parsepy.backend import Backend
from parsepy.graphql import limits as sizes
from parsepy.graphql.caches import Recent
from parsepy.graphql.documents import Documents, Invalid, Prepared
from parsepy.graphql.executor import BadVariables, Result, execute
from parsepy.graphql.failures import with_code
from parsepy.graphql.persisted import PersistedDocuments, digest_of
from parsepy.graphql.plans import Compilation, OperationPlan
from parsepy.graphql.runs import Run
from parsepy.graphql.sanitising import Sanitiser
from parsepy.graphql.stamps import SchemaKeeper
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
from parsepy.graphql.variables import Coercers
from parsepy.http.access_log import masked_path
from parsepy.http.admission import Admission
from parsepy.http.asgi import ASGIScope, Headers, Receive, Send
from parsepy.http.bodies import read_body
from parsepy.http.exchange import NO_ROUTE, Exchange, Step, exchange_of, needed, run
from parsepy.http.failures import failure_of
from parsepy.http.limits import Limits
from parsepy.http.refusals import HTTPRefusal
from parsepy.http.requests import BodyRule, Route, RouteMatch
from parsepy.http.responses import Answer, send
from parsepy.http.uploads import FileBody

_JSON_LIMIT = 100 * 1024
_NOT_FOUND_HEADERS: Headers = [(b"cache-control", b"private, no-cache, must-revalidate")]


class _RequestFailed(Exception):
    """Errors of a request as a whole: nothing was executed."""

    def __init__(
        self,
        errors: Sequence[GraphQLError],
        status: int = 400,
        headers: Headers | None = None,
    ) -> None:
        super().__init__()
        self.errors = errors
        self.status = status
        self.headers = headers or []


class GraphQLDoor:
    """Answers GraphQL requests; ``steps`` are taken in their order."""

    def __init__(self, backend: Backend, limits: Limits, keeper: SchemaKeeper) -> None:
        self._backend = backend
        self._keeper = keeper
        self._path = backend.config.graphql_path
        admission = Admission(backend, limits)
        self._context = admission.context
        route = Route("ANY", self._path, NO_ROUTE.route.handler, body=BodyRule.NONE, in_batch=False)
        self._match = RouteMatch(route, {})
        self._persisted = PersistedDocuments()
        self._documents: Documents | None = None
        self._introspected: Recent[bytes] = Recent(100)
        self.steps: tuple[Step, ...] = (
            _answer_preflight,
            self.begin,
            admission.read_credentials,
            admission.check_state,
            admission.check_keys,
            admission.check_allowed_route,
            admission.limit_by_address,
            admission.find_session,
            admission.limit_by_user,
            self.handle,
        )
        self._steps = needed(self.steps, {*admission.idle()})

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
        await send(given, send_message)

    def begin(self, exchange: Exchange) -> None:
        """Say which route this is; its body is read once it is known who asks."""
        exchange.path = tuple(self._path.strip("/").split("/"))
        exchange.match = self._match

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
        try:
            content = await read_body(exchange.receive, _JSON_LIMIT)
        except HTTPRefusal as error:
            raise Refused(error.status) from None
        if essence == "application/graphql":
            return {"query": content.decode("utf-8", "replace")}
        return read_json(content)

    async def _answer(self, exchange: Exchange, asked: GraphQLRequest, kind: bytes) -> Answer:
        is_client = not (
            exchange.principal.is_privileged or self._backend.config.graphql_public_introspection
        )
        sanitised = Sanitiser(asked.query or "") if is_client else str

        def shown(errors: Sequence[GraphQLError]) -> list[Any]:
            return [formatted(error, sanitised(error.message)) for error in errors]

        try:
            result = await self._executed(exchange, asked, is_client=is_client)
        except _RequestFailed as failed:
            content = {"errors": shown(failed.errors)}
            return answer(content, kind, failed.status, failed.headers)
        if isinstance(result, bytes):
            return Answer(result, 200, [(b"content-type", kind)])
        if result.errors:
            return answer({"errors": shown(result.errors), "data": result.data}, kind)
        return answer({"data": result.data}, kind)

    # --- its execution --------------------------------------------------------------------------

    async def _executed(
        self, exchange: Exchange, asked: GraphQLRequest, *, is_client: bool
    ) -> Result | bytes:
        text, digest = self._text_of(asked)
        schema = await self._keeper.current()
        documents = self._documents_of(schema)
        try:
            prepared = await documents.prepare(text)
        except Invalid as invalid:
            raise _RequestFailed([_coded(e, invalid.code) for e in invalid.errors]) from None
        plan = documents.plan(prepared.document, asked.operation_name)
        self._check(exchange, text, prepared, plan, is_client=is_client)
        if digest is not None and asked.query:
            self._persisted.put(digest, text)
        if plan is None:
            raise _RequestFailed([_unresolved(asked.operation_name)])
        context = self._context(exchange)
        if plan.kind is OperationType.SUBSCRIPTION and schema.subscription_type is not None:
            raise _RequestFailed([GraphQLError("Subscriptions are served over a websocket.")])
        execution = Run(context, documents.compilation.classes)
        execution.session_token = exchange.credentials.session_token
        may_introspect = "__schema" in text or prepared.document.asks_for_type
        if may_introspect and not plan.variables.definitions and plan.variant({}).introspects:
            return await self._introspect(documents, prepared, plan, asked, execution)
        try:
            return await execute(
                documents, prepared, plan, asked.operation_name, execution, asked.variables
            )
        except BadVariables as bad:
            raise _RequestFailed(
                [_coded(error, "BAD_USER_INPUT") for error in bad.errors]
            ) from None

    async def _introspect(
        self,
        documents: Documents,
        prepared: Prepared,
        plan: OperationPlan,
        asked: GraphQLRequest,
        execution: Run,
    ) -> Result | bytes:
        """The schema as a document asks for it; kept as it is long in the making."""
        key = f"{asked.operation_name} {prepared.text}"
        is_all = not plan.variant({}).steps
        kept = self._introspected.get(key) if is_all else None
        if kept is not None:
            return kept
        result = await execute(
            documents, prepared, plan, asked.operation_name, execution, asked.variables
        )
        if is_all and not result.errors:
            given = await asyncio.to_thread(answer, {"data": result.data}, JSON)
            self._introspected.put(key, given.content, len(given.content))
        return result

    def _text_of(self, asked: GraphQLRequest) -> tuple[str, str | None]:
        """The document that is asked for, and its hash if it is to be remembered by that."""
        given = asked.extensions.get("persistedQuery")
        if not given:
            if not asked.query:
                raise BadRequest(
                    "GraphQL operations must contain a non-empty `query` or a "
                    "`persistedQuery` extension."
                )
            return asked.query, None
        if not isinstance(given, dict) or given.get("version") != 1:
            raise _RequestFailed([GraphQLError("Unsupported persisted query version")])
        digest = given.get("sha256Hash")
        if asked.query is None:
            text = self._persisted.get(digest) if isinstance(digest, str) else None
            if text is None:
                error = with_code("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND")
                raise _RequestFailed([error], 200, list(_NOT_FOUND_HEADERS))
            return text, None
        if digest != digest_of(asked.query):
            raise _RequestFailed([GraphQLError("provided sha does not match query")])
        return asked.query, digest

    def _documents_of(self, schema: GraphQLSchema) -> Documents:
        documents = self._documents
        if documents is None or documents.compilation.schema is not schema:
            backend = self._backend
            classes = dict(backend.schemas.classes)
            made = Compilation(schema, classes, backend.limits, Coercers())
            documents = self._documents = Documents(made)
            self._introspected = Recent(100)
        return documents

    def _check(
        self,
        exchange: Exchange,
        text: str,
        prepared: Prepared,
        plan: OperationPlan | None,
        *,
        is_client: bool,
    ) -> None:
        """Refuse what may not be asked by this method, by this caller, or in this size."""
        if exchange.method == "GET" and plan and plan.kind is not OperationType.QUERY:
            name = plan.kind.value
            raise BadRequest(
                f"GET requests only support query operations, not {name} operations",
                405,
                [(b"allow", b"POST")],
            )
        if is_client and ("__schema" in text or prepared.document.asks_for_type):
            raise _RequestFailed([GraphQLError("Introspection is not allowed")], 403)
        if plan is not None and not exchange.principal.is_privileged:
            options = self._backend.config.request_complexity
            reason = sizes.refusal(plan.size, plan.operation, plan.fragments, options)
            if reason is not None:
                raise _RequestFailed([GraphQLError(reason)])


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


def _coded(error: GraphQLError, code: str) -> GraphQLError:
    error.extensions = {**(error.extensions or {}), "code": code}
    return error


def _unresolved(name: str | None) -> GraphQLError:
    message = (
        "Must provide operation name if query contains multiple operations."
        if name is None
        else f'Unknown operation named "{name}".'
    )
    return with_code(message, "OPERATION_RESOLUTION_FAILURE")
