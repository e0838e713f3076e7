"""L1 and L6: hints tell nobody of hidden columns; the read-only key is shown no credentials."""

import json
from typing import Any

import pytest
from pymongo.database import Database

from parsepy.app import Application
from tests.conftest import Client, MakeApp
from tests.rest.enrolment import SECRET
from tests.rest.shop import (
    READ_ONLY_KEY,
    SignUp,
    create,
    find,
    make_class,
    ok,
    refused,
    sign_up,
    unique,
)

Stored = Database[dict[str, Any]]
ALL = {"*": True}

# --- L1: hints ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
async def products(application: Application, database: Stored) -> str:
    """A class whose cost is protected, with indexes over it and beside it."""
    master = Client(application, master=True)
    fields: dict[str, Any] = {"name": "String", "cost": "Number", "maker": "Object"}
    fields["owner"] = {"type": "Pointer", "targetClass": "_User"}
    hidden = {"*": ["cost", "maker", "owner"]}
    name = await make_class(master, fields, find=ALL, get=ALL, protectedFields=hidden)
    for number, label in enumerate("bca"):
        await create(master, name, name=label, cost=number)
    for keys in (
        {"name": 1},
        {"cost": 1},
        {"name": 1, "cost": 1},
        {"maker.name": 1},
        {"_p_owner": 1},
        {"_created_at": 1},
        {"_rperm": 1},
        {"$**": 1},
    ):
        database[name].create_index(list(keys.items()))
    return name


TELLING: list[Any] = [
    *("cost_1", "name_1_cost_1", "maker.name_1", "_p_owner_1", "_rperm_1", "$**_1"),
    *({"cost": 1}, {"name": 1, "cost": 1}, {"_p_owner": 1}),
]


@pytest.mark.parametrize("hint", TELLING, ids=str)
async def test_l1_a_hint_at_an_index_over_hidden_columns_is_refused(
    client: Client, master: Client, products: str, hint: Any
) -> None:
    """Rows came in the order of the index, which order= on the column would not give."""
    (first, *_) = await find(master, products)
    for where in ({}, {"objectId": first["objectId"]}):
        asked = {
            "where": json.dumps(where),
            "hint": hint if type(hint) is str else json.dumps(hint),
        }
        refused(await client.get(f"/classes/{products}", params=asked), 119)
        refused(await client.get(f"/classes/{products}", params={**asked, "count": 1}), 119)
    body = {"_method": "GET", "hint": hint}
    request = {"method": "POST", "path": f"/parse/classes/{products}", "body": body}
    (item,) = ok(await client.post("/batch", json={"requests": [request]}))
    assert item["error"]["code"] == 119


@pytest.mark.parametrize("hint", ["name_1", "_created_at_1", "_id_", {"name": 1}], ids=str)
async def test_other_hints_are_clients_to_give(client: Client, products: str, hint: Any) -> None:
    assert len(await find(client, products, hint=hint)) == 3


@pytest.mark.parametrize("hint", ["cost_1", "maker.name_1"])
async def test_the_master_key_gives_any_hint(master: Client, products: str, hint: str) -> None:
    assert len(await find(master, products, hint=hint)) == 3


async def test_a_hint_at_no_index_is_a_bad_query(client: Client, products: str) -> None:
    answer = await client.get(f"/classes/{products}", params={"hint": "none"})
    assert answer.status_code == 400


async def test_l1_the_addresses_of_users_are_not_sorted_by_a_hint(
    client: Client, database: Stored
) -> None:
    """43 queries told 8 characters of another user's address."""
    eve = await sign_up(client, ACL={"*": {"read": True}})
    names = [name for name in database["_User"].index_information() if "email" in name]
    assert names
    for name in (*names, '{"email": 1}', '{"_hashed_password": 1}'):
        refused(await eve.client.get("/users", params={"hint": name}), 119)


# --- L6: the read-only key ------------------------------------------------------------------------

TOLD = ("of-ann", SECRET, "$2b$", "r:")


def secrets() -> dict[str, Any]:
    """What the database holds of a user who has set up all that there is."""
    return {
        "_session_token": "r:legacy-of-ann",
        "_perishable_token": "reset-of-ann",
        "_email_verify_token": "verify-of-ann",
        "_auth_data_facebook": {"id": unique("f"), "access_token": "token-of-ann"},
        "_auth_data_anonymous": {"id": unique("anonymous-of-ann")},
        "_auth_data_mfa": {"secret": SECRET, "recovery": ["recovery-of-ann"]},
    }


