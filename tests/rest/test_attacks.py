"""More attempts: surfaces that came later than those of `test_security`."""

import json
from typing import Any

import pytest
from pymongo.database import Database

from parsepy.app import Application
from tests.conftest import Client, MakeApp
from tests.rest.shop import (
    PASSWORD,
    READ_ONLY_KEY,
    SignUp,
    create,
    find,
    item_of_batch,
    make_class,
    ok,
    refused,
    unique,
)

PLACE = {"__type": "GeoPoint", "latitude": 10, "longitude": 20}
AREA = [PLACE, {**PLACE, "latitude": 11}, {**PLACE, "longitude": 21}]

# --- keys ---------------------------------------------------------------------------------------

READ_ONLY: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "/push", {"data": {"alert": "x"}, "where": {}}),
    ("POST", "/push_audiences", {"name": "all", "query": "{}"}),
    ("PUT", "/push_audiences/x", {"name": "none"}),
    ("DELETE", "/push_audiences/x", {}),
    ("PUT", "/cloud_code/jobs/x", {"job_schedule": {}}),
    ("DELETE", "/cloud_code/jobs/x", {}),
    ("POST", "/jobs/anything", {}),
    ("PUT", "/config", {"params": {"open": True}}),
    ("POST", "/hooks/functions", {"functionName": "f", "url": "http://127.0.0.1"}),
    ("PUT", "/hooks/functions/f", {"__op": "Delete"}),
    ("POST", "/hooks/triggers", {"className": "X", "triggerName": "beforeSave", "url": "http://x"}),
    ("PUT", "/hooks/triggers/X/beforeSave", {"__op": "Delete"}),
    ("PUT", "/sessions/x", {"device": "x"}),
    ("PUT", "/installations/x", {"badge": 1}),
    ("DELETE", "/installations/x", {}),
    ("GET", "/aggregate/_User", {"pipeline": [{"$out": "Stolen"}]}),
    ("GET", "/aggregate/_User", {"pipeline": [{"$merge": {"into": "_Role"}}]}),
]


@pytest.mark.parametrize(("verb", "path", "body"), READ_ONLY)
async def test_the_read_only_key_changes_nothing_on_any_later_route(
    client: Client, verb: str, path: str, body: dict[str, Any]
) -> None:
    headers = {"X-Parse-Master-Key": READ_ONLY_KEY}
    if verb != "GET":
        refused(await client.request(verb, path, json=body, headers=headers), 119)
    disguised = {**body, "_method": verb}
    refused(await client.post(path, json=disguised, headers=headers), 119)
    batch = {"requests": [item_of_batch(verb, path, body)]}
    (answer,) = ok(await client.post("/batch", json=batch, headers=headers))
    assert answer["error"]["code"] == 119


MASTERS = [
    *(("GET", f"/{name}") for name in ("metrics", "scriptlog", "security", "push_audiences")),
    *(("GET", path) for path in ("/cloud_code/jobs", "/hooks/functions", "/hooks/triggers")),
    *(("POST", path) for path in ("/push", "/jobs/x", "/push_audiences", "/hooks/functions")),
    ("GET", "/aggregate/_User"),
    ("PUT", "/config"),
]


@pytest.mark.parametrize(("verb", "path"), MASTERS)
async def test_a_later_route_of_the_master_key_is_closed_to_users(
    client: Client, sign_up: SignUp, verb: str, path: str
) -> None:
    ann = await sign_up()
    for caller in (client, ann.client):
        assert (await caller.request(verb, path, json={})).status_code == 403
        disguised = {"_method": verb, "_MasterKey": "wrong"}
        assert (await caller.post(path, json=disguised)).status_code == 403
        batch = {"requests": [item_of_batch(verb, path, {"_MasterKey": "wrong"})]}
        (answer,) = ok(await caller.post("/batch", json=batch))
        assert answer["error"]["code"] == 119


