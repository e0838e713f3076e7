"""Class-level permissions: every operation, each kind of holder, and what may be written there."""

from collections.abc import Sequence
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
    sign_up,
)

OPEN: dict[str, Any] = {
    name: {"*": True} for name in ("find", "count", "get", "create", "update", "delete", "addField")
}


def schema(class_name: str, permissions: Any, fields: Any = None, name: str = "") -> Step:
    """Make a class with these permissions."""
    body = {"classLevelPermissions": permissions, "fields": fields or {"n": {"type": "Number"}}}
    return post(f"/schemas/{class_name}", body, who="master", name=name)


def everything(class_name: str, item: str, who: Sequence[str | None]) -> list[Step]:
    """Try each operation on the object saved as `item`, for each of `who`."""
    path = f"/classes/{class_name}/{{{item}}}"
    steps = []
    for caller in who:
        label = caller or "nobody"
        steps += [
            find(class_name, who=caller, order="n", keys="n", name=f"find as {label}"),
            find(class_name, who=caller, count=1, limit=0, name=f"count as {label}"),
            get(path, who=caller, name=f"get as {label}"),
            find(
                class_name, {"objectId": f"{{{item}}}"}, who=caller, name=f"find by id as {label}"
            ),
            create(class_name, {"n": 5, "who": label}, who=caller, name=f"create as {label}"),
            put(path, {"n": 2}, who=caller, name=f"update as {label}"),
            put(path, {f"new{label}": 1}, who=caller, name=f"add a field as {label}"),
        ]
    steps += [delete(path, who=caller, name=f"delete as {caller or 'nobody'}") for caller in who]
    return steps


WRONG: dict[str, Any] = {
    "an unknown operation": {"peek": {"*": True}},
    "a value that is false": {"find": {"*": False}},
    "a value that is text": {"find": {"*": "yes"}},
    "a value that is an object": {"find": {"*": {}}},
    "an operation that is text": {"find": "all"},
    "an operation that is null": {"find": None},
    "a holder with a bad name": {"find": {"not a user": True}},
    "a holder that is a role": {"find": {"role:Clerks": True}},
    "a holder with a short id": {"find": {"abc": True}},
    "pointerFields of no field": {"find": {"pointerFields": ["nosuch"]}},
    "pointerFields of a number": {"find": {"pointerFields": ["n"]}},
    "pointerFields of text": {"find": {"pointerFields": "owner"}},
    "readUserFields of no field": {"readUserFields": ["nosuch"]},
    "readUserFields of a number": {"readUserFields": ["n"]},
    "readUserFields of text": {"readUserFields": "owner"},
    "protectedFields of no field": {"protectedFields": {"*": ["nosuch"]}},
    "protectedFields of a default field": {"protectedFields": {"*": ["objectId"]}},
    "protectedFields of text": {"protectedFields": {"*": "n"}},
    "protectedFields that are an array": {"protectedFields": ["n"]},
    "protectedFields for a bad name": {"protectedFields": {"not a user": ["n"]}},
    "protectedFields for a field that does not exist": {"protectedFields": {"userField:x": ["n"]}},
    "an ACL of text": {"ACL": "public"},
    "an ACL of odd flags": {"ACL": {"*": {"peek": True}}},
    "text": "open",
    "an array": [],
}

