"""Text searches over HTTP: words, scores, and the one text index that a class has."""

from typing import Any

import pytest
from pymongo.database import Database

from parsepy.errors import Code
from tests.conftest import Client
from tests.rest.shop import SignUp, create, make_class, ok, refused
from tests.rest.test_places import as_text, indexes

Documents = Database[dict[str, Any]]


@pytest.fixture
async def teas(client: Client, master: Client) -> str:
    """A class of three products, two of which are teas."""
    class_name = await make_class(master, {"title": "String", "stars": "Number"})
    for title in ("Green tea", "Black tea, tea of teas", "Coffee"):
        await create(client, class_name, title=title, stars=len(title))
    return class_name


def search(term: str, column: str = "title") -> dict[str, Any]:
    return {column: {"$text": {"$search": {"$term": term}}}}


async def found(
    client: Client, class_name: str, where: Any, **options: Any
) -> list[dict[str, Any]]:
    response = await client.get(f"/classes/{class_name}", params=as_text(where=where, **options))
    results: list[dict[str, Any]] = ok(response)["results"]
    return results


async def test_the_best_fit_comes_first_and_shows_its_score(client: Client, teas: str) -> None:
    fitting = await found(client, teas, search("tea"), order="$score", keys="$score,title")
    assert [tea["title"] for tea in fitting] == ["Black tea, tea of teas", "Green tea"]
    assert fitting[0]["score"] > fitting[1]["score"] > 0
    assert "stars" not in fitting[0]


async def test_the_first_search_makes_an_index_which_the_schema_shows(
    client: Client, master: Client, database: Documents, teas: str
) -> None:
    await found(client, teas, search("coffee"))
    assert indexes(database, teas) == ["_id_", "title_text"]
    shown = ok(await master.get(f"/schemas/{teas}"))["indexes"]
    assert shown == {"_id_": {"_id": 1}, "title_text": {"title": "text"}}


async def test_an_index_that_somebody_else_made_is_used_and_kept(
    client: Client, database: Documents, teas: str
) -> None:
    database[teas].create_index([("title", "text")], name="mine")
    assert len(await found(client, teas, search("tea"))) == 2
    assert indexes(database, teas) == ["_id_", "mine"]


async def test_a_column_of_numbers_does_not_take_the_only_text_index(
    client: Client, database: Documents, teas: str
) -> None:
    where = as_text(where=search("tea", "stars"))
    refused(await client.get(f"/classes/{teas}", params=where), Code.INVALID_QUERY)
    assert indexes(database, teas) == ["_id_"]


async def test_matches_are_counted(client: Client, teas: str) -> None:
    params = as_text(where=search("tea"), count=1, limit=0)
    assert ok(await client.get(f"/classes/{teas}", params=params))["count"] == 2


async def test_an_index_over_a_hidden_column_answers_none_but_the_master_key(
    client: Client, master: Client, database: Documents, teas: str
) -> None:
    hidden = {"classLevelPermissions": {"find": {"*": True}, "protectedFields": {"*": ["stars"]}}}
    ok(await master.put(f"/schemas/{teas}", json=hidden))
    database[teas].create_index([("title", "text"), ("stars", "text")])
    where = as_text(where=search("tea"))
    refused(await client.get(f"/classes/{teas}", params=where), Code.OPERATION_FORBIDDEN)
    assert len(await found(master, teas, search("tea"))) == 2


async def test_an_index_over_everything_finds_nothing_of_users(
    sign_up: SignUp, database: Documents
) -> None:
    shopper = await sign_up()
    users = database["_User"]
    users.create_index([("$**", "text")], name="everything")
    try:
        where = as_text(where=search(shopper.name, "username"))
        refused(await shopper.client.get("/users", params=where), Code.OPERATION_FORBIDDEN)
    finally:
        users.drop_index("everything")


async def test_a_search_that_mongodb_refuses_is_the_clients_fault(
    client: Client, teas: str
) -> None:
    for where, options in (
        ({"$nor": [search("tea")]}, {}),
        ({"$or": [search("tea"), {"stars": 9}]}, {}),
        ({"stars": 9}, {"order": "$score"}),
        ({"stars": 9}, {"keys": "$score"}),
    ):
        params = as_text(where=where, **options)
        refused(await client.get(f"/classes/{teas}", params=params), Code.INVALID_QUERY)


async def test_a_plan_of_a_search_makes_the_index_as_well(master: Client, teas: str) -> None:
    params = as_text(where=search("tea"), explain="queryPlanner")
    plan = ok(await master.get(f"/classes/{teas}", params=params))["results"]
    assert "TEXT" in str(plan["queryPlanner"]["winningPlan"])
