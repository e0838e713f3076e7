"""What Parse Dashboard 9.2 sends, as it sends it: POST, with the method and keys in the body."""

from collections.abc import Mapping
from typing import Any

from tests.differential.scenario import Scenario, Step, get, post
from tests.differential.sides import COMMON

KEYS = {
    "_ApplicationId": COMMON["appId"],
    "_ClientVersion": "js8.5.0",
    "_MasterKey": COMMON["masterKey"],
    "_InstallationId": "d6c8bbd0-3a53-4b3c-9b2b-1f5f3a0f0a11",
}


def sent(
    method: str,
    path: str,
    body: Mapping[str, Any] | None = None,
    *,
    save: Mapping[str, str] | None = None,
    name: str = "",
) -> Step:
    """A request of the dashboard."""
    told = {} if method == "POST" else {"_method": method}
    return post(
        path,
        {**(body or {}), **told, **KEYS},
        bare=True,
        headers={"Content-Type": "text/plain"},
        save=save or {},
        name=name or f"{method} {path}",
    )


def find(class_name: str, where: Any, name: str, **options: Any) -> Step:
    """Rows as the data browser asks for them."""
    asked = {"where": where, "limit": 100, "order": "-createdAt", **options}
    return sent("GET", f"/classes/{class_name}", asked, name=name)


CLOSED = {"role:staff": True}
DATA = [
    find("DashboardConfig", {"user": {"$exists": False}}, "settings that nobody saved", limit=1),
    sent("POST", "/schemas/DashWish", {"className": "DashWish"}),
    sent("POST", "/schemas/DashWish", {"className": "DashWish"}, name="once more"),
    sent(
        "PUT",
        "/schemas/DashWish",
        {
            "className": "DashWish",
            "fields": {"stars": {"type": "Number", "required": False, "defaultValue": 1}},
        },
        name="a column with a default",
    ),
    sent(
        "PUT",
        "/schemas/DashWish",
        {"className": "DashWish", "fields": {"note": {"type": "String", "required": True}}},
        name="a column that is required",
    ),
    sent(
        "PUT",
        "/schemas/DashWish",
        {"className": "DashWish", "fields": {"of": {"type": "Pointer", "targetClass": "_User"}}},
        name="a column of pointers",
    ),
    sent("POST", "/classes/DashWish", {"stars": 3}, name="a row without what is required"),
    sent(
        "POST",
        "/classes/DashWish",
        {"note": "red", "stars": 3, "ACL": {"*": {"read": True}}},
        save={"red": "$.objectId"},
        name="a row",
    ),
    sent(
        "POST", "/classes/DashWish", {"note": "blue"}, save={"blue": "$.objectId"}, name="one more"
    ),
    sent("PUT", "/classes/DashWish/{red}", {"stars": 5}, name="a cell"),
    sent("PUT", "/classes/DashWish/{red}", {"stars": "five"}, name="a cell of the wrong type"),
    sent("PUT", "/classes/DashWish/{red}", {"stars": {"__op": "Delete"}}, name="a cell emptied"),
    sent("PUT", "/classes/DashWish/{red}", {"ACL": {}}, name="a row closed"),
    find("DashWish", {"stars": {"$gt": 0}}, "filtered by a number", keys="note,stars"),
    find("DashWish", {"note": {"$regex": "^\\Qb\\E"}}, "filtered by a beginning", limit=10, skip=0),
    find("DashWish", {"of": {"$exists": False}}, "filtered by what is empty", order="note"),
    find("DashWish", {}, "counted", limit=0, count=1),
    sent(
        "PUT",
        "/schemas/DashWish",
        {
            "classLevelPermissions": {
                "get": {"*": True},
                "find": CLOSED,
                "count": CLOSED,
                "create": CLOSED,
                "update": CLOSED,
                "delete": {"pointerFields": ["of"]},
                "addField": {},
                "protectedFields": {"*": ["stars"]},
            }
        },
        name="class-level permissions",
    ),
    get("/classes/DashWish/{blue}", name="a client reads"),
    get("/classes/DashWish", name="a client finds"),
    sent(
        "PUT",
        "/schemas/DashWish",
        {"className": "DashWish", "fields": {"of": {"__op": "Delete"}}},
        name="a column deleted",
    ),
    sent(
        "POST",
        "/batch",
        {
            "requests": [
                {"method": "DELETE", "path": "/parse/classes/DashWish/{red}", "body": {}},
                {"method": "DELETE", "path": "/parse/classes/DashWish/nobodyhere", "body": {}},
            ]
        },
        name="rows deleted",
    ),
    sent("DELETE", "/schemas/DashWish", name="a class with rows deleted"),
    sent("DELETE", "/purge/DashWish"),
    sent("DELETE", "/schemas/DashWish"),
]

