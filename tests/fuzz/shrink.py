"""Makes a trace shorter while it still shows the same fault."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.fuzz.steps import Step


def shrunk(trace: list[Step], fails: Callable[[list[Step]], bool]) -> list[Step]:
    """The trace without every step that the fault does not need.

    `fails` plays a trace and says whether the fault shows, which the last step of `trace` does.
    Whole kinds of steps are left out first. Then halves are left out, then ever
    smaller pieces, until no single step can be left out; then the steps inside steps.
    """
    for kind in sorted({step["do"] for step in trace[:-1]}):  # most faults need but a few kinds
        shorter = [step for step in trace[:-1] if step["do"] != kind] + trace[-1:]
        if len(shorter) < len(trace) and fails(shorter):
            trace = shorter
    size = len(trace) // 2
    while size >= 1:
        place, found = 0, False
        while place < len(trace):
            shorter = trace[:place] + trace[place + size :]
            if shorter and fails(shorter):
                trace, found = shorter, True
            else:
                place += size
        if size == 1 and not found:
            break
        size = max(size // 2, 1)
    return _simpler(trace, fails)


def _simpler(trace: list[Step], fails: Callable[[list[Step]], bool]) -> list[Step]:
    """The trace whose steps have nothing that the fault does not need."""
    for place in range(len(trace)):
        for key in ("steps", "fields", "permissions", "acl", "where"):
            value = trace[place].get(key)
            if not isinstance(value, dict | list) or not value:
                continue
            for part in list(value) if isinstance(value, dict) else range(len(value))[::-1]:
                held = trace[place][key]
                less: Any = [one for number, one in enumerate(held) if number != part]
                if isinstance(held, dict):
                    less = {name: one for name, one in held.items() if name != part}
                if key == "steps" and not less:
                    continue
                tried = [*trace]
                tried[place] = {**trace[place], key: less}
                if fails(tried):
                    trace = tried
    return trace
