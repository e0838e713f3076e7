"""Levels by Parse's names; records as lines for people, of JSON, as entries of `/scriptlog`."""

import json
import logging
import re
import time
from datetime import UTC, datetime
from typing import Any

from parsepy.logs.masks import mask, mask_trace

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
_plain = logging.Formatter()


def entry_of(record: logging.LogRecord) -> dict[str, Any]:
    """Convert a record to the form of `/scriptlog` and JSON lines."""
    entry: dict[str, Any] = {
        "level": _NAMES.get(record.levelno, record.levelname.lower()),
        "message": mask(record.getMessage()),
        "timestamp": stamp(record.created),
        "logger": record.name,
    }
    if (trace := getattr(record, "trace", None)) is not None:
        entry |= trace
    fields = getattr(record, "fields", None)
    if isinstance(fields, dict):
        entry |= {key: mask(v) if isinstance(v, str) else v for key, v in fields.items()}
    if record.exc_text:
        entry["stack"] = mask_trace(record.exc_text)
    elif record.exc_info:
        entry["stack"] = mask_trace(_plain.formatException(record.exc_info))
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
        self._second = -1
        self._time = ""

    def format(self, record: logging.LogRecord) -> str:
        """Format a record as one line, with its traceback below."""
        text = super().format(record)
        return mask_trace(text) if record.exc_text or record.exc_info else mask(text)

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        """Format the time of a record; that of a second is formatted once."""
        second = int(record.created)
        if second != self._second:
            self._time = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(second))
            self._second = second
        return f"{self._time},{int(record.msecs):03d}"

    def formatMessage(self, record: logging.LogRecord) -> str:
        """Format a record without its traceback."""
        line = f"{record.asctime} {record.levelname} {record.name}: {record.message}"
        return line if line.isprintable() else _CONTROL.sub(_visible, line)
