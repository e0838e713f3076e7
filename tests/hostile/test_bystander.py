"""No request makes another wait: hostile ones run while a bystander asks, and are measured."""

from collections.abc import Iterator
from typing import Any

import pytest
from pymongo import MongoClient

from tests.hostile.bystander import Machine
from tests.hostile.served import Shop, served
from tests.hostile.shapes import requests

pytestmark = pytest.mark.slow

LONGEST_TURN = 0.03
"""Seconds of CPU time, and among them the tick of 5 ms by which they are measured. The longest are
single calls of C: the encoding of a text of 12 MB (15 ms), the making of one with an emoji (20)."""
LONGEST_WAIT = 0.04
"""Seconds beyond the worst wait without an attack, on a machine that does nothing else."""
ATTEMPTS = 4
"""The noise of the machine must hit a request as often, to be taken for its own."""


@pytest.fixture(scope="module")
def shop(
    mongo_uri: str, mongo: MongoClient[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    """A shop of both templates by itself, with a class that anybody may write."""
    with served(mongo_uri, tmp_path_factory.mktemp("hostile")) as made:
        yield made
    mongo.drop_database(made.database)


def _calm(shop: Shop) -> float:
    """The worst wait while nobody attacks, of some seconds."""
    with shop.bystander.asking() as waits:
        for _ in range(20):
            shop.send("GET", "/parse/classes/Leaf")
    shop.turn()
    return waits.longest


def test_k3_no_request_makes_a_bystander_wait(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each hostile request of the table, one after the other: what others waited for meanwhile."""
    machine = Machine()
    calm = _calm(shop) / machine.stretch()
    found: list[tuple[float, float, int, str]] = []
    wrong: list[str] = []
    for hostile in requests():
        for _ in range(ATTEMPTS):
            machine.stretch()
            with shop.bystander.asking() as waits:
                status = shop.attack(hostile)
            turn, stretch = shop.turn(), machine.stretch()
            most = (calm + LONGEST_WAIT) * stretch
            if turn <= LONGEST_TURN and waits.longest <= most and status < 500:
                break
        else:
            wrong.append(
                f"{hostile.name}: {status}, waits {waits.worst}, turn {turn * 1000:.0f} ms, "
                f"machine {stretch:.1f} times slower"
            )
        wrong += [f"{hostile.name}: {failure}" for failure in waits.failed]
        found.append((waits.longest, turn, status, hostile.name))
    machine.close()
    with capsys.disabled():
        waited, turn = max(found)[0], max(turn for _, turn, _, _ in found)
        print(
            f"\n{len(found)} hostile requests: worst wait {waited * 1000:.0f} ms "
            f"({calm * 1000:.0f} without an attack), longest turn {turn * 1000:.0f} ms of CPU"
        )
        for wait, turn, status, name in sorted(found, reverse=True)[:10]:
            print(f"{wait * 1000:6.0f} ms, turn {turn * 1000:4.0f} ms, {status}  {name}")
    assert not wrong, "\n".join(wrong)
