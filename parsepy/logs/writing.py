"""Handlers that write many lines at once, on a thread of their own: logging costs little.

What is grave does not wait: a warning or an error is written, with all before it, before the call
that logged it returns. So are records that come faster than they can be written.
"""

import copy
import logging
import os
import sys
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence
from typing import TextIO
from weakref import WeakSet

_GATHER = 0.05  # seconds that a record may wait for others
_MOST_WAITING = 5_000  # records; then whoever logs has to wait for the stream or disk
_exceptions = logging.Formatter()


def settled(record: logging.LogRecord) -> logging.LogRecord:
    """Return a record that no later change of its arguments alters, and that holds no frames."""
    if not record.args and not record.exc_info and isinstance(record.msg, str):
        return record
    own = copy.copy(record)  # other handlers want the arguments and the exception
    own.msg, own.args = record.getMessage(), None
    if record.exc_info:
        own.exc_text = record.exc_text or _exceptions.formatException(record.exc_info)
        own.exc_info = None
    return own


class BatchHandler(logging.Handler, ABC):
    """Gathers records and writes them in batches; subclasses say how, by ``write_batch``.

    ``flush`` writes what waits. Nothing of it raises: a full disk loses only lines.
    """

    def __init__(self) -> None:
        super().__init__()
        self._waiting: deque[logging.LogRecord] = deque()
        self._writing = threading.RLock()  # not the handler's: nobody who logs waits for a batch
        self._wake = threading.Event()
        self._is_awake = False  # the writer will look again before it sleeps
        self._ended = threading.Event()
        self._writer: threading.Thread | None = None
        _handlers.add(self)

    @abstractmethod
    def write_batch(self, records: Sequence[logging.LogRecord]) -> None:
        """Write records in their order; called by one thread at a time."""

    def emit(self, record: logging.LogRecord) -> None:
        """Let a record wait to be written, or write at once what is grave."""
        try:
            self._waiting.append(settled(record))
        except Exception:  # noqa: BLE001 - as in logging: whatever its arguments raise as text
            self.handleError(record)
        if record.levelno >= logging.WARNING or len(self._waiting) > _MOST_WAITING:
            self.flush()
        elif not self._is_awake:
            self._wake_writer()

    def _wake_writer(self) -> None:
        self._is_awake = True
        if self._writer is None:
            if self._ended.is_set():  # closed: nobody would write it
                self.flush()
                return
            name = f"parsepy {type(self).__name__}"
            self._writer = threading.Thread(target=self._write_on, name=name, daemon=True)
            self._writer.start()
        self._wake.set()

    def _write_on(self) -> None:
        while not self._ended.is_set():
            self._wake.wait()
            self._wake.clear()
            self._ended.wait(_GATHER)
            self._is_awake = False  # first: a record that comes from here on wakes it again
            self.flush()

    def lines_of(self, records: Sequence[logging.LogRecord]) -> list[str]:
        """Format records; one that can't be formatted is told on standard error and left out."""
        lines = []
        for record in records:
            try:
                lines.append(self.format(record))
            except Exception:  # noqa: BLE001 - as in logging; the others are written
                self.handleError(record)
        return lines

    def flush(self) -> None:
        """Write all records that wait; return when they are written."""
        with self._writing:
            batch = [self._waiting.popleft() for _ in range(len(self._waiting))]
            if not batch:
                return
            try:
                self.write_batch(batch)
            except Exception:  # noqa: BLE001 - a line may be lost, its writer and logger may not
                self.handleError(batch[-1])

    def close(self) -> None:
        """Write all that waits and end the writer."""
        self._ended.set()
        self._wake.set()
        writer, self._writer = self._writer, None
        if writer is not None and writer is not threading.current_thread():
            writer.join()
        self.flush()
        super().close()

    def forked(self) -> None:
        """Go on in a child process, which has no thread but the one that forked."""
        self._waiting.clear()
        self._writing, self._wake = threading.RLock(), threading.Event()
        self._is_awake, self._writer = False, None


class BatchStreamHandler(BatchHandler):
    """Writes records as lines to a stream, by default standard error as it is at each batch."""

    def __init__(self, stream: TextIO | None = None) -> None:
        super().__init__()
        self._stream = stream

    def write_batch(self, records: Sequence[logging.LogRecord]) -> None:
        """Write the lines by one call."""
        stream = self._stream or sys.stderr
        stream.write("".join([f"{line}\n" for line in self.lines_of(records)]))
        stream.flush()


_handlers: WeakSet[BatchHandler] = WeakSet()


def _before_fork() -> None:
    for handler in list(_handlers):
        handler.flush()  # else parent and child would both write it


def _in_child() -> None:
    for handler in list(_handlers):
        handler.forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_child=_in_child)
