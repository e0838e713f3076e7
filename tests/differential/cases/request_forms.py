"""The forms of a request: the SDK's body form, odd content types, methods, paths, preflights."""

import json
from typing import Any

from tests.differential.scenario import Scenario, Step, create, find, get, post, put, sign_up

PLAIN = {"Content-Type": "text/plain"}
CORS = (
    "access-control-allow-origin",
    "access-control-allow-methods",
    "access-control-expose-headers",
)


def sdk(path: str, body: dict[str, Any], name: str, **more: Any) -> Step:
    """Send what the JavaScript SDK sends: everything in a text/plain POST body."""
    full = {
        **body,
        "_ApplicationId": "shop",
        "_ClientVersion": "js8.6.2",
        "_InstallationId": "11111111-2222-3333-4444-555555555555",
    }
    return post(path, full, name=name, bare=True, headers=PLAIN, **more)


def raw(path: str, text: str | bytes, name: str, kind: str | None = None, **more: Any) -> Step:
    """Send a body as it stands, under any content type."""
    return post(path, text, name=name, headers={"Content-Type": kind} if kind else {}, **more)


SCENARIOS = [
    Scenario(
        "what the JavaScript SDK sends",
        [
            sdk("/classes/Cup", {"n": 1}, "create", save={"c": "$.objectId"}),
            sdk("/classes/Cup/{c}", {"_method": "PUT", "n": 2}, "update"),
            sdk("/classes/Cup/{c}", {"_method": "GET"}, "get"),
            sdk("/classes/Cup", {"_method": "GET", "where": {"n": 2}, "limit": 1}, "query"),
            sdk("/classes/Cup", {"_method": "GET", "where": {}, "count": 1, "limit": 0}, "count"),
            sdk(
                "/classes/Cup/{c}", {"_method": "PUT", "_context": {"a": 1}, "n": 3}, "with context"
            ),
            sdk("/classes/Cup", {"_context": '{"a":1}', "n": 4}, "with context as text"),
            sdk("/classes/Cup", {"_context": "nonsense", "n": 4}, "with a bad context"),
            sdk("/classes/Cup", {"_context": "[1]", "n": 4}, "with a context that is an array"),
            sdk("/classes/Cup", {"_noBody": True, "_method": "GET", "order": "n"}, "with _noBody"),
            sdk(
                "/users",
                {"username": "sdk-user", "password": "pass-word"},
                "sign up",
                save={"t": "$.sessionToken", "u": "$.objectId"},
            ),
            sdk("/users/me", {"_method": "GET", "_SessionToken": "{t}"}, "me"),
            sdk("/sessions/me", {"_method": "GET", "_SessionToken": "{t}"}, "my session"),
            sdk("/users/me", {"_method": "GET", "_SessionToken": "r:no"}, "me with a bad token"),
            sdk("/users/me", {"_method": "GET", "_SessionToken": 5}, "me with a number as token"),
            sdk(
                "/login",
                {"_method": "GET", "username": "sdk-user", "password": "pass-word"},
                "log in",
                save={"t": "$.sessionToken"},
            ),
            sdk("/login", {"username": "sdk-user", "password": "no"}, "wrong password"),
            sdk("/schemas/Cup", {"_method": "GET", "_MasterKey": "master"}, "schema as master"),
            sdk("/schemas/Cup", {"_method": "GET", "_MasterKey": "wrong"}, "schema, wrong key"),
            sdk("/schemas/Cup", {"_method": "GET", "_MasterKey": 5}, "schema, number as key"),
            sdk("/classes/Cup", {"_JavaScriptKey": "any", "n": 5}, "with a key that is not needed"),
            sdk("/classes/Cup", {"_RevocableSession": "1", "n": 5}, "with _RevocableSession"),
            sdk("/classes/Cup", {"_MaintenanceKey": "any", "n": 5}, "with _MaintenanceKey"),
            sdk("/classes/Cup", {"_Unknown": "any", "n": 5}, "with an unknown underscore key"),
            sdk(
                "/batch",
                {"requests": [{"method": "POST", "path": "/parse/classes/Cup", "body": {"n": 6}}]},
                "batch",
            ),
            sdk("/classes/Cup/{c}", {"_method": "DELETE"}, "delete"),
            sdk("/logout", {"_SessionToken": "{t}"}, "log out"),
            sdk("/users/me", {"_method": "GET", "_SessionToken": "{t}"}, "me after logging out"),
            sdk(
                "/classes/Cup",
                {"_method": "GET", "_InstallationId": 5, "where": {"n": 2}},
                "number as installation",
            ),
            post("/classes/Cup", {"n": 1}, bare=True, headers=PLAIN, name="no application id"),
            post(
                "/classes/Cup",
                {"n": 1, "_ApplicationId": "other"},
                bare=True,
                headers=PLAIN,
                name="another application",
            ),
            post(
                "/classes/Cup",
                {"n": 1, "_ApplicationId": 5},
                bare=True,
                headers=PLAIN,
                name="a number for an application",
            ),
            post(
                "/classes/Cup",
                {"n": 7, "_ApplicationId": "shop"},
                name="the application in header and body",
            ),
        ],
    ),
    Scenario(
        "_method",
        [
            create("Mug", {"n": 1}, save="m"),
            post("/classes/Mug/{m}", {"_method": "PUT", "n": 2}, name="PUT"),
            post("/classes/Mug/{m}", {"_method": "put", "n": 3}, name="put in lower case"),
            post("/classes/Mug/{m}", {"_method": "GET"}, name="GET"),
            post("/classes/Mug/{m}", {"_method": "PATCH", "n": 3}, name="PATCH"),
            post("/classes/Mug/{m}", {"_method": ""}, name="empty"),
            post("/classes/Mug", {"_method": 5, "n": 4}, name="a number"),
            post("/classes/Mug", {"_method": None, "n": 4}, name="null"),
            post("/classes/Mug", {"_method": {"a": 1}, "n": 4}, name="an object"),
            put("/classes/Mug/{m}", {"_method": "GET", "n": 5}, name="in a PUT"),
            post("/classes/Mug?_method=GET", {"n": 6}, name="in the query string"),
            post("/classes/Mug/{m}", {"_method": "DELETE"}, name="DELETE"),
            find("Mug", order="n", keys="n"),
        ],
    ),
    Scenario(
        "bodies under other content types",
        [
            raw("/classes/Jar", '{"n":1}', "JSON as JSON", "application/json; charset=utf-8"),
            raw("/classes/Jar", '{"n":2}', "JSON as text", "text/plain"),
            raw("/classes/Jar", '{"n":3}', "JSON as HTML", "text/html"),
            raw("/classes/Jar", '{"n":4}', "JSON as bytes", "application/octet-stream"),
            raw("/classes/Jar", '{"n":5}', "JSON as nonsense", "nonsense"),
            raw("/classes/Jar", "n=6", "a form", "application/x-www-form-urlencoded"),
            raw("/classes/Jar", '{"n":7}', "JSON as a form", "application/x-www-form-urlencoded"),
            raw("/classes/Jar", ' {"n" : 8 } ', "blanks around"),
            raw("/classes/Jar", '\ufeff{"n":9}', "a byte order mark"),
            raw("/classes/Jar", '{"n":10,"n":11}', "a key twice"),
            raw("/classes/Jar", json.dumps({"s": "\U0001d11e"}), "escaped astral text"),
            raw("/classes/Jar", '{"s":"\U0001d11e"}', "plain astral text"),
            find("Jar", {"n": {"$nin": [7, 9]}}, order="createdAt"),
        ],
    ),
    Scenario(
        "bodies that are no JSON object",
        [
            raw("/classes/Tin", "", "empty"),
            raw("/classes/Tin", "   ", "blanks"),
            raw("/classes/Tin", "{", "an open brace"),
            raw("/classes/Tin", '{"n":}', "a missing value"),
            raw("/classes/Tin", '{"n":1,}', "a trailing comma"),
            raw("/classes/Tin", "{'n':1}", "single quotes"),
            raw("/classes/Tin", '{"n":NaN}', "NaN"),
            raw("/classes/Tin", '{"n":Infinity}', "Infinity"),
            raw("/classes/Tin", '{"n":01}', "a leading zero"),
            raw("/classes/Tin", '{"n":1} x', "something behind"),
            raw("/classes/Tin", "null", "null"),
            raw("/classes/Tin", "5", "a number"),
            raw("/classes/Tin", '"text"', "a text"),
            raw("/classes/Tin", "true", "true"),
            raw("/classes/Tin", "[]", "an empty array"),
            raw("/classes/Tin", "[1]", "an array"),
            raw("/classes/Tin", b'{"s":"\xff"}', "bytes that are no UTF-8"),
            raw("/classes/Tin", '{"s":"a\nb"}', "a line break in a text"),
            raw("/login", "{", "a log-in that is broken"),
            raw("/batch", "{", "a batch that is broken"),
            Step("PUT", "/classes/Tin/aaaaaaaaaa", "{", name="a PUT that is broken"),
            Step("GET", "/classes/Tin", "{", name="a GET with a broken body"),
        ],
    ),
    Scenario(
        "health and preflights",
        [
            get("/health", bare=True, compare=("access-control-allow-origin",)),
            get("/health", name="with credentials"),
            Step("POST", "/health", name="POST", bare=True),
            Step("OPTIONS", "/classes/Product", bare=True, compare=CORS),
            Step("OPTIONS", "/nosuch", bare=True, compare=CORS),
            Step(
                "OPTIONS",
                "/users/me",
                bare=True,
                headers={"Origin": "http://shop.test"},
                compare=CORS,
            ),
            get("/classes/Sieve", compare=CORS, name="CORS of an answer"),
            get("/classes/Sieve", bare=True, compare=CORS, name="CORS of a refusal"),
            get("/classes/Sieve", query={"nosuch": 1}, compare=CORS, name="CORS of an error"),
            Step("HEAD", "/classes/Sieve", name="HEAD"),
        ],
    ),
    Scenario(
        "paths",
        [
            create("Bowl", {"n": 1}, save="b"),
            get("//classes/Bowl/{b}", name="a double slash"),
            get("/classes/Bowl/{b}/", name="a slash at the end"),
            get("/classes/Bowl/", name="a slash after the class"),
            get("/Classes/Bowl", name="another case"),
            get("/classes", name="no class"),
            get("/classes/", name="no class but a slash"),
            get("/classes/Bowl/{b}/more", name="too deep"),
            get("/nosuch", name="an unknown route"),
            post("/nosuch", {}, name="a POST to an unknown route"),
            Step("PATCH", "/classes/Bowl/{b}", {"n": 2}, name="PATCH"),
            Step("DELETE", "/classes/Bowl", name="DELETE of a class"),
            Step("PUT", "/classes/Bowl", {"n": 2}, name="PUT of a class"),
            Step("POST", "/classes/Bowl/{b}", {"n": 2}, name="POST of an object"),
            get("/nosuch", bare=True, name="an unknown route without credentials"),
            get("/classes/Bowl/a%2Fb", name="an id with a slash"),
            get("/classes/Bowl/%7B%22%24ne%22%3A1%7D", name="an id that is an operator"),
            get("/classes/Bowl/..%2f..%2fusers", name="an id that climbs"),
            get("/classes/Bowl/%00", name="an id of NUL"),
            get("/classes/Bowl/%E2%98%82", name="an id of umbrella"),
            get("/classes/Bowl/%zz", name="an id that is no percent encoding"),
            get("/classes/Bo%77l", name="a class percent-encoded"),
            get("/classes/Bowl/" + "x" * 300, name="a long id"),
            Step("DELETE", "/classes/Bowl/a%2Fb", name="deletion of an id with a slash"),
            put("/classes/Bowl/a%2Fb", {"n": 1}, name="update of an id with a slash"),
            get(
                "/classes/Bowl?where=%7B%22n%22%3A1%7D&where=%7B%22n%22%3A2%7D", name="where twice"
            ),
            get("/classes/Bowl?limit=1&limit=2", name="limit twice"),
            get("/classes/Bowl?where[n]=1", name="where in brackets"),
            get("/classes/Bowl?&&order=n", name="empty parameters"),
            get("/classes/Bowl?keys=n&keys=m", name="keys twice"),
        ],
    ),
    Scenario(
        "a session in header and body",
        [
            sign_up("h", "both-header"),
            sign_up("b", "both-body"),
            post(
                "/users/me",
                {"_method": "GET", "_SessionToken": "{b}"},
                who="h",
                name="with the application in the header",
            ),
            get("/users/me?_SessionToken={b}", name="in the query string"),
            get("/users/me?sessionToken={b}", name="as sessionToken in the query string"),
            get("/users/me", who="b", headers={"X-Parse-Master-Key": "wrong"}, name="wrong master"),
            get("/users/me", who="b", headers={"X-Parse-Master-Key": "master"}, name="and master"),
        ],
    ),
]
