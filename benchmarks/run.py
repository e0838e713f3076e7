"""`make bench`: parsepy and Parse Server in turn on one mongod, one core each, answers checked."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import platform
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvloop
from pymongo import MongoClient

from benchmarks.browsing import BROWSING, CatalogueScenario
from benchmarks.catalogue import index_catalogue, stock_catalogue
from benchmarks.graphql import BY_GRAPHQL, against_rest
from benchmarks.load import HOST, BrokenAnswer, drive
from benchmarks.processes import Cores, Server, ServerNotStarted, free_port, start_server
from benchmarks.report import Slice, compare, shortfalls, slice_of, table
from benchmarks.scenarios import BASIC, Scenario
from benchmarks.shop import (
    APP_ID,
    MASTER_KEY,
    MOUNT,
    REST_KEY,
    Shop,
    WrongAnswer,
    check_permissions,
    copy_database,
    open_shop,
)
from parsepy.storage.embedded import EmbeddedMongo, EmbeddedMongoError
from parsepy.storage.native import SWITCH

ROOT = Path(__file__).resolve().parent.parent
CLOUD = Path(__file__).parent / "cloud"
LATEST = ROOT / "benchmarks" / "results" / "latest.json"
REFERENCE = ROOT / "tests" / "reference"
BASELINE, CONTENDER = "Parse Server", "parsepy"
SCENARIOS = (*BASIC, *BROWSING, *BY_GRAPHQL)
"""A new line here is a new line in the report."""
AT_ONE = ", at one"
"""What the name of a scenario gets where its requests are sent one after the other."""


@dataclass(slots=True)
class Side:
    """One of the two servers in the run, its scenarios and what was measured on them."""

    server: Server
    scenarios: Sequence[Scenario]
    slices: dict[str, list[Slice]] = field(default_factory=dict)
    sent: dict[str, int] = field(default_factory=dict)
    idle_bytes: int = 0


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mongo-uri", help="use this replica set instead of starting a mongod")
    parser.add_argument("--rounds", type=int, default=5, help="measured rounds (default 5)")
    parser.add_argument(
        "--budget", type=float, default=400, help="seconds of load in all, warm-up included"
    )
    parser.add_argument("--max-requests", type=int, default=20_000, help="limit of one slice")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--quick", action="store_true", help="3 rounds in 90 seconds")
    parser.add_argument("--only", metavar="TEXT", help="only scenarios whose name contains this")
    parser.add_argument(
        "--contender",
        choices=["parsepy", "parse-server"],
        default="parsepy",
        help="parse-server on both sides shows the harness itself: all ratios must be about 1",
    )
    parser.add_argument(
        "--both-readers", action="store_true", help="a second column: without the native reader"
    )
    parser.add_argument("--check", action="store_true", help="exit 1 if a promise is not kept")
    parser.add_argument("--min-ratio", type=float, default=2.5, help="promised, by CPU")
    parser.add_argument(
        "--max-rest", type=float, default=1.35, help="promised of GraphQL, in our own REST's CPU"
    )
    parser.add_argument("--max-memory", type=float, default=0.5, help="promised, of the baseline")
    parser.add_argument("--json", type=Path, default=LATEST, help="where to write the figures")
    chosen = parser.parse_args(words)
    if chosen.quick:
        chosen.rounds, chosen.budget = 3, 90.0
    if not any((chosen.only or "") in scenario.name for scenario in SCENARIOS):
        parser.error(f"no scenario is called like {chosen.only!r}")
    return chosen


def server_options(port: int, database_uri: str) -> dict[str, Any]:
    """The options that both servers get, under Parse Server's names; the rest is default."""
    return {
        "appId": APP_ID,
        "masterKey": MASTER_KEY,
        "restAPIKey": REST_KEY,
        "schema": {"definitions": []},
        "databaseURI": database_uri,
        "serverURL": f"http://{HOST}:{port}{MOUNT}",
        "host": HOST,
        "port": port,
        "mountPath": MOUNT,
        "allowClientClassCreation": True,
        "mountGraphQL": True,
    }


