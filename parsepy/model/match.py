"""Decide whether an object satisfies a parsed ``where``.

Objects are in REST form; the result is that of MongoDB for the stored document. Values are
compared as *elements*: as a document would hold them, in Python's types (dates as ``datetime``,
bytes as ``bytes``, a top-level pointer as its text).
"""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from parsepy.errors import Code, ParseError
from parsepy.model import acl, geo, patterns, relative_time, time_limits
from parsepy.model.schema import MISSING
from parsepy.model.values import (
    JSONObject,
    check_nested,
    dumps,
    from_iso,
    is_pointer,
    normal_pointer,
    now,
    to_bytes,
    type_of,
)
from parsepy.model.where import DIRECT, RELATED_TO, SUBQUERIES, Constraint, Group, Where

Element = Any
Matcher = Callable[[JSONObject], bool]

_BEYOND = (*SUBQUERIES, "$text")  # what only a database can decide
_BARE_DATES = ("createdAt", "updatedAt")
_DATE_COLUMNS = (*_BARE_DATES, "expiresAt")
_ACL_LISTS = {"_rperm": "read", "_wperm": "write"}
_CHECKED = 16  # so many conditions are tested between two looks at the time


def compile(where: Where) -> Matcher:
    """Compile a where into a test of objects in REST form (protocol §8, §30.9).

    Conditions that only a database can decide (subqueries, relations, text searches) never
    match. Raises INVALID_JSON, INVALID_QUERY or INCORRECT_TYPE for the operands that a query
    refuses. A test raises ``TookTooLong`` in a context that has a limit (``time_limits``), which
    groups, regular expressions and every sixteenth condition look at.
    """
    return _conjunction(where, undecided=False)


def matches(where: Where, item: JSONObject) -> bool:
    """Does the object satisfy the where? For many objects, ``compile`` it once."""
    return compile(where)(item)


def beyond(where: Where) -> str | None:
    """The name of a condition that only a database can decide; None if there is none."""
    for node in where:
        if isinstance(node, Constraint):
            found = next((name for name, _ in node.tests if name in _BEYOND), None)
        elif isinstance(node, Group):
            found = next(filter(None, map(beyond, node.branches)), None)
        else:
            found = RELATED_TO
        if found is not None:
            return found
    return None


def _conjunction(where: Where, *, undecided: bool) -> Matcher:
    parts = [_node(node, undecided) for node in where]
    if len(parts) == 1:
        return parts[0]
    if len(parts) > _CHECKED:
        pieces = [parts[start : start + _CHECKED] for start in range(0, len(parts), _CHECKED)]
        return lambda item: all(_all_of(piece, item) for piece in pieces)
    return lambda item: all(part(item) for part in parts)


def _all_of(parts: Sequence[Matcher], item: JSONObject) -> bool:
    time_limits.check()
    return all(part(item) for part in parts)


def _node(node: object, undecided: bool) -> Matcher:
    """Compile one node; a part that can't be decided has the result ``undecided``.

    That is the value with which the whole where is false.
    """
    if isinstance(node, Constraint):
        if any(operator in _BEYOND for operator, _ in node.tests):
            return lambda item: undecided
        return _constraint(node, undecided)
    if not isinstance(node, Group):
        return lambda item: undecided
    if node.operator == "$nor":
        refused = [_conjunction(branch, undecided=not undecided) for branch in node.branches]
        return lambda item: not any(_branch(branch, item) for branch in refused)
    branches = [_conjunction(branch, undecided=undecided) for branch in node.branches]
    if node.operator == "$or":
        return lambda item: any(_branch(branch, item) for branch in branches)
    return lambda item: all(_branch(branch, item) for branch in branches)


def _branch(branch: Matcher, item: JSONObject) -> bool:
    time_limits.check()
    return branch(item)


# --- one column -------------------------------------------------------------------------------


class _Kind(NamedTuple):
    """The type of a column's value, by which operands are read."""

    name: str | None = None
    target: str | None = None


_PLAIN = _Kind()
_ARRAY = _Kind("Array")
_RELATION = _Kind("Relation")


@dataclass(frozen=True, slots=True)
class _Test:
    """A test of the elements at a path: true if it holds for one of them (negated: for none).

    With ``inside``, the elements of an array at the end of the path are tested as well.
    """

    holds: Callable[[Element], bool]
    negated: bool = False
    inside: bool = True


