"""What a client is told of an exception: the one mapping that all doors share."""

import logging
from typing import Any

import pytest

from parsepy.app import build
from parsepy.backend import Backend
from parsepy.config import Config
from parsepy.errors import Code, ParseError, denied
from parsepy.http.failures import Failure, failure_of
from parsepy.http.limits import TooMany
from parsepy.http.refusals import HTTPRefusal, forbidden, unauthorized
from parsepy.storage import Conflict, Unavailable

OPTIONS = {"appId": "shop", "masterKey": "m", "databaseURI": "mongodb://127.0.0.1:1/none"}


def backend(**options: Any) -> Backend:
    return build(Config.from_options({**OPTIONS, **options})).backend


def of(error: Exception, **options: Any) -> Failure:
    return failure_of(backend(**options), error, "request 7")


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (ParseError(Code.OBJECT_NOT_FOUND, "Gone."), Failure(404, "Gone.", 101)),
        (ParseError(Code.DUPLICATE_VALUE, "Taken."), Failure(400, "Taken.", 137)),
        (unauthorized(), Failure(403, "unauthorized")),
        (HTTPRefusal(409, "Off."), Failure(409, "Off.")),
        (RecursionError("deep"), Failure(400, "The nesting is too deep.", 107)),
        (
            Unavailable("mongo:27017"),
            Failure(503, "Database error", 1, ((b"retry-after", b"1"),), is_passing=True),
        ),
        (KeyError("a secret of the inside"), Failure(500, "Internal server error.", 1)),
    ],
)
def test_an_exception_has_its_failure(error: Exception, failure: Failure) -> None:
    assert of(error) == failure


def test_a_conflict_may_be_over_when_the_client_tries_again() -> None:
    failure = of(Conflict("write conflict"))
    assert (failure.status, failure.code, failure.is_passing) == (500, 1, True)
    assert "try again" in failure.message


def test_a_rate_limit_says_when_to_come_again() -> None:
    failure = of(TooMany("Too many requests.", 3.2, []))
    assert (failure.status, failure.code) == (429, 100)
    assert failure.headers == ((b"retry-after", b"4"),)


@pytest.mark.parametrize(
    "error", [denied(Code.OPERATION_FORBIDDEN, "Orders are not yours."), forbidden("Not yours.")]
)
def test_the_details_of_a_refusal_are_withheld_by_option(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    shown = of(error, enableSanitizedErrorResponse=False)
    with caplog.at_level(logging.INFO):
        withheld = of(error, enableSanitizedErrorResponse=True)
    assert (shown.message, withheld.message) == (str(error), "Permission denied")
    assert (shown.status, shown.code) == (withheld.status, withheld.code)
    assert str(error) in caplog.text


def test_what_nobody_foresaw_is_logged_whole(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        of(KeyError("a secret of the inside"))
    assert "request 7" in caplog.text
    assert "a secret of the inside" in caplog.text


def test_a_code_is_lent_where_a_form_needs_one() -> None:
    assert unauthorized_failure().content() == {"error": "unauthorized"}
    assert unauthorized_failure().content(119) == {"code": 119, "error": "unauthorized"}
    assert Failure(404, "Gone.", 101).content(119) == {"code": 101, "error": "Gone."}


def unauthorized_failure() -> Failure:
    return of(unauthorized())
