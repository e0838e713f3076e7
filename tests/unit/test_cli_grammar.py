"""The command line as it is spelled: help, examples, slips, exit codes, completion."""

from __future__ import annotations

import argparse
import json
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from parsepy import cli
from parsepy.cli import main
from parsepy.cli.grammar import make_parser
from parsepy.cli.grammar.lookers import TABLES
from parsepy.cli.parser import CommandParser
from parsepy.cli.tables import TABLES as TABLES_THERE_ARE

ROOT = Path(__file__).parents[2]


def below(parser: argparse.ArgumentParser) -> Iterator[CommandParser]:
    """A parser and all below it."""
    assert isinstance(parser, CommandParser)
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for child in action.choices.values():
                yield from below(child)


PARSERS = {parser.prog: parser for parser in below(make_parser())}
COMMANDS = {prog: parser for prog, parser in PARSERS.items() if parser.get_default("run")}
EXAMPLES = [
    line.strip()
    for parser in COMMANDS.values()
    for line in (parser.epilog or "").splitlines()
    if line.startswith("  parsepy ")
]


@pytest.mark.parametrize("prog", PARSERS)
def test_help_fits_80_columns_and_says_what_it_is_about(
    prog: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert (PARSERS[prog].description or "").endswith((".", ")."))
    assert [line for line in PARSERS[prog].format_help().splitlines() if len(line) > 80] == []


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_of_the_help_is_a_command_line(example: str) -> None:
    words = shlex.split(example.partition(" > ")[0].partition(" < ")[0])[1:]
    args, strange = make_parser().parse_known_args(words)
    assert strange == []
    assert callable(args.run)


@pytest.mark.parametrize("prog", COMMANDS)
def test_a_command_is_on_its_page_of_the_manual(prog: str) -> None:
    assert f"`{prog}" in (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")


def test_the_tables_that_are_offered_are_there() -> None:
    assert tuple(TABLES_THERE_ARE) == TABLES


def exit_code(line: str) -> object:
    """The exit code of a command line."""
    try:
        return main(line.split())
    except SystemExit as end:
        return end.code


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("serv", "there is no command serv: did you mean serve?"),
        ("schema aply", "there is no action of `parsepy schema` aply: did you mean apply?"),
        ("show optoins", "there is no table optoins: did you mean options?"),
        ("types cobol", "there is no language cobol; there are typescript, python, dart"),
        ("data export", "the following arguments are required: FOLDER"),
        ("serve --prot 80", "unknown option --prot: did you mean --port?"),
        ("data export out --format xml", "there is no --format xml; there are jsonl, csv"),
    ],
)
def test_a_slip_is_told_in_a_line_on_standard_error(
    line: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(line) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"parsepy: {told}")
    assert len(printed.err.splitlines()) <= 2


def test_a_group_without_an_action_shows_its_actions(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["data"])
    printed = capsys.readouterr()
    assert (end.value.code, printed.out) == (2, "")
    assert "write classes to a folder" in printed.err


def test_what_is_broken_off_is_not_done(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken_off(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("parsepy.cli.tables.show", broken_off)
    assert main(["show", "codes"]) == cli.BROKEN_OFF == 130
    assert capsys.readouterr().err == "parsepy: broken off\n"
    monkeypatch.setattr("parsepy.cli.serve.command", broken_off)
    assert main(["serve"]) == 0  # how a server is meant to end


# --- what programs read -------------------------------------------------------------------------


def test_a_table_is_json_for_programs_and_has_the_rows_that_are_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["show", "options", "accountlockout", "minutes", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["option"] == "accountLockout.duration"
    assert main(["show", "options", "nothing", "like", "this"]) == 1
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "parsepy: no row of options has nothing like this\n")


def test_the_options_fit_80_columns_where_no_terminal_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["show", "options"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0] == "appId"


def test_a_check_is_json_for_programs_and_its_exit_code_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "good.json").write_text('{"classes": [{"className": "Room", "fields": {}}]}')
    (tmp_path / "bad.json").write_text('{"classes": [{"className": "1Room"}]}')
    (tmp_path / "config.json").write_text('{"masterKy": "x"}')
    told = []
    checks = ("schema check good.json", "schema check bad.json", "config check config.json")
    for line in (*checks, "migrate check config.json"):
        *words, file = line.split()
        code = main([*words, str(tmp_path / file), "--json"])
        told.append((code, json.loads(capsys.readouterr().out)))
    assert told[0] == (0, {"valid": True, "classes": ["Room"], "warnings": []})
    assert (told[1][0], told[1][1]["valid"]) == (1, False)
    assert told[2][0] == 1
    assert 'did you mean "masterKey"' in told[2][1]["problems"][0]
    assert told[3][0] == 1
    assert 'did you mean "masterKey"' in told[3][1]["sections"]["Options and adapters"]["toDo"][0]


# --- projects in folders that are there ---------------------------------------------------------


def test_init_leaves_what_is_there_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "README.md").write_text("mine")
    monkeypatch.chdir(folder)
    assert main(["new", str(folder)]) == 1
    assert "`parsepy init` works in such a folder" in capsys.readouterr().err
    assert main(["init", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["kept"] == ["README.md"]
    assert "schema/notes.json" in told["made"]
    assert (folder / "README.md").read_text() == "mine"
    assert main(["init", "--json"]) == 0  # and twice is as once
    assert json.loads(capsys.readouterr().out)["made"] == []


# --- completion ---------------------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize(
    ("words", "expected"),
    [(["sch"], "schema"), (["schema", "ap"], "apply"), (["data", "export", "--form"], "--format")],
)
def test_bash_completes_a_word(
    words: list[str], expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["completion", "bash"]) == 0
    script = tmp_path / "parsepy.bash"
    script.write_text(capsys.readouterr().out)
    asked = f"""
        source {shlex.quote(str(script))}
        COMP_WORDS=(parsepy {" ".join(words)}); COMP_CWORD={len(words)}
        $(complete -p parsepy | sed 's/.*-F \\([^ ]*\\).*/\\1/') parsepy {words[-1]} x
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, timeout=60)
    assert expected in done.stdout.split(), done.stderr


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_have_a_script_too(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    assert "diagram" in capsys.readouterr().out