def _constraint(node: Constraint, undecided: bool) -> Matcher:
    name, *path = node.field.split(".")
    by_kind = {_PLAIN: _tests(node, _PLAIN)}
    plain = by_kind[_PLAIN]
    get = _reader(name)

    def check(item: JSONObject) -> bool:
        value = get(item)
        kind = type(value)
        if kind is dict or kind is list:
            value, column = _column(value)
            if column.name == "Relation":
                return undecided
            tests = plain
            if not path:
                found = by_kind.get(column)
                tests = by_kind[column] = _tests(node, column) if found is None else found
            return all(_holds(test, value, path) for test in tests)
        if path:
            value = MISSING  # there is nothing inside of a plain value
        return all(test.holds(value) != test.negated for test in plain)

    return check


def _reader(name: str) -> Callable[[JSONObject], Any]:
    """Make the function that reads a column from an object."""
    flag = _ACL_LISTS.get(name)
    if flag is not None:
        return lambda item: (
            acl.names_with(item["ACL"], flag) if item.get("ACL") is not None else MISSING
        )
    if name in _BARE_DATES:
        return lambda item: from_iso(item.get(name)) or MISSING
    return lambda item: item.get(name, MISSING)


def _column(value: Any) -> tuple[Element, _Kind]:
    """Convert a column's object or array to its stored form, with its type."""
    if type(value) is list:
        return [_stored(item) for item in value], _ARRAY
    kind = value.get("__type")
    if kind in ("Pointer", "Object"):
        target = value.get("className")
        return f"{target}${value.get('objectId')}", _Kind("Pointer", target)
    if kind == "File":
        return value.get("name"), _PLAIN
    if kind == "GeoPoint":
        return _position(value), _Kind(kind)
    if kind == "Polygon":
        return _ring(value), _Kind(kind)
    return _stored(value), _RELATION if kind == "Relation" else _PLAIN


def _position(point: JSONObject) -> list[Any]:
    return [point.get("longitude"), point.get("latitude")]


def _ring(polygon: JSONObject) -> Element:
    points = [[longitude, latitude] for latitude, longitude in polygon["coordinates"]]
    if points and points[0] != points[-1]:
        points.append(points[0])
    return {"type": "Polygon", "coordinates": [points]}


def _stored(value: Any) -> Element:
    """Convert a value inside of an array or object to its stored form."""
    kind = type(value)
    if kind is list:
        return [_stored(item) for item in value]
    if kind is not dict:
        return value
    typed = value.get("__type")
    if typed == "Date":
        return from_iso(value.get("iso"))
    if typed == "Bytes":
        return to_bytes(value)
    if typed == "Pointer":
        value = normal_pointer(value)
    return {key: _stored(item) for key, item in value.items()}


# --- paths ------------------------------------------------------------------------------------


def _holds(test: _Test, value: Element, path: Sequence[str]) -> bool:
    for element in _elements(value, path, test.inside):
        if test.holds(element):
            return not test.negated
    return test.negated


def _elements(value: Element, path: Sequence[str], inside: bool) -> Iterator[Element]:
    """Yield the elements that MongoDB tests for a dotted path below a value.

    In an array on the path, each object is followed; a number in the path is also a position.
    """
    used = 0
    while used < len(path) and type(value) is dict:
        value = value.get(path[used], MISSING)
        used += 1
    rest = path[used:]
    if type(value) is not list:
        yield MISSING if rest else value
    elif not rest:
        if inside:
            yield from value
        yield value
    else:
        for position, element in enumerate(value):
            if type(element) is dict:
                yield from _elements(element, rest, inside)
            if str(position) != rest[0]:
                continue
            if len(rest) == 1:
                yield element
            elif type(element) is dict or type(element) is list:
                yield from _elements(element, rest[1:], inside)


# --- operators --------------------------------------------------------------------------------


def _tests(node: Constraint, kind: _Kind) -> list[_Test]:
    tests: list[_Test] = []
    for operator, operand in node.tests:
        if operator == DIRECT:
            tests.append(_Test(_equals(_direct(node.field, operand, kind))))
        elif isinstance(operand, dict) and operand.get("$relativeTime"):
            tests.append(_Test(_relative(node.field, operator, operand["$relativeTime"])))
        else:
            tests += _OPERATORS[operator](operand, kind)
    return tests


