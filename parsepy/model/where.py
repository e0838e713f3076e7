"""``where``: the table of operators with the checks of their operands, and the parser."""

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any, TypeVar

from parsepy.errors import Code, ParseError, denied
from parsepy.model import geo
from parsepy.model.bounds import query_exceeds
from parsepy.model.frozen import frozen
from parsepy.model.values import MAX_DEPTH, JSONObject, dumps, is_pointer

_KEY = re.compile(r"[a-zA-Z][a-zA-Z0-9_.]*")
_WORD = re.compile(r"_?[a-zA-Z][a-zA-Z0-9_]*")
_MAX_ALL = 1_000
_SHOWN = 100  # elements of a list in a message
_MAX_CONSTRAINTS = 10_000  # in one object or one $or; MongoDB plans for seconds with more
_PLACEHOLDER_KEYS = ("_rperm", "_wperm")
HIDDEN_USER_COLUMNS = (
    "_email_verify_token",
    "_email_verify_token_expires_at",
    "_perishable_token",
    "_perishable_token_expires_at",
    "_password_changed_at",
    "_password_history",
    "_failed_login_count",
    "_account_lockout_expires_at",
    "_tombstone",
    "_session_token",
)
_MASTER_KEYS = (*_PLACEHOLDER_KEYS, *HIDDEN_USER_COLUMNS)

Found = TypeVar("Found")

DIRECT = "="
"""The operator of a plain ``field: value``, which matches more than ``$eq`` (protocol §8.2)."""


@frozen
class Constraint:
    """The tests on one field, all of which must hold: (operator, operand) pairs."""

    field: str
    tests: tuple[tuple[str, Any], ...]


@frozen
class Group:
    """``$or``, ``$and`` or ``$nor`` of several wheres."""

    operator: str
    branches: tuple["Where", ...]


@frozen
class RelatedTo:
    """Membership in the relation ``key`` of the object ``owner`` (a pointer).

    ``is_owner_read``: the one who asks has just been given the owner by a find or get of its own.
    """

    owner: JSONObject
    key: str
    is_owner_read: bool = False


Node = Constraint | Group | RelatedTo
Where = tuple[Node, ...]


class Kept(tuple[Any, ...]):
    """A where or pipeline that is asked again and again, with what was found out about it once."""

    notes: dict[str, Any]

    def __new__(cls, parts: tuple[Any, ...]) -> "Kept":
        """Make one of the nodes of a where, or of stages."""
        made = super().__new__(cls, parts)
        made.notes = {}
        return made

    def once(self, name: str, find: "Callable[[Where], Found]") -> "Found":
        """Return what ``find`` says of it, which is asked once; ``name`` is what that is about."""
        if name not in self.notes:
            self.notes[name] = find(self)
        found: Found = self.notes[name]
        return found

    def once_with(self, name: str, about: object, find: "Callable[[], Found]") -> "Found":
        """Return what ``find`` says, as long as ``about``, which it depends on, is the same."""
        note = self.notes.get(name)
        if note is None or note[0] is not about:
            note = self.notes[name] = (about, find())
        found: Found = note[1]
        return found


