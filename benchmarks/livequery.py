"""Live Query under load: parsepy and Parse Server in turn, every event of every client counted."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import secrets
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import uvloop
from pymongo import MongoClient

from benchmarks.live_clients import BenchClient, Crowd, LostClient, ask_all, open_clients
from benchmarks.live_loads import LOADS, PER_CLIENT, USERS, Account, LiveWrite, Load, writes_of
from benchmarks.load import HOST, BrokenAnswer, request_bytes
from benchmarks.processes import Cores, Server, ServerNotStarted
from benchmarks.run import BASELINE, ROOT, own_mongod, start_parse_server, start_parsepy
from benchmarks.shop import APP_ID, CLIENT, MASTER, MOUNT, REST_KEY, WrongAnswer
from parsepy.storage.embedded import EmbeddedMongoError

LATEST = ROOT / "benchmarks" / "results" / "livequery.json"
CLASSES = [load.class_name for load in LOADS]
WRITE_SECONDS = 30.0
"""How long the events of one write may take before they count as missed."""
TICK = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Figures:
    """One server under one load."""

    events: int
    missed: int
    doubled: int
    seconds: float
    cpu_seconds: float
    p50_ms: float
    p99_ms: float

    @property
    def cpu_per_thousand(self) -> float:
        """Server CPU seconds of 1,000 events, the writes included."""
        return self.cpu_seconds / self.events * 1000


@dataclass(slots=True)
class LiveSide:
    """A server in the run, its users, and what was measured."""

    server: Server
    users: list[tuple[str, str]] = field(default_factory=list)
    """Id and session token of each."""
    connection_bytes: float | None = None
    """What the first connections cost, with their subscriptions; later ones reuse memory."""
    figures: dict[str, list[Figures]] = field(default_factory=dict)


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.livequery", description=__doc__)
    parser.add_argument("--mongo-uri", help="use this replica set instead of starting a mongod")
    parser.add_argument("--connections", type=int, default=1000, help="a multiple of 100")
    parser.add_argument("--writes", type=int, default=50, help="of the load that everybody matches")
    parser.add_argument("--few-writes", type=int, default=200, help="of the load that 1 %% match")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--budget", type=float, default=60, help="most seconds of one load")
    parser.add_argument("--quick", action="store_true", help="one small round, a few seconds")
    parser.add_argument("--only", metavar="TEXT", help="only loads whose name contains this")
    parser.add_argument("--without-streams", action="store_true", help="only the direct transport")
    parser.add_argument("--check", action="store_true", help="exit 1 if the promise is not kept")
    parser.add_argument("--min-ratio", type=float, default=3.0, help="events per CPU second")
    parser.add_argument("--json", type=Path, default=LATEST, help="where to write the figures")
    chosen = parser.parse_args(words)
    if chosen.quick:
        chosen.connections, chosen.writes, chosen.few_writes, chosen.rounds = 100, 6, 20, 1
        chosen.without_streams = True
    if chosen.connections < 100 or chosen.connections % 100:
        parser.error("--connections must be a multiple of 100")
    return chosen


# --- writing ------------------------------------------------------------------------------------


class Writer:
    """One keep-alive HTTP connection that writes with the master key."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int) -> Writer:
        """Connect; raises OSError."""
        return cls(*await asyncio.open_connection(HOST, port))

    def send(self, method: str, path: str, body: object, headers: Any = MASTER) -> None:
        """Send a request."""
        self._writer.write(request_bytes(method, MOUNT + path, headers, body))

    async def answer(self) -> dict[str, Any]:
        """Read one answer; raises WrongAnswer unless it is a success, BrokenAnswer if it is cut."""
        try:
            head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
            size = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
            body = await self._reader.readexactly(size)
        except (asyncio.IncompleteReadError, ValueError) as error:
            raise BrokenAnswer(f"no whole answer to a write: {error}") from error
        if head[9:10] != b"2":
            raise WrongAnswer(f"a write was refused: {body[:300]!r}")
        answer: dict[str, Any] = json.loads(body)
        return answer

    def close(self) -> None:
        """Close the connection."""
        self._writer.close()


