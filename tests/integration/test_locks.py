"""Locks: waiters queue in their process, one of each looks at the database (cases S4, S8)."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import Context
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient

from parsepy.errors import ParseError
from parsepy.storage import LockWanted, Storage, locks, open_storage
from parsepy.storage.locks import LockRequest
from tests.conftest import database_in

Open = Callable[[], Awaitable[Storage]]


@pytest.fixture
async def process(mongo_uri: str, mongo: MongoClient[dict[str, Any]]) -> AsyncIterator[Open]:
    """Open the database as another process would: with locks of its own."""
    name = f"test_locks_{uuid4().hex[:12]}"
    async with AsyncExitStack() as stack:
        stack.callback(mongo.drop_database, name)

        async def start() -> Storage:
            storage = open_storage(database_in(mongo_uri, name), file_url=lambda name, _=None: name)
            stack.push_async_callback(storage.close)
            return storage

        yield start


def lock(name: str = "till", who: str = "somebody", **bounds: float) -> LockRequest:
    bounds = {"seconds": 30, "patience": 10, **bounds}
    return LockRequest(name, who, bounds["seconds"], bounds["patience"], f"lock:{name}")


def elsewhere(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """Work of another request: what one starts itself has its locks."""
    return asyncio.create_task(work, context=Context())


@asynccontextmanager
async def held(storage: Storage, asked: LockRequest) -> AsyncIterator[None]:
    await storage.locks.enter(asked, in_transaction=storage.in_transaction)
    try:
        yield
    finally:
        await storage.locks.leave(asked)


class Till:
    """What one at a time may use: how many do now, and in which order they did."""

    def __init__(self) -> None:
        self.inside = self.most = 0
        self.order: list[Any] = []
        self.is_used = asyncio.Event()

    async def use(self, storage: Storage, who: Any, asked: LockRequest, seconds: float = 0) -> None:
        async with held(storage, asked):
            self.inside += 1
            self.most = max(self.most, self.inside)
            self.order.append(who)
            self.is_used.set()
            await asyncio.sleep(seconds)
            self.inside -= 1


def asked_of(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often the claims of a process are asked for what."""
    counts: Counter[str] = Counter()
    for name in ("take", "holder_of", "hand_over", "release", "want"):
        real = getattr(storage.claims, name)

        async def counted(*args: Any, _real: Any = real, _name: str = name) -> Any:
            counts[_name] += 1
            return await _real(*args)

        monkeypatch.setattr(storage.claims, name, counted)
    return counts


