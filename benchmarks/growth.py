"""How cost grows: with the objects of a class, with the classes, with the bytes of an object.

`python -m benchmarks.growth` measures the server's CPU time of a request (the least of some
rounds, all cells in turn) over one mongod, and prints a table. With `--check` it exits 1 unless a
get by id and an indexed query cost the same in 1,000 and 100,000 objects and beside 4 and 300
classes, and a get and a create grow no faster than the bytes. About two minutes, loopback alone.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
import uvloop
from pymongo import MongoClient

from benchmarks.load import Check, drive, request_bytes
from benchmarks.processes import Cores, Server, ServerNotStarted
from benchmarks.run import ROOT, own_mongod, start_parsepy
from benchmarks.shop import CLIENT, MASTER, MOUNT, Row, WrongAnswer, call
from parsepy.storage.embedded import EmbeddedMongoError

LATEST = ROOT / "benchmarks" / "results" / "growth.json"
OBJECTS = (1_000, 10_000, 100_000)
CLASSES = (4, 30, 300)
BYTES = (100, 1_000, 10_000, 30_000, 100_000)
PAGE = 20
ASKED = 200
"""So many different requests of each kind."""
COLUMNS = {
    **dict.fromkeys(("objectId", "name", "text"), "string"),
    **dict.fromkeys(("createdAt", "updatedAt"), "string"),
    "rank": "number",
}
"""The columns of a class, as ``_SCHEMA`` has them."""
FLAT = 1.2
"""How many times the cheapest cell of a row may cost that is to be flat."""
LINEAR = 1.5
"""How many times the cost of the next smaller size, scaled up, that of the largest may be."""


@dataclass(slots=True)
class Cell:
    """One kind of request to one server, and the CPU time that it took in each round."""

    row: str
    column: int
    server: Server
    payloads: Sequence[bytes]
    check: Check
    cpu_us: list[float] = field(default_factory=list)

    @property
    def least(self) -> float:
        """The least CPU time of a request, in microseconds."""
        return min(self.cpu_us)


def progress(told: str) -> None:
    """Tell on standard error what is being done."""
    print(told, file=sys.stderr, flush=True)


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--mongo-uri", help="use this replica set instead of starting a mongod")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=400, help="of each cell in a round")
    parser.add_argument("--objects", type=int, nargs="+", default=OBJECTS)
    parser.add_argument("--classes", type=int, nargs="+", default=CLASSES)
    parser.add_argument("--bytes", type=int, nargs="+", default=BYTES)
    parser.add_argument("--check", action="store_true", help="exit 1 if a cost is not as promised")
    parser.add_argument("--json", type=Path, default=LATEST, help="where to write the figures")
    return parser.parse_args(words)


def cpu_seconds(server: Server) -> float:
    """CPU time so far of the server's threads, to the nanosecond (that of a process has ticks)."""
    spent = 0
    for thread in Path(f"/proc/{server.process.pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError):
            spent += int((thread / "schedstat").read_text().split()[0])
    return spent / 1e9


# --- what is measured ---------------------------------------------------------------------------


def fill(server: Server, client: MongoClient[Row], name: str, count: int, size: int = 100) -> None:
    """Make a class of so many objects, each with so many bytes of text; raises WrongAnswer."""
    fields = {column: {"type": COLUMNS[column].title()} for column in ("name", "rank", "text")}
    schema = {"fields": fields, "indexes": {"rank": {"rank": 1}}}
    answer = call(server.port, "POST", f"schemas/{name}", {"className": name, **schema}, MASTER)
    if answer[0] != 200:
        raise WrongAnswer(f"class {name} was not made: {answer}")
    now = datetime.now(UTC)
    for start in range(0, count, 10_000):
        rows: list[Row] = [
            {
                "_id": f"{name}{number}",
                "name": f"Thing {number}",
                "rank": number,
                "text": "x" * size,
                "_created_at": now,
                "_updated_at": now,
                "_rperm": ["*"],
                "_wperm": [],
            }
            for number in range(start, min(start + 10_000, count))
        ]
        client[server.database][name].insert_many(rows)


def get_by_id(server: Server, name: str, count: int, column: int, row: str) -> Cell:
    """Gets of single objects of a class, all over it."""
    numbers = range(0, count, max(1, count // ASKED))
    payloads = [
        request_bytes("GET", f"{MOUNT}/classes/{name}/{name}{number}", CLIENT) for number in numbers
    ]

    def check(number: int, status: int, body: bytes) -> str | None:
        wanted = f'"{name}{numbers[number % len(numbers)]}"'.encode()
        return None if status == 200 and wanted in body else "not the object asked for"

    return Cell(row, column, server, payloads, check)


def indexed_query(server: Server, name: str, count: int, column: int, row: str) -> Cell:
    """Pages of a class by a column that has an index."""
    floors = range(0, count - PAGE, max(1, count // ASKED))
    payloads = []
    for floor in floors:
        where = quote(orjson.dumps({"rank": {"$gte": floor}}))
        target = f"{MOUNT}/classes/{name}?order=rank&limit={PAGE}&where={where}"
        payloads.append(request_bytes("GET", target, CLIENT))

    def check(number: int, status: int, body: bytes) -> str | None:
        first = f'"rank":{floors[number % len(floors)]},'.encode()
        is_page = status == 200 and body.count(b'"objectId"') == PAGE and first in body
        return None if is_page else "not the page asked for"

    return Cell(row, column, server, payloads, check)


def create(server: Server, name: str, size: int, row: str) -> Cell:
    """Creates of objects with so many bytes of text."""
    body = {"name": "new", "rank": -1, "text": "y" * size}
    payloads = [request_bytes("POST", f"{MOUNT}/classes/{name}", CLIENT, body)]

    def check(number: int, status: int, body: bytes) -> str | None:
        return None if status == 201 else "the create was refused"

    return Cell(row, size, server, payloads, check)


async def measure(cells: Sequence[Cell], rounds: int, requests: int) -> None:
    """Ask all cells in turn, a warm-up round before; raises WrongAnswer for a wrong answer."""
    for number in range(rounds + 1):
        progress(f"round {number} of {rounds}" + (" (warm-up)" if not number else ""))
        for cell in cells:
            before = cpu_seconds(cell.server)
            burst = await drive(
                cell.server.port,
                cell.payloads,
                cell.check,
                connections=8,
                seconds=60,
                max_requests=requests,
            )
            spent = cpu_seconds(cell.server) - before
            if burst.faults:
                raise WrongAnswer(f"{cell.row}, {cell.column}: {burst.faults[0]}")
            if number:
                cell.cpu_us.append(spent / len(burst.latencies) * 1e6)


# --- the verdict --------------------------------------------------------------------------------

GETS, QUERIES = "get by id", "indexed query of 20"
FLAT_ROWS = tuple(f"{kind}, {of}" for of in ("objects", "classes") for kind in (GETS, QUERIES))
LINEAR_ROWS = ("get by id, bytes", "create, bytes")
Costs = dict[str, dict[int, float]]
"""Row of the table → column → microseconds."""


def grown(costs: Costs) -> list[str]:
    """What costs more than it may as something else grows."""
    missed = []
    for row in FLAT_ROWS:
        cells = costs.get(row, {})
        if cells and max(cells.values()) > FLAT * min(cells.values()):
            told = ", ".join(f"{column:,}: {cost:.0f} us" for column, cost in cells.items())
            missed.append(f"{row}: not flat ({told})")
    for row in LINEAR_ROWS:
        columns = sorted(costs.get(row, {}))
        if len(columns) < 3:
            continue
        last, largest = costs[row][columns[-2]], costs[row][columns[-1]]
        least = min(costs[row].values())
        # small differences are noise: a fifth of the least cost at least counts as one
        difference = max(last - least, least / 5)
        times = (columns[-1] - columns[0]) / (columns[-2] - columns[0])
        if largest - least > LINEAR * times * difference:
            missed.append(
                f"{row}: {largest:.0f} us of {columns[-1]:,}, {last:.0f} of {columns[-2]:,}: "
                "more than linear"
            )
    return missed


def table(costs: Costs) -> str:
    """The rows as lines to read."""
    lines = []
    for row, cells in costs.items():
        told = "".join(f"{column:>12,}: {cost:>6.0f}" for column, cost in sorted(cells.items()))
        lines.append(f"{row:32}{told} us")
    return "\n".join(lines)


# --- the run ------------------------------------------------------------------------------------


def bench(chosen: argparse.Namespace) -> dict[str, Any]:
    """One whole run; the figures. Raises ServerNotStarted, WrongAnswer."""
    cores = Cores.available()
    os.sched_setaffinity(0, {cores.driver})
    mark = f"growth_{secrets.token_hex(4)}"
    with contextlib.ExitStack() as cleanup:
        folder = Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="parsepy-growth-")))
        uri = chosen.mongo_uri or cleanup.enter_context(own_mongod()).uri
        client: MongoClient[Row] = cleanup.enter_context(MongoClient(uri))
        cells: list[Cell] = []
        servers: dict[int, Server] = {}
        for count in chosen.classes:
            database = f"{mark}_{count}"
            cleanup.callback(client.drop_database, database)
            # as their schemas alone: what lies in other classes is asked of by nobody
            others = [{"_id": f"Other{number}", **COLUMNS} for number in range(count - 1)]
            client[database]["_SCHEMA"].insert_many(others)
            server = start_parsepy("parsepy", uri, database, cores.server, folder)
            cleanup.callback(server.stop)
            fill(server, client, "Few", chosen.objects[0])
            servers[count] = server
            few = chosen.objects[0]
            cells.append(get_by_id(server, "Few", few, count, FLAT_ROWS[2]))
            cells.append(indexed_query(server, "Few", few, count, FLAT_ROWS[3]))
        first = servers[chosen.classes[0]]
        for count in chosen.objects:
            fill(first, client, f"Objects{count}", count)
            cells.append(get_by_id(first, f"Objects{count}", count, count, FLAT_ROWS[0]))
            cells.append(indexed_query(first, f"Objects{count}", count, count, FLAT_ROWS[1]))
        for size in chosen.bytes:
            name = f"Bytes{size}"
            fill(first, client, name, 50, size)
            cells.append(get_by_id(first, name, 50, size, LINEAR_ROWS[0]))
            cells.append(create(first, name, size, LINEAR_ROWS[1]))
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(measure(cells, chosen.rounds, chosen.requests))
        costs: Costs = {row: {} for row in (*FLAT_ROWS, *LINEAR_ROWS)}
        for cell in cells:
            costs[cell.row][cell.column] = cell.least
        return {
            "when": datetime.now(UTC).isoformat(timespec="seconds"),
            "costs": costs,
            "memory": {count: server.rss_bytes() for count, server in servers.items()},
        }


def main(words: Sequence[str] | None = None) -> int:
    """Run, print, write; 1 when an answer was wrong or, with --check, a cost grows too fast."""
    chosen = arguments(words)
    begin = time.perf_counter()
    try:
        report = bench(chosen)
    except (EmbeddedMongoError, ServerNotStarted, WrongAnswer, TimeoutError) as error:
        print(f"growth: {error or 'a server left requests unanswered'}", file=sys.stderr)
        return 1
    chosen.json.parent.mkdir(parents=True, exist_ok=True)
    chosen.json.write_text(json.dumps(report, indent=2) + "\n")
    print(table(report["costs"]))
    memory = ", ".join(
        f"{count}: {size / 2**20:.0f} MiB" for count, size in report["memory"].items()
    )
    print(f"memory by classes: {memory}; {time.perf_counter() - begin:.0f} s; {chosen.json}")
    missed = grown(report["costs"])
    for line in missed:
        print(f"not as promised: {line}")
    return 1 if chosen.check and missed else 0


if __name__ == "__main__":
    sys.exit(main())
