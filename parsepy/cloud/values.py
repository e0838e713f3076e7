"""Friendly Python values for Parse's typed ones, and back: dates, points, ACLs, polygons."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol

from parsepy.cloud import mistakes
from parsepy.errors import Code, ParseError
from parsepy.model import values as rest
from parsepy.model.values import JSONObject

EARTH_RADIUS_KM = 6371.0
EARTH_RADIUS_MILES = 3958.8


@dataclass(frozen=True, slots=True)
class GeoPoint:
    """A place on Earth, in degrees.

    Raises ``ValueError`` for a latitude beyond ±90 or a longitude beyond ±180.
    """

    latitude: float
    longitude: float

    def __post_init__(self) -> None:
        if not -90 <= self.latitude <= 90:
            raise ValueError(f"latitude must be between -90 and 90, not {self.latitude}")
        if not -180 <= self.longitude <= 180:
            raise ValueError(f"longitude must be between -180 and 180, not {self.longitude}")

    def radians_to(self, other: "GeoPoint") -> float:
        """The distance along the surface, as an angle in radians."""
        lat1, lat2 = math.radians(self.latitude), math.radians(other.latitude)
        half_lat = (lat2 - lat1) / 2
        half_lon = math.radians(other.longitude - self.longitude) / 2
        part = math.sin(half_lat) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin(half_lon) ** 2
        return 2 * math.asin(min(1.0, math.sqrt(part)))

    def kilometers_to(self, other: "GeoPoint") -> float:
        """The distance along the surface in kilometres."""
        return self.radians_to(other) * EARTH_RADIUS_KM

    def miles_to(self, other: "GeoPoint") -> float:
        """The distance along the surface in miles."""
        return self.radians_to(other) * EARTH_RADIUS_MILES


@dataclass(frozen=True, slots=True)
class Polygon:
    """An area: its corners as (latitude, longitude) in degrees."""

    points: tuple[tuple[float, float], ...]

    def __init__(self, points: Iterable[GeoPoint | Sequence[float]]) -> None:
        corners = tuple(
            (p.latitude, p.longitude) if isinstance(p, GeoPoint) else (float(p[0]), float(p[1]))
            for p in points
        )
        object.__setattr__(self, "points", corners)


class Subject(Protocol):
    """Who can stand in an ACL: a user or a role that is saved."""

    @property
    def acl_name(self) -> str | None:
        """The name in the ACL: a user's id, ``role:<name>``."""
        ...


