"""What a client may subscribe to: the checks before a subscription begins (protocol §30.6)."""

from collections.abc import Callable
from typing import Any

from parsepy.backend import Backend, RequestContext
from parsepy.errors import DENIED, Code, ParseError, denied
from parsepy.livequery.clients import Follower, LiveClient
from parsepy.livequery.rights import Principals
from parsepy.livequery.subscriptions import Subscription
from parsepy.model import match
from parsepy.model.permissions import is_hidden
from parsepy.model.query import Query, column_keys, parse_where
from parsepy.model.scope import scope_of
from parsepy.model.values import JSONObject
from parsepy.model.where import Where, equals_id, fields_of
from parsepy.operations import access, class_rules, schemas
from parsepy.triggers import LiveState, SubscribeEvent


class SubscriptionChecks:
    """Checks subscriptions with the rights of their clients, and lets cloud code change them.

    ``live_state`` is what cloud code is told of a client and all others.
    """

    def __init__(
        self,
        backend: Backend,
        who: Principals,
        live_state: Callable[[LiveClient | Follower, str | None], LiveState],
    ) -> None:
        self._backend = backend
        self._who = who
        self._live_state = live_state

    async def check(self, made: Subscription, where: JSONObject) -> None:
        """Complete a subscription to objects that meet ``where``; raises its refusal."""
        backend, client = self._backend, made.client
        principal = await self._who.of(made)
        context = self._who.context(client, principal)
        access.check_internal(context, made.class_name, "find")
        conditions = parse_where(where, privileged=principal.is_privileged, limits=backend.limits)
        made.asked = made.asked.union(fields_of(conditions), made.watch or ())
        keys = None if made.keys is None else column_keys(made.keys)
        query = Query(made.class_name, where=conditions, limit=None, keys=keys)
        schema = await schemas.existing(backend, made.class_name)
        access.check_query(context, schema, query)
        _check_watch(context, schema, made.watch)
        query = await self._before_subscribe(context, made, query)
        made.keys = None if query.keys is None else frozenset(query.keys)
        made.operation = "find" if equals_id(query.where) is None else "get"
        scope_of(schema, made.operation, principal)  # refuses who may not read the class
        query = await class_rules.of(made.class_name).narrow(context, query)
        _check_decidable(query.where)
        made.where = query.where

    async def _before_subscribe(
        self, context: RequestContext, made: Subscription, query: Query
    ) -> Query:
        triggers = self._backend.triggers
        if not triggers.has("beforeSubscribe", query.class_name):
            return query
        client: LiveClient | Follower = made.client
        event = SubscribeEvent(
            kind="beforeSubscribe",
            class_name=query.class_name,
            request=context,
            query=query,
            client_id=client.id,
            subscription_id=made.request_id,
            live=self._live_state(client, made.token or client.token),
        )
        answer = await triggers.run(event)
        changed = answer if isinstance(answer, Query) else event.query
        if changed.class_name != query.class_name:
            raise ParseError(Code.SCRIPT_FAILED, "beforeSubscribe may not change the class.")
        return changed


def _check_decidable(where: Where) -> None:
    """Refuse what an object alone can't decide: it would never match.

    Parse: such a subscription is acknowledged and silent.
    """
    operator = match.beyond(where)
    if operator is not None:
        raise ParseError(
            Code.INVALID_QUERY, f"{operator} can't be followed live: ask for it by a query."
        )


def _check_watch(context: RequestContext, schema: Any, watch: frozenset[str] | None) -> None:
    """Refuse to watch hidden fields, since each event would tell that one has changed."""
    hidden = schema.permissions.hidden_fields(context.principal)
    if watch and any(is_hidden(name, hidden) for name in watch):
        raise denied(Code.OPERATION_FORBIDDEN, DENIED)
