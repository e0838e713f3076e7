"""Arrays: each member is made by itself, so their number is bounded, and many hold nobody up."""

import threading
from typing import Any

import pytest

from parsepy.app import Application
from parsepy.graphql import fields
from parsepy.graphql.members import MANY, number_of_members
from tests.conftest import Client, MakeApp
from tests.graphql.conftest import ask, data
from tests.graphql.hostile import LONGEST_TURN, longest_turn
from tests.graphql.recording import FUNCTIONS
from tests.graphql.subscriber import subscribing
from tests.livequery.listener import serving
from tests.rest.shop import create, ok

LISTS = "{ lists(order: name_ASC) { edges { node { name tags { ... on Element { value } } } } } }"
NULL = "Cannot read properties of null (reading 'className')"


@pytest.fixture
async def application(app: MakeApp) -> Application:
    """A server whose lists can be followed."""
    return await app(
        mountGraphQL=True,
        graphQLSubscriptions=True,
        liveQuery={"classNames": ["List"]},
        cloud=str(FUNCTIONS),
        requestComplexity={"graphQLMembers": 10_000},
    )


@pytest.fixture
async def lists(application: Application, master: Client, client: Client) -> Client:
    """A client of a server that has a class with an array and a relation."""
    fields = {
        "name": {"type": "String"},
        "tags": {"type": "Array"},
        "others": {"type": "Relation", "targetClass": "List"},
    }
    ok(await master.post("/schemas/List", json={"fields": fields}))
    await data(client, "{ health }")
    return client


def values(members: list[Any]) -> list[dict[str, Any]]:
    return [{"value": member} for member in members]


async def tags_of(client: Client, query: str = LISTS) -> list[Any]:
    answer = await data(client, query)
    return [edge["node"]["tags"] for edge in answer["lists"]["edges"]]


async def test_many_members_are_answered_as_few_are(lists: Client) -> None:
    many = list(range(MANY + 1))
    await create(lists, "List", name="a", tags=["x", 1.5, {"b": True}])
    await create(lists, "List", name="b", tags=many)
    assert await tags_of(lists) == [values(["x", 1.5, {"b": True}]), values(many)]


async def test_many_members_are_made_beside_the_event_loop(
    lists: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: set[bool] = set()
    usual = fields.class_of_member

    def noted(value: Any) -> str | None:
        made.add(threading.current_thread() is threading.main_thread())
        return usual(value)

    monkeypatch.setattr("parsepy.graphql.completion.class_of_member", noted)
    await create(lists, "List", name="a", tags=["x"] * MANY)
    await tags_of(lists)
    assert made == {True}
    made.clear()
    await create(lists, "List", name="b", tags=["x"])
    await tags_of(lists)
    assert made == {False}


@pytest.mark.slow  # a measurement: tracing for coverage would be measured, too
@pytest.mark.parametrize("last", [1, None], ids=["members", "a null among them"])
async def test_an_answer_of_many_members_holds_nobody_up(
    lists: Client, master: Client, last: int | None
) -> None:
    await create(master, "List", name="a", tags=[*range(9_990), last])
    answer, longest = await longest_turn(ask(lists, LISTS))
    assert answer["data"]["lists"] is not None or last is None
    assert longest < LONGEST_TURN


# --- how many there may be ----------------------------------------------------------------------


async def test_an_answer_of_too_many_members_is_refused(lists: Client, master: Client) -> None:
    await create(master, "List", name="a", tags=[1] * 4_000)
    two = f"{{ one: {LISTS[1:-1]} two: {LISTS[1:-1]} }}"
    assert len((await data(lists, two))["two"]["edges"]) == 1
    three = f"{{ one: {LISTS[1:-1]} two: {LISTS[1:-1]} three: {LISTS[1:-1]} }}"
    answer = await ask(lists, three)
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == 102
    assert error["message"] == "A query has at most 10000 members of arrays in its answer."
    assert error["path"] == ["three"]
    assert len((await data(master, three))["three"]["edges"]) == 1


async def test_members_of_related_objects_count(lists: Client, master: Client) -> None:
    other = await create(master, "List", name="b", tags=[1] * 6_000)
    relation = {
        "__op": "AddRelation",
        "objects": [{"__type": "Pointer", "className": "List", "objectId": other}],
    }
    await create(master, "List", name="a", tags=[1] * 6_000, others=relation)
    page = "edges { node { tags { ... on Element { value } } } }"
    others = f"edges {{ node {{ others {{ {page} }} }} }}"
    document = f"{{ lists(order: name_ASC, first: 1) {{ {others} }} }}"
    (edge,) = (await data(lists, document))["lists"]["edges"]
    assert len(edge["node"]["others"]["edges"][0]["node"]["tags"]) == 6_000
    both = document.replace("others {", "tags { ... on Element { value } } others {")
    answer = await ask(lists, both)
    assert answer["errors"][0]["message"].startswith("A query has at most 10000 members of arrays")


async def test_other_selections_of_such_objects_go_on(lists: Client, master: Client) -> None:
    await create(master, "List", name="a", tags=[1] * 20_000)
    answer = await data(lists, "{ lists { edges { node { name } } } }")
    assert answer == {"lists": {"edges": [{"node": {"name": "a"}}]}}


# --- what GraphQL has to report -----------------------------------------------------------------


async def test_a_null_among_many_is_told_as_among_few(lists: Client, master: Client) -> None:
    other = await create(master, "List", name="c", tags=[2])
    relation = {
        "__op": "AddRelation",
        "objects": [{"__type": "Pointer", "className": "List", "objectId": other}],
    }
    few = await create(master, "List", name="a", tags=[1, None], others=relation)
    document = """query Few($id: ID!) { list(id: $id) {
        tags { ... on Element { value } } others { edges { node { name } } } } }"""
    answer = await ask(lists, document, id=few)
    assert [error["message"] for error in answer["errors"]] == [NULL]
    assert answer["data"]["list"]["others"] == {"edges": [{"node": {"name": "c"}}]}
    many = await create(master, "List", name="b", tags=[*[1] * MANY, None], others=relation)
    assert {**await ask(lists, document, id=many), "data": None} == {
        "data": None,
        "errors": [{**answer["errors"][0], "path": ["list", "tags", MANY]}],
    }
    told = (await ask(lists, document, id=many))["data"]["list"]
    assert told["others"] == answer["data"]["list"]["others"]


# --- subscriptions ------------------------------------------------------------------------------


async def test_an_event_of_many_members_is_told(
    application: Application, lists: Client, master: Client
) -> None:
    document = "subscription { list { event node { name tags { ... on Element { value } } } } }"
    async with serving(application) as url, subscribing(url) as ann:
        await ann.follow("1", document)
        await create(lists, "List", name="a", tags=list(range(MANY + 1)))
        told = await ann.event("1")
        assert told["node"]["tags"] == values(list(range(MANY + 1)))
        await create(master, "List", name="b", tags=[1] * 10_001)
        message = await ann.message()
        assert message["payload"]["errors"][0]["extensions"]["code"] == 102
        await create(lists, "List", name="c", tags=[3])
        assert (await ann.event("1"))["node"] == {"name": "c", "tags": values([3])}


# --- counting -----------------------------------------------------------------------------------


def test_members_of_all_arrays_are_counted() -> None:
    item = {"a": [1, [2, 3]], "b": {"c": [{"d": [4]}]}, "e": "text"}
    assert number_of_members([item, item], 100) == 2 * (2 + 2 + 1 + 1)
    assert number_of_members(["text", 1, None], 100) == 0
    assert number_of_members([[1] * 1000] * 1000, 5_000) == 6_000