PEOPLE = [
    sent(
        "POST",
        "/users",
        {"username": "dash-anna", "password": "secret"},
        save={"anna": "$.objectId", "token": "$.sessionToken"},
        name="a user, who gets a session",
    ),
    sent("PUT", "/classes/_User/{anna}", {"email": "dash-anna@shop.test"}, name="an address"),
    sent("PUT", "/classes/_User/{anna}", {"password": "another"}, name="a new password"),
    get("/users/me", who="token", name="the old session"),
    sent(
        "POST",
        "/classes/_Role",
        {"name": "dash-packers", "ACL": {"*": {"read": True}}},
        save={"role": "$.objectId"},
        name="a role",
    ),
    sent("POST", "/classes/_Role", {"name": "dash-sellers"}, name="a role without ACL"),
    sent(
        "PUT",
        "/classes/_Role/{role}",
        {
            "users": {
                "__op": "AddRelation",
                "objects": [{"__type": "Pointer", "className": "_User", "objectId": "{anna}"}],
            }
        },
        name="a user in a role",
    ),
    find(
        "_User",
        {
            "$relatedTo": {
                "object": {"__type": "Pointer", "className": "_Role", "objectId": "{role}"},
                "key": "users",
            }
        },
        "the users of a role",
    ),
    find("_Role", {"$or": [{"name": "dash-packers"}, {"objectId": "dash-packers"}]}, "by name"),
    sent("POST", "/loginAs", {"userId": "{anna}"}, save={"other": "$.sessionToken"}),
    get("/users/me", who="other", name="as that user"),
    sent("DELETE", "/classes/_Role/{role}", name="the role goes"),
]

OPERATIONS = [
    sent(
        "PUT", "/config", {"params": {"dash": [1]}, "masterKeyOnly": {"dash": True}}, name="a list"
    ),
    sent(
        "PUT",
        "/config",
        {"params": {"dash": {"__op": "AddUnique", "objects": [1, 2]}}},
        name="something added to it",
    ),
    sent("GET", "/config", name="it has both"),
    sent(
        "PUT",
        "/config",
        {"params": {"dash": {"__op": "Remove", "objects": [1]}}},
        name="something taken from it",
    ),
    sent("GET", "/hooks/functions"),
    sent("POST", "/hooks/functions", {"functionName": "dashHook", "url": "https://h.test/a"}),
    sent("PUT", "/hooks/functions/dashHook", {"url": "https://h.test/b"}),
    sent("PUT", "/hooks/functions/dashHook", {"__op": "Delete"}, name="a webhook deleted"),
    sent(
        "POST",
        "/hooks/triggers",
        {"triggerName": "afterSave", "className": "DashOrder", "url": "https://h.test/c"},
    ),
    sent("PUT", "/hooks/triggers/DashOrder/afterSave", {"__op": "Delete"}, name="and a trigger"),
    sent("GET", "/cloud_code/jobs?per_page=50", name="schedules"),
    sent("GET", "/cloud_code/jobs/data"),
    sent("GET", "/classes/_JobStatus", {"where": {}, "order": "-createdAt"}, name="job status"),
    sent("POST", "/jobs", {"jobName": "dashNone", "when": 0, "input": {}}, name="an unknown job"),
    sent("GET", "/security", name="the security page"),
]

SCENARIOS = [
    Scenario("the dashboard's data browser", DATA, configuration="detailed"),
    Scenario("the dashboard's people", PEOPLE, configuration="detailed"),
    Scenario("the dashboard's operations", OPERATIONS, configuration="detailed"),
]
