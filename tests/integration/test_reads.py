"""Reads by one plain command: what they find is what the driver finds, also when a line is cut."""

from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import uuid4

import pytest
from pymongo import AsyncMongoClient, MongoClient, ReadPreference
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import AutoReconnect, DocumentTooLarge, OperationFailure
from pymongo.message import _op_msg
from pymongo.monitoring import CommandListener
from pymongo.read_concern import ReadConcern

from parsepy.storage.driver import commands as sending
from parsepy.storage.driver import plain
from parsepy.storage.driver.encoded import Encoded
from tests.line import between

reads = plain.PlainReads()
Rows = list[dict[str, Any]]
SIZE = 500
GROUPS: Rows = [{"$group": {"_id": "$kind", "sum": {"$sum": "$n"}}}, {"$sort": {"_id": 1}}]


@pytest.fixture(scope="module")
def name(mongo: MongoClient[dict[str, Any]]) -> Iterator[str]:
    """A database with five hundred rows."""
    name = f"reads_{uuid4().hex[:8]}"
    rows = [{"_id": f"id{n:03}", "n": n, "kind": f"k{n % 7}", "text": "x" * n} for n in range(SIZE)]
    mongo[name]["Row"].insert_many(rows)
    yield name
    mongo.drop_database(name)


@pytest.fixture
async def rows(mongo_uri: str, name: str) -> AsyncIterator[AsyncCollection[dict[str, Any]]]:
    async with AsyncMongoClient[dict[str, Any]](mongo_uri) as client:
        yield client[name]["Row"]


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> Rows:
    """What is sent as a plain command, while the driver's own ways are shut."""
    sent: Rows = []
    usual = _op_msg

    def encoded(flags: int, command: Any, *more: Any) -> Any:
        sent.append(dict(command))
        return usual(flags, command, *more)

    monkeypatch.setattr(sending, "_op_msg", encoded)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the driver was asked")

    for way in (*("find", "find_one", "aggregate", "count_documents", "estimated_document_count"),):
        monkeypatch.setattr(AsyncCollection, way, refuse)
    return sent


FINDS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({"n": {"$lt": 5}}, {}),
    ({"kind": "k1"}, {"sort": [("n", -1)], "limit": 10, "skip": 3}),
    ({}, {"limit": 300, "batch_size": 300, "sort": [("_id", 1)]}),
    ({"kind": "K1"}, {"collation": {"locale": "en_US", "strength": 2}, "comment": "any case"}),
    ({"n": {"$gt": 400}}, {"max_time_ms": 5000, "limit": 0, "skip": 0}),
]


@pytest.mark.parametrize(("query", "options"), FINDS)
async def test_a_find_finds_what_the_driver_finds(
    rows: AsyncCollection[dict[str, Any]], query: dict[str, Any], options: dict[str, Any]
) -> None:
    expected = await rows.find(query, {"text": 0}, **options).to_list(None)
    assert expected
    assert await reads.find(rows, query, {"text": 0}, **options) == expected


async def test_plain_commands_are_all_it_takes(
    rows: AsyncCollection[dict[str, Any]], commands: Rows
) -> None:
    assert len(await reads.find(rows, {"n": {"$lt": 50}}, sort=[("n", 1)])) == 50
    assert len(await reads.find(rows, {}, limit=300, batch_size=300)) == 300
    assert await reads.find_by_id(rows, "id007") == {
        "_id": "id007",
        "n": 7,
        "kind": "k0",
        "text": "x" * 7,
    }
    assert await reads.find_by_id(rows, "nobody") is None
    assert await reads.count(rows, {"kind": "k2"}) == 72
    assert await reads.count(rows, {"kind": "k9"}) == 0
    assert await reads.count_all(rows) == SIZE
    assert await reads.count_all(rows.database["Nothing"]) == 0
    assert len(await reads.aggregate(rows, GROUPS)) == 7
    sent = [next(iter(command)) for command in commands]
    assert sent == ["find"] * 4 + ["count"] * 4 + ["aggregate"]


WAYS: list[tuple[str, dict[str, Any], bool]] = [
    ("one server", {"directConnection": True}, True),
    ("a replica set", {"directConnection": False}, True),
    ("compressed", {"compressors": "zlib"}, False),
    ("majority", {"readConcernLevel": "majority"}, False),
]


