"""Steps that go by GraphQL, each with what its REST twin says of it."""

from __future__ import annotations

from typing import Any

from tests.fuzz import asking
from tests.fuzz.model import MISSING, NEXT, REFUSED
from tests.fuzz.steps import Asked, Slots, Step

SINGULAR = {"Letter": "letter", "Box": "box", "Shelf": "shelf"}
PLURAL = {"Letter": "letters", "Box": "boxes", "Shelf": "shelves"}
_NODE = "objectId s secret n"
_DEEP = (
    "friend { objectId s secret n } owner { objectId s email } "
    "rel { edges { node { objectId s secret } } }"
)


def ask(slots: Slots, step: Step) -> Asked:
    """Make the request of a step by GraphQL, and ask the model about it."""
    inner = step["step"]
    asked = asking.ask(slots, {**inner, "who": step.get("who", "nobody")})
    name, kind = inner["class"], inner["do"]
    body = _DOCUMENTS[kind](slots, inner, name, bool(step.get("deep")))
    found = asked.look
    if kind == "find":
        plural = PLURAL[name]
        asked.look = lambda answer: found({"results": _nodes(answer["data"][plural])})
    elif kind == "get":
        asked.look = lambda answer: found(answer["data"][SINGULAR[name]])
    else:
        # what was written is read afterwards, with rights that may not suffice
        asked.unsure = True
        asked.codes = asked.codes | {MISSING, REFUSED}
        asked.done = lambda answer: None
    if step.get("deep"):  # Parse: errors of a relation's page carry no code of Parse's
        asked.codes = asked.codes | {MISSING, REFUSED, 200}
    asked.method, asked.path, asked.query, asked.body = "POST", "/../graphql", {}, body
    return asked


def _nodes(connection: Any) -> list[Any]:
    nodes = [edge["node"] for edge in connection["edges"]]
    return [{key: value for key, value in node.items() if value is not None} for node in nodes]


def _find(slots: Slots, step: Step, name: str, deep: bool) -> dict[str, Any]:
    selected = f"{_NODE} {_DEEP if deep else ''}"
    query = (
        f"query ($w: {name}WhereInput) {{ {PLURAL[name]}(where: $w, first: 1000) "
        f"{{ edges {{ node {{ {selected} }} }} }} }}"
    )
    return {"query": query, "variables": {"w": _where(slots.filled(step["where"]), name)}}


OPERATORS = {
    "$gt": "greaterThan",
    "$lt": "lessThan",
    "$gte": "greaterThanOrEqualTo",
    "$lte": "lessThanOrEqualTo",
    "$in": "in",
    "$ne": "notEqualTo",
    "$nin": "notIn",
    "$exists": "exists",
}
LOGICAL = {"$or": "OR", "$and": "AND", "$nor": "NOR"}


def _where(where: dict[str, Any], name: str) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, value in where.items():
        if key in LOGICAL:
            made[LOGICAL[key]] = [_where(part, name) for part in value]
        elif isinstance(value, dict) and "$inQuery" in value:
            made[key] = {"have": _where(value["$inQuery"]["where"], NEXT[name])}
        elif isinstance(value, dict) and "$notInQuery" in value:
            made[key] = {"haveNot": _where(value["$notInQuery"]["where"], NEXT[name])}
        elif isinstance(value, dict):
            made[key] = {OPERATORS[operator]: operand for operator, operand in value.items()}
        else:
            made[key] = {"equalTo": value}
    return made


def _get(slots: Slots, step: Step, name: str, deep: bool) -> dict[str, Any]:
    selected = f"{_NODE} {_DEEP if deep else ''}"
    query = f"query ($id: ID!) {{ {SINGULAR[name]}(id: $id) {{ {selected} }} }}"
    return {"query": query, "variables": {"id": slots.id_of(step["object"])}}


def _change(slots: Slots, step: Step, name: str, deep: bool) -> dict[str, Any]:
    query = (
        f"mutation ($id: ID!, $f: Update{name}FieldsInput) {{ update{name}"
        f"(input: {{id: $id, fields: $f}}) {{ {SINGULAR[name]} {{ {_NODE} }} }} }}"
    )
    fields = {key: value for key, value in step["fields"].items() if key in ("s", "n", "secret")}
    plain = {key: value for key, value in fields.items() if not isinstance(value, dict)}
    return {"query": query, "variables": {"id": slots.id_of(step["object"]), "f": plain}}


def _delete(slots: Slots, step: Step, name: str, deep: bool) -> dict[str, Any]:
    query = (
        f"mutation ($id: ID!) {{ delete{name}(input: {{id: $id}}) "
        f"{{ {SINGULAR[name]} {{ {_NODE} }} }} }}"
    )
    return {"query": query, "variables": {"id": slots.id_of(step["object"])}}


_DOCUMENTS = {"find": _find, "get": _get, "change": _change, "delete": _delete}
