"""Who listens to what; which event (create, enter, update, leave, delete) each gets.

Class → equality conditions → query → listeners: a change looks up its own values, so it costs
what its listeners cost, and a query that thousands share is matched once.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from parsepy.model.values import JSONObject
from parsepy.model.where import DIRECT, Constraint, Where

EventName = Literal["create", "enter", "update", "leave", "delete"]
Compile = Callable[[Where], Callable[[JSONObject], bool]]
"""Makes of a where the question whether an object satisfies it."""
Key = tuple[str, Hashable]

# The house's own stamps are compared as dates, not as texts.
_UNINDEXED = frozenset(("createdAt", "updatedAt"))


@dataclass(eq=False, slots=True)
class Subscription:
    """One listener of one query; ``client`` is whatever the endpoint knows him by."""

    client: Any
    request_id: int | float
    class_name: str
    where: Where
    keys: frozenset[str] | None = None
    watch: frozenset[str] | None = None
    token: str | None = None
    operation: str = "find"
    address: bytes = b""
    asked: frozenset[str] = frozenset()
    """The fields that its client's where and watch name."""


@dataclass(eq=False, slots=True)
class SharedQuery:
    """A query with all who listen to it."""

    holds: Callable[[JSONObject], bool]
    place: Key | None
    name: str
    listeners: dict[Subscription, None] = field(default_factory=dict)

    def match(self, item: JSONObject, original: JSONObject | None) -> "Match | None":
        """Which of an object's two states it matches; None: neither."""
        now = self.holds(item)
        was = original is not None and self.holds(original)
        return Match(self, was, now) if now or was else None


@dataclass(slots=True)
class Match:
    """A query that one of an object's two states matches."""

    query: SharedQuery
    was: bool
    now: bool


@dataclass(slots=True)
class _Class:
    queries: dict[str, SharedQuery] = field(default_factory=dict)
    by_value: dict[str, dict[Hashable, dict[str, SharedQuery]]] = field(default_factory=dict)
    others: dict[str, SharedQuery] = field(default_factory=dict)


class Index:
    """The subscriptions of one process."""

    def __init__(self, compile_where: Compile) -> None:
        self._compile = compile_where
        self._classes: dict[str, _Class] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def listens(self, class_name: str) -> bool:
        """Does anybody listen to this class?"""
        return class_name in self._classes

    def add(self, subscription: Subscription) -> None:
        """Let a listener in."""
        found = self._classes.setdefault(subscription.class_name, _Class())
        name = repr(subscription.where)
        query = found.queries.get(name)
        if query is None:
            where = subscription.where
            query = SharedQuery(self._compile(where), place_of(where), name)
            found.queries[name] = query
            _bucket(found, query)[name] = query
        query.listeners[subscription] = None
        self._count += 1

    def remove(self, subscription: Subscription) -> None:
        """Let a listener go; he must be there."""
        found = self._classes[subscription.class_name]
        query = found.queries[repr(subscription.where)]
        del query.listeners[subscription]
        self._count -= 1
        if query.listeners:
            return
        del found.queries[query.name]
        bucket = _bucket(found, query)
        del bucket[query.name]
        if query.place is not None and not bucket:
            column, value = query.place
            del found.by_value[column][value]
            if not found.by_value[column]:
                del found.by_value[column]
        if not found.queries:
            del self._classes[subscription.class_name]

    def matching(
        self, class_name: str, item: JSONObject, original: JSONObject | None
    ) -> Iterator[Match]:
        """The queries that the new state of an object matches, or the one before."""
        for query in self.candidates(class_name, item, original):
            match = query.match(item, original)
            if match is not None:
                yield match

    def candidates(
        self, class_name: str, item: JSONObject, original: JSONObject | None
    ) -> list[SharedQuery]:
        """The queries that may match: those that the values of an object do not rule out."""
        found = self._classes.get(class_name)
        return [] if found is None else list(_candidates(found, item, original))


def _bucket(found: _Class, query: SharedQuery) -> dict[str, SharedQuery]:
    if query.place is None:
        return found.others
    column, value = query.place
    return found.by_value.setdefault(column, {}).setdefault(value, {})


def _candidates(
    found: _Class, item: JSONObject, original: JSONObject | None
) -> Iterable[SharedQuery]:
    yield from found.others.values()
    for column, values in found.by_value.items():
        keys = dict.fromkeys(_keys_of(item.get(column)))
        if original is not None:
            keys.update(dict.fromkeys(_keys_of(original.get(column))))
        for key in keys:
            yield from values.get(key, {}).values()


def place_of(where: Where) -> Key | None:
    """The equality by which a query is found, the most selective kind first; None if none."""
    best: tuple[int, Key] | None = None
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
    """What a scalar or pointer is looked up by; None for any other value."""
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
    """Every key by which an equality may find a column's value: an array's items as well."""
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
    """The event of a change for a listener (protocol §30.4).

    ``was`` and ``now``: the old and new state match, and he may read them.
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
    """Is this event told to who watches these fields only? Parse keeps back no other kinds."""
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
