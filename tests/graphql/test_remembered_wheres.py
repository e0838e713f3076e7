"""A where that is asked again means what it meant, to whoever asks it."""

from typing import Any

import pytest

from parsepy.graphql.wheres import Wheres, to_rest
from tests.conftest import Client, MakeApp
from tests.graphql.conftest import codes, data
from tests.graphql.recording import FUNCTIONS
from tests.rest.shop import create, ok

FIND = """query F($where: ThingWhereInput) {
  things(where: $where, order: n_ASC) { edges { node { n } } }
}"""


@pytest.fixture
async def things(master: Client, client: Client) -> Client:
    """A client of a server with three things."""
    await create(master, "Thing", n=0, text="no", flag=False)
    await create(client, "Thing", n=1, text="1", flag=True)
    await create(client, "Thing", n=2.5, text="true", flag=True)
    return client


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The wheres that were read."""
    found: list[Any] = []

    def noted(where: Any, *more: Any) -> Any:
        found.append(where)
        return to_rest(where, *more)

    monkeypatch.setattr("parsepy.graphql.reads.to_rest", noted)
    return found


async def numbers(client: Client, **where: Any) -> list[float]:
    edges = (await data(client, FIND, where=where))["things"]["edges"]
    return [edge["node"]["n"] for edge in edges]


async def test_a_where_that_comes_again_is_read_twice_at_most(
    things: Client, read: list[Any]
) -> None:
    for _ in range(5):
        assert await numbers(things, n={"greaterThan": 0}) == [1, 2.5]
    assert len(read) == 2


async def test_values_that_look_alike_are_told_apart(things: Client) -> None:
    for _ in range(3):
        assert await numbers(things, n={"equalTo": 1}) == [1]
        assert await numbers(things, flag={"equalTo": True}) == [1, 2.5]
        assert await numbers(things, text={"equalTo": "1"}) == [1]
        assert await numbers(things, text={"equalTo": "true"}) == [2.5]
        assert await numbers(things, n={"notEqualTo": 1}) == [0, 2.5]
    wheres = Wheres({})
    alike: list[Any] = [1, 1.0, True, "1", [1], {"1": None}, float("inf"), None, -0.0, 0.0]
    keys = {wheres.key_of({"a": {"equalTo": one}}, "Thing", privileged=False) for one in alike}
    assert len(keys) == len(alike)


async def test_long_wheres_and_other_values_are_read_anew(things: Client, read: list[Any]) -> None:
    for _ in range(3):
        assert await numbers(things, n={"in": list(range(300))}) == [0, 1]
    assert len(read) == 3
    assert Wheres({}).key_of({"a": object()}, "Thing", privileged=False) is None


async def test_a_where_is_read_anew_for_another_schema(things: Client, master: Client) -> None:
    for _ in range(3):
        assert await numbers(things, text={"equalTo": "1"}) == [1]
    fields = {"owner": {"type": "Pointer", "targetClass": "_User"}}
    ok(await master.put("/schemas/Thing", json={"fields": fields}))
    assert await numbers(things, text={"equalTo": "1"}) == [1]
    assert await numbers(things, owner={"exists": True}) == []


async def test_what_the_master_key_may_ask_clients_may_not(app: MakeApp) -> None:
    application = await app(
        mountGraphQL=True, cloud=str(FUNCTIONS), requestComplexity={"allowRegex": False}
    )
    async with Client(application) as client, Client(application, master=True) as master:
        await create(client, "Thing", n=1, text="abc")
        where = {"text": {"matchesRegex": "b"}}
        for _ in range(3):
            assert await numbers(master, **where) == [1]
            assert await codes(client, FIND, where=where) == [102]
