"""Each bound of a request: what lies within is answered, one more is refused before any work."""

import json
from typing import Any

import pytest

from tests.conftest import Client, MakeApp
from tests.rest.shop import create, find, ok, pointer, refused, unique

FEW = {
    "bodyValues": 60,
    "whereClauses": 4,
    "subqueries": 2,
    "includeReads": 2,
    "includedBytes": 5_000,
    "aclEntries": 3,
    "relationObjects": 3,
    "arrayWork": 400,
    "dottedKeys": 60,
    "polygonCorners": 5,
    "newColumns": 3,
    "columnNameLength": 20,
    "batchRequestLimit": 3,
}
QUESTION = {"p": {"$inQuery": {"className": "Line", "where": {"n": 7}}}}


def ring(corners: int) -> Any:
    """A polygon that holds its place."""
    along = [[0, i] for i in range(corners - 2)]
    return {"__type": "Polygon", "coordinates": [*along, [5, corners], [5, 0]]}


def many(verb: str, name: str, count: int) -> Any:
    """A field operation over so many."""
    items: list[Any] = [pointer("Line", f"n{i}") for i in range(count)]
    if verb not in ("AddRelation", "RemoveRelation"):
        items = list(range(count))
    return {name: {"__op": verb, "objects": items}}


@pytest.fixture
async def small(app: MakeApp) -> Client:
    """Anybody, at a server that takes only few of each thing."""
    return Client(await app(requestComplexity=FEW))


WHERES: dict[str, tuple[Any, Any]] = {
    "whereClauses": (
        {"$or": [{"a": 1}, {"a": 2}, {"a": 3}]},
        {"$or": [{"a": 1}, {"a": 2}, {"$and": [{"a": 1}, {"b": 2}]}]},
    ),
    "subqueries": ({"$or": [QUESTION] * 2}, {"$or": [QUESTION] * 3}),
    "subqueries within": (
        {"p": {"$inQuery": {"className": "Line", "where": QUESTION}}},
        {"$or": [QUESTION, {"p": {"$inQuery": {"className": "Line", "where": QUESTION}}}]},
    ),
}


@pytest.mark.parametrize("name", WHERES)
async def test_k3_a_where_has_so_many_parts(small: Client, name: str) -> None:
    await create(small, "Line", a=1)
    within, beyond = WHERES[name]
    assert isinstance(await find(small, "Line", within), list)
    message = refused(await small.get("/classes/Line", params={"where": json.dumps(beyond)}), 102)
    assert "at most" in message


SAVES: dict[str, tuple[Any, Any, int]] = {
    "bodyValues": ({"list": [1] * 45}, {"list": [1] * 75}, 116),
    "bodyValues: objects": ({"list": [{}] * 8}, {"list": [{}] * 20}, 116),
    "aclEntries": (
        {"ACL": {f"u{i}": {"read": True} for i in range(3)}},
        {"ACL": {f"u{i}": {"read": True} for i in range(4)}},
        116,
    ),
    "relationObjects": (many("AddRelation", "r", 3), many("AddRelation", "r", 4), 116),
    "polygonCorners": ({"area": ring(5)}, {"area": ring(6)}, 116),
    "newColumns": ({"x": 1, "y": 1, "z": 1}, {"v": 1, "w": 1, "s": 1, "t": 1}, 116),
    "columnNameLength": ({"c" * 20: 1}, {"c" * 21: 1}, 105),
}


@pytest.mark.parametrize("name", SAVES)
async def test_k3_a_save_brings_so_many_things(small: Client, name: str) -> None:
    within, beyond, code = SAVES[name]
    ok(await small.post("/classes/Line", json=within), 201)
    before = len(await find(small, "Line"))
    refused(await small.post("/classes/Line", json=beyond), code)
    assert len(await find(small, "Line")) == before


async def test_the_master_key_is_not_bound(small: Client) -> None:
    master = Client(small.application, master=True)
    for name, (_, beyond, _) in SAVES.items():
        answer = await master.post("/classes/Line", json=beyond)
        assert answer.status_code == 201, name
    for _, beyond in WHERES.values():
        assert isinstance(await find(master, "Line", beyond), list)


