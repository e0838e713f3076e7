"""Log lines: what is secret is masked, old ones are found again, files are kept by day."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from parsepy.logs import JSONLines, Lines, LogQuery, LogStore, files_kept, mask, shown

DAY = 86_400.0


@pytest.mark.parametrize(
    "text",
    [
        "GET /sessions/me?sessionToken=SECRET&x=1",
        "X-Parse-Session-Token: SECRET",
        "X-Parse-Master-Key: SECRET",
        '{"password": "SECRET"}',
        "{'_SessionToken': 'SECRET'}",
        "mongodb://shop:SECRET@db.example.com/shop",
        "redis://:SECRET@127.0.0.1/0",
        "Authorization: Bearer SECRET",
        "masterKey=SECRET",
        "new_password=SECRET",
        "client_secret=SECRET",
    ],
)
def test_a_secret_is_masked_wherever_it_stands(text: str) -> None:
    assert "SECRET" not in mask(text)
    assert "****" in mask(text)


def test_a_session_token_is_known_by_its_form() -> None:
    assert mask("deleted r:0123456789abcdef0123456789abcdef now") == "deleted r:******** now"


def test_l3_a_line_that_a_client_has_written_passes_for_no_record() -> None:
    sent = "GET /parse/a\n2026-01-01 ERROR parsepy: all is lost\r\x1b[2J\u2028\tß"
    written = Lines().format(logging.makeLogRecord({"msg": "%s 404", "args": (sent,)}))
    first, *others = written.split("\n")
    assert first.endswith("GET /parse/a")
    assert others == ["  2026-01-01 ERROR parsepy: all is lost\\r\\x1b[2J\\u2028\tß 404"]


@pytest.mark.parametrize("text", ["GET /classes/Order?limit=3", "the key of the city", "a:b@c"])
def test_what_is_no_secret_stays(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize(
    "value",
    [
        {"password": 'two "words", SECRET'},
        {"user": [{"authData": {"cards": {"id": "SECRET"}}}]},
        {"masterKey": ["SECRET"], "api_key": {"a": "SECRET"}, "key": "SECRET"},
        {"said": "r:SECRET0123456789abcdef"},
        b"SECRET",
    ],
)
def test_a_value_is_shown_without_its_secrets(value: object) -> None:
    assert "SECRET" not in shown(value)


def test_a_value_is_shown_as_json_and_cut() -> None:
    assert shown({"monkey": 1, "keys": ["é", None, True]}) == (
        '{"monkey": 1, "keys": ["é", null, true]}'
    )
    assert shown(object()) == '"(object)"'
    assert len(shown(["x" * 600] * 3)) < 1100
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    assert "(list)" in shown(deep)


def record(
    message: str, *, level: int = logging.INFO, at: float = 1.8e9, **fields: Any
) -> logging.LogRecord:
    made = logging.LogRecord("parsepy", level, __file__, 1, message, (), None)
    made.created = at
    made.fields = fields
    return made


def test_a_json_line_holds_the_fields_of_a_record() -> None:
    line = json.loads(JSONLines().format(record("hello", requestId="a-1", path="/x?token=abc")))
    assert line == {
        "level": "info",
        "message": "hello",
        "timestamp": "2027-01-15T08:00:00.000Z",
        "logger": "parsepy",
        "requestId": "a-1",
        "path": "/x?token=********",
    }


@pytest.fixture(params=["memory", "files"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LogStore]:
    """A store with an error, a warning and two other lines, one a day."""
    made = LogStore(tmp_path / "logs" if request.param == "files" else None)
    levels = (logging.INFO, logging.WARNING, logging.ERROR, logging.INFO)
    for day, level in enumerate(levels):
        made.emit(record(f"line {day}", level=level, at=1.8e9 + day * DAY))
    yield made
    made.close()


def found(store: LogStore, **asked: Any) -> list[str]:
    return [entry["message"][-1] for entry in store.query(LogQuery(**asked))]


def test_the_newest_lines_come_first(store: LogStore) -> None:
    assert found(store) == ["3", "2", "1", "0"]
    assert found(store, size=2) == ["3", "2"]


def test_or_the_oldest(store: LogStore) -> None:
    assert found(store, oldest_first=True, size=3) == ["0", "1", "2"]


def test_a_level_asks_for_what_is_as_grave(store: LogStore) -> None:
    assert found(store, level="error") == ["2"]
    assert found(store, level="warn") == ["2", "1"]


def test_lines_are_found_by_their_time(store: LogStore) -> None:
    asked = {"start": "2027-01-16T08:00:00.000Z", "until": "2027-01-17T08:00:00.000Z"}
    assert found(store, **asked) == ["2", "1"]


def test_the_oldest_files_go(tmp_path: Path) -> None:
    store = LogStore(tmp_path, files=2)
    for day in range(4):
        store.emit(record("line", at=1.8e9 + day * DAY))
    store.close()
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["parsepy.2027-01-17.log", "parsepy.2027-01-18.log"]


def test_a_line_that_was_cut_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "parsepy.2027-01-14.log").write_text('{"level": "inf')
    store = LogStore(tmp_path)
    store.emit(record("whole"))
    assert [entry["message"] for entry in store.query(LogQuery())] == ["whole"]
    store.close()


@pytest.mark.parametrize(("option", "files"), [(None, None), (3, 3), ("3", 3), ("14d", 14)])
def test_max_log_files_is_a_number_of_files_or_days(option: Any, files: int | None) -> None:
    assert files_kept(option) == files


@pytest.mark.parametrize("option", [0, "0d", "-1", "many", 1.5])
def test_another_value_of_max_log_files_is_refused(option: Any) -> None:
    with pytest.raises(ValueError, match="number of files"):
        files_kept(option)
