"""Ten configurations as public projects have them start, or say all that is missing in one go."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from parsepy.app import build
from parsepy.cli import main
from parsepy.config import Config, ConfigError

FOLDER = Path(__file__).parent / "configurations"
FILES = sorted(FOLDER.glob("*.json"))
WILL_CHANGE = "note: without effect in this version"
BASE = {"appId": "app", "masterKey": "master"}


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in the folder of the configurations, with no variable set that is an option."""
    monkeypatch.chdir(FOLDER)
    for name in ("PORT", "VERBOSE", "SILENT", *os.environ):
        if name in ("PORT", "VERBOSE", "SILENT") or name.startswith("PARSE"):
            monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_e5_a_public_configuration_is_fine_or_told_everything(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["config", "check", file.name])
    printed = capsys.readouterr().out.splitlines()
    expected = file.with_suffix(".txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in printed if not line.startswith(WILL_CHANGE)] == [
        line for line in expected if not line.startswith(WILL_CHANGE)
    ]
    assert code == (0 if printed[-1].endswith(": fine") else 1)


def test_there_are_ten_of_them() -> None:
    assert len(FILES) == 10


def test_a_start_says_the_same_problems_as_the_check(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = FOLDER / "postgres_and_slips.json"
    arguments = ["serve", "--config", str(file), "--data-dir", str(tmp_path)]
    assert main(arguments) == 1
    told = capsys.readouterr().err
    for line in file.with_suffix(".txt").read_text(encoding="utf-8").splitlines()[:-1]:
        assert line.strip() in told


NAMES = {
    "a folder": ("filesAdapter", "@parse/fs-files-adapter", {}, {"folder": "files"}),
    "a folder in it": (
        *("filesAdapter", "parse-server-fs-adapter", {"filesSubDirectory": "a/b/"}),
        {"folder": "files/a/b"},
    ),
    "another service of S3's kind": (
        *("filesAdapter", "parse-server-s3-adapter"),
        {"bucket": "b", "s3overrides": {"endpoint": "https://do.example.com"}},
        {"bucket": "b", "endpoint": "https://do.example.com"},
    ),
    "a key that is user and password": (
        *("emailAdapter", "parse-server-postmark-adapter"),
        {"fromAddress": "a@b.c", "apiKey": "k"},
        {"sender": "a@b.c", "host": "smtp.postmarkapp.com", "user": "k", "password": "k"},
    ),
}


@pytest.mark.parametrize(("option", "module", "options", "expected"), NAMES.values(), ids=NAMES)
@pytest.mark.parametrize("as_text", [False, True])
def test_e5_an_adapter_of_npm_is_taken_as_ours(
    option: str, module: str, options: Any, expected: Any, as_text: bool
) -> None:
    written: Any = {"module": module, "options": options}
    config = Config.from_options({**BASE, option: json.dumps(written) if as_text else written})
    made = config.files_adapter or config.email_adapter
    assert made is not None
    assert dict(made.options) == expected
    assert module in config.notes[0]


def test_e5_a_secret_is_not_in_what_is_said_of_an_adapter() -> None:
    options = {"bucket": "b", "accessKey": "AKIASECRET", "secretKey": "s3cret"}
    written = {"module": "@parse/s3-files-adapter", "options": options}
    (note,) = Config.from_options({**BASE, "filesAdapter": written}).notes
    assert "s3cret" not in note
    assert "AKIASECRET" not in note


def test_e5_todays_name_goes_before_the_former_one() -> None:
    config = Config.from_options({**BASE, "customIdSize": 12, "objectIdSize": 9})
    assert config.object_id_size == 9


def test_e5_a_package_that_nobody_knows_is_named_with_what_to_write() -> None:
    with pytest.raises(ConfigError, match=r'@acme/files is a package of Node; write .*"gridfs"'):
        Config.from_options({**BASE, "filesAdapter": "@acme/files"})


def test_an_own_module_is_no_package_of_node() -> None:
    config = Config.from_options({**BASE, "filesAdapter": {"module": "./files/own.py"}})
    assert config.notes == ()


ADAPTERS: dict[str, Any] = {
    "auth": {"facebook": {"appIdz": ["1"]}, "mine": {"module": "adapters/none.py"}},
    "emailAdapter": {"module": "smtp", "options": {"hostt": "x"}},
    "serverStartComplete": "x.py:go",
    "passwordPolicy": {"validatorCallback": "y.py:z"},
    "databaseURI": "mongodb://127.0.0.1:9/d",
}
TOLD = (
    "emailAdapter: the adapter of parsepy.mail.smtp: missing a required argument: 'sender'",
    "passwordPolicy.validatorCallback: there is no file y.py",
    "serverStartComplete: there is no file x.py",
    'auth.facebook: unknown option "appIdz": did you mean "appIds"?',
    "auth.facebook: appIds is missing",
    "auth.mine: there is no file adapters/none.py",
)


def test_what_adapters_and_functions_lack_is_told_in_one_go(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps({**BASE, **ADAPTERS}))
    assert main(["config", "check", str(file)]) == 1
    *lines, last = capsys.readouterr().out.replace(f"{tmp_path}/", "").splitlines()
    assert sorted(lines) == sorted(TOLD)
    assert last == "config.json: 6 problems"
    assert main(["serve", "--config", str(file), "--data-dir", str(tmp_path)]) == 1
    started = capsys.readouterr().err.replace(f"{tmp_path}/", "")
    assert all(line in started for line in TOLD)
    file.write_text(json.dumps({**BASE, **ADAPTERS, "port": 70000}))
    assert main(["config", "check", str(file)]) == 1
    printed = capsys.readouterr().out.replace(f"{tmp_path}/", "")
    assert printed.startswith("port: expected a number from 1 to 65535")
    assert all(line in printed for line in TOLD)


def test_a_build_tells_of_all_parts() -> None:
    with pytest.raises(ConfigError) as refused:
        build(Config.from_options({**BASE, **ADAPTERS}, base_dir=FOLDER))
    told = [problem.replace(f"{FOLDER}/", "") for problem in refused.value.problems]
    assert sorted(told) == sorted(TOLD)
