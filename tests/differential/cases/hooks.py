"""Webhooks: their declaration, what they are sent, and what their replies come to."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.differential.scenario import (
    Scenario,
    Step,
    create,
    date,
    delete,
    find,
    get,
    op,
    pointer,
    post,
    put,
    sign_up,
)
from tests.receiver import echoing, remembered, replying

FUNCTIONS, TRIGGERS = "/hooks/functions", "/hooks/triggers"
NOWHERE = "http://hooks.shop.test/x"


OF_OBJECTS = (
    "beforeSave",
    "afterSave",
    "beforeDelete",
    "afterDelete",
    "beforeFind",
    "afterFind",
)
OF_ACCOUNTS = (
    ("beforeLogin", "_User"),
    ("afterLogin", "_User"),
    ("afterLogout", "_Session"),
    ("beforePasswordResetRequest", "_User"),
    ("beforeSave", "_Role"),
)


def function(called: str, path: str, /, **more: Any) -> Step:
    """Declare a function that the receiver answers for at `path`."""
    body = {"functionName": called, "url": "{receiver}" + path}
    return post(FUNCTIONS, body, who="master", **more)


def trigger(kind: str, class_name: str, path: str, /, **more: Any) -> Step:
    """Declare a trigger that the receiver answers for at `path`."""
    body = {"className": class_name, "triggerName": kind, "url": "{receiver}" + path}
    return post(TRIGGERS, body, who="master", **more)


def called(function: str, body: Any = None, /, **more: Any) -> Step:
    """Call a function."""
    return post(f"/functions/{function}", {} if body is None else body, **more)


def declarations(path: str, bodies: Mapping[str, Any]) -> list[Step]:
    """Declare each of these."""
    return [post(path, body, who="master", name=name) for name, body in bodies.items()]


MANAGING = [
    get(FUNCTIONS, who="master"),
    get(TRIGGERS, who="master"),
    *declarations(
        FUNCTIONS,
        {
            "a function": {"functionName": "price", "url": NOWHERE},
            "a function again": {"functionName": "price", "url": NOWHERE},
            "a function without a URL": {"functionName": "other"},
            "a function with an empty URL": {"functionName": "other", "url": ""},
            "a URL alone": {"url": NOWHERE},
            "a function without a name": {"functionName": "", "url": NOWHERE},
            "a function with more": {"functionName": "more", "url": NOWHERE, "extra": 1},
            "a function with a dot": {"functionName": "cart.total", "url": NOWHERE},
            "a function with a blank": {"functionName": "cart total", "url": NOWHERE},
            "a trigger at the functions' route": {
                "className": "ManagedByFunctions",
                "triggerName": "beforeSave",
                "url": NOWHERE,
            },
            "both at once": {
                "functionName": "both",
                "className": "Managed",
                "triggerName": "beforeSave",
                "url": NOWHERE,
            },
            "an empty body": {},
            "a function whose name is a number": {"functionName": 5, "url": NOWHERE},
            "a URL that is a number": {"functionName": "number", "url": 5},
            "a URL that is none": {"functionName": "nonsense", "url": "nonsense"},
        },
    ),
    *declarations(
        TRIGGERS,
        {
            kind: {"className": "Managed", "triggerName": kind, "url": NOWHERE}
            for kind in (*OF_OBJECTS, "beforeSubscribe", "afterEvent", "nonsense")
        },
    ),
    *declarations(
        TRIGGERS,
        {
            f"{kind} of {name}": {"className": name, "triggerName": kind, "url": NOWHERE}
            for kind, name in (
                ("beforeSave", "Managed"),
                *OF_ACCOUNTS,
                ("beforeSave", "@File"),
                ("beforeConnect", "@Connect"),
                ("beforeSave", "_Session"),
                ("beforeLogin", "Managed"),
                ("afterLogout", "_User"),
                ("beforeSave", "_PushStatus"),
                ("beforeSave", "@Config"),
            )
        },
    ),
    *declarations(
        TRIGGERS,
        {
            "a trigger without a class": {"triggerName": "beforeSave", "url": NOWHERE},
            "a trigger without a kind": {"className": "Managed", "url": NOWHERE},
            "a trigger without a URL": {"className": "NoUrl", "triggerName": "beforeSave"},
        },
    ),
    get(f"{FUNCTIONS}/price", who="master"),
    get(f"{FUNCTIONS}/cart.total", who="master"),
    get(f"{FUNCTIONS}/cart%20total", who="master"),
    get(f"{FUNCTIONS}/missing", who="master"),
    get(f"{TRIGGERS}/Managed/beforeSave", who="master"),
    get(f"{TRIGGERS}/Managed/missing", who="master"),
    get(f"{TRIGGERS}/Missing/beforeSave", who="master"),
    put(f"{FUNCTIONS}/price", {"url": f"{NOWHERE}/2"}, who="master"),
    get(f"{FUNCTIONS}/price", who="master", name="a changed function"),
    put(f"{FUNCTIONS}/price", {}, who="master", name="a change without a URL"),
    put(f"{FUNCTIONS}/price", {"url": NOWHERE, "functionName": "x"}, who="master", name="no name"),
    put(f"{FUNCTIONS}/missing", {"url": NOWHERE}, who="master"),
    put(f"{TRIGGERS}/Managed/beforeSave", {"url": f"{NOWHERE}/2"}, who="master"),
    put(f"{TRIGGERS}/Managed/beforeSave", {}, who="master", name="a trigger's without a URL"),
    put(f"{TRIGGERS}/Missing/beforeSave", {"url": NOWHERE}, who="master"),
    put(f"{FUNCTIONS}/price", op("Delete"), who="master", name="delete a function"),
    put(f"{FUNCTIONS}/price", op("Delete"), who="master", name="delete it again"),
    get(f"{FUNCTIONS}/price", who="master", name="a deleted function"),
    put(f"{TRIGGERS}/Managed/beforeSave", op("Delete"), who="master", name="delete a trigger"),
    get(f"{TRIGGERS}/Managed/beforeSave", who="master", name="a deleted trigger"),
    called("price", name="call a deleted function"),
    delete(f"{FUNCTIONS}/cart.total", who="master"),
    *(
        put(f"{TRIGGERS}/{name}/{kind}", op("Delete"), who="master", name=f"no {kind} of {name}")
        for kind, name in OF_ACCOUNTS
    ),
    *(
        Step(method, path, {} if method != "GET" else {"url": NOWHERE}, who=who)
        for who in (None, "readonly")
        for method, path in (
            ("GET", FUNCTIONS),
            ("GET", TRIGGERS),
            ("POST", FUNCTIONS),
            ("POST", TRIGGERS),
            ("PUT", f"{FUNCTIONS}/more"),
            ("PUT", f"{TRIGGERS}/Managed/afterSave"),
            ("GET", f"{FUNCTIONS}/more"),
        )
    ),
]

REPLIES: Mapping[str, tuple[Any, int]] = {
    "a number": ({"success": 5}, 200),
    "a text": ({"success": "yes"}, 200),
    "null": ({"success": None}, 200),
    "false": ({"success": False}, 200),
    "an array": ({"success": [1, "a", None]}, 200),
    "a date": ({"success": date("2026-01-02T03:04:05.678Z")}, 200),
    "a pointer": ({"success": pointer("Product", "abc")}, 200),
    "an object": ({"success": {"__type": "Object", "className": "Product", "price": 1}}, 200),
    "nothing at all": ("", 200),
    "an empty object": ({}, 200),
    "status 201": ({"success": 1}, 201),
    "an error": ({"error": "sold out"}, 200),
    "an error beside a success": ({"error": "sold out", "success": 1}, 200),
    "a null error": ({"error": None, "success": 1}, 200),
    "an empty error": ({"error": "", "success": 1}, 200),
    "an error with a message": ({"error": {"message": "sold out"}}, 200),
    "an error with code and message": ({"error": {"code": 4711, "message": "sold out"}}, 200),
    "an error with code and error": ({"error": {"code": 4711, "error": "sold out"}}, 200),
    "an error that is a number": ({"error": 5}, 200),
    "no JSON": ("sold out", 200),
    "a bare array": ([1], 200),
    "a bare number": ("5", 200),
    "status 400": ({"error": "sold out"}, 400),
    "status 404": ("not there", 404),
    "status 500": ({"success": 1}, 500),
    "a redirect": ("http://127.0.0.1:9/", 307),
}
PARAMS = {
    "amount": 2,
    "half": 0.5,
    "note": "näh",
    "until": date("2026-01-02T03:04:05.678Z"),
    "dates": [date("2026-01-02T03:04:05.678Z")],
    "at": {"__type": "GeoPoint", "latitude": 1, "longitude": 2},
    "bytes": {"__type": "Bytes", "base64": "aGk="},
    "file": {"__type": "File", "name": "a.txt", "url": "http://shop.test/a.txt"},
    "nested": {"a": [None, True, {"b": 1}]},
}


def answered(name: str, number: int) -> Sequence[Step]:
    """Declare and call a function that answers the reply of that name."""
    reply, status = REPLIES[name]
    return (
        function(f"reply{number}", replying(reply, status=status), name=f"declare {name}"),
        called(f"reply{number}", name=name),
    )


CALLS = [
    *(step for number, name in enumerate(REPLIES) for step in answered(name, number)),
    post(FUNCTIONS, {"functionName": "gone", "url": "http://127.0.0.1:9/"}, who="master"),
    called("gone", name="a webhook that nobody answers for"),
    function("told", echoing()),
    called("told", PARAMS, name="parameters"),
    called("told", {"item": pointer("Product", "abc")}, name="a pointer among the parameters"),
    post("/functions/told?count=3", {"amount": 2}, name="parameters in the query"),
    called("told", who="master", name="with the master key"),
    called("told", who="readonly", name="with the read-only key"),
    called("told", who="maintenance", name="with the maintenance key"),
    called("told", headers={"X-Parse-Installation-Id": "phone"}, name="an installation"),
    called("told", headers={"X-Parse-Cloud-Context": '{"a":1}'}, name="a context"),
    sign_up("caller", "hook-caller", email="hooks@shop.test", phone="1"),
    called("told", {"amount": 2}, who="caller", name="a user"),
    post(
        "/batch",
        {"requests": [{"method": "POST", "path": "/parse/functions/told", "body": {"a": 1}}]},
        name="in a batch",
    ),
]


def last(name: str) -> Step:
    """Ask for what the receiver was last sent at a path of that name."""
    return called(f"last-{name}", name=f"what {name} was sent")


def watched(kind: str, class_name: str, reply: Any = None) -> Sequence[Step]:
    """Declare a trigger, and a function that tells what it was sent."""
    name = f"{kind}-{class_name}"
    return (
        trigger(kind, class_name, replying({} if reply is None else reply, name=name)),
        function(f"last-{name}", remembered(name)),
    )


VALUES = {
    "name": "cup",
    "price": 5,
    "tags": ["a"],
    "size": {"high": 1},
    "made": date("2026-01-02T03:04:05.678Z"),
    "maker": pointer("HookMaker", "abc"),
    "old": True,
}
CHANGES = {
    "price": op("Increment", amount=2),
    "tags": op("Add", objects=["b"]),
    "old": op("Delete"),
    "size.wide": 2,
    "name": "mug",
}
SENT = [
    *(step for kind in OF_OBJECTS for step in watched(kind, "HookCup")),
    sign_up("owner", "hook-owner"),
    create("HookCup", VALUES, save="cup", who="owner"),
    last("beforeSave-HookCup"),
    last("afterSave-HookCup"),
    put("/classes/HookCup/{cup}", CHANGES, who="owner"),
    last("beforeSave-HookCup"),
    last("afterSave-HookCup"),
    put("/classes/HookCup/{cup}", {"ACL": {"*": {"read": True}}}, who="master"),
    last("beforeSave-HookCup"),
    put("/classes/HookCup/{cup}", {"price": 8}, who="maintenance", name="a change of maintenance"),
    last("beforeSave-HookCup"),
    get("/classes/HookCup/{cup}"),
    last("beforeFind-HookCup"),
    last("afterFind-HookCup"),
    find("HookCup", {"price": {"$gt": 1}}, limit=5, order="-price", keys="name,price", who="owner"),
    last("beforeFind-HookCup"),
    last("afterFind-HookCup"),
    find("HookCup", {"price": 4711}, count=1, limit=0),
    last("beforeFind-HookCup"),
    find("HookCup", {"name": "mug"}),
    last("beforeFind-HookCup"),
    delete("/classes/HookCup/{cup}", who="owner", name="a deletion that is refused"),
    delete("/classes/HookCup/{cup}", who="master", headers={"X-Parse-Cloud-Context": '{"a":1}'}),
    last("beforeDelete-HookCup"),
    last("afterDelete-HookCup"),
    delete("/classes/HookCup/{cup}", who="master", name="a deletion of what is gone"),
]

PHOTO = {"__type": "File", "name": "cup.png", "url": "http://files.shop.test/cup.png"}
FILES = [
    *(step for kind in ("beforeSave", "afterSave") for step in watched(kind, "HookPhoto")),
    create("HookPhoto", {"photo": PHOTO}, save="photo", who="master"),
    called("last-beforeSave-HookPhoto", name="what beforeSave is told of a create"),
    called("last-afterSave-HookPhoto", name="what afterSave is told of a create"),
    put("/classes/HookPhoto/{photo}", {"photo": PHOTO}, who="master"),
    called("last-beforeSave-HookPhoto", name="what beforeSave is told of an update"),
    called("last-afterSave-HookPhoto", name="what afterSave is told of an update"),
    get("/classes/HookPhoto/{photo}", who="master"),
]

ACCOUNTS = [
    *(
        step
        for kind, name in (
            ("beforeLogin", "_User"),
            ("afterLogin", "_User"),
            ("afterLogout", "_Session"),
        )
        for step in watched(kind, name)
    ),
    sign_up("member", "hook-member", email="member@shop.test"),
    get("/login", query={"username": "hook-member", "password": "pass-word"}),
    last("beforeLogin-_User"),
    last("afterLogin-_User"),
    post("/logout", {}, who="member"),
    last("afterLogout-_Session"),
    put(
        f"{TRIGGERS}/_User/beforeLogin",
        {"url": "{receiver}" + replying({"error": "closed today"})},
        who="master",
    ),
    get("/login", query={"username": "hook-member", "password": "pass-word"}, name="refused"),
    put(f"{TRIGGERS}/_User/beforeLogin", op("Delete"), who="master"),
    put(f"{TRIGGERS}/_User/afterLogin", op("Delete"), who="master"),
    put(f"{TRIGGERS}/_Session/afterLogout", op("Delete"), who="master"),
]


def replied(kind: str, number: int, reply: Any) -> Sequence[Step]:
    """Declare a trigger of a class of its own with a reply."""
    return (trigger(kind, f"Hook{kind}{number}", replying({"success": reply})),)


REPLACEMENTS: Sequence[Any] = (
    {"name": "replaced"},
    {"name": "replaced", "price": 9, "createdAt": "x", "updatedAt": "x", "className": "x"},
    {},
    None,
    {"price": op("Increment", amount=3)},
)
REPLACED = [
    step
    for number, reply in enumerate(REPLACEMENTS)
    for step in (
        *replied("beforeSave", number, reply),
        create(f"HookbeforeSave{number}", {"name": "cup", "price": 5}, save=f"made{number}"),
        get(f"/classes/HookbeforeSave{number}/{{made{number}}}"),
    )
]
AFTERWARDS: Sequence[Any] = ({"thanks": 1}, None, [1], "text", 5, True)
TOLD = [
    step
    for number, reply in enumerate(AFTERWARDS)
    for step in (
        *replied("afterSave", number, reply),
        create(f"HookafterSave{number}", {"name": "cup"}),
    )
]
REFUSED = [
    step
    for kind in ("beforeSave", "afterSave", "beforeDelete", "afterDelete", "beforeFind")
    for step in (
        create(f"HookRefuse{kind}", {"name": "cup"}, save=f"kept{kind}"),
        trigger(kind, f"HookRefuse{kind}", replying({"error": f"no {kind}"})),
        put(f"/classes/HookRefuse{kind}/{{kept{kind}}}", {"name": "mug"}),
        get(f"/classes/HookRefuse{kind}/{{kept{kind}}}"),
        delete(f"/classes/HookRefuse{kind}/{{kept{kind}}}"),
        find(f"HookRefuse{kind}"),
    )
]
NONE_FOUND = [
    create("HookHidden", {"name": "cup"}),
    trigger("beforeFind", "HookHidden", replying({"success": []})),
    find("HookHidden"),
]

SCENARIOS = [
    Scenario("webhooks declared", MANAGING, "hooks"),
    Scenario("functions behind a URL", CALLS, "hooks"),
    Scenario("what webhooks are sent of objects", SENT, "hooks"),
    Scenario("webhooks and a file with an address of its own", FILES, "hooks"),
    Scenario("webhooks of accounts", ACCOUNTS, "hooks"),
    Scenario("webhooks replace what is saved", REPLACED, "hooks"),
    Scenario("webhooks answer a save", TOLD, "hooks"),
    Scenario("webhooks refuse", REFUSED, "hooks"),
    Scenario("a webhook finds nothing", NONE_FOUND, "hooks"),
]
