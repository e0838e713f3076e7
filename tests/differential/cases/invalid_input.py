"""Input that is wrong: names, keys, depths, characters, words that are denied."""

from typing import Any

from tests.differential.scenario import (
    Scenario,
    Step,
    create,
    delete,
    find,
    get,
    op,
    pointer,
    post,
    put,
)


def nested(depth: int) -> Any:
    """Make an object within objects, `depth` deep."""
    value: Any = 1
    for _ in range(depth):
        value = {"a": value}
    return value


def listed(depth: int) -> Any:
    """Make an array within arrays, `depth` deep."""
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def either(depth: int) -> Any:
    """Make a where with $or within $or, `depth` deep."""
    value: Any = {"n": 1}
    for _ in range(depth):
        value = {"$or": [value]}
    return value


FIELDS: dict[str, Any] = {
    "a dash": {"a-b": 1},
    "a blank": {"a b": 1},
    "a leading digit": {"1a": 1},
    "a leading underscore": {"_a": 1},
    "a leading dollar": {"$a": 1},
    "a dollar": {"a$b": 1},
    "nothing": {"": 1},
    "an umlaut": {"ä": 1},
    "NUL": {"a\u0000b": 1},
    "length": {"length": 1},
    "_id": {"_id": "x"},
    "_rperm": {"_rperm": ["*"]},
    "_wperm": {"_wperm": ["*"]},
    "_acl": {"_acl": {}},
    "_created_at": {"_created_at": "x"},
    "_hashed_password": {"_hashed_password": "x"},
    "_session_token": {"_session_token": "x"},
    "_p_a": {"_p_a": "x"},
    "__proto__": {"__proto__": {"x": 1}},
    "constructor": {"constructor": 1},
    "prototype": {"prototype": 1},
    "toString": {"toString": 1},
    "hasOwnProperty": {"hasOwnProperty": 1},
    "valueOf": {"valueOf": 1},
    "a very long name": {"x" * 200: 1},
}
NESTED: dict[str, Any] = {
    "a dollar key": {"o": {"$a": 1}},
    "a dollar inside a key": {"o": {"a$b": 1}},
    "a dotted key": {"o": {"a.b": 1}},
    "a deep dollar key": {"o": {"x": {"y": {"$set": 1}}}},
    "a dollar key in an array": {"l": [{"$a": 1}]},
    "a dollar key in an array in an array": {"l": [[{"a.b": 1}]]},
    "an empty key": {"o": {"": 1}},
    "an underscore key": {"o": {"_a": 1}},
    "_id": {"o": {"_id": "x"}},
    "NUL in a key": {"o": {"a\u0000b": 1}},
    "_bsontype": {"o": {"_bsontype": "Code", "code": "1"}},
    "_bsontype of another kind": {"o": {"_bsontype": "ObjectID"}},
    "_bsontype in an array": {"l": [{"_bsontype": "Code"}]},
    "constructor": {"o": {"constructor": 1}},
    "deep constructor": {"o": {"a": {"b": [{"constructor": {"x": 1}}]}}},
    "constructor after another value": {"o": {"first": {"x": 1}, "second": {"constructor": 1}}},
    "__proto__": {"o": {"__proto__": {"x": 1}}},
    "__op": {"o": {"a": {"__op": "Delete"}}},
    "__op Increment": {"o": {"a": {"__op": "Increment", "amount": 1}}},
    "$ne": {"o": {"$ne": 1}},
    "depth 20": {"o": nested(20)},
    "depth 90": {"o": nested(90)},
    "an array of depth 50": {"l": listed(50)},
    "NUL in a value": {"s": "a\u0000b"},
    "a lone surrogate": {"s": "\ud800"},
    "control characters": {"s": "\u0001\u007f\u2028"},
    "a long text": {"s": "x" * 5000},
    "a million": {"n": 1000000},
    "a large exponent": {"n": 1e300},
}
CLASSES = {
    "a dash": "a-b",
    "a blank": "a%20b",
    "a leading digit": "1a",
    "an underscore": "_Mine",
    "a dot": "a.b",
    "length": "length",
    "umlaut": "%C3%A4",
    "a join": "_Join:a:B",
    "_SCHEMA": "_SCHEMA",
    "NUL": "a%00b",
    "system.users": "system.users",
    "constructor": "constructor",
    "toString": "toString",
}


