"""The commands of the manual, and the requests that it sends: as they stand, beside one server."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from parsepy.cli import main
from parsepy.cli.configuration import configure
from parsepy.cli.grammar import make_parser
from tests.clients.blocks import NODE, tool
from tests.clients.demo import demo_serving
from tests.conftest import database_in
from tests.manual.blocks import (
    BROWSED,
    COMMANDS,
    PIPELINE,
    ROOT,
    SCHEMA,
    SERVED,
    Block,
    Command,
    blocks_by,
    commands_in,
)
from tests.peer import REFERENCE
from tests.sdk.test_js_sdk import APP_ID, MASTER_KEY

PROJECTS = ROOT / "tests" / "projects"
OUTSIDE = {
    "git": "the address of the repository is the reader's",
    "cd": "where the reader has put it",
    "docker": "tests/test_compose.py reads the file; there is no Docker here",
    "npx": "tests/dashboard starts the same program",
    "claude": "a program of another; what it is told to start is read below",
    "dotnet": "not here",
    "flutter": "not here",
    "mongodump": "not here; `parsepy data backup` writes its layout",
    "mongorestore": "not here",
    "set": "of the shell",
    ".": "the reader's variables",
    "python": "tests/interchange/test_migration.py starts it",
}
"""Programs that are not started here, and why."""
ENDLESS = ("serve", "mcp")


@pytest.fixture(scope="module")
def url(mongo_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with the demo shop, one for all."""
    with demo_serving(mongo_uri, tmp_path_factory.mktemp("manual")) as address:
        yield address


# --- requests -----------------------------------------------------------------------------------


def here(text: str, url: str) -> str:
    """A text of the manual, turned to the server of this run."""
    text = text.replace("http://localhost:1337", url.removesuffix("/parse"))
    text = text.replace("https://parseapi.back4app.com", url)
    return re.sub(r"(Id: ?|/files/|initialize\(\")parsepy\b", rf"\g<1>{APP_ID}", text)


