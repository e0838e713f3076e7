"""Logs: a line for each record, secrets masked; kept for `/scriptlog`, and in a file a day."""

import json
import logging
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

VERBOSE, SILLY = 15, 5
LEVELS = {
    "error": logging.ERROR,
    "warn": logging.WARNING,
    "info": logging.INFO,
    "verbose": VERBOSE,
    "debug": logging.DEBUG,
    "silly": SILLY,
    "silent": logging.CRITICAL + 1,
}
"""Parse's names of log levels, with Python's numbers."""
_NAMES = {number: name for name, number in LEVELS.items()} | {logging.CRITICAL: "error"}
_KEPT = 1000
_TAIL = 4_000_000  # bytes of a day's file that are searched
_SECRET = re.compile(
    r"(?i)((?:password|secret|token|authorization|(?:master|only|maintenance|client|javascript|api|"
    r"windows|webhook|file|encryption)[_-]?key)[\"']?\s*[=:]\s*(?:basic |bearer )?[\"']?)"
    r"[^\s&\"',;}]+"
)
_SECRET_NAME = re.compile(
    r"(?i:password|secret|token|authorization|authdata)|(?i:(?:^|[_-])(?:api)?key$)|[a-z0-9]Key$"
)
_SHOWN = 1000  # characters of a value in a line
_SHOWN_ITEMS, _SHOWN_DEPTH = 50, 8
_TOKEN = re.compile(r"\br:[0-9A-Za-z]{16,}")
_USERINFO = re.compile(r"(://)[^/\s@]+@")


def mask(text: str) -> str:
    """Mask session tokens, keys, passwords and credentials of URLs in a text."""
    masked = _SECRET.sub(r"\1********", _TOKEN.sub("r:********", text))
    return _USERINFO.sub(r"\1********@", masked)


def shown(value: Any) -> str:
    """Write a value for a log line: JSON, cut to a moderate length, secrets masked."""
    text = json.dumps(_without_secrets(value, _SHOWN_DEPTH), ensure_ascii=False)
    return mask(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… (cut)")


def _without_secrets(value: Any, depth: int) -> Any:
    # by their names, before the value is text: there a password may hold what would end it
    if isinstance(value, str):
        return value[: _SHOWN + 1]
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, bytes):
        return f"({len(value)} bytes)"
    if depth and isinstance(value, dict):
        return {
            str(name): "********"
            if _SECRET_NAME.search(str(name))
            else _without_secrets(item, depth - 1)
            for name, item in islice(value.items(), _SHOWN_ITEMS)
        }
    if depth and isinstance(value, list | tuple):
        return [_without_secrets(item, depth - 1) for item in value[:_SHOWN_ITEMS]]
    return f"({type(value).__name__})"


def entry_of(record: logging.LogRecord) -> dict[str, Any]:
    """Convert a record to the form of `/scriptlog` and JSON lines."""
    entry: dict[str, Any] = {
        "level": _NAMES.get(record.levelno, record.levelname.lower()),
        "message": mask(record.getMessage()),
        "timestamp": stamp(record.created),
        "logger": record.name,
    }
    fields = getattr(record, "fields", None)
    if isinstance(fields, dict):
        entry |= {key: mask(v) if isinstance(v, str) else v for key, v in fields.items()}
    if record.exc_info:
        entry["stack"] = mask(logging.Formatter().formatException(record.exc_info))
    return entry


