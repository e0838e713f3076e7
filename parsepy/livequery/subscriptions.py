"""The subscriptions of one process, and which event each gets for a change (protocol §30.4).

They are found by class, then by one equality condition of their query, then by the query: a
change looks up its own values, so other subscriptions cost it nothing, and a query that
thousands of clients share is matched once.
"""

import hashlib
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from parsepy.errors import ParseError
from parsepy.livequery.held import HeldFrames
from parsepy.model.values import JSONObject
from parsepy.model.where import DIRECT, Constraint, Where
from parsepy.pubsub import Position

EventName = Literal["create", "enter", "update", "leave", "delete"]
Compile = Callable[[Where], Callable[[JSONObject], bool]]
"""Turns a where into a function that tells whether an object satisfies it."""
IndexKey = tuple[str, Hashable]
"""A column, and the value that it must equal."""

# The server's own dates are compared as dates, although they are texts in an object.
_UNINDEXED = frozenset(("createdAt", "updatedAt"))


class Observer(Protocol):
    """Takes the events of one subscription of a follower; its methods neither block nor raise."""

    def changed(
        self, event: EventName, item: JSONObject, original: JSONObject | None, context: Any
    ) -> None:
        """Take an event: what the follower may see of the object's states, which are shared.

        ``context`` is the request of the follower with the rights that it has now.
        """

    def refused(self, error: ParseError) -> None:
        """Take the refusal of cloud code, which stands in the place of an event."""


@dataclass(eq=False, slots=True)
class Subscription:
    """One client's subscription to one query.

    ``client`` is the endpoint's record of the client, ``token`` a session token of the
    subscription's own, ``operation`` the class permission that it needs (get or find), and
    ``address`` the part of each frame that names it. ``keys`` are the columns that are sent,
    ``watch`` the fields whose changes are sent; None is all. A follower's has an ``observer``.
    ``cost`` is what it counts for in the bounds of its client (``costs``).
    """

    client: Any
    request_id: int | float | str
    class_name: str
    where: Where
    keys: frozenset[str] | None = None
    watch: frozenset[str] | None = None
    token: str | None = None
    operation: str = "find"
    address: bytes = b""
    asked: frozenset[str] = frozenset()
    """The fields that the client's own where and watch name."""
    observer: Observer | None = None
    cost: int = 0
    query: "SharedQuery | None" = None
    """What the index keeps it under."""
    after: Position | None = None
    """Events up to this place are not for it: it has had them, or gets them otherwise."""
    held: HeldFrames | None = None
    """Frames that wait until the events before them have been told."""


@dataclass(eq=False, slots=True)
class SharedQuery:
    """A query with all subscriptions to it; ``holds`` tells whether an object satisfies it.

    ``name`` is a digest, and ``where`` is shared, so that many subscriptions keep it once.
    """

    holds: Callable[[JSONObject], bool]
    index_key: IndexKey | None
    name: bytes
    where: Where
    cost: int
    listeners: dict[Subscription, None] = field(default_factory=dict)

    def match(self, item: JSONObject, original: JSONObject | None) -> "QueryMatch | None":
        """Match an object's new and former state; None if neither satisfies the query."""
        now = self.holds(item)
        was = original is not None and self.holds(original)
        return QueryMatch(self, was, now) if now or was else None


@dataclass(slots=True)
class QueryMatch:
    """A query, and which of an object's two states satisfies it: the former, the new one."""

    query: SharedQuery
    was: bool
    now: bool


@dataclass(slots=True)
class _ClassSubscriptions:
    queries: dict[bytes, SharedQuery] = field(default_factory=dict)
    by_value: dict[str, dict[Hashable, dict[bytes, SharedQuery]]] = field(default_factory=dict)
    others: dict[bytes, SharedQuery] = field(default_factory=dict)


