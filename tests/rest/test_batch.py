"""The batch: items in order, each with its own answer; all or nothing in a transaction."""

import asyncio
from contextvars import Context
from typing import Any

import pytest
from pymongo.database import Database

from parsepy.rest import batch
from tests.conftest import Client, MakeApp
from tests.rest.shop import PASSWORD, SignUp, create, find, ok, refused, unique


def item(verb: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """One inner request."""
    return {"method": verb, "path": f"/parse{path}", **({"body": body} if body else {})}


async def send(client: Client, *items: Any, **more: Any) -> Any:
    return ok(await client.post("/batch", json={"requests": list(items), **more}))


async def test_each_item_has_its_own_answer_in_order(client: Client, orders: str) -> None:
    order = await create(client, orders, status="new")
    answers = await send(
        client,
        item("POST", f"/classes/{orders}", {"status": "a"}),
        item("PUT", f"/classes/{orders}/nosuch", {"status": "b"}),
        item("GET", f"/classes/{orders}/{order}"),
        item("DELETE", f"/classes/{orders}/{order}"),
        item("GET", f"/classes/{orders}/{order}"),
    )
    kinds = ["success", "error", "success", "success", "error"]
    assert [list(answer) for answer in answers] == [[kind] for kind in kinds]
    assert answers[1]["error"] == {"code": 101, "error": "Object not found."}
    assert answers[2]["success"]["status"] == "new"


async def test_an_item_that_fails_does_not_stop_the_others(client: Client, orders: str) -> None:
    await create(client, orders, price=0)
    bodies: list[dict[str, Any]] = [{"price": 1}, {"price": "x"}, {"$bad": 1}, {"price": 2}]
    answers = await send(client, *(item("POST", f"/classes/{orders}", body) for body in bodies))
    codes = [answer["error"]["code"] if "error" in answer else 0 for answer in answers]
    assert codes == [0, 111, 105, 0]
    assert {found["price"] for found in await find(client, orders)} == {0, 1, 2}


async def test_of_creates_made_together_one_that_a_unique_index_refuses_is_told_at_its_place(
    client: Client, database: Database[Any], orders: str
) -> None:
    database[orders].create_index("code", unique=True)
    await create(client, orders, code="first")
    bodies = [{"code": code} for code in ("a", "first", "b", "a", "c")]
    answers = await send(client, *(item("POST", f"/classes/{orders}", body) for body in bodies))
    codes = [answer["error"]["code"] if "error" in answer else 0 for answer in answers]
    assert codes == [0, 137, 0, 137, 0]


async def test_every_item_has_the_rights_of_the_outer_request(
    client: Client, sign_up: SignUp, orders: str
) -> None:
    anna = await sign_up()
    order = await create(client, orders, ACL={anna.id: {"read": True}})
    get = item("GET", f"/classes/{orders}/{order}")
    assert "error" in (await send(client, get))[0]
    assert "success" in (await send(anna.client, get))[0]


async def test_an_item_brings_no_credentials_of_its_own(
    client: Client, sign_up: SignUp, orders: str
) -> None:
    anna = await sign_up()
    order = await create(client, orders, ACL={anna.id: {"read": True}})
    body = {"_SessionToken": anna.token, "_MasterKey": "master-key-for-tests"}
    (answer,) = await send(client, item("GET", f"/classes/{orders}/{order}", body))
    assert answer["error"]["code"] == 101


async def test_a_query_string_in_a_path_is_a_query(client: Client, orders: str) -> None:
    for number in range(3):
        await create(client, orders, number=number)
    path = (
        f"/classes/{orders}?limit=1&order=-number&where=%7B%22number%22%3A%7B%22%24lt%22%3A2%7D%7D"
    )
    (answer,) = await send(client, item("GET", path))
    assert [found["number"] for found in answer["success"]["results"]] == [1]


async def test_users_are_signed_up_and_logged_in_by_a_batch(client: Client) -> None:
    body = {"username": unique("anna"), "password": PASSWORD}
    first, second = await send(client, item("POST", "/users", body), item("POST", "/login", body))
    assert first["success"]["objectId"] == second["success"]["objectId"]
    assert first["success"]["sessionToken"] != second["success"]["sessionToken"]


BAD: dict[str, tuple[Any, str]] = {
    "no array": ("x", "requests must be an array"),
    "no requests": (None, "requests must be an array"),
    "an item that is null": ([None], "batch request path must be a string"),
    "an item without a path": ([{"method": "GET"}], "batch request path must be a string"),
    "a path that is a number": ([{"path": 5}], "batch request path must be a string"),
    "a path outside the mount": (
        [{"method": "GET", "path": "/other/classes/A"}],
        "cannot route batch path /other/classes/A",
    ),
    "a whole address": (
        [{"method": "GET", "path": "http://[/parse/classes/A"}],
        "cannot route batch path http://[/parse/classes/A",
    ),
    "a batch within": ([item("POST", "/batch")], "nested batch requests are not allowed"),
    "a batch within, with a slash": (
        [item("POST", "/batch/")],
        "nested batch requests are not allowed",
    ),
    "an unknown route": ([item("POST", "/nosuch")], "cannot route POST /nosuch"),
    "a method that is a number": (
        [{"method": 5, "path": "/parse/classes/A"}],
        "cannot route 5 /classes/A",
    ),
}


@pytest.mark.parametrize(("requests", "message"), BAD.values(), ids=BAD)
async def test_a_batch_that_can_not_be_read_is_refused_whole(
    client: Client, orders: str, requests: Any, message: str
) -> None:
    if isinstance(requests, list):
        requests = [item("POST", f"/classes/{orders}", {"a": 1}), *requests]
    assert refused(await client.post("/batch", json={"requests": requests}), 107) == message
    assert await find(client, orders) == []


async def test_a_path_that_no_address_reader_takes_is_refused(client: Client) -> None:
    body = {"requests": [{"method": "GET", "path": "//["}]}
    refused(await client.post("/batch", json=body), 107)


async def test_an_empty_batch_has_no_answers(client: Client) -> None:
    assert await send(client) == []


async def test_the_number_of_items_can_be_limited(server: MakeApp, orders: str) -> None:
    application = await server(requestComplexity={"batchRequestLimit": 2})
    items = [item("POST", f"/classes/{orders}", {"a": 1})] * 3
    response = await Client(application).post("/batch", json={"requests": items})
    assert "exceeds the limit of 2" in refused(response, 107)
    assert len(await send(Client(application, master=True), *items)) == 3


# --- transactions -------------------------------------------------------------------------------


async def test_a_transaction_is_stored_whole(client: Client, orders: str) -> None:
    items = [item("POST", f"/classes/{orders}", {"number": number}) for number in range(3)]
    assert len(await send(client, *items, transaction=True)) == 3
    assert len(await find(client, orders)) == 3


@pytest.mark.parametrize(
    "bad",
    [
        item("POST", "/classes/{orders}", {"number": "x"}),
        item("POST", "/classes/{orders}", {"$bad": 1}),
        item("PUT", "/classes/{orders}/nosuch", {"number": 1}),
        item("GET", "/schemas"),
    ],
)
async def test_a_transaction_with_a_refused_item_stores_nothing(
    client: Client, orders: str, bad: dict[str, Any]
) -> None:
    kept = await create(client, orders, number=0)
    items = [
        item("POST", f"/classes/{orders}", {"number": 1}),
        item("PUT", f"/classes/{orders}/{kept}", {"number": 2}),
        {**bad, "path": bad["path"].format(orders=orders)},
        item("DELETE", f"/classes/{orders}/{kept}"),
    ]
    response = await client.post("/batch", json={"requests": items, "transaction": True})
    assert response.status_code == 400
    assert {"code", "error"} <= set(response.json())
    assert [found["number"] for found in await find(client, orders)] == [0]


async def test_a_transaction_on_a_new_class_works(client: Client) -> None:
    orders = unique("Order")
    items = [item("POST", f"/classes/{orders}", {"number": number}) for number in range(2)]
    answers = await send(client, *items, transaction=True)
    assert [set(answer) for answer in answers] == [{"success"}] * 2


async def test_a_transaction_takes_relations_back_as_well(
    client: Client, master: Client, sign_up: SignUp, orders: str
) -> None:
    anna = await sign_up(ACL={"*": {"read": True}})
    guests = {"__op": "AddRelation", "objects": [anna.pointer]}
    order = await create(client, orders, number=1)
    items = [
        item("PUT", f"/classes/{orders}/{order}", {"guests": guests}),
        item("POST", f"/classes/{orders}", {"number": "x"}),
    ]
    response = await client.post("/batch", json={"requests": items, "transaction": True})
    assert response.status_code == 400
    owner = {"__type": "Pointer", "className": orders, "objectId": order}
    where = {"$relatedTo": {"object": owner, "key": "guests"}}
    assert await find(master, "_User", where) == []


async def test_a_transaction_may_bring_a_column_that_needs_an_index(
    client: Client, orders: str
) -> None:
    corners = [[0, 0], [0, 1], [1, 1]]
    items = [
        item("POST", f"/classes/{orders}", {"number": 1}),
        item("POST", f"/classes/{orders}", {"area": {"__type": "Polygon", "coordinates": corners}}),
    ]
    async with asyncio.timeout(10):
        assert len(await send(client, *items, transaction=True)) == 2
    indexes = await client.application.backend.storage.indexes.read(orders)
    assert indexes["area_2dsphere"] == {"area": "2dsphere"}


async def test_a_transaction_counts_and_reads_by_the_same_session(
    client: Client, orders: str
) -> None:
    items = [
        item("POST", f"/classes/{orders}", {"number": 1}),
        item("GET", f"/classes/{orders}?count=1"),
    ]
    answers = await send(client, *items, transaction=True)
    assert answers[1]["success"]["count"] == len(answers[1]["success"]["results"]) == 1


async def test_a_transaction_changes_no_schemas(client: Client, master: Client) -> None:
    shelf = item("POST", f"/schemas/{unique('Shelf')}", {})
    response = await master.post("/batch", json={"requests": [shelf], "transaction": True})
    assert refused(response, 119)


async def test_a_role_of_a_transaction_counts_once_it_is_committed(
    master: Client, sign_up: SignUp, orders: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = await sign_up()
    role = unique("staff")
    order = await create(master, orders, ACL={f"role:{role}": {"read": True}})
    real = batch._outcome

    async def while_uncommitted(*arguments: Any) -> Any:
        answer = await real(*arguments)
        reading = anna.client.get(f"/classes/{orders}/{order}")
        refused(await asyncio.create_task(reading, context=Context()), 101, 404)
        return answer

    monkeypatch.setattr(batch, "_outcome", while_uncommitted)
    members = {"__op": "AddRelation", "objects": [anna.pointer]}
    body = {"name": role, "ACL": {}, "users": members}
    await send(master, item("POST", "/roles", body), transaction=True)
    ok(await anna.client.get(f"/classes/{orders}/{order}"))
