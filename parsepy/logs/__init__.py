"""Logs: a line for each record, secrets masked; kept for `/scriptlog`, and in a file a day.

A record costs the thread that logs it little: lines are made and written by a thread, many at
once (`writing`).
"""

from parsepy.logs.lines import LEVELS, SILLY, VERBOSE, JSONLines, Lines, entry_of, stamp
from parsepy.logs.masks import is_secret_name, mask, shown
from parsepy.logs.store import LogQuery, LogStore, a_week_ago, files_kept
from parsepy.logs.writing import BatchHandler, BatchStreamHandler

__all__ = [
    "LEVELS",
    "SILLY",
    "VERBOSE",
    "BatchHandler",
    "BatchStreamHandler",
    "JSONLines",
    "Lines",
    "LogQuery",
    "LogStore",
    "a_week_ago",
    "entry_of",
    "files_kept",
    "is_secret_name",
    "mask",
    "shown",
    "stamp",
]
