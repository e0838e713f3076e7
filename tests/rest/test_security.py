"""The kinds of vulnerability that Parse Server has had: each is refused here, on every route."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import bcrypt
import httpx
import pytest
from pymongo.database import Database

from parsepy.app import Application
from parsepy.operations.class_rules import user
from parsepy.operations.users import credentials
from parsepy.storage import connection
from tests.conftest import APP_ID, MASTER_KEY, MOUNT, Client, MakeApp
from tests.rest import shop
from tests.rest.shop import (
    PASSWORD,
    READ_ONLY_KEY,
    Shopper,
    SignUp,
    create,
    find,
    make_class,
    ok,
    pointer,
    refused,
    unique,
)

PUBLIC = {"*": True}
OPEN: dict[str, Any] = dict.fromkeys(
    ("find", "get", "count", "create", "update", "delete", "addField"), PUBLIC
)

# --- internal classes (GHSA-7xg7-rqf6-pw6c, GHSA-fcv6-fg5r-jm9q, GHSA-5f92-jrq3-28rc) ------------

INTERNAL = [
    "_JobStatus",
    "_PushStatus",
    "_Hooks",
    "_GlobalConfig",
    "_GraphQLConfig",
    "_JobSchedule",
    "_Audience",
    "_Idempotency",
    "_Join:users:_Role",
    "_Join:roles:_Role",
]
VERBS = [("GET", ""), ("GET", "/1"), ("POST", ""), ("PUT", "/1"), ("DELETE", "/1")]


@pytest.mark.parametrize("name", INTERNAL)
@pytest.mark.parametrize(("verb", "tail"), VERBS)
async def test_a_client_does_nothing_with_an_internal_class(
    client: Client, name: str, verb: str, tail: str
) -> None:
    refused(await client.request(verb, f"/classes/{name}{tail}", json={}), 119)


@pytest.mark.parametrize("name", INTERNAL)
async def test_a_client_does_nothing_with_an_internal_class_in_a_batch(
    client: Client, name: str
) -> None:
    requests = [
        {"method": verb, "path": f"/parse/classes/{name}{tail}", "body": {}} for verb, tail in VERBS
    ]
    answers = ok(await client.post("/batch", json={"requests": requests}))
    assert [answer["error"]["code"] for answer in answers] == [119] * 5


@pytest.mark.parametrize("name", INTERNAL)
async def test_an_internal_class_is_not_read_by_a_subquery(client: Client, name: str) -> None:
    query = {"className": name, "where": {}}
    for test in ({"$inQuery": query}, {"$select": {"query": query, "key": "objectId"}}):
        where = json.dumps({"product": test})
        refused(await client.get("/classes/Product", params={"where": where}), 119)


@pytest.mark.parametrize("name", INTERNAL)
async def test_an_internal_class_is_not_read_by_an_include(
    client: Client, database: Database[dict[str, Any]], orders: str, name: str
) -> None:
    secret = unique("secret")
    database[name].insert_one({"_id": secret, "name": secret})
    await create(client, orders, target=pointer(name, secret))
    response = await client.get(f"/classes/{orders}", params={"include": "target"})
    database[name].delete_one({"_id": secret})
    refused(response, 119)


@pytest.mark.parametrize("name", [*INTERNAL, "_Installation"])
async def test_an_internal_class_is_not_read_by_redirectclassnameforkey(
    client: Client, orders: str, name: str
) -> None:
    related = {"__op": "AddRelation", "objects": [pointer(name, "1")]}
    await create(client, orders, target=related)
    query = {"redirectClassNameForKey": "target"}
    refused(await client.get(f"/classes/{orders}", params=query), 119)


async def test_installations_are_neither_listed_nor_deleted_by_clients(client: Client) -> None:
    body = {"deviceType": "ios", "installationId": unique("phone")}
    phone = ok(await client.post("/installations", json=body), 201)["objectId"]
    refused(await client.get("/installations"), 119)
    refused(await client.delete(f"/installations/{phone}"), 119)
    refused(await client.get("/classes/_Installation"), 119)


async def test_a_row_of_a_join_table_makes_nobody_an_administrator(
    master: Client, sign_up: SignUp
) -> None:
    anna, role = await sign_up(), unique("admin")
    body = {"name": role, "ACL": {"*": {"read": True}}}
    role_id = ok(await master.post("/roles", json=body), 201)["objectId"]
    row = {"owningId": role_id, "relatedId": anna.id}
    refused(await anna.client.post("/classes/_Join:users:_Role", json=row), 119)
    orders = unique("Order")
    await create(master, orders, ACL={f"role:{role}": {"read": True}})
    assert await find(anna.client, orders) == []


async def test_a_role_takes_no_members_from_who_may_not_write_it(
    master: Client, sign_up: SignUp
) -> None:
    anna, role = await sign_up(), unique("admin")
    body = {"name": role, "ACL": {"*": {"read": True}}}
    role_id = ok(await master.post("/roles", json=body), 201)["objectId"]
    users = {"__op": "AddRelation", "objects": [anna.pointer]}
    refused(await anna.client.put(f"/roles/{role_id}", json={"users": users}), 101, 404)
    where = {"$relatedTo": {"object": pointer("_Role", role_id), "key": "users"}}
    assert await find(master, "_User", where) == []


async def test_the_schema_collection_is_no_class(client: Client, master: Client) -> None:
    orders = await make_class(master, {"status": "String"})
    assert await find(client, "_SCHEMA") == []
    refused(await client.get(f"/classes/_SCHEMA/{orders}"), 101, 404)
    refused(await client.delete(f"/classes/_SCHEMA/{orders}"), 101, 404)
    ok(await master.get(f"/schemas/{orders}"))


# --- keys ---------------------------------------------------------------------------------------

MASTER_ROUTES = [
    ("GET", "/schemas"),
    ("GET", "/schemas/Product"),
    ("POST", "/schemas/Stolen"),
    ("PUT", "/schemas/Product"),
    ("DELETE", "/schemas/Product"),
    ("DELETE", "/purge/Product"),
    ("GET", "/serverInfo"),
]


@pytest.mark.parametrize(("verb", "path"), MASTER_ROUTES)
async def test_a_route_of_the_master_key_is_closed_to_users(
    client: Client, sign_up: SignUp, verb: str, path: str
) -> None:
    for caller in (client, (await sign_up()).client):
        response = await caller.request(verb, path, json={})
        assert (response.status_code, response.json()) == (403, {"error": "Permission denied"})


@pytest.mark.parametrize(("verb", "path"), MASTER_ROUTES)
async def test_a_route_of_the_master_key_is_closed_to_users_in_a_batch(
    client: Client, verb: str, path: str
) -> None:
    item = {"method": verb, "path": f"/parse{path}", "body": {}}
    (answer,) = ok(await client.post("/batch", json={"requests": [item]}))
    assert answer["error"]["error"] == "Permission denied"


READ_ONLY_WRITES = [
    ("POST", "/classes/{orders}"),
    ("PUT", "/classes/{orders}/{order}"),
    ("DELETE", "/classes/{orders}/{order}"),
    ("POST", "/users"),
    ("PUT", "/users/{user}"),
    ("DELETE", "/users/{user}"),
    ("POST", "/roles"),
    ("POST", "/sessions"),
    ("POST", "/installations"),
    ("POST", "/loginAs"),
    ("POST", "/schemas/{orders}x"),
    ("PUT", "/schemas/{orders}"),
    ("DELETE", "/schemas/{orders}"),
    ("DELETE", "/purge/{orders}"),
]


@pytest.mark.parametrize("in_batch", [False, True])
@pytest.mark.parametrize(("verb", "path"), READ_ONLY_WRITES)
async def test_the_read_only_master_key_writes_nothing(
    client: Client, master: Client, orders: str, verb: str, path: str, in_batch: bool
) -> None:
    order = await create(master, orders, status="new")
    before = await find(master, orders), ok(await master.get(f"/schemas/{orders}"))
    users_before = ok(await master.get("/users", params={"count": 1, "limit": 0}))
    path = path.format(orders=orders, order=order, user="abcdefghij")
    body = {"username": unique("x"), "password": "x", "userId": "abcdefghij", "deviceType": "x"}
    headers = {"X-Parse-Master-Key": READ_ONLY_KEY}
    if in_batch:
        requests = [{"method": verb, "path": f"/parse{path}", "body": body}]
        answer = await client.post("/batch", json={"requests": requests}, headers=headers)
        assert "error" in ok(answer)[0]
    else:
        response = await client.request(verb, path, json=body, headers=headers)
        assert response.status_code in (400, 403)
        assert response.json()["error"] == "Permission denied"
    assert (await find(master, orders), ok(await master.get(f"/schemas/{orders}"))) == before
    assert ok(await master.get("/users", params={"count": 1, "limit": 0})) == users_before


async def test_the_read_only_master_key_reads_everything(
    client: Client, master: Client, orders: str
) -> None:
    await create(master, orders, status="new", ACL={})
    headers = {"X-Parse-Master-Key": READ_ONLY_KEY}
    found = ok(await client.get(f"/classes/{orders}", headers=headers))["results"]
    assert len(found) == 1
    ok(await client.get("/schemas", headers=headers))


FORWARDED = ["X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Client-IP", "True-Client-IP"]


@pytest.mark.parametrize("header", FORWARDED)
async def test_a_forged_address_opens_the_master_key_to_nobody(
    application: Application, header: str
) -> None:
    transport = httpx.ASGITransport(app=application, client=("203.0.113.9", 5000))
    headers = {"X-Parse-Application-Id": APP_ID, "X-Parse-Master-Key": MASTER_KEY}
    value = "for=127.0.0.1" if header == "Forwarded" else "127.0.0.1"
    async with httpx.AsyncClient(transport=transport, base_url=MOUNT, headers=headers) as stranger:
        response = await stranger.get("/classes/Product", headers={header: value})
        assert (response.status_code, response.json()) == (403, {"error": "unauthorized"})


# --- sessions (GHSA-6w4q-23cf-j9jp, GHSA-jc39-686j-wp6q, GHSA-5v7g-9h8f-8pgg, CVE-2026-34574) ---

SESSION_FIELDS: dict[str, Any] = {
    "user": pointer("_User", "somebody"),
    "sessionToken": "r:00000000000000000000000000000000",
    "expiresAt": {"__type": "Date", "iso": "2999-01-01T00:00:00.000Z"},
    "createdWith": {"action": "login"},
    "installationId": "phone",
}
CHANGES = {
    **SESSION_FIELDS,
    "createdWith.action": "login",
    "ACL": {"*": {"read": True}},
}


@pytest.fixture(scope="module")
async def shopper(application: Application) -> Shopper:
    """A shopper who changes nothing of their own."""
    return await shop.sign_up(Client(application))


async def session_of(shopper: Shopper) -> str:
    (session,) = await find(shopper.client, "_Session")
    session_id = session["objectId"]
    assert isinstance(session_id, str)
    return session_id


ERASED = [
    *CHANGES.items(),
    *((field, {"__op": "Delete"}) for field in CHANGES),
    # Parse: a null ACL changes nothing
    *((field, None) for field in CHANGES if field != "ACL"),
]


@pytest.mark.parametrize("path", ["sessions", "classes/_Session"])
@pytest.mark.parametrize(("field", "value"), ERASED)
async def test_the_columns_of_a_session_are_not_a_client_s_to_change(
    master: Client, shopper: Shopper, field: str, value: Any, path: str
) -> None:
    """GHSA-6w4q-23cf-j9jp, GHSA-jc39-686j-wp6q, PS#4150; no end at all is CVE-2026-34574."""
    session = await session_of(shopper)
    before = ok(await master.get(f"/sessions/{session}"))
    refused(await shopper.client.put(f"/{path}/{session}", json={field: value}), 105)
    assert ok(await master.get(f"/sessions/{session}")) == before