OWN = [
    "_PushQueue",
    "_MailQueue",
    "_EmailChange",
    "_SignInCode",
    "_JobClaim",
    "_SCHEMA",
    "__proto__",
    "fs.files",
]


@pytest.mark.parametrize("name", OWN)
async def test_a_collection_that_is_no_class_is_not_reached(
    client: Client, database: Database[dict[str, Any]], name: str
) -> None:
    row = unique("row")
    database[name].insert_one({"_id": row})
    assert await find(client, name) == []
    refused(await client.get(f"/classes/{name}/{row}"), 101, 404)
    refused(await client.delete(f"/classes/{name}/{row}"), 101, 404)
    refused(await client.put(f"/classes/{name}/{row}", json={"a": 1}), 107)
    refused(await client.post(f"/classes/{name}", json={"a": 1}), 107)
    assert database[name].delete_one({"_id": row}).deleted_count == 1


# --- questions about what is hidden -------------------------------------------------------------

ORACLES: list[dict[str, Any]] = [
    {"home": {"$nearSphere": PLACE}},
    {"home": {"$nearSphere": PLACE, "$maxDistance": 0.1}},
    {"home": {"$geoWithin": {"$centerSphere": [[20, 10], 0.1]}}},
    {"home": {"$geoWithin": {"$polygon": AREA}}},
    {"home": {"$within": {"$box": [PLACE, PLACE]}}},
    {"area": {"$geoIntersects": {"$point": PLACE}}},
    {"home.longitude": {"$gt": 0}},
    {"$nor": [{"$or": [{"home": {"$nearSphere": PLACE}}]}]},
    {"note": {"$text": {"$search": {"$term": "secret"}}}},
]


@pytest.fixture
async def guarded(master: Client) -> str:
    """A class whose places and notes are hidden from all clients."""
    fields = {"name": "String", "home": "GeoPoint", "area": "Polygon", "note": "String"}
    hidden = {"*": ["home", "area", "note"]}
    return await make_class(
        master, fields, find={"*": True}, count={"*": True}, protectedFields=hidden
    )


async def test_a_hidden_place_or_text_is_no_way_to_ask(client: Client, guarded: str) -> None:
    for where in ORACLES:
        text = json.dumps(where)
        refused(await client.get(f"/classes/{guarded}", params={"where": text}), 119)
        counting = {"where": text, "count": "1", "limit": "0"}
        refused(await client.get(f"/classes/{guarded}", params=counting), 119)
        query = {"className": guarded, "where": where}
        for test in ({"$inQuery": query}, {"$select": {"query": query, "key": "name"}}):
            asked = json.dumps({"x": test})
            refused(await client.get(f"/classes/{guarded}", params={"where": asked}), 119)


@pytest.mark.parametrize("order", ["home", "-note", "area.x", "name,-home"])
async def test_a_hidden_field_is_no_order(client: Client, guarded: str, order: str) -> None:
    refused(await client.get(f"/classes/{guarded}", params={"order": order}), 119)


SECRET_ORDERS = ["_hashed_password", "-_session_token", "_perishable_token", "_rperm", "a.$b"]


@pytest.mark.parametrize("order", SECRET_ORDERS)
async def test_a_hidden_column_is_no_order(client: Client, order: str) -> None:
    refused(await client.get("/users", params={"order": order}), 105)


# --- the lockout of accounts --------------------------------------------------------------------


@pytest.mark.parametrize("route", ["/login", "/verifyPassword"])
async def test_no_transaction_takes_a_wrong_password_back(
    server: MakeApp, sign_up: SignUp, route: str
) -> None:
    client, ann = (
        Client(await server(accountLockout={"threshold": 3, "duration": 5})),
        await sign_up(),
    )
    guess = item_of_batch("POST", route, {"username": ann.name, "password": "wrong"})
    body = {"transaction": True, "requests": [guess]}
    for _ in range(3):
        refused(await client.post("/batch", json=body), 101)
    right = {"username": ann.name, "password": PASSWORD}
    assert "locked" in refused(await client.post("/login", json=right), 101, 404)