class SubscriptionIndex:
    """The subscriptions of one process; its length is their number."""

    def __init__(self, compile_where: Compile) -> None:
        self._compile = compile_where
        self._classes: dict[str, _ClassSubscriptions] = {}
        self._count = 0
        self.spent = 0
        """What the subscriptions cost together."""

    def __len__(self) -> int:
        return self._count

    def listens(self, class_name: str) -> bool:
        """Does any client subscribe to this class?"""
        return class_name in self._classes

    def add(self, subscription: Subscription) -> None:
        """Add a subscription; raises ``ParseError`` if its query cannot be matched here."""
        found = self._classes.get(subscription.class_name) or _ClassSubscriptions()
        where = subscription.where
        name = hashlib.sha256(repr(where).encode("utf-8", "surrogatepass")).digest()
        query = found.queries.get(name)
        if query is None:
            query = SharedQuery(
                self._compile(where), index_key_of(where), name, where, subscription.cost
            )
            found.queries[name] = query
            _bucket(found, query)[name] = query
            self._classes[subscription.class_name] = found
        subscription.where = query.where
        subscription.query = query
        query.listeners[subscription] = None
        self._count += 1
        self.spent += subscription.cost

    def remove(self, subscription: Subscription) -> None:
        """Remove a subscription; raises ``KeyError`` if it was never added."""
        query, subscription.query = subscription.query, None
        if query is None:
            raise KeyError(subscription.class_name)
        found = self._classes[subscription.class_name]
        del query.listeners[subscription]
        self._count -= 1
        self.spent -= subscription.cost
        if query.listeners:
            return
        del found.queries[query.name]
        bucket = _bucket(found, query)
        del bucket[query.name]
        if query.index_key is not None and not bucket:
            column, value = query.index_key
            del found.by_value[column][value]
            if not found.by_value[column]:
                del found.by_value[column]
        if not found.queries:
            del self._classes[subscription.class_name]

    def candidates(
        self, class_name: str, item: JSONObject, original: JSONObject | None
    ) -> list[SharedQuery]:
        """Find the queries of a class that the values of an object's two states do not rule out."""
        found = self._classes.get(class_name)
        return [] if found is None else list(_candidates(found, item, original))


def _bucket(found: _ClassSubscriptions, query: SharedQuery) -> dict[bytes, SharedQuery]:
    if query.index_key is None:
        return found.others
    column, value = query.index_key
    return found.by_value.setdefault(column, {}).setdefault(value, {})


def _candidates(
    found: _ClassSubscriptions, item: JSONObject, original: JSONObject | None
) -> Iterable[SharedQuery]:
    yield from found.others.values()
    for column, values in found.by_value.items():
        keys = dict.fromkeys(_keys_of(item.get(column)))
        if original is not None:
            keys.update(dict.fromkeys(_keys_of(original.get(column))))
        for key in keys:
            yield from values.get(key, {}).values()


def index_key_of(where: Where) -> IndexKey | None:
    """Choose the equality to find a query by, of the most selective kind; None if it has none."""
    best: tuple[int, IndexKey] | None = None
    for node in where:
        if not isinstance(node, Constraint) or "." in node.field or node.field in _UNINDEXED:
            continue
        for operator, operand in node.tests:
            key = _key(operand) if operator in (DIRECT, "$eq") else None
            if key is None:
                continue
            rank = 0 if node.field == "objectId" else _RANKS[key[0]]
            if best is None or rank < best[0]:
                best = rank, (node.field, key)
    return best[1] if best is not None else None


_RANKS = {"pointer": 1, "text": 2, "number": 3, "flag": 4}


def _key(value: Any) -> tuple[str, Hashable] | None:
    """Make a scalar or a pointer a key of the index; None for any other value."""
    if isinstance(value, str):
        return "text", value
    if isinstance(value, bool):
        return "flag", value
    if isinstance(value, int | float):
        return "number", value
    if isinstance(value, dict) and value.get("__type") in ("Pointer", "Object"):
        class_name, object_id = value.get("className"), value.get("objectId")
        if isinstance(class_name, str) and isinstance(object_id, str):
            return "pointer", (class_name, object_id)
    return None


def _keys_of(value: Any) -> Iterator[Hashable]:
    """Yield every key under which an equality can match a value; an array by its items as well."""
    for item in value if isinstance(value, list) else (value,):
        key = _key(item)
        if key is not None:
            yield key
        if isinstance(item, dict):
            # a bare id stands for a pointer, and a name for a file
            for text in (item.get("objectId"), item.get("name")):
                if isinstance(text, str):
                    yield "text", text


def outcome(*, was: bool, now: bool, is_new: bool, is_deletion: bool) -> EventName | None:
    """Decide which event a change is for one subscription; None for none (protocol §30.4).

    ``was`` and ``now``: the former and the new state satisfy its query, and its user may read
    them.
    """
    if is_deletion:
        return "delete" if now else None
    if was:
        return "update" if now else "leave"
    if now:
        return "create" if is_new else "enter"
    return None


def is_watched(
    name: EventName, watch: frozenset[str] | None, item: JSONObject, original: JSONObject | None
) -> bool:
    """Is this event sent to a subscription that watches only these fields?"""
    # Parse: of all kinds of events, `watch` holds back only these two.
    if watch is None or name not in ("create", "update"):
        return True
    before = original or {}
    return any(_at(item, path) != _at(before, path) for path in watch)


def _at(item: Any, path: str) -> Any:
    for part in path.split("."):
        if not isinstance(item, dict):
            return None
        item = item.get(part)
    return item
