"""The soak: all kinds of work at a low rate for a long time; nothing may grow.

`python -m benchmarks.soak --minutes 20` starts a MongoDB and a server with the shop's templates
and rules, works as its customers and staff do (`soak_work.py`) with Live Query listeners beside,
and prints a line a minute. It exits 1 when an answer was another than expected, when an event was
missed, or when memory, latency, CPU time of a request or descriptors grew after the first quarter.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx
import uvloop

from benchmarks.processes import Server, ServerNotStarted, free_port, start_server
from benchmarks.run import ROOT, own_mongod, server_options, with_database
from benchmarks.soak_listeners import Listeners, Missed
from benchmarks.soak_work import Goods, Ledger, Pace, Person, Unexpected
from parsepy.storage.embedded import EmbeddedMongoError

LATEST = ROOT / "benchmarks" / "results" / "soak.json"
SHOP = {
    "schema": [str(ROOT / "schema" / name) for name in ("ecommerce.json", "shopping.json")],
    "cloud": str(ROOT / "cloud" / "main.py"),
    "liveQuery": {"classNames": ["Product", "Review", "SKU", "Order"]},
}
PEOPLE = 8
FAULTS = 20
"""After so many the run ends: it has failed."""


@dataclass(frozen=True, slots=True)
class Minute:
    """What one minute showed."""

    requests: int
    p50_ms: float
    p95_ms: float
    worst_ms: float
    event_ms: float
    """From a save until the last listener was told, the median."""
    cpu_us: float
    """CPU time of the server for each request."""
    rss_mib: float
    descriptors: int
    threads: int


@dataclass(frozen=True, slots=True)
class Bound:
    """How much a figure may be more in the last quarter than in the second."""

    name: str
    of: Callable[[Minute], float]
    times: float
    more: float
    by_clock: bool = False


BOUNDS = (
    Bound("memory, MiB", lambda minute: minute.rss_mib, 1.03, 2.0),
    Bound("descriptors", lambda minute: minute.descriptors, 1.0, 6.0),
    Bound("threads", lambda minute: minute.threads, 1.0, 2.0),
    Bound("CPU of a request, us", lambda minute: minute.cpu_us, 1.15, 50.0),
    Bound("latency (p50), ms", lambda minute: minute.p50_ms, 1.5, 3.0, by_clock=True),
    Bound("latency of events, ms", lambda minute: minute.event_ms, 1.5, 10.0, by_clock=True),
)


def growth(minutes: Sequence[Minute], *, by_clock: bool = True) -> list[str]:
    """What has grown: the medians of the last quarter beside those of the second one.

    ``by_clock``: latencies too, which say nothing where other programs take turns.
    """
    if len(minutes) < 4:
        return []
    quarter = len(minutes) // 4
    early, late = minutes[quarter : 2 * quarter], minutes[-quarter:]
    grown = []
    for bound in BOUNDS:
        if bound.by_clock and not by_clock:
            continue
        before = statistics.median(map(bound.of, early))
        after = statistics.median(map(bound.of, late))
        if after > before * bound.times + bound.more:
            grown.append(f"{bound.name}: {before:.1f} in the second quarter, {after:.1f} at last")
    return grown


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--mongo-uri", help="use this replica set instead of starting a mongod")
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--rate", type=float, default=60, help="requests a second, at most")
    parser.add_argument("--listeners", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=float, default=60, help="seconds of a line")
    parser.add_argument(
        "--beside-others", action="store_true", help="other programs run here: judge no latency"
    )
    parser.add_argument("--json", type=Path, default=LATEST, help="where to write the figures")
    return parser.parse_args(words)


def start(uri: str, folder: Path) -> Server:
    """Start a server with the shop; raises ServerNotStarted."""
    port, database = free_port(), f"soak_{secrets.token_hex(4)}"
    options = {**server_options(port, with_database(uri, database)), **SHOP}
    config = folder / "soak.json"
    config.write_text(json.dumps({**options, "silent": True, "logLevel": "error"}))
    return start_server(
        "parsepy",
        [sys.executable, "-m", "parsepy", "serve", "--config", str(config)],
        port=port,
        database=database,
        core=None,
        log=folder / "server.log",
        environment={},
    )


def cut(values: Sequence[float], share: float) -> float:
    """A percentile in milliseconds; 0 of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1e3 if ordered else 0.0


