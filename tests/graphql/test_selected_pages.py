"""Pages that are written as JSON at once have the very bytes of pages that are completed."""

from pathlib import Path
from typing import Any

import pytest

from parsepy.model.query import Query
from parsepy.operations import find as spine
from parsepy.operations.find import FindResult
from parsepy.storage.native import is_used
from tests.conftest import Client, MakeApp
from tests.graphql.conftest import GRAPHQL, data
from tests.rest.shop import create, ok, pointer

pytestmark = pytest.mark.skipif(not is_used(), reason="the extension is not used")

COLUMNS: dict[str, Any] = {
    "name": {"type": "String"},
    "price": {"type": "Number"},
    "isOpen": {"type": "Boolean"},
    "since": {"type": "Date"},
    "tags": {"type": "Array"},
    "maker": {"type": "Pointer", "targetClass": "Maker"},
    "owner": {"type": "Pointer", "targetClass": "_User"},
    "makers": {"type": "Relation", "targetClass": "Maker"},
}
OPEN: dict[str, Any] = {
    name: {"*": True} for name in ("find", "get", "count", "create", "update", "delete")
}


class Spy:
    """Tells of each page whether it was written at once; ``is_off``: none is to be."""

    def __init__(self) -> None:
        self.seen: list[bool] = []
        self.is_off = False

    async def find(self, context: Any, query: Query, selection: Any = None) -> FindResult:
        if self.is_off:
            return await spine.find(context, query)
        found = await find_encoded(context, query, selection)
        self.seen.append(found.encoded is not None)
        return found


find_encoded = spine.find_encoded


@pytest.fixture
def spy(monkeypatch: pytest.MonkeyPatch) -> Spy:
    """What is told of pages."""
    made = Spy()
    monkeypatch.setattr(spine, "find_encoded", made.find)
    return made


@pytest.fixture
async def mugs(master: Client) -> Client:
    """The master key's client of a shop with three mugs, two of them by one maker of a town."""
    ok(await master.post("/schemas/Town", json={"fields": {"name": {"type": "String"}}}))
    place = {"town": {"type": "Pointer", "targetClass": "Town"}, "name": {"type": "String"}}
    ok(await master.post("/schemas/Maker", json={"fields": place}))
    ok(await master.post("/schemas/Mug", json={"fields": COLUMNS}))
    town = await create(master, "Town", name="Gruiten")
    maker = await create(master, "Maker", name="Ann", town=pointer("Town", town))
    gone = pointer("Maker", "nobody")
    since = {"__type": "Date", "iso": "2024-02-29T08:30:00.000Z"}
    made = {"maker": pointer("Maker", maker)}
    await create(master, "Mug", name='quo"te\u2028ü', price=1, isOpen=True, since=since, **made)
    await create(master, "Mug", name="b", price=2.5, isOpen=False, tags=[1], **made)
    await create(master, "Mug", price=3, maker=gone)
    return master


async def body(client: Client, text: str) -> bytes:
    """The very answer to a document."""
    return (await client.post(GRAPHQL, json={"query": text})).content


async def compared(client: Client, spy: Spy, selected: str) -> bytes:
    """The answer for a page of mugs, which is the same whichever way it is made."""
    text = f"{{ mugs(order: [price_ASC]) {{ {selected} }} }}"
    spy.is_off = False
    found = await body(client, text)
    spy.is_off = True
    assert await body(client, text) == found
    return found


@pytest.mark.parametrize(
    "selected",
    [
        "edges { node { name } }",
        "count edges { node { objectId id price isOpen since createdAt updatedAt } }",
        "pageInfo { hasNextPage endCursor } edges { __typename node { __typename name } }",
        "e: edges { n: node { a: price b: price } t: __typename }",
        "edges { node { maker { name } } }",
        "edges { node { maker { id town { __typename n: name } } price } }",
        "edges { node { maker { objectId } } }",
        "edges { node { ... on Mug { name } ... { price } } }",
    ],
)
async def test_plain_pages_are_written_at_once(
    mugs: Client, client: Client, spy: Spy, selected: str
) -> None:
    answer = await compared(client, spy, selected)
    assert b"errors" not in answer
    assert spy.seen == [True]


