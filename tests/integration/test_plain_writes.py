"""Writes by one plain command: what the driver does, and a lost reply doubles none."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import uuid4

import pytest
from pymongo import AsyncMongoClient, MongoClient, WriteConcern
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import (
    AutoReconnect,
    DocumentTooLarge,
    DuplicateKeyError,
    OperationFailure,
    PyMongoError,
)

from parsepy.storage.driver import Reads, open_client
from parsepy.storage.driver.commands import Commands
from parsepy.storage.driver.plain_writes import PlainWrites
from parsepy.storage.driver.writes import Writes
from parsepy.storage.shared_updates import Update
from tests.line import between

Document = dict[str, Any]
Rows = AsyncCollection[Document]


@pytest.fixture
def name(mongo: MongoClient[Document]) -> Iterator[str]:
    """A database with a unique index on `code`."""
    name = f"writes_{uuid4().hex[:8]}"
    mongo[name]["Row"].create_index("code", unique=True, sparse=True)
    yield name
    mongo.drop_database(name)


async def begun(reads: Reads, writes: Writes, rows: Rows) -> None:
    """Return when our writes know where to send commands."""
    await reads.count(rows, {})
    while isinstance(writes, PlainWrites) and not writes._commands.primary(rows).is_known:
        await reads.count(rows, {})


@pytest.fixture(params=["plain", "driver"])
async def ways(
    request: pytest.FixtureRequest, mongo_uri: str, name: str
) -> AsyncIterator[tuple[Writes, Rows]]:
    """Our writes and those of the driver's public API; both have to do the same."""
    client, reads, writes = open_client(mongo_uri, {}, private=request.param == "plain")
    async with client:
        rows = client[name]["Row"]
        await begun(reads, writes, rows)
        yield writes, rows


async def stored(rows: Rows) -> list[Document]:
    return await rows.find({}).sort("_id", 1).to_list(None)


async def test_a_document_is_inserted_or_refused(ways: tuple[Writes, Rows]) -> None:
    writes, rows = ways
    await writes.insert_one(rows, {"_id": "a", "code": 1})
    with pytest.raises(DuplicateKeyError, match="index: code_1"):
        await writes.insert_one(rows, {"_id": "b", "code": 1})
    assert await stored(rows) == [{"_id": "a", "code": 1}]


async def test_of_many_documents_each_is_inserted_that_can_be(ways: tuple[Writes, Rows]) -> None:
    writes, rows = ways
    documents: list[Document] = [{"_id": n, "code": n % 3} for n in range(5)]
    errors = await writes.insert_many(rows, documents)
    assert [(error["index"], error["code"]) for error in errors] == [(3, 11000), (4, 11000)]
    assert [row["_id"] for row in await stored(rows)] == [0, 1, 2]
    assert await writes.insert_many(rows, [{"_id": 7}, {"_id": 8}]) == []


async def test_an_update_answers_the_new_state(ways: tuple[Writes, Rows]) -> None:
    writes, rows = ways
    await writes.insert_one(rows, {"_id": "a", "n": 1, "text": "x"})
    change = {"$inc": {"n": 2}}
    assert await writes.find_one_and_update(rows, {"_id": "a"}, change, {"n": 1}) == {
        "_id": "a",
        "n": 3,
    }
    assert await writes.find_one_and_update(rows, {"_id": "a"}, change, None) == {
        "_id": "a",
        "n": 5,
        "text": "x",
    }
    assert await writes.find_one_and_update(rows, {"_id": "none"}, change, None) is None


REFUSED: list[tuple[str, Document]] = [
    ("text is no number", {"$inc": {"text": 1}}),
    ("two changes of one column", {"$inc": {"n": 1}, "$set": {"n": 2}}),
    ("a code that another has", {"$set": {"code": 7}}),
]


@pytest.mark.parametrize(("why", "change"), REFUSED)
async def test_a_refusal_of_an_update_is_the_drivers(
    ways: tuple[Writes, Rows], why: str, change: Document
) -> None:
    writes, rows = ways
    await writes.insert_many(rows, [{"_id": "a", "text": "x", "n": 1}, {"_id": "b", "code": 7}])
    with pytest.raises(OperationFailure) as ours:
        await writes.find_one_and_update(rows, {"_id": "a"}, change, None)
    with pytest.raises(OperationFailure) as theirs:
        await rows.find_one_and_update({"_id": "a"}, change)
    found, wanted = ours.value, theirs.value
    assert (type(found), found.code, (found.details or {})["errmsg"]) == (
        type(wanted),
        wanted.code,
        (wanted.details or {})["errmsg"],
    )


async def test_what_mongodb_can_not_hold_is_refused(ways: tuple[Writes, Rows]) -> None:
    writes, rows = ways
    with pytest.raises(DocumentTooLarge):
        await writes.insert_one(rows, {"_id": "a", "text": "x" * 17_000_000})
    with pytest.raises(OverflowError):
        await writes.insert_one(rows, {"_id": "a", "n": 2**70})
    with pytest.raises(OverflowError):
        await writes.insert_many(rows, [{"_id": "b"}, {"_id": "c", "n": 2**70}])
    assert (
        await writes.insert_many(rows, [{"_id": n, "x": "x" * 9_000_000} for n in range(3)]) == []
    )
    assert [row["_id"] for row in await stored(rows)] == [0, 1, 2]


