"""``Query``: where, order, limit, skip, keys, include, count; read from REST parameters."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from parsepy.errors import Code, ParseError
from parsepy.model import where as wheres
from parsepy.model.bounds import UNBOUNDED, RequestBounds
from parsepy.model.frozen import frozen
from parsepy.model.values import MAX_DEPTH, MOST_VALUES, JSONObject, loads
from parsepy.model.where import Where

_ORDER_KEY = re.compile(r"[a-zA-Z][a-zA-Z0-9_]*(\.[a-zA-Z0-9_]+)*")
_STORED_DATES = {"_created_at": "createdAt", "_updated_at": "updatedAt"}
_DIGITS = re.compile("[0-9]{1,20}")
SCORE = "$score"
"""The relevance of a text search's result, as a name in ``order`` and ``keys``."""
ALWAYS_SELECTED = ("objectId", "createdAt", "updatedAt", "ACL")
FIND_PARAMETERS = frozenset(
    (
        "skip",
        "limit",
        "order",
        "count",
        "keys",
        "excludeKeys",
        "include",
        "includeAll",
        "redirectClassNameForKey",
        "where",
        "readPreference",
        "includeReadPreference",
        "subqueryReadPreference",
        "hint",
        "explain",
        "comment",
        "trace",  # Android's library names it; it means nothing
    )
)
GET_PARAMETERS = frozenset(
    (
        "keys",
        "include",
        "excludeKeys",
        "readPreference",
        "includeReadPreference",
        "subqueryReadPreference",
    )
)
_PREFERENCES = {
    "readPreference": "read_preference",
    "includeReadPreference": "include_read_preference",
    "subqueryReadPreference": "subquery_read_preference",
}
EXPLAIN_LEVELS = ("queryPlanner", "queryPlannerExtended", "executionStats", "allPlansExecution")
READ_PREFERENCES = ("PRIMARY", "PRIMARY_PREFERRED", "SECONDARY", "SECONDARY_PREFERRED", "NEAREST")
_MAX_INCLUDES = 1000
_MAX_KEYS = 5000  # MongoDB's time for a projection grows with the square of its fields
_MAX_STEPS = 20_000  # of all these paths together
_MAX_ORDER = 32  # MongoDB sorts by no more
_COMPOUND = "[object Object]"
Path = tuple[str, ...]


@frozen
class Query:
    """A query of one class.

    ``keys`` and ``exclude_keys`` are dotted paths as sent (None: no selection); ``include``
    holds every path to include, parents before children; ``include_all`` asks for each pointer
    and array column. A ``limit`` of None is no limit at all.
    """

    class_name: str
    where: Where = ()
    order: tuple[tuple[str, int], ...] = ()
    limit: int | None = 100
    skip: int = 0
    keys: tuple[str, ...] | None = None
    exclude_keys: tuple[str, ...] = ()
    include: tuple[Path, ...] = ()
    include_all: bool = False
    count: bool = False
    redirect_key: str | None = None
    hint: Any = None
    explain: str | None = None
    comment: str | None = None
    read_preference: str | None = None
    include_read_preference: str | None = None
    subquery_read_preference: str | None = None
    root_keys: frozenset[str] | None = field(init=False)

    def __post_init__(self) -> None:
        roots = None
        if self.keys is not None:
            find = _roots_of if len(self.keys) > _FEW_KEYS else _roots_of_few
            roots = find(self.keys, self.exclude_keys)
        object.__setattr__(self, "root_keys", roots)


def _roots_of(keys: tuple[str, ...], exclude_keys: tuple[str, ...]) -> frozenset[str]:
    """The columns that keys select."""
    # Parse: a key that is excluded to the letter selects nothing, but what it includes
    excluded = frozenset(exclude_keys)
    kept = (key for key in keys if key not in excluded)
    roots = frozenset((*ALWAYS_SELECTED, *(key.partition(".")[0] for key in kept)))
    return roots | {SCORE[1:]} if SCORE in roots else roots


