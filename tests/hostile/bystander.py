"""A bystander: asks again and again for what others ask for, and notes how long it waits."""

import http.client
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

EVERY = 0.01
PATIENCE = 60.0


@dataclass(slots=True)
class Waits:
    """The worst waits of a time, in seconds, by what was asked for."""

    worst: dict[str, float] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)

    @property
    def longest(self) -> float:
        """The worst of them all."""
        return max(self.worst.values(), default=0.0)


class Bystander:
    """Asks for some paths in turn, each on a connection of its own, in a thread."""

    def __init__(
        self, port: int, headers: dict[str, str], paths: dict[str, str], every: float = EVERY
    ) -> None:
        self._port, self._headers, self._paths, self.every = port, headers, paths, every
        self._waits = Waits()
        self._ends = threading.Event()

    def _ask(self, name: str, path: str) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        while not self._ends.is_set():
            begun = time.perf_counter()
            try:
                connection.request("GET", path, headers=self._headers)
                answer = connection.getresponse()
                answer.read()
                if answer.status != 200:
                    self._waits.failed.append(f"{name}: {answer.status}")
            except (OSError, http.client.HTTPException) as error:
                self._waits.failed.append(f"{name}: {error!r}")
                connection.close()
            waited = time.perf_counter() - begun
            self._waits.worst[name] = max(self._waits.worst.get(name, 0.0), waited)
            time.sleep(self.every)
        connection.close()

    @contextmanager
    def asking(self) -> Iterator[Waits]:
        """Ask until the block ends; what was waited for meanwhile."""
        self._waits = Waits()
        self._ends.clear()
        threads = [
            threading.Thread(target=self._ask, args=pair, daemon=True)
            for pair in self._paths.items()
        ]
        for thread in threads:
            thread.start()
        try:
            yield self._waits
        finally:
            self._ends.set()
            for thread in threads:
                thread.join()


_WORK = """
import select, sys, time
worst = 1.0
while True:
    begun, end = time.perf_counter(), time.thread_time() + 0.005
    while time.thread_time() < end:
        pass
    worst = max(worst, (time.perf_counter() - begun) / 0.005)
    if select.select([sys.stdin], [], [], float(sys.argv[1]))[0]:
        if not sys.stdin.readline():
            break
        print(worst, flush=True)
        worst = 1.0
"""


class Machine:
    """How busy the machine is: a process that works for 5 ms, again and again, says how long
    that took it by the clock. Others of the machine make a bystander wait as much.

    ``pause``: seconds that it rests in between."""

    def __init__(self, pause: float = 0.005) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _WORK, str(pause)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def stretch(self) -> float:
        """How many times longer work took than on an idle machine, at worst since the last call."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("?\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())

    def close(self) -> None:
        """End the process."""
        self._process.communicate()
