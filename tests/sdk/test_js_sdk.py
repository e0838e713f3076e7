"""The real JavaScript SDK, old and current, drives the shop over HTTP: parsepy, and the peer."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from pymongo import MongoClient

from tests.conftest import database_in
from tests.peer import REFERENCE, Peer

FOLDER = Path(__file__).parent
SCHEMA = FOLDER.parents[1] / "schema"
APP_ID = "shop"
MASTER_KEY = "master-key-of-the-sdk-tests"
START_SECONDS = 60
STOP_SECONDS = 20
RUN_SECONDS = 240

# The packages of tests/reference/package.json: the current SDK, and 5.3.0.
SDKS = ("parse", "parse-5")
OF_EACH_SDK = pytest.mark.parametrize(
    "sdk", ["parse", pytest.param("parse-5", marks=pytest.mark.slow)]
)
TEMPLATES = {
    "ecommerce": ("ecommerce.json",),
    "shopping": ("shopping.json",),
    "both": ("ecommerce.json", "shopping.json"),
}
# A flow runs on its template alone and on both; what is not about templates runs once, on both.
ALONE = {"ecommerce": ("ecommerce",), "shopping": ("shopping",)}
# What only the shop's cloud code does, on the server that has loaded it.
RULES = ("shop_live", "shop_rules")
LIVE = ("Order", "Cart", "SKU", "Product", "FlashSale")
FILES = tuple(
    sorted(
        name
        for path in FOLDER.glob("*.test.mjs")
        if (name := path.name.removesuffix(".test.mjs")) not in RULES
    )
)
SKIPPED = {
    # SDK 5.3 has no transactions.
    ("parsepy", "parse-5", "batches"): 2,
    ("peer", "parse-5", "batches"): 2,
    # Nor can it send buffers and streams, or name a directory.
    **{(server, "parse-5", "files"): 4 for server in ("parsepy", "peer")},
    # The peer loses transactions now and then.
    ("peer", "parse", "batches"): 1,
    # The peer cuts the connection when the master key is wanting.
    **{("peer", sdk, file): 1 for sdk in SDKS for file in ("errors", "schemas")},
}


@dataclass(frozen=True, slots=True)
class Shop:
    """A running server with the shop's templates; `said` is what it has printed."""

    server: str
    url: str
    said: Callable[[], str]


def environment(shop_server: str, url: str, **more: str) -> dict[str, str]:
    """What the Node files read: where the server is, and its keys."""
    settings = {
        "SHOP_SERVER": shop_server,
        "SHOP_URL": url,
        "SHOP_APP_ID": APP_ID,
        "SHOP_MASTER_KEY": MASTER_KEY,
        "SHOP_SDK_HOME": str(REFERENCE),
    }
    return {**os.environ, **settings, **more}


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def parsepy_serving(
    uri: str, templates: Sequence[Path], home: Path, cloud: Path | None = None, **more: str
) -> Iterator[Shop]:
    """Run `parsepy serve` with these templates, and more options, until the block ends."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/parse"
    options = {"--port": str(port), "--host": "127.0.0.1", "--data-dir": str(home / "data")}
    options |= {"--database-uri": uri, "--app-id": APP_ID, "--master-key": MASTER_KEY}
    adapter = str(FOLDER.parent / "push" / "recorder.py")
    options |= {"--push": json.dumps({"adapter": adapter}), "--scheduled-push": "true"}
    arguments = [word for pair in options.items() for word in pair]
    for template in templates:
        arguments += ["--schema", str(template)]
    if cloud is not None:
        arguments += ["--cloud", str(cloud)]
        arguments += ["--live-query", json.dumps({"classNames": LIVE})]
    for name, value in more.items():
        arguments += ["--set", f"{name}={value}"]
    log = home / "parsepy.log"
    command = [str(Path(sys.executable).with_name("parsepy")), "serve", *arguments]
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=home, stdout=output, stderr=subprocess.STDOUT)
    try:
        wait_until_healthy(url, process, log)
        yield Shop("parsepy", url, log.read_text)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_healthy(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the server says that it is well; fail with its own words if it does not."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{url}/health", timeout=5).json() == {"status": "ok"}:
                return
        except (httpx.TransportError, ValueError):
            time.sleep(0.05)
    pytest.fail(f"parsepy did not come up (exit code {process.poll()}):\n{log.read_text()}")


@contextmanager
def peer_serving(uri: str, templates: Sequence[Path], home: Path) -> Iterator[Shop]:
    """Run Parse Server, given these templates through its schema API, until the block ends."""
    # Of serverURL only the path counts here: it is what batched requests start with.
    options = {"appId": APP_ID, "masterKey": MASTER_KEY, "serverURL": "http://localhost/parse"}
    push = {"adapter": {"module": str(FOLDER / "sender.js")}}
    with Peer(uri, {**options, "push": push, "scheduledPush": True}) as peer:
        opened = subprocess.run(
            ["node", str(FOLDER / "open_shop.mjs"), *map(str, templates)],
            env=environment("peer", peer.url),
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
        )
        assert opened.returncode == 0, opened.stderr
        yield Shop("peer", peer.url, lambda: "")


@contextmanager
def ruled_serving(uri: str, templates: Sequence[Path], home: Path) -> Iterator[Shop]:
    """Run `parsepy serve` with these templates and the shop's cloud code."""
    cloud = SCHEMA.parent / "cloud" / "main.py"
    with parsepy_serving(uri, templates, home, cloud) as running:
        yield running