@pytest.mark.parametrize("value", ["as it comes", None])
async def test_a_session_made_by_hand_is_the_caller_s_whatever_it_says(
    sign_up: SignUp, value: Any
) -> None:
    """GHSA-5v7g-9h8f-8pgg, PS#7486."""
    anna = await sign_up()
    forged = SESSION_FIELDS if value else dict.fromkeys(SESSION_FIELDS)
    made = ok(await anna.client.post("/sessions", json=forged), 201)
    assert made["user"]["objectId"] == anna.id
    assert made["sessionToken"].startswith("r:")
    assert made["sessionToken"] != SESSION_FIELDS["sessionToken"]
    assert made["createdWith"] == {"action": "create"}
    assert made["expiresAt"]["iso"] < "2999"


async def test_another_user_s_session_is_neither_read_nor_changed_nor_deleted(
    client: Client, sign_up: SignUp
) -> None:
    anna, bert = await sign_up(), await sign_up()
    path = f"/sessions/{await session_of(anna)}"
    refused(await bert.client.get(path), 101, 404)
    refused(await bert.client.put(path, json={"note": "x"}), 101, 404)
    refused(await bert.client.delete(path), 101, 404)
    for verb in ("GET", "PUT", "DELETE"):
        assert (await client.request(verb, path, json={})).status_code in (400, 404)
    assert "note" not in ok(await anna.client.get(path))
    assert len(await find(bert.client, "_Session")) == 1


