"""`parsepy config check` opens the sign-in providers that are built in, as a start does."""

import json
from pathlib import Path
from typing import Any

import pytest

from parsepy.cli import main


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def told(capsys: pytest.CaptureFixture[str], **auth: Any) -> list[str]:
    """What the check says of providers."""
    options = {"appId": "a", "masterKey": "m", "serverURL": "http://x/parse", "auth": auth}
    Path("config.json").write_text(json.dumps(options), encoding="utf-8")
    main(["config", "check", "config.json"])
    return capsys.readouterr().out.splitlines()


def test_every_option_that_a_provider_lacks_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    lines = told(
        capsys,
        apple={"clientID": "x"},
        github={"clientId": "x"},
        spotify={"enableInsecureAuth": True},
        badge={"module": "badge.js"},
        card={"module": "card.py"},
    )
    assert lines == [
        'auth.badge: badge.js is JavaScript; write {"module": "path/to/file.py"}',
        "auth.card: there is no file card.py",
        'auth.apple: unknown option "clientID": did you mean "clientId"?',
        "auth.apple: clientId is missing",
        "auth.github: clientSecret is missing",
        "auth.spotify: enableInsecureAuth needs enableInsecureAuthAdapters: true beside it",
        "config.json: 6 problems",
    ]


def test_what_is_no_problem_is_a_note(capsys: pytest.CaptureFixture[str]) -> None:
    lines = told(capsys, meetup={}, google={"clientId": "x"}, apple={}, own={})
    assert lines == [
        "note: auth.meetup: not available, since the API that it asked (api.meetup.com/2) has been "
        "shut down",
        "note: auth.apple: named without options, so it is not available",
        "note: auth.own: neither built in nor with a module of yours; not available",
        "config.json: fine",
    ]
