"""The fenced blocks of the manual, and how each is proven: the table `PLACES`."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    str(path.relative_to(ROOT))
    for path in (
        *(ROOT / "docs").glob("*.md"),
        *(ROOT / "docs" / "clients").glob("*.md"),
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
    )
)
FENCE = re.compile(r"^( *)```([^\n`]*)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A block of a page: the line of its fence, what stands behind the fence, and its text."""

    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        """Where it stands, as an editor jumps to it."""
        return f"{self.page}:{self.line}"


def blocks_in(page: str, text: str) -> Iterator[Block]:
    """The blocks of a page in their order."""
    for found in FENCE.finditer(text):
        indent, info, body = found.groups()
        language = (info.split() or [""])[0]
        lines = [line.removeprefix(indent) for line in body.splitlines(keepends=True)]
        yield Block(page, text.count("\n", 0, found.start()) + 1, language, "".join(lines))


BLOCKS = [
    block for page in PAGES for block in blocks_in(page, (ROOT / page).read_text(encoding="utf-8"))
]


@dataclass(frozen=True)
class Command:
    """A command of a shell block: its words, and what its page says that it prints."""

    block: Block
    words: tuple[str, ...]
    printed: str = ""

    @property
    def program(self) -> str:
        """What is started; variables that are set before it do not count."""
        return next((word for word in self.words if not re.match(r"\w+=", word)), "=")

    def __str__(self) -> str:
        """The beginning of the command, where it stands."""
        return f"{self.block}: {' '.join(self.words)[:50]}"


def commands_in(block: Block) -> Iterator[Command]:
    """The commands of a shell block; a comment on lines of its own below one is its output."""
    text = re.sub(r"\\\n\s*", " ", block.text)
    given: list[str] = []
    printed: list[str] = []

    def done() -> Iterator[Command]:
        for line in given:
            code = re.sub(r"(^|\s+)# .*", "", line)
            for part in [code] if "'" in code else re.split(r" && |; ", code.strip("()")):
                words = tuple(shlex.split(part))
                if words:
                    yield Command(block, words, "\n".join(printed))
        given.clear()
        printed.clear()

    for line in text.splitlines():
        if line.startswith("# "):
            printed.append(line.removeprefix("# "))
            continue
        yield from done()
        given.append(line)
    yield from done()


@dataclass(frozen=True)
class Place:
    """How the blocks of a page are proven that have a language and hold a text.

    ``way`` is a way of this folder (`WAYS`), the file of another test that takes them as they
    stand, or `TOLD`: by nothing, for a reason that is given.
    """

    page: str
    language: str
    way: str
    holding: str = ""
    why: str = ""

    def takes(self, block: Block) -> bool:
        """Is it about this block?"""
        pages = self.page.removesuffix("*")
        of_page = block.page.startswith(pages) if self.page != pages else block.page == pages
        return of_page and block.language == self.language and self.holding in block.text


CONFIG = "a configuration that `config check` accepts"
SCHEMA = "a template that `schema check` accepts"
PIPELINE = "a pipeline that the demo answers"
COMMANDS = "commands: ours are run, or read by the parser; others are told"
SERVED = "a script that is run beside a demo server, and prints what stands below it"
FRAGMENT = "cloud code that is run inside of a function"
PAIR = "cloud code, with its test below it"
BROWSED = "run with the JavaScript SDK beside a demo server"
OWN = "a test of this folder that names the page"
TOLD = "by nothing"
WAYS = (CONFIG, SCHEMA, PIPELINE, COMMANDS, SERVED, FRAGMENT, PAIR, BROWSED, OWN)

NATIVE = "no compiler of it here: its requests are replayed, byte for byte (test_wire_replay.py)"
GUIDES = "tests/clients/test_guides.py"
WEB = "tests/web/test_guides.py"
MADE = "tests/clients/test_components.py"
COMPILED = "tests/clients/test_compiled.py"
SIGN_IN = "tests/sdk/test_accounts_manual.py"
MAILS = "tests/integration/test_accounts_manual.py"

