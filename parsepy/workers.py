"""Several processes that serve one port: start them, replace those that die, end them together."""

import contextlib
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

log = logging.getLogger("parsepy")

Serve = Callable[[int, Callable[[], None]], None]
"""Serve as the worker of this number; call the second argument when requests are answered."""

PATIENCE = 15.0
"""Seconds for a worker to end by itself after SIGTERM, unless another number is given."""
_SHORT_LIFE = 1.0  # seconds; a worker that dies earlier is started again after a pause
_POLL = 0.05
_PARENT_POLL = 0.5
_PR_SET_PDEATHSIG = 1


class WorkerFailed(Exception):
    """The first worker could not start; it has printed why."""


def count_of(cluster: bool | int | None) -> int:
    """Read how many processes the option ``cluster`` asks for; ``true`` is one for each core."""
    if cluster is True:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    return cluster or 1


def run(
    count: int,
    serve: Serve,
    *,
    ready: Callable[[], None] = lambda: None,
    stopping: Callable[[], None] = lambda: None,
    patience: float = PATIENCE,
) -> None:
    """Keep ``count`` workers serving until this process is interrupted.

    The first one prepares the database; the others start when it answers requests, and ``ready``
    is called. ``stopping`` is called before the workers are asked to end; each has ``patience``
    seconds for it. Raises ``WorkerFailed`` if the first never serves.
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
        ready()
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
        stopping()
        _end(pids, patience)


def _fork(number: int, serve: Serve) -> tuple[int, int]:
    """Start a worker; return its process id, and a pipe into which it writes when it serves."""
    reading, writing = os.pipe()
    parent = os.getpid()
    pid = os.fork()
    if pid:
        os.close(writing)
        return pid, reading
    os.close(reading)
    end_with(parent)
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


def end_with(parent: int) -> None:
    """Have this process get SIGTERM when its parent ends, however that ends.

    Linux tells it by itself; elsewhere a thread looks who the parent is.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            import ctypes

            ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM))
    else:
        threading.Thread(target=_watch_parent, args=(parent,), daemon=True).start()
    if os.getppid() != parent:  # it had ended before
        os.kill(os.getpid(), signal.SIGTERM)


def _watch_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_PARENT_POLL)
    os.kill(os.getpid(), signal.SIGTERM)


def _say_ready(writing: int) -> None:
    with contextlib.suppress(OSError):  # the parent waits only for the first worker
        os.write(writing, b"r")
    os.close(writing)


def _await(ready: int) -> bool:
    try:
        return os.read(ready, 1) == b"r"
    finally:
        os.close(ready)


def _end(pids: dict[int, int], patience: float) -> None:
    """Ask every worker to end and wait; kill those that do not."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + patience
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
