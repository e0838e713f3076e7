"""The command `parsepy`, as real processes: what it prints, what it leaves behind."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import shlex
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
from pymongo import MongoClient

from parsepy.cli.serve import _listen
from parsepy.config import Config
from tests.conftest import database_in
from tests.peer import REFERENCE

DEADLINE = 60.0
LAST_LINE = "Ctrl-C stops it."
README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def environment() -> dict[str, str]:
    """Ours without what would configure the server."""
    ours = ("PARSE", "PORT", "VERBOSE", "SILENT", "JSON_LOGS")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, "PYTHONUNBUFFERED": "1"}


def parsepy(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "parsepy", *map(str, arguments)],
        cwd=cwd,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class Server:
    """A running `parsepy serve` in a folder, up to the last line that it prints."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://localhost:{self.port}/parse"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "parsepy", "serve", "--port", str(self.port), *arguments],
            cwd=folder,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.errors: list[str] = []
        assert self.process.stderr is not None
        self._reader = threading.Thread(target=self.errors.extend, args=(self.process.stderr,))
        self._reader.start()
        self.welcome = self._read_welcome()

    def _read_welcome(self) -> str:
        assert self.process.stdout is not None
        lines: list[str] = []
        watch = threading.Timer(DEADLINE, self.process.kill)
        watch.start()
        try:
            for line in self.process.stdout:
                lines.append(line)
                if line.strip() == LAST_LINE:
                    return "".join(lines)
        finally:
            watch.cancel()
        self.stop(signal.SIGKILL)
        raise AssertionError(f"it ended early: {''.join(self.errors)}")

    @property
    def keys(self) -> dict[str, str]:
        found: dict[str, str] = json.loads((self.folder / ".parsepy/keys.json").read_text())
        return found

    @property
    def mongod(self) -> int:
        return int((self.folder / ".parsepy/data/mongod.lock").read_text())

    @property
    def complaints(self) -> list[str]:
        """What it wrote to the standard error, without the notes of its log."""
        return [line for line in self.errors if " INFO parsepy" not in line]

    def request(self, method: str, path: str, body: Any = None, *, master: bool = False) -> Any:
        headers = {"X-Parse-Application-Id": "parsepy"}
        if master:
            headers["X-Parse-Master-Key"] = self.keys["masterKey"]
        answer = httpx.request(
            method, self.url + path, json=body, headers=headers, timeout=DEADLINE
        )
        assert answer.status_code < 300, answer.text
        return answer.json()

    def stop(self, how: signal.Signals = signal.SIGINT) -> int:
        """Send the signal; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            return self.process.wait(DEADLINE)
        finally:
            self.process.kill()
            self._reader.join(DEADLINE)
            assert self.process.stdout is not None
            assert self.process.stderr is not None
            self.process.stdout.close()
            self.process.stderr.close()


@contextmanager
def serving(folder: Path, *arguments: str) -> Iterator[Server]:
    server = Server(folder, *arguments)
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A first run with the demo shop."""
    with serving(tmp_path_factory.mktemp("shop"), "--demo") as server:
        yield server


# --- A running server ---


def test_a_first_run_says_where_everything_is(shop: Server) -> None:
    assert f"serves {shop.url}" in shop.welcome
    for place in ("/portal", "/shop/"):
        assert f"{shop.url.removesuffix('/parse')}{place}\n" in shop.welcome
    assert str(shop.folder / ".parsepy/keys.json") in shop.welcome
    assert str(shop.folder / ".parsepy/data") in shop.welcome
    assert shop.keys["masterKey"] not in shop.welcome
    assert shop.complaints == []