def kept(parts: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return a where or pipeline to keep things with, but for one that means another each time."""
    return parts if not parts or "$relativeTime" in repr(parts) else Kept(parts)


def _query_error(message: str) -> ParseError:
    return ParseError(Code.INVALID_QUERY, message)


def _json_error(message: str) -> ParseError:
    return ParseError(Code.INVALID_JSON, message)


def _anything(operator: str, operand: Any) -> None:
    """Accept any operand."""


def _array(operator: str, operand: Any) -> None:
    if not isinstance(operand, list):
        raise _json_error(f"bad {operator} value")


def _all(operator: str, operand: Any) -> None:
    _array(operator, operand)
    if len(operand) > _MAX_ALL:  # each is looked for in each array
        raise _query_error(f"$all has more than {_MAX_ALL} values")
    patterns = [item["$regex"] if _is_pattern(item) else None for item in operand]
    if any(pattern is not None for pattern in patterns) and not all(
        isinstance(pattern, str) and pattern.startswith("^") for pattern in patterns
    ):
        shown = ",".join(
            f"/{item['$regex']}/" if _is_pattern(item) else str(item) for item in operand[:_SHOWN]
        )
        raise _json_error(f"All $all values must be of regex type or none: {shown}")
    for pattern in patterns:
        if pattern is not None:
            _regex(operator, pattern)


def _is_pattern(item: Any) -> bool:
    return isinstance(item, dict) and "$regex" in item


def _contained_by(operator: str, operand: Any) -> None:
    if not isinstance(operand, list):
        raise _json_error("bad $containedBy: should be an array")


def _regex(operator: str, operand: Any) -> None:
    if not isinstance(operand, str):
        raise _query_error("$regex value must be a string")
    if "\0" in operand:
        raise _query_error("$regex value must not contain NUL")


def _options(operator: str, operand: Any) -> None:
    if not isinstance(operand, str):
        raise _query_error("$options value must be a string")
    if not re.fullmatch("[imxsu]+", operand):
        raise _query_error(f"Bad $options value for query: {operand}")


def _subquery(operator: str, operand: Any) -> None:
    if (
        not isinstance(operand, dict)
        or not isinstance(operand.get("where", {}), dict)  # Objective-C's library leaves it out
        or not isinstance(operand.get("className"), str)
    ):
        raise _query_error(f"improper usage of {operator}")


def _select(operator: str, operand: Any) -> None:
    query = operand.get("query") if isinstance(operand, dict) else None
    if (
        not isinstance(query, dict)
        or not isinstance(operand.get("key"), str)
        or not operand["key"]
        or not isinstance(query.get("className"), str)
        or not isinstance(query.get("where", {}), dict)
        or len(operand) != 2
    ):
        raise _query_error(f"improper usage of {operator}")


def _near(operator: str, operand: Any) -> None:
    geo.near(operand)


def _distance(operator: str, operand: Any) -> None:
    geo.distance(operator, operand)


def _region(operator: str, operand: Any) -> None:
    geo.REGIONS[operator](operand)


_SEARCH_OPTIONS = {"$language": str, "$caseSensitive": bool, "$diacriticSensitive": bool}


def _text(operator: str, operand: Any) -> None:
    search = operand.get("$search") if isinstance(operand, dict) else None
    if isinstance(search, list):
        search = {}
    if not isinstance(search, dict):
        raise _json_error("bad $text: $search, should be object")
    if not isinstance(search.get("$term"), str) or not search["$term"]:
        raise _json_error("bad $text: $term, should be string")
    for name, kind in _SEARCH_OPTIONS.items():
        # Parse: what is false, zero or empty counts as not given
        if search.get(name) and not isinstance(search[name], kind):
            shown = "string" if kind is str else "boolean"
            raise _json_error(f"bad $text: {name}, should be {shown}")


OPERATORS: dict[str, Callable[[str, Any], None]] = {
    "$eq": _anything,
    "$ne": _anything,
    "$lt": _anything,
    "$lte": _anything,
    "$gt": _anything,
    "$gte": _anything,
    "$exists": _anything,
    "$in": _array,
    "$nin": _array,
    "$all": _all,
    "$containedBy": _contained_by,
    "$regex": _regex,
    "$options": _options,
    "$nearSphere": _near,
    **dict.fromkeys(geo.DISTANCES, _distance),
    **dict.fromkeys(geo.REGIONS, _region),
    "$text": _text,
    "$inQuery": _subquery,
    "$notInQuery": _subquery,
    "$select": _select,
    "$dontSelect": _select,
}
"""Operator → the check of its operand (protocol §8.2)."""

_NEIGHBOURS = ("$options", *geo.DISTANCES)  # part of the operator beside them
SUBQUERIES = ("$inQuery", "$notInQuery", "$select", "$dontSelect")
GROUPS = ("$or", "$and", "$nor")
RELATED_TO = "$relatedTo"


def parse(
    raw: Any, *, privileged: bool = False, max_depth: int = -1, most: int | None = None
) -> Where:
    """Parse a raw ``where`` and check its shape.

    With ``privileged`` (master and maintenance key) it may name hidden columns. ``max_depth``
    limits the nesting of logical operators (-1: only the server's own limit), ``most`` the number
    of constraints in all. Raises INVALID_QUERY, INVALID_JSON or INVALID_KEY_NAME (protocol §8.1,
    §8.2).
    """
    limit = max_depth if max_depth >= 0 else MAX_DEPTH
    return _parse(raw, privileged, limit, limit, None if most is None else [most, most])


def _parse(raw: Any, privileged: bool, depth: int, limit: int, budget: list[int] | None) -> Where:
    # `budget`: how many constraints there may still be, and how many in all
    if not isinstance(raw, dict):
        if raw == []:
            return ()
        raise _query_error("where must be an object")
    if len(raw) > _MAX_CONSTRAINTS:
        raise _query_error(f"where names more than {_MAX_CONSTRAINTS} fields")
    if budget is not None:
        budget[0] -= len(raw)
        if budget[0] < 0:
            raise query_exceeds("constraints", budget[1])
    nodes: list[Node] = []
    for key, value in raw.items():
        if key[:1] == "$":
            nodes.append(_special(key, value, privileged, depth, limit, budget))
        else:
            _check_key(key, privileged)
            nodes.append(Constraint(key, _tests(value)))
    return tuple(nodes)


def _special(
    key: str, value: Any, privileged: bool, depth: int, limit: int, budget: list[int] | None
) -> Node:
    if key in GROUPS:
        if not isinstance(value, list):
            if not privileged:
                raise denied(Code.INVALID_QUERY, f"{key} must be an array")
            least = " of at least 1 value." if key == "$nor" else " value."
            raise _query_error(f"Bad {key} format - use an array{least}")
        if not value:
            least = " of at least 1 value." if key == "$nor" else " value with at least 1 item."
            raise _query_error(f"Bad {key} format - use an array{least}")
        if len(value) > _MAX_CONSTRAINTS:
            raise _query_error(f"{key} has more than {_MAX_CONSTRAINTS} branches")
        if depth <= 0:
            raise _query_error(
                f"Query condition nesting depth exceeds maximum allowed depth of {limit}"
            )
        return Group(key, tuple(_parse(b, privileged, depth - 1, limit, budget) for b in value))
    if key == RELATED_TO:
        owner = value.get("object") if isinstance(value, dict) else None
        if (
            not is_pointer(owner)
            or not _is_word(owner.get("className"))
            or not isinstance(owner.get("objectId"), str | None)
            or not _is_word(value.get("key"))
        ):
            raise _query_error("improper usage of $relatedTo")
        # Parse: an object that is not saved yet, such as a clone, has nothing in its relations
        return RelatedTo({**owner, "objectId": owner.get("objectId") or ""}, value["key"])
    raise ParseError(Code.INVALID_KEY_NAME, f"Invalid key name: {key}")


def _is_word(value: Any) -> bool:
    """Can this be the name of a class or column?"""
    return isinstance(value, str) and _WORD.fullmatch(value) is not None


def _check_key(key: str, privileged: bool) -> None:
    if key == "ACL":
        raise _query_error("Cannot query on ACL.")
    if _KEY.fullmatch(key) is None and not (privileged and key in _MASTER_KEYS):
        raise ParseError(Code.INVALID_KEY_NAME, f"Invalid key name: {key}")


def _tests(value: Any) -> tuple[tuple[str, Any], ...]:
    if type(value) is list:
        shown = ",".join(map(str, value[:_SHOWN]))
        raise _json_error(f"You cannot use {shown} as a query parameter.")
    if type(value) is not dict:
        return ((DIRECT, value),)
    operators = [key for key in value if key[:1] == "$"]
    if "__type" in value:
        if not operators:
            return ((DIRECT, value),)
        # Parse: SDKs write the equality and other conditions on a key into one object
        typed = {key: item for key, item in value.items() if key[:1] != "$"}
        value = {**{operator: value[operator] for operator in operators}, "$eq": typed}
        operators = list(value)
    if not operators:
        if not value:
            return ((DIRECT, value),)
        raise _json_error("You cannot use [object Object] as a query parameter.")
    tests: list[tuple[str, Any]] = []
    for operator in operators:
        check = OPERATORS.get(operator)
        if check is None:
            raise _json_error(f"bad constraint: {operator}")
        check(operator, value[operator])
        if operator not in _NEIGHBOURS:
            tests.append((operator, value[operator]))
    if "$options" in value and "$regex" not in value:
        raise _query_error("$options needs a $regex")
    if "$regex" in value:
        position = next(i for i, (operator, _) in enumerate(tests) if operator == "$regex")
        tests[position] = ("$regex", (value["$regex"], value.get("$options", "")))
    _join_distance(value, tests)
    rest = {key: item for key, item in value.items() if key[:1] != "$"}
    if rest:
        raise _json_error(f"bad atom: {dumps(rest).decode()}")
    return tuple(tests)


def _join_distance(value: JSONObject, tests: list[tuple[str, Any]]) -> None:
    """Join a ``$nearSphere`` and the distance beside it into one test."""
    given = next((name for name in geo.DISTANCES if name in value), None)
    if "$nearSphere" in value:
        farthest = geo.distance(given, value[given]) if given is not None else None
        position = next(i for i, (operator, _) in enumerate(tests) if operator == "$nearSphere")
        tests[position] = ("$nearSphere", geo.near(value["$nearSphere"], farthest))
    elif given is not None:
        raise _query_error(f"{given} needs a $nearSphere")


def fields_of(where: Where) -> Iterator[str]:
    """Yield every field path that a where names, at any depth."""
    for node in where:
        if isinstance(node, Constraint):
            yield node.field
        elif isinstance(node, Group):
            for branch in node.branches:
                yield from fields_of(branch)


def tests_of(where: Where, operator: str) -> Iterator[tuple[str, Any]]:
    """Yield the field and operand of every test with this operator, at any depth."""
    for node in where:
        if isinstance(node, Constraint):
            yield from ((node.field, operand) for name, operand in node.tests if name == operator)
        elif isinstance(node, Group):
            for branch in node.branches:
                yield from tests_of(branch, operator)


def operators_of(raw: Any, level: int = 0) -> Iterator[tuple[str, int]]:
    """Yield every operator in a raw where, with the number of subqueries around it."""
    if isinstance(raw, list):
        for item in raw:
            yield from operators_of(item, level)
    elif isinstance(raw, dict):
        for key, value in raw.items():
            if key[:1] == "$":
                yield key, level
            yield from operators_of(value, level + (key in SUBQUERIES))


def by_id(object_id: str) -> Constraint:
    """Make the constraint for the object with this id."""
    return Constraint("objectId", ((DIRECT, object_id),))


def equals_id(where: Where) -> str | None:
    """Return the id if the where is exactly ``{"objectId": "<string>"}``, else None."""
    if len(where) == 1:
        node = where[0]
        if isinstance(node, Constraint) and node.field == "objectId" and len(node.tests) == 1:
            operator, operand = node.tests[0]
            if operator == DIRECT and isinstance(operand, str):
                return operand
    return None


# --- back to JSON -------------------------------------------------------------------------------


def to_json(where: Where) -> JSONObject:
    """Write a where in raw form, which ``parse`` reads back; nothing in it is the where's own."""
    conditions = [_node_json(node) for node in where]
    names = [name for condition in conditions for name in condition]
    if len(set(names)) == len(names):
        return {name: value for condition in conditions for name, value in condition.items()}
    return {"$and": conditions}


def _node_json(node: Node) -> JSONObject:
    if isinstance(node, Group):
        return {node.operator: [to_json(branch) for branch in node.branches]}
    if isinstance(node, RelatedTo):
        return {"$relatedTo": {"object": dict(node.owner), "key": node.key}}
    tests: JSONObject = {}
    for operator, operand in node.tests:
        if operator == DIRECT:
            return {node.field: deepcopy(operand)}
        if operator == "$regex":
            pattern, options = operand
            tests["$regex"] = pattern
            if options:
                tests["$options"] = options
        elif operator == "$nearSphere":
            tests |= _near_json(operand)
        else:
            tests[operator] = deepcopy(operand)
    return {node.field: tests}


def _near_json(near: geo.Near) -> JSONObject:
    longitude, latitude = near.center
    point = {"__type": "GeoPoint", "latitude": latitude, "longitude": longitude}
    tests: JSONObject = {"$nearSphere": point}
    if near.farthest is not None:
        tests["$maxDistance"] = near.farthest
    return tests