SERVING = {"parsepy": parsepy_serving, "peer": peer_serving, "ruled": ruled_serving}


@pytest.fixture(scope="module")
def open_shop(
    mongo_uri: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Shop]]:
    """Run the server and templates that a case names, until another place is asked for."""
    with ExitStack() as stack:
        running: dict[str, Shop] = {}

        def open_at(place: str) -> Shop:
            if place not in running:
                stack.close()
                running.clear()
                running[place] = stack.enter_context(serving(place, mongo_uri, tmp_path_factory))
            return running[place]

        yield open_at


@contextmanager
def serving(place: str, mongo_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Run a server with templates on a database of their own until the block ends."""
    server, templates = place.split("-")
    database = f"sdk_{uuid4().hex[:16]}"
    home = tmp_path_factory.mktemp(place)
    paths = [SCHEMA / name for name in TEMPLATES[templates]]
    try:
        with SERVING[server](database_in(mongo_uri, database), paths, home) as running:
            yield running
    finally:
        with MongoClient[dict[str, object]](mongo_uri) as mongo:
            mongo.drop_database(database)


def cases() -> Iterator[object]:
    """Every (server and templates, file); the peer's are slow."""
    for file in RULES:
        yield pytest.param("ruled-both", file, marks=pytest.mark.node, id=f"ruled-both-{file}")
    for server in ("parsepy", "peer"):
        marks = [pytest.mark.node, *([pytest.mark.slow] if server == "peer" else [])]
        for templates in TEMPLATES:
            place = f"{server}-{templates}"
            for file in ALONE.get(templates, FILES):
                yield pytest.param(place, file, marks=marks, id=f"{place}-{file}")


def run(script: Path, shop_server: str, url: str, sdk: str) -> str:
    """Run one Node test file; answer its TAP output, failing with it if any test failed."""
    command = ["node", "--test", "--test-reporter=tap", str(script)]
    try:
        done = subprocess.run(
            command,
            cwd=FOLDER,
            env=environment(shop_server, url, SHOP_SDK=sdk),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=RUN_SECONDS,
        )
    except subprocess.TimeoutExpired as late:
        so_far = late.stdout.decode() if isinstance(late.stdout, bytes) else late.stdout
        pytest.fail(f"{script.name} took over {RUN_SECONDS} s:\n{so_far}", pytrace=False)
    if done.returncode != 0:
        pytest.fail(done.stdout, pytrace=False)
    return done.stdout


def tally(output: str) -> dict[str, int]:
    """The counts at the end of a TAP output: tests, pass, fail, skipped..."""
    return {name: int(count) for name, count in re.findall(r"(?m)^# ([a-z]+) (\d+)$", output)}


def declared(script: Path) -> int:
    """How many tests a Node file declares; each begins a line."""
    return len(re.findall(r"(?m)^test\(", script.read_text()))


@OF_EACH_SDK
@pytest.mark.parametrize(("place", "file"), list(cases()))
def test_the_sdk_does_all_that_its_file_says(
    open_shop: Callable[[str], Shop], place: str, file: str, sdk: str
) -> None:
    shop, script = open_shop(place), FOLDER / f"{file}.test.mjs"
    try:
        output = run(script, shop.server, shop.url, sdk)
    except pytest.fail.Exception as failure:
        pytest.fail(f"{failure.msg}\nThe server said:\n{shop.said()[-4000:]}", pytrace=False)
    counts = tally(output)
    skipped = SKIPPED.get((shop.server, sdk, file), 0)
    assert declared(script) >= 5, "a file without tests shows nothing"
    assert counts["skipped"] == skipped, output
    assert counts["pass"] == declared(script) - skipped, output
    assert counts["fail"] == counts["cancelled"] == counts["todo"] == 0, output


@pytest.mark.node
@OF_EACH_SDK
def test_a_file_fails_when_the_server_is_not_there(sdk: str) -> None:
    script = FOLDER / "schemas.test.mjs"
    with pytest.raises(pytest.fail.Exception, match="not ok"):
        run(script, "parsepy", f"http://127.0.0.1:{free_port()}/parse", sdk)


@pytest.mark.node
def test_a_file_without_tests_counts_none(tmp_path: Path) -> None:
    script = tmp_path / "empty.test.mjs"
    script.write_text("export {};\n")
    assert declared(script) == 0
    assert tally(run(script, "parsepy", "http://127.0.0.1:1/parse", "parse"))["pass"] <= 1
