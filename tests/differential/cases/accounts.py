"""Accounts: what hooks and permissions hide at a log-in, what providers vouch for, own rules."""

from dataclasses import replace
from typing import Any

from tests.differential.cases.mail import MAILBOX, mailed
from tests.differential.scenario import Scenario, Step, delete, get, post, put, sign_up


def log_in(name: str, *, label: str = "", **more: Any) -> Step:
    """Log in with the password that all have."""
    body = {"username": name, "password": "pass-word", **more}
    return post("/login", body, name=label or f"log in as {name}")


def badge(number: str, **more: str) -> dict[str, Any]:
    return {"authData": {"badge": {"id": number, **more}}}


def ways_to_read(who: str, name: str) -> list[Step]:
    """Every request that shows a user to themselves."""
    credentials = {"username": name, "password": "pass-word"}
    return [
        log_in(name),
        get("/login", query=credentials),
        post("/verifyPassword", credentials),
        get("/verifyPassword", query=credentials),
        get("/users/me", who=who),
        get(f"/users/{{{who}_id}}", who=who),
        get("/users", who=who),
    ]


CLOSED = {operation: {"*": True} for operation in ("find", "count", "create", "update", "delete")}
OPEN = {**CLOSED, "get": {"*": True}, "addField": {"*": True}}

HIDDEN = [
    sign_up("ada", "acc-ada", note="about ada", nick="a"),
    *ways_to_read("ada", "acc-ada"),
    post(
        "/login", {"username": "acc-ada", "password": "pass-word"}, who="master", name="as master"
    ),
    get("/users/{ada_id}", who="master", name="as master, by id"),
    post("/loginAs", {"userId": "{ada_id}"}, who="master"),
    put("/users/{ada_id}", {"note": "refused"}, who="ada", name="a note that the hook refuses"),
    *ways_to_read("ada", "acc-ada"),
]

UNREADABLE = [
    sign_up("bea", "acc-bea", nick="b"),
    put("/users/{bea_id}", {"ACL": {"nobody": {"read": True}}}, who="master", name="lost"),
    *ways_to_read("bea", "acc-bea"),
    put("/users/{bea_id}", {"ACL": {}}, who="master", name="closed"),
    *ways_to_read("bea", "acc-bea"),
]

SHUT = [
    sign_up("cyd", "acc-cyd", nick="c", note="c"),
    put("/users/{cyd_id}", badge("cyd", pin="right"), who="cyd", name="link"),
    put("/schemas/_User", {"classLevelPermissions": CLOSED}, who="master", name="no get"),
    *ways_to_read("cyd", "acc-cyd"),
    post("/users", badge("cyd", pin="right"), name="log in by badge"),
    post(
        "/login", {"username": "acc-cyd", "password": "pass-word"}, who="master", name="as master"
    ),
    put("/schemas/_User", {"classLevelPermissions": OPEN}, who="master", name="get again"),
]

PROVIDERS = [
    sign_up("dot", "acc-dot"),
    log_in("acc-dot", **badge("dot"), label="beside the password, without the PIN"),
    log_in("acc-dot", **badge("dot", pin="right"), label="beside the password"),
    get("/users/{dot_id}", who="master", name="what is kept"),
    log_in("acc-dot", authData={"badge": None}, label="null beside the password"),
    get("/users/{dot_id}", who="master", name="what is kept after null"),
    log_in("acc-dot", authData={}, label="empty authData beside the password"),
    log_in("acc-dot", authData=None, label="null for authData beside the password"),
    log_in("acc-dot", **badge("dot", pin="right"), label="beside the password again"),
    post("/users", badge("dot", pin="right"), name="log in by badge"),
    post("/users", badge("dot", code="kept of dot"), name="log in by what was kept"),
    put("/users/{dot_id}", badge("dot", code="kept of dot"), who="dot", name="all, echoed"),
    put("/users/{dot_id}", badge("dot"), who="dot", name="the id alone, echoed"),
    put("/users/{dot_id}", badge("dot", code="forged"), who="dot", name="something else"),
    put("/users/{dot_id}", badge("dot", pin="wrong"), who="dot", name="a wrong PIN"),
    put("/users/{dot_id}", {"authData": {"badge": {}}}, who="dot", name="nothing, echoed"),
    put("/users/{dot_id}", {**badge("dot"), "nick": "d"}, who="dot", name="echo and a change"),
    get("/users/{dot_id}", who="dot", name="seen by herself"),
    get("/users/{dot_id}", who="master", name="what is kept at last"),
    sign_up("eve", "acc-eve"),
    log_in("acc-eve", **badge("dot", pin="wrong"), label="another's badge, not proven"),
    log_in("acc-eve", **badge("dot", pin="right"), label="another's badge"),
    put("/users/{dot_id}", {"ACL": {}}, who="master", name="locked out"),
    post("/users", badge("dot", pin="right"), name="locked out, by badge"),
    post("/users", badge("dot", pin="wrong"), name="locked out, not proven"),
    delete("/users/{dot_id}", who="master"),
]


def card(number: str, **more: str) -> dict[str, Any]:
    return {"card": {"id": number, **more}}


FAY = {"username": "acc-fay", "password": "pass-word"}
BADGE = badge("fay", pin="right")["authData"]

