"""The benchmark's own honesty: it counts what it sent, and a wrong answer or total is noticed."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient

from benchmarks.load import HOST, BrokenAnswer, drive, request_bytes
from benchmarks.report import Slice, compare, shortfalls, slice_of, table
from benchmarks.scenarios import Documents, Increment
from benchmarks.shop import Shop

ANSWERS = {
    b"/ok": b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
    b"/busy": b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nwait",
    b"/open": b"HTTP/1.1 200 OK\r\n\r\nno end in sight",
}


@pytest.fixture
async def till() -> AsyncIterator[tuple[int, list[bytes]]]:
    """The port of a till that answers by path, in two pieces, and the paths it was asked for."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionResetError):
            while True:
                path = (await reader.readuntil(b"\r\n\r\n")).split()[1]
                asked.append(path)
                writer.write(ANSWERS[path][:20])
                await writer.drain()
                writer.write(ANSWERS[path][20:])
        writer.close()

    server = await asyncio.start_server(serve, HOST, 0)
    async with server:
        yield server.sockets[0].getsockname()[1], asked


def accept(_number: int, status: int, body: bytes) -> str | None:
    return None if (status, body) == (200, b"{}") else "not what was asked for"


async def test_every_request_up_to_the_limit_is_sent_once_and_timed(
    till: tuple[int, list[bytes]],
) -> None:
    port, asked = till
    burst = await drive(
        port,
        [request_bytes("GET", "/ok", {})],
        accept,
        connections=4,
        seconds=10,
        max_requests=50,
    )
    assert len(asked) == 50
    assert len(burst.latencies) == 50
    assert burst.faults == []


async def test_requests_are_numbered_on_from_where_the_last_burst_ended(
    till: tuple[int, list[bytes]],
) -> None:
    numbers = []

    def note(number: int, _status: int, _body: bytes) -> None:
        numbers.append(number)

    payloads = [request_bytes("GET", "/ok", {}), request_bytes("GET", "/busy", {})]
    await drive(till[0], payloads, note, first=7, connections=1, seconds=10, max_requests=3)
    assert numbers == [7, 8, 9]
    assert till[1] == [b"/busy", b"/ok", b"/busy"]


async def test_a_refused_request_is_a_fault(till: tuple[int, list[bytes]]) -> None:
    payloads = [request_bytes("GET", "/ok", {}), request_bytes("GET", "/busy", {})]
    burst = await drive(till[0], payloads, accept, connections=2, seconds=10, max_requests=20)
    assert len(burst.faults) == 10
    assert "503" in burst.faults[0]


async def test_an_answer_without_an_end_stops_the_run(till: tuple[int, list[bytes]]) -> None:
    payloads = [request_bytes("GET", "/open", {})]
    with pytest.raises(BrokenAnswer, match="Content-Length"):
        await drive(till[0], payloads, accept, seconds=10, max_requests=20)


@pytest.fixture
def carts(mongo: MongoClient[dict[str, Any]]) -> Iterator[Documents]:
    """A database with one cart that was counted up three times."""
    name = f"bench_test_{uuid4().hex[:12]}"
    mongo[name]["Cart"].insert_one({"_id": "cart1", "sold": 3})
    yield mongo[name]
    mongo.drop_database(name)


def increments(*totals: int) -> Increment:
    """The scenario after a server has answered these totals for the one cart."""
    scenario = Increment(Shop(user="mara", session="r:1", seller="otto", carts=["cart1"]))
    for number, total in enumerate(totals):
        body = b'{"updatedAt":"2024-03-01T08:30:00.000Z","sold":%d}' % total
        assert scenario.check(number, 200, body) is None
    return scenario


def test_totals_that_agree_with_the_database_pass(carts: Documents) -> None:
    assert increments(2, 1, 3).settle(carts) == []


def test_a_lost_increment_is_noticed(carts: Documents) -> None:
    assert "4 increments, total 3" in increments(1, 2, 3, 4).settle(carts)[0]


def test_a_total_answered_twice_is_noticed(carts: Documents) -> None:
    assert "twice" in increments(1, 2, 2).settle(carts)[0]


def measured(cpu_us: float) -> Slice:
    return Slice(requests=1000, seconds=1.0, cpu_seconds=cpu_us / 1000, p50_ms=1.0, p99_ms=2.0)


def report_of(cpu_us: float, memory: int) -> dict[str, Any]:
    """A report in which the baseline needs 900 us and 100 bytes."""
    sizes = {"contender": {"idle": 1, "after": memory}, "baseline": {"idle": 1, "after": 100}}
    line = compare([measured(cpu_us)] * 3, [measured(900)] * 3)
    return {
        "names": {"contender": "parsepy", "baseline": "Parse Server"},
        "scenarios": {"get by id": line},
        "memory": {**sizes, "share_idle": 1.0, "share_after": memory / 100},
        "start_seconds": {"contender": 1.0, "baseline": 1.0},
    }


def test_a_kept_promise_has_no_shortfall_and_shows_its_ratio() -> None:
    report = report_of(cpu_us=300, memory=49)
    assert shortfalls(report, min_ratio=2.5, max_memory=0.5) == []
    assert "3.00" in table(report)


def test_too_much_cpu_or_memory_is_a_shortfall() -> None:
    missed = shortfalls(report_of(cpu_us=400, memory=50), min_ratio=2.5, max_memory=0.5)
    assert [line.split(":")[0] for line in missed] == ["get by id", "memory"]


def test_latencies_become_milliseconds() -> None:
    figures = slice_of([0.001] * 98 + [0.5, 0.5], seconds=1.0, cpu_seconds=0.1)
    assert figures.p50_ms == pytest.approx(1.0)
    assert figures.p99_ms == pytest.approx(500.0)
    assert figures.cpu_us == pytest.approx(1000.0)