def _direct(field: str, value: Any, kind: _Kind) -> Element:
    if kind.name == "Pointer" and is_pointer(value):
        return f"{value.get('className')}${value.get('objectId')}"
    if kind.name == "Pointer" and isinstance(value, str):
        return value
    if field in _DATE_COLUMNS and isinstance(value, str):
        return from_iso(value) or value
    return _atom(value, kind)


def _atom(value: Any, kind: _Kind) -> Element:
    """Convert one operand to the form in which MongoDB gets it."""
    if isinstance(value, str):
        return f"{kind.target}${value}" if kind.name == "Pointer" else value
    if isinstance(value, list):
        check_nested(value)
        return _stored(value)
    if not isinstance(value, dict) or not value:
        return value
    typed = value.get("__type")
    if not typed:
        raise ParseError(Code.INVALID_JSON, f"bad atom: {dumps(value).decode()}")
    if kind.name == "Pointer" and is_pointer(value):
        return f"{value.get('className')}${value.get('objectId')}"
    type_of(value)
    if typed == "File" or typed == kind.name:
        return _column(value)[0]
    check_nested(value)
    return _stored(value)


def _relative(field: str, operator: str, text: Any) -> Callable[[Element], bool]:
    """Make a comparison with a relative time; it is read once now, so that errors are raised."""
    if operator not in _ORDERED:
        raise ParseError(
            Code.INVALID_JSON,
            "$relativeTime can only be used with the $lt, $lte, $gt, and $gte operators",
        )
    try:
        relative_time.parse(text, now())
    except ValueError as error:
        raise ParseError(
            Code.INVALID_JSON, f"bad $relativeTime ({operator}) value. {error}"
        ) from error
    signs = _ORDERED[operator]

    def holds(element: Element) -> bool:
        if type(element) is not datetime:
            return False
        moment = relative_time.parse(text, now())
        return (element > moment) - (element < moment) in signs

    return holds


def _equals(wanted: Element) -> Callable[[Element], bool]:
    kind = type(wanted)
    if wanted is None:
        return lambda element: element is None or element is MISSING
    if kind is int or kind is float:
        return lambda element: (
            element == wanted and type(element) is not bool and _RANKS[type(element)] == _NUMBER
        )
    if kind is dict or kind is list:
        return lambda element: type(element) is kind and compare(element, wanted) == 0
    return lambda element: type(element) is kind and bool(element == wanted)


def _compares(wanted: Element, signs: tuple[int, ...]) -> Callable[[Element], bool]:
    """Make a test: has an element the type of ``wanted``, and an order to it among ``signs``?"""
    if wanted is None:  # nothing lies above or below it, and what is missing equals it
        return _equals(None) if 0 in signs else lambda element: False
    rank = _RANKS[type(wanted)]
    return lambda element: _RANKS[type(element)] == rank and compare(element, wanted) in signs


def _is_one_of(wanted: Sequence[Element]) -> Callable[[Element], bool]:
    """Make a test that takes equally long for one operand and for thousands."""
    texts = frozenset(value for value in wanted if type(value) is str)
    others = frozenset(_comparable(value) for value in wanted if type(value) is not str)
    kinds = {type(value) for value in wanted}

    def holds(element: Element) -> bool:
        kind = type(element)
        if kind is str:
            return element in texts
        if (kind is dict or kind is list) and kind not in kinds:
            return False  # before a large one is turned over
        return bool(others) and _comparable(element) in others

    return holds


def _comparable(element: Element) -> Hashable:
    """Turn an element into a value that equals others as elements do (``compare`` is 0)."""
    kind = type(element)
    if kind is int or kind is float:
        return _NUMBER, element
    if kind is list:
        return _RANKS[list], tuple(map(_comparable, element))
    if kind is dict:
        return _RANKS[dict], tuple((key, _comparable(item)) for key, item in element.items())
    if element is None or element is MISSING:
        return None  # what is missing equals null
    return _RANKS[kind], element