async def test_a_batch_has_so_many_requests(small: Client) -> None:
    item = {"method": "GET", "path": "/parse/config"}
    ok(await small.post("/batch", json={"requests": [item] * 3}))
    refused(await small.post("/batch", json={"requests": [item] * 4}), 107)


# --- arrays -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("verb", "count"), [("AddUnique", 11), ("Remove", 20)])
async def test_k11_array_operations_are_bounded_by_what_is_stored(
    small: Client, verb: str, count: int
) -> None:
    master = Client(small.application, master=True)
    stored = 400 // count
    line = ok(await master.post("/classes/Line", json={"list": list(range(stored))}), 201)
    path = f"/classes/Line/{line['objectId']}"
    ok(await small.put(path, json=many(verb, "list", count)))
    more = ok(await master.post("/classes/Line", json={"list": list(range(stored + 1))}), 201)
    path = f"/classes/Line/{more['objectId']}"
    assert "compare more than 400" in refused(
        await small.put(path, json=many(verb, "list", count)), 116
    )
    assert ok(await small.get(path))["list"] == list(range(stored + 1))


async def test_k11_what_is_unlike_itself_is_compared_as_well(small: Client) -> None:
    line = await create(small, "Line", list=[])
    ok(await small.put(f"/classes/Line/{line}", json=many("AddUnique", "list", 20)))
    refused(await small.put(f"/classes/Line/{line}", json=many("AddUnique", "list", 21)), 116)


async def test_k11_an_object_that_is_not_there_is_not_found(small: Client) -> None:
    await create(small, "Line", list=[])
    refused(await small.put("/classes/Line/nosuch", json=many("Remove", "list", 20)), 101, 404)


async def test_k11_dotted_keys_are_few(app: MakeApp) -> None:
    client = Client(await app(requestComplexity={"dottedKeys": 60}))
    line = await create(client, "Line", box={})
    keys = {f"box.k{i}": i for i in range(60)}
    ok(await client.put(f"/classes/Line/{line}", json=keys))
    refused(await client.put(f"/classes/Line/{line}", json={**keys, "box.more": 1}), 116)


# --- classes ------------------------------------------------------------------------------------


async def test_k9_a_class_has_room_for_so_many_columns(app: MakeApp) -> None:
    client = Client(await app(requestComplexity={"columnsPerClass": 10}))
    await create(client, "Line", **{f"c{i}": 1 for i in range(6)})
    refused(await client.post("/classes/Line", json={"one": 1}), 116)
    await create(client, "Line", c0=2)
    master = Client(client.application, master=True)
    ok(await master.post("/classes/Line", json={"one": 1}), 201)


async def test_k9_the_row_of_a_class_stays_small(app: MakeApp) -> None:
    client = Client(await app(requestComplexity={"classRowBytes": 600}))
    await create(client, "Line", **{"a" * 200: 1})
    refused(await client.post("/classes/Line", json={"b" * 256: 1, "c" * 256: 1}), 116)
    await create(client, "Line", small=1)


async def test_k9_a_class_is_not_filled_by_long_names(client: Client) -> None:
    body = {f"{'x' * 100_000}{i}": 1 for i in range(50)}
    refused(
        await client.post(
            "/installations", json={"deviceType": "ios", "installationId": unique("i"), **body}
        ),
        105,
    )


# --- includes -----------------------------------------------------------------------------------


async def test_k0_paths_that_lead_nowhere_cost_nothing(client: Client) -> None:
    body = {"deviceType": "ios", "installationId": unique("i"), "channels": [{}] * 2_000}
    made = ok(await client.post("/installations", json=body), 201)["objectId"]
    paths = ",".join(f"channels.x{i}" for i in range(949))
    found = ok(await client.get(f"/installations/{made}", params={"include": paths}))
    assert found["channels"] == [{}] * 2_000


async def test_k0_an_include_makes_so_many_reads(small: Client) -> None:
    line = await create(small, "Line", n=1)
    three = [pointer("Line", line), pointer("Other", "x"), pointer("Third", "x")]
    holder = await create(small, "Holder", two=three[:2], three=three)
    path = f"/classes/Holder/{holder}"
    assert len(ok(await small.get(path, params={"include": "two"}))["two"]) == 1
    message = refused(await small.get(path, params={"include": "three"}), 102)
    assert "reads for include" in message


