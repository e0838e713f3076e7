"""`ParseError` and the numbers that all Parse SDKs share."""

import pytest

from parsepy.errors import Code, ParseError, denied


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
