"""The same traces on parsepy and on the living Parse Server: who is let through, who is refused.

Status and error code of every answer are compared. Where parsepy answers otherwise on purpose, a
rule below says so, and names the case of tests/differential/differences.toml that is its reason.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pymongo import MongoClient

from tests.conftest import APP_ID, MASTER_KEY, database_in
from tests.fuzz.play import Played, Target
from tests.fuzz.runs import OPTIONS
from tests.fuzz.steps import Step
from tests.peer import Peer

Outcome = list[int | None]
"""The status (None of a batch's part) and the code of one answer."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A difference on purpose: the listed case that shows it, and the answers that it is about."""

    case: str
    applies: Callable[[Step, Outcome, Outcome], bool]


RULES: tuple[Rule, ...] = ()


@contextmanager
def peer(mongo_uri: str) -> Iterator[Target]:
    """A living Parse Server with the classes of the fuzzer."""
    uri = database_in(mongo_uri, "fuzz_peer")
    with Peer(uri, OPTIONS) as server, MongoClient[dict[str, Any]](mongo_uri) as mongo:
        target = Target(server.url, APP_ID, MASTER_KEY, mongo["fuzz_peer"], is_ours=False)
        target.prepare()
        yield target
        target.close()


def compared(ours: Target, theirs: Target, trace: list[Step]) -> list[str]:
    """Play a trace on both; the first step that they answer otherwise, without a rule."""
    first, second = Played(ours), Played(theirs)
    try:
        for step in trace:
            first.play(step)
            second.play(step)
            our, their = first.answers, second.answers
            wrong = _differing(step, our, their)
            if wrong:
                return wrong
            first.answers, second.answers = [], []
    finally:
        first.close()
        second.close()
    return []


def _differing(step: Step, ours: list[Outcome], theirs: list[Outcome]) -> list[str]:
    if any(rule.applies(step, our, their) for rule in RULES for our, their in _pairs(ours, theirs)):
        return []
    if ours == theirs:
        return []
    return [f"step {step['id']} ({step['do']}): {ours}, not {theirs}: {json.dumps(step)}"]


def _pairs(ours: list[Outcome], theirs: list[Outcome]) -> Iterator[tuple[Outcome, Outcome]]:
    yield from zip(ours, theirs, strict=False)