_FEW_KEYS = 32
_roots_of_few = lru_cache(256)(_roots_of)  # clients select the same again and again


@dataclass(frozen=True, slots=True, eq=False)
class QueryLimits:
    """The server's limits of queries (options defaultLimit, maxLimit, requestComplexity).

    Compared by identity, as one server has one of them.
    """

    default_limit: int = 100
    max_limit: int | None = None
    query_depth: int = -1
    include_depth: int = -1
    include_count: int = -1
    public_explain: bool = False
    subquery_depth: int = -1
    allow_regex: bool = True
    bounds: RequestBounds = UNBOUNDED


def parse_where(raw: Any, *, privileged: bool, limits: QueryLimits) -> Where:
    """Parse the where of a request, which may be JSON text; raises as ``where.parse``."""
    if isinstance(raw, str):
        try:
            raw = loads(raw, MOST_VALUES if privileged else limits.bounds.body_values)
        except ParseError as error:
            if error.code == Code.OBJECT_TOO_LARGE:
                raise
            raise bad_where() from None
    depth = -1 if privileged else limits.query_depth
    if not privileged and (limits.subquery_depth >= 0 or not limits.allow_regex):
        _check_operators(raw, limits)
    most = None if privileged else limits.bounds.where_clauses
    return wheres.parse(raw, privileged=privileged, max_depth=depth, most=most)


def bad_where() -> ParseError:
    """Make the refusal of a where that comes as text and is no JSON."""
    return ParseError(Code.INVALID_JSON, "where parameter is not valid JSON")


def _check_operators(raw: Any, limits: QueryLimits) -> None:
    """Raise INVALID_QUERY for operators that the server's limits do not allow."""
    for operator, level in wheres.operators_of(raw):
        if operator == "$regex" and not limits.allow_regex:
            raise ParseError(Code.INVALID_QUERY, "$regex operator is not allowed")
        if operator in wheres.SUBQUERIES and 0 <= limits.subquery_depth <= level:
            raise ParseError(
                Code.INVALID_QUERY,
                f"Subquery nesting depth exceeds maximum allowed depth of {limits.subquery_depth}",
            )


def from_parameters(
    class_name: str,
    parameters: Mapping[str, Any],
    *,
    privileged: bool = False,
    limits: QueryLimits,
) -> Query:
    """Read a find's parameters (protocol §7.3).

    Raises INVALID_QUERY for an unknown or ill-typed one, INVALID_JSON for an invalid where.
    """
    for name in parameters:
        if name not in FIND_PARAMETERS:
            raise ParseError(Code.INVALID_QUERY, f"Invalid parameter for query: {name}")
    limit = _whole(parameters, "limit", limits.default_limit)
    if limits.max_limit is not None and limit > limits.max_limit:
        limit = limits.max_limit
    keys, exclude_keys, include, include_all = selection(parameters, privileged, limits)
    redirect = parameters.get("redirectClassNameForKey")
    return Query(
        class_name,
        where=(
            parse_where(parameters["where"], privileged=privileged, limits=limits)
            if "where" in parameters
            else ()
        ),
        order=_order(parameters.get("order")),
        limit=limit,
        skip=_whole(parameters, "skip", 0),
        keys=keys,
        exclude_keys=exclude_keys,
        include=include,
        include_all=include_all,
        count=bool(parameters.get("count")),
        redirect_key=redirect if isinstance(redirect, str) else None,
        hint=read_hint(parameters.get("hint")),
        explain=_explain(parameters.get("explain"), privileged or limits.public_explain),
        comment=str(parameters["comment"]) if parameters.get("comment") else None,
        **read_preferences(parameters),
    )


def read_hint(value: Any) -> Any:
    """Read a hint, the name or the keys of an index, in the form that the driver takes."""
    if value is None or (value and isinstance(value, str)):
        return value
    if isinstance(value, dict) and value and all(map(_is_direction, value.values())):
        return value
    raise ParseError(Code.INVALID_QUERY, "hint must be a string or an index specification")


def _is_direction(kind: Any) -> bool:
    return isinstance(kind, str) or (type(kind) is int and abs(kind) == 1)


