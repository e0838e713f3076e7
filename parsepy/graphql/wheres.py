"""``to_rest``: a GraphQL find's conditions in REST's form; ``Wheres``: those that come again."""

import marshal
from collections.abc import Hashable, Mapping
from typing import Any

from parsepy.cache import LONGEST, Memory
from parsepy.errors import Code, ParseError
from parsepy.graphql.schema.naming import from_global_id
from parsepy.model.schema import ClassSchema
from parsepy.model.values import FieldType, JSONObject
from parsepy.model.where import Where, kept

Classes = Mapping[str, ClassSchema]

_COMPOUNDS = {"OR": "$or", "AND": "$and", "NOR": "$nor"}
_OPERATORS = {
    "equalTo": "$eq",
    "notEqualTo": "$ne",
    "lessThan": "$lt",
    "lessThanOrEqualTo": "$lte",
    "greaterThan": "$gt",
    "greaterThanOrEqualTo": "$gte",
    "in": "$in",
    "notIn": "$nin",
    "exists": "$exists",
    "inQueryKey": "$select",
    "notInQueryKey": "$dontSelect",
    "inQuery": "$inQuery",
    "notInQuery": "$notInQuery",
    "containedBy": "$containedBy",
    "contains": "$all",
    "matchesRegex": "$regex",
    "options": "$options",
    "text": "$text",
    "search": "$search",
    "term": "$term",
    "language": "$language",
    "caseSensitive": "$caseSensitive",
    "diacriticSensitive": "$diacriticSensitive",
    "nearSphere": "$nearSphere",
    "maxDistance": "$maxDistance",
    "maxDistanceInRadians": "$maxDistanceInRadians",
    "maxDistanceInMiles": "$maxDistanceInMiles",
    "maxDistanceInKilometers": "$maxDistanceInKilometers",
    "within": "$within",
    "box": "$box",
    "geoWithin": "$geoWithin",
    "polygon": "$polygon",
    "centerSphere": "$centerSphere",
    "geoIntersects": "$geoIntersects",
    "point": "$point",
}
_POINTS = ("point", "nearSphere")
_BY_VALUE = 2
"""The version of ``marshal`` by which equal values have equal texts."""
_ANY_ID = {"objectId": {"$exists": True}}


class Wheres:
    """What wheres mean that have come before, to clients or the master key, of some classes."""

    def __init__(self, classes: Classes) -> None:
        self.classes = classes
        self._memory: Memory[Where] = Memory(kept)

    def key_of(self, given: Any, class_name: str, *, privileged: bool) -> Hashable | None:
        """Return by what a where is remembered; ``None`` where it is not, since it is long."""
        try:
            text = marshal.dumps(given, _BY_VALUE)
        except ValueError:  # of other than plain values
            return None
        return (class_name, text, privileged) if len(text) <= LONGEST else None

    def known(self, key: Hashable | None) -> Where | None:
        """Return what a where means, if it is known."""
        return None if key is None else self._memory.get(key)

    def remember(self, key: Hashable | None, where: Where) -> Where:
        """Return a where as it is remembered."""
        return where if key is None else self._memory.put(key, where)


def internal_error() -> ParseError:
    """What the reference answers where its own code fails over a value."""
    return ParseError(Code.INTERNAL_SERVER_ERROR, "Internal server error")


def to_rest(where: Mapping[str, Any], class_name: str, classes: Classes) -> JSONObject:
    """The conditions on objects of a class in REST's form.

    Parse: a null in them, which can be meant well (``equalTo: null``), is an internal error.
    """
    schema = classes.get(class_name)
    types = {} if schema is None else schema.types
    rest: JSONObject = {}
    for name, conditions in where.items():
        if conditions is None:
            raise internal_error()
        compound = _COMPOUNDS.get(name)
        if compound is not None:
            rest[compound] = [to_rest(item, class_name, classes) for item in conditions]
        elif name == "id":
            rest["objectId"] = _operators(_local_ids(conditions, class_name), types, classes)
        else:
            _add_field(rest, name, conditions, types.get(name), types, classes)
    return rest