async def sign_up(side: LiveSide) -> None:
    """Sign up the users whose orders are written, and create the classes."""
    writer = await Writer.open(side.server.port)
    for number in range(USERS):
        body = {"username": f"shopper {number}", "password": "correct horse"}
        writer.send("POST", "/users", body, CLIENT)
        made = await writer.answer()
        side.users.append((made["objectId"], made["sessionToken"]))
    for load in LOADS:  # the classes are there, with their columns, before any client subscribes
        made_up = load.fields(LiveWrite(0, 0, 0), [user for user, _ in side.users])
        writer.send("POST", f"/classes/{load.class_name}", made_up)
        await writer.answer()
    writer.close()


# --- one load -----------------------------------------------------------------------------------


async def measure(side: LiveSide, load: Load, count: int, chosen: argparse.Namespace) -> Figures:
    """Put one server under one load.

    Raises WrongAnswer for an event that no client should have got, or LostClient,
    BrokenAnswer, OSError.
    """
    before = side.server.rss_bytes()
    crowd = Crowd()
    clients = await open_clients(side.server.port, chosen.connections, MOUNT, crowd)
    try:
        await subscribe(side, load, clients, crowd)
        if side.connection_bytes is None:
            side.connection_bytes = (side.server.rss_bytes() - before) / len(clients)
        account = Account(load, writes_of(count), len(clients))
        cpu = side.server.cpu_seconds()
        await write_all(side, account, clients, crowd, chosen.budget)
        cpu = side.server.cpu_seconds() - cpu
        # what is answered last has everything before it
        for number, moment, frame in await ask_all(
            clients,
            crowd,
            lambda _: [{"op": "unsubscribe", "requestId": n + 1} for n in range(PER_CLIENT)],
            "unsubscribed",
        ):
            account.came(number, moment, frame)
    finally:
        for client in clients:
            client.leave()
    return figures_of(account, max(cpu, TICK))


async def subscribe(side: LiveSide, load: Load, clients: list[BenchClient], crowd: Crowd) -> None:
    """Connect every client and make its subscriptions."""

    def connect(number: int) -> list[dict[str, Any]]:
        message = {"op": "connect", "applicationId": APP_ID, "restAPIKey": REST_KEY}
        if load.signed_in:
            message["sessionToken"] = side.users[number % USERS][1]
        return [message]

    def subscriptions(number: int) -> list[dict[str, Any]]:
        return [
            {
                "op": "subscribe",
                "requestId": n + 1,
                "query": {"className": load.class_name, "where": load.where(number, n)},
            }
            for n in range(PER_CLIENT)
        ]

    await ask_all(clients, crowd, connect, "connected")
    await ask_all(clients, crowd, subscriptions, "subscribed")


async def write_all(
    side: LiveSide, account: Account, clients: list[BenchClient], crowd: Crowd, budget: float
) -> None:
    """Make one write after the other, each when the events of the one before have arrived."""
    end = time.perf_counter() + budget
    load, users = account.load, [user for user, _ in side.users]
    path = f"/classes/{load.class_name}"
    made: list[str] = []
    due = crowd.frames
    writer = await Writer.open(side.server.port)
    try:
        for write in account.writes:
            if time.perf_counter() > end:
                break
            due += account.due(write)
            account.sent[write.number] = time.perf_counter()
            if write.is_create:
                writer.send("POST", path, load.fields(write, users))
                made.append((await writer.answer())["objectId"])
            else:
                body = {"number": write.number}
                writer.send("PUT", f"{path}/{made[write.made_by]}", body)
                await writer.answer()
            await crowd.until(due, WRITE_SECONDS)
            enter(account, clients)
    finally:
        writer.close()


def enter(account: Account, clients: list[BenchClient]) -> None:
    """Enter the frames that have arrived into the account."""
    for number, client in enumerate(clients):
        for moment, text in client.take():
            account.came(number, moment, orjson.loads(text))


