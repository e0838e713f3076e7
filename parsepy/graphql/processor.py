"""``RequestProcessor``: what a request asks, checked and executed alike over every transport."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from graphql import GraphQLError, GraphQLSchema, OperationType

from parsepy.backend import Backend, RequestContext
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
    answer,
    formatted,
)
from parsepy.graphql.variables import Coercers
from parsepy.graphql.wheres import Wheres
from parsepy.http.admission import Admission
from parsepy.http.asgi import Headers
from parsepy.http.exchange import NO_ROUTE, Exchange, Step
from parsepy.http.limits import Limits
from parsepy.http.requests import BodyRule, Route, RouteMatch
from parsepy.model.values import JSONObject

_NOT_FOUND_HEADERS: Headers = [(b"cache-control", b"private, no-cache, must-revalidate")]


class RequestFailed(Exception):
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


@dataclass(slots=True)
class CheckedOperation:
    """An operation that its caller may execute."""

    documents: Documents
    prepared: Prepared
    plan: OperationPlan
    asked: GraphQLRequest

    @property
    def is_subscription(self) -> bool:
        """Does it follow a class?"""
        return self.plan.kind is OperationType.SUBSCRIPTION


class RequestProcessor:
    """Checks and executes what requests ask for; the door and the websockets share it.

    ``admission`` are the steps that find out who asks, and count the request in the rate limits.
    """

    def __init__(self, backend: Backend, limits: Limits, keeper: SchemaKeeper) -> None:
        self._backend = backend
        self._keeper = keeper
        self._path = tuple(backend.config.graphql_path.strip("/").split("/"))
        admission = Admission(backend, limits)
        self.context: Callable[[Exchange], RequestContext] = admission.context
        self.take_turn: Step = admission.take_turn
        self.turns = admission.turns
        route = Route(
            "ANY",
            backend.config.graphql_path,
            NO_ROUTE.route.handler,
            body=BodyRule.NONE,
            in_batch=False,
        )
        self._match = RouteMatch(route, {})
        self._persisted = PersistedDocuments()
        self._documents: Documents | None = None
        self._introspected: Recent[bytes] = Recent(100)
        self.schema_changed: Callable[[GraphQLSchema], None] = _unheard
        """Called when another schema than before is in use."""
        self.admission: tuple[Step, ...] = (
            self.begin,
            admission.read_credentials,
            admission.check_state,
            admission.check_keys,
            admission.check_allowed_route,
            admission.limit_by_address,
            admission.find_session,
            admission.limit_by_user,
        )
        self.idle = {*admission.idle()}

    def begin(self, exchange: Exchange) -> None:
        """Say which route this is; its body is read once it is known who asks."""
        exchange.path = self._path
        exchange.match = self._match

    def shown(
        self, exchange: Exchange, asked: GraphQLRequest, errors: Sequence[GraphQLError]
    ) -> list[JSONObject]:
        """Errors as the caller is told them."""
        sanitised = Sanitiser(asked.query or "") if self._is_client(exchange) else str
        return [formatted(error, sanitised(error.message)) for error in errors]

    def _is_client(self, exchange: Exchange) -> bool:
        """Is this somebody who may learn of the schema only what they know already?"""
        return not (
            exchange.principal.is_privileged or self._backend.config.graphql_public_introspection
        )

    async def check(self, exchange: Exchange, asked: GraphQLRequest) -> CheckedOperation:
        """Find the operation that is asked for; raises ``RequestFailed`` and ``BadRequest``."""
        text, digest = self._text_of(asked)
        documents = self._documents_of(self._keeper.known() or await self._keeper.current())
        try:
            prepared = documents.known(text) or await documents.prepare(text)
        except Invalid as invalid:
            raise RequestFailed([_coded(e, invalid.code) for e in invalid.errors]) from None
        return self._checked(exchange, asked, documents, prepared, text, digest)

    def known(self, exchange: Exchange, asked: GraphQLRequest) -> CheckedOperation | None:
        """Do what ``check`` does, where schema and document are known; else ``None``."""
        text, digest = self._text_of(asked)
        schema = self._keeper.known()
        if schema is None:
            return None
        documents = self._documents_of(schema)
        prepared = documents.known(text)
        if prepared is None:
            return None
        return self._checked(exchange, asked, documents, prepared, text, digest)

    def _checked(
        self,
        exchange: Exchange,
        asked: GraphQLRequest,
        documents: Documents,
        prepared: Prepared,
        text: str,
        digest: str | None,
    ) -> CheckedOperation:
        plan = documents.plan(prepared.document, asked.operation_name)
        self._check_rights(exchange, text, prepared, plan)
        if digest is not None and asked.query:
            self._persisted.put(digest, text)
        if plan is None:
            raise RequestFailed([_unresolved(asked.operation_name)])
        return CheckedOperation(documents, prepared, plan, asked)

    def run(self, exchange: Exchange, operation: CheckedOperation) -> Run:
        """Begin an execution for the one who asks."""
        made = Run(self.context(exchange), operation.documents.compilation.wheres)
        made.session_token = exchange.credentials.session_token
        return made

    async def execute(self, exchange: Exchange, operation: CheckedOperation) -> Result | bytes:
        """Execute a query or mutation; a known answer comes as bytes. Raises ``RequestFailed``."""
        documents, prepared, plan = operation.documents, operation.prepared, operation.plan
        asked, execution = operation.asked, self.run(exchange, operation)
        may_introspect = "__schema" in prepared.text or prepared.document.asks_for_type
        if may_introspect and not plan.variables.definitions and plan.variant({}).introspects:
            return await self._introspect(operation, execution)
        try:
            return await execute(
                documents, prepared, plan, asked.operation_name, execution, asked.variables
            )
        except BadVariables as bad:
            raise bad_variables(bad.errors) from None

    async def _introspect(self, operation: CheckedOperation, execution: Run) -> Result | bytes:
        """The schema as a document asks for it; kept as it is long in the making."""
        prepared, plan, asked = operation.prepared, operation.plan, operation.asked
        key = f"{asked.operation_name} {prepared.text}"
        is_all = not plan.variant({}).steps
        kept = self._introspected.get(key) if is_all else None
        if kept is not None:
            return kept
        result = await execute(
            operation.documents, prepared, plan, asked.operation_name, execution, asked.variables
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
            raise RequestFailed([GraphQLError("Unsupported persisted query version")])
        digest = given.get("sha256Hash")
        if asked.query is None:
            text = self._persisted.get(digest) if isinstance(digest, str) else None
            if text is None:
                error = with_code("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND")
                raise RequestFailed([error], 200, list(_NOT_FOUND_HEADERS))
            return text, None
        if digest != digest_of(asked.query):
            raise RequestFailed([GraphQLError("provided sha does not match query")])
        return asked.query, digest

    def _documents_of(self, schema: GraphQLSchema) -> Documents:
        documents = self._documents
        if documents is None or documents.compilation.schema is not schema:
            backend = self._backend
            wheres = Wheres(dict(backend.schemas.classes))
            made = Compilation(schema, wheres, backend.limits, Coercers())
            documents = self._documents = Documents(made)
            self._introspected = Recent(100)
            self.schema_changed(schema)
        return documents

    def _check_rights(
        self, exchange: Exchange, text: str, prepared: Prepared, plan: OperationPlan | None
    ) -> None:
        """Refuse what may not be asked by this method, by this caller, or in this size."""
        if exchange.method == "GET" and plan and plan.kind is not OperationType.QUERY:
            name = plan.kind.value
            raise BadRequest(
                f"GET requests only support query operations, not {name} operations",
                405,
                [(b"allow", b"POST")],
            )
        if self._is_client(exchange) and ("__schema" in text or prepared.document.asks_for_type):
            raise RequestFailed([GraphQLError("Introspection is not allowed")], 403)
        if plan is not None and not exchange.principal.is_privileged:
            options = self._backend.config.request_complexity
            reason = sizes.refusal(plan.size, plan.operation, plan.fragments, options)
            if reason is not None:
                raise RequestFailed([GraphQLError(reason)])


def _unheard(schema: GraphQLSchema) -> None:
    """Nobody needs to know of the new schema."""


def bad_variables(errors: Sequence[GraphQLError]) -> RequestFailed:
    """The refusal of variables that do not fit."""
    return RequestFailed([_coded(error, "BAD_USER_INPUT") for error in errors])


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
