"""The global config, events, logs, the report, job schedules, idempotency, limits, features."""

from typing import Any

from tests.differential.scenario import (
    ABSENT,
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

# --- config -------------------------------------------------------------------------------------


def config(params: Any, flags: Any = ABSENT, *, who: str | None = "master", name: str = "") -> Step:
    """Change the config."""
    body = {"params": params, **({} if flags is ABSENT else {"masterKeyOnly": flags})}
    return put("/config", body, who=who, name=name)


def both(label: str) -> list[Step]:
    """Read the config as everybody and with the master key."""
    return [
        get("/config", name=f"{label}, read by all"),
        get("/config", who="master", name=f"{label}, read by the master key"),
    ]


VALUES: dict[str, Any] = {
    "text": "hello",
    "empty text": "",
    "number": 3,
    "fraction": 2.5,
    "large number": 12345678901,
    "true": True,
    "null": None,
    "list": [1, "a", None, {"b": [2]}],
    "object": {"a": {"b": 1}},
    "empty object": {},
    "date": date("2026-11-27T00:00:00.000Z"),
    "geo point": {"__type": "GeoPoint", "latitude": 40, "longitude": -30},
    "file": {"__type": "File", "name": "a.txt", "url": "http://files.test/a.txt"},
    "pointer": pointer("Product", "abcdefghij"),
    "bytes": {"__type": "Bytes", "base64": "AAEC"},
    "polygon": {"__type": "Polygon", "coordinates": [[0, 0], [0, 1], [1, 1], [0, 0]]},
}

CONFIG = [
    *both("unset"),
    config({"a": 1}, who=None, name="a client sets"),
    config({}, name="nothing"),
    put("/config", {}, who="master", name="an empty body"),
    put("/config", who="master", name="no body"),
    config({"greeting": "hello", "margin": 0.3}, {"margin": True}, name="two, one secret"),
    *both("two, one secret"),
    *(
        step
        for label, value in VALUES.items()
        for step in (
            config({label: value}, name=f"set {label}"),
            get("/config", name=f"read {label}"),
        )
    ),
    config({"greeting": "good-bye"}, name="change one"),
    *both("change one"),
    config({"margin": 0.4}, name="a change without the flag"),
    *both("a change without the flag"),
    config({"margin": 0.5}, {"margin": True}, name="hide again"),
    *both("hide again"),
    config({"other": 1}, {"greeting": True}, name="a flag of what is not sent"),
    *both("a flag of what is not sent"),
    config({"greeting": op("Delete")}, name="delete"),
    *both("delete"),
    config({"number": op("Increment", amount=2)}, name="count up"),
    config({"list": op("Add", objects=[7])}, name="add to a list"),
    config({"list": op("Remove", objects=["a"])}, name="remove from a list"),
    *both("operations"),
    config({"a": {"b.c": 1}}, name="a nested dotted name"),
    config({"a": {"$c": 1}}, name="a nested name with a dollar"),
    config({"a": {"__proto__": 1}}, name="a denied keyword"),
    config({"a": op("Frobnicate")}, name="an unknown operation"),
    *both("refused ones"),
    post("/config", {"_method": "PUT", "params": {"method": 1}}, who="master", name="as the SDK"),
    post("/config", {"_method": "GET"}, name="read as the SDK"),
    config({"a.b": 1}, name="a dotted name"),
    config({"$set": 1}, name="a name with a dollar"),
]

CONFIG_ROWS = [
    find("_GlobalConfig", name="rows, as a client"),
    create("_GlobalConfig", {"params": {}}, name="make a row as a client"),
    find("_Idempotency", name="ids, as a client"),
    find("_JobSchedule", name="schedules, as a client"),
    create("_JobSchedule", {"jobName": "x"}, name="schedule as a client"),
]

# --- features, logs, report ---------------------------------------------------------------------

SYSTEM = [
    *(get(path, name=f"client: GET {path}") for path in ("/serverInfo", "/scriptlog", "/security")),
    get("/security", who="master", name="report, off"),
    get("/scriptlog", who="master", query={"from": "2200-01-01"}, name="log of the future"),
    get("/scriptlog", who="master", query={"until": "2000-01-01"}, name="log of long ago"),
    get("/scriptlog", who="master", query={"level": "error", "until": "2000-01-01"}),
    get("/scriptlog", who="master", query={"order": "asc", "n": "3", "until": "2000-01-01"}),
    post("/serverInfo", {"_method": "GET"}, name="features as the SDK, a client"),
]

EVENTS = [
    *(
        post(f"/events/{name}", body, name=f"{name} with {label}")
        for name in ("AppOpened", "purchase", "a b", "error")
        for label, body in (
            ("dimensions", {"dimensions": {"a": "b"}, "at": date("2026-11-27T00:00:00.000Z")}),
            ("nothing", {}),
            ("no body", ABSENT),
        )
    ),
    post("/events/purchase", {"dimensions": {"a": 1}}, who="master", name="with the master key"),
    post("/validate_purchase", {}, name="no receipt"),
    post("/validate_purchase", {"receipt": "x"}, name="no product"),
    post("/validate_purchase", {"productIdentifier": "x"}, name="a product only"),
]

# --- job schedules ------------------------------------------------------------------------------


def schedule(**fields: Any) -> dict[str, Any]:
    """The body of a schedule."""
    return {"job_schedule": fields}


FREE = {
    "description": "at night",
    "params": '{"a":1}',
    "startAfter": "2026-11-27T00:00:00.000Z",
    "daysOfWeek": ["1", "2"],
    "timeOfDay": "02:00:00.000Z",
    "repeatMinutes": 60,
}
JOBS = [
    get("/cloud_code/jobs", who="master", name="no schedules"),
    get("/cloud_code/jobs/data", who="master", name="no jobs"),
    *(
        Step(method, path, body, name=f"client: {method} {path}")
        for method, path, body in (
            ("GET", "/cloud_code/jobs", ABSENT),
            ("GET", "/cloud_code/jobs/data", ABSENT),
            ("POST", "/cloud_code/jobs", schedule(**FREE)),
            ("PUT", "/cloud_code/jobs/nosuch", schedule(**FREE)),
            ("DELETE", "/cloud_code/jobs/nosuch", ABSENT),
        )
    ),
    post("/cloud_code/jobs", schedule(jobName="nosuch"), who="master", name="an unknown job"),
    post(
        "/cloud_code/jobs",
        schedule(**FREE),
        who="master",
        name="without a job",
        save={"job": "$.objectId"},
    ),
    get("/cloud_code/jobs", who="master", name="one schedule"),
    get("/cloud_code/jobs/data", who="master", name="one in use"),
    put("/cloud_code/jobs/{job}", schedule(repeatMinutes=30), who="master", name="change"),
    put("/cloud_code/jobs/{job}", schedule(jobName="nosuch"), who="master", name="change its job"),
    put("/cloud_code/jobs/nosuch", schedule(repeatMinutes=1), who="master", name="change none"),
    put(
        "/cloud_code/jobs/{job}",
        schedule(repeatMinutes="often"),
        who="master",
        name="a wrong type",
    ),
    find("_JobSchedule", who="master", name="as rows"),
    get("/classes/_JobSchedule/{job}", who="master", name="as a row"),
    delete("/cloud_code/jobs/{job}", who="master", name="delete"),
    delete("/cloud_code/jobs/{job}", who="master", name="delete again"),
    get("/cloud_code/jobs", who="master", name="none left"),
]

# --- idempotency --------------------------------------------------------------------------------


def once(request_id: str) -> dict[str, str]:
    """The header of a request's id."""
    return {"X-Parse-Request-Id": request_id}


def twice(label: str, step: Step) -> list[Step]:
    """The same request with the same id, two times."""
    headers = {**step.headers, **once(label.replace(" ", "-"))}
    return [
        Step(
            step.method,
            step.path,
            step.body,
            who=step.who,
            headers=headers,
            name=f"{label}, {time} time",
        )
        for time in ("first", "second")
    ]


IDEMPOTENT = [
    create("Once", {"n": 0}, save="row"),
    *twice("create", create("Once", {"n": 1})),
    *twice("create with master", create("Once", {"n": 2}, who="master")),
    *twice("update", put("/classes/Once/{row}", {"n": op("Increment", amount=1)})),
    *twice("update as the SDK", post("/classes/Once/{row}", {"_method": "PUT", "n": 9})),
    *twice("read", get("/classes/Once/{row}")),
    *twice("read as the SDK", post("/classes/Once/{row}", {"_method": "GET"})),
    *twice("another class", create("Often", {"n": 1})),
    *twice("a failing create", create("Once", {"n": "x"})),
    *twice("an invalid name", create("Once", {"_x": 1})),
    *twice("sign up", post("/users", {"username": "once", "password": "pass-word"})),
    *twice("sign up by class", post("/classes/_User", {"username": "once2", "password": "p"})),
    *twice("install", post("/installations", {"deviceType": "ios", "installationId": "once-1"})),
    *twice("role", post("/roles", {"name": "once", "ACL": {"*": {"read": True}}})),
    *twice("log in", post("/login", {"username": "once", "password": "pass-word"})),
    *twice(
        "batch",
        post(
            "/batch",
            {"requests": [{"method": "POST", "path": "/parse/classes/Once", "body": {"n": 5}}]},
        ),
    ),
    *twice("delete", delete("/classes/Once/{row}")),
    Step("POST", "/classes/Once/", {"n": 6}, headers=once("create"), name="with a slash more"),
    Step("POST", "/classes/Once", {"n": 6}, headers=once(""), name="an empty id"),
    Step("POST", "/classes/Once", {"n": 7}, headers=once("update"), name="the id of another path"),
    find("Once", order="createdAt", name="what is there"),
]

# --- limits and lists ---------------------------------------------------------------------------

WRONG = {"username": "nobody", "password": "wrong"}


def limited(name: str, step: Step) -> Step:
    """A request of which the headers of limits are compared."""
    return Step(
        step.method,
        step.path,
        step.body,
        who=step.who,
        headers=step.headers,
        name=name,
        compare=("x-ratelimit-limit", "x-ratelimit-remaining"),
    )


def inner(method: str, path: str, body: Any = None) -> dict[str, Any]:
    """An item of a batch."""
    return {"method": method, "path": f"/parse{path}", "body": body or {}}


LIMITS = [
    sign_up("limited", "limited"),
    limited("first log-in", post("/login", WRONG)),
    limited("second log-in", post("/login/", WRONG)),
    limited("third log-in", post("/login", WRONG)),
    limited("log-in by GET", get("/login?username=nobody&password=wrong")),
    limited("log-in of the master", post("/login", WRONG, who="master")),
    limited("another route", get("/classes/Limited")),
    limited("first write", create("Limited", {"n": 1})),
    limited("second write", create("Limited", {"n": 2})),
    limited("a read", get("/classes/Limited")),
    limited("a read as the SDK", post("/classes/Limited", {"_method": "GET"})),
    limited("none at all", get("/sessions/me")),
    limited("none for the master either", get("/sessions/me", who="master")),
    limited("a user", get("/users/me", who="limited")),
    limited("a user again", get("/users/me", who="limited")),
    limited("nobody there", get("/users/me")),
    limited("a session", get("/roles", who="limited")),
    limited("a session again", get("/roles", who="limited")),
    limited("nobody's roles", get("/roles")),
    limited("a bad session", get("/roles", headers={"X-Parse-Session-Token": "r:bad"})),
    post("/batch", {"requests": [inner("GET", "/classes/Limited")]}, name="a batch of reads"),
]

ALLOWED = [
    get("/health", name="health"),
    *(
        Step(method, path, body, name=f"{method} {path}")
        for method, path, body in (
            ("GET", "/classes/Open", ABSENT),
            ("GET", "/classes/Open/", ABSENT),
            ("GET", "/classes/Open?limit=1", ABSENT),
            ("GET", "/classes/Opened", ABSENT),
            ("GET", "/classes/Open/nosuch", ABSENT),
            ("GET", "/classes/Shut", ABSENT),
            ("POST", "/classes/Shut", {"n": 1}),
            ("POST", "/login", WRONG),
            ("GET", "/config", ABSENT),
            ("GET", "/schemas", ABSENT),
            ("POST", "/users", {"username": "shut-out", "password": "p"}),
            ("POST", "/functions/open", {}),
            ("POST", "/functions/shut", {}),
            ("GET", "/nosuch", ABSENT),
        )
    ),
    post("/batch", {"requests": [inner("GET", "/classes/Open")]}, name="an open item"),
    post(
        "/batch",
        {"requests": [inner("GET", "/classes/Open"), inner("GET", "/classes/Shut")]},
        name="an open and a shut item",
    ),
    post("/batch", {"requests": [inner("POST", "/login", WRONG)]}, name="log in by a batch"),
    get("/classes/Shut", who="master", name="shut, the master key"),
    get("/classes/Shut", who="readonly", name="shut, the read-only key"),
    get("/classes/Shut", who="maintenance", name="shut, the maintenance key"),
    get("/config", who="readonly", name="config, the read-only key"),
    put("/config", {"params": {"a": 1}}, who="readonly", name="set with the read-only key"),
    put("/config", {"params": {"a": 1}}, who="maintenance", name="set with the maintenance key"),
    get("/config", who="maintenance", name="config, the maintenance key"),
    post("/cloud_code/jobs", schedule(**FREE), who="readonly", name="schedule with read-only"),
    get("/cloud_code/jobs", who="readonly", name="schedules, the read-only key"),
    get("/scriptlog", who="readonly", query={"until": "2000-01-01"}, name="log, read-only key"),
    get("/security", who="readonly", name="report, the read-only key"),
]

# --- elaborate requests -------------------------------------------------------------------------


def nested(levels: int) -> dict[str, Any]:
    """A where with so many levels of $or."""
    return {"$or": [nested(levels - 1)]} if levels else {"n": 1}


def subquery(where: dict[str, Any]) -> dict[str, Any]:
    """A where that asks for the results of another query."""
    return {"n": {"$select": {"key": "n", "query": {"className": "Elaborate", "where": where}}}}


def elaborate(who: str | None) -> list[Step]:
    """Queries within and beyond each limit."""
    by = who or "a client"
    return [
        *(find("Elaborate", nested(n), who=who, name=f"{n} levels, {by}") for n in (1, 2, 3)),
        *(
            find("Elaborate", who=who, include=include, name=f"include {include}, {by}")
            for include in ("a", "a,b", "a,b,c", "a.b", "a.b.c", "*")
        ),
        *(
            find("Elaborate", who=who, keys=keys, name=f"keys {keys}, {by}")
            for keys in ("a.b", "a.b.c", "a.x,b.x,c.x", "a,b,c")
        ),
        find("Elaborate", who=who, include="a", keys="b.x,c.x", name=f"include and keys, {by}"),
        find("Elaborate", subquery({}), who=who, order="n", name=f"a subquery, {by}"),
        find("Elaborate", subquery(subquery({})), who=who, order="n", name=f"two deep, {by}"),
        find("Elaborate", {"$or": [subquery({})]}, who=who, order="n", name=f"in $or, {by}"),
        find("Elaborate", {"t": {"$regex": "^a"}}, who=who, order="n", name=f"$regex, {by}"),
        find("Elaborate", {"$or": [{"t": {"$regex": "a"}}]}, who=who, name=f"inner $regex, {by}"),
        *(
            post(
                "/batch",
                {"requests": [inner("GET", "/classes/Elaborate/nosuch")] * n},
                who=who,
                name=f"a batch of {n}, {by}",
            )
            for n in (2, 3)
        ),
    ]


ELABORATE = [
    *(create("Elaborate", {"n": n, "t": "abc"}, name=f"row {n}") for n in range(4)),
    *elaborate(None),
    *elaborate("master"),
]

SCENARIOS = [
    Scenario("global config", CONFIG),
    Scenario("rows of operations", CONFIG_ROWS),
    Scenario("features and logs", SYSTEM),
    Scenario("events", EVENTS),
    Scenario("job schedules", JOBS),
    Scenario("requests that count once", IDEMPOTENT, "operations"),
    Scenario("rate limits", LIMITS, "limits"),
    Scenario("allowed routes", ALLOWED, "allowed"),
    Scenario("elaborate requests", ELABORATE, "elaborate"),
]
