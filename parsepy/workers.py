"""Several processes that serve one port: start them, replace those that die, end them together."""

import contextlib
import logging
import os
import signal
import time
from collections.abc import Callable

log = logging.getLogger("parsepy")

Serve = Callable[[int, Callable[[], None]], None]
"""Serve as the worker of this number; call the second argument when requests are answered."""

PATIENCE = 15.0
"""Seconds for a worker to end by itself after SIGTERM."""
_SHORT_LIFE = 1.0  # seconds; a worker that dies earlier is started again after a pause
_POLL = 0.05


class WorkerFailed(Exception):
    """The first worker could not start; it has printed why."""


def count_of(cluster: bool | int | None) -> int:
    """Read how many processes the option ``cluster`` asks for; ``true`` is one for each core."""
    if cluster is True:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    return cluster or 1


def run(count: int, serve: Serve) -> None:
    """Keep ``count`` workers serving until this process is interrupted.

    The first one prepares the database; the others start when it answers requests. Raises
    ``WorkerFailed`` if it never does.
    """
    pids: dict[int, int] = {}
    born: dict[int, float] = {}

    def start(number: int) -> int:
        pid, ready = _fork(number, serve)
        pids[pid] = number
        born[pid] = time.monotonic()
        return ready

    try:
        if not _await(start(0)):
            raise WorkerFailed
        for number in range(1, count):
            os.close(start(number))
        while True:
            time.sleep(_POLL)
            for pid, number in list(pids.items()):
                # each by its id: the embedded database is a child process, too
                gone, status = os.waitpid(pid, os.WNOHANG)
                if not gone:
                    continue
                del pids[pid]
                log.error("worker %d ended (status %d): it is started again", number, status)
                if time.monotonic() - born.pop(pid) < _SHORT_LIFE:
                    time.sleep(_SHORT_LIFE)
                os.close(start(number))
    finally:
        _end(pids)


def _fork(number: int, serve: Serve) -> tuple[int, int]:
    """Start a worker; return its process id, and a pipe into which it writes when it serves."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return pid, reading
    os.close(reading)
    code = 1
    try:
        serve(number, lambda: _say_ready(writing))
        code = 0
    except KeyboardInterrupt:
        code = 0
    except SystemExit:
        code = 1  # it has said why
    except BaseException as error:  # the end of this process: nothing else could say it
        log.error("worker %d: %s", number, error, exc_info=error)
    finally:
        logging.shutdown()
        os._exit(code)  # what the parent opened is the parent's to close


def _say_ready(writing: int) -> None:
    with contextlib.suppress(OSError):  # the parent waits only for the first worker
        os.write(writing, b"r")
    os.close(writing)


def _await(ready: int) -> bool:
    try:
        return os.read(ready, 1) == b"r"
    finally:
        os.close(ready)


def _end(pids: dict[int, int]) -> None:
    """Ask every worker to end and wait; kill those that do not."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE
    left = set(pids)
    while left:
        for pid in list(left):
            try:
                gone, _ = os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                gone = pid
            if gone:
                left.discard(pid)
        if left and time.monotonic() > deadline:
            for pid in left:
                os.kill(pid, signal.SIGKILL)
        if left:
            time.sleep(_POLL)
