"""`parsepy serve --workers`: one port, several processes, one database, one end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from parsepy import workers
from tests.sdk.test_js_sdk import free_port

SECONDS = 30


def until(condition: Callable[[], bool]) -> None:
    """Return when the condition holds; fail when the time is over."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def serving(process: subprocess.Popen[bytes]) -> set[int]:
    """The workers of a server that are alive."""
    found = set()
    for entry in Path("/proc").iterdir():
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if fields[0] != "Z" and int(fields[1]) == process.pid and b"--workers" in command:
            found.add(int(entry.name))
    return found


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], str, Path]]:
    """A server of two workers on an embedded MongoDB; its process, address and output."""
    port = free_port()
    program = str(Path(sys.executable).with_name("parsepy"))
    command = [program, "serve", "--workers", "2", "--host", "127.0.0.1", "--port", str(port)]
    said = tmp_path / "said"
    with said.open("w") as output:
        process = subprocess.Popen(command, cwd=tmp_path, stdout=output, stderr=output)
    try:
        until(lambda: len(serving(process)) == 2 and healthy(f"http://127.0.0.1:{port}/parse"))
        yield process, f"http://127.0.0.1:{port}/parse", said
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(SECONDS)


def healthy(url: str) -> bool:
    """Does the server say that it is well?"""
    try:
        return bool(httpx.get(f"{url}/health", timeout=5).json() == {"status": "ok"})
    except httpx.TransportError:
        return False


def test_a_worker_that_dies_is_started_again_and_ctrl_c_ends_all(
    server: tuple[subprocess.Popen[bytes], str, Path],
) -> None:
    process, url, said = server
    before = serving(process)
    os.kill(max(before), signal.SIGKILL)
    until(lambda: len(serving(process)) == 2 and serving(process) != before)
    assert healthy(url)
    process.send_signal(signal.SIGINT)
    assert process.wait(SECONDS) == 0
    assert serving(process) == set()
    assert said.read_text().count("Try first") == 1


def test_the_first_worker_says_why_it_can_not_start(
    capfd: pytest.CaptureFixture[str],
) -> None:
    def serve(number: int, ready: Callable[[], None]) -> None:
        raise SystemExit(1)

    with pytest.raises(workers.WorkerFailed):
        workers.run(2, serve)


@pytest.mark.parametrize(("cluster", "count"), [(None, 1), (False, 1), (3, 3)])
def test_the_option_says_how_many(cluster: bool | int | None, count: int) -> None:
    assert workers.count_of(cluster) == count


def test_true_is_a_worker_for_each_core() -> None:
    assert workers.count_of(True) == len(os.sched_getaffinity(0))