def _matching(pattern: str, options: str = "") -> Callable[[Element], bool]:
    occurs = patterns.compile(pattern, options)

    def holds(element: Element) -> bool:
        if type(element) is not str:
            return False
        time_limits.check()
        return occurs(element)

    return holds


def _list(operand: Any, kind: _Kind) -> Callable[[Element], bool]:
    """Make a test for one of the operands; a list among them counts as its items."""
    flat: list[Any] = []
    for value in operand:
        flat += value if type(value) is list else [value]
    return _is_one_of([_atom(value, kind) for value in flat])


def _all(operand: Any, kind: _Kind) -> list[_Test]:
    if not operand:
        return [_Test(lambda element: False)]
    if isinstance(operand[0], dict) and "$regex" in operand[0]:
        return [_Test(_matching(item["$regex"])) for item in operand]
    return [_Test(_equals(_atom(item, kind))) for item in operand]


def _contained_by(operand: Any, kind: _Kind) -> list[_Test]:
    allowed = _is_one_of([_atom(item, kind) for item in operand])
    return [
        _Test(
            lambda element: type(element) is list and not all(map(allowed, element)),
            negated=True,
            inside=False,
        )
    ]


def _exists(operand: Any, kind: _Kind) -> list[_Test]:
    return [_Test(lambda element: element is not MISSING, negated=not operand, inside=False)]


_ORDERED = {"$lt": (-1,), "$lte": (-1, 0), "$gt": (1,), "$gte": (1, 0)}


def _ordered(operator: str) -> Callable[[Any, _Kind], list[_Test]]:
    return lambda operand, kind: [_Test(_compares(_atom(operand, kind), _ORDERED[operator]))]


def _in_region(read: Callable[[Any], geo.Region]) -> Callable[[Any, _Kind], list[_Test]]:
    return lambda operand, kind: [_Test(read(operand).holds)]


_OPERATORS: dict[str, Callable[[Any, _Kind], list[_Test]]] = {
    **{operator: _ordered(operator) for operator in _ORDERED},
    "$eq": lambda operand, kind: [_Test(_equals(_atom(operand, kind)))],
    "$ne": lambda operand, kind: [_Test(_equals(_atom(operand, kind)), negated=True)],
    "$in": lambda operand, kind: [_Test(_list(operand, kind))],
    "$nin": lambda operand, kind: [_Test(_list(operand, kind), negated=True)],
    "$all": _all,
    "$containedBy": _contained_by,
    "$regex": lambda operand, kind: [_Test(_matching(*operand))],
    "$exists": _exists,
    "$nearSphere": lambda operand, kind: [_Test(operand.holds)],
    **{operator: _in_region(read) for operator, read in geo.REGIONS.items()},
}


# --- the order of elements --------------------------------------------------------------------

# MongoDB sorts by type first; a comparison in a where never leaves the type
_NUMBER = 10
_RANKS: dict[type, int] = {
    type(MISSING): 0,
    type(None): 5,
    int: _NUMBER,
    float: _NUMBER,
    str: 15,
    dict: 20,
    list: 25,
    bytes: 30,
    bool: 40,
    datetime: 45,
}


def compare(left: Element, right: Element) -> int:
    """Compare two elements in MongoDB's order: -1, 0 or 1."""
    kind = type(left)
    by_type = _RANKS[kind] - _RANKS[type(right)]
    if by_type or left is right:
        return (by_type > 0) - (by_type < 0)
    if kind is list:
        for one, other in zip(left, right, strict=False):
            if found := compare(one, other):
                return found
        left, right = len(left), len(right)
    elif kind is dict:
        return _compare_objects(left, right)
    elif kind is bytes and len(left) != len(right):
        left, right = len(left), len(right)
    return bool(left > right) - bool(left < right)


def _compare_objects(left: Mapping[str, Any], right: Mapping[str, Any]) -> int:
    """Compare two objects member by member, in their order: by types, then keys, then values."""
    for (key, one), (other_key, other) in zip(left.items(), right.items(), strict=False):
        by_type = _RANKS[type(one)] - _RANKS[type(other)]
        if by_type:
            return 1 if by_type > 0 else -1
        if key != other_key:
            return 1 if key > other_key else -1
        if found := compare(one, other):
            return found
    return (len(left) > len(right)) - (len(left) < len(right))