def figures_of(account: Account, cpu_seconds: float) -> Figures:
    """Compute the figures of a load; raises WrongAnswer for a wrong event, or too few."""
    if account.strays:
        raise WrongAnswer(f"{len(account.strays)} wrong events, the first {account.strays[0]}")
    if len(account.latencies) < 2:
        raise WrongAnswer("hardly an event arrived")
    cuts = statistics.quantiles(account.latencies, n=100, method="inclusive")
    return Figures(
        len(account.latencies),
        account.missed(),
        account.doubled(),
        account.seconds(),
        cpu_seconds,
        cuts[49] * 1e3,
        cuts[98] * 1e3,
    )


# --- the run ------------------------------------------------------------------------------------


@contextlib.contextmanager
def servers(uri: str, core: int, chosen: argparse.Namespace) -> Iterator[list[LiveSide]]:
    """Parse Server and parsepy, with each event transport; stopped and dropped at the end."""
    mark = f"live_{secrets.token_hex(4)}"
    folder = Path(tempfile.mkdtemp(prefix="parsepy-live-"))
    live = {"classNames": CLASSES}
    transports = {"parsepy": "direct", "parsepy (streams)": "changeStreams"}
    if chosen.without_streams:
        del transports["parsepy (streams)"]
    with contextlib.ExitStack() as cleanup:
        cleanup.callback(shutil.rmtree, folder, ignore_errors=True)
        client: MongoClient[dict[str, Any]] = cleanup.enter_context(MongoClient(uri))
        sides = []
        for number, (name, transport) in enumerate(transports.items()):
            options: dict[str, Any] = {"liveQuery": {**live, "carrier": transport}}
            database = f"{mark}_{number}"
            cleanup.callback(client.drop_database, database)
            server = start_parsepy(name, uri, database, core, folder, options)
            cleanup.callback(server.stop)
            sides.append(LiveSide(server))
        options = {"liveQuery": live, "startLiveQueryServer": True}
        cleanup.callback(client.drop_database, mark)
        server = start_parse_server(BASELINE, uri, mark, core, folder, options)
        cleanup.callback(server.stop)
        yield [*sides, LiveSide(server)]


