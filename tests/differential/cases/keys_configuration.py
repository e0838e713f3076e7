"""A server with client keys, a read-only and a maintenance key, limits, and custom ids."""

from typing import Any

from tests.differential.cases.credentials import basic
from tests.differential.scenario import (
    Scenario,
    Step,
    create,
    delete,
    find,
    get,
    post,
    put,
    sign_up,
)

APP = {"X-Parse-Application-Id": "shop"}
KEYS: dict[str, dict[str, str]] = {
    "no key": {},
    "the REST key": {"X-Parse-REST-API-Key": "rest"},
    "the client key": {"X-Parse-Client-Key": "client"},
    "the JavaScript key": {"X-Parse-Javascript-Key": "javascript"},
    "the Windows key": {"X-Parse-Windows-Key": "dotnet"},
    "a wrong REST key": {"X-Parse-REST-API-Key": "wrong"},
    "an empty REST key": {"X-Parse-REST-API-Key": ""},
    "the client key as REST key": {"X-Parse-REST-API-Key": "client"},
    "a wrong and a right key": {"X-Parse-REST-API-Key": "wrong", "X-Parse-Client-Key": "client"},
    "the master key": {"X-Parse-Master-Key": "master"},
    "a wrong master key": {"X-Parse-Master-Key": "wrong"},
    "a wrong master key and a client key": {
        "X-Parse-Master-Key": "wrong",
        "X-Parse-Client-Key": "client",
    },
    "the read-only key": {"X-Parse-Master-Key": "read-only"},
    "the maintenance key": {"X-Parse-Maintenance-Key": "maintenance"},
    "a wrong maintenance key": {"X-Parse-Maintenance-Key": "wrong"},
    "the maintenance key as master key": {"X-Parse-Master-Key": "maintenance"},
}


def sdk(key: dict[str, Any], name: str) -> Step:
    """Query in the JavaScript SDK's form with this key in the body."""
    body = {"_method": "GET", "_ApplicationId": "shop", **key}
    return post("/classes/Key", body, bare=True, headers={"Content-Type": "text/plain"}, name=name)


