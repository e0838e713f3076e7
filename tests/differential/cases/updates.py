"""Update operations, right and wrong, at the top level and along dotted paths."""

from typing import Any

from tests.differential.scenario import Scenario, create, find, get, op, pointer, put

STOCK: dict[str, Any] = {
    "n": 10,
    "f": 1.5,
    "s": "text",
    "tags": ["a", "b", "b"],
    "o": {"k": 1, "deep": {"x": 2}, "list": [1, 2]},
    "items": [{"sku": "A", "q": 1}, {"sku": "B", "q": 2}],
    "flag": True,
}

GOOD: dict[str, Any] = {
    "increment": {"n": op("Increment", amount=5)},
    "increment by a fraction": {"f": op("Increment", amount=0.25)},
    "decrement": {"n": op("Increment", amount=-3)},
    "increment of a new field": {"fresh": op("Increment", amount=1)},
    "add": {"tags": op("Add", objects=["c", "c"])},
    "add to a new field": {"freshList": op("Add", objects=[1])},
    "add nothing": {"tags": op("Add", objects=[])},
    "add unique": {"tags": op("AddUnique", objects=["a", "z", "z"])},
    "add unique objects": {"items": op("AddUnique", objects=[{"sku": "A", "q": 1}])},
    "add a pointer": {"links": op("Add", objects=[pointer("Product", "aaaaaaaaaa")])},
    "add a unique pointer": {"links": op("AddUnique", objects=[pointer("Product", "aaaaaaaaaa")])},
    "remove a pointer": {"links": op("Remove", objects=[pointer("Product", "aaaaaaaaaa")])},
    "remove": {"tags": op("Remove", objects=["b", "nosuch"])},
    "remove from a new field": {"otherList": op("Remove", objects=["x"])},
    "delete": {"flag": op("Delete")},
    "delete what is not there": {"nosuch": op("Delete")},
    "two ops at once": {"n": op("Increment", amount=1), "tags": op("Add", objects=["y"])},
    "set a nested key": {"o.k": 5},
    "set a deep nested key": {"o.deep.y": "new"},
    "set a nested key of a new field": {"made.k": 1},
    "increment a nested key": {"o.k": op("Increment", amount=2)},
    "increment a deep nested key": {"o.deep.x": op("Increment", amount=2)},
    "delete a nested key": {"o.deep.x": op("Delete")},
    "add to a nested array": {"o.list": op("Add", objects=[3])},
    "set an array element": {"items.0": {"sku": "C"}},
    "set a key inside an array element": {"items.1.q": 9},
    "replace a whole object": {"o": {"only": True}},
    "replace a whole array": {"tags": ["fresh"]},
}

BAD: dict[str, Any] = {
    "increment by text": {"n": op("Increment", amount="5")},
    "increment without amount": {"n": op("Increment")},
    "increment by null": {"n": op("Increment", amount=None)},
    "increment text": {"s": op("Increment", amount=1)},
    "increment a boolean": {"flag": op("Increment", amount=1)},
    "increment a nested text": {"o.t": op("Increment", amount=1)},
    "add to a number": {"n": op("Add", objects=[1])},
    "add a text": {"tags": op("Add", objects="c")},
    "add without objects": {"tags": op("Add")},
    "add unique of an object": {"tags": op("AddUnique", objects={"a": 1})},
    "remove a text": {"tags": op("Remove", objects="a")},
    "unknown op": {"n": op("Multiply", amount=2)},
    "op that is a number": {"n": {"__op": 5}},
    "empty relation op": {"rel": op("AddRelation", objects=[])},
    "relation op on a number": {"n": op("AddRelation", objects=[pointer("Product", "x")])},
    "delete of the id": {"objectId": op("Delete")},
    "delete of the creation date": {"createdAt": op("Delete")},
    "dotted path through a number": {"n.k": 1},
    "dotted path through text": {"s.k": 1},
    "dotted path with a dollar": {"o.$k": 1},
    "dotted path that starts with a dot": {".k": 1},
    "dotted path that ends with a dot": {"o.": 1},
}

SCENARIOS = [
    Scenario(
        "update operations",
        [
            create("Stock", STOCK, save="s"),
            *(put("/classes/Stock/{s}", body, name=name) for name, body in GOOD.items()),
            get("/classes/Stock/{s}"),
            get("/schemas/Stock", who="master"),
        ],
    ),
    Scenario(
        "update operations that are refused",
        [
            create("Count", {**STOCK, "o": {"t": "text"}}, save="c"),
            *(put("/classes/Count/{c}", body, name=name) for name, body in BAD.items()),
            get("/classes/Count/{c}", query={"excludeKeys": "o"}),
        ],
    ),
    Scenario(
        "operations in a creation that are refused",
        [
            create("Tally", {"n": 1, "tags": [], "s": "text"}),
            create("Tally", {"n": op("Increment", amount="5")}, name="increment by text"),
            create("Tally", {"tags": op("Add", objects="x")}, name="add a text"),
            create("Tally", {"tags": op("AddUnique", objects=None)}, name="add unique null"),
            create("Tally", {"tags": op("Remove", objects=1)}, name="remove a number"),
            create("Tally", {"s": op("Increment", amount=1)}, name="increment a text column"),
            create("Tally", {"n": op("Multiply", amount=1)}, name="unknown op"),
            create("Tally", {"n": op("SetOnInsert", amount=2)}, name="set on insert"),
            create("Tally", {"o.k": 1}, name="dotted key"),
            find("Tally", {"n": 1}, name="what came of it"),
            find("Tally", {"o.k": 1}, name="what came of the dotted key"),
        ],
    ),
    Scenario(
        "updates by way of several clients",
        [
            create("Meter", {"n": 0}, save="m"),
            *(
                put("/classes/Meter/{m}", {"n": op("Increment", amount=amount)})
                for amount in (1, 2, 4, 1e3, 0.5)
            ),
            put("/classes/Meter/{m}", {"n": None}, name="set to null"),
            put("/classes/Meter/{m}", {"n": op("Increment", amount=1)}, name="increment a null"),
            put("/classes/Meter/{m}", {"n": op("Delete")}, name="unset"),
            put(
                "/classes/Meter/{m}", {"n": op("Increment", amount=7)}, name="increment when unset"
            ),
            get("/classes/Meter/{m}"),
        ],
    ),
]
