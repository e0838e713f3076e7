"""Accounts are held against what Parse Server lets through; each scenario is one way in."""

import time
from typing import Any

import pyotp

from tests.differential.cases.factors import SECRET, credentials, data, kept
from tests.differential.scenario import Scenario, Step, create, find, get, post, put, sign_up, store

DAY = 86_400
"""The period of the codes of authenticator apps here, so that they last as long as the tests."""
HASH = "$2b$04$kVQK0LvRLrNaU8d2r5hwIOUY4qj6nQaotmAJS2dD4WYYp.QIuMeGi"  # of "pass-word"
SET_UP = {"secret": SECRET, "recovery": ["first-code", "second-code", "third-code"]}


def codes() -> dict[str, str]:
    """The codes that an authenticator app shows now, and next."""
    app, step = pyotp.HOTP(SECRET), int(time.time()) // DAY
    return {"totp_now": app.at(step), "totp_next": app.at(step + 1)}


def log_in(name: str, label: str, **providers: Any) -> Step:
    return post("/login", credentials(name, **providers), name=label)


def verified(who: str, label: str) -> Step:
    body = {"emailVerified": True}
    return put(f"/users/{{{who}_id}}", body, who="master", name=f"confirmed, {label}")


def begun(user_id: str, **columns: Any) -> list[Step]:
    """A user with a password and an old session, as a database may hold them.

    Somebody else signs up first, by which the columns of users and sessions are made.
    """
    long_ago = {"$date": "2026-01-01T00:00:00.000Z"}
    times = {"_created_at": long_ago, "_updated_at": long_ago}
    own = {"_rperm": [user_id], "_wperm": [user_id]}
    session = {
        "_session_token": f"r:{user_id}",
        "_p_user": f"_User${user_id}",
        "createdWith": {"action": "login", "authProvider": "password"},
        "expiresAt": {"$date": "2099-01-01T00:00:00.000Z"},
        **times,
    }
    user = {"username": user_id, "_hashed_password": HASH, **own, **times, **columns}
    return [
        sign_up("first", f"{user_id}-first"),
        store("_User", {"_id": user_id, **user}, name="the user"),
        store("_Session", {"_id": user_id, **session}, name="their session"),
    ]


def by(user_id: str) -> dict[str, str]:
    """The header of that session."""
    return {"X-Parse-Session-Token": f"r:{user_id}"}


ADDRESSES = [
    sign_up("abe", "hard-abe", email="abe@shop.test"),
    *[
        step
        for label, auth in {
            "null": None,
            "nothing": {},
            "null of one": {"badge": None},
        }.items()
        for step in (
            verified("abe", label),
            put(
                "/users/{abe_id}",
                {"email": f"{label.replace(' ', '-')}@shop.test", "authData": auth},
                who="abe",
                name=f"a new address beside authData: {label}",
            ),
            get("/users/me", who="abe", name=f"is it confirmed, {label}"),
        )
    ],
]
UNASKED = [
    sign_up("ben", "hard-ben", email="ben@shop.test"),
    verified("ben", "once"),
    put("/users/{ben_id}", {"email": "ben@shop.test"}, who="ben", name="the same address"),
    get("/users/me", who="ben", name="still confirmed"),
    put("/users/{ben_id}", {"email": "victim@shop.test"}, who="ben", name="another address"),
    get("/users/me", who="ben", name="is another confirmed"),
]


def guess(password: str, label: str) -> Step:
    """A guess in a batch that fails as a whole, since its other request does."""
    login = {"username": "hard-gus", "password": password}
    requests = [
        {"method": "POST", "path": "/parse/login", "body": login},
        {"method": "DELETE", "path": "/parse/classes/Guess/none"},
    ]
    return post("/batch", {"requests": requests, "transaction": True}, name=label)


GUESSES = [
    sign_up("gus", "hard-gus"),
    create("Guess", {"n": 1}),
    *(guess("wrong", f"guess {number}") for number in range(1, 4)),
    log_in("hard-gus", "the right password after three"),
]


def enrolled(who: str, name: str, number: str, stored: dict[str, Any] = SET_UP) -> list[Step]:
    """Sign up; the master key stores a second factor, in place of a number that is pending."""
    path = f"/users/{{{who}_id}}"
    return [
        sign_up(who, name),
        put(path, data(mfa={"mobile": number}), who="master", name="a number that is pending"),
        put(path, data(mfa=stored), who="master", name="set up"),
    ]


