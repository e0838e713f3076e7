"""``Query`` over MongoDB: conditions, order, includes, pages, groups."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from parsepy import GeoPoint, Object, ParseError, Polygon, Query
from parsepy.errors import Code
from parsepy.testing import App, parse_app

pytestmark = pytest.mark.usefixtures("mugs")


class Mug(Object, class_name="Mug"):
    """A class with a Python class of its own."""

    @property
    def price(self) -> int:
        """What it costs."""
        return int(self.get("price"))


TOWNS = {"Ulm": (48.4, 10), "Bonn": (50.7, 7.1), "Suva": (-18.1, 178.4)}
ULM = GeoPoint(48.4, 10)
EUROPE = [GeoPoint(40, 0), GeoPoint(40, 20), GeoPoint(65, 20), GeoPoint(65, 0)]


@pytest.fixture(scope="module")
async def mug_shop(mongo_uri: str) -> AsyncIterator[App]:
    """An application with three mugs; the third has no colour."""
    rows: list[dict[str, Any]] = [
        {"price": 5, "name": "Small mug", "tags": ["new", "sale"], "colour": "red"},
        {"price": 10, "name": "Large Mug", "tags": ["new"], "colour": "blue"},
        {"price": 20, "name": "A+ (best)", "tags": []},
    ]
    async with await parse_app(database=mongo_uri) as app:
        async with app.acting():
            for name, (latitude, longitude) in TOWNS.items():
                await Object("Town", name=name, at=GeoPoint(latitude, longitude)).save()
            square = Polygon([(0, 0), (0, 10), (20, 10), (20, 0)])
            await Object("Zone", name="square", area=square).save()
            makers = [Object("Maker", name=name) for name in ("Ada", "Bo", "Cy")]
            for maker, row in zip(makers, rows, strict=True):
                await Object("Mug", maker=maker, **row).save()
        yield app


@pytest.fixture
async def mugs(mug_shop: App) -> AsyncIterator[None]:
    """Run the test as cloud code of that application."""
    async with mug_shop.acting():
        yield


def mug_query() -> Query[Any]:
    """A query for mugs as plain objects."""
    return Query("Mug")


async def prices(query: Query[Any]) -> list[int]:
    """What a query finds, by price."""
    return sorted(mug.get("price") for mug in await query.find())


Condition = Callable[[Query[Any]], Query[Any]]
CONDITIONS: list[tuple[Condition, list[int]]] = [
    (lambda q: q.equal_to("price", 5), [5]),
    (lambda q: q.equal_to("tags", "sale"), [5]),
    (lambda q: q.equal_to("colour", None), [20]),
    (lambda q: q.not_equal_to("price", 5), [10, 20]),
    (lambda q: q.less_than("price", 10), [5]),
    (lambda q: q.less_than_or_equal_to("price", 10), [5, 10]),
    (lambda q: q.greater_than("price", 10), [20]),
    (lambda q: q.greater_than_or_equal_to("price", 10).less_than("price", 20), [10]),
    (lambda q: q.contained_in("price", [5, 20]), [5, 20]),
    (lambda q: q.not_contained_in("price", [5, 20]), [10]),
    (lambda q: q.contained_by("tags", ["new"]), [10, 20]),
    (lambda q: q.contains_all("tags", ["new", "sale"]), [5]),
    (lambda q: q.contains_all_starting_with("tags", ["ne", "sa"]), [5]),
    (lambda q: q.exists("colour"), [5, 10]),
    (lambda q: q.does_not_exist("colour"), [20]),
    (lambda q: q.matches("name", "mug$"), [5]),
    (lambda q: q.matches("name", re.compile("mug$", re.IGNORECASE)), [5, 10]),
    (lambda q: q.starts_with("name", "A+ ("), [20]),
    (lambda q: q.ends_with("name", "(best)"), [20]),
    (lambda q: q.contains("name", "ge M"), [10]),
    (lambda q: q.where({"price": {"$gte": 10}, "colour": "blue"}), [10]),
    (lambda q: q.matches_query("maker", Query("Maker").equal_to("name", "Ada")), [5]),
    (lambda q: q.does_not_match_query("maker", Query("Maker").equal_to("name", "Ada")), [10, 20]),
    (lambda q: Query.or_(Query("Mug").less_than("price", 6), q.greater_than("price", 15)), [5, 20]),
    (lambda q: Query.nor(q.less_than("price", 6)), [10, 20]),
]


@pytest.mark.parametrize(("condition", "expected"), CONDITIONS)
async def test_a_condition_finds_what_it_says(condition: Condition, expected: list[int]) -> None:
    assert await prices(condition(Query("Mug"))) == expected


PLACES: list[tuple[Condition, list[str]]] = [
    (lambda q: q.near("at", ULM), ["Ulm", "Bonn", "Suva"]),
    (lambda q: q.near("at", GeoPoint(-17, -179)), ["Suva", "Bonn", "Ulm"]),
    (lambda q: q.near("at", ULM).descending("name"), ["Ulm", "Suva", "Bonn"]),
    (lambda q: q.within_radians("at", ULM, 0.1), ["Ulm", "Bonn"]),
    (lambda q: q.within_kilometers("at", ULM, 100), ["Ulm"]),
    (lambda q: q.within_kilometers("at", ULM, 400), ["Ulm", "Bonn"]),
    (lambda q: q.within_miles("at", GeoPoint(50.7, 7.1), 250), ["Bonn", "Ulm"]),
    (lambda q: q.within_miles("at", ULM, 100, is_sorted=False), ["Ulm"]),
    (lambda q: q.within_geo_box("at", GeoPoint(50, 0), GeoPoint(60, 8)), ["Bonn"]),
    (lambda q: q.within_polygon("at", EUROPE).ascending("name"), ["Bonn", "Ulm"]),
    (lambda q: q.within_polygon("at", Polygon(EUROPE)).ascending("name"), ["Bonn", "Ulm"]),
]


@pytest.mark.parametrize(("condition", "expected"), PLACES)
async def test_places_are_found_in_their_order(condition: Condition, expected: list[str]) -> None:
    found = await condition(Query("Town")).find()
    assert [town.get("name") for town in found] == expected


async def test_areas_that_hold_a_point_are_found() -> None:
    assert await Query("Zone").polygon_contains("area", GeoPoint(15, 5)).count() == 1
    assert await Query("Zone").polygon_contains("area", GeoPoint(5, 15)).count() == 0


async def test_towns_within_a_distance_are_counted() -> None:
    assert await Query("Town").within_kilometers("at", ULM, 400).count() == 2


async def test_words_are_found_the_best_fit_first() -> None:
    for text in ("A cup of tea", "Tea, black tea and green tea", "Coffee"):
        await Object("Drink", text=text).save()
    found = await Query("Drink").full_text("text", "tea").sort_by_text_score().find()
    scores = [drink.get("score") for drink in found]
    assert len(scores) == 2
    assert scores[0] > scores[1] > 0


async def test_words_are_told_by_case_accent_and_language() -> None:
    for text in ("Café noir", "The Cafe"):
        await Object("Sign", text=text).save()
    query: Query[Any] = Query("Sign")
    assert await query.copy().full_text("text", "cafe").count() == 2
    exact = query.copy().full_text("text", "cafe", diacritic_sensitive=True)
    assert [sign.get("text") for sign in await exact.find()] == ["The Cafe"]
    assert await query.copy().full_text("text", "cafe", case_sensitive=True).count() == 0
    assert await query.copy().full_text("text", "noirs").count() == 1
    assert await query.copy().full_text("text", "noirs", language="none").count() == 0


async def test_order_skip_and_limit_cut_a_page() -> None:
    found = await mug_query().descending("price").skip(1).limit(1).find()
    assert [mug.get("price") for mug in found] == [10]


async def test_a_page_comes_with_the_number_of_all() -> None:
    found, count = await mug_query().ascending("price").limit(2).find_with_count()
    assert ([mug.get("price") for mug in found], count) == ([5, 10], 3)


async def test_include_brings_the_objects_that_a_field_points_to() -> None:
    mug = await mug_query().equal_to("price", 5).include("maker").first()
    assert mug is not None
    assert mug.get("maker").get("name") == "Ada"


async def test_without_include_there_is_a_mere_pointer() -> None:
    mug = await mug_query().equal_to("price", 5).first()
    assert mug is not None
    assert not mug.get("maker").is_data_available


async def test_select_and_exclude_choose_the_fields() -> None:
    chosen = await mug_query().equal_to("price", 5).select("name").first()
    rest = await mug_query().equal_to("price", 5).exclude("name").first()
    assert chosen is not None
    assert rest is not None
    assert chosen.keys() == ["name"]
    assert "name" not in rest


async def test_first_of_nothing_is_none_and_get_of_nothing_is_refused() -> None:
    assert await mug_query().equal_to("price", 1).first() is None
    with pytest.raises(ParseError) as refusal:
        await Query("Mug").get("nowhere")
    assert refusal.value.code == Code.OBJECT_NOT_FOUND


async def test_each_goes_through_more_than_a_page() -> None:
    await Object.save_all(Object("Line", n=n) for n in range(205))
    seen: list[int] = []
    await Query("Line").each(lambda line: seen.append(line.get("n")))
    assert sorted(seen) == list(range(205))


async def test_each_refuses_an_order_of_its_own() -> None:
    with pytest.raises(ValueError, match="order of their ids"):
        await Query("Mug").ascending("price").each(lambda mug: None)


async def test_a_class_with_a_python_class_is_found_as_that() -> None:
    found = await Mug.query().equal_to("price", 5).first()
    assert isinstance(found, Mug)
    assert found.price == 5


async def test_an_unknown_class_has_no_objects() -> None:
    assert await Query("Unicorn").find() == []


def test_queries_of_two_classes_make_no_group() -> None:
    with pytest.raises(ValueError, match="one class"):
        Query.or_(Query("Mug"), Query("Maker"))


def test_a_copy_goes_its_own_way() -> None:
    query: Query[Any] = Query("Mug").equal_to("price", 5)
    query.copy().equal_to("price", 6)
    assert query.to_where() == {"price": 5}