def stamp(seconds: float) -> str:
    """Write seconds since 1970 as the time of a log line."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")


def _visible(found: re.Match[str]) -> str:
    return "\n  " if found[0] == "\n" else ascii(found[0])[1:-1]


class JSONLines(logging.Formatter):
    """Formats a record as one line of JSON (option jsonLogs)."""

    def format(self, record: logging.LogRecord) -> str:
        """Format a record as one line."""
        return json.dumps(entry_of(record), default=str)


class Lines(logging.Formatter):
    """Formats a record as a line for people, secrets masked.

    Further lines of a message are indented: what a client has written passes for no record.
    """

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """Format a record as one line, with its traceback below."""
        return mask(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:
        """Format a record without its traceback."""
        return _CONTROL.sub(_visible, super().formatMessage(record))


@dataclass(frozen=True, slots=True)
class LogQuery:
    """The parameters of `/scriptlog`; the newest entries come first unless ``oldest_first``."""

    level: str = "info"
    size: int = 10
    start: str = ""
    until: str = "9"
    oldest_first: bool = False

    def select(self, entries: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Select the wanted entries; ``entries`` has all of them, the newest first."""
        least = LEVELS.get(self.level, logging.INFO)
        found = [
            entry
            for entry in entries
            if LEVELS.get(str(entry.get("level")), logging.INFO) >= least
            and self.start <= str(entry.get("timestamp")) <= self.until
        ]
        return found[-self.size :][::-1] if self.oldest_first else found[: self.size]


class LogStore(logging.Handler):
    """Keeps the last records of one application, and writes a file a day if there is a folder."""

    def __init__(self, folder: Path | None = None, files: int | None = None) -> None:
        super().__init__()
        self._last: deque[dict[str, Any]] = deque(maxlen=_KEPT)
        self._folder = folder
        self._files = files
        self._day: date | None = None
        self._file: TextIO | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record; never raises, so that a full disk loses only the line."""
        try:
            entry = entry_of(record)
            self._last.append(entry)
            if self._folder is not None:
                self._write(entry, datetime.fromtimestamp(record.created, UTC).date())
        except (OSError, ValueError):
            self.handleError(record)

    def _write(self, entry: dict[str, Any], day: date) -> None:
        if day != self._day or self._file is None:
            self._open(day)
        assert self._file is not None
        self._file.write(json.dumps(entry, default=str) + "\n")
        self._file.flush()

    def _open(self, day: date) -> None:
        assert self._folder is not None
        if self._file is not None:
            self._file.close()
        self._folder.mkdir(parents=True, exist_ok=True)
        self._file = (self._folder / f"parsepy.{day.isoformat()}.log").open("a", encoding="utf-8")
        self._day = day
        if self._files is not None:
            for old in self._paths()[self._files :]:
                old.unlink(missing_ok=True)

    def _paths(self) -> list[Path]:
        """List the files of all days, the newest first."""
        assert self._folder is not None
        return sorted(self._folder.glob("parsepy.????-??-??.log"), reverse=True)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None
        super().close()

    def query(self, asked: LogQuery) -> list[dict[str, Any]]:
        """Read the wanted entries from the files, or else from memory; reading files blocks."""
        if self._folder is None:
            return asked.select(reversed(self._last))
        return asked.select(self._entries(asked))

    def _entries(self, asked: LogQuery) -> Iterator[dict[str, Any]]:
        first, last = asked.start[:10], asked.until[:10]
        for path in self._paths():
            if not first <= path.name[8:18] <= last:
                continue
            for line in reversed(_tail(path)):
                try:
                    entry = json.loads(line)
                except ValueError:
                    continue  # the first line of the tail is cut
                if isinstance(entry, dict):
                    yield entry


def _tail(path: Path) -> list[bytes]:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL))
        return file.read().splitlines()


def files_kept(value: Any) -> int | None:
    """Read the option maxLogFiles: a number of files, or of days (``"14d"``), which is the same.

    Raises ValueError for anything else.
    """
    if value is None:
        return None
    match = re.fullmatch(r"(\d+)d?", str(value))
    if match is None or int(match[1]) < 1:
        raise ValueError(f"{value} is no number of files")
    return int(match[1])


def a_week_ago() -> str:
    """Compute where `/scriptlog` begins if the request does not say it."""
    return stamp((datetime.now(UTC) - timedelta(days=7)).timestamp())