class Reader:
    """Ann, whose secrets are in the database, and who looks with the read-only key."""

    def __init__(self, application: Application, ann: Any) -> None:
        self.ann = ann
        self.client = Client(application)
        self.client.headers["X-Parse-Master-Key"] = READ_ONLY_KEY

    async def aggregate(self, class_name: str, *stages: Any, **more: Any) -> Any:
        query = {"pipeline": json.dumps(stages), **more}
        return await self.client.get(f"/aggregate/{class_name}", params=query)


@pytest.fixture
async def reader(application: Application, sign_up: SignUp, database: Stored) -> Reader:
    ann = await sign_up(email=f"{unique('ann')}@shop.test")
    database["_User"].update_one({"_id": ann.id}, {"$set": secrets()})
    return Reader(application, ann)


def tells_nothing(answer: Any) -> Any:
    """The body of a success in which no credential is."""
    body = ok(answer)
    text = json.dumps(body)
    assert not [told for told in TOLD if told in text], text
    return body


async def test_l6_sessions_show_no_tokens_to_the_read_only_key(reader: Reader) -> None:
    """With the token one wrote as that user."""
    whose = {"user": reader.ann.pointer}
    (session,) = await find(reader.client, "_Session", whose, include="user")
    assert session["user"]["username"] == reader.ann.name
    for path in ("/sessions", f"/sessions/{session['objectId']}"):
        tells_nothing(await reader.client.get(path, params={"keys": "sessionToken,user"}))
    (whole,) = await find(Client(reader.client.application, master=True), "_Session", whose)
    assert whole["sessionToken"] == reader.ann.token


async def test_l6_users_show_no_authdata_but_the_names_of_providers(reader: Reader) -> None:
    user = tells_nothing(await reader.client.get(f"/users/{reader.ann.id}"))
    assert user["authData"] == {"facebook": {}, "anonymous": {}, "mfa": {}}
    assert user["email"]
    where = json.dumps({"username": reader.ann.name})
    tells_nothing(await reader.client.get("/users", params={"where": where, "limit": 1}))


QUESTIONS: list[tuple[str, dict[str, Any]]] = [
    ("_Session", {"sessionToken": {"$regex": "^r:"}}),
    ("_Session", {"$or": [{"_session_token": {"$gt": "r:a"}}]}),
    ("_User", {"_session_token": {"$exists": True}}),
    ("_User", {"_perishable_token": {"$regex": "^r"}}),
    ("_User", {"$nor": [{"_email_verify_token": {"$regex": "^v"}}]}),
    ("_User", {"_password_history": {"$exists": True}}),
    ("_User", {"authData.anonymous.id": {"$regex": "^a"}}),
    ("_User", {"authData.mfa.secret": {"$gt": "A"}}),
    ("_User", {"$and": [{"authData": {"$exists": True}}]}),
]


@pytest.mark.parametrize(("name", "where"), QUESTIONS, ids=str)
async def test_l6_the_read_only_key_does_not_guess_credentials_bit_by_bit(
    reader: Reader, name: str, where: Any
) -> None:
    guess = {"where": json.dumps(where)}
    refused(await reader.client.get(f"/classes/{name}", params=guess), 119)
    refused(await reader.client.get(f"/classes/{name}", params={**guess, "count": "1"}), 119)
    distinct = {**guess, "distinct": "createdAt"}
    refused(await reader.client.get(f"/aggregate/{name}", params=distinct), 119)
    inner = {"user": {"$inQuery": {"className": name, "where": where}}}
    refused(await reader.client.get("/classes/_Session", params={"where": json.dumps(inner)}), 119)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("_Session", {"order": "sessionToken"}),
        ("_Session", {"hint": "_session_token_1"}),
        ("_Session", {"hint": '{"_session_token": 1}'}),
        ("_User", {"order": "-authData.mfa.secret"}),
        ("_User", {"hint": '{"_hashed_password": 1}'}),
    ],
    ids=str,
)
async def test_l6_nothing_is_sorted_by_credentials_for_the_read_only_key(
    reader: Reader, name: str, options: dict[str, str]
) -> None:
    refused(await reader.client.get(f"/classes/{name}", params=options), 119)
    if "hint" in options:
        refused(await reader.aggregate(name, {"$limit": 1}, **options), 119)


async def test_l6_the_read_only_key_selects_no_token_by_a_subquery(reader: Reader) -> None:
    name = unique("Line")
    selected = {"query": {"className": "_Session", "where": {}}, "key": "sessionToken"}
    assert await find(reader.client, name, {"x": {"$select": selected}}) == []


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("_User", "_hashed_password"),
        ("_User", "_perishable_token"),
        ("_User", "authData.mfa.recovery"),
        ("_User", "_auth_data_mfa.secret"),
        ("_Session", "sessionToken"),
        ("_Session", "_session_token"),
    ],
)
async def test_l6_there_are_no_distinct_values_of_credentials(
    reader: Reader, name: str, column: str
) -> None:
    answer = await reader.client.get(f"/aggregate/{name}", params={"distinct": column})
    refused(answer, 119)


