"""Sessions: made by log-ins and by hand, listed, refused, ended."""

from tests.differential.scenario import Scenario, delete, find, get, pointer, post, put, sign_up

SCENARIOS = [
    Scenario(
        "a customer's sessions",
        [
            sign_up("ann", "session-ann"),
            sign_up("bob", "session-bob"),
            get("/sessions", who="ann", save={"s": "$.results.0.objectId"}),
            get("/sessions", name="sessions of nobody"),
            get("/sessions/me", who="ann"),
            get("/sessions/me", name="my session without a token"),
            get("/sessions/me", headers={"X-Parse-Session-Token": "r:nonsense"}, name="bad token"),
            get("/sessions/{s}", who="ann"),
            get("/sessions/{s}", who="bob", name="another's session"),
            get("/sessions/{s}", name="a session by nobody"),
            get("/sessions/{s}", who="master", name="a session by master"),
            post("/sessions", {}, who="ann", save={"made": "$.sessionToken", "m": "$.objectId"}),
            post("/sessions", {"device": "till"}, who="ann", name="with a field"),
            post("/sessions", {}, name="made by nobody"),
            post(
                "/sessions", {"user": pointer("_User", "{bob_id}")}, who="ann", name="for another"
            ),
            post("/sessions", {"ACL": {}}, who="ann", name="with an ACL"),
            post("/sessions", {"sessionToken": "r:mine"}, who="ann", name="with a token"),
            post("/sessions", {"expiresAt": None}, who="ann", name="without an end"),
            post("/sessions", {"createdWith": {"action": "login"}}, who="ann", name="with a story"),
            get("/users/me", who="made", name="with the session made by hand"),
            put("/sessions/{m}", {"device": "phone"}, who="ann"),
            put("/sessions/{m}", {"user": pointer("_User", "{bob_id}")}, who="ann", name="p user"),
            put("/sessions/{m}", {"sessionToken": "r:mine"}, who="ann", name="p token"),
            put("/sessions/{m}", {"expiresAt": None}, who="ann", name="p expiresAt"),
            put("/sessions/{m}", {"installationId": "x"}, who="ann", name="p installationId"),
            put("/sessions/{m}", {"createdWith": {}}, who="ann", name="p createdWith"),
            put("/sessions/{m}", {"ACL": {}}, who="ann", name="p ACL"),
            put("/sessions/{m}", {"device": "x"}, who="bob", name="changed by another"),
            put("/sessions/{m}", {"device": "x"}, name="changed by nobody"),
            delete("/sessions/{m}", who="bob", name="ended by another"),
            delete("/sessions/{m}", name="ended by nobody"),
            delete("/sessions/{m}", who="ann"),
            get("/users/me", who="made", name="with the ended session"),
            find("_Session", who="ann", order="createdAt", name="those that are left"),
            find("_Session", who="bob", count=1, limit=0, name="counted"),
            find("_Session", {"user": pointer("_User", "{ann_id}")}, who="bob", name="of another"),
            find(
                "_Session", {"user": pointer("_User", "{ann_id}")}, who="master", order="createdAt"
            ),
            find(
                "_Session", who="ann", include="user", limit=1, order="createdAt", name="with user"
            ),
            find("_Session", {"$or": [{"device": "till"}, {"device": "x"}]}, who="bob", name="or"),
            post("/logout", {}, who="bob"),
            get("/users/me", who="bob", name="after the log-out"),
            post("/logout", {}, who="bob", name="a second log-out"),
            post("/logout", {}, name="a log-out without a token"),
        ],
        configuration="detailed",
    ),
    Scenario(
        "sessions of installations",
        [
            sign_up("eve", "session-eve"),
            *(
                post(
                    "/login",
                    {"username": "session-eve", "password": "pass-word"},
                    headers={"X-Parse-Installation-Id": installation},
                    name=f"log in from {installation} ({turn})",
                    save={f"{installation}{turn}": "$.sessionToken"},
                )
                for installation, turn in (("phone", 1), ("till", 1), ("phone", 2))
            ),
            get("/users/me", who="phone1", name="the first phone session is gone"),
            get("/users/me", who="phone2", name="the second phone session"),
            get("/users/me", who="till1", name="the till session"),
            find("_Session", who="till1", order="createdAt"),
            get("/users/me", name="me without a token"),
            get("/users/me", headers={"X-Parse-Session-Token": "r:nonsense"}, name="bad token"),
            get("/users/me", headers={"X-Parse-Session-Token": ""}, name="empty token"),
            get(
                "/classes/Product", headers={"X-Parse-Session-Token": "r:no"}, name="bad, elsewhere"
            ),
            post("/upgradeToRevocableSession", {}, name="upgrade by nobody"),
            post("/upgradeToRevocableSession", {}, who="till1", name="upgrade of a new session"),
            get("/users/me", who="master", name="me as master"),
            get("/sessions/me", who="master", name="my session as master"),
            get("/sessions", who="master", query={"where": {"device": "none"}}, name="as master"),
        ],
    ),
]
