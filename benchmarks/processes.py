"""The processes of a benchmark: start a server on its own core, read its CPU time and memory."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load import HOST

START_SECONDS = 60.0
STOP_SECONDS = 15.0
_TICK = 1 / os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class ServerNotStarted(Exception):
    """A server did not start; the message ends with what it printed."""


@dataclass(frozen=True, slots=True)
class Cores:
    """Which core the measured server has, and which the driver and the database share."""

    server: int
    driver: int

    @classmethod
    def available(cls) -> Cores:
        """The first two cores this process may use; one core serves both where there is one."""
        allowed = sorted(os.sched_getaffinity(0))
        return cls(allowed[0], allowed[min(1, len(allowed) - 1)])


def free_port() -> int:
    """Find a loopback port that is free at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(slots=True)
class Server:
    """A running server: its name in the report, its process, port and database."""

    name: str
    process: subprocess.Popen[bytes]
    port: int
    database: str
    start_seconds: float

    def cpu_seconds(self) -> float:
        """User and system time so far of all threads, living descendants and reaped children."""
        ticks = 0
        for pid in _tree(self.process.pid):
            fields = _stat(pid)
            if fields is not None:
                ticks += sum(int(value) for value in fields[11:15])
        return ticks * _TICK

    def rss_bytes(self) -> int:
        """Resident memory of the process and its descendants."""
        pages = 0
        for pid in _tree(self.process.pid):
            fields = _stat(pid)
            if fields is not None:
                pages += int(fields[21])
        return pages * _PAGE

    def stop(self) -> None:
        """Ask the process to end and wait; kill it after STOP_SECONDS."""
        # The pipe first: while it is open, Parse Server outlives the signal.
        if self.process.stdin is not None:
            self.process.stdin.close()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start_server(
    name: str,
    command: Sequence[str],
    *,
    port: int,
    database: str,
    core: int | None,
    log: Path,
    environment: Mapping[str, str],
    health: str = "/parse/health",
) -> Server:
    """Start `command`, pinned to `core` if one is given; wait until its health route says ok.

    Raises ServerNotStarted when the process ends or is not healthy within START_SECONDS.
    """
    begin = time.perf_counter()
    with log.open("wb") as output, _running_on(core):
        process = subprocess.Popen(
            command,
            cwd=log.parent,
            env={**os.environ, **environment},
            # tests/reference/server.js ends when this pipe closes: nothing outlives a killed run.
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    server = Server(name, process, port, database, 0.0)
    while not _healthy(f"http://{HOST}:{port}{health}"):
        waited = time.perf_counter() - begin
        if process.poll() is not None or waited > START_SECONDS:
            server.stop()
            printed = log.read_text(errors="replace")[-2000:]
            raise ServerNotStarted(
                f"{name} is not healthy after {waited:.1f} s; it printed:\n{printed}"
            )
        time.sleep(0.02)
    server.start_seconds = time.perf_counter() - begin
    return server


@contextlib.contextmanager
def _running_on(core: int | None) -> Iterator[None]:
    """Put this thread on `core` for a moment: a child started meanwhile inherits it for good."""
    if core is None:
        yield
        return
    usual = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, usual)


def _healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(json.load(answer).get("status") == "ok")
    except (urllib.error.URLError, ConnectionError, TimeoutError, ValueError):
        return False


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/<pid>/stat from the third (state) on; None if the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def _tree(root: int) -> list[int]:
    """`root` and its living descendants."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            fields = _stat(int(entry.name))
            if fields is not None:
                children.setdefault(int(fields[1]), []).append(int(entry.name))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found
