"""``side_by_side``: calls at the same time, and what becomes of them when one fails or all end."""

import asyncio

import pytest

from parsepy.operations.side_by_side import side_by_side


async def test_each_answers_at_its_place_though_they_wait_for_each_other() -> None:
    begun = [asyncio.Event() for _ in range(3)]

    async def call(number: int) -> int:
        begun[number].set()
        for other in begun:
            await other.wait()
        return number

    assert await side_by_side([call(number) for number in range(3)]) == [0, 1, 2]


async def test_the_first_failure_is_told_when_all_have_ended() -> None:
    ended: list[str] = []

    async def fail(name: str) -> None:
        await asyncio.sleep(0)
        raise ValueError(name)

    async def go_on() -> None:
        for _ in range(3):
            await asyncio.sleep(0)
        ended.append("yes")

    with pytest.raises(ValueError, match="a"):
        await side_by_side([fail("a"), go_on(), fail("b")])
    assert ended == ["yes"]


async def test_who_gives_up_ends_them_all() -> None:
    ends: list[str] = []

    async def wait(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ends.append(name)

    waiting = asyncio.create_task(side_by_side([wait("a"), wait("b")]))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await asyncio.sleep(0)
    assert ends == ["a", "b"]
