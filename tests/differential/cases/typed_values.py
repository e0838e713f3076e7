"""Typed values as the world sends them: keys in any order, extra keys, conditions beside them."""

from collections.abc import Iterable
from typing import Any

from tests.differential.scenario import (
    Scenario,
    Step,
    create,
    date,
    delete,
    find,
    op,
    pointer,
    put,
    store,
    stored,
)

ORDERS = {
    "type first": ("__type", "className", "objectId"),
    "type last": ("objectId", "className", "__type"),
    "an extra key": ("className", "title", "__type", "objectId"),
    "id before class": ("__type", "objectId", "className"),
}
"""In which order senders write a pointer's keys."""


def ordered(object_id: str, order: str, class_name: str = "Score") -> dict[str, Any]:
    """A pointer with its keys in one of `ORDERS`."""
    parts = {**pointer(class_name, object_id), "title": "a score"}
    return {key: parts[key] for key in ORDERS[order]}


POSITIONS = ("list", "items.sku", "o.p", "o.deep.p")


def placed(one: Any, other: Any) -> dict[str, Any]:
    """An object that holds two values at every position."""
    return {
        "list": [one, other],
        "items": [{"sku": one, "n": 1}, {"sku": other, "n": 2}],
        "o": {"p": one, "deep": {"p": one}},
    }


def comparisons(value: Any, other: Any) -> dict[str, Any]:
    """Every operator that compares with whole values."""
    return {
        "plain": value,
        "$eq": {"$eq": value},
        "$ne": {"$ne": value},
        "$in": {"$in": [value]},
        "$nin": {"$nin": [value, 5]},
        "$all": {"$all": [value]},
        "$all of two": {"$all": [value, other]},
        "$containedBy": {"$containedBy": [value, other]},
        "$in and $ne": {"$in": [value, other], "$ne": other},
    }


def compared(class_name: str, order: str) -> Iterable[Step]:
    """The queries of A1 by one sender."""
    value, other = ordered("A", order), ordered("B", order)
    for position in POSITIONS:
        for name, test in comparisons(value, other).items():
            yield find(
                class_name,
                {position: test},
                keys="n",
                order="n",
                name=f"{position} {name} by {order}",
            )


def any_order(order: str) -> Scenario:
    """A1 for one sender's order of keys, over objects that others wrote."""
    class_name = "Game" + "".join(word.title() for word in order.split())
    path = f"/classes/{class_name}"
    unique = [op("AddUnique", objects=[ordered("A", each)]) for each in ORDERS]
    return Scenario(
        f"A1 pointers by {order}",
        [
            *(
                create(class_name, {"n": n, **placed(ordered("A", by), ordered("B", by))})
                for n, by in enumerate(ORDERS)
            ),
            create(class_name, {"n": 10, **placed(ordered("C", order), ordered("B", order))}),
            create(class_name, {"n": 11}),
            stored(class_name, name=f"what is stored by {order}"),
            *compared(class_name, order),
            create(class_name, {"n": 20, "list": [ordered("B", order)]}, save="g"),
            *(put(path + "/{g}", {"list": change}) for change in unique),
            put(path + "/{g}", {"list": op("Add", objects=[ordered("A", order)])}),
            put(path + "/{g}", {"list": op("Remove", objects=[ordered("A", order)])}),
            put(path + "/{g}", {"o": {"p": ordered("A", order), "l": [ordered("A", order)]}}),
            put(path + "/{g}", {"o.q": ordered("A", order)}, name="a dotted key"),
            put(path + "/{g}", {"o.l": op("AddUnique", objects=[ordered("A", order)])}),
            put(path + "/{g}", {"o.l": op("Remove", objects=[ordered("A", order)])}),
            find(class_name, {"n": 20}, name="what is left"),
            stored(class_name, name=f"what is stored in the end by {order}"),
        ],
        configuration="values",
    )


