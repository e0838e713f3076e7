"""Parsed ``where`` to MongoDB filter; the table of operators that MongoDB says otherwise."""

import math
from collections.abc import Callable
from datetime import datetime
from typing import Any

from bson import Binary, Regex

from parsepy.errors import Code, ParseError
from parsepy.model import geo, relative_time
from parsepy.model.query import SCORE
from parsepy.model.schema import ClassSchema
from parsepy.model.scope import EVERYTHING, Scope
from parsepy.model.values import (
    dumps,
    from_iso,
    is_pointer,
    now,
    pointer_spellings,
    to_bytes,
    type_of,
)
from parsepy.model.where import DIRECT, Constraint, Group, Kept, Where, equals_id
from parsepy.storage.documents import (
    NUMBERED,
    Document,
    are_plain,
    is_nested_pointer,
    key_of,
    pointer_text,
    spelled,
    to_checked,
    to_column,
    to_number,
    to_numbered_id,
)

_BARE_DATES = ("createdAt", "updatedAt", "expiresAt")


LISTS = {"read": "_rperm", "write": "_wperm"}
"""The key of a document that lists whose ACL names hold a flag."""


def to_filter(
    schema: ClassSchema, where: Where, scope: Scope = EVERYTHING, *, unsorted: bool = False
) -> Document:
    """The MongoDB filter of a parsed where within a scope.

    ``unsorted``: only what matches is asked, not in which order; a count takes nothing else.
    """
    if type(where) is Kept:
        name = "count" if unsorted else "filter"
        result = dict(where.once_with(name, schema, lambda: _matching(schema, where, unsorted)))
    else:
        result = _matching(schema, where, unsorted)
    principal = scope.principal
    if principal is not None:
        for fields in scope.pointer_fields:
            _join(result, {"$or": _points_at_user(schema, fields, principal.user_id)})
        _join(result, {LISTS[scope.flag]: {"$in": [None, *principal.names]}})
    elif scope.is_nothing:
        _join(result, {"_id": {"$in": []}})
    return result


def _matching(schema: ClassSchema, where: Where, unsorted: bool) -> Document:
    """The filter of a where alone."""
    object_id = equals_id(where)
    if object_id is not None and schema.name not in NUMBERED:
        return {"_id": object_id}  # as the general way has it, which writes by id need not take
    result: Document = {}
    for clause in _clauses(schema, where, unsorted):
        _join(result, clause)
    return result


def _join(result: Document, clause: Document) -> None:
    """And a clause into a filter; a key that is there already goes below ``$and``."""
    for key, value in clause.items():
        if key == "$and" and "$and" in result:
            result["$and"] = [*result["$and"], *value]
        elif key in result:
            result["$and"] = [*result.get("$and", ()), {key: value}]
        else:
            result[key] = value


def _points_at_user(
    schema: ClassSchema, fields: tuple[str, ...], user_id: str | None
) -> list[Document]:
    user = {"__type": "Pointer", "className": "_User", "objectId": user_id}
    choices: list[Document] = []
    for field in fields:
        kind = schema.types.get(field)
        if kind is not None and kind.name == "Pointer":
            choices.append({"_p_" + field: f"_User${user_id}"})
        else:
            choices.append({field: {"$in": pointer_spellings(user)}})
    return choices


def _clauses(schema: ClassSchema, where: Where, unsorted: bool) -> list[Document]:
    clauses: list[Document] = []
    for node in where:
        if isinstance(node, Constraint):
            clauses += _constraint(schema, node, unsorted)
        elif isinstance(node, Group):
            branches = [to_filter(schema, branch, unsorted=unsorted) for branch in node.branches]
            clauses.append({node.operator: branches})
        else:
            raise AssertionError("$relatedTo is resolved before the storage is asked")
    return clauses


def _constraint(schema: ClassSchema, node: Constraint, unsorted: bool) -> list[Document]:
    key = key_of(schema, node.field)
    column = _Column(schema, node.field)
    if node.tests and node.tests[0][0] == DIRECT:
        return [{key: column.direct(node.tests[0][1])}]
    clauses: list[Document] = [{}]
    apart: list[Document] = []
    for operator, operand in node.tests:
        if operator == "$text":
            apart.append(_text(column, operand))
            continue
        if operator == "$nearSphere":
            apart.append({key: _near(column, operand, unsorted)})
            continue
        if operator == "$all" and (pointers := column.pointers_of(operand)):
            apart += [{key: {"$in": pointer_spellings(atom)}} for atom in pointers]
            operand = [item for item in operand if not is_pointer(item)]
            if not operand:
                continue
        if operator in geo.REGIONS:  # of which MongoDB takes some only alone
            apart.append({key: _region(operator, operand)})
            continue
        test = _OPERATORS.get(operator, _compare)(column, operator, operand)
        target = next((c for c in clauses if not c.keys() & test.keys()), None)
        if target is None:
            clauses.append(target := {})
        target.update(test)
    return [*({key: clause} for clause in clauses if clause or not apart), *apart]