CODES = [
    *enrolled("tom", "hard-tom", "+41440000011"),
    log_in("hard-tom", "a code", mfa={"token": "{totp_now}"}),
    log_in("hard-tom", "the code again", mfa={"token": "{totp_now}"}),
    log_in("hard-tom", "the next code", mfa={"token": "{totp_next}"}),
    log_in("hard-tom", "the next code again", mfa={"token": "{totp_next}"}),
    *(log_in("hard-tom", f"wrong code {n}", mfa={"token": "00000"}) for n in range(1, 4)),
    log_in("hard-tom", "a right one after three", mfa={"token": "first-code"}),
]
REMOVAL = [
    *enrolled("uma", "hard-uma", "+41440000012"),
    put("/users/{uma_id}", data(mfa=None), who="uma", name="taken away by a session"),
    kept("uma", "after that"),
    log_in("hard-uma", "by password alone"),
]
MESSAGES = [
    *enrolled("sam", "hard-sam", "+41440000013", {"mobile": "+41440000014"}),
    log_in("hard-sam", "ask for a code", mfa={"token": "request"}),
    log_in("hard-sam", "ask again at once", mfa={"token": "request"}),
]
UNCHECKED = [
    *begun("hard-una", _auth_data_mfa=SET_UP),
    log_in("hard-una", "by password"),
    get("/users/me", headers=by("hard-una"), name="what she sees"),
    put("/users/hard-una", data(mfa=None), headers=by("hard-una"), name="taken away"),
    get("/users/hard-una", who="master", name="what is kept"),
]
STOLEN = [
    *begun("hard-sol", _auth_data_mfa=SET_UP),
    put(
        "/users/hard-sol",
        data(key={"id": "hard-sol", "pin": "right"}),
        headers=by("hard-sol"),
        name="a key of the thief's",
    ),
    post("/users", data(key={"id": "hard-sol", "pin": "right"}), name="log in by it"),
]
MANY = {f"p{number}": None for number in range(101)}
ODD = [
    post("/users", {**credentials("hard-max"), "authData": MANY}, name="a sign-up with 101"),
    sign_up("max", "hard-moe"),
    log_in("hard-moe", "a log-in with 101", **MANY),
    post("/users", data(crash={"id": "x"}), name="one that fails"),
    put("/users/{max_id}", data(crash={"id": "x"}), who="max", name="one that fails, linked"),
]
DENIED = {"_bsontype": "Code"}
KEYWORDS = [
    post("/users", data(anonymous={"id": "hard-anon"}), name="sign up as nobody"),
    post("/users", data(anonymous={"id": "hard-anon", "x": DENIED}), name="log in with a keyword"),
    sign_up("kit", "hard-kit"),
    log_in("hard-kit", "a keyword beside the password", anonymous={"id": "hard-kit", "x": DENIED}),
    put("/users/{kit_id}", data(anonymous={"id": "hard-two", "x": DENIED}), who="kit", name="link"),
    kept("kit", "of keywords"),
]
BESIDE = [
    sign_up("bea", "hard-bea"),
    log_in("hard-bea", "another's id, one's own code", line={"id": "U77", "code": "code-of-ada"}),
    log_in("hard-bea", "an id alone", line={"id": "U77"}),
    log_in("hard-bea", "an id and a token", line={"id": "U77", "access_token": "token-of-nobody"}),
    kept("bea", "of another's id"),
]
EVERYBODY = {"*": {"read": True}}
QUESTIONS = [
    sign_up("viv", "hard-viv", ACL=EVERYBODY, email="viv@shop.test"),
    sign_up("eve", "hard-eve"),
    put("/users/{viv_id}", data(badge={"id": "hard-viv", "pin": "right"}), who="viv", name="link"),
    *(
        find("_User", where, who="eve", keys="username", name=f"asked about {label}")
        for label, where in {
            "a provider's id": {"authData.badge.id": "hard-viv"},
            "a provider's token": {"authData.badge.code": {"$regex": "^kept"}},
            "providers": {"authData": {"$exists": True}},
            "a session token": {"sessionToken": {"$exists": True}},
            "a password": {"password": {"$exists": True}},
            "an address": {"email": {"$regex": "^viv"}},
        }.items()
    ),
    find("_User", who="eve", order="authData.badge.code", limit=0, name="sorted by a token"),
    find("_User", who="eve", order="email", limit=0, name="sorted by addresses"),
]
PERMISSIONS = {"find": {"*": True}, "get": {"*": True}, "count": {"*": True}}
HINTS = [
    post(
        "/schemas/Hinted",
        {
            "fields": {"cost": {"type": "Number"}, "name": {"type": "String"}},
            "classLevelPermissions": {**PERMISSIONS, "protectedFields": {"*": ["cost"]}},
            "indexes": {"by_cost": {"cost": 1}, "by_name": {"name": 1}},
        },
        who="master",
        name="a class",
    ),
    *(
        create("Hinted", {"name": name, "cost": cost}, who="master", name=f"the {name}")
        for name, cost in {"mug": 3, "cup": 2, "pot": 1}.items()
    ),
    find("Hinted", hint="by_name", keys="name", ordered=True, name="by a hint at a name"),
    find("Hinted", hint="by_cost", keys="name", ordered=True, name="by a hint at what is hidden"),
    find("Hinted", hint={"cost": 1}, keys="name", ordered=True, name="by the keys of that"),
    find("Hinted", order="cost", name="sorted by what is hidden"),
    find("Hinted", hint="by_cost", keys="name", who="master", ordered=True, name="as master"),
]
MINE = {"$match": {"username": "hard-rea"}}
ITS_TOKEN: dict[str, Any] = {"$match": {"_id": "hard-rea"}}
TOKEN: dict[str, Any] = {"$project": {"_id": 0, "token": "$_session_token"}}
WALK = {"startWith": "$_id", "connectFromField": "_id", "connectToField": "_id"}
AGGREGATES: dict[str, dict[str, Any]] = {
    "tokens to reset a password": {"distinct": "_perishable_token"},
    "a pipeline of hashes": {"pipeline": [MINE, {"$project": {"hash": "$_hashed_password"}}]},
    "a join of sessions": {
        "pipeline": [
            MINE,
            {"$lookup": {"from": "_Session", "pipeline": [ITS_TOKEN, TOKEN], "as": "s"}},
            {"$project": {"s": 1}},
        ]
    },
    "a walk over sessions": {
        "pipeline": [
            MINE,
            {"$graphLookup": {"from": "_Session", **WALK, "as": "s"}},
            {"$project": {"s._session_token": 1}},
        ]
    },
}
READER = [
    *begun("hard-rea", _auth_data_anonymous={"id": "hard-rea"}),
    find("_Session", {"sessionToken": "r:hard-rea"}, who="readonly", name="asked for by a token"),
    get("/sessions/hard-rea", who="readonly", name="a session"),
    get("/users/hard-rea", who="readonly", name="a user"),
    find("_User", {"authData.anonymous.id": "hard-rea"}, who="readonly", name="asked for by an id"),
    find("_Session", who="readonly", order="sessionToken", limit=0, name="sorted by tokens"),
    *(
        get("/aggregate/_User", who="readonly", query=query, name=label)
        for label, query in AGGREGATES.items()
    ),
]

SCENARIOS = [
    Scenario("an address is confirmed as long as it stays", ADDRESSES, "mail"),
    Scenario("an address that nobody asked to confirm", UNASKED, "hardened"),
    Scenario("guesses that a transaction takes back", GUESSES, "hardened"),
    Scenario("codes that are guessed and used again", CODES, "hardened"),
    Scenario("a second factor that a session takes away", REMOVAL, "hardened"),
    Scenario("codes by message, one after the other", MESSAGES, "hardened"),
    Scenario("a second factor that nobody can check", UNCHECKED, "factorless"),
    Scenario("a session that was stolen", STOLEN, "hardened"),
    Scenario("providers that are many, or fail", ODD, "hardened"),
    Scenario("keywords in authData", KEYWORDS, "hardened"),
    Scenario("another's identity beside a password", BESIDE, "providers"),
    Scenario("questions about credentials", QUESTIONS, "hardened"),
    Scenario("hints at what is hidden", HINTS, "hardened"),
    Scenario("what the read-only key sees of users", READER, "keys"),
]
