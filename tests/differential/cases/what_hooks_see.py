"""E2: what hooks see of ids and providers, and what becomes of a log-in whose hooks throw."""

from typing import Any

from tests.differential.cases.hooks import called, watched
from tests.differential.scenario import ABSENT, Scenario, Step, create, find, get, post, put

HEARD = "stage,of,itsId,isNew,authData,hadAuthData"


def heard(name: str, of: str = "") -> list[Step]:
    """What hooks have seen since they were last asked, which is forgotten then."""
    return [
        find(
            "Heard",
            {"of": of} if of else {},
            who="master",
            keys=HEARD,
            order="-stage,of",
            name=f"seen by {name}",
        ),
        Step("DELETE", "/purge/Heard", who="master", name=f"forget {name}"),
    ]


IDS: dict[str, Any] = {
    "a custom id": "custom-1",
    "an id of one letter": "x",
    "an id of ten letters": "AbCdEfGhIj",
    "an empty id": "",
    "null for an id": None,
    "a number for an id": 5,
    "an object for an id": {"a": 1},
    "an id with a space": "a b",
    "an id with a dot": "a.b",
    "no id": ABSENT,
}


def chosen() -> list[Step]:
    """beforeSave sees the objectId that a client has chosen."""
    steps: list[Step] = []
    for name, given in IDS.items():
        body = {"n": 1} if given is ABSENT else {"n": 1, "objectId": given}
        steps += [create("Chosen", body, name=f"create with {name}"), *heard(name)]
    return [
        *steps,
        create("Chosen", {"objectId": "custom-1"}, name="the same id again"),
        *heard("the second"),
        put("/classes/Chosen/custom-1", {"n": 2, "objectId": "custom-1"}, name="an update"),
        *heard("an update"),
        put("/classes/Chosen/custom-1", {"n": 2, "objectId": "other"}, name="another id"),
        *heard("an update with another id"),
        post(
            "/batch",
            {
                "requests": [
                    {
                        "method": "POST",
                        "path": "/parse/classes/Chosen",
                        "body": {"objectId": "batched"},
                    }
                ]
            },
            name="in a batch",
        ),
        *heard("a batch"),
        get("/classes/Chosen/custom-1", name="as stored"),
        get("/classes/Chosen/batched", name="as stored from a batch"),
        post(
            "/users",
            {"objectId": "u1", "username": "stage-chosen", "password": "pass-word"},
            name="a user with an id",
        ),
        *heard("a sign-up with an id"),
        get("/users/u1", who="master", name="the user with an id"),
        create("Kept", {"objectId": "k-1"}, who="master", name="by the master key"),
        *heard("the master key"),
    ]


BADGE = {"badge": {"id": "7", "pin": "right"}}


def providers() -> list[Step]:
    """Hooks of a user see the authData that is being saved, and after it what is stored."""
    return [
        post(
            "/users",
            {"authData": BADGE},
            save={"a": "$.sessionToken", "a_id": "$.objectId"},
            name="sign up by a badge",
        ),
        *heard("a sign-up by a badge"),
        post("/users", {"authData": BADGE}, name="log in by a badge"),
        *heard("a log-in by a badge"),
        put("/users/{a_id}", {"note": "x"}, who="a", name="change another column"),
        *heard("a change of another column"),
        put(
            "/users/{a_id}", {"authData": {"anonymous": {"id": "aa"}}}, who="a", name="link another"
        ),
        *heard("a link"),
        put("/users/{a_id}", {"authData": {"anonymous": None}}, who="a", name="unlink it"),
        *heard("an unlink"),
        post(
            "/users",
            {"authData": {"anonymous": {"id": "bb"}}},
            save={"b": "$.sessionToken", "b_id": "$.objectId"},
            name="an anonymous user",
        ),
        *heard("an anonymous sign-up"),
        put(
            "/users/{b_id}",
            {"username": "stage-named", "password": "pass-word"},
            who="b",
            name="who gets a name",
        ),
        *heard("a name"),
        post(
            "/users",
            {
                "username": "stage-both",
                "password": "pass-word",
                "authData": {"badge": {"id": "8", "pin": "right"}},
            },
            name="both",
        ),
        *heard("both"),
        post("/users", {"username": "stage-plain", "password": "pass-word"}, name="neither"),
        *heard("neither"),
        post(
            "/users",
            {"authData": {"badge": {"id": "9", "pin": "right"}}},
            who="master",
            name="by the master key",
        ),
        *heard("the master key"),
        post("/users", {"authData": {"badge": {"id": "9", "pin": "wrong"}}}, name="refused"),
        *heard("a refusal"),
        post(
            "/users",
            {"authData": {"badge": {"id": "10", "pin": "right"}}},
            who="a",
            name="another by a signed-in user",
        ),
        *heard("another"),
        post(
            "/users",
            {"authData": {"badge": {"id": "11", "pin": "right"}}},
            who="master",
            headers={"X-Parse-Installation-Id": "i-11"},
            name="by the master key of an installation",
        ),
        *heard("the master key of an installation"),
        post("/users", {"authData": BADGE}, who="master", name="a log-in by the master key"),
        post("/users", {"authData": BADGE}, who="a", name="a log-in of oneself"),
    ]


