"""Equal reads under way at the same time share one, and nobody is told what was before."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from parsepy.storage.shared_finds import SharedFinds


class Shelf:
    """A database of one number: each read takes what it is when the read begins, and waits."""

    def __init__(self) -> None:
        self.number = 0
        self.begun = 0
        self.gates: list[asyncio.Event] = []
        self.failure: Exception | None = None

    async def read(self) -> int:
        seen, gate = self.number, asyncio.Event()
        self.begun += 1
        self.gates.append(gate)
        await gate.wait()
        if self.failure is not None:
            raise self.failure
        return seen


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def finds() -> SharedFinds[int]:
    return SharedFinds()


async def turns() -> None:
    """Let everything begin that can."""
    for _ in range(10):
        await asyncio.sleep(0)


def asked(finds: SharedFinds[int], shelf: Shelf, key: str = "all") -> "asyncio.Task[int]":
    return asyncio.create_task(finds.call((key,), shelf.read))


async def test_equal_reads_share_the_next_one(shelf: Shelf, finds: SharedFinds[int]) -> None:
    first = asked(finds, shelf)
    await turns()
    others = [asked(finds, shelf) for _ in range(9)]
    await turns()
    assert shelf.begun == 1
    shelf.gates[0].set()
    await turns()
    assert shelf.begun == 2
    shelf.gates[1].set()
    assert await asyncio.gather(first, *others) == [0] * 10
    assert shelf.begun == 2


async def test_who_asks_after_a_write_sees_it(shelf: Shelf, finds: SharedFinds[int]) -> None:
    before = asked(finds, shelf)
    await turns()
    shelf.number = 1  # a write, acknowledged while the first read is under way
    after = asked(finds, shelf)
    await turns()
    shelf.gates[0].set()
    await turns()
    shelf.gates[1].set()
    assert (await before, await after) == (0, 1)


async def test_other_reads_do_not_wait(shelf: Shelf, finds: SharedFinds[int]) -> None:
    tasks = [asked(finds, shelf, key) for key in ("mugs", "cups")]
    await turns()
    assert shelf.begun == 2
    for gate in shelf.gates:
        gate.set()
    await asyncio.gather(*tasks)


async def test_a_failure_is_told_to_all_who_share_it(shelf: Shelf, finds: SharedFinds[int]) -> None:
    tasks = [asked(finds, shelf) for _ in range(3)]
    await turns()
    shelf.failure = ValueError("no such shelf")
    shelf.gates[0].set()
    await turns()
    shelf.gates[1].set()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [str(outcome) for outcome in outcomes] == ["no such shelf"] * 3


async def test_who_gives_up_holds_nobody_up(shelf: Shelf, finds: SharedFinds[int]) -> None:
    first, second, third = (asked(finds, shelf) for _ in range(3))
    await turns()
    first.cancel()
    second.cancel()
    await turns()
    assert shelf.begun == 2
    shelf.gates[1].set()
    assert await third == 0


async def test_nothing_is_kept_of_reads_that_have_ended(finds: SharedFinds[int]) -> None:
    async def read() -> int:
        await asyncio.sleep(0)
        return 1

    calls: list[Callable[[], Awaitable[int]]] = [
        lambda key=key: finds.call((key,), read)  # type: ignore[misc]
        for key in ("a", "b", "a")
    ]
    assert await asyncio.gather(*(call() for call in calls)) == [1, 1, 1]
    assert finds._under_way == {}


async def test_a_slow_read_holds_others_up_no_longer_than_patience(shelf: Shelf) -> None:
    finds: SharedFinds[int] = SharedFinds(patience=0)
    first, second = asked(finds, shelf), asked(finds, shelf)
    await turns()
    assert shelf.begun == 2
    shelf.gates[1].set()
    assert await second == 0
    assert not first.done()
    shelf.gates[0].set()
    await first
    assert finds._under_way == {}
