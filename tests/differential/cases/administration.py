"""Installations that are one device; odd requests for config, events, purge, jobs and the log."""

from typing import Any

from tests.differential.scenario import (
    ABSENT,
    Scenario,
    Step,
    create,
    delete,
    find,
    get,
    op,
    post,
    put,
    sign_up,
)

# --- installations ------------------------------------------------------------------------------

TOKEN = "0123456789abcdef" * 4
KEYS = "deviceType,deviceToken,installationId,channels,badge,appName"


def install(name: str, body: Any, *, save: str = "", **more: Any) -> Step:
    """Register a device."""
    kept = {save: "$.objectId"} if save else {}
    return post("/installations", body, name=name, save=kept, **more)


def rows(label: str, **where: Any) -> Step:
    """Show the installations that match."""
    query = {"where": where, "keys": KEYS, "order": "createdAt"}
    return get("/installations", query=query, who="master", name=f"rows: {label}")


def like(prefix: str) -> dict[str, str]:
    """Match ids and tokens of one story."""
    return {"$regex": f"^{prefix}"}


INSTALLATIONS = [
    install("nothing", {}),
    install("no ids", {"deviceType": "ios"}),
    install("no device type", {"installationId": "no-type"}),
    install("a token and no device type", {"deviceToken": "no-type"}),
    install("a type that is a number", {"deviceType": 5, "installationId": "odd-1"}),
    install("an id that is a number", {"deviceType": "ios", "installationId": 5}),
    install("a token that is a number", {"deviceType": "ios", "deviceToken": 5}),
    install(
        "channels that are text", {"deviceType": "ios", "installationId": "odd-2", "channels": "a"}
    ),
    install("an unknown type", {"deviceType": "toaster", "installationId": "odd-3"}),
    install(
        "an id in a header", {"deviceType": "ios"}, headers={"X-Parse-Installation-Id": "Header-1"}
    ),
    install(
        "an id in a header again",
        {"deviceType": "ios", "badge": 2},
        headers={"X-Parse-Installation-Id": "header-1"},
    ),
    rows("by header", installationId="header-1"),
    install(
        "a device", {"deviceType": "ios", "installationId": "One-A", "channels": ["a"]}, save="one"
    ),
    install("the same device again", {"deviceType": "ios", "installationId": "one-a", "badge": 1}),
    install(
        "the same device with a token",
        {"installationId": "one-a", "deviceToken": TOKEN.upper(), "deviceType": "ios"},
    ),
    install(
        "the same device with another type", {"installationId": "one-a", "deviceType": "android"}
    ),
    install(
        "the same device with another token",
        {"installationId": "one-a", "deviceToken": "one-t2", "deviceType": "ios"},
    ),
    install(
        "the same device, operations",
        {
            "installationId": "one-a",
            "deviceType": "ios",
            "channels": op("AddUnique", objects=["b"]),
            "badge": op("Increment", amount=3),
        },
    ),
    rows("one device", installationId="one-a"),
    install("a token alone", {"deviceType": "android", "deviceToken": "two-t"}, save="two"),
    install(
        "the token again", {"deviceType": "android", "deviceToken": "two-t", "appName": "shop"}
    ),
    install(
        "the token with an id",
        {"deviceType": "android", "deviceToken": "two-t", "installationId": "two-a"},
    ),
    rows("a token that got an id", deviceToken=like("two-")),
    install(
        "the token with another id",
        {"deviceType": "android", "deviceToken": "two-t", "installationId": "two-b"},
    ),
    rows("a token with another id", deviceToken=like("two-")),
    install("three: a", {"deviceType": "ios", "installationId": "three-a"}),
    install("three: a token alone", {"deviceType": "ios", "deviceToken": "three-t"}),
    install(
        "three: both", {"deviceType": "ios", "installationId": "three-a", "deviceToken": "three-t"}
    ),
    rows("an id and a token that met", installationId=like("three-")),
    rows("tokens left", deviceToken=like("three-")),
    install("four: a", {"deviceType": "ios", "installationId": "four-a", "deviceToken": "four-t"}),
    install("four: b", {"deviceType": "ios", "installationId": "four-b"}),
    install(
        "four: b gets a's token",
        {"deviceType": "ios", "installationId": "four-b", "deviceToken": "four-t"},
    ),
    rows("a token that went over", installationId=like("four-")),
    install(
        "five: of one app",
        {
            "deviceType": "ios",
            "installationId": "five-a",
            "deviceToken": "five-t",
            "appIdentifier": "a",
        },
    ),
    install(
        "five: of another app",
        {
            "deviceType": "ios",
            "installationId": "five-b",
            "deviceToken": "five-t",
            "appIdentifier": "b",
        },
    ),
    install("five: of neither", {"deviceType": "ios", "deviceToken": "five-t"}),
    rows("one token in two apps", deviceToken="five-t"),
    install(
        "an id of its own", {"deviceType": "ios", "installationId": "six", "objectId": "abcdefghij"}
    ),
    install(
        "a user",
        {
            "deviceType": "ios",
            "installationId": "seven",
            "user": {"__type": "Pointer", "className": "_User", "objectId": "abcdefghij"},
        },
    ),
    install("an ACL", {"deviceType": "ios", "installationId": "eight", "ACL": {}}),
    create(
        "_Installation",
        {"deviceType": "ios", "installationId": "Nine"},
        name="as a class",
        save="nine",
    ),
    put("/installations/{one}", {"badge": 7}, name="change it"),
    put("/installations/{one}", {"installationId": "one-a", "badge": 7}, name="change with its id"),
    put("/installations/{one}", {"installationId": "other"}, name="change its id"),
    put("/installations/{one}", {"deviceType": "android"}, name="change its type"),
    put("/installations/{one}", {"deviceType": "ios"}, name="keep its type"),
    put("/installations/{one}", {"deviceToken": "one-t3"}, name="change its token"),
    put("/installations/{one}", {"installationId": op("Delete")}, name="delete its id"),
    put("/installations/{one}", {}, name="change nothing"),
    put("/installations/{two}", {"deviceToken": "two-t9"}, name="change a token of no id"),
    put("/installations/{nine}", {"deviceToken": "one-t3"}, name="take a token over"),
    put("/installations/nosuch", {"badge": 1}, name="change none"),
    put("/installations/nosuch", {"installationId": "x"}, name="change none by its id"),
    rows("after changes", installationId={"$in": ["one-a", "nine"]}),
    get("/installations/{one}", name="read one as a client"),
    get("/installations/{one}", who="master", query={"keys": KEYS}, name="read one as master"),
    get("/installations", name="list as a client"),
    find("_Installation", {"installationId": "one-a"}, name="find as a client"),
    put("/installations/{one}", {"deviceToken": op("Delete")}, name="delete its token"),
    delete("/installations/{one}", name="delete as a client"),
    delete("/installations/{nine}", who="master", name="delete as master"),
    delete("/installations/{nine}", who="master", name="delete again"),
    install("as the SDK", {"_method": "POST", "deviceType": "js", "installationId": "sdk"}),
    post("/installations/{one}", {"_method": "PUT", "badge": 9}, name="change as the SDK"),
]