def on_class(name: str, path: str) -> list[Step]:
    """Try the object routes of a class with a bad name."""
    return [
        get(f"/classes/{path}", name=f"{name}, find"),
        post(f"/classes/{path}", {"n": 1}, name=f"{name}, create"),
        get(f"/classes/{path}/aaaaaaaaaa", name=f"{name}, get"),
        put(f"/classes/{path}/aaaaaaaaaa", {"n": 1}, name=f"{name}, update"),
        delete(f"/classes/{path}/aaaaaaaaaa", name=f"{name}, delete"),
    ]


SCENARIOS = [
    Scenario(
        "bad field names",
        [
            create("Wrong", {"n": 1}, save="w"),
            *(create("Wrong", body, name=name) for name, body in FIELDS.items()),
            *(
                put("/classes/Wrong/{w}", body, name=f"{name}, update")
                for name, body in FIELDS.items()
            ),
            get("/classes/Wrong/{w}", query={"keys": "n,prototype,length"}, name="what came of it"),
        ],
    ),
    Scenario(
        "bad values inside",
        [
            create("Inner", {"o": {"a": 1}, "l": [], "s": "", "n": 1}, save="i"),
            *(create("Inner", body, name=name) for name, body in NESTED.items()),
            *(
                put("/classes/Inner/{i}", body, name=f"{name}, update")
                for name, body in NESTED.items()
            ),
            get("/classes/Inner/{i}", name="what came of it"),
        ],
    ),
    Scenario(
        "bad class names",
        [
            *(step for name, path in CLASSES.items() for step in on_class(name, path)),
            post("/classes/a$b", {"n": 1}, name="a dollar, create"),
            put("/classes/a$b/aaaaaaaaaa", {"n": 1}, name="a dollar, update"),
        ],
        configuration="detailed",
    ),
    Scenario(
        "bad queries",
        [
            create("Ask", {"n": 1, "s": "x", "o": {"a": 1}}),
            find("Ask", either(10), name="$or, 10 deep"),
            find("Ask", {"n": {"$in": list(range(200))}}, name="many values"),
            find("Ask", {"s": "a\u0000b"}, name="NUL in a value"),
            find("Ask", {"s": {"$regex": "a\u0000b"}}, name="NUL in a regex"),
            find("Ask", {"a\u0000b": 1}, name="NUL in a key"),
            find("Ask", {"o.$a": 1}, name="a dollar in a path"),
            find("Ask", {"o..a": 1}, name="two dots"),
            find("Ask", {"o.": 1}, name="a dot at the end"),
            find("Ask", {".o": 1}, name="a dot at the start"),
            find("Ask", {"constructor": 1}, name="constructor"),
            find("Ask", {"__proto__": 1}, name="__proto__"),
            find("Ask", {"o.__proto__.a": 1}, name="a path through __proto__"),
            find("Ask", {"n": {"$where": "1"}}, name="$where inside"),
            find("Ask", {"$where": "sleep(1)"}, name="$where"),
            find("Ask", {"$expr": {"$eq": [1, 1]}}, name="$expr"),
            find("Ask", {"$comment": "x"}, name="$comment"),
            find("Ask", {"n": {"$not": {"$gt": 5}}}, name="$not"),
            find("Ask", {"n": {"$type": "number"}}, name="$type"),
            find("Ask", {"o": {"$elemMatch": {"a": 1}}}, name="$elemMatch"),
            find("Ask", {"s": {"$size": 1}}, name="$size"),
            find("Ask", {"_id": "x"}, name="_id"),
            find("Ask", {"_created_at": {"$exists": True}}, name="_created_at"),
            find("Ask", {"_p_x": "x"}, name="_p_x"),
            find("Ask", {"_rperm": {"$exists": False}}, who="master", name="_rperm as master"),
            find("Ask", {"objectId": 5}, name="an id that is a number"),
            find("Ask", {"objectId": {"$in": "x"}}, name="ids that are text"),
            find("Ask", {"objectId": None}, name="an id that is null"),
            find("Ask", {"objectId": {"$regex": "^[A-Za-z0-9]+$"}}, name="ids by regex"),
            find("Ask", {"objectId": {"$exists": True}}, name="ids that exist"),
            find("Ask", {"createdAt": {"$gt": "2001-01-01T00:00:00.000Z"}}, name="date as text"),
            find("Ask", {"createdAt": 5}, name="date as number"),
            find("Ask", {"createdAt": "nonsense"}, name="date as nonsense"),
            find("Ask", {"n": {"__type": "Date", "iso": "nonsense"}}, name="unreadable date"),
            find("Ask", {"n": {"__op": "Delete"}}, name="an operation in a query"),
            find("Ask", {"n": {}}, name="an empty constraint"),
            find(
                "Ask", {"p": {"__type": "Pointer", "className": "Ask"}}, name="a pointer of no id"
            ),
            find("Ask", {"p": pointer("Not A Class", "x")}, name="a pointer to a bad class"),
            find("Ask", {"s": {"$regex": "(a+)+$"}}, name="a heavy regex"),
            find("Ask", {"s": {"$regex": "x", "$options": "ii"}}, name="options twice"),
            find("Ask", order="n,n", name="order twice"),
            find("Ask", order="-", name="order by a dash"),
            find("Ask", order="--n", name="order by two dashes"),
            find("Ask", order="o.a", name="order by a path"),
            find("Ask", order="o.$a", name="order by a path with a dollar"),
            find("Ask", order="password", name="order by password"),
            find("_User", order="authData.anonymous.id", name="order by provider id"),
            find("_User", order="_hashed_password", name="order by hash"),
            find("_User", keys="password,_hashed_password", name="keys of secrets"),
            find("Ask", keys="$n", name="keys with a dollar"),
            find("Ask", keys="a-b", name="keys with a dash"),
            find("Ask", include="a-b", name="include with a dash"),
            find("Ask", limit=9007199254740993, order="n", name="a limit beyond all"),
            find("Ask", skip=9007199254740993, order="n", name="a skip beyond all"),
            find("Ask", limit=True, order="n", name="limit true"),
            find("Ask", limit={"a": 1}, order="n", name="limit of an object"),
        ],
    ),
    Scenario(
        "updates that try to break out",
        [
            create("Cell", {"n": 1, "o": {"a": 1}}, save="c"),
            put("/classes/Cell/{c}", {"$set": {"n": 5}}, name="$set"),
            put("/classes/Cell/{c}", {"$inc": {"n": 5}}, name="$inc"),
            put("/classes/Cell/{c}", {"o.constructor": 1}, name="a path to constructor"),
            put("/classes/Cell/{c}", {"o.__proto__.x": 1}, name="a path through __proto__"),
            put("/classes/Cell/{c}", {"_rperm": ["*"]}, name="_rperm"),
            put("/classes/Cell/{c}", {"ACL.*": {"read": True}}, name="a path into the ACL"),
            put("/classes/Cell/{c}", {"createdAt.x": 1}, name="a path into a date"),
            put("/classes/Cell/{c}", {"n": op("Add", objects=[1])}, name="Add to a number"),
            put("/classes/Cell/{c}", {"o": op("Increment", amount=1)}, name="Increment an object"),
            put("/classes/Cell/nosuch", {"n": op("Increment", amount=1)}, name="an unknown id"),
            get("/classes/Cell/{c}"),
        ],
    ),
]
