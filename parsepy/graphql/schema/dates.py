"""``to_iso_date``: the moment that JavaScript's ``new Date(text)`` reads, as in Node.js.

ISO 8601 is read first; what it does not cover is taken for the looser notations of mails, logs
and people (``1 May 2024 12:30 GMT+2``, ``5/1/2024 2:15 pm``). A time without a zone is UTC.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from parsepy.model.values import to_iso

_ISO = re.compile(
    r"(?P<year>\d{4}|\+\d{6}|-(?!000000)\d{6})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d))?)?"
    r"(?:[Tt](?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<fraction>\d+))?)?"
    r"(?P<zone>[Zz]|[+-]\d\d:?\d\d)?)?",
    re.ASCII,
)
_PARSE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
_PIECES = re.compile(r"(?P<digits>[0-9]+)|(?P<word>[^\W0-9_]+)|(?P<space>\s+)|(?P<mark>.)", re.S)
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_ZONES = {
    "ut": 0,
    "utc": 0,
    "z": 0,
    "gmt": 0,
    "est": -5,
    "edt": -4,
    "cst": -6,
    "cdt": -5,
    "mst": -7,
    "mdt": -6,
    "pst": -8,
    "pdt": -7,
}
_LONGEST = 200
"""The most characters of a loose notation: a date is short, and reading it takes time."""
_HALVES = {"am": 0, "pm": 12}


def to_iso_date(text: str) -> str | None:
    """Read a moment and write it in Parse's form; ``None`` if the text is no date."""
    if _is_parse_date(text):
        return text
    match = _ISO.fullmatch(text)
    try:
        moment = _iso(match) if match is not None else None
        if moment is None and len(text) <= _LONGEST:
            moment = _loose(text)
    except (ValueError, OverflowError):
        return None
    return None if moment is None else to_iso(moment)


def _is_parse_date(text: str) -> bool:
    """Is it a moment in Parse's own form already, as most are?"""
    if _PARSE.fullmatch(text) is None:
        return False
    try:
        datetime.fromisoformat(text[:-1])
    except ValueError:  # the 31st of a shorter month, 24 o'clock: JavaScript reads them
        return False
    return True


def _iso(match: re.Match[str]) -> datetime | None:
    part = match.groupdict()
    month, day = int(part["month"] or 1), int(part["day"] or 1)
    hour, minute, second = (int(part[name] or 0) for name in ("hour", "minute", "second"))
    milliseconds = _milliseconds(part["fraction"] or "")
    zone = (part["zone"] or "z").replace(":", "")
    offset = 0 if zone in "zZ" else int(zone[1:3]) * 60 + int(zone[3:])
    if not (_is_day(month, day) and _is_time(hour, minute, second, milliseconds)):
        return None
    if offset and (int(zone[1:3]) > 23 or int(zone[3:]) > 59):
        return None
    moment = _moment(int(part["year"]), month, day, [hour, minute, second, milliseconds])
    return moment - timedelta(minutes=-offset if zone[0] == "-" else offset)


def _milliseconds(digits: str) -> int:
    return int((digits + "000")[:3])


