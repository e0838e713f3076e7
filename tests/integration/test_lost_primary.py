"""A primary that steps down before others have a write: the write is made again."""

import pytest
from pymongo.errors import AutoReconnect, WriteConcernError

from parsepy.app import Application
from parsepy.storage.failures import Unavailable, loss_of, translated
from tests.conftest import Client
from tests.rest.shop import create, find

LOST = WriteConcernError(
    "operation was interrupted", 11602, {"code": 11602, "errorLabels": ["RetryableWriteError"]}
)
LATE = WriteConcernError("waiting for replication timed out", 64, {"code": 64})


def test_what_mongodb_tells_of_it() -> None:
    assert isinstance(loss_of(LOST), AutoReconnect)
    assert loss_of(LATE) is None
    assert isinstance(translated(LOST), Unavailable)
    assert translated(LATE) is LATE


async def test_a_write_that_may_be_made_twice_is_made_again(application: Application) -> None:
    outcomes: list[Exception | str] = [LOST, "made"]

    async def call() -> str:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    connection = application.backend.storage.connection
    assert await connection.write(call) == "made"
    outcomes[:] = [LATE, "made"]
    with pytest.raises(WriteConcernError):
        await connection.write(call)


async def test_an_object_whose_primary_was_lost_is_stored_once(
    client: Client, application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    await create(client, "Sale", n=0)
    writes = application.backend.storage.connection.writes
    usual, lost = writes.insert_one, [True]

    async def losing(collection: object, document: object) -> None:
        await usual(collection, document)  # type: ignore[arg-type]
        if lost.pop() if lost else False:
            raise LOST

    monkeypatch.setattr(writes, "insert_one", losing)
    await create(client, "Sale", n=1)
    assert not lost
    assert [row["n"] for row in await find(client, "Sale", order="n")] == [0, 1]
