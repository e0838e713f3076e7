"""``$relativeTime``: times such as "in 1 day 2 hrs", "3 weeks ago", "now" (protocol §8.2)."""

import re
from datetime import datetime, timedelta
from typing import Any

_SECONDS = {
    ("sec", "secs", "second", "seconds"): 1,
    ("min", "mins", "minute", "minutes"): 60,
    ("hr", "hrs", "hour", "hours"): 3600,
    ("d", "day", "days"): 86400,
    ("wk", "wks", "week", "weeks"): 604800,
    ("yr", "yrs", "year", "years"): 31536000,  # Parse: a year has 365 days
}
_WHOLE = re.compile("[-+]?[0-9]{1,9}")
UNITS = {name: seconds for names, seconds in _SECONDS.items() for name in names}


def parse(text: Any, now: datetime) -> datetime:
    """Compute the time that ``text`` means at ``now``; raises ``ValueError`` with the reason."""
    if not isinstance(text, str):
        raise ValueError("Time should be a text.")
    words = text.lower().split()
    if words == ["now"]:
        return now
    future = words[:1] == ["in"]
    past = words[-1:] == ["ago"]
    if future == past:
        if future:
            raise ValueError("Time cannot have both 'in' and 'ago'")
        raise ValueError("Time should either start with 'in' or end with 'ago'")
    words = words[1:] if future else words[:-1]
    if len(words) % 2:
        raise ValueError("Invalid time string. Dangling unit or number.")
    seconds = 0
    for number, unit in zip(words[::2], words[1::2], strict=True):
        if not (_WHOLE.fullmatch(number)):
            raise ValueError(f"'{number}' is not an integer.")
        if unit not in UNITS:
            raise ValueError(f"Invalid interval: '{unit}'")
        seconds += int(number) * UNITS[unit]
    try:
        return now + timedelta(seconds=seconds if future else -seconds)
    except OverflowError:
        raise ValueError("The time lies beyond the calendar.") from None
