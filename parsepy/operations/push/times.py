"""The times of a push: when it is sent, to which time zones, and when it expires."""

import functools
import zoneinfo
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from parsepy.errors import Code, ParseError
from parsepy.model.values import is_number, to_iso

LATEST = 253_402_300_799  # the last second of the year 9999
_DAY = timedelta(days=1)  # more than any time zone differs from UTC
_FIRST, _LAST = datetime.min + _DAY, datetime.max - _DAY
UNKNOWN_ZONE = None
"""The offset of devices whose time zone is not known; they count as UTC."""


def refuse(message: str) -> ParseError:
    """Make the refusal of a `POST /push`."""
    return ParseError(Code.PUSH_MISCONFIGURED, message)


def moment_of(value: Any, shown: str) -> datetime:
    """Read a time of a push's body as naive UTC: seconds since 1970, or text in ISO 8601.

    The first and the last day of the calendar are refused, since they are outside of it in some
    time zone. Raises PUSH_MISCONFIGURED, which names the value as ``shown``.
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
    """Convert naive UTC to milliseconds since 1970."""
    return round((moment - datetime(1970, 1, 1)) / timedelta(milliseconds=1))


def is_local(value: Any) -> bool:
    """Is this push time meant in each device's own time zone, as a text without an offset?"""
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
    """Write a push time as `_PushStatus` holds it."""
    text = to_iso(moment)
    # Parse: of what has no offset, a number of seconds too, it writes no Z
    return text[:-1] if is_number(value) or is_local(value) else text


def offsets_at(local: datetime) -> list[int | None]:
    """List the offsets from UTC in minutes of all time zones at ``local``, the earliest first.

    ``UNKNOWN_ZONE`` is among them, at the place of UTC.
    """
    offsets: list[int | None] = [*_zones_at(local), UNKNOWN_ZONE]
    return sorted(offsets, key=lambda offset: -(offset or 0))


def due(local: datetime, offset: int | None) -> datetime:
    """Convert the time ``local`` at this offset to UTC."""
    return local - timedelta(minutes=offset or 0)


def zones(local: datetime, offset: int | None) -> list[str]:
    """List the time zones with this offset; for ``UNKNOWN_ZONE``, those of all offsets."""
    by_offset = _zones_at(local)
    if offset is UNKNOWN_ZONE:
        return [name for names in by_offset.values() for name in names]
    return list(by_offset.get(offset, ()))


@functools.lru_cache(16)
def _zones_at(local: datetime) -> dict[int, tuple[str, ...]]:
    found: dict[int, list[str]] = {}
    for name in sorted(zoneinfo.available_timezones()):
        offset = local.replace(tzinfo=zoneinfo.ZoneInfo(name)).utcoffset() or timedelta()
        found.setdefault(round(offset.total_seconds() / 60), []).append(name)
    return {offset: tuple(names) for offset, names in found.items()}


def shown_offset(offset: int) -> str:
    """Write an offset as `_PushStatus` has it in its counts: hours, such as ``-6`` or ``5:30``."""
    hours, minutes = divmod(abs(offset), 60)
    return f"{'-' if offset < 0 else ''}{hours}" + (f":{minutes:02}" if minutes else "")
