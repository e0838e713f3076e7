"""From a stored change to the frames of those who may see it, with their rights at that moment."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from parsepy.backend import Backend, RequestContext
from parsepy.cache import Cache
from parsepy.errors import ParseError
from parsepy.livequery import protocol
from parsepy.livequery.clients import Client
from parsepy.livequery.subscriptions import (
    EventName,
    Index,
    Match,
    Subscription,
    is_watched,
    outcome,
)
from parsepy.model.permissions import points_at
from parsepy.model.principal import MASTER, NOBODY, Principal
from parsepy.model.query import Query
from parsepy.model.schema import ClassSchema
from parsepy.model.values import JSONObject
from parsepy.operations import access, class_rules, principals, schemas
from parsepy.pubsub import ObjectEvent
from parsepy.storage import Unavailable
from parsepy.storage.filters import Scope
from parsepy.triggers import Event

log = logging.getLogger("parsepy.livequery")
T = TypeVar("T")
_PAUSES = (0.1, 0.3, 1, 3, 10)  # seconds
_BREATH = 500  # listeners, after which others get their turn


class Principals:
    """Who is behind a subscription now: his token is asked for again for each event.

    A token that is good is cached by the house (``cacheTTL``, dropped at once by a log-out);
    one that is not, here.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._invalid: Cache[bool] = Cache(backend.config.cache_ttl / 1000, 10_000)

    async def of(self, subscription: Subscription) -> Principal:
        """The subscription's own user, else the connection's, else nobody."""
        client: Client = subscription.client
        if subscription.token is not None:
            own = await self.of_token(subscription.token)
            if own is not NOBODY:
                return own
        if client.is_master:
            return MASTER
        return NOBODY if client.token is None else await self.of_token(client.token)

    async def of_token(self, token: str) -> Principal:
        """The user of a token; nobody if it is not (or no longer) valid."""
        known = self._backend.principals.get(token)
        if known is not None:
            return known
        if self._invalid.get(token):
            return NOBODY
        try:
            return await patiently(lambda: principals.of_token(self._backend, token))
        except ParseError:
            self._invalid.put(token, True)
            return NOBODY

    def context(self, client: Client, principal: Principal) -> RequestContext:
        """The context in which a client's messages and events are handled."""
        return RequestContext(
            self._backend,
            principal,
            client.installation_id,
            client.socket.ip,
            client.id,
            headers=client.headers,
        )


async def patiently(call: Callable[[], Awaitable[T]]) -> T:
    """What a call answers, tried again while the database has no primary."""
    for pause in _PAUSES:
        try:
            return await call()
        except Unavailable as error:
            log.warning("an event waits for the database: %s", error)
            await asyncio.sleep(pause)
    return await call()


@dataclass(slots=True)
class _Sight:
    """What one principal may see of one change."""

    context: RequestContext
    item: JSONObject | None
    original: JSONObject | None


@dataclass(slots=True)
class _Change:
    """One change on its way: the event, its class, and what was found out so far."""

    event: ObjectEvent
    schema: ClassSchema
    sights: dict[tuple[Any, str], _Sight] = field(default_factory=dict)
    frames: dict[tuple[Any, ...], bytes] = field(default_factory=dict)