def _is_day(month: int, day: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= 31


def _is_time(hour: int, minute: int, second: int, milliseconds: int) -> bool:
    is_midnight = hour == 24 and minute == second == milliseconds == 0
    return is_midnight or (hour < 24 and minute < 60 and second < 60 and milliseconds < 1000)


def _moment(year: int, month: int, day: int, time: list[int]) -> datetime:
    """A moment in UTC; the 31st of a shorter month lies in the next one, as in JavaScript."""
    hour, minute, second, milliseconds = time
    return datetime(year, month, 1) + timedelta(
        days=day - 1, hours=hour, minutes=minute, seconds=second, milliseconds=milliseconds
    )


# --- looser notations -------------------------------------------------------------------------


@dataclass(slots=True)
class _Piece:
    kind: str
    text: str

    @property
    def number(self) -> int:
        return int(self.text.lstrip("0")[:9] or 0)


_END = _Piece("end", "")


@dataclass(slots=True)
class _DateReader:
    """What was read so far of a loose notation."""

    pieces: list[_Piece]
    at: int = 0
    dates: list[int] = field(default_factory=list)
    month: int | None = None
    times: list[int] = field(default_factory=list)
    half: int | None = None
    sign: int | None = None
    zone_hour: int | None = None
    zone_minute: int | None = None
    has_number: bool = False

    def peek(self) -> _Piece:
        return self.pieces[self.at] if self.at < len(self.pieces) else _END

    def take(self) -> _Piece:
        piece = self.peek()
        self.at += 1
        return piece

    def skip(self, mark: str) -> bool:
        is_there = self.peek().text == mark
        self.at += is_there
        return is_there

    def expects_time(self, number: int) -> bool:
        """Can a number be the next part of a time that has begun?"""
        most = (None, 60, 60, 1000, None)[len(self.times)]
        return most is not None and number < most

    def end_time(self, number: int) -> None:
        self.times = [*self.times, number, 0, 0, 0][:4]


def _loose(text: str) -> datetime | None:
    pieces = [_Piece(match.lastgroup or "", match[0]) for match in _PIECES.finditer(text)]
    reader = _DateReader(pieces)
    while (piece := reader.take()) is not _END:
        if piece.kind == "digits":
            is_fine = _number(reader, piece)
        elif piece.kind == "word":
            is_fine = _word(reader, piece.text.lower())
        elif piece.text in ("+", "-") and _may_have_zone(reader):
            is_fine = _zone(reader, piece.text)
        elif piece.text == "(":
            is_fine = True
            _skip_parentheses(reader)
        else:
            is_fine = not (piece.text in ("+", "-", ")") and reader.has_number)
        if not is_fine:
            return None
    return _composed(reader)


def _may_have_zone(reader: _DateReader) -> bool:
    return bool(reader.times) or (reader.zone_hour == 0 and reader.zone_minute == 0)


def _number(reader: _DateReader, piece: _Piece) -> bool:
    reader.has_number = True
    number = piece.number
    if reader.skip(":"):
        if reader.skip(":"):
            is_first = not reader.times
            reader.times += (number, 0)
            return is_first
        if len(reader.times) == 4:
            return False
        reader.times.append(number)
        reader.skip(".")
        return True
    if reader.skip(".") and reader.expects_time(number):
        fraction = reader.take()
        reader.times.append(number)
        reader.end_time(_milliseconds(fraction.text) if fraction.kind == "digits" else 0)
        return fraction.kind == "digits"
    if reader.zone_hour is not None and reader.zone_minute is None and number < 60:
        reader.zone_minute = number
        return True
    if reader.expects_time(number):
        reader.end_time(number)
        after = reader.peek()
        return after.kind in ("end", "space") or after.text in ("z", "Z", "+", "-")
    reader.dates.append(number)
    reader.skip("-")
    return len(reader.dates) <= 3


def _word(reader: _DateReader, word: str) -> bool:
    if word in _HALVES and reader.times:
        reader.half = _HALVES[word]
    elif word[:3] in _MONTHS:
        reader.month = _MONTHS.index(word[:3]) + 1
        reader.skip("-")
    elif word in _ZONES and reader.has_number:
        hours = _ZONES[word]
        reader.sign = -1 if hours < 0 else 1
        reader.zone_hour, reader.zone_minute = abs(hours), 0
    else:  # other words may only lead the date, apart from it
        return not reader.has_number and reader.peek().kind != "digits"
    return True


def _zone(reader: _DateReader, sign: str) -> bool:
    reader.sign = -1 if sign == "-" else 1
    digits = reader.take() if reader.peek().kind == "digits" else _Piece("digits", "")
    reader.has_number = True
    if reader.peek().text == ":":
        reader.zone_hour, reader.zone_minute = digits.number, None
    elif len(digits.text) in (1, 2):
        reader.zone_hour, reader.zone_minute = digits.number, 0
    elif len(digits.text) in (3, 4):
        reader.zone_hour, reader.zone_minute = divmod(digits.number, 100)
    else:
        return False
    return True


def _skip_parentheses(reader: _DateReader) -> None:
    depth = 1
    while depth and (piece := reader.take()) is not _END:
        depth += (piece.text == "(") - (piece.text == ")")


def _composed(reader: _DateReader) -> datetime | None:
    if not reader.dates:
        return None
    first, second, third = [*reader.dates, 1, 1][:3]
    is_day_first = 1 <= first <= 31
    if reader.month is not None:
        month = reader.month
        day, year = (first, second) if is_day_first else (second, first)
    elif is_day_first:
        month, day, year = first, second, third
    else:
        year, month, day = first, second, third
    if 0 <= year <= 99:
        year += 2000 if year < 50 else 1900
    time = [*reader.times, 0, 0, 0, 0][:4]
    if reader.half is not None:
        if time[0] > 12:
            return None
        time[0] = time[0] % 12 + reader.half
    if not (_is_day(month, day) and _is_time(*time)):
        return None
    offset = (reader.sign or 0) * ((reader.zone_hour or 0) * 60 + (reader.zone_minute or 0))
    return _moment(year, month, day, time) - timedelta(minutes=offset)