def start_parse_server(
    name: str,
    uri: str,
    database: str,
    core: int,
    folder: Path,
    more: Mapping[str, Any] | None = None,
) -> Server:
    """Start Parse Server as in production, without any log file; `more` are further options."""
    if not (REFERENCE / "node_modules" / "parse-server").is_dir():
        raise ServerNotStarted("Parse Server is missing: run `npm ci` in tests/reference")
    port = free_port()
    options = {**server_options(port, with_database(uri, database)), **(more or {})}
    options["cloud"] = str(CLOUD / "main.js")
    quiet = {"silent": True, "logLevel": "error", "logsFolder": None, "verifyServerUrl": False}
    command = ["node", str(REFERENCE / "server.js"), json.dumps({**options, **quiet})]
    return start_server(
        name,
        command,
        port=port,
        database=database,
        core=core,
        log=folder / f"{database}.log",
        environment={"NODE_ENV": "production"},
    )


def start_parsepy(
    name: str,
    uri: str,
    database: str,
    core: int,
    folder: Path,
    more: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Server:
    """Start parsepy from this checkout with the same options, and `more`."""
    port = free_port()
    config = folder / f"{database}.json"
    options = {**server_options(port, with_database(uri, database)), **(more or {})}
    quiet = {"silent": True, "logLevel": "error"}  # as on the other side: nobody writes lines
    config.write_text(json.dumps({**options, "cloud": str(CLOUD / "main.py"), **quiet}))
    command = [sys.executable, "-m", "parsepy", "serve", "--config", str(config)]
    return start_server(
        name,
        command,
        port=port,
        database=database,
        core=core,
        log=folder / f"{database}.log",
        environment=environment or {},
    )


def with_database(uri: str, database: str) -> str:
    """The same MongoDB address, naming `database`."""
    address, _, options = uri.partition("?")
    scheme, _, rest = address.partition("://")
    hosts = rest.partition("/")[0]
    return f"{scheme}://{hosts}/{database}" + (f"?{options}" if options else "")


def loads(scenario: Scenario, chosen: argparse.Namespace) -> Iterator[tuple[str, int, float]]:
    """Give the names, connections and shares of what a scenario is measured under.

    Those are the run's connections and one, or as many as the scenario wants.
    """
    yield scenario.name, scenario.connections or chosen.connections, scenario.share
    if scenario.connections is None and chosen.connections > 1:
        yield scenario.name + AT_ONE, 1, scenario.share / 2


async def measure(
    side: Side,
    scenario: Scenario,
    seconds: float,
    chosen: argparse.Namespace,
    connections: int,
) -> Slice:
    """Put one server under one scenario; raises WrongAnswer at the first burst with a fault."""
    first = side.sent.get(scenario.name, 0)
    cpu = side.server.cpu_seconds()
    burst = await drive(
        side.server.port,
        scenario.payloads,
        scenario.check,
        first=first,
        connections=connections,
        seconds=seconds,
        max_requests=chosen.max_requests,
    )
    spent = side.server.cpu_seconds() - cpu
    side.sent[scenario.name] = first + len(burst.latencies)
    if burst.faults:
        raise WrongAnswer(
            f"{side.server.name}, {scenario.name}: {len(burst.faults)} wrong answers of "
            f"{len(burst.latencies)}, the first: {burst.faults[0]}"
        )
    return slice_of(burst.latencies, burst.seconds, spent)


async def alternate(sides: Sequence[Side], chosen: argparse.Namespace) -> None:
    """The warm-up round and the measured ones; the server that goes first changes every time."""
    lines = [
        (position, *load)
        for position, scenario in enumerate(sides[0].scenarios)
        for load in loads(scenario, chosen)
    ]
    shares = sum(share for *_, share in lines)
    seconds = chosen.budget / (len(sides) * shares * (chosen.rounds + 1))
    turn = 0
    for number in range(chosen.rounds + 1):
        print(
            f"round {number} of {chosen.rounds}" + (" (warm-up)" if not number else ""), flush=True
        )
        for position, name, connections, share in lines:
            turn += 1
            for side in sides if turn % 2 else reversed(sides):
                scenario = side.scenarios[position]
                figures = await measure(side, scenario, seconds * share, chosen, connections)
                if number:
                    side.slices.setdefault(name, []).append(figures)


def settle(sides: Sequence[Side], client: MongoClient[dict[str, Any]]) -> None:
    """Compare what was acknowledged with what the database holds; raises WrongAnswer."""
    for side in sides:
        for scenario in side.scenarios:
            faults = scenario.settle(client[side.server.database])
            if faults:
                raise WrongAnswer(f"{side.server.name}, {scenario.name}: {faults[0]}")


def summary(sides: Sequence[Side], cores: Cores, chosen: argparse.Namespace) -> dict[str, Any]:
    """Everything the run found, as written to the JSON file."""
    contender, baseline, *others = sides
    scenarios: dict[str, Any] = {}
    for scenario in contender.scenarios:
        name = scenario.name
        line = scenarios[name] = compare(contender.slices[name], baseline.slices[name])
        line["promised"] = _promised(scenario, chosen)
        for without in others:
            line["without_reader"] = compare(without.slices[name], baseline.slices[name])
        if (alone := name + AT_ONE) in contender.slices:
            line["at_one"] = compare(contender.slices[alone], baseline.slices[alone])
            line["at_one"]["promised"] = scenario.promised_at_one
    after = {"contender": contender.server.rss_bytes(), "baseline": baseline.server.rss_bytes()}
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "names": {"contender": contender.server.name, "baseline": baseline.server.name},
        "machine": {
            "python": platform.python_version(),
            "kernel": platform.release(),
            "cores": {"server": cores.server, "driver_and_mongod": cores.driver},
            "load_average": os.getloadavg(),
        },
        "settings": {
            "rounds": chosen.rounds,
            "budget_seconds": chosen.budget,
            "connections": chosen.connections,
        },
        "scenarios": scenarios,
        "against_rest": {
            side: against_rest(
                {name: line[side]["cpu_us_per_request"] for name, line in scenarios.items()}
            )
            for side in ("contender", "baseline")
        },
        "memory": {
            "contender": {"idle": contender.idle_bytes, "after": after["contender"]},
            "baseline": {"idle": baseline.idle_bytes, "after": after["baseline"]},
            "share_idle": contender.idle_bytes / baseline.idle_bytes,
            "share_after": after["contender"] / after["baseline"],
        },
        "start_seconds": {
            "contender": contender.server.start_seconds,
            "baseline": baseline.server.start_seconds,
        },
    }


