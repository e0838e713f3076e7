"""Requests at the same time: first writes, increments, names, types, batches, transactions."""

import asyncio
from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from parsepy.storage.driver.plain_writes import PlainWrites
from tests.conftest import Client
from tests.rest.shop import PASSWORD, SignUp, create, find, ok, refused, unique


async def test_fifty_first_writes_of_a_new_class_all_succeed(
    client: Client, master: Client, orders: str
) -> None:
    writes = [
        client.post(f"/classes/{orders}", json={"status": "new", f"field{number}": number})
        for number in range(50)
    ]
    for response in await asyncio.gather(*writes):
        ok(response, 201)
    fields = ok(await master.get(f"/schemas/{orders}"))["fields"]
    assert {f"field{number}" for number in range(50)} <= set(fields)
    assert len(await find(client, orders)) == 50


async def test_fifty_updates_with_the_same_new_column_all_succeed(
    client: Client, orders: str
) -> None:
    order = await create(client, orders, status="new")
    writes = [client.put(f"/classes/{orders}/{order}", json={"note": "x"}) for _ in range(50)]
    for response in await asyncio.gather(*writes):
        ok(response)


async def test_increments_at_the_same_time_are_all_counted(client: Client, orders: str) -> None:
    order = await create(client, orders, stock=0)
    more = {"stock": {"__op": "Increment", "amount": 1}}
    writes = [client.put(f"/classes/{orders}/{order}", json=more) for _ in range(50)]
    answers = [ok(response)["stock"] for response in await asyncio.gather(*writes)]
    assert sorted(answers) == list(range(1, 51))
    assert ok(await client.get(f"/classes/{orders}/{order}"))["stock"] == 50


async def test_adds_at_the_same_time_all_arrive(client: Client, orders: str) -> None:
    order = await create(client, orders, items=[])
    writes = [
        client.put(
            f"/classes/{orders}/{order}", json={"items": {"__op": "AddUnique", "objects": [n % 5]}}
        )
        for n in range(30)
    ]
    await asyncio.gather(*writes)
    items = ok(await client.get(f"/classes/{orders}/{order}"))["items"]
    assert sorted(items) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("field", ["username", "email"])