async def test_a_write_concern_holds(ways: tuple[Writes, Rows]) -> None:
    writes, rows = ways
    concerned = rows.with_options(write_concern=WriteConcern(w=7, wtimeout=1))
    with pytest.raises(PyMongoError) as alone:
        await writes.insert_one(concerned, {"_id": "a"})
    with pytest.raises(PyMongoError) as together:
        await writes.insert_many(concerned, [{"_id": "b"}, {"_id": "c"}])
    assert "7" in str(alone.value) or "replicat" in str(alone.value)
    assert together.value


async def test_a_write_whose_line_is_cut_is_made_once(
    mongo: MongoClient[Document], name: str
) -> None:
    async with between(mongo) as (uri, cut):
        client, reads, writes = open_client(uri, {})
        async with client:
            rows = client[name]["Row"]
            await begun(reads, writes, rows)
            await writes.insert_one(rows, {"_id": "a", "n": 0})
            for number in range(3):
                await cut()
                row = await writes.find_one_and_update(rows, {"_id": "a"}, {"$inc": {"n": 1}}, None)
                assert row == {"_id": "a", "n": number + 1}
                await cut()
                await writes.insert_one(rows, {"_id": f"b{number}"})
                await cut()
                pair: list[Document] = [{"_id": f"c{number}"}, {"_id": f"d{number}"}]
                assert await writes.insert_many(rows, pair) == []
            assert len(await stored(rows)) == 10


