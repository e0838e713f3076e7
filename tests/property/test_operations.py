"""Field operations do in MongoDB what a small model of them does in Python."""

import copy
import json
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from parsepy.backend import Backend
from parsepy.errors import ParseError
from parsepy.model.schema import Field, make_schema
from parsepy.model.values import ARRAY, NUMBER, OBJECT, STRING, dumps, loads, new_id
from parsepy.model.where import DIRECT, Constraint
from tests.property.strategies import pointers, texts

BASKET = make_schema(
    "Basket",
    {"stock": Field(NUMBER), "tags": Field(ARRAY), "name": Field(STRING), "box": Field(OBJECT)},
)
MISSING: Any = object()


class Refused(Exception):
    """The model refuses the operation, as MongoDB has to."""


# --- the model -------------------------------------------------------------------------------


def same(left: Any, right: Any) -> bool:
    """Equality as JSON sees it: 1 is not true, and the order of keys counts."""
    return json.dumps(left) == json.dumps(right)


def incremented(old: Any, op: Any) -> Any:
    if old is MISSING:
        return op["amount"]
    if isinstance(old, bool) or not isinstance(old, (int, float)):
        raise Refused
    return old + op["amount"]


def listed(old: Any) -> list[Any]:
    if old is MISSING:
        return []
    if not isinstance(old, list):
        raise Refused
    return list(old)


def added(old: Any, op: Any) -> Any:
    return [*listed(old), *op["objects"]]


def added_unique(old: Any, op: Any) -> Any:
    items = listed(old)
    for new in op["objects"]:
        if not any(same(new, item) for item in items):
            items.append(new)
    return items


def removed(old: Any, op: Any) -> Any:
    if old is MISSING:
        return MISSING
    return [item for item in listed(old) if not any(same(item, out) for out in op["objects"])]


MODEL: dict[str, Callable[[Any, Any], Any]] = {
    "Increment": incremented,
    "Add": added,
    "AddUnique": added_unique,
    "Remove": removed,
    "Delete": lambda old, op: MISSING,
}


def changed(item: Any, path: str, change: Any) -> Any:
    """A copy of ``item`` with one change made at a dotted path."""
    item = copy.deepcopy(item)
    *parents, last = path.split(".")
    touches = isinstance(change, dict) and change.get("__op") in ("Delete", "Remove")
    inner = item
    for part in parents:
        if part not in inner:
            if touches:
                return item
            inner[part] = {}
        inner = inner[part]
        if not isinstance(inner, dict) or inner.get("__type") == "Date":  # one scalar in BSON
            if touches and change["__op"] == "Delete":
                return item
            raise Refused
    operation = change.get("__op") if isinstance(change, dict) else None
    new = MODEL[operation](inner.get(last, MISSING), change) if operation else change
    if new is MISSING:
        inner.pop(last, None)
    else:
        inner[last] = new
    return item


def whole(value: Any) -> Any:
    """Integral doubles come back as integers."""

    def number(text: str) -> int | float:
        found = float(text)
        return int(found) if found.is_integer() else found

    return json.loads(json.dumps(value), parse_float=number)


# --- random changes ---------------------------------------------------------------------------

numbers = st.one_of(st.integers(-9, 9), st.integers(-40, 40).map(lambda n: n / 4))
canonical_dates = st.sampled_from(["2020-01-02T03:04:05.678Z", "1999-12-31T00:00:00.000Z"]).map(
    lambda iso: {"__type": "Date", "iso": iso}
)
elements = st.one_of(
    st.integers(0, 3),
    st.booleans(),
    st.sampled_from(["red", "blue"]),
    st.none(),
    canonical_dates,
    pointers,
    st.dictionaries(st.sampled_from("xy"), st.integers(0, 2), max_size=2),
    st.lists(st.integers(0, 2), max_size=2),
)
element_lists = st.lists(elements, max_size=4)


def operation(name: str, **members: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries({"__op": st.just(name), **members})


increments = operation("Increment", amount=numbers)
array_operations = st.one_of(
    *(operation(name, objects=element_lists) for name in ("Add", "AddUnique", "Remove"))
)
deletes = operation("Delete")
CHANGES = {
    "stock": numbers | increments | deletes | st.none(),
    "tags": element_lists | array_operations | deletes | st.none(),
    "name": st.one_of(texts, deletes),
    "box": st.one_of(
        st.dictionaries(st.sampled_from("xyz"), elements, max_size=3), deletes, st.none()
    ),
    "box.x": numbers | increments | deletes | elements,
    "box.y": element_lists | array_operations | deletes,
    "box.z.x": elements | increments | array_operations | deletes,
}


def apart(changes: dict[str, Any]) -> bool:
    """MongoDB refuses one update of an object and of what is in it."""
    return "box" not in changes or not any(name.startswith("box.") for name in changes)


updates = st.fixed_dictionaries({}, optional=CHANGES).filter(apart).filter(bool)


@settings(max_examples=80, deadline=None)
@given(st.lists(updates, min_size=1, max_size=6))
async def test_a_row_of_updates_leaves_what_the_model_says(
    shop: Backend, rows: list[dict[str, Any]]
) -> None:
    storage, object_id = shop.storage, new_id()
    where = (Constraint("objectId", ((DIRECT, object_id),)),)
    await storage.insert(BASKET, {"objectId": object_id})
    expected: Any = {"objectId": object_id}
    for changes in rows:
        changes = loads(dumps(changes))
        try:
            wanted = expected
            for path, change in changes.items():
                wanted = changed(wanted, path, change)
        except Refused:
            wanted = None
        try:
            found = await storage.update(BASKET, where, changes)
        except ParseError:
            found = None
        assert (found is None) == (wanted is None), (expected, changes)
        expected = expected if wanted is None else wanted
        stored = await storage.get(BASKET, object_id)
        assert json.dumps(stored, sort_keys=True) == json.dumps(whole(expected), sort_keys=True)
        assert found is None or found == stored


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(["x", "0", "cup"]), st.integers(1, 3))
async def test_a_dotted_key_keeps_a_typed_value_in_its_rest_form(
    shop: Backend, key: str, depth: int
) -> None:
    object_id = new_id()
    path = ".".join(["box", *[key] * depth])
    await shop.storage.insert(BASKET, {"objectId": object_id})
    where = (Constraint("objectId", ((DIRECT, object_id),)),)
    for value in (
        {"__type": "Pointer", "className": "Product", "objectId": "cup"},
        {"__type": "GeoPoint", "latitude": 1, "longitude": 2},
        {"__type": "File", "name": "cup.png", "url": "http://shop/cup.png"},
    ):
        found = await shop.storage.update(BASKET, where, {path: value})
        assert found is not None
        inner = found["box"]
        for _ in range(depth):
            inner = inner[key]
        assert inner == value
