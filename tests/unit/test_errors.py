"""`ParseError` and the numbers that all Parse SDKs share."""

import ast
import builtins
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from parsepy import errors
from parsepy.errors import Code, ParseError, denied

HOUSE = Path(errors.__file__).parent
SOURCES = {str(path.relative_to(HOUSE)): path.read_text() for path in HOUSE.rglob("*.py")}


@pytest.mark.parametrize(
    ("code", "number"),
    [
        (Code.OTHER_CAUSE, -1),
        (Code.INTERNAL_SERVER_ERROR, 1),
        (Code.OBJECT_NOT_FOUND, 101),
        (Code.INVALID_QUERY, 102),
        (Code.INVALID_JSON, 107),
        (Code.OPERATION_FORBIDDEN, 119),
        (Code.DUPLICATE_VALUE, 137),
        (Code.USERNAME_TAKEN, 202),
        (Code.INVALID_SESSION_TOKEN, 209),
        (Code.X_DOMAIN_REQUEST, 602),
    ],
)
def test_a_code_has_the_number_that_the_sdks_know(code: Code, number: int) -> None:
    assert code == number


def test_an_error_carries_a_plain_number_and_its_sentence() -> None:
    error = ParseError(Code.OBJECT_NOT_FOUND, "Object not found.")
    assert type(error.code) is int
    assert (error.code, error.message, str(error)) == (101, "Object not found.", error.message)
    assert not error.sanitize


def test_an_error_shows_itself_in_a_log() -> None:
    assert repr(ParseError(137, "taken")) == "ParseError(137, 'taken')"


def test_cloud_code_may_bring_a_number_of_its_own() -> None:
    assert ParseError(9001, "sold out").code == 9001


def test_a_permission_refusal_is_to_be_sanitised() -> None:
    assert denied(Code.OPERATION_FORBIDDEN, "no").sanitize


# --- the tree at the top of the file ------------------------------------------------------------


def drawn() -> Iterator[tuple[str, str, str]]:
    """The exceptions in the tree: name, parent, and module if it is ours."""
    above = {-1: "Exception"}
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"([ │├└─]*[├└]── )(\w+)(?: +([\w/]+\.py): \w)?", line)
        if found is not None:
            depth = len(found[1])
            parent = above[max(other for other in above if other < depth)]
            above = {other: name for other, name in above.items() if other < depth}
            above[depth] = found[2]
            yield found[2], parent, found[3] or ""


def defined() -> set[tuple[str, str, str]]:
    """The exceptions in the source: name, base, module."""
    classes = [
        (node.name, base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", ""), file)
        for file, source in SOURCES.items()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ClassDef)
        for base in node.bases
    ]
    raised = {name for name, value in vars(builtins).items() if isinstance(value, type)}
    raised = {name for name in raised if issubclass(getattr(builtins, name), BaseException)}
    for _ in classes:  # until the bases of all are known
        raised |= {name for name, base, _ in classes if base in raised}
    return {line for line in classes if line[0] in raised}


def test_the_tree_draws_every_exception_under_its_base_and_with_its_module() -> None:
    ours = {line for line in drawn() if line[2]}
    assert ours == defined()


def test_what_is_withheld_from_a_client_is_said_in_one_place() -> None:
    places = [file for file, source in SOURCES.items() if "Permission denied" in source]
    assert places == ["errors.py"]
    assert SOURCES["errors.py"].count("Permission denied") == 1
