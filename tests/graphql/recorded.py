"""What Parse Server's own parts make of values, literals, configurations, words and ids.

The answers are recorded in `recorded.json`; `PARSEPY_REFERENCE` asks again, as for
tests/differential.
"""

import json
import subprocess
from functools import lru_cache
from pathlib import Path
from typing import Any

from parsepy.model.values import JSONObject
from tests.differential.reference import MODE
from tests.peer import installed

FOLDER = Path(__file__).parent
RECORDED = FOLDER / "recorded.json"

VALUES: list[Any] = [
    *("", "text", "2024-05-01", "2024-05-01T10:00:00Z", "2024", "1 May 2024 10:00 GMT+2", "nope"),
    *(0, 1, -1, 1.5, 1e21, 1e-7, 9007199254740992, 123456.75, True, False),
    *([], [1, None, "a", [2, [3]]], [{}], {}, {"a": 1}, {"__type": "Date"}),
    {"__type": "Date", "iso": "2024-01-01T00:00:00+02:00"},
    {"__type": "Date", "iso": "never"},
    {"__type": "Date", "iso": 5},
    {"__type": "Date", "iso": ""},
    {"__type": "Bytes", "base64": "aGVsbG8="},
    {"__type": "Bytes", "base64": 1},
    {"__type": "Bytes", "base64": "eA==", "more": 1},
    {"__type": "File", "name": "a.txt"},
    {"__type": "File", "name": "a.txt", "url": "http://shop.test/a.txt"},
    {"__type": "File", "name": "a.txt", "url": None},
    {"__type": "File", "name": "a.txt", "url": 5},
    {"__type": "File"},
    {"__type": "Pointer", "className": "Product", "objectId": "x"},
]
LITERALS = [
    *("1", "-5", "1.5", "1e3", "2.0", "9007199254740993", "123456789012345678901234567890"),
    *('"text"', '""', '"2024-05-01"', '"never"', '"""block"""', "true", "false", "RED"),
    *("[]", "[1, [2, null], $x, {a: 1}]", "{}", "{a: 1, b: {c: [true, RED]}, d: null, e: $x}"),
    '{__type: "Date", iso: "2024-01-01T00:00:00.5Z"}',
    '{__type: "Date", iso: "never"}',
    '{__type: "Date", iso: 2024}',
    '{__type: Date, iso: "2024-01-01"}',
    '{__type: "Date"}',
    '{__type: "Bytes", base64: "eA=="}',
    '{__type: "Bytes", base64: 12}',
    '{__type: "Bytes", base64: [1]}',
    '{__type: "File", name: "a.txt"}',
    '{__type: "File", name: "a.txt", url: "http://shop.test/a.txt"}',
    '{__type: "File", name: "a.txt", url: null}',
    '{__type: "File", name: null}',
    '{__type: "Other", name: "a.txt"}',
    '{__type: "File", name: 5, other: 1}',
    "{iso: 1, __type: $x}",
]


def _one(**parts: Any) -> JSONObject:
    return {"classConfigs": [{"className": "Product", **parts}]}


def _type(**parts: Any) -> JSONObject:
    return _one(type=parts)


