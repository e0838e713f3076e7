"""Relay's arguments decide which objects a page shows."""

from typing import Any

import pytest

from parsepy.errors import ParseError
from parsepy.graphql.paging import FoundPage, Window, cursor_of, number_of, window_of


@pytest.mark.parametrize(
    ("arguments", "window"),
    [
        ({}, Window(None, None)),
        ({"skip": 0}, Window(0, None)),
        ({"first": 3}, Window(None, 3)),
        ({"first": 0}, Window(None, 0)),
        ({"after": cursor_of(2)}, Window(3, None)),
        ({"after": cursor_of(2), "skip": 4}, Window(7, None)),
        ({"before": cursor_of(6)}, Window(None, 6)),
        ({"before": cursor_of(6), "skip": 4}, Window(4, 2)),
        ({"before": cursor_of(3), "skip": 4}, Window(4, 0)),
        ({"before": cursor_of(6), "first": 2}, Window(None, 2)),
        ({"before": cursor_of(6), "first": 9}, Window(None, 6)),
        ({"last": 2}, Window(None, 2, is_from_end=True)),
        ({"last": 0}, Window(None, 0)),
        ({"last": 2, "first": 5}, Window(3, 2)),
        ({"last": 5, "first": 2}, Window(None, 2)),
        ({"last": 2, "before": cursor_of(6), "skip": 1}, Window(4, 2)),
    ],
)
def test_the_arguments_of_a_page_are_combined(arguments: dict[str, Any], window: Window) -> None:
    assert window_of(arguments, None) == window


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"first": -1}, "First should be a positive number"),
        ({"last": -1}, "Last should be a positive number"),
        ({"skip": -1}, "Skip should be a positive number"),
        ({"after": "x"}, "After is not a valid cursor"),
        ({"before": cursor_of(-5)}, "Before is not a valid cursor"),
    ],
)
def test_what_can_be_no_argument_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ParseError, match=message):
        window_of(arguments, None)


def test_the_last_objects_are_no_more_than_the_server_gives() -> None:
    assert window_of({"last": 500}, 100) == Window(None, 100, is_from_end=True)


def test_a_cursor_is_read_back() -> None:
    assert number_of(cursor_of(41)) == 41
    assert number_of("nonsense") is None


def test_a_page_tells_what_lies_around_it() -> None:
    page = FoundPage([{}, {}], skip=3, count=7)
    assert page.info("hasNextPage") is True
    assert page.info("hasPreviousPage") is True
    assert page.info("startCursor") == cursor_of(3)
    assert page.info("endCursor") == cursor_of(4)


def test_of_the_last_of_nothing_the_number_is_not_known() -> None:
    assert FoundPage([], counted_before=0).total is None