@pytest.mark.parametrize(("way", "options", "is_encoded"), WAYS, ids=[way for way, *_ in WAYS])
async def test_a_command_whose_fields_are_encoded_before_finds_the_same(
    mongo_uri: str,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
    options: dict[str, Any],
    is_encoded: bool,
) -> None:
    """Its message is put together where nothing else must be done with it."""
    joined: list[str] = []
    message = Encoded.message

    def told(self: Encoded, *more: Any) -> Any:
        joined.append(self.name)
        return message(self, *more)

    monkeypatch.setattr(Encoded, "message", told)
    async with AsyncMongoClient[dict[str, Any]](mongo_uri, **options) as client:
        rows = client[name]["Row"]
        for query, asked in FINDS:
            fields = reads.find_fields(query, {"text": 0}, asked)
            expected = await rows.find(query, {"text": 0}, **asked).to_list(None)
            assert await reads.find(rows, query, {"text": 0}, fields=fields, **asked) == expected
        fields = reads.count_fields({"n": {"$lt": 9}}, {"maxTimeMS": 5000})
        assert await reads.count(rows, {"n": {"$lt": 9}}, fields=fields, maxTimeMS=5000) == 9
        fields = reads.aggregate_fields(GROUPS, {"batchSize": 2})
        assert len(await reads.aggregate(rows, GROUPS, fields=fields, batchSize=2)) == 7
        wrong = {"n": {"$what": 1}}
        fields = reads.find_fields(wrong, None, {})
        with pytest.raises(OperationFailure, match="what"):
            await reads.find(rows, wrong, fields=fields)
    assert joined == (["find"] * len(FINDS) + ["count", "aggregate", "find"] if is_encoded else [])


def test_what_one_command_can_not_do_has_no_fields() -> None:
    assert reads.find_fields({}, None, {"hint": [("_id", 1)]}) is None
    assert reads.count_fields({}, {"hint": "_id_"}) is None
    assert reads.aggregate_fields([*GROUPS, {"$out": "Sums"}], {}) is None


async def test_many_batches_are_read_to_the_end(rows: AsyncCollection[dict[str, Any]]) -> None:
    found = await reads.find(rows, {}, batch_size=20)
    assert [row["n"] for row in sorted(found, key=lambda row: row["n"])] == list(range(SIZE))
    pipeline: Rows = [{"$match": {}}, {"$project": {"n": 1}}]
    assert len(await reads.aggregate(rows, pipeline)) == SIZE


async def test_what_needs_more_goes_the_drivers_way(
    rows: AsyncCollection[dict[str, Any]], mongo: MongoClient[dict[str, Any]]
) -> None:
    """Transactions, other servers, hints by key, stages that write."""
    async with rows.database.client.start_session() as session, await session.start_transaction():
        await rows.insert_one({"_id": "new", "n": -1}, session=session)
        assert await reads.find_by_id(rows, "new", session=session) is not None
        assert await reads.find_by_id(rows, "new") is None
        assert await reads.count(rows, {"n": -1}, session=session) == 1
        assert len(await reads.aggregate(rows, [{"$match": {"n": -1}}], session=session)) == 1
        assert len(await reads.find(rows, {"n": -1}, session=session)) == 1
        await session.abort_transaction()
    elsewhere = rows.with_options(read_preference=ReadPreference.SECONDARY_PREFERRED)
    assert len(await reads.find(elsewhere, {"kind": "k1"})) == 72
    assert await reads.count_all(elsewhere) == SIZE
    assert len(await reads.find(rows, {"_id": "id001"}, hint=[("_id", 1)])) == 1
    assert await reads.aggregate(rows, [*GROUPS, {"$out": "Sums"}]) == []
    assert mongo[rows.database.name]["Sums"].count_documents({}) == 7


async def test_refusals_are_the_drivers(rows: AsyncCollection[dict[str, Any]]) -> None:
    with pytest.raises(OperationFailure) as plain:
        await reads.find(rows, {"n": {"$what": 1}})
    with pytest.raises(OperationFailure) as usual:
        await rows.find({"n": {"$what": 1}}).to_list(None)
    assert (plain.value.code, str(plain.value)[:40]) == (usual.value.code, str(usual.value)[:40])


@pytest.mark.parametrize("retries", [True, False])
async def test_a_read_whose_line_is_cut_is_tried_again_if_reads_are(
    mongo: MongoClient[dict[str, Any]], name: str, retries: bool
) -> None:
    async with between(mongo) as (uri, cut):
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(uri, retryReads=retries)
        rows = client[name]["Row"]
        assert await reads.count(rows, {}) == SIZE
        await cut()
        if not retries:
            with pytest.raises(AutoReconnect):
                await reads.count(rows, {})
        assert await reads.count(rows, {}) == SIZE
        await client.close()


async def test_who_listens_to_commands_hears_of_reads(mongo_uri: str, name: str) -> None:
    heard: list[str] = []

    class Listener(CommandListener):
        def started(self, event: Any) -> None:
            heard.append(event.command_name)

        def succeeded(self, event: Any) -> None:
            pass

        def failed(self, event: Any) -> None:
            pass

    async with AsyncMongoClient[dict[str, Any]](mongo_uri, event_listeners=[Listener()]) as client:
        assert await reads.count(client[name]["Row"], {}) == SIZE
        concerned = client.get_database(name, read_concern=ReadConcern("majority"))
        assert len(await reads.find(concerned["Row"], {"n": 1})) == 1
    assert heard == ["aggregate", "find"]


async def test_a_command_that_is_too_large_is_refused(
    rows: AsyncCollection[dict[str, Any]],
) -> None:
    with pytest.raises((DocumentTooLarge, OperationFailure)):
        await reads.find(rows, {"text": "x" * 17_000_000})