CARDS = [
    sign_up("fay", "acc-fay"),
    put("/users/{fay_id}", {"authData": {**BADGE, **card("fay", pin="right")}}, who="fay"),
    *ways_to_read("fay", "acc-fay"),
    post("/login", FAY, who="master", name="as master"),
    post("/login", {**FAY, "password": "wrong"}, name="a wrong password"),
    *(
        post("/login", {**FAY, "authData": given}, name=f"log in with {label}")
        for label, given in {
            "nothing": {},
            "null": {"card": None},
            "the card alone": card("fay"),
            "a wrong PIN": card("fay", pin="wrong"),
            "a badge": BADGE,
            "a badge and a wrong PIN": {**BADGE, **card("fay", pin="wrong")},
            "the card": card("fay", pin="right"),
            "a badge and the card": {**BADGE, **card("fay", pin="right")},
        }.items()
    ),
    post("/users", {"authData": BADGE}, name="by badge"),
    post("/users", {"authData": {**BADGE, "card": None}}, name="by badge, and null"),
    post(
        "/users",
        {"authData": {**BADGE, **card("fay", pin="wrong")}},
        name="by badge, and a wrong PIN",
    ),
    post("/users", {"authData": {**BADGE, **card("fay", pin="right")}}, name="by badge and card"),
    post("/users", {"authData": card("fay", pin="right")}, name="by card alone"),
    post("/verifyPassword", FAY, who="fay", name="verify in her session"),
    post("/verifyPassword", FAY, who="master", name="verify as master"),
    post("/loginAs", {"userId": "{fay_id}"}, who="master"),
    get("/users/{fay_id}", who="master", name="what is kept"),
    put("/users/{fay_id}", {"authData": {"card": None}}, who="fay", name="no card any more"),
    post("/login", FAY, name="log in without a card"),
]

GIL = {"username": "acc-gil", "password": "pass-word"}
OTHER_CARDS = [
    sign_up("gil", "acc-gil"),
    put("/users/{gil_id}", {"authData": card("gil", pin="right")}, who="gil"),
    post("/login", {**GIL, "authData": card("thief", pin="right")}, name="another card"),
    get("/users/{gil_id}", who="master", name="which card is kept"),
    post("/users", {"authData": card("new", pin="right")}, name="sign up by card alone"),
    post(
        "/users",
        {"username": "acc-hal", "password": "pass-word", "authData": card("hal", pin="right")},
        name="sign up by password and card",
    ),
    post("/login", {"username": "acc-hal", "password": "pass-word"}, name="by password alone"),
]

RULES = [
    MAILBOX,
    *(
        post(
            "/users",
            {"username": f"rule-{name}", "password": "pass-word", "email": f"{name}@shop.test"},
            save={f"{name}_id": "$.objectId"},
            name=f"sign up {name}",
        )
        for name in ("free", "must", "must-closed", "must-silent", "closed")
    ),
    *(
        get(f"/users/{{{name}_id}}", who="master")
        for name in ("free", "must", "must-closed", "must-silent", "closed")
    ),
    mailed("must@shop.test"),
    mailed("must-closed@shop.test"),
    log_in("rule-must-closed", label="not confirmed"),
    log_in("rule-must-closed", **badge("closed"), label="not confirmed, and a badge"),
    post(
        "/verifyPassword",
        {"username": "rule-must-closed", "password": "pass-word"},
        name="verify, not confirmed",
    ),
    post("/verificationEmailRequest", {"email": "must@shop.test"}),
    mailed("must@shop.test", 2),
    post("/verificationEmailRequest", {"email": "free@shop.test"}, name="nothing to confirm"),
    put("/users/{free_id}", {"email": "must2@shop.test"}, who="master", name="another address"),
    mailed("must2@shop.test"),
    get("/users/{free_id}", who="master", name="with another address"),
]

EXPIRED = "Your password has expired. Please reset your password."
AGED = [
    sign_up("old", "aged-old"),
    replace(log_in("aged-old", label="with an old password"), until={"$.error": EXPIRED}),
    log_in("aged-old", **badge("old", pin="wrong"), label="and a wrong badge"),
    log_in("aged-old", **badge("old", pin="right"), label="and a badge"),
    get("/users/{old_id}", who="master", name="nothing was linked"),
    post(
        "/verifyPassword",
        {"username": "aged-old", "password": "pass-word"},
        name="the password is verified all the same",
    ),
    put("/users/{old_id}", badge("old", pin="right"), who="old", name="link"),
    post("/users", badge("old", pin="right"), name="log in by badge"),
    post("/loginAs", {"userId": "{old_id}"}, who="master", name="as master"),
]

SCENARIOS = [
    Scenario("what an afterFind hides of a user", HIDDEN, "accounts"),
    Scenario("users who may not read themselves", UNREADABLE, "accounts"),
    Scenario("users whose class nobody gets", SHUT, "accounts"),
    Scenario("sign-in badges", PROVIDERS, "accounts"),
    Scenario("cards as a second factor", CARDS, "accounts"),
    Scenario("second factors of others", OTHER_CARDS, "accounts"),
    Scenario("functions that decide about addresses", RULES, "strict"),
    Scenario("passwords that are old", AGED, "strict"),
]