THROWN = ("text", "error", "parse", "rejected")


def logins() -> list[Step]:
    """Hooks of a log-in that throw: before it, after it, after the log-out."""
    steps: list[Step] = []
    for how in THROWN:
        name = f"stage-{how}"
        credentials = {"username": name, "password": "pass-word"}
        steps += [
            post(
                "/users",
                {**credentials, "after": how},
                save={"id": "$.objectId", "t": "$.sessionToken"},
                name=f"sign up: {how}",
            ),
            post("/login", credentials, name=f"afterLogin throws: {how}"),
            find(
                "_Session",
                who="t",
                keys="createdWith",
                order="createdAt",
                name=f"sessions then: {how}",
            ),
            get("/login", query=credentials, name=f"afterLogin throws at a GET: {how}"),
            post(
                "/loginAs", {"userId": "{id}"}, who="master", name=f"afterLogin at loginAs: {how}"
            ),
            get("/verifyPassword", query=credentials, name=f"afterLogin at verifyPassword: {how}"),
            put("/users/{id}", {"after": None, "before": how}, who="t", name=f"before: {how}"),
            post("/login", credentials, name=f"beforeLogin throws: {how}"),
            post(
                "/loginAs", {"userId": "{id}"}, who="master", name=f"beforeLogin at loginAs: {how}"
            ),
            get("/verifyPassword", query=credentials, name=f"beforeLogin at verifyPassword: {how}"),
            put("/users/{id}", {"before": None, "afterOut": how}, who="t", name=f"out: {how}"),
            post("/login", credentials, save={"u": "$.sessionToken"}, name=f"logged in: {how}"),
            post("/logout", {}, who="u", name=f"afterLogout throws: {how}"),
            get("/users/me", who="u", name=f"logged out: {how}"),
            post(
                "/users",
                {"authData": {"badge": {"id": f"in-{how}", "pin": "right"}}, "after": how},
                save={"b": "$.sessionToken", "b_id": "$.objectId"},
                name=f"sign up by a badge: {how}",
            ),
            post(
                "/users",
                {"authData": {"badge": {"id": f"in-{how}", "pin": "right"}}},
                name=f"afterLogin throws by a badge: {how}",
            ),
            put(
                "/users/{b_id}",
                {"after": None, "before": how},
                who="b",
                name=f"before by a badge: {how}",
            ),
            post(
                "/users",
                {"authData": {"badge": {"id": f"in-{how}", "pin": "right"}}},
                name=f"beforeLogin throws by a badge: {how}",
            ),
        ]
    return [*steps, Step("DELETE", "/purge/Heard", who="master")]


def webhooks() -> list[Step]:
    """What webhooks are sent of an object whose id a client has chosen."""
    steps: list[Step] = []
    for kind in ("beforeSave", "afterSave"):
        class_name = f"Sent{kind.title()}"
        steps += [
            *watched(kind, class_name),
            create(class_name, {"n": 1, "objectId": f"{kind}-1"}, name=f"{kind} of a chosen id"),
            called(f"last-{kind}-{class_name}", name=f"{kind} is sent"),
            create(class_name, {"n": 1}, name=f"{kind} of no id"),
            called(f"last-{kind}-{class_name}", name=f"{kind} is sent without"),
        ]
    return steps


SCENARIOS = [
    Scenario("E2 what webhooks are sent of a chosen id", webhooks(), "stages"),
    Scenario("E2 what hooks see of a chosen id", chosen(), "stages"),
    Scenario("E2 what hooks see of authData", providers(), "stages"),
    Scenario("hooks of a log-in that throw", logins(), "stages"),
]