async def test_of_ten_sign_ups_with_one_name_exactly_one_wins(
    client: Client, master: Client, field: str
) -> None:
    wanted = f"{unique('anna')}@shop.example"
    bodies = [{"username": unique("x"), "password": PASSWORD, field: wanted} for _ in range(10)]
    answers = await asyncio.gather(*(client.post("/users", json=body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [201, *[400] * 9]
    taken = {answer.json()["code"] for answer in answers if answer.status_code == 400}
    assert taken == {202 if field == "username" else 203}
    assert len(await find(master, "_User", {field: wanted})) == 1


async def test_of_ten_anonymous_sign_ups_with_one_id_exactly_one_makes_a_user(
    client: Client, master: Client
) -> None:
    visitor = {"authData": {"anonymous": {"id": unique("visitor")}}}
    answers = await asyncio.gather(*(client.post("/users", json=visitor) for _ in range(10)))
    assert sum(answer.status_code == 201 for answer in answers) == 1
    for answer in answers:
        assert answer.status_code in (200, 201) or answer.json()["code"] == 208
    where = {"authData.anonymous.id": visitor["authData"]["anonymous"]["id"]}
    assert len(await find(master, "_User", where)) == 1


async def test_of_two_types_for_a_new_column_one_wins_and_the_other_gets_111(
    client: Client, master: Client, orders: str
) -> None:
    await create(client, orders, status="new")
    values: list[Any] = [1, "one"] * 10
    writes = [client.post(f"/classes/{orders}", json={"price": value}) for value in values]
    answers = await asyncio.gather(*writes)
    kind = ok(await master.get(f"/schemas/{orders}"))["fields"]["price"]["type"]
    winner = {"Number": int, "String": str}[kind]
    for value, answer in zip(values, answers, strict=True):
        if isinstance(value, winner):
            ok(answer, 201)
        else:
            refused(answer, 111)
    assert len(await find(client, orders, {"price": {"$exists": True}})) == 10


async def test_batches_of_fifty_on_a_new_class_all_succeed(client: Client, orders: str) -> None:
    def requests(first: int) -> list[dict[str, Any]]:
        return [
            {
                "method": "POST",
                "path": f"/parse/classes/{orders}",
                "body": {"number": number, f"field{number % 7}": True},
            }
            for number in range(first, first + 50)
        ]

    batches = [client.post("/batch", json={"requests": requests(n)}) for n in (0, 50, 100)]
    for response in await asyncio.gather(*batches):
        assert all("success" in answer for answer in ok(response))
    found = await find(client, orders, limit=1000)
    assert sorted(item["number"] for item in found) == list(range(150))


async def test_the_changes_of_one_object_in_a_batch_keep_their_order(
    client: Client, orders: str
) -> None:
    order = await create(client, orders, number=0)
    requests = [
        {"method": "PUT", "path": f"/parse/classes/{orders}/{order}", "body": {"number": number}}
        for number in range(40)
    ]
    ok(await client.post("/batch", json={"requests": requests}))
    assert ok(await client.get(f"/classes/{orders}/{order}"))["number"] == 39


async def test_transactions_on_one_object_at_the_same_time_are_all_counted(
    client: Client, orders: str
) -> None:
    order = await create(client, orders, stock=0)
    more = {"stock": {"__op": "Increment", "amount": 1}}
    item = {"method": "PUT", "path": f"/parse/classes/{orders}/{order}", "body": more}
    body = {"transaction": True, "requests": [item, item]}
    answers = await asyncio.gather(*(client.post("/batch", json=body) for _ in range(5)))
    for answer in answers:
        ok(answer)
    assert ok(await client.get(f"/classes/{orders}/{order}"))["stock"] == 10


async def test_what_a_transaction_has_not_committed_is_seen_by_nobody(
    client: Client, orders: str
) -> None:
    order = await create(client, orders, stock=1)
    path = f"/classes/{orders}/{order}"
    items = [
        {"method": "PUT", "path": f"/parse{path}", "body": {"stock": stock}} for stock in (2, 3, 4)
    ]
    writing = asyncio.create_task(
        client.post("/batch", json={"transaction": True, "requests": items})
    )
    seen = set()
    while not writing.done():
        seen.add(ok(await client.get(path))["stock"])
    ok(await writing)
    assert seen <= {1, 4}
    assert ok(await client.get(path))["stock"] == 4


@pytest.mark.usefixtures("full_cost")
async def test_log_ins_at_the_same_time_leave_other_requests_their_turn(
    client: Client, sign_up: SignUp
) -> None:
    anna = await sign_up()
    body = {"username": anna.name, "password": PASSWORD}
    log_ins = [asyncio.create_task(client.post("/login", json=body)) for _ in range(10)]
    served = 0
    while not all(task.done() for task in log_ins):
        ok(await client.get("/health"))
        served += 1
    tokens = {ok(task.result())["sessionToken"] for task in log_ins}
    assert len(tokens) == 10
    assert served > 10


async def test_creates_whose_answer_is_lost_are_stored_once(
    client: Client, orders: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await create(client, orders, number=0)
    real = PlainWrites.insert_many
    lost = []

    async def losing(self: Any, *args: Any) -> Any:
        lost.append(await real(self, *args))
        raise AutoReconnect("the connection closed")

    monkeypatch.setattr(PlainWrites, "insert_many", losing)
    writes = [client.post(f"/classes/{orders}", json={"number": 1}) for _ in range(30)]
    answers = await asyncio.gather(*writes)
    assert lost
    # made again, each is found to be there already: its id and its time tell that it is the same
    assert {answer.status_code for answer in answers} == {201}
    assert len(await find(client, orders, {"number": 1}, limit=100)) == 30