@pytest.mark.parametrize(
    "selected",
    [
        "edges { cursor node { name } }",
        "edges { node { name } } more: edges { node { price } }",
        "edges { node { tags { ... on Element { value } } } }",
        "edges { node { ACL { public { read } } } }",
        "edges { node { makers { count } } }",
        "count",
    ],
)
async def test_what_is_more_than_columns_is_completed(
    mugs: Client, client: Client, spy: Spy, selected: str
) -> None:
    assert b"errors" not in await compared(client, spy, selected)
    assert True not in spy.seen


async def test_what_is_hidden_from_the_caller_is_hidden(
    mugs: Client, client: Client, spy: Spy
) -> None:
    permissions = {**OPEN, "protectedFields": {"*": ["price"]}}
    ok(await mugs.put("/schemas/Mug", json={"classLevelPermissions": permissions}))
    text = '{ mugs(where: {name: {equalTo: "b"}}) { edges { node { name price } } } }'
    hidden, shown = {"name": "b", "price": None}, {"name": "b", "price": 2.5}
    assert (await data(client, text))["mugs"] == {"edges": [{"node": hidden}]}
    assert (await data(mugs, text))["mugs"] == {"edges": [{"node": shown}]}
    assert spy.seen == [False, True]


async def test_what_may_not_be_read_is_not_followed(mugs: Client, client: Client, spy: Spy) -> None:
    maker = (await data(mugs, "{ makers { edges { node { objectId } } } }"))["makers"]["edges"][0]
    ok(await mugs.put(f"/classes/Maker/{maker['node']['objectId']}", json={"ACL": {}}))
    shown = "mugs(order: [price_ASC], first: 1) { edges { node { price maker { name } } } }"
    spy.seen.clear()
    found = (await data(client, f"{{ {shown} }}"))["mugs"]["edges"]
    assert found == [{"node": {"price": 1, "maker": None}}]
    found = (await data(mugs, f"{{ {shown} }}"))["mugs"]["edges"]
    assert found == [{"node": {"price": 1, "maker": {"name": "Ann"}}}]
    assert spy.seen == [True, True]


async def test_users_are_completed(mugs: Client, client: Client, spy: Spy) -> None:
    ok(await client.post("/users", json={"username": "ann", "password": "x"}), 201)
    found = await data(mugs, "{ users { edges { node { username } } } }")
    assert found["users"]["edges"] == [{"node": {"username": "ann"}}]
    await compared(client, spy, "edges { node { owner { username } } }")
    assert True not in spy.seen


async def test_pages_beside_an_error_have_their_objects(
    mugs: Client, client: Client, spy: Spy
) -> None:
    text = "{ mugs(order: [price_ASC], first: 1) { edges { node { price } } } classes { name } }"
    answered = (await client.post(GRAPHQL, json={"query": text})).json()
    assert [error["path"] for error in answered["errors"]] == [["classes"]]
    text = text.replace("classes { name }", "more: mugs(first: -1) { count }")
    answered = (await client.post(GRAPHQL, json={"query": text})).json()
    assert [error["path"] for error in answered["errors"]] == [["more"]]


async def test_a_stored_value_of_another_type_is_completed(
    mugs: Client, client: Client, spy: Spy
) -> None:
    collection = client.application.backend.storage.connection.collection("Mug")
    await collection.update_one({"price": 3}, {"$set": {"name": 7}})  # by another program
    answer = await compared(client, spy, "edges { node { name } }")
    assert b'"node","name"' in answer or b'"name":"7"' in answer
    assert spy.seen[0] is False


HOOK = """
from parsepy import Cloud, FindRequest

@Cloud.before_find("Mug")
async def narrow(request: FindRequest) -> None:
    request.query.equal_to("price", 1)
"""


async def test_what_cloud_code_makes_of_a_query_is_completed(
    app: MakeApp, tmp_path: Path, spy: Spy
) -> None:
    cloud = tmp_path / "main.py"
    cloud.write_text(HOOK)
    application = await app(mountGraphQL=True, cloud=str(cloud))
    async with Client(application, master=True) as master:
        for price in (1, 2):
            await create(master, "Mug", name="a", price=price)
        found = await data(master, "{ mugs { edges { node { name price } } } }")
    assert found["mugs"]["edges"] == [{"node": {"name": "a", "price": 1}}]
    assert spy.seen == [False]
