"""The scalar types read and write values as the reference's do, and refuse them in its words."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from graphql import GraphQLScalarType, parse_value

from parsepy.graphql.schema import scalars
from parsepy.graphql.schema.dates import to_iso_date
from parsepy.model.javascript import shown_number
from tests.graphql.recorded import LITERALS, VALUES, answers

pytestmark = pytest.mark.reference

SCALARS = {
    "Any": scalars.ANY,
    "Object": scalars.OBJECT,
    "Date": scalars.DATE,
    "Bytes": scalars.BYTES,
    "File": scalars.FILE,
    "Upload": scalars.UPLOAD,
}
EACH = pytest.mark.parametrize("name", SCALARS)


def outcome(ask: Callable[[Any], Any], value: Any) -> dict[str, Any]:
    """What a function answers, as JSON keeps it, or the words of its error."""
    try:
        return {"value": orjson.loads(orjson.dumps(ask(value)))}
    except Exception as error:  # noqa: BLE001 - whatever is raised is what is compared
        return {"error": str(error).partition("\n\n")[0]}


def compare(name: str, how: str, ask: Callable[[Any], Any], asked: list[Any]) -> None:
    for value, expected in zip(asked, answers()[how][name], strict=True):
        assert outcome(ask, value) == expected, f"{name}: {value!r}"


@EACH
def test_a_variable_is_read_as_the_reference_reads_it(name: str) -> None:
    compare(name, "read", SCALARS[name].parse_value, VALUES)


@EACH
def test_a_result_is_written_as_the_reference_writes_it(name: str) -> None:
    compare(name, "written", SCALARS[name].serialize, VALUES)


@EACH
def test_a_literal_is_read_as_the_reference_reads_it(name: str) -> None:
    def parsed(text: str) -> Any:
        scalar: GraphQLScalarType = SCALARS[name]
        return scalar.parse_literal(parse_value(text))

    compare(name, "parsed", parsed, LITERALS)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.1, "0.1"),
        (1.0, "1"),
        (-0.0, "0"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (1.5e-7, "1.5e-7"),
        (0.000001, "0.000001"),
        (123456789.125, "123456789.125"),
        (2**63, "9223372036854776000"),
        (float("nan"), "NaN"),
        (float("-inf"), "-Infinity"),
        (10**400, "Infinity"),
    ],
)
def test_numbers_are_shown_as_javascript_shows_them(number: float, text: str) -> None:
    assert shown_number(number) == text


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2024-05-01T10:00", "2024-05-01T10:00:00.000Z"),
        ("2024-02-31T00:00:00Z", "2024-03-02T00:00:00.000Z"),
        ("2024-05-01T24:00:00Z", "2024-05-02T00:00:00.000Z"),
        ("Tue, 01 Jan 2024 00:00:00 GMT", "2024-01-01T00:00:00.000Z"),
        ("Mon, 25 Dec 1995 13:30:00 +0430", "1995-12-25T09:00:00.000Z"),
        ("5/1/2024 2:15 pm", "2024-05-01T14:15:00.000Z"),
        ("May 1, 24 (a note) EST", "2024-05-01T05:00:00.000Z"),
        ("1", "2001-01-01T00:00:00.000Z"),
        ("tomorrow", None),
        ("2024-13-01", None),
        ("2024-05-01T25:00:00Z", None),
        ("5 apples 2024", None),
        ("(" * 150 + "2024", None),
        (" " * 100_000 + "2024", None),
    ],
)
def test_dates_are_what_javascript_reads(text: str, iso: str | None) -> None:
    assert to_iso_date(text) == iso