# --- config, events, purge, jobs, the log, with odd requests --------------------------------------

ODD: dict[str, Any] = {
    "a list": [1],
    "an empty list": [],
    "text": "abc",
    "a number": 5,
    "true": True,
    "null": None,
}


def config(name: str, body: Any, **more: Any) -> Step:
    """Change the config with the master key."""
    more.setdefault("who", "master")
    return put("/config", body, name=name, **more)


CONFIG = [
    config("a flag of its own", {"params": {"odd": 1}, "masterKeyOnly": {"odd": True, "x": True}}),
    get("/config", query={"keys": "odd"}, name="with keys"),
    get("/config", who="master", name="as master"),
    *(config(f"params: {label}", {"params": value}) for label, value in ODD.items()),
    *(
        config(f"flags: {label}", {"params": {"odd": 1}, "masterKeyOnly": value})
        for label, value in ODD.items()
    ),
    *(
        config(f"a flag: {label}", {"params": {"odd": 1}, "masterKeyOnly": {"odd": value}})
        for label, value in ODD.items()
    ),
    config("flags without params", {"masterKeyOnly": {"odd": True}}),
    config("an unknown key", {"params": {"odd": 2}, "other": 1}),
    config("a name with blanks", {"params": {"a b": 1}}),
    config("an empty name", {"params": {"": 1}}),
    config("a name of digits", {"params": {"5": 1}}),
    config("a nested typed value", {"params": {"odd": {"a": {"__type": "Date", "iso": "x"}}}}),
]

HIDDEN = {
    "disabledForClasses": ["_Session"],
    "classConfigs": [
        {
            "className": "Product",
            "type": {
                "inputFields": {"create": ["name"], "update": []},
                "outputFields": ["name"],
                "constraintFields": ["name"],
                "sortFields": [{"field": "name", "asc": True, "desc": False}],
            },
            "query": {"get": False, "findAlias": "wares"},
            "mutation": {"destroy": False, "createAlias": "addWare"},
        }
    ],
}