async def test_sessions_me_hides_the_protected_fields_that_sessions_hides(
    server: MakeApp,
) -> None:
    """CVE-2026-39381, GHSA-g4v2-qx3q-4p64."""
    protected = {"_Session": {"*": ["createdWith"]}}
    anna = await shop.sign_up(Client(await server(protectedFields=protected)))
    session = await session_of(anna)
    assert "createdWith" not in ok(await anna.client.get(f"/sessions/{session}"))
    assert "createdWith" not in ok(await anna.client.get("/sessions/me"))


# --- hidden columns as an oracle (GHSA-2m6g-crv8-p3c6) ------------------------------------------

HIDDEN = [
    "_hashed_password",
    "_session_token",
    "_perishable_token",
    "_perishable_token_expires_at",
    "_email_verify_token",
    "_password_history",
    "_failed_login_count",
    "_account_lockout_expires_at",
    "_tombstone",
    "_auth_data_facebook",
    "_rperm",
    "_wperm",
    "_p_user",
    "_acl",
]


@pytest.mark.parametrize("column", HIDDEN)
@pytest.mark.parametrize("name", ["_User", "Product"])
async def test_a_client_names_no_hidden_column_in_a_query(
    sign_up: SignUp, column: str, name: str
) -> None:
    user = (await sign_up()).client
    guess = {column: {"$regex": "^a"}}
    for where in (guess, {"$or": [guess]}, {"$nor": [{"$and": [guess]}]}):
        query = {"where": json.dumps(where)}
        refused(await user.get(f"/classes/{name}", params=query), 105)
    refused(await user.get(f"/classes/{name}", params={"order": column}), 105)
    inner = {"x": {"$inQuery": {"className": name, "where": guess}}}
    refused(await user.get("/classes/Product", params={"where": json.dumps(inner)}), 105)


