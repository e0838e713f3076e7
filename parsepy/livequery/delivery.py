"""From a stored change to the frames of those who may see it, with their rights at that moment."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from time import perf_counter
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
_TURN = 0.01  # seconds of matching, after which others get their turn
_BREATH = 2000  # listeners (some milliseconds), after which others get their turn


class Principals:
    """Who is behind a subscription now: his token is asked for again for each event.

    A token that is good is cached by the house (``cacheTTL``, dropped at once by a log-out);
    one that is not, here.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._invalid: Cache[bool] = Cache(backend.config.cache_ttl / 1000, 10_000)

    def known(self, subscription: Subscription) -> Principal | None:
        """Who it is, if nothing must be looked up for it."""
        client: Client = subscription.client
        if subscription.token is not None:
            own = self._cached(subscription.token)
            if own is not NOBODY:
                return own
        if client.is_master:
            return MASTER
        return NOBODY if client.token is None else self._cached(client.token)

    def _cached(self, token: str) -> Principal | None:
        known = self._backend.principals.get(token)
        if known is not None:
            return known
        return NOBODY if self._invalid.get(token) else None

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
        known = self._cached(token)
        if known is not None:
            return known
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


@dataclass(slots=True, eq=False)
class _Sight:
    """What one principal may see of one change."""

    context: RequestContext
    item: JSONObject | None
    original: JSONObject | None
    hidden: frozenset[str]

    def answers(self, subscription: Subscription) -> bool:
        """May he still ask what he asked for? A role may be gone that showed him a field."""
        return not self.hidden or not any(
            access.is_hidden(name, self.hidden) for name in subscription.asked
        )

    @property
    def states(self) -> tuple[int, int]:
        """The same for all who see the same two states: what nothing is hidden in is shared."""
        return id(self.item), id(self.original)


@dataclass(slots=True, eq=False)
class _Told:
    """What all are told who see the same: the frame without its address."""

    name: EventName
    item: JSONObject
    original: JSONObject | None
    opening: bytes
    rest: bytes


@dataclass(slots=True)
class _Change:
    """One change on its way: the event, its class, and what was found out so far."""

    event: ObjectEvent
    schema: ClassSchema
    has_trigger: bool
    sights: dict[tuple[Any, str], _Sight] = field(default_factory=dict)
    told: dict[tuple[Any, ...], _Told | None] = field(default_factory=dict)


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
        change = _Change(event, schema, self._backend.triggers.has("afterEvent", name))
        matches = await self._matches(event)
        for count, (match, subscription) in enumerate(_concerned(matches), 1):
            try:
                # most rights are known from the listeners before: nothing to wait for
                sight = self._known_sight(change, subscription)
                if sight is None:
                    sight = await self._sight(change, subscription)
                told = self._told(change, match, subscription, sight)
                if told is None or not sight.answers(subscription):
                    pass
                elif change.has_trigger:
                    await self._through_trigger(change, subscription, sight.context, told)
                else:
                    self._send(subscription, told.opening, told.rest)
            except Exception:  # around each listener: what one meets, the others are told
                log.exception("one listener could not be told of an event of %s", name)
            if count % _BREATH == 0:
                await asyncio.sleep(0)

    async def _matches(self, event: ObjectEvent) -> list[Match]:
        """The queries that match; others get their turn, since what one costs is its client's."""
        item, original = event.object, event.original
        found, began = [], perf_counter()
        for query in self._index.candidates(event.class_name, item, original):
            match = query.match(item, original)
            if match is not None:
                found.append(match)
            if perf_counter() - began > _TURN:
                await asyncio.sleep(0)
                began = perf_counter()
        return found

    def _known_sight(self, change: _Change, subscription: Subscription) -> _Sight | None:
        principal = self._who.known(subscription)
        if principal is None:
            return None
        return change.sights.get(_view(principal, subscription))

    async def _sight(self, change: _Change, subscription: Subscription) -> _Sight:
        principal = await self._who.of(subscription)
        key = _view(principal, subscription)
        found = change.sights.get(key)
        if found is None:
            context = self._who.context(subscription.client, principal)
            may_read = await _reader(context, change.schema, subscription.operation)
            event = change.event
            item = event.object if may_read(event.object) else None
            original = event.original
            if original is not None and not may_read(original):
                original = None
            hidden, by_field = change.schema.permissions.hidden_from(principal)
            found = change.sights[key] = _Sight(
                context,
                self._shown(change, context, item),
                self._shown(change, context, original),
                hidden.union(*(fields for _, fields in by_field)),
            )
        return found

    def _told(
        self, change: _Change, match: Match, subscription: Subscription, sight: _Sight
    ) -> _Told | None:
        """What a listener is told; encoded once for all who see the same."""
        keys, watch = subscription.keys, subscription.watch
        key = (match.was, match.now, sight.states, keys, watch)
        try:
            return change.told[key]
        except KeyError:
            told = change.told[key] = _encoded(change, match, subscription, sight)
            return told

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
        told: _Told,
    ) -> None:
        """Let cloud code change or drop the event of one listener, on copies of his own."""
        name, item, original = told.name, told.item, told.original
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
        rest = _rest(class_name, subscription, shown, before)
        self._send(subscription, told.opening, rest)

    def _send(self, subscription: Subscription, opening: bytes, rest: bytes) -> None:
        client: Client = subscription.client
        client.socket.send(opening + subscription.address + rest)
        self.sent += 1


def _concerned(matches: list[Match]) -> Iterator[tuple[Match, Subscription]]:
    for match in matches:
        # a list: listeners may come and go while one of them waits for his rights
        for subscription in list(match.query.listeners):
            if subscription in match.query.listeners:
                yield match, subscription


def _view(principal: Principal, subscription: Subscription) -> tuple[Any, str]:
    """Who has the same sees the same."""
    return principal.user_id or principal.is_privileged, subscription.operation


def _encoded(
    change: _Change, match: Match, subscription: Subscription, sight: _Sight
) -> _Told | None:
    event = change.event
    name = outcome(
        was=match.was and sight.original is not None,
        now=match.now and sight.item is not None,
        is_new=event.operation == "create",
        is_deletion=event.operation == "delete",
    )
    if name is None or not is_watched(name, subscription.watch, event.object, event.original):
        return None
    # Parse: who may no longer read an object leaves with the state that he could read
    item = sight.item if sight.item is not None else sight.original
    assert item is not None
    original = None if name in ("create", "delete") else sight.original
    # where cloud code has its say, it is encoded for each listener
    rest = b"" if change.has_trigger else _rest(event.class_name, subscription, item, original)
    return _Told(name, item, original, protocol.opening(name), rest)


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
