"""Commands over a database: what they print, for people and as JSON, and their exit codes."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient

from parsepy.cli import commands, main
from tests.conftest import database_in

SCHEMA = """{
  "roles": [
    {"name": "admin"},
    {"name": "staff", "roles": ["admin"]}
  ],
  "classes": [
    {
      "className": "Room",
      "fields": {
        "name": {"type": "String", "required": true},
        "house": {"type": "Pointer", "targetClass": "House"},
        "guests": {"type": "Relation", "targetClass": "User"}
      },
      "classLevelPermissions": {
        "find": {"*": true},
        "create": {"role:staff": true},
        "addField": {}
      }
    },
    {
      "className": "House",
      "fields": {"street": {"type": "String"}}
    }
  ]
}
"""
CLOUD = """
from parsepy import Cloud

@Cloud.job("close", schedule="*/5 * * * *")
async def close(request):
    if request.params.get("fail"):
        raise ValueError("no till")
    return "closed"
"""
Run = Callable[..., int]


@pytest.fixture
def database(mongo_uri: str) -> Iterator[str]:
    """A database that nothing is in; it goes with the test."""
    uri = database_in(mongo_uri, f"commands_{uuid4().hex[:12]}")
    yield uri
    with MongoClient[dict[str, Any]](uri) as client:
        client.drop_database(client.get_default_database().name)


@pytest.fixture
def run(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command on the database; its exit code."""
    monkeypatch.setattr(commands, "heed_signals", lambda: None)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rooms.json").write_text(SCHEMA)
    (tmp_path / "jobs.py").write_text(CLOUD)

    def run(*arguments: str) -> int:
        return main([*arguments, "--database-uri", database])

    return run


@pytest.fixture
def applied(run: Run, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run commands on a database to which the template was applied."""
    assert run("schema", "apply", "--yes", "--schema", "rooms.json") == 0
    capsys.readouterr()
    return run


def test_apply_changes_the_database_and_is_done_once(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("schema", "apply", "--schema", "rooms.json", "--yes") == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("Room: ") for line in lines)
    assert "role made: staff" in lines
    assert run("schema", "apply", "--schema", "rooms.json") == 0
    told = capsys.readouterr()
    assert (told.out, told.err) == ("nothing to change\n", "nothing to change\n")


def test_apply_asks_and_where_nobody_can_be_asked_it_changes_nothing(
    run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert run("schema", "apply", "--schema", "rooms.json") == 1
    assert "nobody can be asked here; say --yes" in capsys.readouterr().err
    assert run("schema", "diff", "--schema", "rooms.json") == 0
    assert "nothing to change" not in capsys.readouterr().out


def test_what_is_pulled_is_a_template_that_fits(
    applied: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert applied("schema", "pull", "--output", "pulled.json") == 0
    pulled = json.loads(Path("pulled.json").read_text())
    assert pulled["roles"] == [{"name": "admin"}, {"name": "staff", "roles": ["admin"]}]
    assert [one["className"] for one in pulled["classes"]] == ["Room", "House"] or [
        one["className"] for one in pulled["classes"]
    ] == ["House", "Room"]
    assert main(["schema", "check", "pulled.json"]) == 0
    capsys.readouterr()
    assert applied("schema", "diff", "--schema", "pulled.json") == 0
    assert capsys.readouterr().out == "nothing to change\n"


def test_a_class_is_described(applied: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert applied("schema", "describe", "Room") == 0
    printed = capsys.readouterr().out
    assert printed.startswith("Room\n")
    assert "  name    String             required\n" in printed
    assert "  house   Pointer to House\n" in printed
    assert "  find      anyone\n" in printed
    assert "  create    staff\n" in printed
    assert applied("schema", "describe", "Rom") == 1
    assert "there is no class Rom" in capsys.readouterr().err
    assert applied("schema", "describe", "Room", "--json") == 0
    (room,) = json.loads(capsys.readouterr().out)
    assert room["className"] == "Room"


def test_a_diagram_has_an_edge_for_each_pointer_and_relation(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("schema", "diagram", "Room", "--from", "rooms.json") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "erDiagram"
    assert "        String name" in lines
    assert "    Room }o--o| House : house" in lines
    assert "    Room }o--o{ User : guests" in lines


def test_users_are_made_listed_granted_and_revoked(
    applied: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("a good secret\n"))
    command = ["user", "create", "ann", "--email", "ann@mail.example", "--role", "staff"]
    assert applied(*command, "--json") == 0
    made = json.loads(capsys.readouterr().out)
    assert applied("user", "list", "--json") == 0
    (ann,) = json.loads(capsys.readouterr().out)
    assert (ann["objectId"], ann["roles"]) == (made["objectId"], ["staff"])
    assert applied("user", "revoke", "ann", "staff") == 0
    assert applied("user", "list") == 0
    assert "ann   ann@mail.example         " in capsys.readouterr().out
    assert applied("user", "revoke", "bob", "staff") == 1
    assert "There is no user named 'bob'" in capsys.readouterr().err


def test_a_user_without_a_password_is_not_made(
    applied: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert applied("user", "create", "ann") == 1
    assert "a password is wanted, on standard input" in capsys.readouterr().err


def test_a_job_runs_to_its_end_and_its_exit_code_says_how(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("job", "run", "close", "--cloud", "jobs.py") == 0
    assert capsys.readouterr().out == "close succeeded: closed\n"
    assert run("job", "run", "close", "--params", '{"fail": 1}', "--cloud", "jobs.py") == 1
    assert capsys.readouterr().out == "close failed: no till\n"
    assert run("job", "list", "--json", "--cloud", "jobs.py") == 0
    (close,) = json.loads(capsys.readouterr().out)
    assert (close["name"], close["schedule"], close["status"]) == ("close", "*/5 * * * *", "failed")
    assert run("job", "run", "close", "--params", "[]", "--cloud", "jobs.py") == 1
    assert "--params must be a JSON object" in capsys.readouterr().err


def test_what_is_configured_is_shown_with_its_source_and_without_secrets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "app.json"
    file.write_text('{"appName": "Rooms", "masterKey": "very secret", "port": 4000}')
    monkeypatch.setenv("PORT", "5000")
    assert main(["config", "show", "--config", str(file), "--log-level", "warn"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["appName", '"Rooms"', str(file)] in lines
    assert ["masterKey", '"********"', str(file)] in lines
    assert ["port", '"5000"', "PORT"] in lines
    assert ["logLevel", '"warn"', "a", "flag"] in lines
    assert main(["config", "show", "--config", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["appName"] == "Rooms"


@pytest.mark.parametrize("table", ["options", "codes", "triggers"])
def test_a_table_fits_a_terminal_of_80_columns(
    table: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["show", table]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert any(line.startswith("    ") for line in lines)
