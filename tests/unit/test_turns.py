"""Turns: so many requests of one client at once, more in their order, and no more than that."""

import asyncio

import pytest

from parsepy.http import turns as bounds
from parsepy.http.refusals import HTTPRefusal
from parsepy.http.turns import Turns
from parsepy.model.principal import MASTER, NOBODY, Principal


def waiting(turns: Turns, client: str) -> "asyncio.Task[None]":
    """One more request of a client, which must wait."""
    turn = turns.take(client)
    assert turn is not None
    return asyncio.ensure_future(turn)


async def test_a_client_has_so_many_turns_at_once_and_others_have_theirs() -> None:
    turns = Turns(2, 10)
    assert [turns.take("ann"), turns.take("ann"), turns.take("bob")] == [None, None, None]
    third = waiting(turns, "ann")
    await asyncio.sleep(0)
    assert not third.done()
    turns.end("bob")
    await asyncio.sleep(0)
    assert not third.done()
    turns.end("ann")
    await third


async def test_who_came_first_begins_first() -> None:
    turns, begun = Turns(1, 10), list[str]()
    assert turns.take("ann") is None

    async def come(name: str) -> None:
        turn = turns.take("ann")
        assert turn is not None
        await turn
        begun.append(name)

    coming = [asyncio.create_task(come(name)) for name in ("first", "second")]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    for expected in (["first"], ["first", "second"]):
        turns.end("ann")
        await asyncio.wait_for(coming[len(expected) - 1], 1)
        assert begun == expected


async def test_more_than_may_wait_are_told_to_come_again() -> None:
    turns = Turns(1, 1)
    assert turns.take("ann") is None
    second = waiting(turns, "ann")
    await asyncio.sleep(0)
    with pytest.raises(HTTPRefusal) as refused:
        await waiting(turns, "ann")
    assert (refused.value.status, refused.value.code) == (429, 155)
    assert dict(refused.value.headers) == {b"retry-after": b"1"}
    turns.end("ann")
    await second


async def test_who_gives_up_keeps_nobody_waiting() -> None:
    turns = Turns(1, 10)
    assert turns.take("ann") is None
    second, third = waiting(turns, "ann"), waiting(turns, "ann")
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.sleep(0)
    turns.end("ann")
    await third
    turns.end("ann")
    assert turns.take("ann") is None


async def test_a_turn_that_comes_as_one_gives_up_goes_to_the_next() -> None:
    turns = Turns(1, 10)
    assert turns.take("ann") is None
    second, third = waiting(turns, "ann"), waiting(turns, "ann")
    await asyncio.sleep(0)
    turns.end("ann")
    second.cancel()
    await third
    assert second.cancelled()


async def test_messages_of_websockets_wait_longer_but_not_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    turns = Turns(1, 0)
    assert await turns.begin(Principal(user_id="ann"), "10.0.0.1") == "ann"
    assert await turns.begin(NOBODY, "10.0.0.1") == "10.0.0.1"
    assert await turns.begin(MASTER, "10.0.0.1") is None
    with pytest.raises(HTTPRefusal):
        await waiting(turns, "10.0.0.1")  # a request
    second = asyncio.create_task(turns.begin(NOBODY, "10.0.0.1"))
    await asyncio.sleep(0)
    monkeypatch.setattr(bounds, "MOST_OF_SOCKETS", 1)
    with pytest.raises(HTTPRefusal):
        await turns.begin(NOBODY, "10.0.0.1")
    turns.end("10.0.0.1")
    assert await second == "10.0.0.1"


async def test_what_is_done_in_a_turn_ends_it_whatever_comes_of_it() -> None:
    turns = Turns(1, 1)
    with pytest.raises(ValueError, match="no"):
        async with turns.held(NOBODY, "10.0.0.1"):
            raise ValueError("no")
    async with turns.held(MASTER, "10.0.0.1"):
        assert turns.counts == {}
