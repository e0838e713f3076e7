"""``Query.aggregate``, ``distinct``, ``hint`` and ``explain`` over MongoDB."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from parsepy import Object, ParseError, Query
from parsepy.errors import Code
from parsepy.testing import App, parse_app

pytestmark = pytest.mark.usefixtures("kiosk")
JUNE = datetime(2026, 6, 1, tzinfo=UTC)
SOLD = [(3, "coffee", 1), (5, "tea", 2), (4, "coffee", 3)]


@pytest.fixture(scope="module")
async def kiosk_app(mongo_uri: str) -> AsyncIterator[App]:
    """An application with three sales of two shops."""
    async with await parse_app(database=mongo_uri) as app:
        async with app.acting():
            shops = [await Object("Shop", name=name).save() for name in ("North", "South")]
            for price, drink, month in SOLD:
                day = datetime(2026, month * 3, 1, tzinfo=UTC)
                await Object(
                    "Sale", price=price, drink=drink, day=day, shop=shops[price % 2]
                ).save()
        yield app


@pytest.fixture
async def kiosk(kiosk_app: App) -> AsyncIterator[None]:
    """Run the test as cloud code of that application."""
    async with kiosk_app.acting():
        yield


def sales() -> Query[Any]:
    return Query("Sale")


async def test_a_group_sums_up() -> None:
    stages: list[dict[str, Any]] = [
        {"$group": {"_id": "$drink", "sum": {"$sum": "$price"}}},
        {"$sort": {"_id": 1}},
    ]
    assert await sales().aggregate(stages) == [
        {"objectId": "coffee", "sum": 7},
        {"objectId": "tea", "sum": 5},
    ]


async def test_one_stage_may_stand_alone() -> None:
    assert await sales().aggregate({"$count": "all"}) == [{"all": 3}]


async def test_the_conditions_of_the_query_are_matched_first() -> None:
    south = await Query("Shop").equal_to("name", "South").first()
    assert await sales().equal_to("shop", south).aggregate([{"$count": "all"}]) == [{"all": 2}]


async def test_dates_go_in_and_come_out_as_datetimes() -> None:
    later = {"$match": {"day": {"$gte": JUNE}}}
    days = {"$group": {"_id": None, "first": {"$min": "$day"}}}
    assert await sales().aggregate([later, days]) == [{"objectId": None, "first": JUNE}]


async def test_pointers_come_back_as_objects() -> None:
    (tea,) = await sales().aggregate([{"$match": {"drink": "tea"}}, {"$project": {"shop": 1}}])
    assert (await tea["shop"].fetch()).get("name") == "South"


async def test_raw_values_are_extended_json() -> None:
    match = {"$match": {"day": {"$gt": {"$date": "2026-06-01T00:00:00Z"}}}}
    (sale,) = await sales().aggregate([match, {"$project": {"day": 1}}], raw_values=True)
    assert sale["day"] == {"$date": "2026-09-01T00:00:00Z"}


async def test_raw_names_are_the_databases() -> None:
    (sale,) = await sales().aggregate(
        [{"$match": {"price": 5}}, {"$project": {"_p_shop": 1}}], raw_field_names=True
    )
    assert sale["_p_shop"].startswith("Shop$")


async def test_what_is_no_stage_is_refused() -> None:
    with pytest.raises(ParseError, match="Invalid aggregate stage 'group'") as refusal:
        await sales().aggregate([{"group": {"_id": None}}])
    assert refusal.value.code == Code.INVALID_QUERY


async def test_distinct_lists_each_value_once() -> None:
    assert sorted(await sales().distinct("drink")) == ["coffee", "tea"]
    assert await sales().less_than("price", 5).distinct("drink") == ["coffee"]


async def test_distinct_dates_and_pointers_are_values_of_cloud_code() -> None:
    assert JUNE in await sales().distinct("day")
    shops = await sales().distinct("shop")
    assert {(await shop.fetch()).get("name") for shop in shops} == {"North", "South"}


async def test_distinct_needs_a_field() -> None:
    with pytest.raises(ValueError, match="the name of a field"):
        await sales().distinct("")


async def test_a_hint_at_no_index_is_refused() -> None:
    for run in (sales().hint("none").find(), sales().hint("none").aggregate([{"$limit": 1}])):
        with pytest.raises(ParseError) as refusal:
            await run
        assert refusal.value.code == Code.INVALID_QUERY


async def test_explain_names_the_index_that_a_hint_asks_for() -> None:
    plan = await sales().hint("_id_").explain()
    assert "_id_" in str(plan["queryPlanner"]["winningPlan"])


async def test_aggregates_have_the_master_keys_rights(kiosk_app: App) -> None:
    async with kiosk_app.acting(kiosk_app.anonymous):
        assert await sales().aggregate({"$count": "all"}) == [{"all": 3}]