SCENARIOS = [
    Scenario(
        "client keys",
        [
            create("Key", {"n": 1, "ACL": {}}, who="master"),
            *(
                get("/classes/Key", bare=True, headers={**APP, **keys}, name=name)
                for name, keys in KEYS.items()
            ),
            get(
                "/classes/Key",
                bare=True,
                headers=basic("shop:javascript-key=javascript"),
                name="b1",
            ),
            get("/classes/Key", bare=True, headers=basic("shop:javascript-key=wrong"), name="b2"),
            get("/classes/Key", bare=True, headers=basic("shop:master"), name="b3"),
            get("/classes/Key", bare=True, headers=basic("shop:rest"), name="b4"),
            sdk({"_JavaScriptKey": "javascript"}, "the JavaScript key in the body"),
            sdk({"_JavaScriptKey": "wrong"}, "a wrong JavaScript key in the body"),
            sdk({"_MasterKey": "master"}, "the master key in the body"),
            sdk({"_MasterKey": "read-only"}, "the read-only key in the body"),
            sdk({}, "no key in the body"),
            get("/health", bare=True),
        ],
        configuration="keys",
    ),
    Scenario(
        "the read-only master key",
        [
            create("Book", {"n": 1, "ACL": {}}, who="master", save="b"),
            find("Book", who="readonly"),
            find("Book", count=1, limit=0, who="readonly"),
            get("/classes/Book/{b}", who="readonly"),
            get("/schemas/Book", who="readonly"),
            create("Book", {"n": 2}, who="readonly"),
            put("/classes/Book/{b}", {"n": 2}, who="readonly"),
            delete("/classes/Book/{b}", who="readonly"),
            post("/schemas/Made", {}, who="readonly"),
            put("/schemas/Book", {"fields": {"x": {"type": "String"}}}, who="readonly"),
            delete("/schemas/Book", who="readonly"),
            delete("/purge/Book", who="readonly"),
            post("/users", {"username": "read-only-made", "password": "x"}, who="readonly"),
            post("/loginAs", {"userId": "x"}, who="readonly"),
            post(
                "/batch",
                {
                    "requests": [
                        {"method": "POST", "path": "/parse/classes/Book", "body": {"n": 3}},
                        {"method": "GET", "path": "/parse/classes/Book/{b}"},
                    ]
                },
                who="readonly",
            ),
            post("/roles", {"name": "R", "ACL": {}}, who="readonly"),
            find("_User", {"_perishable_token": {"$exists": True}}, who="readonly", name="hidden"),
            find("Book", who="master", name="nothing has changed"),
        ],
        configuration="keys",
    ),
    Scenario(
        "the maintenance key",
        [
            create(
                "Old",
                {
                    "n": 1,
                    "createdAt": {"__type": "Date", "iso": "2001-01-01T00:00:00.000Z"},
                    "updatedAt": {"__type": "Date", "iso": "2002-01-01T00:00:00.000Z"},
                },
                who="master",
                name="dates by master",
            ),
            create(
                "Old",
                {
                    "n": 2,
                    "createdAt": {"__type": "Date", "iso": "2001-01-01T00:00:00.000Z"},
                    "updatedAt": {"__type": "Date", "iso": "2002-01-01T00:00:00.000Z"},
                },
                who="maintenance",
                name="dates by maintenance",
            ),
            create(
                "Old",
                {
                    "n": 3,
                    "createdAt": {"__type": "Date", "iso": "2003-01-01T00:00:00.000Z"},
                    "updatedAt": {"__type": "Date", "iso": "2002-01-01T00:00:00.000Z"},
                },
                who="maintenance",
                name="dates in the wrong order",
            ),
            create(
                "Old",
                {"n": 4, "createdAt": {"__type": "Date", "iso": "2001-01-01T00:00:00.000Z"}},
                who="maintenance",
                name="one date alone",
            ),
            find("Old", order="n", who="master"),
            find("Old", order="n", who="maintenance"),
            sign_up("u", "maintained", email="m@shop.test"),
            find(
                "_User",
                {"username": "maintained"},
                keys="username,email",
                who="maintenance",
                name="a user",
            ),
            get("/schemas/Old", who="maintenance"),
            delete("/purge/Old", who="maintenance"),
        ],
        configuration="keys",
    ),
    Scenario(
        "limits",
        [
            *(create("Many", {"n": n}, who="master") for n in range(7)),
            find("Many", order="n", keys="n", name="the default limit"),
            find("Many", order="n", keys="n", limit=4, name="a limit between"),
            find("Many", order="n", keys="n", limit=100, name="above the largest"),
            find("Many", order="n", keys="n", limit=100, who="master", name="above, as master"),
            find("Many", order="n", keys="n", limit=0, count=1, name="counted"),
            find("Many", order="n", keys="n", skip=2, name="skipped"),
        ],
        configuration="keys",
    ),
    Scenario(
        "classes that clients may not make",
        [
            create("Forbidden", {"n": 1}),
            find("Forbidden"),
            find("Forbidden", count=1, limit=0),
            get("/classes/Forbidden/aaaaaaaaaa"),
            put("/classes/Forbidden/aaaaaaaaaa", {"n": 1}),
            delete("/classes/Forbidden/aaaaaaaaaa"),
            find("Forbidden", who="master"),
            find("Forbidden", who="readonly"),
            find("Forbidden", who="maintenance"),
            create("a-b", {"n": 1}, name="a bad class"),
            create("_Nothing", {"n": 1}, name="an unknown system class"),
            create("Forbidden", {"n": 1}, who="master", save="f", name="made by master"),
            find("Forbidden", name="readable when it exists"),
            create("Forbidden", {"n": 2, "fresh": 1}, name="with a new field"),
        ],
        configuration="keys",
    ),
    Scenario(
        "custom ids",
        [
            post("/schemas/Sku", {"fields": {"n": {"type": "Number"}}}, who="master"),
            create("Sku", {"objectId": "sku-1", "n": 1}, name="a custom id"),
            create("Sku", {"objectId": "sku-1", "n": 2}, name="the same id"),
            create("Sku", {"objectId": "", "n": 3}, name="an empty id"),
            create("Sku", {"objectId": None, "n": 3}, name="a null id"),
            create("Sku", {"n": 4}, name="no id", save="s"),
            create("Sku", {"objectId": 5, "n": 5}, name="a number as id"),
            create("Sku", {"objectId": "with space", "n": 6}, name="an id with a blank"),
            get("/classes/Sku/sku-1"),
            get("/classes/Sku/with%20space"),
            put("/classes/Sku/sku-1", {"n": 10}),
            delete("/classes/Sku/sku-1"),
            post(
                "/users",
                {"objectId": "role:admin", "username": "evil", "password": "x"},
                name="a user with a role's name as id",
            ),
            post(
                "/users",
                {"objectId": "own", "username": "own-id", "password": "x"},
                name="own user",
            ),
        ],
        configuration="keys",
    ),
]
