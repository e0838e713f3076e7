"""Cloud code: the same hooks in JavaScript and Python fire alike and answer alike (`twins/`)."""

from typing import Any

from tests.differential.scenario import (
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

WISHES = (
    "refuse",
    "throw",
    "text",
    "change",
    "unset",
    "increment",
    "replace",
    "array",
    "acl",
    "after",
)


def fired(name: str) -> Step:
    """What fired since the last time, in order."""
    return post("/functions/fired", {}, name=f"fired by {name}")


def call(name: str, params: Any = None, /, **more: Any) -> Step:
    """Call a function."""
    more.setdefault("name", f"call {name} {params or ''}".strip())
    return post(f"/functions/{name}", {} if params is None else params, **more)


def wished(wish: str) -> list[Step]:
    """A create and an update under one wish to the beforeSave, and what came of them."""
    body = {"total": 1, "note": "n", "tags": ["a"]}
    return [
        create("Order", {**body, "wish": wish}, name=f"create: {wish}"),
        fired(f"create: {wish}"),
        create("Order", body, save="order", name=f"before {wish}"),
        put(
            "/classes/Order/{order}",
            {"wish": wish, "total": op("Increment", amount=2)},
            name=f"update: {wish}",
        ),
        get("/classes/Order/{order}", who="master", name=f"after update: {wish}"),
        fired(f"update: {wish}"),
    ]


FILES = (
    *("plain.txt", "refuse.txt", "throw.txt", "other.txt", "tell.txt", "late.txt"),
    *("keep.txt", "hidden.txt", "unlucky.txt", "load.txt", "head.txt"),
)


def upload(file: str, **more: Any) -> Step:
    """Upload a text."""
    text = {"Content-Type": "text/plain"}
    return Step("POST", f"/files/{file}", b"text", headers=text, **more)


def file_story(file: str) -> list[Step]:
    """A file's life, and what fired in it."""
    told = ("content-disposition", "x-shelf")
    return [
        upload(file, who="master", save={"file": "$.name"}, name=f"upload {file}"),
        fired(f"upload {file}"),
        get("/files/shop/{file}", name=f"download {file}", compare=told),
        fired(f"download {file}"),
        get("/files/shop/metadata/{file}", name=f"metadata of {file}"),
        fired(f"metadata of {file}"),
        delete("/files/{file}", who="master", name=f"delete {file}"),
        fired(f"delete {file}"),
    ]


SCENARIOS = [
    Scenario(
        "hooks of a save",
        [step for wish in WISHES for step in wished(wish)],
        configuration="cloud",
    ),
    Scenario(
        "hooks of a deletion",
        [
            create("Doomed", {"total": 1}, save="one"),
            create("Doomed", {"total": 2, "wish": "keep"}, save="kept"),
            fired("creates"),
            delete("/classes/Doomed/{one}"),
            delete("/classes/Doomed/{kept}"),
            delete("/classes/Doomed/nothing123", name="delete of nothing"),
            fired("deletions"),
            get("/classes/Doomed/{kept}"),
        ],
        configuration="cloud",
    ),
    Scenario(
        "hooks know who asks",
        [
            sign_up("ann", "ann_hooks"),
            fired("sign-up"),
            create("Asked", {"total": 1}, who="ann"),
            create("Asked", {"total": 1}, who="master"),
            create("Asked", {"total": 1}, who="maintenance"),
            create("Asked", {"total": 1}, headers={"X-Parse-Cloud-Context": '{"mark":"mine"}'}),
            fired("creates"),
        ],
        configuration="cloud",
    ),
    Scenario(
        "hooks of a query",
        [
            *(create("Seen", {"total": total}) for total in (0, 1, 2, 3)),
            find("Seen", order="total"),
            fired("find"),
            find("Seen", {"total": 3}, name="find with a where"),
            find("Seen", {"refuse": True}, name="find refused"),
            find("Seen", {"nothing": True}, name="find answered"),
            find("Seen", order="total", count=1, limit=1, name="find with count"),
            fired("finds"),
            create("Seen", {"total": 13}, save="unlucky"),
            find("Seen", order="total", name="find with an unlucky one"),
            get("/classes/Seen/{unlucky}"),
            create("Seen", {"total": 4}, save="four"),
            get("/classes/Seen/{four}"),
            get("/classes/Seen/nothing123", name="get of nothing"),
            fired("gets"),
        ],
        configuration="cloud",
    ),
    Scenario(
        "hooks of log-ins",
        [
            sign_up("bob", "bob_hooks", kind="good"),
            sign_up("eve", "eve_hooks", kind="banned"),
            fired("sign-ups"),
            post(
                "/login",
                {"username": "bob_hooks", "password": "pass-word"},
                save={"session": "$.sessionToken"},
                name="log in",
            ),
            post(
                "/login", {"username": "eve_hooks", "password": "pass-word"}, name="log in banned"
            ),
            post("/login", {"username": "bob_hooks", "password": "wrong"}, name="log in wrongly"),
            fired("log-ins"),
            post("/logout", {}, who="session"),
            fired("log-out"),
        ],
        configuration="cloud",
    ),
    Scenario(
        "hooks of files",
        [
            *(step for name in FILES for step in file_story(name)),
            sign_up("fay", "fay_hooks"),
            upload("mine.txt", who="fay", name="upload as a user"),
            fired("upload of a user"),
        ],
        configuration="cloud",
    ),
    Scenario(
        "hooks of the configuration",
        [
            put("/config", {"params": {"price": 1, "title": "Shop"}}, who="master"),
            fired("the first"),
            put("/config", {"params": {"price": 2}}, who="master", name="another price"),
            fired("another price"),
            put("/config", {"params": {"price": -1}}, who="master", name="a wrong price"),
            fired("a wrong price"),
            put("/config", {"params": {"price": 3}}, name="as nobody"),
            fired("nobody"),
            put("/config", {"params": {"price": op("Delete")}}, who="master", name="deleted"),
            fired("the deletion"),
            get("/config"),
        ],
        configuration="cloud",
    ),
    Scenario(
        "hooks of a password reset",
        [
            sign_up("gil", "gil_hooks", kind="good", email="gil@hooks.test"),
            sign_up("hal", "hal_hooks", kind="banned", email="hal@hooks.test"),
            fired("sign-ups"),
            *(
                post("/requestPasswordReset", {"email": email}, name=f"reset {email}")
                for email in ("gil@hooks.test", "hal@hooks.test", "nobody@hooks.test", "", 5)
            ),
            fired("resets"),
        ],
        configuration="cloud",
    ),
    Scenario(
        "functions",
        [
            call("echo", {"a": 1, "b": [True, None], "c": {"d": "e"}}),
            call("echo", {"when": date("2020-01-02T03:04:05.678Z")}),
            call("echo", {"who": pointer("_User", "abc")}),
            post("/functions/echo", {"a": 1}, query={"b": "2"}, name="call with a query"),
            call("nothing"),
            call("object"),
            call("values"),
            call("refused"),
            call("broken"),
            call("nowhere"),
            *(call(name) for name in ("constructor", "__proto__", "toString", "a.b")),
        ],
        configuration="cloud",
    ),
    Scenario(
        "validators",
        [
            sign_up("cem", "cem_hooks", kind="good"),
            sign_up("dan", "dan_hooks"),
            call("users"),
            call("users", who="cem", name="users as cem"),
            call("masters"),
            call("masters", who="master", name="masters as master"),
            call("masters", who="maintenance", name="masters with the maintenance key"),
            call("users", who="maintenance", name="users with the maintenance key"),
            call("roles", who="maintenance", name="roles with the maintenance key"),
            call("fields", {}, who="maintenance", name="fields with the maintenance key"),
            call("fields"),
            call("fields", {"name": 5}),
            call("fields", {"name": "n"}),
            call("fields", {"name": "n", "count": "3"}),
            call("fields", {"name": "n", "size": "L"}),
            call("fields", {"name": "n", "size": "M", "kind": "c"}),
            call("fields", {"name": "n", "size": "M", "kind": "b"}),
            call("fields", {}, who="master", name="fields as master"),
            call("listed"),
            call("listed", {"name": "n"}),
            call("roles"),
            call("roles", who="cem", name="roles as cem"),
            call("keyed"),
            call("keyed", who="cem", name="keyed as cem"),
            call("keyed", who="dan", name="keyed as dan"),
        ],
        configuration="cloud",
    ),
    Scenario(
        "jobs",
        [
            post("/jobs/work", {}, name="job as nobody"),
            post("/jobs/work", {"x": 1}, who="master"),
            post("/jobs", {"jobName": "work"}, who="master"),
            post("/jobs/nowhere", {}, who="master"),
        ],
        configuration="cloud",
    ),
]
