"""`Keys`: made once, kept for their owner, never guessed."""

import json
import stat
from pathlib import Path

import pytest

from parsepy.config import ConfigError
from parsepy.keys import load_or_create


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_first_run_makes_a_random_key_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / ".parsepy/keys.json"
    keys = load_or_create(path, None)
    assert keys.app_id == "parsepy"
    assert len(keys.master_key) >= 43
    assert mode(path) == 0o600
    assert mode(path.parent) == 0o700
    assert [file.name for file in path.parent.iterdir()] == ["keys.json"]


def test_two_shops_get_different_keys(tmp_path: Path) -> None:
    one, other = (load_or_create(tmp_path / name / "keys.json", None) for name in "ab")
    assert one.master_key != other.master_key


def test_the_second_run_finds_the_same_keys(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    assert load_or_create(path, None) == load_or_create(path, None)


def test_a_configured_application_id_wins_and_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    assert load_or_create(path, "shop").app_id == "shop"
    assert json.loads(path.read_text(encoding="utf-8"))["appId"] == "parsepy"
    assert load_or_create(path, None).app_id == "parsepy"


def test_a_file_open_to_others_is_closed_with_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    load_or_create(path, None)
    path.chmod(0o644)
    warnings: list[str] = []
    load_or_create(path, None, warnings.append)
    assert mode(path) == 0o600
    assert warnings == [f"{path} was open to other users (mode 0644); it is now closed (0600)"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "not valid JSON"),
        ("\udcff", "not valid JSON"),
        ("[]", "not a JSON object"),
        ("{}", "no masterKey in it"),
        ('{"masterKey": ""}', "no masterKey in it"),
        ('{"masterKey": "k", "appId": 5}', "its appId is not text"),
    ],
)
def test_a_broken_file_is_named_and_left_alone(tmp_path: Path, content: str, reason: str) -> None:
    path = tmp_path / "keys.json"
    path.write_bytes(content.encode(errors="surrogateescape"))
    path.chmod(0o600)
    with pytest.raises(ConfigError, match=f"keys.json: {reason}; mend it, or delete it"):
        load_or_create(path, None)
    assert path.read_bytes() == content.encode(errors="surrogateescape")


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="File exists"):
        load_or_create(tmp_path / "file" / "keys.json", None)