class _Column:
    """The operands of one column (or dotted path) as MongoDB wants them."""

    __slots__ = ("field", "is_number", "kind", "target")

    def __init__(self, schema: ClassSchema, field: str) -> None:
        kind = schema.types.get(field)
        self.field = field
        self.is_number = field == "objectId" and schema.name in NUMBERED
        self.kind = kind.name if kind is not None else None
        self.target = kind.target if kind is not None else None

    def direct(self, value: Any) -> Any:
        """The operand of a plain ``field: value``."""
        if self.kind == "Pointer" and (type(value) is not dict or is_pointer(value)):
            return pointer_text(value)
        if self.kind == "Array":
            # Parse: a plain value on an array column asks whether the array contains it
            return _equal(self.atom(value), lambda atom: {"$all": [atom]})
        if self.field in _BARE_DATES and isinstance(value, str):
            return from_iso(value) or value
        return _equal(self.atom(value), lambda atom: atom)

    def atom(self, value: Any) -> Any:
        """One operand of an operator."""
        kind = type(value)
        if kind is str:
            if self.is_number:
                return to_numbered_id(value)
            return pointer_text(value, self.target) if self.kind == "Pointer" else value
        if kind is int or kind is float:
            return to_number(value)
        if kind is bool or value is None:
            return value
        if kind is list:
            return to_checked(value)
        typed = value.get("__type")
        if not value:
            return value
        if not typed:
            raise ParseError(Code.INVALID_JSON, f"bad atom: {dumps(value).decode()}")
        if self.kind == "Pointer" and is_pointer(value):
            return pointer_text(value)
        type_of(value)
        if typed == "Date":
            return from_iso(value["iso"])
        if typed == "Bytes":
            return Binary(to_bytes(value) or b"")
        if typed == "File" or (typed in ("GeoPoint", "Polygon") and self.kind == typed):
            return to_column(value)
        return to_checked(value)

    def pointers_of(self, values: list[Any]) -> list[Document]:
        """The pointers among operands, as they lie in arrays and objects."""
        atoms = [self.atom(value) for value in values if is_pointer(value)]
        return [atom for atom in atoms if is_nested_pointer(atom)]

    def atoms(self, values: list[Any]) -> list[Any]:
        """Operands of a list operator; one level of nested lists is flattened."""
        if self.kind != "Pointer" and not self.is_number and values and are_plain(values):
            return values
        flat: list[Any] = []
        for value in values:
            flat += value if type(value) is list else [value]
        return spelled([self.atom(value) for value in flat])


def _equal(atom: Any, otherwise: Callable[[Any], Any]) -> Any:
    """The test for what equals an operand: of a pointer, in any order of its keys."""
    return {"$in": pointer_spellings(atom)} if is_nested_pointer(atom) else otherwise(atom)


def _compare(column: _Column, operator: str, operand: Any) -> Document:
    if isinstance(operand, dict) and operand.get("$relativeTime"):
        return {operator: _relative(column, operator, operand["$relativeTime"])}
    return {operator: column.atom(operand)}


def _relative(column: _Column, operator: str, text: Any) -> datetime:
    if column.kind not in ("Date", None):
        raise ParseError(Code.INVALID_JSON, "$relativeTime can only be used with Date field")
    if operator not in ("$lt", "$lte", "$gt", "$gte"):
        raise ParseError(
            Code.INVALID_JSON,
            "$relativeTime can only be used with the $lt, $lte, $gt, and $gte operators",
        )
    try:
        return relative_time.parse(text, now())
    except ValueError as error:
        raise ParseError(
            Code.INVALID_JSON, f"bad $relativeTime ({operator}) value. {error}"
        ) from error


def _equals(column: _Column, operator: str, operand: Any) -> Document:
    test = _compare(column, operator, operand)
    if is_nested_pointer(atom := test[operator]):
        return {"$in" if operator == "$eq" else "$nin": pointer_spellings(atom)}
    return test