def _promised(scenario: Scenario, chosen: argparse.Namespace) -> float | None:
    """What a scenario promises in this run, if it has a promise of its own."""
    is_own = scenario.connections is not None or chosen.connections > 1
    return scenario.promised if is_own else None


@contextlib.contextmanager
def both_servers(
    uri: str, client: MongoClient[dict[str, Any]], cores: Cores, chosen: argparse.Namespace
) -> Iterator[tuple[Sequence[Side], Shop]]:
    """Both servers up, each over its own copy of the same shop; stopped and dropped at the end.

    Parse Server writes the shop, and the contender opens a copy: ids, ACLs, password hashes and
    the very session token are the same on both sides. ``--both-readers`` adds a third, parsepy
    without the native reader.
    """
    mark = f"bench_{secrets.token_hex(4)}"
    folder = Path(tempfile.mkdtemp(prefix="parsepy-bench-"))
    ours = start_parsepy if chosen.contender == "parsepy" else start_parse_server
    name = CONTENDER if chosen.contender == "parsepy" else f"{BASELINE} 2"
    wanted = [scenario for scenario in SCENARIOS if (chosen.only or "") in scenario.name]
    with contextlib.ExitStack() as cleanup:
        cleanup.callback(shutil.rmtree, folder, ignore_errors=True)
        for database in (f"{mark}_a", f"{mark}_b"):
            cleanup.callback(client.drop_database, database)
        baseline = start_parse_server(BASELINE, uri, f"{mark}_b", cores.server, folder)
        cleanup.callback(baseline.stop)
        idle = baseline.rss_bytes()
        shop = open_shop(baseline.port)
        if any(issubclass(scenario, CatalogueScenario) for scenario in wanted):
            shop.catalogue = stock_catalogue(baseline.port, shop)
            index_catalogue(client, f"{mark}_b")
        copy_database(client, f"{mark}_b", f"{mark}_a")
        contender = ours(name, uri, f"{mark}_a", cores.server, folder)
        cleanup.callback(contender.stop)
        sides: tuple[Side, ...] = (
            Side(contender, [scenario(shop) for scenario in wanted]),
            Side(baseline, [scenario(shop) for scenario in wanted], idle_bytes=idle),
        )
        sides[0].idle_bytes = contender.rss_bytes()
        if not chosen.both_readers:
            yield sides, shop
            return
        copy_database(client, f"{mark}_b", f"{mark}_c")
        cleanup.callback(client.drop_database, f"{mark}_c")
        off = {SWITCH: "off"}
        without = start_parsepy("without reader", uri, f"{mark}_c", cores.server, folder, None, off)
        cleanup.callback(without.stop)
        yield (*sides, Side(without, [scenario(shop) for scenario in wanted])), shop