async def alternate(sides: list[LiveSide], chosen: argparse.Namespace) -> None:
    """A short warm-up, then the rounds; the server that goes first changes every time."""
    loads = [load for load in LOADS if (chosen.only or "") in load.name]
    for side in sides:
        await sign_up(side)
    turn = 0
    for number in range(chosen.rounds + 1):
        for load in loads:
            turn += 1
            count = chosen.few_writes if load.signed_in else chosen.writes
            for side in sides if turn % 2 else reversed(sides):
                figures = await measure(side, load, count if number else max(2, count // 5), chosen)
                print_figures(number, load, side, figures)
                if number:
                    side.figures.setdefault(load.name, []).append(figures)


def print_figures(number: int, load: Load, side: LiveSide, figures: Figures) -> None:
    """Print the figures of one measurement."""
    print(
        f"round {number}, {load.name}, {side.server.name}: {figures.events} events, "
        f"{figures.missed} missed, {figures.doubled} doubled, {figures.seconds:.2f} s, "
        f"{figures.cpu_seconds:.2f} s of CPU",
        flush=True,
    )


def summary(sides: Sequence[LiveSide]) -> dict[str, Any]:
    """Everything the run found, as written to the JSON file."""
    loads: dict[str, Any] = {}
    baseline = sides[-1]
    for name in baseline.figures:
        theirs = medians(baseline.figures[name])
        loads[name] = {}
        for side in sides:
            ours = medians(side.figures[name])
            ratio = theirs["cpu_per_thousand"] / ours["cpu_per_thousand"]
            loads[name][side.server.name] = {**ours, "ratio": ratio}
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "loads": loads,
        "connection_bytes": {side.server.name: side.connection_bytes or 0.0 for side in sides},
        "rounds": {
            side.server.name: {
                name: [asdict(one) for one in rounds] for name, rounds in side.figures.items()
            }
            for side in sides
        },
    }


def medians(rounds: Sequence[Figures]) -> dict[str, float]:
    """Compute medians over the rounds; events, missed and doubled ones are added up."""
    median = statistics.median
    return {
        "events": sum(one.events for one in rounds),
        "missed": sum(one.missed for one in rounds),
        "doubled": sum(one.doubled for one in rounds),
        "events_per_second": median(one.events / one.seconds for one in rounds),
        "cpu_per_thousand": median(one.cpu_per_thousand for one in rounds),
        "p50_ms": median(one.p50_ms for one in rounds),
        "p99_ms": median(one.p99_ms for one in rounds),
    }


def table(report: dict[str, Any]) -> str:
    """The report as lines to read."""
    lines = []
    for name, sides in report["loads"].items():
        lines.append(
            f"{name:28}{'events/s':>10}{'CPU s/1,000':>13}{'times':>7}{'p50 ms':>9}{'p99 ms':>9}"
            f"{'missed':>8}{'doubled':>9}"
        )
        lines += [
            f"  {side:26}{line['events_per_second']:>10,.0f}{line['cpu_per_thousand']:>13.4f}"
            f"{line['ratio']:>7.2f}{line['p50_ms']:>9.1f}{line['p99_ms']:>9.1f}"
            f"{line['missed']:>8}{line['doubled']:>9}"
            for side, line in sides.items()
        ]
    lines.append("KiB of a connection with its subscriptions, at first")
    lines += [
        f"  {side:26}{bytes_ / 1024:>10.1f}" for side, bytes_ in report["connection_bytes"].items()
    ]
    return "\n".join(lines)


def losses(report: dict[str, Any]) -> list[str]:
    """List where parsepy missed or doubled an event, which is never allowed."""
    return [
        f"{name}, {side}: {line['missed']} events missed, {line['doubled']} doubled"
        for name, side, line in _ours(report)
        if line["missed"] or line["doubled"]
    ]


def shortfalls(report: dict[str, Any], min_ratio: float) -> list[str]:
    """List where parsepy's events per CPU second are less than promised."""
    return [
        f"{name}, {side}: {line['ratio']:.2f} times better by CPU, promised {min_ratio}"
        for name, side, line in _ours(report)
        if line["ratio"] < min_ratio
    ]


def _ours(report: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, float]]]:
    for name, sides in report["loads"].items():
        for side, line in sides.items():
            if side != BASELINE:
                yield name, side, line


def bench(chosen: argparse.Namespace) -> dict[str, Any]:
    """One whole run; returns the report. Raises ServerNotStarted, WrongAnswer, LostClient, ..."""
    cores = Cores.available()
    usual = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cores.driver})
    try:
        with contextlib.ExitStack() as cleanup:
            uri = chosen.mongo_uri or cleanup.enter_context(own_mongod()).uri
            sides = cleanup.enter_context(servers(uri, cores.server, chosen))
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(alternate(sides, chosen))
            return summary(sides)
    finally:
        os.sched_setaffinity(0, usual)


def main(words: Sequence[str] | None = None) -> int:
    """Run, print, write; 1 for a lost or wrong event; with --check, for a promise not kept."""
    chosen = arguments(words)
    try:
        report = bench(chosen)
    except (
        EmbeddedMongoError,
        ServerNotStarted,
        WrongAnswer,
        BrokenAnswer,
        LostClient,
        OSError,
    ) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    chosen.json.parent.mkdir(parents=True, exist_ok=True)
    chosen.json.write_text(json.dumps(report, indent=2) + "\n")
    print("\n" + table(report) + f"\n\nfigures in {chosen.json}")
    lost, slow = losses(report), shortfalls(report, chosen.min_ratio)
    for line in lost + slow:
        print(f"not reached: {line}")
    return 1 if lost or (chosen.check and slow) else 0


if __name__ == "__main__":
    raise SystemExit(main())