def _list(column: _Column, operator: str, operand: Any) -> Document:
    return {operator: column.atoms(operand)}


def _all(column: _Column, operator: str, operand: Any) -> Document:
    if operand and isinstance(operand[0], dict) and "$regex" in operand[0]:
        return {"$all": [Regex(item["$regex"]) for item in operand]}
    return {"$all": [column.atom(item) for item in operand]}


def _contained_by(column: _Column, operator: str, operand: Any) -> Document:
    atoms = spelled([column.atom(item) for item in operand])
    return {"$not": {"$elemMatch": {"$nin": atoms}}}


def _regex(column: _Column, operator: str, operand: Any) -> Document:
    pattern, options = operand
    return {"$regex": pattern, "$options": options} if options else {"$regex": pattern}


def _exists(column: _Column, operator: str, operand: Any) -> Document:
    if isinstance(operand, dict) and operand.get("$relativeTime"):
        _relative(column, operator, operand["$relativeTime"])  # which refuses it
    return {"$exists": bool(operand)}


def _region(operator: str, operand: Any) -> Document:
    region = geo.REGIONS[operator](operand)
    match region:
        case geo.Box(corner, opposite):
            return {"$geoWithin": {"$box": [list(corner), list(opposite)]}}
        case geo.Ring(corners):
            return {"$geoWithin": {"$polygon": [list(corner) for corner in corners]}}
        case geo.Circle(center, radius):
            return {"$geoWithin": {"$centerSphere": [list(center), radius]}}
        case geo.Spot(point):
            geometry = {"type": "Point", "coordinates": list(point)}
            return {"$geoIntersects": {"$geometry": geometry}}


def _near(column: _Column, near: geo.Near, unsorted: bool) -> Document:
    if column.kind is None and "." not in column.field:
        return {"$in": []}  # there is no such column, nor shall an index be made for it
    if column.kind not in ("GeoPoint", "Polygon"):
        raise ParseError(
            Code.INVALID_QUERY,
            f"$nearSphere needs a column of places, which {column.field} is not.",
        )
    center = list(near.center)
    if unsorted:
        # nothing is farther away than the other side of the Earth
        return {
            "$geoWithin": {
                "$centerSphere": [center, math.pi if near.farthest is None else near.farthest]
            }
        }
    test: Document = {"$nearSphere": center}
    if near.farthest is not None:
        test["$maxDistance"] = near.farthest
    return test


def _text(column: _Column, operand: Any) -> Document:
    if column.kind is None:
        # Parse: the words of the refusal, though another index may answer such a search
        raise ParseError(
            Code.INVALID_QUERY, f"Field {column.field} does not exist, cannot add index."
        )
    search = operand["$search"]
    options = {
        name: search[name]
        for name in ("$language", "$caseSensitive", "$diacriticSensitive")
        if search.get(name)
    }
    return {"$text": {"$search": search["$term"], **options}}


_OPERATORS: dict[str, Callable[[_Column, str, Any], Document]] = {
    "$eq": _equals,
    "$ne": _equals,
    "$in": _list,
    "$nin": _list,
    "$all": _all,
    "$containedBy": _contained_by,
    "$regex": _regex,
    "$exists": _exists,
}


def has_regex(where: Where) -> bool:
    """Does a where hold a regular expression, whose cost the client chooses?"""
    if type(where) is Kept:
        return where.once("regex", _has_regex)
    return _has_regex(where)


def _has_regex(where: Where) -> bool:
    for node in where:
        if isinstance(node, Group):
            if any(has_regex(branch) for branch in node.branches):
                return True
        elif isinstance(node, Constraint) and any(
            operator == "$regex" or (operator == "$all" and "$regex" in str(operand))
            for operator, operand in node.tests
        ):
            return True
    return False


def to_projection(schema: ClassSchema, keys: frozenset[str] | None) -> Document | None:
    """The MongoDB projection of selected columns; ``None``: the whole document."""
    if keys is None or (schema.name == "_User" and "authData" in keys):
        return None  # authData has one key for each provider
    projection: Document = {"_rperm": 1, "_wperm": 1}
    for name in keys:
        if name != "ACL" and name != SCORE:
            projection[key_of(schema, name)] = 1
    if SCORE in keys:
        projection[SCORE[1:]] = {"$meta": "textScore"}
    return projection