@contextlib.contextmanager
def own_mongod() -> Iterator[EmbeddedMongo]:
    """A mongod for this run only, in a folder that is removed with it."""
    with (
        tempfile.TemporaryDirectory(prefix="parsepy-bench-mongod-") as folder,
        EmbeddedMongo.start(Path(folder)) as mongod,
    ):
        yield mongod


def bench(chosen: argparse.Namespace) -> dict[str, Any]:
    """One whole run; returns the report. Raises ServerNotStarted, WrongAnswer or BrokenAnswer."""
    cores = Cores.available()
    # Everything started from here on, the mongod included, shares the driver's core.
    os.sched_setaffinity(0, {cores.driver})
    with contextlib.ExitStack() as cleanup:
        uri = chosen.mongo_uri or cleanup.enter_context(own_mongod()).uri
        client: MongoClient[dict[str, Any]] = cleanup.enter_context(MongoClient(uri))
        sides, shop = cleanup.enter_context(both_servers(uri, client, cores, chosen))
        for side in sides:
            faults = check_permissions(side.server.port, shop)
            if faults:
                raise WrongAnswer(f"{side.server.name} let through {faults[0]}")
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(alternate(sides, chosen))
        report = summary(sides, cores, chosen)
        settle(sides, client)
        return report


def main(words: Sequence[str] | None = None) -> int:
    """Run, print, write; 1 when an answer was wrong or, with --check, a promise is not kept."""
    chosen = arguments(words)
    begin = time.perf_counter()
    try:
        report = bench(chosen)
    except (EmbeddedMongoError, ServerNotStarted, WrongAnswer, BrokenAnswer, TimeoutError) as error:
        print(f"bench: {error or 'a server left requests unanswered'}", file=sys.stderr)
        return 1
    chosen.json.parent.mkdir(parents=True, exist_ok=True)
    chosen.json.write_text(json.dumps(report, indent=2) + "\n")
    print("\n" + table(report))
    print(f"\nanswers checked; {time.perf_counter() - begin:.0f} s; figures in {chosen.json}")
    if chosen.contender != "parsepy" and not chosen.check:
        return 0
    missed = shortfalls(
        report,
        min_ratio=chosen.min_ratio,
        max_memory=chosen.max_memory,
        max_rest=chosen.max_rest,
    )
    for line in missed:
        print(f"not reached: {line}")
    return 1 if chosen.check and missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
