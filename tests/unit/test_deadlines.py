"""Calls that must end in time: one timer ends each of them when it has to."""

import asyncio
import time
from contextlib import suppress

import pytest

from parsepy.triggers.deadlines import Deadline, Deadlines, Overdue

SOON, LATER = 0.01, 60.0


async def ended(deadlines: Deadlines, seconds: float) -> None:
    """Wait for longer than the deadline allows."""
    with deadlines.within(seconds, "the call"):
        await asyncio.Event().wait()


async def test_what_ends_in_time_is_left_alone() -> None:
    deadlines = Deadlines()
    with deadlines.within(LATER, "the call") as deadline:
        await asyncio.sleep(0)
    assert not deadline.has_passed


async def test_each_call_ends_by_its_own_deadline_in_whatever_order_they_began() -> None:
    deadlines = Deadlines()
    later = asyncio.create_task(ended(deadlines, LATER))
    soon = [asyncio.create_task(ended(deadlines, SOON * times)) for times in (3, 1, 2)]
    outcomes = await asyncio.gather(*soon, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Overdue] * 3
    assert not later.done()
    later.cancel()
    with pytest.raises(asyncio.CancelledError):  # somebody else's cancelling is no timeout
        await later


async def test_a_call_that_bears_being_cancelled_goes_on_uncancelled() -> None:
    with Deadlines().within(SOON, "the call") as deadline:
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await asyncio.sleep(0)
    assert deadline.has_passed
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_the_time_stands_still_during_a_call() -> None:
    deadlines = Deadlines()
    deadline = deadlines.within(SOON * 2, "the call")

    async def long() -> str:
        with pytest.raises(TimeoutError):  # which takes longer than what is left
            await ended(deadlines, SOON * 3)
        return await deadline.standing_still(short)

    async def short() -> str:
        return "made"

    async def hook() -> None:
        with deadline:
            assert await deadline.standing_still(long) == "made"
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        await hook()


async def test_no_call_begins_when_the_time_is_over() -> None:
    async def short() -> None:
        raise AssertionError("it must not begin")

    def over(deadline: Deadline) -> pytest.RaisesExc[RuntimeError]:
        return pytest.raises(RuntimeError, match="is over")

    with Deadlines().within(SOON, "the call") as deadline:
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        with over(deadline):
            await deadline.standing_still(short)
    with over(deadline):
        await deadline.standing_still(short)


async def test_who_is_called_for_longer_than_the_hook_waits_is_not_counted_again() -> None:
    deadlines, go = Deadlines(), asyncio.Event()
    with deadlines.within(LATER, "the call") as deadline:
        call = asyncio.create_task(deadline.standing_still(go.wait))
        await asyncio.sleep(0)
    go.set()
    assert await call
    assert not deadlines._calls


def test_every_event_loop_has_a_timer_of_its_own() -> None:
    deadlines = Deadlines()

    async def well() -> None:
        with deadlines.within(LATER, "the call"):
            await asyncio.sleep(0)

    asyncio.run(well())
    with pytest.raises(TimeoutError):
        asyncio.run(ended(deadlines, SOON))


async def test_a_call_that_never_waits_needs_no_deadline() -> None:
    deadlines = Deadlines()

    async def at_once() -> str:
        assert not deadlines._calls
        return "made"

    assert await deadlines.bounded(at_once(), "the call", SOON) == "made"
    assert deadlines._timer is None


async def test_a_call_that_waits_is_bounded_with_what_it_did_before() -> None:
    deadlines, heard = Deadlines(), []

    async def slow() -> None:
        time.sleep(SOON * 2)  # noqa: ASYNC251 - no clock of the loop goes on meanwhile
        heard.append("waits")
        try:
            await asyncio.sleep(SOON * 50)
        finally:
            heard.append("ends")

    begun = time.monotonic()
    with pytest.raises(Overdue, match=r"^the call did not end within 0.01 s.$"):
        await deadlines.bounded(slow(), "the call", SOON)
    assert heard == ["waits", "ends"]
    assert time.monotonic() - begun < SOON * 40
    assert not deadlines._calls


async def test_what_a_bounded_call_waits_for_and_its_failures_reach_it() -> None:
    async def waits() -> list[str]:
        found = []
        loop = asyncio.get_running_loop()
        for name in ("one", "two"):
            future: asyncio.Future[str] = loop.create_future()
            loop.call_soon(future.set_result, name)
            found.append(await future)
        failing: asyncio.Future[str] = loop.create_future()
        loop.call_soon(failing.set_exception, ValueError("three"))
        with pytest.raises(ValueError, match="three"):
            await failing
        return found

    async def fails() -> None:
        await asyncio.sleep(0)
        raise LookupError("gone")

    async def bears() -> str:
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        return "borne"

    deadlines = Deadlines()
    assert await deadlines.bounded(waits(), "the call", LATER) == ["one", "two"]
    with pytest.raises(LookupError, match="gone"):
        await deadlines.bounded(fails(), "the call", LATER)
    assert await deadlines.bounded(bears(), "the call", SOON) == "borne"
    assert not deadlines._calls
