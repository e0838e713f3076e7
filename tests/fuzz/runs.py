"""Servers for the fuzzer, and runs of many traces on one."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from tests.conftest import APP_ID, MASTER_KEY, database_in
from tests.fuzz.making import Maker
from tests.fuzz.play import Played, Target
from tests.fuzz.shrink import shrunk
from tests.fuzz.steps import Step
from tests.hostile.bystander import Bystander, Machine
from tests.hostile.served import memory_of
from tests.integration.test_cli import serving

CORPUS = Path(__file__).parent / "corpus"
LENGTH = 120
"""Steps of a trace."""
LONGEST_WAIT = 1.0
"""Seconds that a bystander may wait, on a machine that does nothing else."""
MOST_MEMORY = 400.0
"""MiB that the server may hold at any time."""
OPTIONS: dict[str, Any] = {
    "appId": APP_ID,
    "masterKey": MASTER_KEY,
    "allowClientClassCreation": True,
    "enableSanitizedErrorResponse": False,
}


@dataclass(slots=True)
class Fuzzed:
    """A served parsepy."""

    target: Target
    pid: int
    bystander: Bystander


@contextmanager
def fuzzed(mongo_uri: str, folder: Path) -> Iterator[Fuzzed]:
    """Serve parsepy in a process of its own, with the classes of the fuzzer."""
    options = {
        **OPTIONS,
        "databaseURI": database_in(mongo_uri, "fuzz"),
        "cloud": str(Path(__file__).parent / "cloud.py"),
        "mountGraphQL": True,
        "liveQuery": {"classNames": ["Letter", "Box", "Fence"]},
        "startLiveQueryServer": True,
        "verbose": False,
    }
    (folder / "parsepy.json").write_text(json.dumps(options))
    with (
        serving(folder, "--config", "parsepy.json") as server,
        MongoClient[dict[str, Any]](mongo_uri) as mongo,
    ):
        target = Target(server.url, APP_ID, MASTER_KEY, mongo["fuzz"])
        target.prepare()
        leaf = target.as_master("POST", "/classes/Leaf", {"text": "asked for again and again"})
        dump = target.as_master("POST", "/classes/Dump", {"list": [], "o": {}})
        target.dump = dump["objectId"]
        paths = {"health": "/parse/health", "get": f"/parse/classes/Leaf/{leaf['objectId']}"}
        headers = {"X-Parse-Application-Id": APP_ID}
        bystander = Bystander(server.port, headers, paths, every=0.05)
        yield Fuzzed(target, server.process.pid, bystander)
        bystander.close()
        target.close()


def played(target: Target, trace: list[Step]) -> Played:
    """Play a trace to its end, or to the first step with which something is wrong."""
    one = Played(target)
    try:
        for step in trace:
            one.play(step)
            if one.wrong:
                break
    finally:
        one.close()
    return one


def kind_of(wrong: str) -> str:
    """What is wrong, without the numbers and names of one trace."""
    said = wrong.partition("): ")[2]
    return "".join(" " if letter.isdigit() else letter for letter in said)[:24]


@dataclass(slots=True)
class Run:
    """What came of many traces."""

    traces: int = 0
    steps: int = 0
    faults: dict[str, tuple[int, list[Step], str]] = field(default_factory=dict)
    waited: float = 0.0
    shown: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> list[str]:
        """All that is wrong, one text each."""
        said = [
            f"seed {seed}: {wrong}\n" + "\n".join("  " + json.dumps(step) for step in trace)
            for seed, trace, wrong in self.faults.values()
        ]
        return said + self.shown


def run(server: Fuzzed, seconds: float, seed: int, *, shrinks: bool = True) -> Run:
    """Play traces, of one seed after another, until the time is over; each fault is made small."""
    made, end, machine = Run(), time.monotonic() + seconds, Machine(0.05)
    while time.monotonic() < end and len(made.faults) < 10:
        trace = Maker(seed).steps(LENGTH)
        machine.stretch()
        with server.bystander.asking() as waits:
            one = played(server.target, trace)
        stretch = machine.stretch()
        made.traces += 1
        made.steps += len(trace)
        made.waited = max(made.waited, waits.longest / stretch)
        if waits.longest / stretch > LONGEST_WAIT:
            made.shown.append(
                f"seed {seed}: a bystander waited {waits.longest:.2f} s, {waits.worst}, while the "
                f"machine was {stretch:.1f} times slower"
            )
        made.shown += [f"seed {seed}: a bystander got {failed}" for failed in waits.failed]
        memory = memory_of(server.pid)
        if memory > MOST_MEMORY:
            made.shown.append(f"seed {seed}: the server holds {memory:.0f} MiB")
        if one.wrong:
            kind = kind_of(one.wrong[0])
            if kind not in made.faults:
                print(f"seed {seed}: {one.wrong[0]}"[:1000], file=sys.stderr, flush=True)
                if shrinks:
                    trace = shrunk(trace[: one.count], partial(shows, server.target, kind))
                made.faults[kind] = (seed, trace, one.wrong[0])
        seed += 1
        if made.traces % 10 == 0:
            print(f"{made.traces} traces, {made.steps} steps", file=sys.stderr, flush=True)
    machine.close()
    return made


def shows(target: Target, kind: str, trace: list[Step]) -> bool:
    """Does a trace show a fault of this kind?"""
    return any(kind_of(wrong) == kind for wrong in played(target, trace).wrong)


def corpus() -> dict[str, list[Step]]:
    """The traces that are kept, by the names of their files."""
    return {
        path.stem: json.loads(path.read_text(encoding="utf-8"))["steps"]
        for path in sorted(CORPUS.glob("*.json"))
    }
