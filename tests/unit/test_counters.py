"""Counting in a window: in this process, and shared over Redis."""

import threading
from collections.abc import Iterator

import pytest

from parsepy.counters import Count, LocalCounters, RedisCounters


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_a_window_begins_with_the_first_event_and_ends_in_time() -> None:
    clock = Clock()
    counters = LocalCounters(clock)
    assert await counters.hit("ann", 10) == Count(1, 10)
    clock.now = 9
    assert await counters.hit("ann", 10) == Count(2, 1)
    assert await counters.hit("bob", 10) == Count(1, 10)
    clock.now = 10
    assert await counters.hit("ann", 10) == Count(1, 10)


async def test_made_up_keys_do_not_fill_the_memory() -> None:
    counters = LocalCounters(Clock(), most=100)
    for n in range(1000):
        await counters.hit(f"made up {n}", 10)
        await counters.hit("flooder", 10)
    assert len(counters) <= 100
    assert (await counters.hit("flooder", 10)).times == 1001


async def test_what_is_over_makes_room_first() -> None:
    clock = Clock()
    counters = LocalCounters(clock, most=2)
    await counters.hit("slow", 100)
    await counters.hit("quick", 1)
    clock.now = 2
    await counters.hit("new", 10)
    assert (await counters.hit("slow", 100)).times == 2


@pytest.fixture
def redis_url() -> Iterator[str]:
    """A server that speaks Redis, on a free port."""
    from fakeredis import TcpFakeServer

    server = TcpFakeServer(("127.0.0.1", 0), server_type="redis")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"redis://127.0.0.1:{server.server_address[1]}/0"
    server.shutdown()
    server.server_close()
    thread.join()


async def test_servers_share_a_count_over_redis(redis_url: str) -> None:
    one, other = RedisCounters(redis_url), RedisCounters(redis_url)
    try:
        assert (await one.hit("ann", 10)).times == 1
        times, rest = await other.hit("ann", 10)
        assert times == 2
        assert 9 < rest <= 10
    finally:
        await one.close()
        await other.close()


async def test_without_its_redis_a_server_counts_for_itself() -> None:
    counters = RedisCounters("redis://127.0.0.1:1/0")
    assert [(await counters.hit("ann", 10)).times for _ in range(3)] == [1, 2, 3]
    await counters.close()
