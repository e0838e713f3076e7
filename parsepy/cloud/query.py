"""``Query``: find, count and aggregate objects, over the read spine."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, overload

from parsepy.cloud import codec, current
from parsepy.cloud.codec import Storable, encode
from parsepy.cloud.names import hint_of
from parsepy.cloud.values import GeoPoint, Polygon
from parsepy.errors import Code, ParseError
from parsepy.model import aggregation
from parsepy.model import query as queries
from parsepy.model.values import JSONObject
from parsepy.operations.aggregate import aggregate as run_aggregate
from parsepy.operations.find import FindResult
from parsepy.operations.find import find as run_find

T = TypeVar("T")
_PAGE = 100  # objects that `each` reads at once


class Query(Generic[T]):
    """A query for the objects of a class; every condition must hold.

    ``Query("Game")``, or ``Query(Game)`` for a Python class of its own. Conditions return the
    query, for chaining. What runs it acts with the caller's rights, or with those that
    ``use_master_key`` or ``session_token`` say, and raises ``ParseError``.
    """

    @overload
    def __init__(self: "Query[Any]", target: str) -> None: ...
    @overload
    def __init__(self, target: type[T]) -> None: ...
    def __init__(self, target: str | type[T]) -> None:
        name = target if isinstance(target, str) else getattr(target, "_own_class", None)
        if not name:
            raise TypeError('Query needs the name of a class: Query("Game")')
        self.class_name: str = name
        self._where: JSONObject = {}
        self._options: JSONObject = {}

    if not TYPE_CHECKING:  # a type checker is to see that there is no such name

        def __getattr__(self, name: str) -> Any:
            """Refuse a name as Python does; of one from JavaScript, say what it is called here."""
            hint = hint_of(name, dir(type(self))) if name[:1] != "_" else ""
            raise AttributeError(f"Query has no {name}{hint}", name=name, obj=self)

    # --- comparisons --------------------------------------------------------------------------

    def equal_to(self, key: str, value: Any) -> Self:
        """The field has this value, or is an array that holds it; ``None``: null or missing."""
        if isinstance(value, list | dict):
            return self._add(key, "$eq", value)
        self._where[key] = encode(value)
        return self

    def not_equal_to(self, key: str, value: Any) -> Self:
        """The field has not this value."""
        return self._add(key, "$ne", value)

    def less_than(self, key: str, value: Any) -> Self:
        """The field is less than this value."""
        return self._add(key, "$lt", value)

    def less_than_or_equal_to(self, key: str, value: Any) -> Self:
        """The field is at most this value."""
        return self._add(key, "$lte", value)

    def greater_than(self, key: str, value: Any) -> Self:
        """The field is more than this value."""
        return self._add(key, "$gt", value)

    def greater_than_or_equal_to(self, key: str, value: Any) -> Self:
        """The field is at least this value."""
        return self._add(key, "$gte", value)

    def contained_in(self, key: str, values: Iterable[Any]) -> Self:
        """The field has one of these values."""
        return self._add(key, "$in", list(values))

    def not_contained_in(self, key: str, values: Iterable[Any]) -> Self:
        """The field has none of these values."""
        return self._add(key, "$nin", list(values))

    def contained_by(self, key: str, values: Iterable[Any]) -> Self:
        """The field is an array of nothing but these values."""
        return self._add(key, "$containedBy", list(values))

    def contains_all(self, key: str, values: Iterable[Any]) -> Self:
        """The field is an array that holds all of these values."""
        return self._add(key, "$all", list(values))

    def contains_all_starting_with(self, key: str, prefixes: Iterable[str]) -> Self:
        """The field is an array that holds, for each prefix, a text that begins so."""
        return self._add(key, "$all", [{"$regex": f"^{_quoted(p)}"} for p in prefixes])

    def exists(self, key: str) -> Self:
        """The field is there."""
        return self._add(key, "$exists", True)

    def does_not_exist(self, key: str) -> Self:
        """The field is not there."""
        return self._add(key, "$exists", False)

    # --- texts --------------------------------------------------------------------------------

    def matches(self, key: str, pattern: str | re.Pattern[str], modifiers: str = "") -> Self:
        """The text matches a regular expression (MongoDB's); ``modifiers`` of ``imxsu``."""
        if isinstance(pattern, re.Pattern):
            flags = {re.IGNORECASE: "i", re.MULTILINE: "m", re.VERBOSE: "x", re.DOTALL: "s"}
            modifiers += "".join(letter for flag, letter in flags.items() if pattern.flags & flag)
            pattern = pattern.pattern
        self._add(key, "$regex", pattern)
        return self._add(key, "$options", modifiers) if modifiers else self

    def starts_with(self, key: str, prefix: str) -> Self:
        """The text begins so; an index on the field helps."""
        return self._add(key, "$regex", f"^{_quoted(prefix)}")

    def ends_with(self, key: str, suffix: str) -> Self:
        """The text ends so."""
        return self._add(key, "$regex", f"{_quoted(suffix)}$")

    def contains(self, key: str, part: str) -> Self:
        """The text holds this part."""
        return self._add(key, "$regex", _quoted(part))

    def full_text(
        self,
        key: str,
        term: str,
        *,
        language: str | None = None,
        case_sensitive: bool | None = None,
        diacritic_sensitive: bool | None = None,
    ) -> Self:
        """The text holds words of ``term``, by the field's text index."""
        search: JSONObject = {"$term": term}
        for name, value in (
            ("$language", language),
            ("$caseSensitive", case_sensitive),
            ("$diacriticSensitive", diacritic_sensitive),
        ):
            if value is not None:
                search[name] = value
        return self._add(key, "$text", {"$search": search})

    # --- places -------------------------------------------------------------------------------

    def near(self, key: str, point: GeoPoint) -> Self:
        """Nearest first, however far; the field is a GeoPoint (or an area). Once in a query."""
        return self._add(key, "$nearSphere", point)

    def within_radians(
        self, key: str, point: GeoPoint, distance: float, *, is_sorted: bool = True
    ) -> Self:
        """At most ``distance`` radians away; nearest first, unless not ``is_sorted``."""
        if is_sorted:
            self.near(key, point)
            return self._add(key, "$maxDistance", distance)
        return self._add(key, "$geoWithin", {"$centerSphere": [encode(point), distance]})

    def within_kilometers(
        self, key: str, point: GeoPoint, distance: float, *, is_sorted: bool = True
    ) -> Self:
        """At most ``distance`` kilometres away."""
        return self.within_radians(key, point, distance / 6371.0, is_sorted=is_sorted)

    def within_miles(
        self, key: str, point: GeoPoint, distance: float, *, is_sorted: bool = True
    ) -> Self:
        """At most ``distance`` miles away."""
        return self.within_radians(key, point, distance / 3958.8, is_sorted=is_sorted)

    def within_geo_box(self, key: str, southwest: GeoPoint, northeast: GeoPoint) -> Self:
        """Inside a box, edges included, which does not reach across the 180th meridian."""
        return self._add(key, "$within", {"$box": [encode(southwest), encode(northeast)]})

    def within_polygon(self, key: str, area: Polygon | Sequence[GeoPoint]) -> Self:
        """Inside an area of at least three corners, whose edges are straight on the map."""
        # as points: the pairs of a Polygon in a query would be read the other way round
        corners = [GeoPoint(*p) for p in area.points] if isinstance(area, Polygon) else list(area)
        return self._add(key, "$geoWithin", {"$polygon": encode(corners)})

    def polygon_contains(self, key: str, point: GeoPoint) -> Self:
        """The field is an area with this point in it."""
        return self._add(key, "$geoIntersects", {"$point": encode(point)})

    # --- other queries ------------------------------------------------------------------------

    def matches_query(self, key: str, query: "Query[Any]") -> Self:
        """The field points to an object that ``query`` finds."""
        return self._add(key, "$inQuery", query._as_subquery())

    def does_not_match_query(self, key: str, query: "Query[Any]") -> Self:
        """The field points to no object that ``query`` finds."""
        return self._add(key, "$notInQuery", query._as_subquery())

    def matches_key_in_query(self, key: str, other_key: str, query: "Query[Any]") -> Self:
        """The field equals ``other_key`` of an object that ``query`` finds."""
        return self._add(key, "$select", {"key": other_key, "query": query._as_subquery()})

    def does_not_match_key_in_query(self, key: str, other_key: str, query: "Query[Any]") -> Self:
        """The field equals ``other_key`` of no object that ``query`` finds."""
        return self._add(key, "$dontSelect", {"key": other_key, "query": query._as_subquery()})

    def related_to(self, owner: Storable, key: str) -> Self:
        """Members of the relation ``key`` of an object."""
        self._where["$relatedTo"] = {"object": owner.to_pointer(), "key": key}
        return self

    @classmethod
    def related(cls, owner: Storable, key: str) -> "Query[Any]":
        """A query for the members of a relation, whatever class they are of."""
        query: Query[Any] = Query(owner.class_name)
        query._options["redirectClassNameForKey"] = key
        return query.related_to(owner, key)

    @classmethod
    def or_(cls, *branches: "Query[T]") -> "Query[T]":
        """Objects that at least one of these queries of one class finds."""
        return cls._grouped("$or", branches)

    @classmethod
    def and_(cls, *branches: "Query[T]") -> "Query[T]":
        """Objects that all of these queries of one class find."""
        return cls._grouped("$and", branches)

    @classmethod
    def nor(cls, *branches: "Query[T]") -> "Query[T]":
        """Objects that none of these queries of one class finds."""
        return cls._grouped("$nor", branches)

    @classmethod
    def _grouped(cls, operator: str, branches: Sequence["Query[T]"]) -> "Query[T]":
        names = {branch.class_name for branch in branches}
        if len(names) != 1:
            raise ValueError(f"{operator} takes queries of one class, not of {sorted(names)}")
        query: Query[T] = Query(names.pop())
        query._where[operator] = [branch.to_where() for branch in branches]
        return query

    def where(self, conditions: Mapping[str, Any]) -> Self:
        """Add conditions in Parse's own form: ``{"stock": {"$gte": 3}}``."""
        for key, value in encode(dict(conditions)).items():
            if isinstance(value, dict) and "__type" not in value and key[:1] != "$":
                for operator, operand in value.items():
                    self._add(key, operator, operand)
            else:
                self._where[key] = value
        return self

    # --- what comes back ----------------------------------------------------------------------

    def ascending(self, *keys: str) -> Self:
        """Sort by these fields, smallest first."""
        self._options.pop("order", None)
        return self.add_ascending(*keys)

    def add_ascending(self, *keys: str) -> Self:
        """Sort by these fields, after those that were said before."""
        return self._extend("order", keys)

    def descending(self, *keys: str) -> Self:
        """Sort by these fields, greatest first."""
        self._options.pop("order", None)
        return self.add_descending(*keys)

    def add_descending(self, *keys: str) -> Self:
        """Sort by these fields, greatest first, after those that were said before."""
        return self._extend("order", [f"-{key}" for key in keys])

    def sort_by_text_score(self) -> Self:
        """Sort by how well a ``full_text`` search fits, best first; it is the field ``score``."""
        return self.add_ascending("$score").select("$score")

    def limit(self, count: int) -> Self:
        """At most so many objects (default: the server's ``defaultLimit``, 100)."""
        self._options["limit"] = count
        return self

    def skip(self, count: int) -> Self:
        """Leave out the first ``count`` objects."""
        self._options["skip"] = count
        return self

    def include(self, *keys: str) -> Self:
        """Bring the objects that these fields point to; dotted for those that they point to."""
        return self._extend("include", keys)

    def include_all(self) -> Self:
        """Bring the objects that any field points to."""
        self._options["includeAll"] = True
        return self

    def select(self, *keys: str) -> Self:
        """Bring only these fields."""
        return self._extend("keys", keys)

    def exclude(self, *keys: str) -> Self:
        """Bring all but these fields."""
        return self._extend("excludeKeys", keys)

    def read_preference(
        self, own: str, include: str | None = None, subquery: str | None = None
    ) -> Self:
        """Which members of the replica set answer: ``SECONDARY_PREFERRED`` and the like."""
        self._options["readPreference"] = own
        if include is not None:
            self._options["includeReadPreference"] = include
        if subquery is not None:
            self._options["subqueryReadPreference"] = subquery
        return self

    def hint(self, index: str | Mapping[str, int]) -> Self:
        """The index to use: its name or its keys."""
        self._options["hint"] = index if isinstance(index, str) else dict(index)
        return self

    def comment(self, text: str) -> Self:
        """A remark that MongoDB's profiler shows."""
        self._options["comment"] = text
        return self

    # --- running ------------------------------------------------------------------------------

    async def find(
        self, *, use_master_key: bool = False, session_token: str | None = None
    ) -> list[T]:
        """The objects that match and that may be read, in order."""
        found = await self._run({}, use_master_key, session_token)
        return [self._made(item) for item in found.objects]

    async def find_with_count(
        self, *, use_master_key: bool = False, session_token: str | None = None
    ) -> tuple[list[T], int]:
        """The page, and the number of all that match."""
        found = await self._run({"count": 1}, use_master_key, session_token)
        return [self._made(item) for item in found.objects], found.count or 0

    async def first(
        self, *, use_master_key: bool = False, session_token: str | None = None
    ) -> T | None:
        """The first object that matches; ``None`` if there is none."""
        found = await self._run({"limit": 1}, use_master_key, session_token)
        return self._made(found.objects[0]) if found.objects else None

    async def get(
        self, object_id: str, *, use_master_key: bool = False, session_token: str | None = None
    ) -> T:
        """The object of that id, if it matches; raises OBJECT_NOT_FOUND."""
        query = self.copy()
        query._where["objectId"] = object_id
        found = await query.first(use_master_key=use_master_key, session_token=session_token)
        if found is None:
            raise ParseError(Code.OBJECT_NOT_FOUND, "Object not found.")
        return found

    async def count(self, *, use_master_key: bool = False, session_token: str | None = None) -> int:
        """How many objects match."""
        found = await self._run({"count": 1, "limit": 0}, use_master_key, session_token)
        return found.count or 0

    async def each(
        self,
        call: Callable[[T], Awaitable[None] | None],
        *,
        use_master_key: bool = False,
        session_token: str | None = None,
    ) -> None:
        """Call for every object that matches, however many; in the order of their ids."""
        async for item in self.iterate(use_master_key=use_master_key, session_token=session_token):
            waiting = call(item)
            if waiting is not None:
                await waiting

    async def iterate(
        self, *, use_master_key: bool = False, session_token: str | None = None
    ) -> AsyncIterator[T]:
        """Every object that matches, however many, page by page in the order of their ids."""
        if self._options.keys() & {"order", "skip", "limit"}:
            raise ValueError("each and iterate go through all objects in the order of their ids")
        last: str | None = None
        while True:
            page = self.copy().ascending("objectId").limit(_PAGE)
            if last is not None:
                page._where = {"$and": [page._where, {"objectId": {"$gt": last}}]}
            found = await page._run({}, use_master_key, session_token)
            for item in found.objects:
                last = item["objectId"]
                yield self._made(item)
            if len(found.objects) < _PAGE:
                return

    def __aiter__(self) -> AsyncIterator[T]:
        return self.iterate()

    async def explain(self, *, use_master_key: bool = True) -> JSONObject:
        """MongoDB's account of how it answers the query."""
        found = await self._run({"explain": "executionStats"}, use_master_key, None)
        return found.plan or {}

    async def aggregate(
        self,
        pipeline: Sequence[Mapping[str, Any]] | Mapping[str, Any],
        *,
        raw_values: bool | None = None,
        raw_field_names: bool | None = None,
    ) -> list[dict[str, Any]]:
        """What a pipeline yields over the class: ``[{"$group": {"_id": "$kind"}}]``.

        One stage may stand without its list. The query's conditions are matched first; its hint,
        comment and read preference hold. Values may be dates and objects, and come back so;
        ``_id`` comes back as ``objectId``. With ``raw_values`` both are MongoDB's extended JSON,
        with ``raw_field_names`` names are the database's (default: the server's options). Runs
        with the master key. Raises INVALID_QUERY for what is no pipeline.
        """
        stages = [dict(pipeline)] if isinstance(pipeline, Mapping) else list(pipeline)
        raw = {"rawValues": raw_values, "rawFieldNames": raw_field_names}
        asked = {"pipeline": encode(stages), **{k: v for k, v in raw.items() if v is not None}}
        found = await self._aggregate(asked, ("hint", "comment", "readPreference"))
        return found if raw_values or raw_field_names else [codec.decode(item) for item in found]

    async def distinct(self, key: str) -> list[Any]:
        """The values that a field (or dotted path) has in the objects that match, each once.

        Of an array its elements, of a pointer the objects. Runs with the master key.
        """
        if not key:
            raise ValueError("distinct needs the name of a field")
        found = await self._aggregate({"distinct": key}, ("hint",))
        return [codec.decode(value) for value in found]

    async def _aggregate(self, asked: JSONObject, kept: Iterable[str]) -> list[Any]:
        acting = await current.context(use_master_key=True, session_token=None)
        parameters = {name: self._options[name] for name in kept if name in self._options} | asked
        limits, options = acting.backend.limits, acting.config.query
        read = aggregation.from_parameters(
            self.class_name,
            parameters,
            limits=limits,
            raw_values=options.aggregation_raw_values,
            raw_field_names=options.aggregation_raw_field_names,
        )
        where = queries.parse_where(self._where, privileged=True, limits=limits)
        return await run_aggregate(acting, replace(read, where=where))

    async def _run(
        self, more: JSONObject, use_master_key: bool, session_token: str | None
    ) -> FindResult:
        acting = await current.context(use_master_key=use_master_key, session_token=session_token)
        parameters = {**self._options, **more, "where": self._where}
        query = queries.from_parameters(
            self.class_name,
            parameters,
            # with the caller's rights, what a client has chosen of it is bound as in a request
            privileged=acting.principal.is_privileged,
            limits=acting.backend.limits,
        )
        return await run_find(acting, query)

    def _made(self, item: JSONObject) -> T:
        class_name = str(item.get("className") or self.class_name)
        made: T = codec.from_rest(class_name, item)
        return made

    # --- forms --------------------------------------------------------------------------------

    def to_where(self) -> JSONObject:
        """The conditions in Parse's form."""
        return deepcopy(self._where)

    def to_parameters(self) -> JSONObject:
        """Conditions and options as a request's parameters."""
        return {**deepcopy(self._options), "where": self.to_where()}

    def load(self, parameters: JSONObject) -> Self:
        """Take over a request's parameters."""
        rest = deepcopy(parameters)
        self._where = rest.pop("where", {})
        self._options = rest
        return self

    def copy(self) -> "Query[T]":
        """Another query with the same conditions and options."""
        query: Query[T] = Query(self.class_name)
        return query.load(self.to_parameters())

    def _as_subquery(self) -> JSONObject:
        shown: JSONObject = {"className": self.class_name, "where": self.to_where()}
        shown |= {
            name: self._options[name]
            for name in ("limit", "skip", "order", "redirectClassNameForKey")
            if name in self._options
        }
        return shown

    def _add(self, key: str, operator: str, operand: Any) -> Self:
        tests = self._where.get(key)
        if not isinstance(tests, dict) or "__type" in tests or not tests:
            # a plain value that was asked for before must still hold
            kept = {} if key not in self._where else {"$eq": tests}
            tests = self._where[key] = kept
        tests[operator] = encode(operand)
        return self

    def _extend(self, option: str, keys: Iterable[str]) -> Self:
        known = self._options.get(option)
        names = [*([known] if known else []), *(k.strip() for key in keys for k in key.split(","))]
        self._options[option] = ",".join(names)
        return self

    def __repr__(self) -> str:
        return f"<Query {self.class_name} {self._where!r}>"


def _quoted(text: str) -> str:
    return "\\Q" + text.replace("\\E", "\\E\\\\E\\Q") + "\\E"
