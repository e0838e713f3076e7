"""What a query should find: `where` of a few operators, evaluated over the model's rows."""

from collections.abc import Iterator
from typing import Any

from tests.fuzz.model import REFUSED, Row, Who, World

LOGICAL = ("$or", "$and", "$nor")
SUBQUERIES = ("$inQuery", "$notInQuery")
SELECTS = ("$select", "$dontSelect")


def columns_of(where: dict[str, Any]) -> Iterator[str]:
    """The columns that a `where` names, at any depth of its logical operators."""
    for name, value in where.items():
        if name in LOGICAL:
            for part in value:
                yield from columns_of(part)
        elif name != "$relatedTo":
            yield name


def relations_of(where: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every `$relatedTo` of a `where`, at any depth of its logical operators."""
    for name, value in where.items():
        if name in LOGICAL:
            for part in value:
                yield from relations_of(part)
        elif name == "$relatedTo":
            yield value


def inner_queries(where: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str | None]]:
    """The queries inside a `where`, each with the column that is taken of its results."""
    for name, value in where.items():
        if name in LOGICAL:
            for part in value:
                yield from inner_queries(part)
        elif isinstance(value, dict):
            for operator in SUBQUERIES:
                if operator in value:
                    yield value[operator], None
            for operator in SELECTS:
                if operator in value:
                    yield value[operator]["query"], value[operator]["key"]


def refusals(world: World, class_name: str, operation: str, where: Any, who: Who) -> set[int]:
    """The codes by which a query may be refused to somebody; empty if it may not be refused."""
    found = set()
    code = world.refusal(class_name, operation, who)
    if code is not None:
        found.add(code)
    hidden = world.hidden(class_name, who)
    if any(name.split(".")[0] in hidden for name in columns_of(where)):
        found.add(REFUSED)
    for query, _ in inner_queries(where):
        inner = operation_of(query["where"])
        found |= refusals(world, query["className"], inner, query["where"], who)
    for related in relations_of(where):
        owner = related["object"]["className"]
        if related["key"] in world.hidden(owner, who):
            found.add(REFUSED)
    return found


def operation_of(where: dict[str, Any]) -> str:
    """Which operation of the class-level permissions a query asks for (protocol 10.1)."""
    return "get" if list(where) == ["objectId"] and isinstance(where["objectId"], str) else "find"


def answers(
    world: World, class_name: str, where: dict[str, Any], who: Who, operation: str = ""
) -> list[Row]:
    """The rows that a query finds for somebody to whom it is not refused."""
    operation = operation or operation_of(where)
    return [
        row
        for row in world.of(class_name)
        if world.reaches(row, operation, who) and matches(world, row, where, who)
    ]


def matches(world: World, row: Row, where: dict[str, Any], who: Who) -> bool:
    """Does a row match a `where` that somebody asks for?"""
    return all(_matches(world, row, name, value, who) for name, value in where.items())


def _matches(world: World, row: Row, name: str, value: Any, who: Who) -> bool:
    if name in LOGICAL:
        found = [matches(world, row, part, who) for part in value]
        return all(found) if name == "$and" else any(found) == (name == "$or")
    if name == "$relatedTo":
        owner = world.rows.get((value["object"]["className"], value["object"]["objectId"]))
        if owner is None or not world.reaches(owner, "get", who):
            return False
        return row.id in owner.fields.get(value["key"], ())
    held = row.id if name == "objectId" else value_at(row.fields, name)
    if isinstance(held, set | frozenset):  # the column is a relation
        return isinstance(value, dict) and value.get("objectId") in held
    if isinstance(value, dict) and any(key.startswith("$") for key in value):
        return all(_holds(world, held, key, operand, who) for key, operand in value.items())
    return equals(held, value)


def _holds(world: World, held: Any, operator: str, operand: Any, who: Who) -> bool:
    if operator == "$exists":
        return bool((held is not None) == operand)
    if operator == "$ne":
        return not equals(held, operand)
    if operator in ("$in", "$nin"):
        return any(equals(held, one) for one in operand) == (operator == "$in")
    if operator in SUBQUERIES:
        rows = answers(world, operand["className"], operand["where"], who)
        found = any(same_pointer(held, row.class_name, row.id) for row in rows)
        return found == (operator == "$inQuery")
    if operator in SELECTS:
        query, key = operand["query"], operand["key"]
        rows = answers(world, query["className"], query["where"], who)
        seen = [
            value_at(row.fields, key)
            for row in rows
            if key.split(".")[0] not in world.hidden(row.class_name, who, row)
        ]
        found = any(equals(held, one) for one in seen if one is not None)
        return found == (operator == "$select")
    if not isinstance(held, int | float) or isinstance(held, bool):
        return False
    compared = {
        "$lt": held < operand,
        "$lte": held <= operand,
        "$gt": held > operand,
        "$gte": held >= operand,
    }
    return bool(compared[operator])


def value_at(fields: dict[str, Any], path: str) -> Any:
    """The value of a dotted path, None if there is none."""
    value: Any = fields
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def equals(held: Any, value: Any) -> bool:
    """Is a value what is asked for, or an array that has it?"""
    if isinstance(held, list) and not isinstance(value, list):
        return any(equals(item, value) for item in held)
    if isinstance(value, dict) and value.get("__type") == "Pointer":
        return same_pointer(held, value["className"], value["objectId"])
    return type(held) is type(value) and bool(held == value)


def same_pointer(held: Any, class_name: str, object_id: str) -> bool:
    """Is a value a pointer to this object, or an array that has one?"""
    if isinstance(held, list):
        return any(same_pointer(item, class_name, object_id) for item in held)
    if not isinstance(held, dict):
        return False
    return (held.get("className"), held.get("objectId")) == (class_name, object_id)
