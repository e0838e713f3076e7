"""Includes, keys and excluded keys, all with all, and lists of names sent name by name."""

from itertools import product
from typing import Any

from tests.differential.scenario import Scenario, create, get, pointer

INCLUDES: dict[str, dict[str, Any]] = {
    "no include": {},
    "include": {"include": "barBaz"},
    "a deep include": {"include": "barBaz.deep"},
    "include *": {"include": "*"},
    "includeAll": {"includeAll": "true"},
    "include of a list": {"include": "list"},
}
KEYS: dict[str, dict[str, Any]] = {
    "no keys": {},
    "a key": {"keys": "fizz"},
    "a pointer's key": {"keys": "barBaz"},
    "a dotted key": {"keys": "barBaz.key"},
    "a deep key": {"keys": "barBaz.deep.x"},
    "keys": {"keys": "fizz,barBaz.key"},
}
EXCLUDED: dict[str, dict[str, Any]] = {
    "none excluded": {},
    "a key excluded": {"excludeKeys": "fizz"},
    "a pointer excluded": {"excludeKeys": "barBaz"},
    "a dotted key excluded": {"excludeKeys": "barBaz.otherKey"},
    "a deep key excluded": {"excludeKeys": "barBaz.deep.x"},
}
REPEATED = (
    "keys=fizz&keys=hello",
    "keys=fizz&keys=barBaz.key",
    "excludeKeys=fizz&excludeKeys=hello",
    "include=barBaz&include=list",
    "keys=fizz,hello&keys=list",
    "keys=&keys=fizz",
    "order=hello&order=-fizz",
)

SCENARIOS = [
    Scenario(
        "A7 includes, keys and excluded keys",
        [
            create("Deep", {"x": 1, "y": 2}, save="deep"),
            create(
                "BarBaz",
                {"key": "value", "otherKey": "other", "deep": pointer("Deep", "{deep}")},
                save="bar",
            ),
            create(
                "Chosen",
                {
                    "fizz": "buzz",
                    "hello": "world",
                    "barBaz": pointer("BarBaz", "{bar}"),
                    "list": [pointer("BarBaz", "{bar}"), 5],
                    "box": {"p": pointer("BarBaz", "{bar}")},
                },
                save="c",
            ),
            *(
                get(
                    f"/classes/Chosen{path}",
                    query={**INCLUDES[include], **KEYS[keys], **EXCLUDED[excluded]},
                    name=f"{kind}: {include}, {keys}, {excluded}",
                )
                for include, keys, excluded in product(INCLUDES, KEYS, EXCLUDED)
                for kind, path in (("find", ""), ("get", "/{c}"))
                if kind == "find" or "includeAll" not in INCLUDES[include]
            ),
            *(get(f"/classes/Chosen?{names}", name=names) for names in REPEATED),
            *(
                get(f"/classes/Chosen/{{c}}?{names}", name=f"get {names}")
                for names in REPEATED
                if "order" not in names
            ),
        ],
        configuration="values",
    )
]
