"""A bystander: asks again and again for what others ask for, and notes how long it waits.

It is a process of its own, as it would be a machine of its own: else what the attacker's process
does meanwhile, such as reading a long answer, would look like a wait.
"""

import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

EVERY = 0.01
PATIENCE = 60.0


@dataclass(slots=True)
class Waits:
    """The worst waits of a time, in seconds, by what was asked for; known when it is over."""

    worst: dict[str, float] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)

    @property
    def longest(self) -> float:
        """The worst of them all."""
        return max(self.worst.values(), default=0.0)


class Bystander:
    """Asks for some paths in turn, each on a connection of its own."""

    def __init__(
        self, port: int, headers: dict[str, str], paths: dict[str, str], every: float = EVERY
    ) -> None:
        self._asked, self.every = {"port": port, "headers": headers, "paths": paths}, every
        self._process: subprocess.Popen[str] | None = None

    @contextmanager
    def asking(self) -> Iterator[Waits]:
        """Ask until the block ends; what was waited for meanwhile."""
        waits = Waits()
        self._tell({**self._asked, "every": self.every})
        try:
            yield waits
        finally:
            found = self._tell(None)
            waits.worst, waits.failed = found["worst"], found["failed"]

    def _tell(self, words: dict[str, Any] | None) -> Any:
        process = self._process
        if process is None:
            command = [sys.executable, __file__]
            process = self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(words) + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.communicate()
            self._process = None


class _Asker:
    """What the bystander's process does between two lines that it is told."""

    def __init__(
        self, port: int, headers: dict[str, str], paths: dict[str, str], every: float
    ) -> None:
        self._port, self._headers, self._every = port, headers, every
        self._waits = Waits()
        self._ends = threading.Event()
        self._threads = [
            threading.Thread(target=self._ask, args=pair, daemon=True) for pair in paths.items()
        ]
        for thread in self._threads:
            thread.start()

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
            time.sleep(self._every)
        connection.close()

    def end(self) -> dict[str, Any]:
        """Stop asking; what was waited for."""
        self._ends.set()
        for thread in self._threads:
            thread.join()
        return {"worst": self._waits.worst, "failed": self._waits.failed}


def _serve() -> None:
    """Ask what a line says until the next one, and answer each."""
    asker: _Asker | None = None
    for line in sys.stdin:
        words = json.loads(line)
        answer = asker.end() if asker is not None else None
        asker = _Asker(**words) if words is not None else None
        print(json.dumps(answer), flush=True)


def stretch() -> float:
    """How many times longer work takes now than on a machine that does nothing else, at worst.

    Ten times 5 ms are worked for.
    """
    worst = 1.0
    for _ in range(10):
        begun, end = time.perf_counter(), time.thread_time() + 0.005
        while time.thread_time() < end:
            pass
        worst = max(worst, (time.perf_counter() - begun) / 0.005)
    return worst


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


if __name__ == "__main__":
    _serve()
