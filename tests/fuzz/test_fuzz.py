"""The fuzzer: kept traces hold, the model says what the protocol says, traces can be shrunk."""

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fuzz.making import Maker
from tests.fuzz.model import CLASSES, MASTER, NOBODY, Row, Who, World
from tests.fuzz.play import Target
from tests.fuzz.reference import RULES, compared, peer
from tests.fuzz.runs import Fuzzed, corpus, fuzzed, played, run
from tests.fuzz.shrink import shrunk
from tests.fuzz.steps import PUBLIC, Step

SECONDS, SEED = 45.0, 1
"""Of the run in CI; with the start of the server it takes a minute."""
KEPT = corpus()


@pytest.fixture(scope="module")
def server(mongo_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzzed]:
    """A served parsepy with the classes of the fuzzer."""
    with fuzzed(mongo_uri, tmp_path_factory.mktemp("fuzz")) as made:
        yield made


@pytest.mark.parametrize("name", KEPT)
def test_a_kept_trace_shows_no_fault(server: Fuzzed, name: str) -> None:
    assert played(server.target, KEPT[name]).wrong == []


@pytest.mark.slow
def test_a_minute_of_chance_shows_no_fault(server: Fuzzed) -> None:
    done = run(server, SECONDS, SEED)
    assert done.traces > 0
    assert not done.wrong, "\n\n".join(done.wrong)


@pytest.fixture(scope="module")
def living(mongo_uri: str) -> Iterator[Target]:
    """A living Parse Server with the classes of the fuzzer."""
    if os.environ.get("PARSEPY_REFERENCE") != "living":
        pytest.skip("asks the living Parse Server: PARSEPY_REFERENCE=living")
    with peer(mongo_uri) as made:
        yield made


@pytest.mark.slow
@pytest.mark.node
@pytest.mark.parametrize("seed", range(3))
def test_both_servers_let_the_same_through(server: Fuzzed, living: Target, seed: int) -> None:
    assert compared(server.target, living, Maker(seed, plain=True).steps(60)) == []


def test_every_rule_of_the_reference_is_a_listed_difference() -> None:
    from tests.differential import differences

    listed = differences.read()
    assert {rule.case for rule in RULES} <= set(listed)


def test_a_seed_makes_the_same_trace_each_time() -> None:
    assert Maker(7).steps(80) == Maker(7).steps(80)
    assert Maker(7).steps(80) != Maker(8).steps(80)
    assert json.loads(json.dumps(Maker(7).steps(80))) == Maker(7).steps(80)


def test_a_fault_is_shown_by_the_steps_that_it_needs() -> None:
    trace: list[Step] = [{"do": "get", "id": number} for number in range(50)]
    trace[9] = {"do": "change", "id": 9, "fields": {"n": 1, "s": "x"}}

    def fails(tried: list[Step]) -> bool:
        has_change = any("n" in step.get("fields", {}) for step in tried)
        return has_change and any(step["id"] == 49 for step in tried)

    short = shrunk(trace, fails)
    assert short == [{"do": "change", "id": 9, "fields": {"n": 1}}, {"do": "get", "id": 49}]


# --- The model, held to docs/protocol.md


def world(acl: Any = None, **permissions: Any) -> tuple[World, Row]:
    """A world of three users, of whom anna has a role by way of another, and one letter."""
    made = World()
    made.permissions = dict.fromkeys(CLASSES, PUBLIC)
    made.permissions["Letter"] = {**PUBLIC, **permissions}
    for name in ("anna", "ben", "carl"):
        made.put(Row("_User", name, {name: {"read": True, "write": True}}, {}))
    none: frozenset[str] = frozenset()
    held = {"name": "clerks", "users": frozenset(["anna"]), "roles": none}
    made.put(Row("_Role", "r1", {}, held))
    made.put(Row("_Role", "r2", {}, {"name": "staff", "users": none, "roles": frozenset(["r1"])}))
    owner = {"__type": "Pointer", "className": "_User", "objectId": "ben"}
    letter = Row("Letter", "letter", acl, {"s": "text", "secret": "hidden", "owner": owner})
    made.put(letter)
    return made, letter


ANNA, BEN, CARL = Who("anna"), Who("ben"), Who("carl")
STAFF = {"role:staff": {"read": True}}
READERS: list[tuple[Any, dict[str, Any], list[Who]]] = [
    (None, {}, [NOBODY, ANNA, BEN, CARL, MASTER]),
    ({}, {}, [MASTER]),
    (STAFF, {}, [ANNA, MASTER]),
    ({"carl": {"write": True}}, {}, [MASTER]),
    (None, {"get": {"requiresAuthentication": True}}, [ANNA, BEN, CARL, MASTER]),
    (None, {"get": {"role:staff": True}}, [ANNA, MASTER]),
    (None, {"get": {"pointerFields": ["owner"]}}, [BEN, MASTER]),
    (None, {"get": {}, "readUserFields": ["owner"]}, [BEN, MASTER]),
    (STAFF, {"get": {"pointerFields": ["owner"]}}, [MASTER]),
    (None, {"get": {}}, [MASTER]),
]


@pytest.mark.parametrize(("acl", "permissions", "readers"), READERS)
def test_the_model_knows_who_may_get_a_letter(
    acl: Any, permissions: dict[str, Any], readers: list[Who]
) -> None:
    made, letter = world(acl, **permissions)
    everybody = [NOBODY, ANNA, BEN, CARL, MASTER]
    assert [who for who in everybody if made.reaches(letter, "get", who)] == readers


HIDDEN: list[tuple[dict[str, list[str]], list[Who]]] = [
    ({"*": ["secret"]}, [NOBODY, ANNA, BEN, CARL]),
    ({"*": ["secret"], "authenticated": []}, [NOBODY]),
    ({"*": ["secret"], "role:staff": ["s"]}, [NOBODY, BEN, CARL]),
    ({"*": ["secret"], "userField:owner": ["s"]}, [NOBODY, ANNA, CARL]),
    ({"userField:owner": ["secret"]}, [BEN]),
]


@pytest.mark.parametrize(("protected", "shut_out"), HIDDEN)
def test_the_model_knows_from_whom_a_column_is_hidden(
    protected: dict[str, list[str]], shut_out: list[Who]
) -> None:
    made, letter = world(protectedFields=protected)
    everybody = [NOBODY, ANNA, BEN, CARL, MASTER]
    hidden = [who for who in everybody if "secret" in made.hidden("Letter", who, letter)]
    assert hidden == shut_out