class ACL:
    """Who may read and write an object.

    An empty one is for the master key alone; ``ACL(user)`` is for that user. Subjects are
    users (or their ids), roles, ``"role:<name>"``, and ``"*"`` for everybody.
    """

    __slots__ = ("_entries",)

    def __init__(self, subject: Subject | Mapping[str, Any] | None = None) -> None:
        self._entries: dict[str, dict[str, bool]] = {}
        if isinstance(subject, Mapping):
            for name, flags in subject.items():
                entry = self._entries[name] = {}
                if flags.get("read"):
                    entry["read"] = True
                if flags.get("write"):
                    entry["write"] = True
        elif subject is not None:
            self.set_read_access(subject, True)
            self.set_write_access(subject, True)

    def _get(self, subject: Subject | str, flag: str) -> bool:
        return self._entries.get(_name_of(subject), {}).get(flag, False)

    def _set(self, subject: Subject | str, flag: str, allowed: bool) -> None:
        name = _name_of(subject)
        entry = self._entries.setdefault(name, {})
        if allowed:
            entry[flag] = True
        else:
            entry.pop(flag, None)
        if not entry:
            del self._entries[name]

    def get_read_access(self, subject: Subject | str) -> bool:
        """Is ``subject`` itself listed as a reader?"""
        return self._get(subject, "read")

    def set_read_access(self, subject: Subject | str, allowed: bool) -> "ACL":
        """Let ``subject`` read, or no longer; the ACL itself, for chaining."""
        self._set(subject, "read", allowed)
        return self

    def get_write_access(self, subject: Subject | str) -> bool:
        """Is ``subject`` itself listed as a writer?"""
        return self._get(subject, "write")

    def set_write_access(self, subject: Subject | str, allowed: bool) -> "ACL":
        """Let ``subject`` write, or no longer; the ACL itself, for chaining."""
        self._set(subject, "write", allowed)
        return self

    def get_public_read_access(self) -> bool:
        """May everybody read?"""
        return self.public_read

    def set_public_read_access(self, allowed: bool) -> "ACL":
        """Let everybody read, or no longer; the ACL itself, for chaining."""
        return self.set_read_access("*", allowed)

    def get_public_write_access(self) -> bool:
        """May everybody write?"""
        return self.public_write

    def set_public_write_access(self, allowed: bool) -> "ACL":
        """Let everybody write, or no longer; the ACL itself, for chaining."""
        return self.set_write_access("*", allowed)

    def get_role_read_access(self, role: Subject | str) -> bool:
        """Is the role (or the role of that name) itself listed as a reader?"""
        return self.get_read_access(_role_of(role))

    def get_role_write_access(self, role: Subject | str) -> bool:
        """Is the role (or the role of that name) itself listed as a writer?"""
        return self.get_write_access(_role_of(role))

    def set_role_read_access(self, role: Subject | str, allowed: bool) -> "ACL":
        """Let the members of a role (or a role's name) read."""
        return self.set_read_access(_role_of(role), allowed)

    def set_role_write_access(self, role: Subject | str, allowed: bool) -> "ACL":
        """Let the members of a role (or a role's name) write."""
        return self.set_write_access(_role_of(role), allowed)

    @property
    def public_read(self) -> bool:
        """May everybody read?"""
        return self._get("*", "read")

    @public_read.setter
    def public_read(self, allowed: bool) -> None:
        self._set("*", "read", allowed)

    @property
    def public_write(self) -> bool:
        """May everybody write?"""
        return self._get("*", "write")

    @public_write.setter
    def public_write(self, allowed: bool) -> None:
        self._set("*", "write", allowed)

    def to_json(self) -> JSONObject:
        """Parse's form: subject → ``{"read": true, "write": true}``."""
        return {name: dict(flags) for name, flags in self._entries.items()}

    def copy(self) -> "ACL":
        """Another ACL with the same entries."""
        return ACL(self._entries)

    def equals(self, other: object) -> bool:
        """Has the other ACL the same entries? As ``==``."""
        return self == other

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ACL) and self._entries == other._entries

    __hash__ = None  # type: ignore[assignment]  # it can change

    def __repr__(self) -> str:
        return f"ACL({self._entries!r})"


def _role_of(role: Subject | str) -> str:
    return f"role:{role}" if isinstance(role, str) else _name_of(role)


def _name_of(subject: Any) -> str:
    if isinstance(subject, str):
        return subject
    name = getattr(subject, "acl_name", None)
    if not name:
        raise ParseError(Code.INVALID_ACL, f"{subject!r} can't stand in an ACL (is it saved?)")
    return str(name)


# --- dates ----------------------------------------------------------------------------------


def to_datetime(value: Any) -> datetime | None:
    """An ISO text of the wire as an aware datetime in UTC; ``None`` if it is no date."""
    moment = rest.from_iso(value)
    return None if moment is None else moment.replace(tzinfo=UTC)


_NAIVE = "a datetime without a time zone was taken as UTC; write datetime.now(UTC)"


def from_datetime(moment: datetime) -> JSONObject:
    """A Date value of the wire; a naive datetime is taken as UTC, and its author told."""
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    else:
        mistakes.tell(_NAIVE, mistakes.place_now())
    return rest.date(moment.replace(microsecond=moment.microsecond // 1000 * 1000))


def from_decimal(number: Decimal) -> int | float:
    """A JSON number: an integer where it is one."""
    return int(number) if number == number.to_integral_value() else float(number)
