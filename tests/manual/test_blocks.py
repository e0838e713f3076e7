"""Every block of the manual has a place where it is proven; blocks of JSON and Python are, here."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from parsepy.cli import main
from parsepy.cli.config_check import checked
from parsepy.cli.grammar import make_parser
from parsepy.mail.templates import TEMPLATES
from parsepy.model.permissions import PUBLIC
from parsepy.testing import MakeApp
from tests.clients.blocks import finished, tool
from tests.clients.test_guides import FACTS
from tests.conftest import database_in
from tests.manual.blocks import (
    BLOCKS,
    CONFIG,
    FRAGMENT,
    OWN,
    PAIR,
    PLACES,
    ROOT,
    SCHEMA,
    TOLD,
    WAYS,
    Block,
    blocks_by,
    blocks_in,
    own,
    place_of,
)
from tests.push.fakes import ACCOUNT_KEY, APNS_KEY, pem

PROJECTS = ROOT / "tests" / "projects"
LONGEST_LIST = 7
"""Kinds of blocks that are proven by nothing; it gets no longer without a thought."""


def test_every_block_has_its_place_in_the_table() -> None:
    assert len(BLOCKS) > 300
    assert [str(block) for block in BLOCKS if place_of(block) is None] == []


def test_a_new_block_without_a_place_is_noticed() -> None:
    text = "# Page\n\n```rust\nfn main() {}\n```\n\n  ```sh\n  true\n  ```\n"
    found = list(blocks_in("docs/accounts.md", text))
    assert [(str(block), block.language, block.text) for block in found] == [
        ("docs/accounts.md:3", "rust", "fn main() {}\n"),
        ("docs/accounts.md:7", "sh", "true\n"),
    ]
    assert [place_of(block) for block in found] == [None, None]


def test_every_place_has_blocks_and_names_its_test_or_a_reason() -> None:
    here = Path(__file__).read_text(encoding="utf-8")
    for place in PLACES:
        assert [block for block in BLOCKS if place_of(block) is place], place
        if place.way == TOLD:
            assert place.why, place
        elif place.way == OWN:
            assert f'"{place.page}"' in here, place
        elif place.way not in WAYS:
            assert Path(place.page).stem in (ROOT / place.way).read_text(encoding="utf-8"), place


def test_few_blocks_are_proven_by_nothing() -> None:
    assert len([place for place in PLACES if place.way == TOLD]) <= LONGEST_LIST


@pytest.mark.parametrize("block", blocks_by(CONFIG), ids=str)
def test_a_configuration_is_accepted(
    block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if '"ldap"' in block.text:
        pytest.importorskip("bonsai")
    monkeypatch.chdir(tmp_path)
    for folder in ("public", "web/dist", "files"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "sms.py").write_text("async def send(token, to): ...\n")
    (tmp_path / "AuthKey_ABC1234567.p8").write_text(pem(APNS_KEY))
    key = pem(ACCOUNT_KEY)
    service = {"project_id": "shop", "client_email": "a@shop.test", "private_key": key}
    (tmp_path / "firebase.json").write_text(json.dumps(service))
    (tmp_path / "config.json").write_text(block.text)
    notes, problems = checked(tmp_path / "config.json")
    assert problems == []
    assert [note for note in notes if "without effect" in note] == []


@pytest.mark.parametrize("block", blocks_by(SCHEMA), ids=str)
def test_a_template_is_accepted(
    block: Block, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "shop.json").write_text(block.text)
    assert main(["schema", "check", str(tmp_path / "shop.json")]) == 0
    assert "warning" not in capsys.readouterr().out


@pytest.mark.parametrize("page", sorted({block.page for block in blocks_by(PAIR)}))
async def test_cloud_code_and_its_test_work_as_they_stand(
    page: str, parse_app: MakeApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, test = [block.text for block in blocks_by(PAIR) if block.page == page]
    (tmp_path / "cloud").mkdir()
    (tmp_path / "cloud" / "main.py").write_text(code)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(test, names)
    (name,) = [name for name in names if name.startswith("test_")]
    await names[name](parse_app)


# What the fragments of a page name that stands in the text around them.
GIVEN = """
from parsepy import Cloud, FunctionRequest, Object, Push, Query
count = 1

