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
        "note: auth.spotify: enableInsecureAuth lets in whoever has a token of any application",
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


def lines_for(capsys: pytest.CaptureFixture[str], *arguments: str, **options: Any) -> list[str]:
    """What the check says of a configuration, or of what the arguments name."""
    Path("config.json").write_text(json.dumps({"appId": "a", "masterKey": "m", **options}))
    main(["config", "check", *(arguments or ("config.json",))])
    return capsys.readouterr().out.splitlines()


def test_a_slip_keeps_its_value_which_may_be_a_key(capsys: pytest.CaptureFixture[str]) -> None:
    lines = lines_for(capsys, mountGraphql=True, clientkey="secret", sessionLenght=4)
    assert lines == [
        'unknown option "mountGraphql": did you mean "mountGraphQL"?',
        '    write "mountGraphQL": true',
        'unknown option "clientkey": did you mean "clientKey"?',
        '    write "clientKey": ...',
        'unknown option "sessionLenght": did you mean "sessionLength"?',
        '    write "sessionLength": ...',
        "config.json: 3 problems",
    ]


@pytest.mark.parametrize(("name", "other"), [("mountGraphQL", "true"), ("directAccess", "false")])
def test_instead_of_a_switch_its_other_position_is_written(
    capsys: pytest.CaptureFixture[str], name: str, other: str
) -> None:
    assert lines_for(capsys, **{name: "maybe"})[1] == f'    write "{name}": {other}'


def test_notes_are_told_beside_problems(capsys: pytest.CaptureFixture[str]) -> None:
    lines = lines_for(capsys, port="x", auth={"gogle": {"clientId": "x"}, "apple": {}})
    assert lines[:2] == [
        "note: auth.gogle: neither built in nor with a module of yours "
        '(is it meant to be "google"?); not available',
        "note: auth.apple: named without options, so it is not available",
    ]
    assert lines[-1] == "config.json: 1 problem"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("index.js", "of a program in Node, write what it hands to new ParseServer({…})"),
        ("docker-compose.yml", "options of a compose file or .env are read from the environment"),
        ("parse.env", "options of a compose file or .env are read from the environment"),
    ],
)
def test_a_file_of_another_form_is_told_what_to_do(
    capsys: pytest.CaptureFixture[str], name: str, told: str
) -> None:
    Path(name).write_text("const { ParseServer } = require('parse-server');", encoding="utf-8")
    assert told in lines_for(capsys, name)[0]


def test_without_a_file_the_environment_is_checked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARSE_SERVER_APPLICATION_ID", "a")
    monkeypatch.setenv("PARSE_SERVER_MASTER_KEY", "m")
    monkeypatch.setenv("PARSE_SERVER_START_LIVE_QUERY_SERVER", "1")  # as it is always here
    monkeypatch.setenv("PARSE_SERVER_VERBOSE", "1")
    assert main(["config", "check"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "note: the environment variable PARSE_SERVER_VERBOSE is no option: did you mean VERBOSE?",
        "the environment: fine",
    ]


def test_a_provider_that_can_not_be_read_hides_no_other(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = lines_for(
        capsys,
        auth={
            "apple": "com.x",
            "emailOtp": {},
            "github": {"clientId": "x"},
            "gogle": {"clientId": "x"},
        },
        emailAdapter=5,
    )
    assert lines == [
        "note: auth.gogle: neither built in nor with a module of yours "
        '(is it meant to be "google"?); not available',
        'auth.apple: expected an object with the provider\'s options, got "com.x"',
        'emailAdapter: expected {"module": ..., "options": {...}}, got 5',
        "auth.emailOtp: needs appName",
        "auth.emailOtp: needs publicServerURL",
        "auth.github: clientSecret is missing",
        "config.json: 5 problems",
    ]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"rpId": "https://shop.example"}, "rpId: expected a domain"),
        ({"rpId": "localhost:8080"}, "rpId: expected a domain"),
        ({"rpId": "shop.example", "origins": ["shop.example"]}, "origins: expected addresses"),
        ({"rpId": "shop.example", "origins": ["https://shop.example/"]}, "origins: expected"),
        ({"rpId": "shop.example", "origins": "http://shop.example"}, "origins: expected"),
    ],
)
def test_what_no_browser_takes_for_a_passkey_is_told(
    capsys: pytest.CaptureFixture[str], options: Any, problem: str
) -> None:
    assert told(capsys, passkey=options)[0].startswith(f"auth.passkey: {problem}")


def test_pages_of_this_machine_and_applications_may_use_passkeys(
    capsys: pytest.CaptureFixture[str],
) -> None:
    origins = ["https://shop.example:8443", "http://localhost:3000", "android:apk-key-hash:a-b_c"]
    lines = told(capsys, passkey={"rpId": "shop.example", "origins": origins})
    assert lines == ["config.json: fine"]
