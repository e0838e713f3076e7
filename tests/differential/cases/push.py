"""Pushes: what is refused, what devices are sent, what the status says; and audiences."""

import json
from typing import Any

from tests.differential.scenario import (
    ABSENT,
    Scenario,
    Step,
    delete,
    get,
    post,
    put,
    sign_up,
)
from tests.receiver import remembered

HEADER = ("X-Parse-Push-Status-Id",)
DATA = {"alert": "Hello"}


def push(body: Any = ABSENT, *, who: str | None = "master", name: str = "") -> Step:
    """Push."""
    return post("/push", body, who=who, name=name, compare=HEADER)


def status_of(where: Any, status: str, name: str) -> Step:
    """The status of the one push of this where, once it says so."""
    query = {"where": {"query": json.dumps(where, separators=(",", ":"))}}
    until = {"$.results.0.status": status}
    return get("/classes/_PushStatus", query=query, who="master", until=until, name=name)


def device(channel: str, number: int, kind: str = "ios", **fields: Any) -> Step:
    """Register a device; `{channel}{number}` becomes its id."""
    token = fields.pop("token", f"{channel}-{number}")
    body = {
        "deviceType": kind,
        "deviceToken": token,
        "installationId": f"{channel}-{number}",
        "channels": [channel],
        **fields,
    }
    return post("/installations", body, save={f"{channel}{number}": "$.objectId"})


def sent_to(token: str, name: str) -> Step:
    """What the device of this token was sent last."""
    return post("/functions/sent", {"token": token, "number": 1}, name=f"{name}, sent")


def installation(saved: str, name: str) -> Step:
    """The installation that a step saved."""
    return get(f"/installations/{{{saved}}}", who="master", name=name)


SENT = post(
    "/hooks/functions",
    {"functionName": "sent", "url": "{receiver}" + remembered("push")},
    who="master",
    name="the receiver's memory is a function",
)
FORGOTTEN = put("/hooks/functions/sent", {"__op": "Delete"}, who="master", name="no function left")

WRONG: list[dict[str, Any]] = [
    {"expiration_time": "soon"},
    {"expiration_time": True},
    {"expiration_time": None},
    {"expiration_time": {}},
    {"expiration_time": ["a"]},
    {"push_time": "soon"},
    {"push_time": True},
    {"push_time": {"a": 1}},
    {"expiration_interval": "60"},
    {"expiration_interval": 0},
    {"expiration_interval": -1},
    {"expiration_interval": None},
    {"expiration_interval": 60, "expiration_time": 4102444800},
]

UNCONFIGURED = [
    push({"where": {}, "data": DATA}),
    push({"where": {}, "data": DATA}, who=None, name="as nobody"),
    push({"channels": ["a"], "data": DATA}, name="to channels"),
    push({}, name="to nobody"),
    push(name="without a body"),
    push({"channels": [], "where": {}}, name="to both"),
    push({"where": None}, name="to null"),
    get("/serverInfo", who="master"),
]

REFUSED = [
    sign_up("mia", "mia"),
    push({"where": {}, "data": DATA}, who=None, name="as nobody"),
    push({"where": {}, "data": DATA}, who="mia", name="as a user"),
    push({"where": {}, "data": DATA}, who="readonly", name="with the read-only key"),
    push({}, name="empty"),
    push({"data": DATA}, name="to nobody"),
    push({"channels": ["a"], "where": {}, "data": DATA}, name="to both"),
    *(
        push({"where": {"deviceToken": "none"}, "data": DATA, **wrong}, name=f"with {wrong}")
        for wrong in WRONG
    ),
    get("/serverInfo", who="master"),
]

NOBODY = {"deviceToken": "nobody"}


def told(where: Any, status: str, name: str, **body: Any) -> list[Step]:
    """A push, and its status afterwards."""
    return [
        push({"where": where, **body}, name=name),
        status_of(where, status, f"{name}, its status"),
    ]


STATUS = [
    device("any", 1),  # that the class exists
    *told({"a": 1}, "succeeded", "a text", data=DATA),
    *told({"a": 2}, "succeeded", "no data"),
    *told({"a": 3}, "succeeded", "an object as alert", data={"alert": {"body": "B"}}),
    *told({"a": 4}, "succeeded", "no alert", data={"badge": 0}),
    *told({"a": 5}, "succeeded", "seconds", data=DATA, expiration_time=4102444800),
    *told({"a": 6}, "succeeded", "a time", data=DATA, expiration_time="2100-01-01T00:00:00Z"),
    *told({"a": 8}, "scheduled", "later", data=DATA, push_time="2100-01-01T00:00:00Z"),
    *told({"a": 9}, "scheduled", "with an offset", push_time="2100-01-01T00:00:00+02:00"),
    *told({"a": 10}, "scheduled", "on the devices' clocks", push_time="2100-01-01T00:00:00"),
    *told({"a": 11}, "scheduled", "at a second", push_time=4102444800),
    *told(
        {"a": 12},
        "scheduled",
        "for a while",
        push_time="2100-01-01T00:00:00Z",
        expiration_interval=60,
    ),
    *told({"a": 13}, "succeeded", "with accents", data={"alert": "Grüße ☕", "title": "é"}),
    *told({"deviceType": {"$in": "ios"}}, "failed", "a bad where", data=DATA),
    *told({"$or": {}}, "failed", "a bad group", data=DATA),
    *told(None, "failed", "null", data=DATA),
    *told('{"a":1}', "failed", "a text as where", data=DATA),
    get("/classes/_PushStatus", who=None, name="as nobody"),
]

