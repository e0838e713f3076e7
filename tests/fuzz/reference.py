"""The same traces on parsepy and on the living Parse Server: who is let through, who is refused.

Status and error code of every answer are compared. Where parsepy answers otherwise on purpose, a
rule below says so, and names the entry of tests/differential/differences.toml that is its reason.
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
from tests.fuzz.steps import BAD_TOKEN, Step
from tests.fuzz.writing import WILD
from tests.peer import Peer

Outcome = list[int | None]
"""The status (None of a batch's part) and the code of one answer."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A difference on purpose: what shows it, and the answers that it is about.

    ``shown`` is a case of differences.toml, or the test of an entry that no case shows.
    """

    shown: str
    applies: Callable[[Step, Outcome, Outcome], bool]


def _is_failed_transaction(step: Step, ours: Outcome, theirs: Outcome) -> bool:
    return bool(step.get("transaction")) and ours[0] in (200, 400) and theirs == [500, 1]


def _is_of_a_deleted_user(step: Step, ours: Outcome, theirs: Outcome) -> bool:
    return ours == [400, BAD_TOKEN]


RULES = (
    Rule("transactions: one bad", _is_failed_transaction),
    Rule("rest/test_accounts.py::test_a_deleted_user_is_nobody_at_once", _is_of_a_deleted_user),
)


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
    for target in (ours, theirs):
        for name in WILD:  # what an earlier trace has left
            target.as_master("DELETE", f"/schemas/{name}")
    first, second = Played(ours), Played(theirs)
    try:
        for step in trace:
            first.play(step)
            second.play(step)
            our, their = first.answers, second.answers
            wrong = _differing(step, our, their)
            if wrong or our != their:  # after a difference on purpose, more of them may follow
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