async def test_k0_what_repeats_does_not_fill_the_memory(app: MakeApp) -> None:
    client = Client(await app(requestComplexity={"includedBytes": 20_000}))
    line = await create(client, "Line", text="x" * 1_000)
    few = await create(client, "Holder", lines=[pointer("Line", line)] * 12)
    lot = await create(client, "Holder", lines=[pointer("Line", line)] * 50)
    answer = ok(await client.get(f"/classes/Holder/{few}", params={"include": "lines"}))
    assert {item["text"] for item in answer["lines"]} == {"x" * 1_000}
    refused(await client.get(f"/classes/Holder/{lot}", params={"include": "lines"}), 102)


async def test_k0_repetitions_of_repetitions_multiply(app: MakeApp) -> None:
    client = Client(await app(requestComplexity={"includedBytes": 150_000}))
    leaf = await create(client, "Leaf", text="x" * 100)
    branch = await create(client, "Branch", leaves=[pointer("Leaf", leaf)] * 30)
    tree = await create(client, "Tree", branches=[pointer("Branch", branch)] * 30)
    path = f"/classes/Tree/{tree}"
    ok(await client.get(path, params={"include": "branches"}))
    refused(await client.get(path, params={"include": "branches.leaves"}), 102)


# --- names --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["keys", "excludeKeys", "order", "include"])
@pytest.mark.parametrize("is_text", [True, False])
async def test_k3_lists_of_names_are_counted_before_they_are_read(
    client: Client, orders: str, name: str, is_text: bool
) -> None:
    names = ["a"] * 6_000
    value = ",".join(names) if is_text else names
    answer = await client.post(f"/classes/{orders}", json={"_method": "GET", name: value})
    assert "names more than" in refused(answer, 102)


@pytest.fixture
def orders() -> str:
    """The name of a class that no other test uses."""
    return unique("Order")


async def test_all_has_so_many_values(client: Client) -> None:
    await create(client, "Line", tags=[1])
    body = {"_method": "GET", "where": {"tags": {"$all": list(range(1_001))}}}
    refused(await client.post("/classes/Line", json=body), 102)


async def test_a_where_as_text_is_counted_as_well(small: Client) -> None:
    where = json.dumps({"a": {"$in": list(range(80))}})
    answer = await small.post("/classes/Line", json={"_method": "GET", "where": where})
    refused(answer, 116)


async def test_k3_a_name_of_many_steps_is_refused(client: Client) -> None:
    await create(client, "Line", a={})
    body = {"_method": "GET", "where": {"a." * 3_000 + "a": 1}}
    refused(await client.post("/classes/Line", json=body), 102)


# --- answers ------------------------------------------------------------------------------------


async def test_a_page_of_objects_has_so_many_bytes(app: MakeApp) -> None:
    application = await app(requestComplexity={"answerBytes": 50_000})
    client, master = Client(application), Client(application, master=True)
    name = unique("Line")
    item = {"method": "POST", "path": f"/parse/classes/{name}", "body": {"text": "x" * 100}}
    for _ in range(3):
        ok(await client.post("/batch", json={"requests": [item] * 500}))
    assert len(await find(client, name, limit=200)) == 200
    message = refused(await client.get(f"/classes/{name}", params={"limit": 1500}), 102)
    assert "more than 50000 bytes" in message
    assert len(await find(master, name, limit=1500)) == 1500


@pytest.mark.parametrize("is_transaction", [False, True])
async def test_a_batch_answers_so_many_bytes(app: MakeApp, is_transaction: bool) -> None:
    application = await app(requestComplexity={"answerBytes": 20_000})
    client, master = Client(application), Client(application, master=True)
    line = await create(client, "Line", text="x" * 15_000)
    item = {"method": "GET", "path": f"/parse/classes/Line/{line}"}
    body = {"requests": [item] * 4, "transaction": is_transaction}
    told = await client.post("/batch", json=body)
    if is_transaction:
        assert "more than 20000 bytes" in refused(told, 102)
    else:
        answers = ok(told)
        assert [list(answer) for answer in answers] == [["success"]] * 2 + [["error"]] * 2
        assert answers[3]["error"]["code"] == 102
    assert len(ok(await master.post("/batch", json=body))) == 4