class Delivery:
    """Takes events in the order of the writes and sends them, one change after the other."""

    def __init__(self, backend: Backend, index: Index, who: Principals) -> None:
        self._backend = backend
        self._index = index
        self._who = who
        self.sent = 0

    async def tell(self, event: ObjectEvent) -> None:
        """Send one event to everybody who listens and may see it; never raises."""
        try:
            await self._tell(event)
        except Exception:  # around each delivery: what one event meets, the next ones are told
            log.exception("an event of %s could not be told", event.class_name)

    async def _tell(self, event: ObjectEvent) -> None:
        name = event.class_name
        if not self._index.listens(name):
            return
        schema = await patiently(lambda: schemas.existing(self._backend, name))
        change = _Change(event, schema)
        for told, (match, subscription) in enumerate(self._concerned(event), 1):
            try:
                await self._tell_one(change, match, subscription)
            except Exception:  # around each listener: what one meets, the others are told
                log.exception("one listener could not be told of an event of %s", name)
            if told % _BREATH == 0:
                await asyncio.sleep(0)

    def _concerned(self, event: ObjectEvent) -> Iterator[tuple[Match, Subscription]]:
        # lists: listeners may come and go while one of them waits for his rights
        for match in list(self._index.matching(event.class_name, event.object, event.original)):
            for subscription in list(match.query.listeners):
                if subscription in match.query.listeners:
                    yield match, subscription

    async def _tell_one(self, change: _Change, match: Match, subscription: Subscription) -> None:
        principal = await self._who.of(subscription)
        sight = await self._sight(change, subscription, principal)
        event = change.event
        name = outcome(
            was=match.was and sight.original is not None,
            now=match.now and sight.item is not None,
            is_new=event.operation == "create",
            is_deletion=event.operation == "delete",
        )
        if name is None or not is_watched(name, subscription.watch, event.object, event.original):
            return
        # Parse: who may no longer read an object leaves with the state that he could read
        item = sight.item if sight.item is not None else sight.original
        assert item is not None
        original = None if name in ("create", "delete") else sight.original
        if self._backend.triggers.has("afterEvent", event.class_name):
            await self._through_trigger(change, subscription, sight.context, (name, item, original))
            return
        # the redacted states stand for what is hidden in them
        shape = (id(item), id(original), subscription.keys)
        rest = change.frames.get(shape)
        if rest is None:
            rest = change.frames[shape] = _rest(event.class_name, subscription, item, original)
        self._send(name, subscription, rest)

    async def _sight(
        self, change: _Change, subscription: Subscription, principal: Principal
    ) -> _Sight:
        key = (principal.user_id or principal.is_privileged, subscription.operation)
        found = change.sights.get(key)
        if found is None:
            context = self._who.context(subscription.client, principal)
            may_read = await _reader(context, change.schema, subscription.operation)
            event = change.event
            item = event.object if may_read(event.object) else None
            original = event.original
            if original is not None and not may_read(original):
                original = None
            found = change.sights[key] = _Sight(
                context, self._shown(change, context, item), self._shown(change, context, original)
            )
        return found

    def _shown(
        self, change: _Change, context: RequestContext, item: JSONObject | None
    ) -> JSONObject | None:
        """A state without what is hidden from a principal; the same dict for the same view."""
        if item is None:
            return None
        schema, rules = change.schema, class_rules.RULES.get(change.schema.name)
        hidden, by_field = schema.permissions.hidden_from(context.principal)
        if rules is None and not hidden and not by_field:
            return item
        shown = dict(item)
        access.redact(context, schema, [shown])
        if rules is not None:
            rules.redact(context, shown)
        return shown

    async def _through_trigger(
        self,
        change: _Change,
        subscription: Subscription,
        context: RequestContext,
        told: tuple[EventName, JSONObject, JSONObject | None],
    ) -> None:
        """Let cloud code change or drop the event of one listener, on copies of his own."""
        name, item, original = told
        client: Client = subscription.client
        class_name = change.event.class_name
        event = Event(
            kind="afterEvent",
            class_name=class_name,
            request=context,
            object=dict(item),
            original=None if original is None else dict(original),
            extra={**facts(client, subscription), "event": name, "sendEvent": True},
        )
        try:
            await self._backend.triggers.run(event)
        except ParseError as error:
            client.socket.send(protocol.error(error, subscription.request_id))
            return
        if event.extra.get("sendEvent") is False or event.object is None:
            return
        # what cloud code brought in is hidden again from who may not see it
        shown = self._shown(change, context, event.object)
        before = self._shown(change, context, event.original)
        assert shown is not None
        self._send(name, subscription, _rest(class_name, subscription, shown, before))

    def _send(self, name: EventName, subscription: Subscription, rest: bytes) -> None:
        client: Client = subscription.client
        client.socket.send(protocol.event(name, subscription.address, rest))
        self.sent += 1


def facts(client: Client, subscription: Subscription) -> dict[str, Any]:
    """What cloud code is told of a listener beside who he is."""
    return {
        "clientId": client.id,
        "requestId": subscription.request_id,
        "installationId": client.installation_id,
        "sessionToken": subscription.token or client.token,
        "useMasterKey": client.is_master,
    }


def _rest(
    class_name: str, subscription: Subscription, item: JSONObject, original: JSONObject | None
) -> bytes:
    keys, nothing = subscription.keys, frozenset[str]()
    before = None if original is None else protocol.shape(original, class_name, nothing, keys)
    return protocol.state(protocol.shape(item, class_name, nothing, keys), before)


async def _reader(
    context: RequestContext, schema: ClassSchema, operation: str
) -> Callable[[JSONObject], bool]:
    """May this principal read a state of an object: permissions of class, pointers and ACL."""
    try:
        rules = class_rules.RULES.get(schema.name)
        if rules is not None:
            await rules.narrow(context, Query(schema.name))
        access.check_internal(context, schema.name, operation)
        scope = access.read_scope(context, schema, operation)
    except ParseError:
        scope = None
    if scope is None:
        return lambda item: False
    return lambda item: _allows(scope, context.principal, item)


def _allows(scope: Scope, principal: Principal, item: JSONObject) -> bool:
    acl = item.get("ACL")
    if scope.readers is not None and acl is not None:
        names = principal.name_set
        if not any(name in names and flags.get("read") for name, flags in acl.items()):
            return False
    return all(
        any(points_at(item.get(name), scope.user_id) for name in group)
        for group in scope.pointer_fields
    )