async def test_s8_who_waits_is_served_in_turn_by_one_write_each(
    process: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage, till = await process(), Till()
    asked = asked_of(storage, monkeypatch)
    await asyncio.gather(*(till.use(storage, n, lock()) for n in range(200)))
    assert (till.most, till.order) == (1, list(range(200)))
    assert asked == {"take": 1, "hand_over": 199, "release": 1}
    assert storage.locks._queues == {}


async def test_s8_of_a_process_that_waits_for_another_one_looks_ever_more_seldom(
    process: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there, till = await process(), await process(), Till()
    asked = asked_of(there, monkeypatch)
    async with held(here, lock()):
        waiting = [elsewhere(till.use(there, n, lock())) for n in range(50)]
        await asyncio.sleep(0.6)
        assert asked["holder_of"] <= 18
        assert (asked["take"], asked["want"]) == (1, 1)
    await asyncio.gather(*waiting)
    assert (till.most, till.order) == (1, list(range(50)))


async def test_s8_two_processes_take_turns_however_many_wait_in_each(process: Open) -> None:
    till, stores = Till(), [await process(), await process()]
    await asyncio.gather(*(till.use(store, n, lock(), 0.02) for store in stores for n in range(40)))
    assert till.most == 1
    assert Counter(till.order) == dict.fromkeys(range(40), 2)
    # neither waits until the other one's queue is empty
    assert till.order[:40] != list(range(40))


async def test_s8_who_waits_too_long_is_refused_and_those_behind_are_served(
    process: Open, caplog: pytest.LogCaptureFixture
) -> None:
    storage, till = await process(), Till()
    async with held(storage, lock(who="the first")):
        last = elsewhere(till.use(storage, "last", lock(patience=10)))
        with pytest.raises(ParseError, match="Too many wait") as refusal:
            await elsewhere(till.use(storage, "hasty", lock(who="hasty", patience=0.05)))
        assert refusal.value.code == 141
    await last
    assert till.order == ["last"]
    assert "hasty waited 0.05 s for the lock till, held by the first" in caplog.text


async def test_s8_more_than_may_wait_are_refused_at_once(
    process: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "MOST_WAITING", 2)
    storage, till = await process(), Till()
    async with held(storage, lock()):
        waiting = [elsewhere(till.use(storage, n, lock())) for n in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(ParseError, match="Too many wait"):
            await elsewhere(till.use(storage, "one too many", lock()))
    await asyncio.gather(*waiting)


@pytest.mark.parametrize("pause", [0, 0.001, 0.003])
async def test_s8_who_goes_away_while_waiting_keeps_the_lock_from_nobody(
    process: Open, pause: float
) -> None:
    storage, till = await process(), Till()
    async with held(storage, lock()):
        waiting = [elsewhere(till.use(storage, n, lock())) for n in range(9)]
        await asyncio.sleep(0.01)
    for task in waiting[::2]:  # the first of them is being handed the lock just now
        await asyncio.sleep(pause)
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    async with asyncio.timeout(5):
        await till.use(storage, "next", lock())
    assert till.most == 1
    assert storage.locks._queues == {}


async def test_s4_who_overstays_is_followed_and_takes_the_lock_from_nobody(
    process: Open, caplog: pytest.LogCaptureFixture
) -> None:
    here, there, till = await process(), await process(), Till()
    slow = lock(who="slow", seconds=0.05)
    await here.locks.enter(slow, in_transaction=False)
    following = elsewhere(till.use(there, "next", lock(who="next", seconds=0.05), 0.3))
    await till.is_used.wait()
    await here.locks.leave(slow)  # not its own any more
    await elsewhere(till.use(here, "third", lock()))
    await following
    assert (till.most, till.order) == (1, ["next", "third"])
    assert "next took over, after more than 0.05 s, the lock till, held by slow" in caplog.text
    assert "slow held the lock till for more than its 0.05 s" in caplog.text


async def test_s4_who_overstays_in_the_same_process_is_followed_as_well(process: Open) -> None:
    storage, till = await process(), Till()
    slow = lock(seconds=0.05)
    await storage.locks.enter(slow, in_transaction=False)
    async with asyncio.timeout(5):
        await asyncio.gather(
            *(elsewhere(till.use(storage, n, lock(seconds=0.05))) for n in range(3))
        )
    await storage.locks.leave(slow)
    assert (till.most, till.order) == (1, [0, 1, 2])


# --- transactions -------------------------------------------------------------------------------


async def test_s7_a_transaction_begins_anew_with_the_lock_that_it_wants(process: Open) -> None:
    storage, begun = await process(), 0

    async def run() -> str:
        nonlocal begun
        begun += 1
        async with storage.transaction(), held(storage, lock("b")), held(storage, lock("a")):
            return "done"

    assert await storage.locks.around(run) == "done"
    assert begun == 3
    assert storage.locks._queues == {}


async def test_s7_a_transaction_takes_a_bounded_number_of_locks(process: Open) -> None:
    storage, wanted = await process(), 0

    async def run() -> None:
        nonlocal wanted
        wanted += 1
        raise LockWanted(lock(f"number {wanted}"))

    with pytest.raises(ParseError, match="at most 20 locks"):
        await storage.locks.around(run)
    assert storage.locks._queues == {}
