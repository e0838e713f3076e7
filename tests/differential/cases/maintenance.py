"""The maintenance key: internal fields read, written and asked for; times that a client sets."""

from typing import Any

from tests.differential.scenario import (
    Scenario,
    Step,
    create,
    date,
    find,
    get,
    op,
    put,
    sign_up,
    store,
    stored,
)

LATER = {"$date": "2031-01-02T00:00:00.000Z"}
INTERNAL: dict[str, Any] = {
    "_failed_login_count": 2,
    "_email_verify_token": "verify",
    "_email_verify_token_expires_at": LATER,
    "_perishable_token": "perish",
    "_perishable_token_expires_at": LATER,
    "_password_changed_at": LATER,
    "_password_history": ["$2b$04$abc"],
    "_account_lockout_expires_at": LATER,
    "_tombstone": "x",
    "_session_token": "r:1",
}
"""What Parse Server keeps of a user beside the columns, as the database holds it."""

NEW: dict[str, Any] = {
    "_failed_login_count": 5,
    "_email_verify_token": "other",
    "_email_verify_token_expires_at": date("2032-01-02T00:00:00.000Z"),
    "_perishable_token": "other",
    "_perishable_token_expires_at": date("2032-01-02T00:00:00.000Z"),
    "_password_changed_at": date("2032-01-02T00:00:00.000Z"),
    "_password_history": ["$2b$04$def"],
    "_account_lockout_expires_at": date("2032-01-02T00:00:00.000Z"),
    "_tombstone": "y",
}
WHO = ("maintenance", "master", None)
TESTS: dict[str, Any] = {
    "its value": None,
    "$exists": {"$exists": True},
    "not $exists": {"$exists": False},
    "$ne": {"$ne": "nothing"},
}


def user(object_id: str, **fields: Any) -> Step:
    """A user with all that is kept, as the database holds them."""
    document = {"_id": object_id, "username": object_id, **INTERNAL, **fields}
    document |= {"_rperm": ["*"], "_wperm": ["*"], "_hashed_password": "$2b$04$xyz"}
    return store("_User", document, name=f"{object_id} as stored")


def asked_for() -> list[Step]:
    """E1: every internal field in a where, by each key."""
    steps: list[Step] = []
    for name, value in INTERNAL.items():
        direct = value if not isinstance(value, dict) else date(value["$date"])
        if name == "_password_history":
            direct = "$2b$04$abc"
        for label, test in TESTS.items():
            where = {name: direct if test is None else test, "objectId": {"$in": ["amy", "bea"]}}
            steps += [
                find(
                    "_User",
                    where,
                    who=who,
                    keys="username",
                    order="username",
                    name=f"{name} {label} as {who or 'nobody'}",
                )
                for who in WHO
            ]
    return steps


def shown() -> list[Step]:
    """E1: what each key is shown of a user."""
    steps: list[Step] = []
    for who in WHO:
        told = who or "nobody"
        steps += [
            get("/users/cea", who=who, name=f"by id as {told}"),
            get("/classes/_User/cea", who=who, name=f"by id in the class as {told}"),
            find("_User", {"username": "cea"}, who=who, name=f"found as {told}"),
            find("_User", {"username": "cea"}, who=who, keys="username", name=f"keys as {told}"),
            find(
                "_User",
                {"username": "cea"},
                who=who,
                keys="_failed_login_count",
                name=f"an internal key as {told}",
            ),
            find(
                "_User",
                {"username": "cea"},
                who=who,
                excludeKeys="_failed_login_count",
                name=f"without an internal key as {told}",
            ),
        ]
    return steps


def written() -> list[Step]:
    """E1: each internal field written, by each key."""
    steps: list[Step] = []
    for who in WHO:
        told = who or "nobody"
        steps += [
            put("/users/dea", {name: value}, who=who, name=f"{name} as {told}")
            for name, value in NEW.items()
        ]
        steps.append(get("/users/dea", who="maintenance", name=f"after {told}"))
    steps += [
        put("/users/dea", {"_failed_login_count": op("Increment", amount=3)}, who="maintenance"),
        put("/users/dea", {"_perishable_token": op("Delete")}, who="maintenance", name="an unset"),
        put("/users/dea", {"_nosuch": 1}, who="maintenance", name="an unknown field"),
        put("/users/dea", {"_failed_login_count": "two"}, who="maintenance", name="a wrong type"),
        put("/users/dea", {"_rperm": ["*"]}, who="maintenance", name="the readers"),
        get("/users/dea", who="maintenance", name="in the end"),
        stored("_User", name="what is stored"),
    ]
    return steps


TIMES: dict[str, Any] = {
    "a date": date("2001-01-01T00:00:00.000Z"),
    "an ISO text": "2001-01-01T00:00:00.000Z",
    "a number": 978307200000,
    "a boolean": True,
    "null": None,
    "an object": {"iso": "2001-01-01T00:00:00.000Z"},
    "an array": [1],
    "a text": "yesterday",
    "a date without iso": {"__type": "Date"},
    "a pointer": {"__type": "Pointer", "className": "A", "objectId": "b"},
}


def times() -> list[Step]:
    """E1: createdAt and updatedAt of every type, by each key, in creates and updates."""
    steps: list[Step] = []
    for who in WHO:
        for name, value in TIMES.items():
            for field in ("createdAt", "updatedAt"):
                told = f"{field} {name} as {who or 'nobody'}"
                steps += [
                    create("Timed", {field: value, "n": 1}, who=who, save="t", name=told),
                    get("/classes/Timed/{t}", name=f"after {told}"),
                ]
    steps += [
        create("Timed", {"n": 2}, save="t"),
        *(
            put("/classes/Timed/{t}", {field: value}, who="maintenance", name=f"{field} {name}")
            for field in ("createdAt", "updatedAt")
            for name, value in TIMES.items()
        ),
        create(
            "Timed",
            {"createdAt": TIMES["a date"], "updatedAt": date("2002-01-01T00:00:00.000Z")},
            who="maintenance",
            save="t",
            name="both",
        ),
        get("/classes/Timed/{t}", name="after both"),
        create(
            "Timed",
            {"createdAt": TIMES["a date"], "updatedAt": date("2000-01-01T00:00:00.000Z")},
            who="maintenance",
            name="both in the wrong order",
        ),
    ]
    return steps


SCENARIOS = [
    Scenario(
        "E1 internal fields in a where",
        [
            sign_up("eve", "eve"),
            user("amy"),
            store("_User", {"_id": "bea", "username": "bea", "_rperm": ["*"]}, name="bea"),
            *asked_for(),
        ],
        configuration="maintained",
    ),
    Scenario(
        "E1 internal fields shown",
        [sign_up("fay", "fay"), user("cea"), *shown()],
        configuration="maintained",
    ),
    Scenario(
        "E1 internal fields written",
        [sign_up("gil", "gil"), user("dea"), *written()],
        configuration="maintained",
    ),
    Scenario("E1 times that a client sets", times(), configuration="maintained"),
]