def graphql_config(name: str, body: Any, who: str | None = "master") -> Step:
    """Set the configuration of GraphQL."""
    return put("/graphql-config", body, who=who, name=name)


GRAPHQL = [
    get("/graphql-config", who="master", name="before it is set"),
    get("/graphql-config", name="read by a client"),
    graphql_config("by a client", {"params": {}}, None),
    graphql_config("with the read-only key", {"params": HIDDEN}, "readonly"),
    graphql_config("all there is", {"params": HIDDEN}),
    get("/graphql-config", who="master", name="all there is, read back"),
    get("/graphql-config", who="readonly", name="read with the read-only key"),
    *(
        graphql_config(f"params: {label}", {"params": value})
        for label, value in (*ODD.items(), ("unknown", {"nope": 1}))
    ),
    graphql_config("an unknown part of a class", {"params": {"classConfigs": [{"nope": 1}]}}),
    graphql_config("no body", ABSENT),
    graphql_config("an empty body", {}),
    get("/graphql-config", who="master", name="read at the end"),
]

EVENTS = [
    *(
        post("/events/open", {"dimensions": value}, name=f"dimensions: {label}")
        for label, value in ODD.items()
    ),
    *(post("/events/open", {"at": value}, name=f"at: {label}") for label, value in ODD.items()),
    post("/events/%2F", {}, name="a slash"),
    *(
        post(
            "/validate_purchase",
            {"receipt": value, "productIdentifier": ""},
            name=f"receipt: {label}",
        )
        for label, value in ODD.items()
    ),
]

PURGE = [
    create("Purged", {"n": 1}),
    create("Purged", {"n": 2}),
    sign_up("cleaner", "cleaner"),
    delete("/purge/Purged", who="cleaner", name="by a user"),
    post("/purge/Purged", {"_method": "DELETE"}, who="master", name="as the SDK"),
    find("Purged", who="master", name="what is left"),
    delete("/purge/Purged", who="master", name="an empty class"),
    delete("/purge/_Installation", who="master", name="installations"),
    delete("/purge/_PushStatus", who="master", name="push states"),
    delete("/purge/_JobStatus", who="master", name="job states"),
    delete("/purge/_GlobalConfig", who="master", name="the config"),
    delete("/purge/_SCHEMA", who="master", name="the schema"),
    delete("/purge/_Join:users:_Role", who="master", name="a join table"),
    delete("/purge/a-b", who="master", name="no class name"),
    delete("/purge/%20", who="master", name="a blank"),
]

LOG = [
    *(
        get(
            "/scriptlog", who="master", query={"until": "2000-01-01", **query}, name=f"log: {query}"
        )
        for query in (
            {"n": "0"},
            {"n": "-1"},
            {"n": "many"},
            {"size": "5"},
            {"size": "many"},
            {"level": "silly"},
            {"level": "nosuch"},
            {"order": "sideways"},
            {"order": "desc"},
        )
    ),
    get(
        "/scriptlog",
        who="master",
        query={"until": "nosuch", "from": "2200-01-01"},
        name="a bad until",
    ),
    get(
        "/scriptlog",
        who="master",
        query={"from": "2200-01-01", "until": "2000-01-01"},
        name="upside down",
    ),
]

JOBS = [
    post("/jobs/work", {}, name="start as a client"),
    post("/jobs/nosuch", {}, who="master", name="start none"),
    post("/jobs", {}, who="master", name="start nothing"),
    post("/jobs", {"jobName": "nosuch"}, who="master", name="start none by name"),
    post("/jobs", {"jobName": 5}, who="master", name="start a number"),
    *(
        post("/cloud_code/jobs", {"job_schedule": value}, who="master", name=f"schedule: {label}")
        for label, value in ODD.items()
    ),
    post("/cloud_code/jobs", ABSENT, who="master", name="schedule: no body"),
    post("/cloud_code/jobs", {}, who="master", name="schedule: an empty body"),
    *(
        post(
            "/cloud_code/jobs",
            {"job_schedule": {"jobName": value}},
            who="master",
            name=f"job: {label}",
        )
        for label, value in ODD.items()
    ),
    put("/cloud_code/jobs/nosuch", {}, who="master", name="change: an empty body"),
    put("/cloud_code/jobs/nosuch", {"job_schedule": None}, who="master", name="change: null"),
]

SCENARIOS = [
    Scenario("devices", INSTALLATIONS),
    Scenario("odd config", CONFIG, "keys"),
    Scenario("GraphQL's configuration", GRAPHQL, "keys"),
    Scenario("odd events", EVENTS),
    Scenario("odd purges", PURGE),
    Scenario("odd logs", LOG),
    Scenario("odd jobs", JOBS, "cloud"),
]