def with_an_extra_key() -> Scenario:
    """A1: pointers that lie in the database with a key more, as old versions stored them."""
    class_name, path = "GameStored", "/classes/GameStored"

    def held(object_id: str) -> dict[str, Any]:
        return {**pointer("Score", object_id), "title": "a score"}

    return Scenario(
        "A1 pointers stored with an extra key",
        [
            create(class_name, {"n": 1, **placed(pointer("Score", "A"), pointer("Score", "B"))}),
            store(class_name, {"_id": "extra", "n": 2, **placed(held("A"), held("B"))}),
            store(
                class_name,
                {"_id": "mixed", "n": 3, **placed(held("A"), pointer("Score", "B"))},
                name="one with and one without",
            ),
            find(class_name, order="n", name="read"),
            *compared(class_name, "type first"),
            *compared(class_name, "an extra key"),
            put(f"{path}/extra", {"list": op("AddUnique", objects=[pointer("Score", "A")])}),
            put(f"{path}/mixed", {"list": op("Remove", objects=[pointer("Score", "A")])}),
            stored(class_name, name="what is stored then"),
            put(f"{path}/extra", {"list": [held("A"), held("B")], "o": {"p": held("A")}}),
            find(class_name, {"list": pointer("Score", "A")}, keys="n", name="once rewritten"),
            find(class_name, {"o.p": pointer("Score", "A")}, keys="n", name="a path, rewritten"),
        ],
        configuration="values",
    )


def subqueries(order: str) -> Scenario:
    """A1 with subqueries, includes and the pointers of relations."""
    class_name = "Match" + "".join(word.title() for word in order.split())
    target = class_name + "Target"
    inner = {"className": target, "where": {"points": 1}}
    held = {"__type": "Pointer", "className": target, "objectId": "{t}", "title": "x"}
    value = {key: held[key] for key in ORDERS[order]}
    return Scenario(
        f"A1 subqueries and includes by {order}",
        [
            create(target, {"points": 1}, save="t"),
            create(class_name, {"n": 1, **placed(value, 5)}, name="holds it"),
            create(class_name, {"n": 2, **placed(7, 5)}, name="holds others"),
            *(
                find(class_name, {position: {operator: inner}}, keys="n", order="n")
                for operator in ("$inQuery", "$notInQuery")
                for position in POSITIONS
            ),
            *(
                find(class_name, {"n": 1}, include=path, name=f"include {path}")
                for path in ("list", "items.sku", "o.p", "o.deep.p", "items", "o")
            ),
            create(class_name, {"n": 3, "r": op("AddRelation", objects=[value])}, save="m"),
            find(target, {"$relatedTo": {"object": pointer(class_name, "{m}"), "key": "r"}}),
            put(f"/classes/{class_name}/{{m}}", {"r": op("RemoveRelation", objects=[value])}),
            find(
                target,
                {"$relatedTo": {"object": pointer(class_name, "{m}"), "key": "r"}},
                name="after the removal",
            ),
            delete(f"/classes/{class_name}/{{m}}"),
        ],
        configuration="values",
    )


# --- A2 -----------------------------------------------------------------------------------------

POINT = {"__type": "GeoPoint", "latitude": 10, "longitude": 20}
PLACE = {"__type": "Polygon", "coordinates": [[0, 0], [0, 1], [1, 1], [0, 0]]}
BYTES = {"__type": "Bytes", "base64": "AGN1cA=="}
FILE = {"__type": "File", "name": "cup.png", "url": "http://x.test/cup.png"}
DAY, LATER = date("2020-01-02T00:00:00.000Z"), date("2021-01-02T00:00:00.000Z")
ANNA, BEN = pointer("Person", "anna"), pointer("Person", "ben")

TYPED: dict[str, tuple[Any, Any]] = {
    "one": (ANNA, BEN),
    "many": (ANNA, BEN),
    "box.p": (ANNA, BEN),
    "day": (DAY, LATER),
    "days": (DAY, LATER),
    "box.day": (DAY, LATER),
    "place": (POINT, {**POINT, "latitude": 11}),
    "file": (FILE, {**FILE, "name": "b.png"}),
    "bytes": (BYTES, {**BYTES, "base64": "AAAA"}),
}
"""Where a typed value stands, with another of its type."""

NAMED = {"className": "Visit", "where": {"n": 1}}


