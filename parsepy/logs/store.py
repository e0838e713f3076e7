"""``LogStore``: the last records of an application, or a file a day; ``LogQuery`` asks for them."""

import json
import logging
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any, TextIO

from parsepy.logs.lines import LEVELS, JSONLines, entry_of, stamp
from parsepy.logs.writing import BatchHandler, settled

_KEPT = 1000
_TAIL = 4_000_000  # bytes of a day's file that are searched


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


class LogStore(BatchHandler):
    """Keeps the last records of one application, or writes a file a day if there is a folder."""

    def __init__(self, folder: Path | None = None, files: int | None = None) -> None:
        super().__init__()
        self.setFormatter(JSONLines())
        self._last: deque[logging.LogRecord] = deque(maxlen=_KEPT)
        self._folder = folder
        self._files = files
        self._day: date | None = None
        self._file: TextIO | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record, as it is: few of them are ever asked for."""
        if self._folder is not None:
            super().emit(record)
            return
        try:
            self._last.append(settled(record))
        except Exception:  # noqa: BLE001 - as in logging: whatever its arguments raise as text
            self.handleError(record)

    def write_batch(self, records: Sequence[logging.LogRecord]) -> None:
        """Write the lines of each day into its file."""
        days = groupby(records, lambda one: datetime.fromtimestamp(one.created, UTC).date())
        for day, of_day in days:
            if day != self._day or self._file is None:
                self._open(day)
            assert self._file is not None
            self._file.write("".join([f"{line}\n" for line in self.lines_of(list(of_day))]))
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
        """Write what waits and close the file."""
        super().close()
        if self._file is not None:
            self._file.close()
            self._file = None

    def query(self, asked: LogQuery) -> list[dict[str, Any]]:
        """Read the wanted entries from the files, or else from memory; reading files blocks."""
        if self._folder is None:
            return asked.select(entry_of(record) for record in reversed(list(self._last)))
        self.flush()
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
