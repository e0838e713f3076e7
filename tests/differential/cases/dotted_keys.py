"""Dotted keys in updates: into arrays, objects and columns that are neither, by every operation."""

from typing import Any

from tests.differential.scenario import (
    Scenario,
    Step,
    create,
    date,
    find,
    get,
    op,
    pointer,
    post,
    put,
)

LINE = {"qty": 1, "tags": ["a"], "deep": {"x": 1}}
START: dict[str, Any] = {
    "lines": [LINE, {"qty": 5}],
    "nums": [1, 2],
    "box": {"a": 1, "l": [{"q": 1}, {"q": 2}], "deep": {"l": [1, 2], "x": 1}, "0": 1},
    "n": 1,
    "s": "text",
    "g": {"__type": "GeoPoint", "latitude": 1, "longitude": 2},
    "d": date("2020-01-02T00:00:00.000Z"),
    "p": pointer("Score", "A"),
    "yes": True,
}
PATHS = (
    "lines.0.qty",
    "lines.1.qty",
    "lines.3.qty",
    "lines.0",
    "lines.0.tags",
    "lines.0.tags.0",
    "lines.0.deep.x",
    "lines.qty",
    "lines.00",
    "nums.0",
    "nums.3",
    "nums.x",
    "box.a",
    "box.0",
    "box.l",
    "box.l.0",
    "box.l.0.q",
    "box.deep.l.1",
    "box.deep.l",
    "box.deep.x",
    "box.new.0.x",
    "n.x",
    "s.0",
    "g.0",
    "d.iso",
    "p.objectId",
    "yes.x",
    "fresh.x",
)
"""Every kind of path, into every type of column."""

CHANGES: dict[str, Any] = {
    "Increment": op("Increment", amount=2),
    "Add": op("Add", objects=["b"]),
    "AddUnique": op("AddUnique", objects=["b", "c"]),
    "Remove": op("Remove", objects=["b"]),
    "a number": 7,
    "an object": {"q": 1, "l": [1]},
    "an array": [1, {"x": 2}],
    "a date": date("2021-01-02T00:00:00.000Z"),
    "a pointer": pointer("Score", "A"),
    "null": None,
    "Delete": op("Delete"),
}


def changed(path: str) -> Scenario:
    """A3: every operation at one path, each on an object of its own."""
    class_name = "At" + "".join(part.title() for part in path.split("."))
    steps: list[Step] = []
    for name, change in CHANGES.items():
        steps += [
            create(class_name, START, save="o", name=f"for {name}"),
            put(f"/classes/{class_name}/{{o}}", {path: change}, name=name),
            get(f"/classes/{class_name}/{{o}}", name=f"after {name}"),
        ]
    two = {path: CHANGES["Increment"], "n": op("Increment"), "nums": op("Add", objects=[3])}
    steps += [
        create(class_name, START, save="o", name="for several"),
        put(f"/classes/{class_name}/{{o}}", two, name="several operations"),
        find(class_name, keys="fresh,n", name="in the end"),
    ]
    return Scenario(f"A3 a dotted key to {path}", steps, configuration="values")


WALKED = {
    "lines.0.qty": ("Increment", "a number", "Delete"),
    "lines.0": ("a number", "an object", "Delete"),
    "lines.0.tags": ("Add", "AddUnique", "Remove", "Delete"),
    "lines.3.qty": ("Increment", "Add"),
    "nums.1": ("Increment", "a number", "Delete"),
    "box.a": ("Increment", "a number", "Delete"),
    "box.l.0.q": ("Increment", "Delete"),
    "box.new.x": ("Increment", "Add"),
}
"""Changes that fit what lies at a path."""


def walked() -> list[Step]:
    """What a hook sees of an object whose inside is changed."""
    steps: list[Step] = []
    for path, names in WALKED.items():
        for name in names:
            steps += [
                create("Walked", START, save="o", name=f"for {name} at {path}"),
                put("/classes/Walked/{o}", {path: CHANGES[name]}, name=f"{name} at {path}"),
                post("/functions/seen", {}, name=f"seen by {name} at {path}"),
                get("/classes/Walked/{o}", name=f"after {name} at {path}"),
            ]
    return steps


SCENARIOS = [
    *map(changed, PATHS),
    Scenario("A3 what a hook sees of a dotted key", walked(), configuration="values"),
]
