"""parsepy answers every request as Parse Server does, but for the differences that are listed."""

import asyncio
import json
import os
import re
from difflib import unified_diff
from typing import Any

import pytest

from tests.differential import differences
from tests.differential.cases import SCENARIOS
from tests.differential.reference import Reference, Start, asked
from tests.differential.scenario import ABSENT, Scenario, Step
from tests.differential.sides import CONFIGURATIONS

SHOWN_AT_MOST = 5
LISTED = differences.read()
AGAINST_ITSELF = os.environ.get("PARSEPY_DIFFERENTIAL") == "peer"


def described(case: str, step: Step, ours: Any, theirs: Any, why: str | None) -> str:
    """Say which request it was and how the two answers differ."""
    body = "" if step.body is ABSENT else f"\n  body    {json.dumps(step.body, default=repr)}"
    query = f"\n  query   {json.dumps(dict(step.query))}" if step.query else ""
    headers = f"\n  headers {dict(step.headers)}" if step.headers else ""
    lines = unified_diff(
        json.dumps(theirs, indent=1, sort_keys=True).splitlines(),
        json.dumps(ours, indent=1, sort_keys=True).splitlines(),
        "Parse Server",
        "ours",
        lineterm="",
        n=2,
    )
    shown = "\n  ".join(line[:300] for line in lines)
    request = f"{step.method} {step.path} as {step.who or 'nobody'}"
    return f"{case}\n  {request}{query}{headers}{body}\n  {why or ''}\n  {shown}"


def as_text(answer: Any) -> str:
    """An answer as it is compared: to Python, true is 1."""
    return json.dumps(answer, sort_keys=True, default=repr)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
async def test_both_servers_answer_alike(
    scenario: Scenario, ours: Start, reference: Reference
) -> None:
    configuration, request = scenario.configuration, asked(scenario)
    side = await ours(configuration)
    our_answers, their_answers = await asyncio.gather(
        side.run(scenario),
        reference.answers(configuration, scenario.name, request, lambda it: it.run(scenario)),
    )
    wrong = []
    for (case, step), our, their in zip(
        scenario.labelled(), our_answers, their_answers, strict=True
    ):
        listed = None if AGAINST_ITSELF else LISTED.get(case)
        objection = listed.objection(our, their) if listed else None
        if objection or (listed is None and as_text(our) != as_text(their)):
            wrong.append(described(case, step, our, their, objection))
    assert not wrong, f"{len(wrong)} of {len(our_answers)} answers are wrong\n\n" + "\n\n".join(
        wrong[:SHOWN_AT_MOST]
    )


def test_at_least_400_distinct_requests_are_sent() -> None:
    requests = {
        json.dumps(
            [
                scenario.configuration,
                step.method,
                step.path,
                None if step.body is ABSENT else repr(step.body),
                repr(dict(step.query)),
                step.who,
                repr(dict(step.headers)),
            ]
        )
        for scenario in SCENARIOS
        for step in scenario.steps
    }
    assert len(requests) >= 400, f"only {len(requests)} distinct requests"


def test_every_listed_difference_belongs_to_a_case() -> None:
    cases = [case for scenario in SCENARIOS for case, _ in scenario.labelled()]
    assert not differences.unknown(LISTED, cases)


def test_every_difference_that_no_case_shows_has_a_test_of_its_own() -> None:
    wrong = [one.objection() for one in differences.read_unseen() if one.objection()]
    assert not wrong


def test_scenarios_have_distinct_names_and_known_configurations() -> None:
    assert len({scenario.name for scenario in SCENARIOS}) == len(SCENARIOS)
    assert {scenario.configuration for scenario in SCENARIOS} == set(CONFIGURATIONS)


def test_scenarios_share_neither_classes_nor_usernames() -> None:
    owners: dict[tuple[str, str], str] = {}
    for scenario in SCENARIOS:
        for name in claimed(scenario):
            owner = owners.setdefault((scenario.configuration, name), scenario.name)
            assert owner == scenario.name, f"{name} is used by {owner} and {scenario.name}"


def claimed(scenario: Scenario) -> set[str]:
    """Return the classes and usernames that the scenario writes."""
    names = set()
    for step in scenario.steps:
        found = re.match(r"/(?:classes|schemas)/([A-Za-z]\w*)", step.path)
        if found and step.method in {"POST", "PUT"}:
            names.add(found[1])
        if step.path == "/users" and isinstance(step.body, dict):
            username = step.body.get("username")
            if isinstance(username, str) and username:
                names.add(f"user {username.lower()}")
    return names
