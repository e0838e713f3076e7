"""How an answer is written: the status of each code, sanitised messages, origins."""

import logging

import pytest

from parsepy.app import Application
from parsepy.config import Config
from parsepy.errors import Code, ParseError, denied
from parsepy.http.cors import CORS
from parsepy.http.failures import failure_of
from tests.conftest import APP_ID, MASTER_KEY


@pytest.mark.parametrize("code", [*Code, 12345, 0])
def test_each_code_has_its_status(application: Application, code: int) -> None:
    answer = failure_of(application.backend, ParseError(code, "No lamps left."), "here").answer()
    assert answer.status == {1: 500, 101: 404}.get(int(code), 400)
    assert answer.content == {"code": int(code), "error": "No lamps left."}


def test_a_sanitised_refusal_keeps_its_code_and_goes_to_the_log(
    application: Application, caplog: pytest.LogCaptureFixture
) -> None:
    error = denied(Code.OPERATION_FORBIDDEN, "Orders are not yours.")
    with caplog.at_level(logging.INFO, logger=application.backend.log.name):
        answer = failure_of(application.backend, error, "here").answer()
    assert answer.content == {"code": 119, "error": "Permission denied"}
    assert "Orders are not yours." in caplog.text


def cors(*origins: str) -> CORS:
    options = {"appId": APP_ID, "masterKey": MASTER_KEY, "allowOrigin": list(origins)}
    return CORS(Config.from_options(options))


@pytest.mark.parametrize(
    ("origins", "origin", "shown"),
    [
        (("*",), b"https://a.example", b"*"),
        (("https://a.example", "https://b.example"), b"https://b.example", b"https://b.example"),
        (("https://a.example",), b"https://b.example", b"https://a.example"),
        (("https://a.example",), b"https://a.example.evil", b"https://a.example"),
        (("https://a.example",), b"null", b"https://a.example"),
        (("https://a.example",), None, b"https://a.example"),
    ],
)
def test_an_origin_is_allowed_if_it_is_listed(
    origins: tuple[str, ...], origin: bytes | None, shown: bytes
) -> None:
    headers = dict(cors(*origins).headers(origin))
    assert headers[b"access-control-allow-origin"] == shown