SECRETS = ["sessionToken", "authData.facebook.access_token", "authData.facebook.id"]


@pytest.mark.parametrize("column", SECRETS)
async def test_a_client_guesses_no_token_of_a_user(
    client: Client, sign_up: SignUp, database: Database[dict[str, Any]], column: str
) -> None:
    anna = await sign_up(ACL={"*": {"read": True}})
    secret = {"_session_token": unique("s"), "_auth_data_facebook": {"access_token": "secret"}}
    database["_User"].update_one({"_id": anna.id}, {"$set": secret})
    where = {"$and": [{column: {"$regex": "^s"}}]}
    refused(await client.get("/users", params={"where": json.dumps(where)}), 119)
    inner = json.dumps({"x": {"$inQuery": {"className": "_User", "where": where}}})
    refused(await client.get("/classes/Product", params={"where": inner}), 119)


async def test_a_password_is_no_column_to_ask_for(client: Client, sign_up: SignUp) -> None:
    await sign_up(ACL={"*": {"read": True}})
    assert await find(client, "_User", {"password": {"$exists": True}}) == []
    assert await find(client, "_User", {"password": PASSWORD}) == []


# --- protected fields on every way (GHSA-72hp-qff8-4pvv, -r2m8-pxm9-9c4g, -wmwx-jr2p-4j4r) -------

