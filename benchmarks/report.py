"""From raw slices to figures: medians, ratios, the verdict, the table that people read."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

BUSY = 0.85
"""Below this share of its core, a server was not what limited the requests per second."""


@dataclass(frozen=True, slots=True)
class Slice:
    """One server under one scenario for a few seconds."""

    requests: int
    seconds: float
    cpu_seconds: float
    p50_ms: float
    p99_ms: float

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds

    @property
    def cpu_us(self) -> float:
        """Server CPU time per request, in microseconds."""
        return self.cpu_seconds / self.requests * 1e6


def slice_of(latencies: Sequence[float], seconds: float, cpu_seconds: float) -> Slice:
    """The figures of one burst; raises ValueError when it had fewer than two answers."""
    if len(latencies) < 2:
        raise ValueError("a slice with fewer than two answers says nothing")
    cuts = statistics.quantiles(latencies, n=100, method="inclusive")
    return Slice(len(latencies), seconds, cpu_seconds, cuts[49] * 1e3, cuts[98] * 1e3)


def figures(slices: Sequence[Slice]) -> dict[str, float]:
    """The medians over the rounds of one server in one scenario."""
    median = statistics.median
    return {
        "requests": sum(one.requests for one in slices),
        "requests_per_second": median(one.rate for one in slices),
        "cpu_us_per_request": median(one.cpu_us for one in slices),
        "p50_ms": median(one.p50_ms for one in slices),
        "p99_ms": median(one.p99_ms for one in slices),
        "core_busy": median(one.cpu_seconds / one.seconds for one in slices),
    }


def compare(contender: Sequence[Slice], baseline: Sequence[Slice]) -> dict[str, Any]:
    """Both servers' medians, and how many times better the contender is; above 1 is better.

    The slices are paired by round: the lowest and highest ratio of a round show the spread.
    """
    ours, theirs = figures(contender), figures(baseline)
    rounds = [b.cpu_us / c.cpu_us for c, b in zip(contender, baseline, strict=True)]
    return {
        "contender": ours,
        "baseline": theirs,
        "ratios": {
            "requests_per_second": ours["requests_per_second"] / theirs["requests_per_second"],
            "cpu": theirs["cpu_us_per_request"] / ours["cpu_us_per_request"],
            "cpu_lowest_round": min(rounds),
            "cpu_highest_round": max(rounds),
        },
        "rounds": {
            "contender": [asdict(one) for one in contender],
            "baseline": [asdict(one) for one in baseline],
        },
    }


def shortfalls(
    report: dict[str, Any], *, min_ratio: float, max_memory: float, max_rest: float = math.inf
) -> list[str]:
    """Which promises the report does not keep: CPU ratios, share of memory, GraphQL beside REST.

    A scenario's own promise counts for more than ``min_ratio``.
    """
    missed = []
    for name, line in report["scenarios"].items():
        for where, figures_ in ((name, line), (f"{name}, at one", line.get("at_one"))):
            if figures_ is None:
                continue
            promised = figures_.get("promised")
            promised = min_ratio if promised is None else promised
            if figures_["ratios"]["cpu"] < promised:
                times = f"{figures_['ratios']['cpu']:.2f} times better by CPU"
                missed.append(f"{where}: {times}, promised {promised}")
    for name, times in report.get("against_rest", {}).get("contender", {}).items():
        if times > max_rest:
            missed.append(f"{name}: {times:.2f} times REST's CPU, limit {max_rest}")
    share = report["memory"]["share_after"]
    if share >= max_memory:
        missed.append(f"memory: {share:.2f} of the baseline's after the run, limit {max_memory}")
    return missed


def table(report: dict[str, Any]) -> str:
    """The report as lines to read."""
    names = report["names"]
    ours, theirs = names["contender"], names["baseline"]
    width = max(len(name) for name in [*report["scenarios"], "memory after run"]) + 1
    cell = max(len(ours), len(theirs), 7) + 2
    pair = f"{ours:>{cell}}{theirs:>{cell}}"
    times = f"{'times':>7}"
    lines = [
        f"{'':{width}}{'requests/s':>{2 * cell}}{'':7}{'server CPU us/request':>{2 * cell}}"
        f"{'':29}{'p50 ms':>{2 * cell}}{'p99 ms':>{2 * cell}}",
        f"{'':{width}}{pair}{times}{pair}{times}{'(rounds)':>14}{'at one':>8}{pair}{pair}",
    ]
    for name, line in report["scenarios"].items():
        ours_, theirs_, ratios = line["contender"], line["baseline"], line["ratios"]
        spread = f"({ratios['cpu_lowest_round']:.2f}-{ratios['cpu_highest_round']:.2f})"
        alone = f"{line['at_one']['ratios']['cpu']:.2f}" if "at_one" in line else ""
        lines.append(
            f"{name:{width}}"
            + _pair(ours_, theirs_, "requests_per_second", cell, 0)
            + f"{ratios['requests_per_second']:>7.2f}"
            + _pair(ours_, theirs_, "cpu_us_per_request", cell, 0)
            + f"{ratios['cpu']:>7.2f}{spread:>14}{alone:>8}"
            + _pair(ours_, theirs_, "p50_ms", cell, 2)
            + _pair(ours_, theirs_, "p99_ms", cell, 2)
        )
    lines.append("")
    for name, line in report["scenarios"].items():
        if (without := line.get("without_reader")) is not None:
            cost, times_ = without["contender"]["cpu_us_per_request"], without["ratios"]["cpu"]
            lines.append(
                f"{name:{width}}{cost:>{cell}.0f}  us without the reader, {times_:.2f} times"
            )
    told = report.get("against_rest", {})
    for name, times in told.get("contender", {}).items():
        other = told["baseline"][name]
        lines.append(f"{name:{width}}{times:>{cell}.2f}{other:>{cell}.2f}  times REST's CPU")
    memory = report["memory"]
    for moment in ("idle", "after"):
        label = {"idle": "memory at start", "after": "memory after run"}[moment]
        lines.append(
            f"{label:{width}}{memory['contender'][moment] / 2**20:>{cell}.0f}"
            f"{memory['baseline'][moment] / 2**20:>{cell}.0f}  MiB, "
            f"share {memory['share_' + moment]:.2f}"
        )
    start = report["start_seconds"]
    lines.append(
        f"{'start':{width}}{start['contender']:>{cell}.2f}{start['baseline']:>{cell}.2f}  s"
    )
    idle = [
        f"{names[side]} {line[side]['core_busy']:.0%} in {name!r}"
        for name, line in report["scenarios"].items()
        for side in ("contender", "baseline")
        if line[side]["core_busy"] < BUSY
    ]
    if idle:
        lines.append(
            "requests/s were not limited by the server, but by mongod, the driver or other load "
            f"on this machine, where its core was not busy: {', '.join(idle)}"
        )
    return "\n".join(lines)


def _pair(
    ours: dict[str, float], theirs: dict[str, float], key: str, cell: int, digits: int
) -> str:
    return f"{ours[key]:>{cell},.{digits}f}{theirs[key]:>{cell},.{digits}f}"
