"""Calls under way together share driver calls; each gets its own result."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from parsepy.storage.batching import Batcher

Price = int | Exception
DEADLINE = 5.0


class Driver:
    """Looks prices up; each call lands when it is let."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.landing: list[asyncio.Future[None]] = []
        self.failure: BaseException | None = None
        self.departed = asyncio.Event()

    async def send(self, names: Sequence[str]) -> Sequence[Price]:
        self.batches.append(list(names))
        landing = asyncio.get_running_loop().create_future()
        self.landing.append(landing)
        self.departed.set()
        await landing
        if self.failure is not None:
            raise self.failure
        return [KeyError(name) if name == "none" else len(name) for name in names]

    async def land(self, number: int) -> None:
        """Let the call of that number land, once it has departed."""
        async with asyncio.timeout(DEADLINE):
            while len(self.landing) <= number:
                self.departed.clear()
                await self.departed.wait()
        self.landing[number].set_result(None)


@pytest.fixture
async def driver() -> Driver:
    return Driver()


async def started(batcher: Batcher[str, int], *names: str) -> list[asyncio.Task[int]]:
    """One task a name, each at the point where it waits."""
    tasks = [asyncio.create_task(batcher.call(name)) for name in names]
    await asyncio.sleep(0)
    return tasks


async def test_a_call_alone_flies_at_once(driver: Driver) -> None:
    batcher = Batcher(driver.send)
    (mug,) = await started(batcher, "mug")
    assert driver.batches == [["mug"]]
    await driver.land(0)
    assert await mug == 3


async def test_those_that_come_meanwhile_fly_together(driver: Driver) -> None:
    batcher = Batcher(driver.send)
    tasks = await started(batcher, "mug", "tray", "kettle", "mug")
    assert driver.batches == [["mug"]]
    await driver.land(0)
    await driver.land(1)
    assert await asyncio.gather(*tasks) == [3, 4, 6, 3]
    assert driver.batches == [["mug"], ["tray", "kettle", "mug"]]


async def test_no_flight_is_larger_than_its_size(driver: Driver) -> None:
    batcher = Batcher(driver.send, size=2)
    tasks = await started(batcher, "a", "b", "c", "d")
    for number in range(3):
        await driver.land(number)
    await asyncio.gather(*tasks)
    assert driver.batches == [["a"], ["b", "c"], ["d"]]


async def test_after_the_last_landing_a_call_flies_at_once_again(driver: Driver) -> None:
    batcher = Batcher(driver.send)
    tasks = await started(batcher, "mug", "tray")
    await driver.land(0)
    await driver.land(1)
    await asyncio.gather(*tasks)
    (kettle,) = await started(batcher, "kettle")
    assert driver.batches[2:] == [["kettle"]]
    await driver.land(2)
    assert await kettle == 6


async def test_a_refusal_is_its_own_callers_alone(driver: Driver) -> None:
    batcher = Batcher(driver.send)
    tasks = await started(batcher, "none", "tray", "none", "kettle")
    await driver.land(0)
    await driver.land(1)
    for refused in (tasks[0], tasks[2]):
        with pytest.raises(KeyError):
            await refused
    assert [await tasks[1], await tasks[3]] == [4, 6]


async def test_a_call_that_fails_fails_for_all_aboard_and_the_next_one_flies(
    driver: Driver,
) -> None:
    batcher = Batcher(driver.send)
    first = await started(batcher, "mug", "tray", "kettle")
    await driver.land(0)
    assert await first[0] == 3
    driver.failure = ConnectionError("no database")
    await driver.land(1)
    results = await asyncio.gather(*first[1:], return_exceptions=True)
    assert [str(result) for result in results] == ["no database", "no database"]
    driver.failure = None
    (mug,) = await started(batcher, "mug")
    await driver.land(2)
    assert await mug == 3


async def test_who_gives_up_in_flight_leaves_the_others_flying(driver: Driver) -> None:
    batcher = Batcher(driver.send)
    mug, tray, kettle = await started(batcher, "mug", "tray", "kettle")
    mug.cancel()
    with pytest.raises(asyncio.CancelledError):
        await mug
    tray.cancel()
    await driver.land(1)
    assert await kettle == 6
    assert tray.cancelled()


async def test_a_flight_that_is_cancelled_does_not_leave_its_callers_waiting(
    driver: Driver,
) -> None:
    batcher = Batcher(driver.send)
    mug, tray = await started(batcher, "mug", "tray")
    await driver.land(0)
    assert await mug == 3
    driver.failure = asyncio.CancelledError()
    await driver.land(1)
    async with asyncio.timeout(DEADLINE):
        with pytest.raises(ConnectionError):
            await tray