async def lamp_and_others():
    with Cloud.as_master():
        lamp = await Object("Product", name="Lamp").save()
        sku = await Object("SKU", product=lamp, stock=2, variation="oak").save()
        return lamp, sku, await Object("Order").save(), await Object("Room").save()
"""
IN_A_FUNCTION = """
@Cloud.function("f{n}", require_master=True)
async def f{n}(request):
    lamp, sku, order, room = await lamp_and_others()
    with Cloud.as_master():
{code}
    return {{key: str(value) for key, value in locals().items()}}
"""


async def test_fragments_of_cloud_code_run(
    parse_app: MakeApp, tmp_path: Path, mongo_uri: str
) -> None:
    whole = [block for block in blocks_by(FRAGMENT) if block.text.startswith("@Cloud.function")]
    fragments = [block for block in blocks_by(FRAGMENT) if block not in whole]
    code = GIVEN + "".join(block.text for block in whole)
    code += "".join(
        IN_A_FUNCTION.format(n=n, code=textwrap.indent(block.text, " " * 8))
        for n, block in enumerate(fragments)
    )
    (tmp_path / "main.py").write_text(code)
    app = await parse_app(
        cloud=str(tmp_path / "main.py"),
        database=database_in(mongo_uri, f"fragments_{uuid4().hex[:12]}"),
        push={"adapter": str(ROOT / "tests" / "push" / "recorder.py")},
        scheduledPush=True,
    )
    said: dict[Block, dict[str, str]] = {}
    for n, block in enumerate(fragments):
        said[block] = await app.master.call(f"f{n}")
    found = {name: text for names in said.values() for name, text in names.items()}
    assert found["rows"] == "[{'objectId': 'oak', 'stock': 2}]"
    assert "winningPlan" in found["plan"] or "queryPlanner" in found["plan"]
    assert found["status"] == f"<_PushStatus {found['push_id']}>"


async def test_the_test_kit_is_asked_as_the_page_says(
    parse_app: MakeApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mongo_uri: str
) -> None:
    block = own("docs/cloud-code.md", "parse_app")
    (tmp_path / "cloud").mkdir()
    (tmp_path / "cloud" / "main.py").write_text("from parsepy import Cloud\n")
    (tmp_path / "schema").mkdir()
    (tmp_path / "schema" / "shop.json").write_text(blocks_by(SCHEMA)[0].text)
    monkeypatch.chdir(tmp_path)
    code = block.text.replace("mongodb://localhost/", mongo_uri)
    names: dict[str, Any] = {"parse_app": parse_app, "made": []}
    body = textwrap.indent(code.replace("\napp", "\nmade.append(app)\napp"), "    ")
    exec(f"async def page():\n{body}    made.append(app)", names)
    await names["page"]()
    for app in names["made"]:
        assert await app.master.create("Review", {"stars": 5})
    assert len(names["made"]) == 2


@pytest.mark.node
def test_what_stood_in_javascript_is_javascript(tmp_path: Path) -> None:
    (tmp_path / "main.mjs").write_text(own("docs/cloud-code.md", "define").text)
    finished(tool("node"), "--check", "main.mjs", cwd=tmp_path)


def test_folders_of_mails_hold_mails_that_are_sent() -> None:
    lines = own("docs/accounts.md").text.split()
    assert lines
    for line in lines:
        assert re.fullmatch(rf"mails/[a-z]+/({'|'.join(TEMPLATES)})\.(txt|html)", line)


def test_the_permissions_of_the_protocol_are_those_of_a_class_without_any() -> None:
    assert json.loads(own("docs/protocol.md").text) == PUBLIC


def test_the_head_of_a_guide_is_as_the_readers_of_guides_take_it() -> None:
    lines = own("docs/clients/README.md").text.split("\n")
    head = dict(line.split(": ") for line in lines if ": " in line)
    assert tuple(head) == FACTS
    guide = (ROOT / "docs" / "clients" / f"{head['title'].lower()}.md").read_text(encoding="utf-8")
    assert own("docs/clients/README.md").text in guide


def test_clients_of_agents_start_what_there_is() -> None:
    written = [
        json.loads(block.text)["mcpServers"]["parsepy"]
        for block in blocks_by(OWN)
        if block.page == "docs/mcp.md"
    ]
    (started,) = [one for one in written if "command" in one]
    assert started["command"] == "parsepy"
    _, strange = make_parser().parse_known_args(started["args"])
    assert (started["args"][0], strange) == ("mcp", [])
    (asked,) = [one for one in written if "url" in one]
    assert asked["url"].endswith("/mcp")
    assert set(asked["headers"]) == {"X-Parse-Application-Id", "X-Parse-Master-Key"}


def test_the_dashboards_configuration_names_what_the_dashboard_reads() -> None:
    written = json.loads(own("docs/dashboard.md").text)
    manual = ROOT / "tests/dashboard/node_modules/parse-dashboard/README.md"
    if not manual.exists():
        pytest.skip("Parse Dashboard is not installed")
    told = manual.read_text(encoding="utf-8")
    (app,) = written["apps"]
    for name in (*app, *written, *written["users"][1]):
        assert f"`{name}`" in told or f'"{name}"' in told, name


def test_the_prompt_of_the_page_is_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clinic.txt").write_text(own("docs/prompts.md", "Deliver").text)
    assert main(["new", "clinic", "--prompt", "clinic.txt"]) == 0
    assert "not read" not in "".join(capsys.readouterr())
    # and of another one the page shows what is told
    (tmp_path / "clinic.txt").write_bytes((PROJECTS / "clinic.txt").read_bytes())
    assert main(["new", "other", "--prompt", "clinic.txt"]) == 0
    assert own("docs/prompts.md", "not read").text in "".join(capsys.readouterr())


def test_the_group_of_checks_is_asked(tmp_path: Path) -> None:
    code = own("docs/operations.md").text
    (tmp_path / "checks.py").write_text(f"from pathlib import Path\n{code}")
    named = {"enableCheck": True, "checkGroups": ["checks.py:house"]}
    (tmp_path / "config.json").write_text(json.dumps({"security": named}))
    assert checked(tmp_path / "config.json")[1] == []


def test_the_container_starts_what_there_is() -> None:
    lines = own("docs/tutorial.md").text.splitlines()
    (started,) = [line.removeprefix("CMD ") for line in lines if line.startswith("CMD ")]
    program, *words = json.loads(started)
    assert program == "parsepy"
    _, strange = make_parser().parse_known_args(words)
    assert (words[0], strange) == ("serve", [])


@pytest.mark.slow
def test_cloud_code_of_the_manual_passes_a_strict_type_checker(tmp_path: Path) -> None:
    schema = str(ROOT / "schema" / "ecommerce.json")
    assert main(["types", "python", schema, "--output", str(tmp_path / "shop.py")]) == 0
    (tmp_path / "typed.py").write_text(own("docs/types.md").text + "    reveal_type(total)\n")
    for block in BLOCKS:
        is_cloud_code = "@Cloud." in block.text and "import" in block.text
        if is_cloud_code and block.language == "python":
            name = re.sub(r"\W", "_", str(block))
            (tmp_path / f"{name}.py").write_text(block.text)
    assert len(list(tmp_path.iterdir())) > 25
    command = [sys.executable, "-m", "mypy", "--strict", "."]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert 'Revealed type is "float"' in done.stdout