GUESS = {"cost.net": {"$gt": 0}}
WAYS: dict[str, dict[str, Any]] = {
    "where": {"where": {"cost": {"$gt": 0}}},
    "a dotted where": {"where": GUESS},
    "$or": {"where": {"$or": [{"name": "x"}, GUESS]}},
    "$and": {"where": {"$and": [GUESS]}},
    "$nor": {"where": {"$nor": [GUESS]}},
    "$or within $and within $nor": {"where": {"$nor": [{"$and": [{"$or": [GUESS]}]}]}},
    "order": {"order": "cost"},
    "descending order": {"order": "-cost"},
    "dotted order": {"order": "cost.net"},
    "descending dotted order": {"order": "name,-cost.net"},
    "a pattern": {"where": {"cost.note": {"$regex": "^a"}}},
    "$exists": {"where": {"cost": {"$exists": True}}},
    "a count": {"where": GUESS, "count": 1, "limit": 0},
    "a hidden relation": {"where": {"partners": pointer("_User", "x")}},
}


@pytest.fixture(scope="module")
async def products(application: Application) -> str:
    """A class whose cost and partners are protected, with one product."""
    fields = {
        "name": "String",
        "cost": "Object",
        "partners": {"type": "Relation", "targetClass": "_User"},
    }
    master = Client(application, master=True)
    protected = {"*": ["cost", "partners"]}
    name = await make_class(master, fields, **OPEN, protectedFields=protected)
    await create(master, name, name="lamp", cost={"net": 5, "note": "a"})
    return name


@pytest.mark.parametrize("query", WAYS.values(), ids=WAYS)
async def test_a_protected_field_is_no_way_to_ask(
    client: Client, products: str, query: dict[str, Any]
) -> None:
    body = {"_method": "GET", **query}
    refused(await client.post(f"/classes/{products}", json=body), 119)


@pytest.mark.parametrize("query", WAYS.values(), ids=WAYS)
async def test_a_protected_field_is_no_way_to_ask_in_a_subquery(
    client: Client, products: str, query: dict[str, Any]
) -> None:
    where = query.get("where", {"cost": 1})
    inner = {"className": products, "where": where}
    for test in ({"$inQuery": inner}, {"$select": {"query": inner, "key": "name"}}):
        body = {"_method": "GET", "where": {"product": test}}
        refused(await client.post("/classes/Product", json=body), 119)


async def test_a_protected_field_is_not_selected_by_a_subquery(
    client: Client, products: str, orders: str
) -> None:
    await create(client, orders, net=5)
    for key in ("cost.net", "cost"):
        selected = {"query": {"className": products, "where": {}}, "key": key}
        assert await find(client, orders, {"net": {"$select": selected}}) == []


async def test_a_protected_relation_is_no_way_to_ask_for_its_members(
    client: Client, products: str
) -> None:
    (product,) = await find(client, products)
    related = {"object": pointer(products, product["objectId"]), "key": "partners"}
    where = json.dumps({"$relatedTo": related})
    refused(await client.get("/users", params={"where": where}), 119)


async def test_a_relation_hidden_by_a_user_field_is_no_way_to_ask_either(
    master: Client, sign_up: SignUp
) -> None:
    anna = await sign_up()
    fields: dict[str, Any] = {
        "owner": {"type": "Pointer", "targetClass": "_User"},
        "partners": {"type": "Relation", "targetClass": "_User"},
    }
    hidden = {"userField:owner": ["partners"]}
    products = await make_class(master, fields, **OPEN, protectedFields=hidden)
    partners = {"__op": "AddRelation", "objects": [anna.pointer]}
    product = await create(master, products, owner=anna.pointer, partners=partners)
    where = json.dumps({"$relatedTo": {"object": pointer(products, product), "key": "partners"}})
    refused(await anna.client.get("/users", params={"where": where}), 119)


async def test_the_members_of_an_unreadable_owner_are_not_told(
    client: Client, master: Client, sign_up: SignUp, orders: str
) -> None:
    anna = await sign_up(ACL={"*": {"read": True}})
    guests = {"__op": "AddRelation", "objects": [anna.pointer]}
    order = await create(master, orders, guests=guests, ACL={})
    where = {"$relatedTo": {"object": pointer(orders, order), "key": "guests"}}
    assert await find(client, "_User", where) == []
    assert len(await find(master, "_User", where)) == 1


