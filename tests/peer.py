"""The peer: a real Parse Server under Node, started and stopped for tests that compare with it."""

import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, NoReturn, Self

import pytest

REFERENCE = Path(__file__).parent / "reference"
INSTALL_SECONDS = 300
START_SECONDS = 60
STOP_SECONDS = 10


def unavailable(reason: str) -> NoReturn:
    """Skip the test for want of the peer; in CI, where it must be present, fail instead."""
    if os.environ.get("CI", "").lower() in {"1", "true", "yes"}:
        pytest.fail(reason)
    pytest.skip(reason)


def installed(folder: Path = REFERENCE) -> Path:
    """Return the folder whose `node_modules` holds the pinned packages; install them if absent."""
    if shutil.which("node") is None:
        unavailable("Node.js is not on PATH, so there is no Parse Server to compare with")
    marker = folder / "node_modules" / ".package-lock.json"
    if marker.exists():
        return folder
    if shutil.which("npm") is None:
        unavailable(f"npm is not on PATH and {folder}/node_modules is missing")
    command = ["npm", "ci", "--ignore-scripts", "--no-progress"]
    try:
        run = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_SECONDS
        )
    except subprocess.TimeoutExpired:
        unavailable(f"`{' '.join(command)}` in {folder} took over {INSTALL_SECONDS} s")
    if run.returncode != 0:
        unavailable(f"`{' '.join(command)}` in {folder} failed:\n{run.stderr[-2000:]}")
    return folder


class Peer:
    """One running Parse Server; `url` is its mount, e.g. `http://127.0.0.1:41234/parse`."""

    def __init__(
        self,
        database_uri: str,
        options: Mapping[str, Any],
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Start the server on a free port and wait until it is ready.

        `options` are Parse Server's own. Skips (or, in CI, fails) the test if Node or the packages
        are missing, and raises RuntimeError with the server's own words if it does not come up.
        """
        folder = installed()
        settings = {"databaseURI": database_uri, **options}
        self._home = tempfile.TemporaryDirectory(prefix="parsepy-peer-")
        self._errors = (Path(self._home.name) / "stderr").open("w+")
        # Its working directory is a temporary one: Parse Server makes a `logs` folder there.
        # It ends by itself when our end of stdin closes: a killed test run leaves nothing behind.
        self._process = subprocess.Popen(
            ["node", str(folder / "server.js"), json.dumps(settings)],
            cwd=self._home.name,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )
        try:
            self.url = f"http://127.0.0.1:{self._ready_port()}/parse"
        except BaseException:
            self.stop()
            raise

    def _ready_port(self) -> int:
        assert self._process.stdout is not None
        output = self._process.stdout.fileno()
        deadline = time.monotonic() + START_SECONDS
        seen = b""
        while (left := deadline - time.monotonic()) > 0:
            if not select.select([output], [], [], left)[0]:
                break
            chunk = os.read(output, 65536)
            seen += chunk
            for line in seen.split(b"\n")[:-1]:
                if line.startswith(b"READY "):
                    return int(line.removeprefix(b"READY "))
            if not chunk:
                break
        self._errors.seek(0)
        raise RuntimeError(
            f"Parse Server did not start within {START_SECONDS} s:\n{self._errors.read()[-4000:]}"
        )

    def stop(self) -> None:
        """End the server and remove its working directory; harmless when already stopped."""
        # Closing its stdin ends it at once; on SIGTERM it would wait for its idle connections.
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for stream in (self._process.stdout, self._errors):
            if stream is not None:
                stream.close()
        self._home.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
