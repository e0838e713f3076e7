"""`/aggregate`: who may ask, what pipelines say and see, what is refused, how long they run."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from pymongo.database import Database

from parsepy.app import Application
from parsepy.errors import Code
from parsepy.triggers import Event
from tests.conftest import Client, MakeApp
from tests.rest.shop import READ_ONLY_KEY, SignUp, item_of_batch, ok, pointer, refused, unique

ITEMS = [("mug", 3, "2026-01-01"), ("cup", 2, "2026-06-01"), ("pot", 9, "2026-09-01")]


@pytest.fixture(scope="module")
async def goods(application: Application) -> str:
    """A class of three goods, of which two are of one maker."""
    name = unique("Good")
    async with Client(application, master=True) as master:
        for good, price, day in ITEMS:
            maker = pointer(name + "Maker", "north" if price < 5 else "south")
            since = {"__type": "Date", "iso": f"{day}T00:00:00.000Z"}
            body = {"name": good, "price": price, "maker": maker, "since": since}
            ok(await master.post(f"/classes/{name}", json=body), 201)
    return name


async def asked(client: Client, class_name: str, **parameters: Any) -> Any:
    """The results of an aggregation."""
    query = {k: v if isinstance(v, str) else json.dumps(v) for k, v in parameters.items()}
    return ok(await client.get(f"/aggregate/{class_name}", params=query))["results"]


def read_only(application: Application) -> Client:
    client = Client(application)
    client.headers["X-Parse-Master-Key"] = READ_ONLY_KEY
    return client


# --- what a pipeline says -----------------------------------------------------------------------


async def test_a_group_sums_by_a_field(master: Client, goods: str) -> None:
    group = {"$group": {"_id": "$maker", "sum": {"$sum": "$price"}}}
    assert await asked(master, goods, pipeline=[group, {"$sort": {"sum": 1}}]) == [
        {"objectId": "north", "sum": 5},
        {"objectId": "south", "sum": 9},
    ]


async def test_stages_may_be_parameters(master: Client, goods: str) -> None:
    query = {"$match": {"price": {"$gt": 2}}, "$sort": {"price": -1}, "$limit": 1}
    assert [item["name"] for item in await asked(master, goods, **query)] == ["pot"]


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ({"maker": "north"}, ["cup", "mug"]),
        ({"maker": {"$in": [pointer("Maker", "south")]}}, []),
        ({"since": {"$lt": "2026-06-01T00:00:00.000Z"}}, ["mug"]),
        (
            {"since": {"$gte": {"__type": "Date", "iso": "2026-06-01T00:00:00.000Z"}}},
            ["cup", "pot"],
        ),
        ({"since": {"$gt": {"$relativeTime": "10000 days ago"}}}, ["cup", "mug", "pot"]),
        ({"createdAt": {"$gt": "2100"}}, []),
        ({"$or": [{"price": 9}, {"updatedAt": {"$lt": "2020-01-01"}}]}, ["pot"]),
    ],
)
async def test_conditions_are_in_parses_terms(
    master: Client, goods: str, condition: Mapping[str, Any], names: list[str]
) -> None:
    stages = [{"$match": condition}, {"$sort": {"name": 1}}, {"$project": {"name": 1}}]
    assert [item["name"] for item in await asked(master, goods, pipeline=stages)] == names


async def test_a_result_is_in_parses_form(master: Client, goods: str) -> None:
    (mug,) = await asked(master, goods, **{"$match": {"name": "mug"}})
    assert mug.keys() == {"objectId", "createdAt", "updatedAt", "name", "price", "maker", "since"}
    assert mug["maker"] == pointer(goods + "Maker", "north")
    assert mug["since"] == {"__type": "Date", "iso": "2026-01-01T00:00:00.000Z"}
    assert isinstance(mug["createdAt"], str)


async def test_raw_results_are_the_databases(master: Client, goods: str) -> None:
    (mug,) = await asked(
        master, goods, pipeline=[{"$match": {"name": "mug"}}], rawValues=True, rawFieldNames=True
    )
    assert mug["_p_maker"] == f"{goods}Maker$north"
    assert mug["since"] == {"$date": "2026-01-01T00:00:00Z"}


async def test_the_servers_options_say_what_is_raw(server: MakeApp, goods: str) -> None:
    raw = await server(query={"aggregationRawValues": True, "aggregationRawFieldNames": True})
    async with Client(raw, master=True) as master:
        stages = [{"$match": {"name": "mug"}}, {"$project": {"_created_at": 1}}]
        (mug,) = await asked(master, goods, pipeline=stages)
        assert mug["_created_at"].keys() == {"$date"}
        (mug,) = await asked(master, goods, pipeline=stages, rawValues=False, rawFieldNames=False)
        assert isinstance(mug["createdAt"], str)


async def test_distinct_values_may_be_of_some_objects(master: Client, goods: str) -> None:
    assert sorted(await asked(master, goods, distinct="price")) == [2, 3, 9]
    found = await asked(master, goods, distinct="maker", where={"price": {"$lt": 5}})
    assert found == [pointer(goods + "Maker", "north")]


async def test_explain_tells_of_the_plan(master: Client, goods: str) -> None:
    (plan,) = await asked(
        master, goods, pipeline=[{"$match": {"price": 3}}], explain="queryPlanner", hint="_id_"
    )
    assert "_id_" in json.dumps(plan)


async def test_a_batch_may_aggregate(master: Client, goods: str) -> None:
    item = item_of_batch("GET", f"/aggregate/{goods}", {"$count": "all"})
    (answer,) = ok(await master.post("/batch", json={"requests": [item]}))
    assert answer["success"] == {"results": [{"all": 3}]}


# --- who may, and what not ----------------------------------------------------------------------


async def test_nobody_but_the_master_key_aggregates(client: Client, sign_up: SignUp) -> None:
    shopper = await sign_up()
    for asking in (client, shopper.client):
        answer = await asking.get("/aggregate/Order", params={"$count": "all"})
        assert (answer.status_code, answer.json()) == (403, {"error": "Permission denied"})


async def test_passwords_and_tokens_are_not_shown(master: Client, sign_up: SignUp) -> None:
    shopper = await sign_up()
    stages = [{"$match": {"username": shopper.name}}]
    (user,) = await asked(master, "_User", pipeline=stages)
    assert not [key for key in user if key.startswith("_")]
    assert "password" not in json.dumps(user).lower()


async def test_the_read_only_key_may_not_write(
    application: Application, goods: str, database: Database[dict[str, Any]]
) -> None:
    async with read_only(application) as reader:
        assert await asked(reader, goods, pipeline=[{"$count": "all"}]) == [{"all": 3}]
        for stage in ({"$out": goods + "Copy"}, {"$merge": {"into": goods + "Copy"}}):
            answer = await reader.get(
                f"/aggregate/{goods}", params={"pipeline": json.dumps([stage])}
            )
            refused(answer, Code.OPERATION_FORBIDDEN)
    assert goods + "Copy" not in database.list_collection_names()


async def test_the_read_only_key_may_be_kept_from_it(server: MakeApp, goods: str) -> None:
    options = {"readOnlyMasterKey": READ_ONLY_KEY, "allowAggregationForReadOnlyMasterKey": False}
    application = await server(**options)
    async with read_only(application) as reader, Client(application, master=True) as master:
        answer = await reader.get(f"/aggregate/{goods}", params={"distinct": "price"})
        refused(answer, Code.OPERATION_FORBIDDEN)
        assert len(await asked(master, goods, distinct="price")) == 3


@pytest.mark.parametrize(
    "stage",
    [
        {"$project": {"x": {"$function": {"body": "return 1", "args": [], "lang": "js"}}}},
        {"$facet": {"x": [{"$group": {"_id": None, "x": {"$accumulator": {}}}}]}},
        {"$changeStream": {}},
        {"$match": {"$where": "true"}},
        {"$currentOp": {}},
        {"$group": {"_id": {"__proto__": {"$nosuch": 1}}}},
    ],
)
async def test_programs_and_what_is_not_of_the_class_are_refused(
    master: Client, goods: str, stage: Any
) -> None:
    answer = await master.get(f"/aggregate/{goods}", params={"pipeline": json.dumps([stage])})
    refused(answer, Code.INVALID_QUERY)


async def test_a_refusal_does_not_name_the_database(
    master: Client, goods: str, database: Database[dict[str, Any]]
) -> None:
    answer = await master.get(f"/aggregate/{goods}", params={"$match": '{"a": 1}', "hint": "none"})
    refused(answer, Code.INVALID_QUERY)
    assert database.name not in answer.text


@pytest.mark.parametrize(
    "stages", [[{"$match": {"a": "\x00"}}], [{"$match": {"a": 10**30}}], [{"$match": {"\x00": 1}}]]
)
async def test_odd_values_are_answered(master: Client, goods: str, stages: Any) -> None:
    body = {"_method": "GET", "pipeline": stages}
    answer = await master.post(f"/aggregate/{goods}", json=body)
    assert answer.status_code in (200, 400), answer.text


async def test_a_pipeline_may_not_run_for_ever(server: MakeApp, goods: str) -> None:
    application = await server(databaseOptions={"maxTimeMS": 200})
    many: list[dict[str, Any]] = [
        {"$set": {"a": {"$range": [0, 3000]}, "b": {"$range": [0, 3000]}}},
        {"$unwind": "$a"},
        {"$unwind": "$b"},
        {"$count": "all"},
    ]
    async with Client(application, master=True) as master:
        answer = await master.get(f"/aggregate/{goods}", params={"pipeline": json.dumps(many)})
        refused(answer, Code.TIMEOUT)


async def test_before_find_is_asked_and_after_find_is_not(server: MakeApp, goods: str) -> None:
    application = await server()
    fired: list[str] = []

    async def note(event: Event) -> None:
        fired.append(event.kind)

    for kind in ("beforeFind", "afterFind"):
        application.backend.triggers.add(kind, goods, note)
    async with Client(application, master=True) as master:
        assert await asked(master, goods, pipeline=[{"$count": "all"}]) == [{"all": 3}]
    assert fired == ["beforeFind"]
