"""The times of a push: when it goes out, where it is that time, and until when it is worth it."""

import functools
import zoneinfo
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from parsepy.errors import Code, ParseError
from parsepy.model.values import is_number, to_iso

LATEST = 253_402_300_799  # the last second of the year 9999
_DAY = timedelta(days=1)  # clocks elsewhere on Earth show no more and no less than that
_FIRST, _LAST = datetime.min + _DAY, datetime.max - _DAY
ELSEWHERE = None
"""The leg of the devices whose time zone is not known: they live in UTC."""


def refuse(message: str) -> ParseError:
    """A refusal of `POST /push`."""
    return ParseError(Code.PUSH_MISCONFIGURED, message)


def moment_of(value: Any, shown: str) -> datetime:
    """A time in a push's body as naive UTC: seconds since 1970, or text in ISO 8601.

    It is one on the calendar all over the Earth: of the first and the last day there is none.
    Raises PUSH_MISCONFIGURED, which tells the value as ``shown``.
    """
    try:
        if is_number(value):
            if abs(value) > LATEST:
                raise ValueError
            found = datetime(1970, 1, 1) + timedelta(seconds=value)
        elif isinstance(value, str):
            found = _read(value)
        else:
            raise ValueError
        if not _FIRST <= found <= _LAST:
            raise ValueError
    except (ValueError, OverflowError) as error:
        raise refuse(f"{shown} is not valid time.") from error
    return found.replace(microsecond=found.microsecond // 1000 * 1000)


def _read(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        found = parsedate_to_datetime(text)  # as mails and HTTP write dates
    return found if found.tzinfo is None else found.astimezone(UTC).replace(tzinfo=None)


def milliseconds(moment: datetime) -> int:
    """Naive UTC as milliseconds since 1970."""
    return round((moment - datetime(1970, 1, 1)) / timedelta(milliseconds=1))


def is_local(value: Any) -> bool:
    """Is this push time one on the clock of each device: a text without an offset?"""
    if not isinstance(value, str):
        return False
    text = value.strip()
    if text.endswith("Z"):
        return False
    try:
        return datetime.fromisoformat(text).tzinfo is None
    except ValueError:
        return False


def written(moment: datetime, value: Any) -> str:
    """A push time as `_PushStatus` keeps it."""
    text = to_iso(moment)
    # Parse: of what has no offset, a number of seconds too, it writes no Z
    return text[:-1] if is_number(value) or is_local(value) else text


def legs_at(local: datetime) -> list[int | None]:
    """The offsets from UTC in minutes at which somewhere the clock shows ``local``; first first.

    ``ELSEWHERE`` is among them.
    """
    offsets: list[int | None] = [*_zones_at(local), ELSEWHERE]
    return sorted(offsets, key=lambda leg: -(leg or 0))


def due(local: datetime, leg: int | None) -> datetime:
    """When the clock shows ``local`` on this leg, in UTC."""
    return local - timedelta(minutes=leg or 0)


def zones(local: datetime, leg: int | None) -> list[str]:
    """The time zones of a leg; of ``ELSEWHERE`` all that belong to another one."""
    by_offset = _zones_at(local)
    if leg is ELSEWHERE:
        return [name for names in by_offset.values() for name in names]
    return list(by_offset.get(leg, ()))


@functools.lru_cache(16)
def _zones_at(local: datetime) -> dict[int, tuple[str, ...]]:
    found: dict[int, list[str]] = {}
    for name in sorted(zoneinfo.available_timezones()):
        offset = local.replace(tzinfo=zoneinfo.ZoneInfo(name)).utcoffset() or timedelta()
        found.setdefault(round(offset.total_seconds() / 60), []).append(name)
    return {offset: tuple(names) for offset, names in found.items()}


def shown_offset(leg: int) -> str:
    """An offset as `_PushStatus` counts by it: hours, such as ``-6`` or ``5:30``."""
    hours, minutes = divmod(abs(leg), 60)
    return f"{'-' if leg < 0 else ''}{hours}" + (f":{minutes:02}" if minutes else "")