def prepared(folder: Path, url: str) -> dict[str, str]:
    """What the pages take for granted: keys, a session, a picture, a store nearby."""
    (folder / ".parsepy").mkdir()
    (folder / ".parsepy" / "keys.json").write_text(json.dumps({"masterKey": MASTER_KEY}))
    (folder / "mug.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(20))
    master = {"X-Parse-Application-Id": APP_ID, "X-Parse-Master-Key": MASTER_KEY}
    with httpx.Client(base_url=url, headers=master) as asking:
        name = uuid4().hex[:12]
        body = {"username": name, "password": "a good password", "email": f"{name}@example.com"}
        asking.post("/users", json=body).raise_for_status()
        token = asking.post("/login", json=body).raise_for_status().json()["sessionToken"]
        place = {"__type": "GeoPoint", "latitude": 48.4, "longitude": 10.1}
        asking.post("/classes/Store", json={"at": place}).raise_for_status()
    return {"MASTER_KEY": MASTER_KEY, "APP_ID": APP_ID, "TOKEN": token}


def answers_in(text: str) -> list[Any]:
    """The JSON values that a script has printed one after another, without heads of HTTP."""
    text = re.sub(r"HTTP/1.1 (\d+).*?\r?\n\r?\n", "", text, flags=re.DOTALL)
    decoder, found, at = json.JSONDecoder(), [], 0
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        value, at = decoder.raw_decode(text, at)
        found.append(value)
    return found


@pytest.mark.parametrize("page", sorted({block.page for block in blocks_by(SERVED)}))
def test_what_a_page_asks_is_answered_as_it_says(page: str, url: str, tmp_path: Path) -> None:
    blocks = [block for block in blocks_by(SERVED) if block.page == page]
    environment = prepared(tmp_path, url)
    script = "\necho '@@@'\n".join(block.text for block in blocks)
    script = here(script, url).replace("r:…", environment["TOKEN"])
    script = script.replace("curl ", "curl -sS --fail-with-body ")
    done = subprocess.run(
        ["sh", "-ec", script],
        cwd=tmp_path,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for block, said in zip(blocks, done.stdout.split("@@@\n"), strict=True):
        for answer in answers_in(said):
            assert isinstance(answer, dict)
            assert "error" not in answer
            assert answer.get("results") != []
        for command in commands_in(block):
            if command.printed:
                assert answers_in(said) == [as_printed(here(command.printed, url), said)], said


def as_printed(printed: str, said: str) -> Any:
    """What a page shows as an answer; for `3f…` stands what was answered there."""
    parts = map(re.escape, re.split("[0-9a-f]*…", printed))
    spaces = "(.*?)".join(parts).replace("\\ ", " ?")
    found = re.fullmatch(spaces, said.strip())
    if found:
        for text in found.groups():
            printed = re.sub("[0-9a-f]*…", text, printed, count=1)
    return json.loads(printed)


@pytest.mark.parametrize("block", blocks_by(PIPELINE), ids=str)
def test_a_pipeline_finds_what_it_names(block: Block, url: str) -> None:
    master = {"X-Parse-Application-Id": APP_ID, "X-Parse-Master-Key": MASTER_KEY}
    asked = {"pipeline": json.dumps(json.loads(block.text))}
    found = httpx.get(f"{url}/aggregate/SKU", params=asked, headers=master).raise_for_status()
    results = found.json()["results"]
    assert results
    assert all({"variation", "name"} <= set(one) for one in results)


@pytest.mark.node
@pytest.mark.parametrize("block", blocks_by(BROWSED), ids=str)
def test_a_subscription_hears_what_changes(block: Block, url: str, tmp_path: Path) -> None:
    code = f"""
{NODE}
Parse.initialize("{APP_ID}", undefined, "{MASTER_KEY}");
Parse.serverURL = "{url}";
const email = "{uuid4().hex}@example.com";
const user = await Parse.User.signUp(email, "a good password", {{ email }});
const sku = await new Parse.Query("SKU").greaterThan("stock", 3).include("product").first();
const order = new Parse.Object("Order");
const total = sku.get("product").get("price");
const placed = {{ user, products: [sku], total, status: "pending" }};
{block.text}
subscription.on("update", () => {{ subscription.unsubscribe(); process.exit(0); }});
await order.save(placed);
await order.save({{ status: "paid" }}, {{ useMasterKey: true }});
"""
    script = REFERENCE / f"manual-{uuid4().hex[:8]}.mjs"
    script.write_text(code)
    try:
        done = subprocess.run(
            [tool("node"), script], capture_output=True, text=True, timeout=30, cwd=tmp_path
        )
    finally:
        script.unlink()
    assert (done.returncode, done.stdout) == (0, "pending → paid\n"), done.stderr


# --- commands -----------------------------------------------------------------------------------


def commands() -> list[Command]:
    """All commands that no server needs to be there for."""
    return [command for block in blocks_by(COMMANDS) for command in commands_in(block)]


@pytest.mark.parametrize("program", sorted({command.program for command in commands()}))
def test_a_program_is_ours_or_it_is_said_why_it_is_not_started(program: str) -> None:
    assert program in {"parsepy", "make", "pip", "npm"} ^ OUTSIDE.keys()


def of(program: str) -> list[Command]:
    """The commands of a program."""
    return [command for command in commands() if command.program == program]


@pytest.mark.parametrize("command", of("make"), ids=str)
def test_a_target_of_make_exists(command: Command) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for word in command.words[1:]:
        assert re.search(rf"^{word}:.*## ", makefile, re.MULTILINE)


@pytest.mark.parametrize("command", of("pip"), ids=str)
def test_what_pip_installs_exists(command: Command) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for word in command.words[2:]:
        name, _, extra = word.removesuffix("]").partition("[")
        if name == project["name"]:
            assert extra in project["optional-dependencies"]
        else:
            assert metadata.version(name)


@pytest.mark.parametrize("command", of("npm"), ids=str)
def test_what_npm_installs_is_what_the_tests_use(command: Command) -> None:
    files = ROOT.glob("tests/**/package.json")
    used = [
        json.loads(file.read_text(encoding="utf-8"))
        for file in files
        if "node_modules" not in file.parts
    ]
    known = {name for file in used for name in file.get("dependencies", {})}
    for name in command.words[2:]:
        # of React Native's storage the tests have its three methods
        assert name in known | {"@react-native-async-storage/async-storage"}


def of_parsepy() -> list[Command]:
    """Our commands, those too that another program is told to start."""
    told = [
        Command(command.block, command.words[command.words.index("--") + 1 :])
        for command in of("claude")
        if "--" in command.words
    ]
    return [*of("parsepy"), *told]


def arguments(command: Command) -> list[str]:
    """What stands behind the program, without where its output goes."""
    words = list(command.words[command.words.index("parsepy") + 1 :])
    return words[: words.index(">")] if ">" in words else words


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the manual's commands name."""
    (shop,) = (block.text for block in blocks_by(SCHEMA) if block.page == "README.md")
    (tmp_path / "schema").mkdir()
    (tmp_path / "src").mkdir()
    (tmp_path / "cloud").mkdir()
    for name in ("shop.json", "schema.json", "schema/shop.json"):
        (tmp_path / name).write_text(shop)
    (tmp_path / "shop.txt").write_bytes((PROJECTS / "ecommerce.txt").read_bytes())
    (tmp_path / "clinic.txt").write_bytes((PROJECTS / "clinic.txt").read_bytes())
    for name in ("config.json", "parse-server.json"):
        (tmp_path / name).write_text('{"appName": "Shop", "appId": "shop", "masterKey": "secret"}')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_commands_of_ours_are_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parser = make_parser()
    for command in of_parsepy():
        words = arguments(command)
        args, strange = parser.parse_known_args(words)
        assert strange == [], command
        if words[0] in ENDLESS:
            with monkeypatch.context() as environment:
                for word in command.words[: command.words.index("parsepy")]:
                    environment.setenv(*word.split("=", 1))
                configure(args)


@pytest.mark.parametrize("page", sorted({command.block.page for command in of("parsepy")}))
def test_the_commands_of_a_page_do_what_they_say(
    page: str,
    folder: Path,
    mongo_uri: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    uri = database_in(mongo_uri, f"manual_{uuid4().hex[:12]}")
    monkeypatch.setenv("PARSE_SERVER_DATABASE_URI", uri)
    for number, command in enumerate(of("parsepy")):
        words = arguments(command)
        if command.block.page != page or words[0] in ENDLESS:
            continue
        words = [uri if word.startswith("mongodb://") else word for word in words]
        if words[0] == "new":  # each beside the other
            words[1] = f"{words[1]}-{number}"
        if words[:2] == ["schema", "apply"]:  # which asks
            words.append("--yes")
        monkeypatch.setattr(sys, "stdin", io.StringIO("a good password\n"))
        code = main(words)
        # 1: that it found something
        assert code in ((0, 1) if words[0] == "migrate" else (0,)), (
            f"{command}\n{''.join(capsys.readouterr())}"
        )