def look(server: Server, ledger: Ledger, cpu: float) -> Minute:
    """The figures since the last look, at which the server had used `cpu` seconds."""
    latencies, events = ledger.take()
    process = Path(f"/proc/{server.process.pid}")
    return Minute(
        requests=len(latencies),
        p50_ms=cut(latencies, 0.5),
        p95_ms=cut(latencies, 0.95),
        worst_ms=cut(latencies, 1.0),
        event_ms=cut(events, 0.5),
        cpu_us=(server.cpu_seconds() - cpu) / max(len(latencies), 1) * 1e6,
        rss_mib=server.rss_bytes() / 2**20,
        descriptors=len(list((process / "fd").iterdir())),
        threads=len(list((process / "task").iterdir())),
    )


HEAD = f"{'time':>7}{'requests':>10}{'p50':>8}{'p95':>8}{'worst':>9}{'event':>8} ms"
HEAD += f"{'CPU':>8} us{'memory':>9} MiB{'files':>7}{'threads':>9}{'faults':>8}"


def line(seconds: float, minute: Minute, faults: int) -> str:
    """One line of the report."""
    clock = f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
    return (
        f"{clock:>7}{minute.requests:>10}{minute.p50_ms:>8.1f}{minute.p95_ms:>8.1f}"
        f"{minute.worst_ms:>9.1f}{minute.event_ms:>8.1f}   {minute.cpu_us:>8.0f}   "
        f"{minute.rss_mib:>9.1f}    {minute.descriptors:>7}{minute.threads:>9}{faults:>8}"
    )


async def work(server: Server, chosen: argparse.Namespace) -> dict[str, Any]:
    """Let everybody act for the time; returns the report."""
    ledger, begin = Ledger(), time.monotonic()
    goods = Goods(server.port, Pace(chosen.rate), ledger)
    listeners = Listeners(server.port)
    people = [Person(goods, listeners, f"shopper{n}", chosen.seed) for n in range(PEOPLE)]
    minutes: list[Minute] = []
    over = asyncio.Event()

    async def busy(person: Person) -> None:
        while not over.is_set():
            try:
                await person.act()
            except (Unexpected, Missed, httpx.HTTPError, OSError) as error:
                ledger.faults.append(f"{type(error).__name__}: {error}")
                print(f"fault: {ledger.faults[-1]}", flush=True)
                if len(ledger.faults) >= FAULTS:
                    over.set()

    await goods.open()
    for person in people:
        await person.open()
    for number in range(chosen.listeners):
        token = people[number % PEOPLE].headers["X-Parse-Session-Token"]
        await listeners.open(token)
    ledger.take()
    acting = [asyncio.create_task(busy(person)) for person in people]
    begin, cpu = time.monotonic(), server.cpu_seconds()
    print(HEAD, flush=True)
    while not over.is_set() and (done := time.monotonic() - begin) < chosen.minutes * 60:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(chosen.every, chosen.minutes * 60 - done)):
                await over.wait()
        minutes.append(look(server, ledger, cpu))
        cpu = server.cpu_seconds()
        found = len(ledger.faults) + len(listeners.troubles)
        print(line(time.monotonic() - begin, minutes[-1], found), flush=True)
    over.set()
    await asyncio.gather(*acting)
    troubles = list(listeners.troubles)
    await listeners.close()
    await goods.http.aclose()
    return {
        "settings": {name: str(value) for name, value in vars(chosen).items()},
        "minutes": [asdict(minute) for minute in minutes],
        "kinds": {kind: dict(counts) for kind, counts in sorted(ledger.kinds.items())},
        "events": listeners.events,
        "faults": [*ledger.faults, *troubles],
        "grown": growth(minutes, by_clock=not chosen.beside_others),
    }


def main(words: Sequence[str] | None = None) -> int:
    """Run, print, write; 1 when something was wrong or grew."""
    chosen = arguments(words)
    with contextlib.ExitStack() as cleanup:
        folder = Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="parsepy-soak-")))
        try:
            uri = chosen.mongo_uri or cleanup.enter_context(own_mongod()).uri
            server = start(uri, folder)
        except (EmbeddedMongoError, ServerNotStarted) as error:
            print(f"soak: {error}", file=sys.stderr)
            return 1
        cleanup.callback(server.stop)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            report = runner.run(work(server, chosen))
    chosen.json.parent.mkdir(parents=True, exist_ok=True)
    chosen.json.write_text(json.dumps(report, indent=2) + "\n")
    counts = {kind: sum(of.values()) for kind, of in report["kinds"].items()}
    print(f"\nrequests by kind: {counts}; events: {report['events']}; figures in {chosen.json}")
    for text in (*report["faults"][:FAULTS], *report["grown"]):
        print(f"not as it should be: {text}")
    return 1 if report["faults"] or report["grown"] else 0


if __name__ == "__main__":
    sys.exit(main())