SELECTIONS: list[dict[str, Any]] = [
    {"keys": "cost"},
    {"keys": "cost.net,name"},
    {"excludeKeys": "name"},
    {"include": "*"},
    {"includeAll": True},
]


@pytest.mark.parametrize("options", SELECTIONS)
async def test_a_protected_field_is_shown_by_no_selection(
    client: Client, products: str, orders: str, options: dict[str, Any]
) -> None:
    (product,) = await find(client, products, **options)
    assert not {"cost", "partners"} & set(product)
    order = await create(client, orders, product=pointer(products, product["objectId"]))
    for include in ("product", "*", "product.cost"):
        shown = ok(await client.get(f"/classes/{orders}/{order}", params={"include": include}))
        assert shown["product"]["name"] == "lamp"
        assert not {"cost", "partners"} & set(shown["product"])


# --- accounts -----------------------------------------------------------------------------------

OPERATORS: list[dict[str, Any]] = [
    {"username": {"$ne": None}, "password": PASSWORD},
    {"username": {"$regex": "."}, "password": PASSWORD},
    {"email": {"$gt": ""}, "password": PASSWORD},
    {"username": ["anna"], "password": PASSWORD},
    {"username": "anna", "password": {"$ne": None}},
    {"username": "anna", "password": ["x"]},
    {"username": True, "password": True},
]


@pytest.mark.parametrize("route", ["/login", "/verifyPassword"])
@pytest.mark.parametrize("body", OPERATORS)
async def test_an_operator_in_place_of_a_text_logs_nobody_in(
    client: Client, sign_up: SignUp, body: dict[str, Any], route: str
) -> None:
    await sign_up()
    message = refused(await client.post(route, json=body), 101, 404)
    assert message == "Invalid username/password."


async def test_an_operator_in_place_of_a_session_token_is_refused(client: Client) -> None:
    body = {"_ApplicationId": APP_ID, "_method": "GET", "_SessionToken": {"$ne": None}}
    nobody = httpx.AsyncClient(
        transport=httpx.ASGITransport(app=client.application), base_url=MOUNT
    )
    async with nobody:
        assert (await nobody.post("/users/me", json=body)).status_code == 403


async def test_an_operator_in_place_of_a_user_id_logs_in_as_nobody(master: Client) -> None:
    refused(await master.post("/loginAs", json={"userId": {"$ne": None}}), 162)