CONFIGS: list[Any] = [
    {},
    {"nope": 1, "more": 2},
    {"enabledForClasses": ["Product"], "disabledForClasses": []},
    {"enabledForClasses": None, "disabledForClasses": None, "classConfigs": None},
    {"enabledForClasses": "Product", "disabledForClasses": [1], "classConfigs": {}},
    {"enabledForClasses": [" "]},
    {"classConfigs": []},
    {"classConfigs": ["Product", {"className": ""}, {"className": 5}, {}]},
    {"classConfigs": [{"className": [1, "a"], "x": 1}, {"className": {}}, [], {"type": 1}]},
    {"classConfigs": [{"className": None, "type": {}}, {"className": True}]},
    _one(nope=1, other=2),
    _one(type=None, query=None, mutation=None),
    _one(type=[], query=5, mutation="x"),
    _one(query=5, mutation="x"),
    _one(mutation=[]),
    _type(nope=1),
    _type(outputFields="x", constraintFields=5),
    _type(constraintFields=[5], sortFields=5),
    _type(outputFields=[], constraintFields=["name"], sortFields=[], inputFields={}),
    _type(sortFields="name"),
    _type(sortFields=["name"]),
    _type(sortFields=[{"field": "name", "asc": True, "desc": False}, {"field": "x", "no": 1}]),
    _type(sortFields=[{"asc": True, "desc": False}]),
    _type(sortFields=[{"field": "name", "asc": True}]),
    _type(sortFields=[{"field": "name", "asc": 1, "desc": None}]),
    _type(inputFields=[]),
    _type(inputFields={"nope": 1}),
    _type(inputFields={"create": "x", "update": "x"}),
    _type(inputFields={"create": [""]}),
    _type(inputFields={"create": ["name"], "update": None}),
    {"classConfigs": [{"className": "_User", "type": {"inputFields": {"create": ["username"]}}}]},
    {"classConfigs": [{"className": "_User", "type": {"inputFields": {"create": [5]}}}]},
    {
        "classConfigs": [
            {
                "className": "_User",
                "type": {"inputFields": {"create": ["username", "password", "email"]}},
            }
        ]
    },
    _one(query={"nope": 1, "get": True}),
    _one(query={"find": "yes"}),
    _one(query={"get": 1, "find": False}),
    _one(query={"getAlias": 1}),
    _one(query={"findAlias": ["x"], "getAlias": None}),
    _one(query={"get": False, "find": True, "getAlias": "one", "findAlias": "many"}),
    _one(mutation={"nope": 1}),
    _one(mutation={"create": 1, "update": 2}),
    _one(mutation={"update": "x"}),
    _one(mutation={"destroy": 0}),
    _one(mutation={"createAlias": 0, "updateAlias": 0}),
    _one(mutation={"updateAlias": 0}),
    _one(mutation={"destroyAlias": {}}),
    _one(mutation={"create": False, "createAlias": "make"}),
]
WORDS = [
    *("product", "sKU", "sheep", "news", "series", "child", "children", "person"),
    *("people", "status", "bus", "axis", "data", "datum", "box", "quiz", "wolf", "hero"),
    *("analysis", "money", "category", "order2", "address", "company", "day", "photo"),
    *("potato", "leaf", "knife", "goose", "mouse", "louse", "die", "fish", "deer"),
    *("equipment", "information", "rice", "species", "means", "criterion", "index"),
    *("matrix", "cheese", "house", "tooth", "foot", "man", "woman", "human", "german"),
    *("ox", "shop_item", "zebra__x", "user", "role", "session", "installation", "iD"),
    *("uRL", "aPI", "discountCode", "flashSale", "cart", "variant", "stock", "media"),
    *("thesis", "octopus", "virus"),
]
IDS = [
    *("", "x", "xWMyZ4YEGZ", "UHJvZHVjdDp4", "UHJvZHVjdDo=", "Og==", "OmE=", "YTpiOmM=", "YTpiO"),
    *("====", "YQ==", "YWI=", "Y=Ri", "4pyTOng=", "a-b_", "YTpi\n", "UHJvZHVjdDp4WU1"),
]


@lru_cache(1)
def answers() -> dict[str, Any]:
    """The reference's answers to all of the above, in the same order."""
    asked = {
        "values": VALUES,
        "literals": LITERALS,
        "configs": CONFIGS,
        "words": WORDS,
        "ids": IDS,
    }
    recorded = json.loads(RECORDED.read_text(encoding="utf-8")) if RECORDED.exists() else {}
    if MODE != "recorded":
        living = _ask(asked)
        if MODE == "living":
            assert recorded["answers"] == living, "run `make record`"
        else:
            recorded = {"asked": asked, "answers": living}
            RECORDED.write_text(_in_lines(recorded), encoding="utf-8")
    assert recorded.get("asked") == asked, "the cases have changed: run `make record`"
    found: dict[str, Any] = recorded["answers"]
    return found


def _in_lines(value: Any, depth: int = 3) -> str:
    """JSON with a line for each answer."""
    if depth and isinstance(value, dict):
        parts = (f"{json.dumps(key)}:{_in_lines(item, depth - 1)}" for key, item in value.items())
        return "{" + ",\n".join(parts) + "}\n"
    if depth and isinstance(value, list):
        return "[" + ",\n".join(json.dumps(item, ensure_ascii=False) for item in value) + "]\n"
    return json.dumps(value, ensure_ascii=False)


def _ask(asked: dict[str, Any]) -> dict[str, Any]:
    command = ["node", str(FOLDER / "ask.js"), str(installed())]
    text = json.dumps(asked)
    run = subprocess.run(
        command, input=text, capture_output=True, text=True, timeout=120, check=True
    )
    found: dict[str, Any] = json.loads(run.stdout)
    return found
