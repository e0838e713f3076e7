"""No request makes another wait: hostile ones run while a bystander asks, and are measured."""

from collections.abc import Iterator
from typing import Any

import pytest
from pymongo import MongoClient

from tests.hostile.bystander import stretch
from tests.hostile.served import Shop, served
from tests.hostile.shapes import requests

pytestmark = pytest.mark.slow

LONGEST_TURN = 0.035
"""Seconds of CPU time, and among them the tick of 5 ms by which they are measured. The longest are
single calls of C: the encoding of a text of 12 MB (15 ms), the making of one with an emoji (20)."""
LONGEST_WAIT = 0.05
"""Seconds that anybody else waits, by the clock."""
ATTEMPTS = 6
"""The noise of the machine must hit a request as often, to be taken for its own."""


@pytest.fixture(scope="module")
def shop(
    mongo_uri: str, mongo: MongoClient[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    """A shop of both templates by itself, with a class that anybody may write."""
    with served(mongo_uri, tmp_path_factory.mktemp("hostile")) as made:
        yield made
    mongo.drop_database(made.database)


def test_k3_no_request_makes_a_bystander_wait(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each hostile request of the table, one after the other: what others waited for meanwhile.

    The least of some attempts counts, since the machine makes none faster. Where it is slow even
    between all of them, a wait may be longer by as much.
    """
    with shop.bystander.asking() as calm:
        for _ in range(20):
            shop.send("GET", "/parse/classes/Leaf")
    shop.turn()
    found: list[tuple[float, float, int, str]] = []
    wrong: list[str] = []
    again = 0
    for hostile in requests():
        waited, turn, slow = float("inf"), float("inf"), []
        for _ in range(ATTEMPTS):
            with shop.bystander.asking() as waits:
                status = shop.attack(hostile)
            wrong += [f"{hostile.name}: {failure}" for failure in waits.failed]
            waited, turn = min(waited, waits.longest), min(turn, shop.turn())
            if waited <= LONGEST_WAIT and turn <= LONGEST_TURN and status < 500:
                break
            slow.append(stretch())
            again += 1
        else:
            if waited > LONGEST_WAIT * min(slow) or turn > LONGEST_TURN or status >= 500:
                wrong.append(
                    f"{hostile.name}: {status}, waits {waited * 1000:.0f} ms, turn "
                    f"{turn * 1000:.0f} ms, machine {min(slow):.1f} times slower"
                )
        found.append((waited, turn, status, hostile.name))
    with capsys.disabled():
        waited, turn = max(found)[0], max(turn for _, turn, _, _ in found)
        print(
            f"\n{len(found)} hostile requests: worst wait {waited * 1000:.0f} ms "
            f"({calm.longest * 1000:.0f} without an attack), "
            f"longest turn {turn * 1000:.0f} ms of CPU, {again} times tried again"
        )
        for waited, turn, status, name in sorted(found, reverse=True)[:10]:
            print(f"{waited * 1000:6.0f} ms, turn {turn * 1000:4.0f} ms, {status}  {name}")
    assert not wrong, "\n".join(wrong)