@pytest.mark.parametrize("retries", [True, False])
async def test_a_write_that_fails_once_too_often_is_told(
    mongo_uri: str, name: str, retries: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, reads, writes = open_client(mongo_uri, {"retryWrites": retries})
    async with client:
        rows = client[name]["Row"]
        await begun(reads, writes, rows)
        asked: list[bool] = []

        async def failing(_: Commands, __: Rows, ___: Document, *, ready: bool) -> Document:
            asked.append(ready)
            raise AutoReconnect("connection closed")

        with monkeypatch.context() as patch:
            patch.setattr(Commands, "write", failing)
            with pytest.raises(AutoReconnect):
                await writes.insert_one(rows, {"_id": "a"})
        assert asked == ([True, False] if retries else [True])
        await writes.insert_one(rows, {"_id": "a"})


@pytest.mark.parametrize("ways", ["plain"], indirect=True)
async def test_a_write_that_was_made_before_its_reply_was_lost_is_not_made_again(
    ways: tuple[Writes, Rows], monkeypatch: pytest.MonkeyPatch
) -> None:
    writes, rows = ways
    await writes.insert_one(rows, {"_id": "a", "n": 0})
    usual, lost = Commands.write, [True]

    async def losing(
        self: Commands, collection: Rows, command: Document, *, ready: bool
    ) -> Document:
        answer = await usual(self, collection, command, ready=ready)
        if lost.pop() if lost else False:
            raise AutoReconnect("connection closed")
        return answer

    monkeypatch.setattr(Commands, "write", losing)
    found = await writes.find_one_and_update(rows, {"_id": "a"}, {"$inc": {"n": 1}}, None)
    assert found == {"_id": "a", "n": 1}
    lost.append(True)
    await writes.insert_one(rows, {"_id": "b"})
    assert len(await stored(rows)) == 2


async def test_many_writes_at_a_time_are_each_made_once(ways: tuple[Writes, Rows]) -> None:
    writes, rows = ways
    await writes.insert_one(rows, {"_id": "a", "n": 0})

    async def work() -> list[int]:
        found = []
        for _ in range(10):
            row = await writes.find_one_and_update(rows, {"_id": "a"}, {"$inc": {"n": 1}}, None)
            found.append(0 if row is None else row["n"])
        return found

    seen = await asyncio.gather(*(work() for _ in range(20)))
    assert sorted(n for some in seen for n in some) == list(range(1, 201))


# --- several updates in one transaction -----------------------------------------------------------


def increments(*ids: str) -> list[Update]:
    return [Update(one, {"_id": one, "open": True}, {"$inc": {"n": 1}}, None) for one in ids]


async def carts(writes: Writes, rows: Rows) -> None:
    await writes.insert_many(rows, [{"_id": one, "n": 0, "open": True} for one in "abc"])


async def totals(rows: Rows) -> list[int]:
    return [row["n"] for row in await stored(rows)]


async def test_several_updates_answer_what_came_of_each(ways: tuple[Writes, Rows]) -> None:
    writes, rows = ways
    await carts(writes, rows)
    for number in (1, 2):
        found = await writes.update_together(rows, increments("a", "b"), {"n": 1})
        assert found == {one: {"_id": one, "n": number} for one in "ab"}
    whole = await writes.update_together(rows, increments("c"), None)
    assert whole == {"c": {"_id": "c", "n": 1, "open": True}}
    assert await totals(rows) == [2, 2, 1]


async def test_nothing_is_updated_where_one_does_not_match(ways: tuple[Writes, Rows]) -> None:
    writes, rows = ways
    await carts(writes, rows)
    assert await writes.update_together(rows, increments("a", "none"), {"n": 1}) is None
    assert await totals(rows) == [0, 0, 0]
    # and nobody waits for the locks of what was not made
    async with asyncio.timeout(5):
        assert await writes.update_together(rows, increments("a", "b"), {"n": 1})
    assert await totals(rows) == [1, 1, 0]


async def test_nothing_is_updated_where_one_is_refused(ways: tuple[Writes, Rows]) -> None:
    writes, rows = ways
    await carts(writes, rows)
    await writes.insert_one(rows, {"_id": "taken", "code": 7, "n": 0})
    refused = Update("b", {"_id": "b"}, {"$set": {"code": 7}}, None)
    assert await writes.update_together(rows, [*increments("a"), refused], None) is None
    unsaid = Update("b", {"_id": "b"}, {"$set": {"n": 2**70}}, None)
    assert await writes.update_together(rows, [*increments("a"), unsaid], None) is None
    assert await totals(rows) == [0, 0, 0, 0]


async def test_nothing_is_updated_beside_another_transaction(
    ways: tuple[Writes, Rows], mongo: MongoClient[Document]
) -> None:
    writes, rows = ways
    await carts(writes, rows)
    other = mongo[rows.database.name]["Row"]
    with mongo.start_session() as session, session.start_transaction():
        other.update_one({"_id": "b"}, {"$inc": {"n": 5}}, session=session)
        assert await writes.update_together(rows, increments("a", "b"), None) is None
        session.commit_transaction()
    assert await totals(rows) == [0, 5, 0]


@pytest.mark.parametrize("ways", ["plain"], indirect=True)
async def test_who_is_cut_off_leaves_no_locks(
    ways: tuple[Writes, Rows], monkeypatch: pytest.MonkeyPatch
) -> None:
    writes, rows = ways
    await carts(writes, rows)
    usual, reading = Commands.write, asyncio.Event()

    async def stopping(
        self: Commands, collection: Rows, command: Document, **options: Any
    ) -> Document:
        if "find" in command:
            reading.set()
            await asyncio.Event().wait()
        return await usual(self, collection, command, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Commands, "write", stopping)
        task = asyncio.create_task(writes.update_together(rows, increments("a", "b"), None))
        await reading.wait()
        task.cancel()
        await asyncio.wait([task])
    async with asyncio.timeout(5):
        assert await writes.find_one_and_update(rows, {"_id": "a"}, {"$inc": {"n": 1}}, {"n": 1})
    assert await totals(rows) == [1, 0, 0]


@pytest.mark.parametrize("ways", ["plain"], indirect=True)
@pytest.mark.parametrize("is_made", [True, False])
async def test_a_commit_whose_reply_is_lost_is_asked_for_again(
    ways: tuple[Writes, Rows], monkeypatch: pytest.MonkeyPatch, is_made: bool
) -> None:
    writes, rows = ways
    await carts(writes, rows)
    usual, lost = Commands.write, [True]

    async def losing(
        self: Commands, collection: Rows, command: Document, **options: Any
    ) -> Document:
        loses = "commitTransaction" in command and bool(lost) and lost.pop()
        if loses and not is_made:
            raise AutoReconnect("connection closed")
        answer = await usual(self, collection, command, **options)
        if loses:
            raise AutoReconnect("connection closed")
        return answer

    monkeypatch.setattr(Commands, "write", losing)
    found = await writes.update_together(rows, increments("a", "b"), {"n": 1})
    assert found == {one: {"_id": one, "n": 1} for one in "ab"}
    assert await totals(rows) == [1, 1, 0]


@pytest.mark.parametrize("ways", ["plain"], indirect=True)
async def test_a_commit_that_stays_unanswered_is_told(
    ways: tuple[Writes, Rows], monkeypatch: pytest.MonkeyPatch
) -> None:
    writes, rows = ways
    await carts(writes, rows)
    usual, left = Commands.write, []

    async def losing(
        self: Commands, collection: Rows, command: Document, **options: Any
    ) -> Document:
        if "commitTransaction" in command:
            left.append({name: command[name] for name in ("lsid", "txnNumber", "autocommit")})
            raise AutoReconnect("connection closed")
        return await usual(self, collection, command, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Commands, "write", losing)
        with pytest.raises(AutoReconnect):
            await writes.update_together(rows, increments("a", "b"), None)
    # what MongoDB would do after a minute
    assert len(left) == 2
    abort = {"abortTransaction": 1, **left[0]}
    await Commands().write(rows, abort, ready=False, database="admin")


def test_the_client_of_the_driver_is_what_is_opened(mongo_uri: str) -> None:
    client, _, writes = open_client(mongo_uri, {}, private=False)
    assert (type(client), type(writes)) == (AsyncMongoClient, Writes)