def _local_ids(conditions: Mapping[str, Any], class_name: str) -> JSONObject:
    """Conditions on an id with objectIds in place of relay's ids of the class."""

    def local(value: Any) -> Any:
        if isinstance(value, list):
            return [local(item) for item in value]
        if not isinstance(value, str):
            return value
        found, object_id = from_global_id(value)
        return object_id if found == class_name else value

    return {name: local(value) for name, value in conditions.items()}


def _add_field(
    rest: JSONObject,
    name: str,
    conditions: Any,
    column: FieldType | None,
    types: Mapping[str, FieldType],
    classes: Classes,
) -> None:
    """Add the conditions on one column; those on a member of an object get a path of their own."""
    if not isinstance(conditions, dict):  # what raw conditions of a subquery say
        rest[name] = conditions
        return
    members = {
        operator: value
        for operator, value in conditions.items()
        if isinstance(value, dict) and value.get("key") and "value" in value
    }
    if members:
        # Parse: other conditions on the same column are lost then
        for comparison, value in members.items():
            if any(given is None for given in conditions.values()):
                raise internal_error()
            path = f"{name}.{value['key']}"
            known = rest.get(path)
            known = known if isinstance(known, dict) else {}
            rest[path] = {**known, _OPERATORS.get(comparison, comparison): value["value"]}
        return
    if column is not None and column.name in ("Pointer", "Relation"):
        rest[name] = _related(conditions, column, classes)
    else:
        rest[name] = _operators(conditions, types, classes)


def _related(conditions: JSONObject, column: FieldType, classes: Classes) -> JSONObject:
    """The conditions on what a pointer or relation refers to."""
    target = column.target or ""
    rest: JSONObject = {}
    for name, value in conditions.items():
        if value is None:
            raise internal_error()
        if name == "have":
            found: JSONObject = {"where": to_rest(value, target, classes), "className": target}
            rest["$inQuery"] = found
        elif name == "haveNot":
            rest["$notInQuery"] = {"where": to_rest(value, target, classes), "className": target}
        elif name == "exists" and column.name == "Relation":
            any_object = {"where": dict(_ANY_ID), "className": target}
            rest["$inQuery" if value else "$notInQuery"] = any_object
        else:
            rest[_OPERATORS.get(name, name)] = value
    return rest


def _operators(value: Any, types: Mapping[str, FieldType], classes: Classes) -> Any:
    """Operators at any depth under their REST names; places and areas in REST's form."""
    if isinstance(value, list):
        return [_operators(_present(item), types, classes) for item in value]
    if not isinstance(value, dict):
        return value
    rest: JSONObject = {}
    for name, given in value.items():
        _present(given)
        operator = str(_OPERATORS.get(name, name))
        if name in _POINTS and isinstance(given, dict):
            rest[operator] = _point(given)
        elif name == "box" and isinstance(given, dict):
            rest[operator] = [_point(given["bottomLeft"]), _point(given["upperRight"])]
        elif name == "polygon" and isinstance(given, list):
            rest[operator] = [_point(item) if isinstance(item, dict) else item for item in given]
        elif name == "centerSphere" and isinstance(given, dict) and given.get("distance"):
            rest[operator] = [_point(given["center"]), given["distance"]]
        elif name == "where" and isinstance(given, dict):
            rest[operator] = _raw(given, types, classes)
        else:
            rest[operator] = _operators(given, types, classes)
    return rest


def _raw(where: JSONObject, types: Mapping[str, FieldType], classes: Classes) -> JSONObject:
    """The raw conditions of a subquery, in which GraphQL's operators are known as well."""
    rest: JSONObject = {}
    for name, conditions in where.items():
        _present(conditions)
        if name in _COMPOUNDS and isinstance(conditions, list):
            rest[_COMPOUNDS[name]] = [
                _raw(item, types, classes) if isinstance(item, dict) else item
                for item in conditions
            ]
        else:
            _add_field(rest, name, conditions, types.get(name), types, classes)
    return rest


def _point(value: Mapping[str, Any]) -> JSONObject:
    return {"__type": "GeoPoint", **value}


def _present(value: Any) -> Any:
    if value is None:
        raise internal_error()
    return value
