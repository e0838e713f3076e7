"""Places over HTTP: what is near comes first, and the indexes that this takes are made and kept."""

from typing import Any

import pytest
from pymongo.database import Database

from parsepy.errors import Code
from parsepy.model.values import dumps
from tests.conftest import Client
from tests.rest.shop import create, make_class, ok, refused

Documents = Database[dict[str, Any]]
ULM = {"__type": "GeoPoint", "latitude": 48.4, "longitude": 10}
TOWNS = {"Ulm": (48.4, 10), "Bonn": (50.7, 7.1), "Suva": (-18.1, 178.4), "Apia": (-13.8, -171.8)}


def point(latitude: float, longitude: float) -> dict[str, Any]:
    return {"__type": "GeoPoint", "latitude": latitude, "longitude": longitude}


@pytest.fixture
async def stores(client: Client, master: Client) -> str:
    """A class of stores in four towns, and one that is nowhere."""
    class_name = await make_class(master, {"name": "String", "at": "GeoPoint"})
    for name, place in TOWNS.items():
        await create(client, class_name, name=name, at=point(*place))
    await create(client, class_name, name="Online")
    return class_name


async def names(client: Client, class_name: str, where: Any, **options: Any) -> list[str]:
    """The stores that a query finds, as they come."""
    response = await client.get(f"/classes/{class_name}", params=as_text(where=where, **options))
    return [store["name"] for store in ok(response)["results"]]


def as_text(**parameters: Any) -> dict[str, str]:
    """The parameters of a query as they stand in a URL."""
    return {
        name: value if isinstance(value, str) else dumps(value).decode()
        for name, value in parameters.items()
    }


def indexes(database: Documents, class_name: str) -> list[str]:
    """The names of the indexes that a class has."""
    return list(database[class_name].index_information())


async def test_the_nearest_store_comes_first(client: Client, stores: str) -> None:
    near = {"at": {"$nearSphere": point(50, 9)}}
    assert await names(client, stores, near) == ["Bonn", "Ulm", "Apia", "Suva"]
    assert await names(client, stores, near, skip=1, limit=1) == ["Ulm"]
    assert await names(client, stores, near, order="-name", limit=2) == ["Ulm", "Suva"]


async def test_what_is_near_lies_across_the_180th_meridian(client: Client, stores: str) -> None:
    near = {"at": {"$nearSphere": point(-15, -180), "$maxDistanceInKilometers": 1000}}
    assert await names(client, stores, near) == ["Suva", "Apia"]


async def test_stores_that_are_near_are_counted(client: Client, stores: str) -> None:
    near = {"at": {"$nearSphere": ULM, "$maxDistanceInMiles": 250}}
    params = as_text(where=near, count=1, limit=0)
    assert ok(await client.get(f"/classes/{stores}", params=params)) == {"results": [], "count": 2}
    far = as_text(where={"at": {"$nearSphere": ULM}}, count=1, limit=1)
    assert ok(await client.get(f"/classes/{stores}", params=far))["count"] == 4


async def test_the_first_search_makes_an_index_which_the_schema_shows(
    client: Client, master: Client, database: Documents, stores: str
) -> None:
    assert indexes(database, stores) == ["_id_"]
    await names(client, stores, {"at": {"$nearSphere": ULM}})
    assert indexes(database, stores) == ["_id_", "at_2dsphere"]
    shown = ok(await master.get(f"/schemas/{stores}"))["indexes"]
    assert shown["at_2dsphere"] == {"at": "2dsphere"}


async def test_an_index_that_is_there_is_used_and_kept(
    client: Client, database: Documents, stores: str
) -> None:
    database[stores].create_index([("at", "2d")])
    assert (await names(client, stores, {"at": {"$nearSphere": ULM}}))[:2] == ["Ulm", "Bonn"]
    assert indexes(database, stores) == ["_id_", "at_2d"]


async def test_a_stored_place_that_is_none_does_not_keep_others_from_being_found(
    client: Client, database: Documents, stores: str
) -> None:
    database[stores].insert_one({"_id": "old", "name": "Old", "at": [10, 100]})
    assert (await names(client, stores, {"at": {"$nearSphere": ULM}}))[:2] == ["Ulm", "Bonn"]
    assert indexes(database, stores) == ["_id_", "at_2d"]


async def test_no_index_is_made_for_a_column_of_texts(
    client: Client, database: Documents, stores: str
) -> None:
    where = as_text(where={"name": {"$nearSphere": ULM}})
    refused(await client.get(f"/classes/{stores}", params=where), Code.INVALID_QUERY)
    assert await names(client, stores, {"nosuch": {"$nearSphere": ULM}}) == []
    assert indexes(database, stores) == ["_id_"]


async def test_areas_hold_a_point(client: Client, master: Client) -> None:
    zones = await make_class(master, {"area": "Polygon"})
    square = {"__type": "Polygon", "coordinates": [[0, 0], [0, 10], [10, 10], [10, 0]]}
    await create(client, zones, area=square)
    found = []
    for longitude in (5, 15):
        where = as_text(where={"area": {"$geoIntersects": {"$point": point(5, longitude)}}})
        found.append(ok(await client.get(f"/classes/{zones}", params=where))["results"])
    assert [len(objects) for objects in found] == [1, 0]
    assert found[0][0]["area"]["coordinates"] == [[0, 0], [0, 10], [10, 10], [10, 0], [0, 0]]


async def test_a_refused_area_shows_nothing_of_the_object(client: Client, master: Client) -> None:
    zones = await make_class(master, {"note": "String", "area": "Polygon"})
    zone = await create(client, zones, note="confidential")
    crossed = {"__type": "Polygon", "coordinates": [[0, 0], [10, 10], [0, 10], [10, 0]]}
    response = await client.put(f"/classes/{zones}/{zone}", json={"area": crossed})
    assert "confidential" not in refused(response, Code.INCORRECT_TYPE)


async def test_a_place_beyond_the_map_is_not_saved(client: Client, stores: str) -> None:
    response = await client.post(f"/classes/{stores}", json={"at": point(91, 0)})
    message = refused(response, Code.INCORRECT_TYPE)
    assert message == "GeoPoint latitude out of bounds: 91 > 90.0."