# --- devices ------------------------------------------------------------------------------------


async def test_a_session_of_another_user_on_the_same_device_ends_none(
    client: Client, sign_up: SignUp
) -> None:
    ann, bob, device = await sign_up(), await sign_up(), unique("device")
    tokens = []
    for who in (ann, bob):
        body, headers = (
            {"username": who.name, "password": PASSWORD},
            {"X-Parse-Installation-Id": device},
        )
        tokens.append(ok(await client.post("/login", json=body, headers=headers))["sessionToken"])
    for token in tokens:
        ok(await client.as_user(token).get("/users/me"))


@pytest.mark.parametrize("name", ["installationId", "deviceToken", "deviceType"])
@pytest.mark.parametrize("value", [{"$ne": ""}, ["x"], {"$gt": ""}])
async def test_an_operator_in_place_of_an_id_finds_no_device(
    client: Client, name: str, value: Any
) -> None:
    body = {"installationId": unique("device"), "deviceType": "ios", name: value}
    refused(await client.post("/installations", json=body), 111)


@pytest.mark.parametrize("name", ["installationId", "deviceType"])
async def test_a_device_loses_nothing_that_identifies_it_to_who_says_hello_in_its_name(
    client: Client, master: Client, name: str
) -> None:
    token = unique("token")
    body = {"installationId": unique("device"), "deviceType": "ios", "deviceToken": token}
    device = ok(await client.post("/installations", json=body), 201)["objectId"]
    said = {**body, name: {"__op": "Delete"}}
    message = refused(await client.post("/installations", json=said), 136)
    assert message == f"{name} may not be changed in this operation"
    stored = ok(await master.get(f"/installations/{device}"))
    assert {key: stored.get(key) for key in body} == body


# --- batches ------------------------------------------------------------------------------------

NESTED = ["/batch", "/%62atch", "/batch/", "//batch", "/batch?x=1", "/./batch", "/x/../batch"]


async def test_a_transaction_leaves_no_webhook_behind(client: Client, master: Client) -> None:
    name = unique("ghost").replace("-", "")
    hook = {"functionName": name, "url": "http://127.0.0.1:9/"}
    requests = [
        item_of_batch("POST", "/hooks/functions", hook),
        item_of_batch("PUT", "/classes/Shelf/nosuch", {"a": 1}),
    ]
    body = {"transaction": True, "requests": requests}
    refused(await master.post("/batch", json=body), 119)
    assert "Invalid function" in refused(await client.post(f"/functions/{name}", json={}), 141)


@pytest.mark.parametrize("path", [*NESTED, "/files/a.txt", "/webhooks/stripe", "/health"])
async def test_a_batch_reaches_no_other_batch_and_no_bare_route(client: Client, path: str) -> None:
    body = {"requests": [item_of_batch("POST", path, {"requests": []})]}
    refused(await client.post("/batch", json=body), 107)


# --- costs --------------------------------------------------------------------------------------


async def test_what_would_take_long_is_refused_or_bounded(
    client: Client, application: Application, orders: str
) -> None:
    await create(client, orders, name="a" * 60 + "!", home=PLACE)
    corners = [{**PLACE, "longitude": n / 1000} for n in range(10_001)]
    wide = {"home": {"$geoWithin": {"$polygon": corners}}}
    refused(await client.post(f"/classes/{orders}", json={"_method": "GET", "where": wide}), 107)
    slow = json.dumps({"name": {"$regex": "^(a+)+$"}})
    assert await find(client, orders, json.loads(slow)) == []
    includes = {"include": ",".join(["a.b.c"] * 1001)}
    refused(await client.get(f"/classes/{orders}", params=includes), 102)
    form = b"--B\r\nContent-Disposition: form-data; name=x\r\n\r\n" + b"\r\n-" * 1_000_000
    headers = {"Content-Type": "multipart/form-data; boundary=B"}
    refused(await client.post("/functions/none", content=form, headers=headers), 107)
