"""`$relativeTime`: the words for a moment, and what is wrong with others."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from parsepy.model.relative_time import UNITS, parse

NOW = datetime(2024, 2, 29, 12)


@pytest.mark.parametrize(
    ("text", "delta"),
    [
        ("now", timedelta()),
        (" NOW ", timedelta()),
        ("in 1 day", timedelta(days=1)),
        ("in 1 day 2 hrs 30 min", timedelta(days=1, hours=2, minutes=30)),
        ("3 weeks ago", timedelta(weeks=-3)),
        ("1 wk 5 secs ago", timedelta(weeks=-1, seconds=-5)),
        ("in 1 year", timedelta(days=365)),
    ],
)
def test_a_moment_is_named_from_now(text: str, delta: timedelta) -> None:
    assert parse(text, NOW) == NOW + delta


@pytest.mark.parametrize("unit", UNITS)
def test_every_unit_has_a_length(unit: str) -> None:
    assert parse(f"in 2 {unit}", NOW) - NOW == timedelta(seconds=2 * UNITS[unit])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (5, "should be a text"),
        ("", "either start with 'in' or end with 'ago'"),
        ("1 day", "either start with 'in' or end with 'ago'"),
        ("in 1 day ago", "both 'in' and 'ago'"),
        ("in 1", "Dangling"),
        ("1 day 2 ago", "Dangling"),
        ("in one day", "'one' is not an integer"),
        ("in 1.5 day", "'1.5' is not an integer"),
        ("in ² days", "'²' is not an integer"),
        ("in 1 moon", "Invalid interval: 'moon'"),
        ("in 999999999 years", "beyond the calendar"),
    ],
)
def test_what_is_no_time_is_explained(text: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse(text, NOW)
