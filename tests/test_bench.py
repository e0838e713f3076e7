"""The benchmark's own honesty: it counts what it sent, and a wrong answer or total is noticed."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient

from benchmarks import growth as growing
from benchmarks import livequery, soak
from benchmarks.graphql import Literals, against_rest
from benchmarks.live_loads import LOADS, PER_CLIENT, Account, writes_of
from benchmarks.load import HOST, BrokenAnswer, drive, request_bytes
from benchmarks.report import Slice, compare, shortfalls, slice_of, table
from benchmarks.run import arguments, loads
from benchmarks.scenarios import Documents, IncrementCart
from benchmarks.shop import Shop
from benchmarks.soak import Minute, growth

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


def increments(*totals: int) -> IncrementCart:
    """The scenario after a server has answered these totals for the one cart."""
    scenario = IncrementCart(Shop(user="mara", session="r:1", seller="otto", carts=["cart1"]))
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


def test_a_scenarios_own_promise_counts_for_more_and_graphql_is_held_to_rest() -> None:
    report = report_of(cpu_us=200, memory=20)
    [line] = report["scenarios"].values()
    line["promised"] = 5.0
    report["against_rest"] = {"contender": {"GraphQL: get": 1.4, "GraphQL: find": 1.3}}
    missed = shortfalls(report, min_ratio=2.5, max_memory=0.5, max_rest=1.35)
    assert [text.partition(":")[2].strip() for text in missed[1:]] == [
        "get: 1.40 times REST's CPU, limit 1.35"
    ]
    assert missed[0].endswith("promised 5.0")


def test_requests_that_are_sent_one_after_the_other_have_a_column_and_a_promise() -> None:
    report = report_of(cpu_us=300, memory=20)
    [line] = report["scenarios"].values()
    line["at_one"] = compare([measured(250)] * 3, [measured(900)] * 3)
    assert shortfalls(report, min_ratio=2.5, max_memory=0.5) == []
    assert "3.60" in table(report)
    line["at_one"]["promised"] = 4.0
    [missed] = shortfalls(report, min_ratio=2.5, max_memory=0.5)
    assert missed.startswith("get by id, at one: 3.60 times")


def test_a_scenario_is_measured_over_the_runs_connections_and_over_one() -> None:
    chosen = arguments(["--connections", "8"])
    names = [(name, connections) for name, connections, _ in loads(increments(), chosen)]
    assert names == [("update with Increment", 8), ("update with Increment, at one", 1)]
    assert len(list(loads(increments(), arguments(["--connections", "1"])))) == 1


def test_a_document_is_compared_with_as_many_requests_as_rest_needs() -> None:
    cpu = {"GraphQL: three roots": 900.0, "REST: three roots": 250.0, "GraphQL: get": 100.0}
    assert against_rest(cpu) == {"GraphQL: three roots": 1.2}


def test_literals_differ_in_every_request() -> None:
    requests = Literals(lambda number: b"%d" % number)
    assert [requests[number % len(requests)] for number in (0, 7, 10**9)] == [
        b"0",
        b"7",
        b"1000000000",
    ]


def test_latencies_become_milliseconds() -> None:
    figures = slice_of([0.001] * 98 + [0.5, 0.5], seconds=1.0, cpu_seconds=0.1)
    assert figures.p50_ms == pytest.approx(1.0)
    assert figures.p99_ms == pytest.approx(500.0)
    assert figures.cpu_us == pytest.approx(1000.0)


# --- Live Query ---------------------------------------------------------------------------------


def told(account: Account, number: int, subscription: int, op: str = "create") -> None:
    """Enter an event of a sale at the one client."""
    frame = {"op": op, "requestId": subscription + 1, "object": {"number": number}}
    account.came(0, account.sent[number] + 0.5, frame)


def sale() -> Account:
    """A sale that one client follows with all his subscriptions; two writes are made."""
    account = Account(LOADS[0], writes_of(4), clients=1)
    account.sent = {0: 10.0, 1: 11.0}
    return account


def test_every_event_of_every_subscription_is_due() -> None:
    account = sale()
    for number in (0, 1):
        for subscription in range(PER_CLIENT):
            told(account, number, subscription)
    assert (account.missed(), account.doubled(), account.strays) == (0, 0, [])
    assert account.seconds() == pytest.approx(1.0)


def test_a_missed_and_a_doubled_event_do_not_make_up_for_each_other() -> None:
    account = sale()
    for subscription in (0, 1, 2, 3, 3):
        told(account, 0, subscription)
    assert (account.missed(), account.doubled()) == (1 + PER_CLIENT, 1)


def test_an_event_of_another_kind_or_for_somebody_else_is_a_stray() -> None:
    account = sale()
    told(account, 0, 0, op="enter")
    orders = Account(LOADS[1], writes_of(4), clients=100)
    orders.sent = {0: 10.0}
    orders.came(1, 10.5, {"op": "create", "requestId": 1, "object": {"number": 0}})
    assert (len(account.strays), len(orders.strays)) == (1, 1)
    assert orders.due(orders.writes[0]) == PER_CLIENT


def test_a_lost_event_and_a_small_ratio_are_told() -> None:
    line = {"missed": 1, "doubled": 0, "ratio": 2.5}
    loads = {"1 % match": {"parsepy": line, "Parse Server": {**line, "ratio": 1.0}}}
    report = {"loads": loads}
    assert len(livequery.losses(report)) == 1
    assert len(livequery.shortfalls(report, 3.0)) == 1
    assert livequery.shortfalls(report, 2.5) == []


@pytest.mark.node
@pytest.mark.slow
def test_a_quick_run_of_the_live_benchmark_misses_no_event(tmp_path: Path) -> None:
    figures = tmp_path / "live.json"
    assert livequery.main(["--quick", "--json", str(figures)]) == 0
    report = json.loads(figures.read_text())
    for load in report["loads"].values():
        for line in load.values():
            assert line["events"] > 0
            assert (line["missed"], line["doubled"]) == (0, 0)


# --- growth -------------------------------------------------------------------------------------


def test_what_costs_more_as_objects_and_classes_grow_is_told() -> None:
    flat = {row: {1_000: 100.0, 100_000: 110.0} for row in growing.FLAT_ROWS}
    assert growing.grown(flat) == []
    steep = {**flat, growing.FLAT_ROWS[0]: {1_000: 100.0, 100_000: 130.0}}
    (told,) = growing.grown(steep)
    assert told.startswith("get by id, objects: not flat")


@pytest.mark.parametrize(("largest", "count"), [(420.0, 0), (900.0, 1)])
def test_what_grows_faster_than_the_bytes_is_told(largest: float, count: int) -> None:
    costs = {100: 100.0, 10_000: 110.0, 30_000: 196.0, 100_000: largest}
    assert len(growing.grown({"create, bytes": costs})) == count


# --- the soak -----------------------------------------------------------------------------------

MINUTE = Minute(600, 3.0, 9.0, 40.0, 12.0, 2000.0, 70.0, 50, 10)


def test_what_stays_flat_has_not_grown() -> None:
    first = [replace(MINUTE, rss_mib=60.0, cpu_us=5000.0)] * 5  # while all is loaded
    assert growth([*first, *[MINUTE] * 15]) == []
    assert growth([MINUTE, replace(MINUTE, rss_mib=200.0)]) == []


@pytest.mark.parametrize(
    ("late", "name"),
    [
        (replace(MINUTE, rss_mib=76.0), "memory"),
        (replace(MINUTE, descriptors=57), "descriptors"),
        (replace(MINUTE, threads=13), "threads"),
        (replace(MINUTE, cpu_us=2500.0), "CPU"),
        (replace(MINUTE, p50_ms=9.0), "latency (p50)"),
        (replace(MINUTE, event_ms=40.0), "latency of events"),
    ],
)
def test_what_has_grown_is_told(late: Minute, name: str) -> None:
    (told,) = growth([MINUTE] * 10 + [late] * 10)
    assert told.startswith(name)
    assert bool(growth([MINUTE] * 10 + [late] * 10, by_clock=False)) != name.startswith("latency")


@pytest.mark.slow
def test_a_short_soak_does_all_kinds_of_work(tmp_path: Path) -> None:
    words = ["--minutes", "0.3", "--every", "6", "--listeners", "4", "--rate", "120"]
    soak.main([*words, "--json", str(tmp_path / "soak.json")])
    report = json.loads((tmp_path / "soak.json").read_text())
    assert report["faults"] == []
    assert report["events"] > 0
    wanted = {"get", "include", "aggregate", "batch", "function", "GraphQL", "file", "order"}
    assert wanted <= report["kinds"].keys()


@pytest.mark.slow
def test_a_small_run_of_growth_prints_every_row(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = ["--objects", "200", "400", "--classes", "4", "--bytes", "100", "1000"]
    words = [*sizes, "--rounds", "1", "--requests", "50", "--json", str(tmp_path / "growth.json")]
    assert growing.main(words) == 0
    told = capsys.readouterr().out
    assert all(row in told for row in (*growing.FLAT_ROWS, *growing.LINEAR_ROWS))
