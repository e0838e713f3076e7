"""A test of an object ends when it has computed too long, and rests in a thread."""

from typing import Any

import pytest

from parsepy.model import match, time_limits
from parsepy.model.time_limits import TimeLimit, TookTooLong, limit
from parsepy.model.where import parse

LONG = {f"column{number}": {"$exists": False} for number in range(40)}


def test_without_a_limit_a_test_takes_as_long_as_it_takes() -> None:
    time_limits.check()
    assert match.matches(parse(LONG), {})


@pytest.mark.parametrize(
    "where",
    [
        LONG,
        {"$or": [{"total": 1}]},
        {"$nor": [{"total": 1}]},
        {"$and": [{"total": 1}]},
        {"name": {"$regex": "a"}},
    ],
    ids=str,
)
def test_a_test_ends_beyond_its_limit(where: dict[str, object]) -> None:
    test = match.compile(parse(where))
    own = TimeLimit()
    token = limit.set(own)
    try:
        own.begin(60)
        test({"name": "ann"})
        own.begin(-1)
        with pytest.raises(TookTooLong):
            test({"name": "ann"})
    finally:
        limit.reset(token)


def test_a_test_in_a_thread_rests_as_long_as_it_has_computed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [0.0]
    rests: list[Any] = []
    monkeypatch.setattr(time_limits, "thread_time", lambda: clock[0])
    monkeypatch.setattr(time_limits, "sleep", rests.append)
    own = TimeLimit(pauses=True)
    own.begin(1)
    for moment in (0.001, 0.01, 0.011, 0.02):
        clock[0] = moment
        own.check()
    assert rests == [0.01, pytest.approx(0.01)]
