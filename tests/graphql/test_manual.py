"""Every block of docs/graphql.md, run in its order by one server: the answers are as printed."""

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from parsepy.app import Application
from parsepy.config import Config
from tests.conftest import APP_ID, MASTER_KEY, Client, MakeApp
from tests.graphql.conftest import GRAPHQL
from tests.graphql.subscriber import subscribing
from tests.graphql.test_clients import FOLDER
from tests.livequery.listener import serving
from tests.peer import installed
from tests.rest.shop import eventually

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "graphql.md").read_text(encoding="utf-8")
ADDRESS = "http://localhost:1337"
NAMES = frozenset(("id", "objectId", "sessionToken"))
"""What is another one in every run; the page's stand for those of this one from then on."""
RUN_SECONDS = 60


@dataclass(frozen=True)
class Block:
    """A block of the page: its language, what else its first line says, and its text."""

    language: str
    purpose: str
    text: str


def blocks() -> Iterator[Block]:
    """The blocks of the page in their order."""
    for first, text in re.findall(r"^```(\S.*?)$\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL):
        language, _, purpose = first.partition(" ")
        yield Block(language, purpose, text)


BLOCKS = tuple(blocks())


def texts(language: str, purpose: str = "") -> list[str]:
    """The texts of all blocks of a kind."""
    return [
        block.text for block in BLOCKS if (block.language, block.purpose) == (language, purpose)
    ]


@dataclass
class Reader:
    """Does what the page says, and compares what it prints."""

    application: Application
    url: str
    folder: Path
    known: dict[str, str] = field(default_factory=dict)

    def now(self, text: str) -> str:
        """A text of the page with the ids and the address of this run."""
        for then, now in self.known.items():
            text = text.replace(then, now)
        return text.replace(ADDRESS, self.url).replace("ws://localhost:1337", self.socket_url)

    @property
    def socket_url(self) -> str:
        """Where the server listens for websockets."""
        return self.url.replace("http", "ws", 1)

    def compare(self, printed: Any, answered: Any, key: str = "") -> None:
        """Fail unless the answer is as printed; ids that are new are remembered."""
        if isinstance(printed, dict):
            assert isinstance(answered, dict)
            assert list(printed) == list(answered)
            for name, value in printed.items():
                self.compare(value, answered[name], name)
        elif isinstance(printed, list):
            assert isinstance(answered, list)
            assert len(printed) == len(answered)
            for one, other in zip(printed, answered, strict=True):
                self.compare(one, other)
        elif key in NAMES and printed not in self.known:
            self.known[printed] = answered
        elif isinstance(printed, str) and "…" in printed:
            assert re.fullmatch(re.escape(printed).replace("…", ".*"), answered)
        else:
            assert self.known.get(printed, printed) == answered


@pytest.fixture
async def reader(app: MakeApp, tmp_path: Path) -> AsyncIterator[Reader]:
    """A reader with a server of the shop's classes, configured as the page says."""
    cloud = tmp_path / "main.py"
    cloud.write_text("\n".join(texts("python")))
    (tmp_path / "mug.txt").write_text("a picture of a mug")
    options: dict[str, Any] = {}
    for text in texts("json", "config"):
        options |= json.loads(text)
    application = await app(
        **options,
        schema=[str(ROOT / "schema" / name) for name in ("ecommerce.json", "shopping.json")],
        cloud=str(cloud),
        graphQLSchema="\n".join(texts("graphql", "schema")),
    )
    async with serving(application) as url:
        yield Reader(application, url.replace("ws", "http", 1), tmp_path)


async def output(command: list[str], folder: Path) -> str:
    """What a command prints."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    printed, told = await asyncio.wait_for(process.communicate(), RUN_SECONDS)
    assert process.returncode == 0, told.decode()
    return printed.decode()


async def ask(reader: Reader, position: int) -> None:
    """Send a document, with the variables that may stand below it; compare what stands there."""
    following = list(BLOCKS[position + 1 : position + 3])
    variables = {}
    if following and following[0].purpose == "variables":
        variables = json.loads(reader.now(following.pop(0).text))
    answer = following[0]
    assert (answer.language, answer.purpose) == ("json", ""), "a document shows its answer"
    text = BLOCKS[position].text
    is_seller = "signUp" not in text  # goods are changed by who may, and anybody signs up
    async with Client(reader.application, master=is_seller) as client:
        body = {"query": text, "variables": variables}
        response = await client.post(GRAPHQL, json=body)
    reader.compare(json.loads(answer.text), response.json())


async def in_shell(reader: Reader, position: int) -> None:
    """Run a command; compare its answer with the block below it."""
    command = reader.now(BLOCKS[position].text).replace("curl ", "curl -sS ", 1)
    printed = await output(["sh", "-c", command], reader.folder)
    reader.compare(json.loads(BLOCKS[position + 1].text), json.loads(printed))


async def in_node(reader: Reader, text: str) -> None:
    """Run a program from the folder of GraphQL's clients; it prints what its comment says."""
    program = reader.now(text)
    running = asyncio.create_task(
        output(["node", "--input-type=module", "-e", program], installed(FOLDER))
    )
    if "subscription" in text:
        live: Any = reader.application.live
        await eventually(lambda: _is_followed(live), seconds=RUN_SECONDS)
        async with subscribing(reader.socket_url) as later:  # by then the earlier one has begun
            await later.follow("product", "subscription { product { event } }")
            await cheapen(reader)
    (said,) = re.findall(r"console\.log\(.*?\); // (.*)$", text, re.MULTILINE)
    assert (await running).strip() == said


async def _is_followed(live: Any) -> bool:
    return bool(live.subscriptions)


async def cheapen(reader: Reader) -> None:
    """Change what the page's subscription follows."""
    change = (
        "mutation ($id: ID!) "
        "{ updateProduct(input: {id: $id, fields: {price: 7}}) { product { id } } }"
    )
    product = reader.known["UHJvZHVjdDpsQTBvczk0NmNI"]
    async with Client(reader.application, master=True) as client:
        await client.post(GRAPHQL, json={"query": change, "variables": {"id": product}})


@pytest.mark.node
async def test_every_block_of_the_page_does_what_it_says(reader: Reader) -> None:
    for position, block in enumerate(BLOCKS):
        if block.language == "graphql" and not block.purpose:
            await ask(reader, position)
        elif block.language == "sh":
            await in_shell(reader, position)
        elif block.language == "js":
            await in_node(reader, block.text)
        elif block.purpose.startswith("PUT "):
            async with Client(reader.application, master=True) as client:
                path = block.purpose.removeprefix("PUT ")
                (await client.put(path, json=json.loads(block.text))).raise_for_status()
        else:
            assert block.language in ("json", "python") or block.purpose == "schema"


def test_the_configurations_of_the_page_are_valid() -> None:
    found = texts("json", "config")
    assert len(found) == 2
    for text in found:
        Config.from_options({"appId": APP_ID, "masterKey": MASTER_KEY, **json.loads(text)})