def beside(value: Any, other: Any) -> dict[str, Any]:
    """What may stand beside a typed value in one object."""
    return {
        "$ne it": {"$ne": value},
        "$ne another": {"$ne": other},
        "$in": {"$in": [other]},
        "$in both": {"$in": [value, other]},
        "$nin": {"$nin": [value]},
        "$nin another": {"$nin": [other]},
        "$eq another": {"$eq": other},
        "$exists": {"$exists": True},
        "not $exists": {"$exists": False},
        "an unknown operator": {"$nosuch": 1},
    }


SELECTS: dict[str, Any] = {
    "$inQuery": {"$inQuery": {"className": "Person", "where": {"name": "Anna"}}},
    "$inQuery of nothing": {"$inQuery": {"className": "Person", "where": {"name": "Nobody"}}},
    "$notInQuery": {"$notInQuery": {"className": "Person", "where": {"name": "Anna"}}},
    "$notInQuery of nothing": {"$notInQuery": {"className": "Person", "where": {"name": "No"}}},
    "$select": {"$select": {"query": NAMED, "key": "one"}},
    "$dontSelect": {"$dontSelect": {"query": NAMED, "key": "one"}},
    "an ill-formed $inQuery": {"$inQuery": 1},
}
VISITS = [
    create(
        "Visit",
        {
            "n": n,
            "one": person,
            "many": [person],
            "box": {"p": person, "day": day},
            "day": day,
            "days": [day],
            "place": {**POINT, "latitude": 10 + n},
            "file": {**FILE, "name": name},
            "bytes": {**BYTES, "base64": content},
        },
        name=f"visit {n}",
    )
    for n, (person, day, name, content) in enumerate(
        [(ANNA, DAY, "cup.png", "AGN1cA=="), (BEN, LATER, "b.png", "AAAA")]
    )
]

CONDITIONS = Scenario(
    "A2 conditions beside a typed value",
    [
        store("Person", {"_id": "anna", "name": "Anna"}, name="anna"),
        store("Person", {"_id": "ben", "name": "Ben"}, name="ben"),
        create("Person", {"name": "Cleo"}, name="which makes the class"),
        *VISITS,
        *(
            find(
                "Visit",
                {column: {**value, **condition}},
                keys="n",
                order="n",
                name=f"{column} and {name}",
            )
            for column, (value, other) in TYPED.items()
            for name, condition in beside(value, other).items()
        ),
        *(
            find(
                "Visit",
                {column: {**ANNA, **condition}},
                keys="n",
                order="n",
                name=f"{column} and {name}",
            )
            for column in ("one", "many", "box.p")
            for name, condition in SELECTS.items()
        ),
        *(
            find("Visit", {column: {**DAY, operator: operand}}, keys="n", order="n")
            for column in ("day", "days", "box.day")
            for operator in ("$lt", "$lte", "$gt", "$gte")
            for operand in (DAY, LATER)
        ),
        find("Visit", {"one": {"$ne": ANNA, **ANNA}}, name="the operator stands first"),
        find("Visit", {"one": {"className": "Person", "objectId": "anna", "$ne": BEN}}),
        find("Visit", {"box": {"n": 1, "$exists": True}}),
        find("Visit", {"one": {**ANNA, "$ne": BEN}}, count=1, limit=0, name="a count"),
    ],
    configuration="values",
)

GROUPED: dict[str, Any] = {
    "$ne another": {"$ne": BEN},
    "$ne it": {"$ne": ANNA},
    "not $exists": {"$exists": False},
    "an unknown operator": {"$nosuch": 1},
}
DEEP = Scenario(
    "A2 conditions beside a typed value in groups",
    [
        create("Stay", {"n": 1, "one": ANNA, "day": DAY}),
        create("Stay", {"n": 2, "one": BEN, "day": LATER}),
        *(
            find(
                "Stay",
                {group: [{"one": {**ANNA, **condition}}]},
                keys="n",
                order="n",
                name=f"{name} in {group}",
            )
            for group in ("$or", "$and", "$nor")
            for name, condition in GROUPED.items()
        ),
    ],
    configuration="values",
)

SCENARIOS = [
    with_an_extra_key(),
    *map(any_order, ORDERS),
    *map(subqueries, ORDERS),
    CONDITIONS,
    DEEP,
]
