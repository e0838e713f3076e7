"""Friendly values of cloud code and their forms on the wire."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any

import pytest

from parsepy import ACL, File, GeoPoint, Object, ParseError, Pointer, Polygon, Role
from parsepy.cloud.codec import decode, encode
from parsepy.errors import Code

VALUES = [
    None,
    True,
    5,
    1.5,
    "mug",
    [1, ["a"]],
    {"a": {"b": 1}},
    datetime(2026, 11, 26, 10, 30, 0, 123000, tzinfo=UTC),
    GeoPoint(48.2, 16.4),
    Polygon([(0, 0), (0, 1), (1, 1)]),
    b"\x00\xff",
    File("a.png", url="http://x/a.png"),
    Pointer("Order", "abc"),
]


@pytest.mark.parametrize("value", VALUES)
def test_a_value_comes_back_from_its_form_on_the_wire(value: Any) -> None:
    assert decode(encode(value)) == value


def test_a_moment_travels_in_utc() -> None:
    here = timezone(timedelta(hours=2))
    moment = datetime(2026, 11, 26, 12, tzinfo=here)
    assert encode(moment) == {"__type": "Date", "iso": "2026-11-26T10:00:00.000Z"}


class Status(Enum):
    """What an author may name his statuses with."""

    PAID = "paid"


class Size(StrEnum):
    """Texts with names."""

    SMALL = "S"


def test_an_enumeration_of_texts_is_its_text() -> None:
    assert encode(Size.SMALL) == "S"


@pytest.mark.parametrize(("number", "sent"), [(Decimal("2.50"), 2.5), (Decimal("3.00"), 3)])
def test_a_decimal_is_a_number(number: Decimal, sent: float) -> None:
    assert encode(number) == sent


@pytest.mark.parametrize("value", [object(), {1, 2}, Status.PAID])
def test_what_parse_has_no_type_for_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="Parse has no type"):
        encode(value)


def test_a_new_object_has_no_pointer() -> None:
    with pytest.raises(ParseError) as refusal:
        encode([Object("Order")])
    assert refusal.value.code == Code.MISSING_OBJECT_ID


@pytest.mark.parametrize(
    "value",
    [
        {"__type": "Date", "iso": "soon"},
        {"__type": "GeoPoint", "latitude": 100, "longitude": 0},
        {"__type": "Bytes", "base64": "?"},
        {"__type": "Pointer", "className": "Order"},
        {"__type": "Spaceship"},
    ],
)
def test_a_value_of_no_known_form_is_shown_as_it_is(value: Any) -> None:
    assert decode(value) == value


@pytest.mark.parametrize(("latitude", "longitude"), [(91, 0), (0, -181)])
def test_a_point_lies_on_earth(latitude: float, longitude: float) -> None:
    with pytest.raises(ValueError, match="must be between"):
        GeoPoint(latitude, longitude)


def test_the_distance_of_two_cities() -> None:
    vienna, graz = GeoPoint(48.2082, 16.3738), GeoPoint(47.0707, 15.4395)
    assert vienna.kilometers_to(graz) == pytest.approx(145, abs=1)
    assert vienna.miles_to(graz) == pytest.approx(90, abs=1)


def test_an_acl_lists_users_roles_and_everybody() -> None:
    acl = ACL().set_read_access("ann", True).set_role_write_access(Role("staff"), True)
    acl.public_read = True
    assert acl.to_json() == {
        "ann": {"read": True},
        "role:staff": {"write": True},
        "*": {"read": True},
    }


def test_a_right_that_is_taken_back_leaves_no_entry() -> None:
    acl = ACL().set_read_access("ann", True).set_read_access("ann", False)
    assert acl.to_json() == {}


def test_an_acl_takes_no_user_that_is_not_saved() -> None:
    with pytest.raises(ParseError) as refusal:
        ACL().set_read_access(Object("_User"), True)
    assert refusal.value.code == Code.INVALID_ACL