SENDS = [
    SENT,
    device("news", 1),
    device("news", 2, "android"),
    device("other", 1),
    push({"channels": ["news"], "data": {"alert": "New mugs", "sku": "M1"}}),
    status_of({"channels": {"$in": ["news"]}}, "succeeded", "the status"),
    sent_to("news-1", "a device"),
    sent_to("news-2", "another device"),
    device("langs", 1, localeIdentifier="fr-CA"),
    device("langs", 2, localeIdentifier="de-DE"),
    device("langs", 3),
    push(
        {
            "channels": ["langs"],
            "data": {"alert": "Hello", "alert-fr": "Bonjour", "title": "T", "title-de": "D"},
        },
        name="in three languages",
    ),
    sent_to("langs-1", "French"),
    sent_to("langs-2", "German"),
    sent_to("langs-3", "no language"),
    FORGOTTEN,
]

BADGES = [
    SENT,
    *(
        step
        for number, badge in enumerate(
            ("Increment", "INCREMENT", {"__op": "Increment", "amount": 4}, 7), 1
        )
        for step in (
            device(f"badge{number}", 1, badge=3),
            device(f"badge{number}", 2),
            push({"channels": [f"badge{number}"], "data": {"alert": "Hello", "badge": badge}}),
            sent_to(f"badge{number}-1", f"badge {badge}"),
            sent_to(f"badge{number}-2", f"no badge before {badge}"),
            installation(f"badge{number}1", f"badge {badge}, kept"),
            installation(f"badge{number}2", f"no badge before {badge}, kept"),
        )
    ),
    push({"where": NOBODY, "data": {"badge": "more"}}, name="no badge at all"),
    push({"where": NOBODY, "data": {"badge": {}}}, name="no operation"),
    FORGOTTEN,
]

FAILS = [
    device("lost", 1, token="gone-1"),
    device("lost", 2, "android", token="bad-2"),
    device("lost", 3),
    push({"channels": ["lost"], "data": DATA}),
    status_of({"channels": {"$in": ["lost"]}}, "succeeded", "the status"),
    installation("lost2", "a token that only failed"),
    get(
        "/installations",
        query={"where": {"deviceToken": "gone-1"}},
        who="master",
        name="who has a token that is gone",
    ),
]

USED = '{"deviceType":"ios"}'
AUDIENCES = [
    post("/push_audiences", {"name": "Readers", "query": USED}, who=None, name="as nobody"),
    get("/push_audiences", who=None, name="listed by nobody"),
    get("/push_audiences", who="master", name="none"),
    post(
        "/push_audiences",
        {"name": "Readers", "query": USED},
        who="master",
        save={"readers": "$.objectId"},
    ),
    post("/push_audiences", {"name": "Read", "query": USED}, who="readonly", name="read-only"),
    post("/push_audiences", {"name": "Odd", "query": {"a": 1}}, who="master", name="an object"),
    post("/push_audiences", {"name": 1, "query": USED}, who="master", name="no name"),
    get("/push_audiences", who="master"),
    get("/push_audiences", query={"limit": 1, "order": "name", "count": 1}, who="master"),
    get("/push_audiences", query={"where": {"name": "Nobody"}}, who="master", name="no match"),
    get("/push_audiences/{readers}", who="master"),
    get("/push_audiences/{readers}", who="readonly", name="with the read-only key"),
    get("/push_audiences/nobody", who="master"),
    put("/push_audiences/{readers}", {"name": "Listeners"}, who="master"),
    put("/push_audiences/{readers}", {"name": "L"}, who=None, name="changed by nobody"),
    put("/push_audiences/nobody", {"name": "L"}, who="master"),
    push({"where": {"aud": 1}, "data": DATA, "audience_id": "{readers}"}, name="used"),
    status_of({"aud": 1}, "succeeded", "used, its status"),
    get("/push_audiences/{readers}", who="master", name="used once"),
    delete("/push_audiences/{readers}", who=None, name="deleted by nobody"),
    delete("/push_audiences/{readers}", who="master"),
    delete("/push_audiences/{readers}", who="master", name="deleted again"),
    get("/push_audiences/{readers}", who="master", name="after it was deleted"),
]

UNREADABLE = [
    post(
        "/push_audiences",
        {"name": "Unreadable", "query": "no JSON"},
        who="master",
        save={"unreadable": "$.objectId"},
    ),
    get("/push_audiences", query={"where": {"name": "Unreadable"}}, who="master", name="in a list"),
    get("/push_audiences/{unreadable}", who="master", name="alone"),
    delete("/push_audiences/{unreadable}", who="master"),
]

SCENARIOS = [
    Scenario("push without configuration", UNCONFIGURED),
    Scenario("pushes refused", REFUSED, "push"),
    Scenario("push status", STATUS, "push"),
    Scenario("pushes sent", SENDS, "push"),
    Scenario("badges", BADGES, "push"),
    Scenario("pushes that fail", FAILS, "push"),
    Scenario("audiences", AUDIENCES, "push"),
    Scenario("audiences whose query can't be read", UNREADABLE, "push"),
]