def test_health_answers(shop: Server) -> None:
    assert shop.request("GET", "/health") == {"status": "ok"}


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
@pytest.mark.parametrize("line", [b"X: " + b"a" * 65_536, b"X: y\r\n" * 10_000])
@pytest.mark.parametrize("body", [b"", b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"])
def test_headers_without_an_end_are_not_kept(shop: Server, line: bytes, body: bytes) -> None:
    address = urlsplit(shop.url)
    with socket.create_connection((address.hostname, address.port), DEADLINE) as client:
        client.sendall(b"POST /parse/login HTTP/1.1\r\nHost: shop\r\n" + body)
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            client.sendall(line * 500)
    assert shop.request("GET", "/health") == {"status": "ok"}


def test_the_printed_curl_lists_products(shop: Server) -> None:
    line = next(line for line in shop.welcome.splitlines() if line.strip().startswith("curl"))
    done = subprocess.run(
        [*shlex.split(line), "-s"], capture_output=True, timeout=DEADLINE, check=True
    )
    assert len(json.loads(done.stdout)["results"]) == 3


@pytest.mark.parametrize("name", ["keys.json", "server.json"])
def test_what_holds_secrets_is_closed_to_others(shop: Server, name: str) -> None:
    mode = stat.S_IMODE((shop.folder / ".parsepy" / name).stat().st_mode)
    assert mode == 0o600


def test_git_leaves_the_keys_and_data_out_by_itself(shop: Server) -> None:
    assert (shop.folder / ".parsepy/.gitignore").read_text().splitlines()[-1] == "*"


def in_node(folder: Path, file: str, script: str) -> str:
    """What a script that uses the real SDK prints."""
    if not (folder / "node_modules").exists():
        (folder / "node_modules").symlink_to(REFERENCE / "node_modules")
    (folder / file).write_text(script)
    done = subprocess.run(
        ["node", file], cwd=folder, capture_output=True, text=True, timeout=DEADLINE, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.node
def test_the_printed_snippet_lists_products(shop: Server, tmp_path: Path) -> None:
    script = shop.welcome.partition("`npm install parse`\n")[2].partition("\n\n")[0]
    assert in_node(tmp_path, "products.cjs", script).count("className: 'Product'") >= 12


@pytest.mark.node
def test_the_purchase_of_the_readme_can_be_made(shop: Server, tmp_path: Path) -> None:
    script = README.partition("```js\n")[2].partition("```")[0]
    assert "http://localhost:1337/parse" in script
    script = script.replace("http://localhost:1337/parse", shop.url)
    assert in_node(tmp_path, "buy.mjs", script).count("className: 'Order'") == 1
    # F4: and once more
    assert in_node(tmp_path, "buy.mjs", script).count("className: 'Order'") == 2


def test_commands_use_the_database_of_the_running_server(shop: Server) -> None:
    done = parsepy("schema", "diff", cwd=shop.folder)
    assert (done.returncode, done.stdout) == (0, "nothing to change\n"), done.stderr


async def test_small_packets_are_sent_at_once() -> None:
    """Else a client that sends nothing meanwhile has each second answer 40 ms late."""
    config = Config.from_options({"appId": "a", "masterKey": "m", "port": free_port()})
    listener = _listen(config)
    accepted: asyncio.Future[asyncio.StreamWriter] = asyncio.get_running_loop().create_future()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.set_result(writer)

    async with await asyncio.start_server(connected, sock=listener):
        _, writer = await asyncio.open_connection("127.0.0.1", config.port)
        ours = await asyncio.wait_for(accepted, DEADLINE)
        end = ours.get_extra_info("socket")
        assert end.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        for closed in (ours, writer):
            closed.close()
            await closed.wait_closed()


def test_a_diff_shows_what_a_start_would_add(shop: Server, tmp_path: Path) -> None:
    template = tmp_path / "reviews.json"
    fields = {"stars": {"type": "Number"}}
    template.write_text(json.dumps({"classes": [{"className": "Review", "fields": fields}]}))
    done = parsepy("schema", "diff", "--schema", template, cwd=shop.folder)
    assert done.returncode == 0, done.stderr
    assert "Review.stars: add Number" in done.stdout


def test_a_diff_that_conflicts_ends_with_2(shop: Server, tmp_path: Path) -> None:
    template = tmp_path / "shop.json"
    fields = {"price": {"type": "String"}}
    template.write_text(json.dumps({"classes": [{"className": "Product", "fields": fields}]}))
    done = parsepy("schema", "diff", "--schema", template, cwd=shop.folder)
    assert done.returncode == 2, done.stderr
    assert "Product.price" in done.stdout


def test_a_role_is_granted_while_the_server_runs(shop: Server) -> None:
    user = {"username": "ada", "password": "lovelace", "email": "ada@shop.example"}
    made = shop.request("POST", "/users", user)
    done = parsepy("user", "grant", "ada", "admin", cwd=shop.folder)
    assert done.returncode == 0, done.stderr
    of_ada = {"users": {"__type": "Pointer", "className": "_User", "objectId": made["objectId"]}}
    roles = shop.request("GET", f"/roles?where={json.dumps(of_ada)}", master=True)["results"]
    assert [role["name"] for role in roles] == ["admin"]


def test_a_role_for_nobody_is_a_clear_error(shop: Server) -> None:
    done = parsepy("user", "grant", "nobody-here", "admin", cwd=shop.folder)
    assert done.returncode == 1
    assert "nobody-here" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_taken_port_is_one_clear_line(shop: Server, tmp_path: Path) -> None:
    done = parsepy("serve", "--port", str(shop.port), cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith(f"parsepy: can't listen on 0.0.0.0 port {shop.port}: ")
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / ".parsepy/data").exists()


def test_a_second_server_on_the_same_data_says_who_holds_them(shop: Server) -> None:
    done = parsepy("serve", "--port", str(free_port()), cwd=shop.folder)
    assert done.returncode == 1
    assert str(shop.folder / ".parsepy/data") in done.stderr
    assert "Traceback" not in done.stderr
    assert shop.request("GET", "/health") == {"status": "ok"}


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_server_leaves_no_process_and_keeps_its_data(
    tmp_path: Path, how: signal.Signals
) -> None:
    with serving(tmp_path) as server:
        key, mongod = server.keys["masterKey"], server.mongod
        server.request("POST", "/classes/Product", {"name": "Kettle", "price": 30}, master=True)
        assert is_alive(mongod)
        assert server.stop(how) == 0
        assert not is_alive(mongod)
        assert server.complaints == []
        assert not (tmp_path / ".parsepy/server.json").exists()
    with serving(tmp_path) as server:
        assert server.keys["masterKey"] == key
        products = server.request("GET", "/classes/Product")["results"]
        assert [product["name"] for product in products] == ["Kettle"]


@pytest.mark.slow
def test_a_server_whose_mongod_was_killed_stops_and_says_so(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        os.kill(server.mongod, signal.SIGKILL)
        assert server.process.wait(DEADLINE) == 1
        server.stop()
        assert "the embedded MongoDB has ended by itself" in "".join(server.complaints)
        assert "Traceback" not in "".join(server.complaints)
    with serving(tmp_path) as server:
        assert server.request("GET", "/health") == {"status": "ok"}


@pytest.mark.slow
def test_a_server_whose_mongod_was_told_to_stop_stops_as_well(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        os.kill(server.mongod, signal.SIGTERM)
        assert server.process.wait(DEADLINE) == 0
        server.stop()
        assert "the embedded MongoDB was told to stop" in "".join(server.complaints)


@pytest.mark.slow
def test_the_adapter_of_the_readme_lets_in_who_has_the_token(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(README.partition("```python\n")[2].partition("```")[0])
    provider = {"module": "mine.py", "options": {"secret": "shop"}}
    (tmp_path / "config.json").write_text(json.dumps({"auth": {"myprovider": provider}}))
    token = hmac.new(b"shop", b"42", hashlib.sha256).hexdigest()
    with serving(tmp_path, "--config", "config.json") as server:
        body = {"authData": {"myprovider": {"id": "42", "token": token}}}
        signed_up = server.request("POST", "/users", body)
        logged_in = server.request("POST", "/users", body)
        assert logged_in["objectId"] == signed_up["objectId"]
        body["authData"]["myprovider"]["token"] = "guessed"
        refused = httpx.post(
            f"{server.url}/users",
            json=body,
            headers={"X-Parse-Application-Id": "parsepy"},
            timeout=DEADLINE,
        )
        assert refused.json() == {"code": 141, "error": "wrong token"}


@pytest.mark.slow
def test_a_provider_that_cannot_work_is_warned_of(tmp_path: Path) -> None:
    auth = {
        "myprovider": {"modul": "mine.py"},
        "meetup": {"enableInsecureAuth": True},
        "github": {"enableInsecureAuth": True},
        "staff": {"oidc": True, "issuer": "https://login.shop.test", "clientId": "shop"},
    }
    config: dict[str, Any] = {"auth": auth, "databaseURI": "mongodb://127.0.0.1:9/"}
    config["enableInsecureAuthAdapters"] = True
    (tmp_path / "config.json").write_text(json.dumps(config))
    more = ("--set", 'databaseOptions={"serverSelectionTimeoutMS": 100}')
    done = parsepy(
        "serve", "--config", "config.json", "--port", str(free_port()), *more, cwd=tmp_path
    )
    assert 'auth.myprovider: neither built in nor with a module of yours (is "modul"' in done.stderr
    assert "auth.meetup: not available, since the API that it asked" in done.stderr
    assert "auth.github: enableInsecureAuth lets in whoever has a token" in done.stderr
    assert "auth.staff" not in done.stderr


def test_demo_data_come_once(tmp_path: Path) -> None:
    counts = []
    for _ in range(2):
        with serving(tmp_path, "--demo") as server:
            counts.append(server.request("GET", "/classes/Product?limit=0&count=1")["count"])
    assert counts[0] >= 12
    assert counts[1] == counts[0]


def test_a_configuration_file_of_parse_server_carries_over(
    tmp_path: Path, mongo_uri: str, mongo: MongoClient[dict[str, Any]]
) -> None:
    database = f"test_{uuid4().hex[:16]}"
    (tmp_path / "parse.json").write_text(
        json.dumps(
            {
                "appId": "shop",
                "masterKey": "from-the-file",
                "databaseURI": database_in(mongo_uri, database),
                "restAPIKey": "rest",
                "middleware": "middleware.js",
            }
        )
    )
    with serving(tmp_path, "--config", "parse.json", "--mount-path", "/api") as server:
        assert "X-Parse-REST-API-Key: rest" in server.welcome
        assert "from-the-file" not in server.welcome
        health = httpx.get(f"http://localhost:{server.port}/api/health", timeout=DEADLINE)
        assert health.json() == {"status": "ok"}
        assert server.complaints == [
            "parsepy: warning: accepted, but without effect in this version: middleware\n"
        ]
    mongo.drop_database(database)
    assert not (tmp_path / ".parsepy").exists()


# --- What stops a start ---


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--set", "sesionLength=5"],
            'unknown option "sesionLength": did you mean "sessionLength"?',
        ),
        (["--port", "shop"], 'port: expected a number from 1 to 65535, got "shop"'),
        (["--set", "port"], "--set port: expected NAME=VALUE"),
        (["--host", "192.0.2.1"], "choose another address with --host"),
        (["--config", "none.json"], "none.json: cannot be read: No such file or directory"),
        (["--schema", "none.json"], "none.json"),
        (["--database-uri", "postgres://db"], "databaseURI: expected"),
        (
            ["--database-uri", "mongodb://127.0.0.1:9/shop?serverSelectionTimeoutMS=100"],
            "the database can't be used",
        ),
    ],
)
def test_a_start_that_cannot_be_says_why(
    tmp_path: Path, arguments: Sequence[str], message: str
) -> None:
    done = parsepy("serve", "--port", str(free_port()), *arguments, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("parsepy: ")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["serve", "--prot", "3"], "parsepy: unknown option --prot: did you mean --port?\n"),
        (["serve", "--sesionLength=3"], "did you mean --session-length?"),
        (["user", "grant", "ann", "admin", "now"], "parsepy: unexpected argument now\n"),
        (["schema", "check", "shop.json", "--strict"], "parsepy: unknown option --strict\n"),
    ],
)
def test_an_unknown_flag_is_answered_with_the_nearest(
    tmp_path: Path, arguments: Sequence[str], message: str
) -> None:
    done = parsepy(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr


def test_the_words_about_a_missing_database_are_short(tmp_path: Path) -> None:
    uri = "mongodb://127.0.0.1:9/shop?serverSelectionTimeoutMS=100"
    done = parsepy("serve", "--port", str(free_port()), "--database-uri", uri, cwd=tmp_path)
    assert "; is it running, and databaseURI right? Without databaseURI" in done.stderr
    assert len(done.stderr) < 200
    assert "imeout" not in done.stderr


def test_parsepy_alone_prints_its_commands(tmp_path: Path) -> None:
    done = parsepy(cwd=tmp_path)
    assert done.returncode == 2
    assert "start the server" in done.stdout


def test_help_on_a_command_names_only_what_it_uses(tmp_path: Path) -> None:
    printed = parsepy("user", "grant", "--help", cwd=tmp_path).stdout
    assert "--database-uri" in printed
    assert "--mount-path" not in printed


def test_nothing_is_written_for_a_wrong_configuration(tmp_path: Path) -> None:
    parsepy("serve", "--set", "sessionLength=0", cwd=tmp_path)
    assert list(tmp_path.iterdir()) == []


# --- The other commands ---


def test_schema_check_names_file_line_field_and_reason(tmp_path: Path) -> None:
    template = tmp_path / "shop.json"
    template.write_text(
        '{"classes": [\n {"className": "Product", "fields": {\n  "price": {"type": "Numbr"}}}]}'
    )
    done = parsepy("schema", "check", template, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout.startswith(f"{template}:3:")
    assert "Product.price: " in done.stdout


def test_schema_check_is_content_with_our_own_templates(tmp_path: Path) -> None:
    folder = Path(__file__).parents[2] / "schema"
    done = parsepy(
        "schema", "check", folder / "ecommerce.json", folder / "shopping.json", cwd=tmp_path
    )
    assert (done.returncode, done.stdout.split(":")[0]) == (0, "fine")


@pytest.mark.parametrize(
    ("table", "entry"),
    [
        ("options", "PARSE_SERVER_APPLICATION_ID"),
        ("routes", "/classes/"),
        ("operators", "$containedBy"),
        ("ops", "Increment"),
        ("codes", "OBJECT_NOT_FOUND"),
    ],
)
def test_show_prints_the_tables(tmp_path: Path, table: str, entry: str) -> None:
    done = parsepy("show", table, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert entry in done.stdout


def test_the_version_is_told(tmp_path: Path) -> None:
    assert parsepy("--version", cwd=tmp_path).stdout.startswith("parsepy ")