def _explain(value: Any, allowed: bool) -> str | None:
    """Read how much of a query's plan is asked for (protocol §8.7)."""
    if value is None or value is False:
        return None
    if not allowed:
        raise ParseError(
            Code.INVALID_QUERY, "Using the explain query parameter requires the master key"
        )
    if value is True:
        return "allPlansExecution"
    if value not in EXPLAIN_LEVELS:
        raise ParseError(Code.INVALID_QUERY, "Invalid value for explain")
    return "allPlansExecution" if value == "queryPlannerExtended" else str(value)


def read_preferences(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Read the read preferences of a get or find: its own, of includes, of subqueries (§8.7)."""
    found: dict[str, Any] = {}
    for name, attribute in _PREFERENCES.items():
        value = parameters.get(name)
        if value is None:
            continue
        if not isinstance(value, str) or value.upper() not in READ_PREFERENCES:
            raise ParseError(Code.INVALID_QUERY, "Not supported read preference.")
        found[attribute] = value.upper()
    return found


def column_keys(names: Iterable[str]) -> tuple[str, ...]:
    """Select the keys that may name a column, or a path in one."""
    # Parse: what can be no column selects nothing
    return tuple(
        name
        for name in names
        if name == SCORE or name in wheres.HIDDEN_USER_COLUMNS or _ORDER_KEY.fullmatch(name)
    )


def selection(
    parameters: Mapping[str, Any], privileged: bool, limits: QueryLimits
) -> tuple[tuple[str, ...] | None, tuple[str, ...], tuple[Path, ...], bool]:
    """Read keys, excludeKeys, include paths and "include all" of a get or find."""
    keys = None
    if parameters.get("keys") is not None:
        keys = column_keys(_names(parameters, "keys", _MAX_KEYS))
    exclude_keys = _names(parameters, "excludeKeys", _MAX_KEYS)
    include = [tuple(name.split(".")) for name in _names(parameters, "include", _MAX_KEYS)]
    include_all = ("*",) in include or bool(parameters.get("includeAll"))
    # Parse: a dotted key implies the include of its parents, also one that is excluded
    for key in (*(keys or ()), *exclude_keys):
        parts = tuple(key.split("."))
        if len(parts) > 1:
            include.append(parts[:-1])
    too_many = (
        len(include) > _MAX_INCLUDES
        or any(len(path) > MAX_DEPTH for path in include)
        or sum(map(len, include)) > _MAX_STEPS
    )
    paths: set[Path] = set()
    if not too_many:
        paths = {path[:length] for path in include for length in range(1, len(path) + 1)}
    if too_many or len(paths) > _MAX_INCLUDES:  # each is looked for in every object of the page
        raise ParseError(
            Code.INVALID_QUERY,
            f"include names more than {_MAX_INCLUDES} paths, or one of more than {MAX_DEPTH} steps",
        )
    paths.discard(("*",))
    if not privileged:
        _check_includes(paths, limits)
    return keys, exclude_keys, tuple(sorted(paths, key=lambda p: (len(p), p))), include_all


def _check_includes(include: set[Path], limits: QueryLimits) -> None:
    """Raise INVALID_QUERY for includes beyond `requestComplexity`; parents of a path count, too."""
    depth = max(map(len, include), default=0)
    if 0 <= limits.include_depth < depth:
        raise ParseError(
            Code.INVALID_QUERY,
            f"Include depth of {depth} exceeds maximum allowed depth of {limits.include_depth}",
        )
    if 0 <= limits.include_count < len(include):
        raise ParseError(
            Code.INVALID_QUERY,
            f"Number of include fields ({len(include)}) exceeds maximum allowed "
            f"({limits.include_count})",
        )


def _whole(parameters: Mapping[str, Any], name: str, default: int) -> int:
    value = parameters.get(name)
    if value is None:
        return default
    if isinstance(value, str) and _DIGITS.fullmatch(value.strip()):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if type(value) is not int or not 0 <= value < 2**31:
        raise ParseError(Code.INVALID_QUERY, f"bad {name}")
    return value


def _names(parameters: Mapping[str, Any], name: str, most: int) -> tuple[str, ...]:
    """Read a list of names, which are counted before they are taken apart."""
    value = parameters.get(name)
    if value is None or value == "":
        return ()
    if isinstance(value, list):
        count = len(value)
        items = [_COMPOUND if isinstance(item, dict | list) else str(item) for item in value[:most]]
    elif isinstance(value, (str, int, float)):
        text = str(value)
        count = text.count(",") + 1
        items = text.split(",", most)
    else:
        raise ParseError(Code.INVALID_QUERY, f"Invalid parameter for query: {name}")
    if count > most:
        raise ParseError(Code.INVALID_QUERY, f"{name} names more than {most} fields")
    return tuple(item.strip() for item in items if item.strip())


def _order(value: Any) -> tuple[tuple[str, int], ...]:
    if not value:
        return ()
    order: dict[str, int] = {}
    for name in _names({"order": value}, "order", 10 * _MAX_ORDER):
        direction = 1
        if name[0] == "-":
            direction, name = -1, name[1:]
        if name == SCORE:
            order[name] = 1  # Parse: the best fit comes first either way
            continue
        if re.fullmatch(r"authData\.[a-zA-Z0-9_]+\.id", name):
            raise ParseError(Code.INVALID_KEY_NAME, f"Cannot sort by {name}")
        # Parse: the stored names of the two dates are good for sorting, too
        name = _STORED_DATES.get(name, name)
        if _ORDER_KEY.fullmatch(name) is None:
            raise ParseError(Code.INVALID_KEY_NAME, f"Invalid field name: {name}.")
        order[name] = direction
    if len(order) > _MAX_ORDER:
        raise ParseError(Code.INVALID_QUERY, f"order names more than {_MAX_ORDER} fields")
    return tuple(order.items())


def below(keys: Iterable[str], *, last_only: bool) -> Mapping[Path, tuple[str, ...]]:
    """Sort dotted ``keys`` by the paths that they lie below: for each, the next components.

    ``last_only`` takes of each key only its last component (excludeKeys).
    """
    found: dict[Path, dict[str, None]] = {}
    for key in keys:
        parts = tuple(key.split("."))
        for length in range(len(parts) - 1 if last_only else 1, len(parts)):
            if length:
                found.setdefault(parts[:length], {})[parts[length]] = None
    return {path: tuple(names) for path, names in found.items()}


def one(class_name: str, object_id: str, **selection: Any) -> Query:
    """The query that names one object by its id, with keys and includes as ``selection``."""
    return Query(class_name, (wheres.by_id(object_id),), limit=1, **selection)


def simple(class_name: str, raw_where: JSONObject, **options: Any) -> Query:
    """Make a privileged query from a raw where, for the server's own reads."""
    return Query(class_name, where=wheres.parse(raw_where, privileged=True), **options)


# --- back to a request --------------------------------------------------------------------------


def to_parameters(query: Query) -> JSONObject:
    """Write a query as parameters, which ``from_parameters`` reads back."""
    order = ",".join(f"{'-' if way < 0 else ''}{name}" for name, way in query.order)
    parameters: JSONObject = {"where": wheres.to_json(query.where)}
    optional: JSONObject = {
        "order": order,
        "skip": query.skip,
        "keys": ",".join(query.keys or ()),
        "excludeKeys": ",".join(query.exclude_keys),
        "include": ",".join(".".join(path) for path in query.include),
        "includeAll": query.include_all,
        "count": query.count,
        "redirectClassNameForKey": query.redirect_key,
        "hint": dict(query.hint) if isinstance(query.hint, dict) else query.hint,
        "explain": query.explain,
        "comment": query.comment,
        **{name: getattr(query, attribute) for name, attribute in _PREFERENCES.items()},
    }
    if query.limit is not None:
        parameters["limit"] = query.limit
    return parameters | {name: value for name, value in optional.items() if value}