@pytest.mark.usefixtures("full_cost")
async def test_an_unknown_user_costs_a_password_check_as_a_known_one_does(
    client: Client, sign_up: SignUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = await sign_up()
    checked: list[bytes] = []
    real = bcrypt.checkpw

    def counting(password: bytes, hashed: bytes) -> bool:
        checked.append(hashed)
        return real(password, hashed)

    monkeypatch.setattr(bcrypt, "checkpw", counting)
    messages = set()
    for name in (anna.name, unique("nobody")):
        body = {"username": name, "password": "wrong"}
        messages.add(refused(await client.post("/login", json=body), 101, 404))
    assert len(messages) == 1
    # both hashes ask for the same work, and the one for nobody is a hash that bcrypt accepts
    assert [hashed[:7] for hashed in checked] == [b"$2b$10$", b"$2b$10$"]
    assert bcrypt.checkpw(b"wrong", credentials._NO_HASH.encode()) is False


EMPTY: list[Any] = [{}, None, {"anonymous": None}, {"anonymous": {}}, {"anonymous": {"id": ""}}]


@pytest.mark.parametrize(
    "auth_data", [*EMPTY, {"anonymous": {"id": None}}, {"anonymous": 5}, 5, []]
)
async def test_empty_authdata_makes_no_user(client: Client, master: Client, auth_data: Any) -> None:
    before = ok(await master.get("/users", params={"count": 1, "limit": 0}))
    response = await client.post("/users", json={"authData": auth_data})
    assert response.status_code == 400, response.text
    assert ok(await master.get("/users", params={"count": 1, "limit": 0})) == before


DOTTED: list[dict[str, Any]] = [
    {"authData.facebook": {"id": "the-victim"}},
    {"authData.facebook.id": "the-victim"},
    {"authData.anonymous": {"id": "the-victim"}},
]


@pytest.mark.parametrize("forged", DOTTED)
async def test_dotted_authdata_passes_no_provider_by(
    client: Client, master: Client, sign_up: SignUp, forged: dict[str, Any]
) -> None:
    anna = await sign_up()
    body = {"username": unique("evil"), "password": PASSWORD, **forged}
    refused(await client.post("/users", json=body), 105)
    refused(await anna.client.put(f"/users/{anna.id}", json=forged), 105)
    assert "authData" not in ok(await master.get(f"/users/{anna.id}"))


async def test_a_user_does_not_set_the_columns_that_the_server_keeps(
    sign_up: SignUp, database: Database[dict[str, Any]]
) -> None:
    anna = await sign_up()
    before = database["_User"].find_one({"_id": anna.id})
    for name in HIDDEN:
        refused(await anna.client.put(f"/users/{anna.id}", json={name: "x"}), 105)
    refused(await anna.client.put(f"/users/{anna.id}", json={"emailVerified": True}), 119)
    assert database["_User"].find_one({"_id": anna.id}) == before


async def test_a_log_in_answer_holds_no_secret(
    client: Client, sign_up: SignUp, database: Database[dict[str, Any]]
) -> None:
    anna = await sign_up()
    secret = {"_perishable_token": "secret-1", "_email_verify_token": "secret-2"}
    database["_User"].update_one({"_id": anna.id}, {"$set": secret})
    body = {"username": anna.name, "password": PASSWORD}
    for route in ("/login", "/verifyPassword"):
        text = (await client.post(route, json=body)).text
        assert "secret-" not in text
        assert "$2b$" not in text


async def test_an_object_id_like_a_role_s_name_is_refused(server: MakeApp) -> None:
    client = Client(await server(allowCustomObjectId=True))
    body = {"username": unique("evil"), "password": PASSWORD, "objectId": "role:admin"}
    refused(await client.post("/users", json=body), 119)


async def test_a_user_stored_with_a_role_s_name_as_his_id_is_nobody(
    client: Client, sign_up: SignUp, database: Database[dict[str, Any]]
) -> None:
    anna = await sign_up()
    user = database["_User"].find_one({"_id": anna.id})
    assert user is not None
    evil = f"role:{unique('admin')}"
    database["_User"].insert_one({**user, "_id": evil, "username": unique("evil")})
    change = {"$set": {"_p_user": f"_User${evil}"}}
    database["_Session"].update_one({"_session_token": anna.token}, change)
    refused(await client.as_user(anna.token).get("/users/me"), 209)


@pytest.mark.parametrize("password", [None, ""])
async def test_a_user_of_a_provider_without_a_password_has_none_that_fits(
    client: Client, database: Database[dict[str, Any]], password: str | None
) -> None:
    body = {"authData": {"anonymous": {"id": unique("device")}}, "password": password}
    user = ok(await client.post("/users", json=body), 201)
    stored = database["_User"].find_one({"_id": user["objectId"]})
    assert stored is not None
    assert "_hashed_password" not in stored
    log_in = {"username": user["username"], "password": "None"}
    refused(await client.post("/login", json=log_in), 101, 404)


During = Callable[[Callable[[], Awaitable[object]]], None]


@pytest.fixture
def during_the_comparison(monkeypatch: pytest.MonkeyPatch) -> During:
    """Let something happen while a password is compared, which takes long enough for it."""
    compare = user.password_matches

    def let(happen: Callable[[], Awaitable[object]]) -> None:
        async def meanwhile(password: str, hashed: str) -> bool:
            matches = await compare(password, hashed)
            await happen()
            return matches

        monkeypatch.setattr(credentials, "password_matches", meanwhile)

    return let


@pytest.mark.parametrize("route", ["/login", "/verifyPassword"])
async def test_a_password_that_is_changed_while_it_is_compared_fits_no_longer(
    client: Client, master: Client, sign_up: SignUp, during_the_comparison: During, route: str
) -> None:
    anna = await sign_up()
    during_the_comparison(lambda: master.put(f"/users/{anna.id}", json={"password": "new"}))
    body = {"username": anna.name, "password": PASSWORD}
    refused(await client.post(route, json=body), 101, 404)
    where = {"user": anna.pointer}
    assert await find(master, "_Session", where) == []


async def test_a_password_that_fits_opens_nothing_that_was_locked_while_it_was_compared(
    server: MakeApp,
    sign_up: SignUp,
    during_the_comparison: During,
    database: Database[dict[str, Any]],
) -> None:
    client = Client(await server(accountLockout={"threshold": 3, "duration": 5}))
    anna = await sign_up()

    async def lock() -> None:
        until = {"_account_lockout_expires_at": datetime.now(UTC) + timedelta(minutes=5)}
        database["_User"].update_one({"_id": anna.id}, {"$set": until})

    during_the_comparison(lock)
    body = {"username": anna.name, "password": PASSWORD}
    assert "locked" in refused(await client.post("/login", json=body), 101, 404)


async def test_classes_that_were_never_there_are_not_kept_in_memory(
    client: Client, application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "_MOST_COLLECTIONS", 20)
    for _ in range(50):
        name = unique("Never")
        refused(await client.get(f"/classes/{name}/x"), 101, 404)
        refused(await client.delete(f"/classes/{name}/x"), 101, 404)
    assert len(application.backend.storage.connection._collections) <= 20
    assert not [
        name for name in application.backend.storage._gets._batchers if name.startswith("Never")
    ]


# --- the keyword denylist (CVE-2026-30938 and before) -------------------------------------------

POISON: list[dict[str, Any]] = [
    {"__proto__": {"x": 1}},
    {"o": {"__proto__": 1}},
    {"o": {"first": {"x": 1}, "second": {"constructor": 1}}},
    {"o": {"first": [1, {"x": 1}], "second": [[{"y": [{"constructor": 1}]}]]}},
    {"l": [{"a": 1}, {"b": {"__proto__": 1}}]},
    {"l": {"__op": "Add", "objects": [{"constructor": 1}]}},
    {"l": {"__op": "AddUnique", "objects": [{"a": {"__proto__": 1}}]}},
    {"o.constructor.x": 1},
    {"o": {"_bsontype": "Code"}},
]


@pytest.mark.parametrize("body", POISON)
async def test_a_forbidden_key_is_refused_on_every_way_to_write(
    client: Client, sign_up: SignUp, orders: str, body: dict[str, Any]
) -> None:
    anna = await sign_up()
    order = await create(client, orders, status="new")
    refused(await client.post(f"/classes/{orders}", json=body), 105)
    refused(await client.put(f"/classes/{orders}/{order}", json=body), 105)
    refused(await anna.client.put(f"/users/{anna.id}", json=body), 105)
    newcomer = {"username": unique("x"), "password": "x", **body}
    refused(await client.post("/users", json=newcomer), 105)
    item = {"method": "POST", "path": f"/parse/classes/{orders}", "body": body}
    (answer,) = ok(await client.post("/batch", json={"requests": [item]}))
    assert answer["error"]["code"] == 105
    assert [set(item) for item in await find(client, orders)] == [
        {"objectId", "status", "createdAt", "updatedAt"}
    ]


async def test_the_denylist_can_be_changed(server: MakeApp, orders: str) -> None:
    denied = [{"key": "^secret$"}, {"value": "^DROP"}]
    client = Client(await server(requestKeywordDenylist=denied))
    refused(await client.post(f"/classes/{orders}", json={"o": {"secret": 1}}), 105)
    refused(await client.post(f"/classes/{orders}", json={"o": {"a": "DROP TABLE"}}), 105)
    ok(await client.post(f"/classes/{orders}", json={"o": {"constructor": 1}}), 201)


@pytest.mark.parametrize("key", ["SECRET", "aa", "token"])
async def test_denied_keys_mean_the_same_beside_each_other(server: MakeApp, key: str) -> None:
    denied = [{"key": "(?i)secret"}, {"key": r"^(a)\1$"}, {"key": "token"}]
    client = Client(await server(requestKeywordDenylist=denied))
    refused(await client.post("/classes/Safe", json={"note": {key: 1}}), 105)
    ok(await client.post("/classes/Safe", json={"note": {"ab": 1}}), 201)