SCENARIOS = [
    Scenario(
        "a class that nobody may use",
        [
            schema("Vault", {}),
            create("Vault", {"n": 1}, save="v", who="master"),
            sign_up("vera", "clp-vera"),
            *everything("Vault", "v", (None, "vera", "master")),
        ],
        configuration="detailed",
    ),
    Scenario(
        "a class that nobody may use, with short messages",
        [
            schema("Safe", {}),
            create("Safe", {"n": 1}, save="v", who="master"),
            *everything("Safe", "v", (None,)),
            schema("Members", {"find": {"requiresAuthentication": True}}),
            find("Members"),
            create("Client", {"n": 1}),
            find("_Installation"),
        ],
    ),
    Scenario(
        "a class for those who are signed in",
        [
            schema("Club", {name: {"requiresAuthentication": True} for name in OPEN}),
            create("Club", {"n": 1}, save="c", who="master"),
            sign_up("carl", "clp-carl"),
            *everything("Club", "c", (None, "carl")),
        ],
        configuration="detailed",
    ),
    Scenario(
        "a class for one user and one role",
        [
            sign_up("ulla", "clp-ulla"),
            sign_up("rolf", "clp-rolf"),
            sign_up("otto", "clp-otto"),
            post(
                "/roles",
                {
                    "name": "Auditors",
                    "ACL": {},
                    "users": op("AddRelation", objects=[pointer("_User", "{rolf_id}")]),
                },
                who="master",
            ),
            schema(
                "Audit",
                {name: {"{ulla_id}": True, "role:Auditors": True} for name in OPEN},
            ),
            create("Audit", {"n": 1}, save="a", who="master"),
            *everything("Audit", "a", ("otto", "ulla")),
            create("Audit", {"n": 1}, save="b", who="master", name="another"),
            find("Audit", who="rolf", order="createdAt", keys="n", name="find as rolf"),
            put("/classes/Audit/{b}", {"n": 7}, who="rolf"),
            delete("/classes/Audit/{b}", who="rolf"),
        ],
        configuration="detailed",
    ),
    Scenario(
        "a class for those whom its objects name",
        [
            sign_up("pia", "clp-pia"),
            sign_up("quin", "clp-quin"),
            schema(
                "Ticket",
                {
                    **{
                        name: {"pointerFields": ["owner", "helpers"]}
                        for name in ("find", "count", "get", "update", "delete", "addField")
                    },
                    "create": {"*": True},
                },
                {
                    "n": {"type": "Number"},
                    "owner": {"type": "Pointer", "targetClass": "_User"},
                    "helpers": {"type": "Array"},
                },
            ),
            create("Ticket", {"n": 1, "owner": pointer("_User", "{pia_id}")}, save="t", who="pia"),
            create("Ticket", {"n": 2, "helpers": [pointer("_User", "{quin_id}")]}, save="u"),
            create("Ticket", {"n": 3}, save="w"),
            *everything("Ticket", "t", (None, "quin", "pia")),
            find("Ticket", {"$or": [{"n": 1}, {"n": 2}]}, who="quin", name="or"),
            find("Ticket", {"owner": pointer("_User", "{pia_id}")}, who="quin", name="owner"),
            put("/classes/Ticket/{u}", {"n": 20}, who="quin", name="a helper changes"),
            delete("/classes/Ticket/{u}", who="quin", name="a helper deletes"),
        ],
        configuration="detailed",
    ),
    Scenario(
        "a class with readUserFields and writeUserFields",
        [
            sign_up("rita", "clp-rita"),
            sign_up("sven", "clp-sven"),
            schema(
                "Letter",
                {"create": {"*": True}, "readUserFields": ["to"], "writeUserFields": ["from"]},
                {
                    "n": {"type": "Number"},
                    "to": {"type": "Pointer", "targetClass": "_User"},
                    "from": {"type": "Pointer", "targetClass": "_User"},
                },
            ),
            create(
                "Letter",
                {
                    "n": 1,
                    "to": pointer("_User", "{rita_id}"),
                    "from": pointer("_User", "{sven_id}"),
                },
                save="l",
            ),
            create("Letter", {"n": 2, "from": pointer("_User", "{rita_id}")}, save="m"),
            *everything("Letter", "l", (None, "rita", "sven")),
            schema(
                "Memo",
                {"writeUserFields": ["from"]},
                {"from": {"type": "Pointer", "targetClass": "_User"}},
            ),
            create(
                "Memo", {"from": pointer("_User", "{rita_id}")}, who="rita", name="create a memo"
            ),
        ],
        configuration="detailed",
    ),
    Scenario(
        "class-level permissions and ACLs together",
        [
            sign_up("tina", "clp-tina"),
            schema(
                "Diary",
                {
                    **OPEN,
                    "find": {},
                    "addField": {},
                    "ACL": {"currentUser": {"read": True, "write": True}},
                },
            ),
            create("Diary", {"n": 1}, save="d", who="tina"),
            create("Diary", {"n": 2, "ACL": {"*": {"read": True}}}, save="e", who="tina"),
            create("Diary", {"n": 3}, save="f"),
            create("Diary", {"n": 4, "extra": 1}, who="tina", name="a new field"),
            *(
                get(f"/classes/Diary/{{{which}}}", who=who, name=f"{which} as {who or 'nobody'}")
                for which in "def"
                for who in ("tina", None, "master")
            ),
            find("Diary", who="tina"),
            find("Diary", who="tina", count=1, limit=0, name="counted though not to be listed"),
            put("/classes/Diary/{d}", {"extra": 1}, who="tina", name="a new field in an update"),
            put("/classes/Diary/{d}", {"extra": 1}, who="master", name="a new field by master"),
            put("/classes/Diary/{d}", {"extra": 2}, who="tina", name="a field that is there now"),
            find(
                "Shelves",
                {"d": {"$inQuery": {"className": "Diary", "where": {}}}},
                name="in a sub-query",
            ),
            create("Index", {"d": pointer("Diary", "{d}")}, save="i"),
            find("Index", include="d", who="tina", name="included, get is open"),
            find(
                "Index", {"d": {"$inQuery": {"className": "Diary", "where": {"n": 1}}}}, name="sub"
            ),
        ],
        configuration="detailed",
    ),
    Scenario(
        "permissions that may not be written",
        [
            post("/schemas/Rules", {"fields": {"n": {"type": "Number"}}}, who="master"),
            *(
                put("/schemas/Rules", {"classLevelPermissions": value}, who="master", name=name)
                for name, value in WRONG.items()
            ),
            put("/schemas/Rules", {"classLevelPermissions": {"find": {"*": True}}}, who="master"),
            get("/schemas/Rules", who="master", name="after some are set"),
            find("Rules"),
            create("Rules", {"n": 1}),
            put("/schemas/Rules", {"classLevelPermissions": OPEN}, who="master"),
            create("Rules", {"n": 2}),
            put("/schemas/_User", {"classLevelPermissions": {**OPEN, "create": {}}}, who="master"),
            post("/users", {"username": "not-allowed", "password": "x"}, name="sign-up is closed"),
            put("/schemas/_User", {"classLevelPermissions": OPEN}, who="master", name="open again"),
            post(
                "/users",
                {"username": "allowed-again", "password": "x", "email": "again@shop.test"},
                name="sign-up is open",
            ),
            find("_User", {"username": "allowed-again"}, name="the email stays hidden"),
        ],
        configuration="detailed",
    ),
]