# The first place that takes a block is its place.
PLACES = (
    Place("README.md", "sh", SERVED, "curl"),
    Place("README.md", "sh", COMMANDS),
    Place("README.md", "js", "tests/integration/test_cli.py"),
    Place("README.md", "json", SCHEMA),
    Place("README.md", "python", "tests/integration/test_cli.py", "class adapter"),
    Place("README.md", "python", PAIR),
    Place("CONTRIBUTING.md", "sh", COMMANDS),
    Place("docs/accounts.md", "json", CONFIG),
    Place("docs/accounts.md", "python", MAILS, "MailRefused"),
    Place("docs/accounts.md", "python", MAILS, "def city"),
    Place("docs/accounts.md", "python", MAILS, "def verify"),
    Place("docs/accounts.md", "", MAILS, "Subject:"),
    Place("docs/accounts.md", "", OWN, "mails/"),
    Place("docs/accounts.md", "js", MAILS, "ann@new.example.com"),
    Place("docs/accounts.md", "js", MAILS, "emailOtp"),
    Place("docs/accounts.md", "js", "tests/sign_in/test_sign_in.py", "navigator.credentials"),
    Place("docs/accounts.md", "js", SIGN_IN),
    Place("docs/aggregate.md", "sh", SERVED),
    Place("docs/aggregate.md", "json", PIPELINE),
    Place("docs/aggregate.md", "python", FRAGMENT),
    Place("docs/cli.md", "sh", COMMANDS),
    Place("docs/cloud-code.md", "js", OWN, "Parse.Cloud.define"),
    Place("docs/cloud-code.md", "python", FRAGMENT, "\nasync def apply_code"),
    Place("docs/cloud-code.md", "python", FRAGMENT, "await sku.decrement"),
    Place("docs/cloud-code.md", "python", FRAGMENT, 'Cloud.lock(f"room-'),
    Place("docs/cloud-code.md", "python", OWN, 'app = await parse_app(cloud="cloud/main.py", s'),
    Place("docs/cloud-code.md", "python", "tests/cloud/test_manual.py"),
    Place("docs/cookbook.md", "python", "tests/cloud/test_cookbook.py"),
    Place("docs/dashboard.md", "json", OWN, '"apps"'),
    Place("docs/dashboard.md", "sh", COMMANDS),
    Place("docs/deploy.md", "sh", COMMANDS),
    Place("docs/faq.md", "js", "tests/clients/test_faq.py"),
    Place("docs/faq.md", "python", "tests/clients/test_faq.py"),
    Place("docs/faq.md", "sh", "tests/clients/test_faq.py"),
    Place("docs/faq.md", "dart", TOLD, why=NATIVE),
    Place("docs/faq.md", "kotlin", TOLD, why=NATIVE),
    Place("docs/files.md", "sh", SERVED),
    Place("docs/files.md", "json", CONFIG),
    *(
        Place("docs/graphql.md", language, "tests/graphql/test_manual.py")
        for language in ("graphql", "json", "js", "python", "sh")
    ),
    Place("docs/limits.md", "json", CONFIG),
    Place("docs/livequery.md", "json", CONFIG),
    Place("docs/livequery.md", "js", "tests/livequery/test_resuming.py", "// resuming.mjs"),
    Place("docs/livequery.md", "js", BROWSED),
    Place("docs/mcp.md", "json", "tests/mcp/test_restaurant.py", '{"tool"'),
    Place("docs/mcp.md", "json", OWN, '{"mcpServers"'),
    Place("docs/mcp.md", "sh", COMMANDS),
    Place("docs/migrate.md", "sh", SERVED, "curl"),
    Place("docs/migrate.md", "sh", COMMANDS),
    Place("docs/migrate.md", "text", "tests/clients/test_migrate_check.py", "Verdict:"),
    Place("docs/migrate.md", "json", CONFIG),
    Place("docs/migrate.md", "python", "tests/interchange/test_migration.py"),
    Place("docs/operations.md", "sh", SERVED, "curl"),
    Place("docs/operations.md", "sh", COMMANDS),
    Place("docs/operations.md", "json", CONFIG),
    Place("docs/operations.md", "python", OWN, "def house"),
    Place("docs/operations.md", "text", "tests/telemetry/test_traces.py", "POST /"),
    Place("docs/portal.md", "json", SCHEMA, '"className"'),
    Place("docs/portal.md", "json", CONFIG),
    Place("docs/prompts.md", "sh", COMMANDS),
    Place("docs/prompts.md", "text", OWN),
    Place("docs/protocol.md", "", OWN, '"addField"'),
    Place("docs/protocol.md", "", TOLD, "_metadata:", "notation for a stored document"),
    Place("docs/protocol.md", "", TOLD, "type C implements", "notation for every class's types"),
    Place("docs/push.md", "sh", SERVED, "curl"),
    Place("docs/push.md", "sh", COMMANDS),
    Place("docs/push.md", "json", CONFIG),
    Place("docs/push.md", "python", "tests/push/test_manual.py", "class adapter"),
    Place("docs/push.md", "python", FRAGMENT),
    Place("docs/queries.md", "sh", SERVED),
    Place("docs/shop.md", "sh", COMMANDS),
    *(
        Place("docs/tutorial.md", language, "tests/cloud/test_tutorial.py")
        for language in ("sh", "python")
    ),
    Place("docs/tutorial.md", "dockerfile", OWN),
    Place("docs/types.md", "sh", COMMANDS),
    Place("docs/types.md", "py", OWN),
    Place("docs/webhooks.md", "sh", SERVED),
    Place("docs/webhooks.md", "json", CONFIG),
    Place("docs/webhooks.md", "python", "tests/test_docs.py"),
    Place("docs/clients/README.md", "", OWN, "title:"),
    *(
        Place(f"docs/clients/{name}.md", "js", GUIDES)
        for name in ("react", "vue", "angular", "nextjs", "react-native")
    ),
    Place("docs/clients/python.md", "python", GUIDES),
    Place("docs/clients/php.md", "php", GUIDES),
    Place("docs/clients/embedded-c.md", "c", GUIDES),
    Place("docs/clients/javascript.md", "js", WEB),
    Place("docs/clients/nextjs.md", "jsx", "tests/clients/test_next_page.py"),
    Place("docs/clients/react.md", "jsx", MADE),
    Place("docs/clients/vue.md", "ts", MADE),
    Place("docs/clients/angular.md", "ts", MADE),
    Place("docs/clients/rest.md", "sh", SERVED),
    Place("docs/clients/graphql.md", "sh", SERVED),
    Place("docs/clients/*", "sh", COMMANDS),
    Place("docs/clients/android.md", "groovy", TOLD, why=NATIVE),
    Place("docs/clients/android.md", "kotlin", COMPILED),
    Place("docs/clients/dotnet.md", "csharp", COMPILED),
    Place("docs/clients/unity.md", "csharp", COMPILED),
    Place("docs/clients/flutter.md", "dart", TOLD, why=NATIVE),
    Place("docs/clients/ios.md", "swift", TOLD, why=NATIVE),
    Place("docs/clients/ios.md", "objc", COMPILED),
)


def place_of(block: Block) -> Place | None:
    """The place of a block; None for one that has none."""
    return next((place for place in PLACES if place.takes(block)), None)


def blocks_by(way: str) -> list[Block]:
    """The blocks that are proven in this way."""
    return [block for block in BLOCKS if (place := place_of(block)) and place.way == way]


def own(page: str, holding: str = "") -> Block:
    """The block of a page that a test of this folder is about; ValueError unless it is one."""
    (block,) = (one for one in blocks_by(OWN) if one.page == page and holding in one.text)
    return block