@pytest.mark.parametrize("raw", [{}, {"rawFieldNames": "true"}, {"rawValues": "true"}], ids=str)
async def test_l6_no_pipeline_yields_credentials(reader: Reader, raw: dict[str, str]) -> None:
    name = reader.ann.name
    mine = {"$match": {"username": name}}
    (user,) = tells_nothing(await reader.aggregate("_User", mine, **raw))["results"]
    assert user["username"] == name
    for stages in (
        [mine, {"$project": {"x": "$_hashed_password", "y": "$_auth_data_mfa", "username": 1}}],
        [mine, {"$group": {"_id": "$_session_token"}}],
        [mine, {"$replaceRoot": {"newRoot": {"all": {"$objectToArray": "$$ROOT"}}}}],
        [{"$facet": {"all": [mine, {"$project": {"x": "$_perishable_token"}}]}}],
        [mine, {"$addFields": {"x": {"$substr": ["$_hashed_password", 0, 9]}}}],
    ):
        tells_nothing(await reader.aggregate("_User", *stages, **raw))
    tells_nothing(await reader.aggregate("_Session", **raw))
    guess = {"$match": {"_perishable_token": {"$regex": "^reset"}}}
    assert ok(await reader.aggregate("_User", guess, **raw))["results"] == []


async def test_l6_no_pipeline_joins_credentials(reader: Reader, master: Client) -> None:
    name = unique("Line")
    await create(master, name, user=reader.ann.pointer, userId=reader.ann.id)
    join = {"from": "_User", "localField": "userId", "foreignField": "_id", "as": "users"}
    (line,) = tells_nothing(await reader.aggregate(name, {"$lookup": join}))["results"]
    assert [user["username"] for user in line["users"]] == [reader.ann.name]
    correlated = {"$match": {"$expr": {"$eq": ["$_id", "$$id"]}}}
    lookup = {"from": "_User", "let": {"id": "$userId"}, "pipeline": [correlated], "as": "users"}
    (line,) = tells_nothing(await reader.aggregate(name, {"$lookup": lookup}))["results"]
    assert [user["username"] for user in line["users"]] == [reader.ann.name]
    graph = {"startWith": "$userId", "connectFromField": "x", "connectToField": "_id", "as": "u"}
    for stage in (
        {"$lookup": {**join, "foreignField": "_hashed_password"}},
        {"$graphLookup": {"from": "_User", **graph}},
        {"$lookup": {"from": "_MailQueue", "pipeline": [], "as": "x"}},
        {"$unionWith": "_SignInCode"},
    ):
        refused(await reader.aggregate(name, stage), 119)
    tells_nothing(await reader.aggregate(name, {"$unionWith": "_User"}))
    tells_nothing(await reader.aggregate(name, {"$unionWith": {"coll": "_Session"}}))


async def test_l6_graphql_shows_the_read_only_key_no_credentials(
    reader: Reader, server: MakeApp
) -> None:
    more = {"readOnlyMasterKey": READ_ONLY_KEY, "mountGraphQL": True}
    reader.client = Client(await server(**more))
    reader.client.headers["X-Parse-Master-Key"] = READ_ONLY_KEY
    named = f'username: {{equalTo: "{reader.ann.name}"}}'
    session = f"sessions(where: {{user: {{have: {{{named}}}}}}})"
    session += " { edges { node { sessionToken user { username } } } }"
    users = f"users(where: {{{named}}}) {{ edges {{ node {{ username authData }} }} }}"
    for query in (session, users):
        body = {"query": f"{{ {query} }}"}
        answer = await reader.client.post("http://testserver/graphql", json=body)
        assert reader.ann.name in answer.text
        tells_nothing(answer)


async def test_the_master_key_reads_what_it_did(reader: Reader, master: Client) -> None:
    pipeline = json.dumps([{"$match": {"username": reader.ann.name}}])
    query = {"pipeline": pipeline, "rawFieldNames": "true"}
    (user,) = ok(await master.get("/aggregate/_User", params=query))["results"]
    assert user["_perishable_token"] == "reset-of-ann"
    (found,) = await find(master, "_User", {"_perishable_token": "reset-of-ann"}, limit=1)
    assert found["authData"]["mfa"]["secret"] == SECRET
