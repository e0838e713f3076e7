"""The tables of the house tell the truth, and what they govern is written nowhere else."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from parsepy.cli import main
from parsepy.cli.tables import TABLES
from parsepy.config import OPTIONS, Option
from parsepy.model import geo
from parsepy.model.ops import FIELD_OPS
from parsepy.model.schema import SYSTEM_COLUMNS
from parsepy.model.where import OPERATORS, SUBQUERIES
from parsepy.rest import routes
from parsepy.storage import filters, updates
from tests.option_reads import Source

HOUSE = Path(__file__).parent.parent / "parsepy"
SOURCES = {
    str(path.relative_to(HOUSE)): path.read_text(encoding="utf-8") for path in HOUSE.rglob("*.py")
}

# Operators that MongoDB has under the same name; those of filters._OPERATORS it says otherwise.
SAME = {"$lt", "$lte", "$gt", "$gte"}
# A flag of $regex; how far a $nearSphere reaches.
IN_ITS_NEIGHBOUR = {"$options", *geo.DISTANCES}
APART = {"$nearSphere", "$text", *geo.REGIONS}  # a clause of its own each

# Where a class is named although the file is not its own, and why.
NAMED = {
    "graphql/schema/__init__.py": {"_User"},  # without users nobody logs in
    "graphql/schema/classes.py": {"_User"},  # of whom one is the viewer
    "graphql/schema/outputs.py": {"_User"},  # passwords are not shown
    "model/graphql_config.py": {"_User"},  # a sign-up has two fields at least
    "model/permissions.py": {"_User"},  # pointers to users carry rights
    "model/scope.py": {"_User"},  # likewise
    "model/templates/declarations.py": {"_User"},  # what a template may ask of a sign-up
    "operations/access.py": {"_User", "_Installation"},  # secrets; refusals of clients
    "operations/redaction.py": {"_User"},  # users see their own fields
    "operations/find.py": {"_User"},  # users read their own session token
    "graphql/reads.py": {"_User"},  # whose own session token it never shows
    "rest/classes.py": {"_User"},  # whose address is another one
    "storage/documents.py": {"_User", "_Audience"},  # the storage format of authData, lastUsed
    "storage/filters.py": {"_User"},
    "storage/updates.py": {"_User"},
    "triggers/table.py": {"_Session"},  # which has no trigger but afterLogout
    "cloud/validators.py": {"_User"},  # who signs up counts as the user
}
OWN = (
    "model/schema.py",
    *(f"operations/{name}" for name in ("class_rules/", "users.py", "sessions.py")),
    *(f"operations/{name}" for name in ("installations.py", "bootstrap.py")),
)

# Where options are declared, which is no reading.
TABLE = ("config/groups.py", "config/table.py")
# Options that have some effect without doing yet what they are for.
IN_PART: set[str] = set()


def options() -> Iterator[tuple[Option, bool]]:
    """Every option, those inside of others too, and whether it claims to act."""
    for option in OPTIONS:
        yield option, option.acts
        for member in option.members:
            yield member, option.acts and member.acts


def shown(capsys: pytest.CaptureFixture[str], table: str) -> list[dict[str, str]]:
    """The rows of `parsepy show TABLE`."""
    assert main(["show", table, "--json"]) == 0
    rows: list[dict[str, str]] = json.loads(capsys.readouterr().out)
    return rows


@pytest.mark.parametrize("table", TABLES)
def test_every_table_can_be_shown(table: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, table)


def test_every_option_is_shown_and_says_whether_it_acts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = shown(capsys, "options")
    for row, (option, acts) in zip(rows, options(), strict=True):
        assert row["option"].rpartition(".")[2] == option.name
        reason = f"({option.idle or 'not yet acted on'})"
        assert row["what"].endswith(reason) is not acts


@pytest.fixture(scope="module")
def code() -> list[Source]:
    """The code outside of the table itself, the shop's rules too."""
    shop = [path.read_text(encoding="utf-8") for path in (HOUSE.parent / "cloud").glob("*.py")]
    house = [text for path, text in SOURCES.items() if path not in TABLE]
    return [Source(text) for text in (*house, *shop)]


def test_an_option_that_claims_to_act_is_read_somewhere(code: list[Source]) -> None:
    idle = [o.name for o in OPTIONS if o.acts and not any(one.reads(o) for one in code)]
    idle += [
        f"{group.name}.{o.name}"
        for group in OPTIONS
        for o in group.members
        if group.acts and o.acts and not any(one.reads_member(group, o) for one in code)
    ]
    assert idle == []


def test_an_option_that_claims_to_be_idle_is_read_nowhere(code: list[Source]) -> None:
    assert {o.name for o in OPTIONS if not o.acts and any(one.reads(o) for one in code)} == IN_PART


def option_named(name: str) -> Option:
    """An option of the first level."""
    return next(option for option in OPTIONS if option.name == name)


@pytest.mark.parametrize(
    ("text", "is_read"),
    [
        ("size = context.config.pages.placeholders", True),
        ("def f(it: PagesOptions): return it.placeholders", True),
        ("self._pages = config.pages\nself._pages.placeholders", True),
        ("a, b = config.pages, 1\nb.placeholders\na.placeholders", True),
        ("for one in config.pages: one.placeholders", True),
        ("made = config.pages\nNAMES = ['placeholders']", True),
        ("NAMES = ['placeholders']", False),
        ("template.placeholders", False),
        ("def f(it: Template, pages: PagesOptions): return it.placeholders", False),
        ("a, b = config.pages, template\nb.placeholders", False),
    ],
)
def test_a_member_counts_as_read_only_of_its_group(text: str, is_read: bool) -> None:
    pages = option_named("pages")
    [placeholders] = [o for o in pages.members if o.name == "placeholders"]
    assert Source(text).reads_member(pages, placeholders) is is_read


@pytest.mark.parametrize(
    ("text", "is_read"),
    [
        ("context.config.schema", True),
        ("self._config.schema", True),
        ("write.schema", False),
        ("config_schema", False),
    ],
)
def test_an_option_counts_as_read_only_of_the_configuration(text: str, is_read: bool) -> None:
    assert Source(text).reads(option_named("schema")) is is_read


def test_every_operator_has_a_translation_or_needs_none() -> None:
    translated = set(filters._OPERATORS)
    assert SAME.isdisjoint(translated)
    assert set(OPERATORS) == SAME | translated | set(SUBQUERIES) | IN_ITS_NEIGHBOUR | APART


def test_every_field_operation_has_a_translation_or_writes_join_rows() -> None:
    assert set(updates._OPS) == {name for name, op in FIELD_OPS.items() if not op.is_relation}


def test_the_rules_of_a_class_stand_in_its_own_file() -> None:
    compared: dict[str, set[str]] = {}
    for path, text in SOURCES.items():
        names = {name for name in compared_names(ast.parse(text)) if name in SYSTEM_COLUMNS}
        if names and not path.startswith(OWN):
            compared[path] = names
    assert compared == NAMED


def compared_names(tree: ast.AST) -> Iterator[str]:
    """The texts that a module compares something with, or matches."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Compare, ast.MatchValue)):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                    yield inner.value


def test_a_comparison_is_seen_wherever_it_stands() -> None:
    text = 'a = name in ("_User",) or (b if "_Role" == kind else "_Session")'
    assert set(compared_names(ast.parse(text))) == {"_User", "_Role"}


def parse_comments() -> list[str]:
    """What each `# Parse:` comment says in its first line."""
    return [
        match.group(1).strip()
        for text in SOURCES.values()
        for match in re.finditer(r"# Parse:(.*)", text)
    ]


def test_each_mark_of_compatibility_says_something_of_its_own() -> None:
    comments = parse_comments()
    assert len(comments) > 20
    assert all(len(comment) > 15 for comment in comments)
    assert len(set(comments)) == len(comments)


def test_a_record_of_options_is_named_for_what_it_is() -> None:
    records = [option.check.record for option, _ in options() if option.check.record]
    assert len(records) > 15
    assert [found.__name__ for found in records if not found.__name__.endswith("Options")] == []


# Where a route's path is spelled outside of its table, and why.
SPELLED = {"http/limits.py": {"classes"}}  # limits may name a class by either of its paths


def test_the_path_of_a_route_decides_nothing_outside_of_its_table() -> None:
    segments = {route.path.strip("/").partition("/")[0] for route in routes()}
    files = {name for name in SOURCES if name.startswith("http/")}
    for name in sorted(files | {"rest/door.py", "rest/batch.py"}):
        source = re.sub(r"routes = \[.*", "", SOURCES[name], flags=re.DOTALL)
        texts = {
            node.value
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        assert texts & segments == SPELLED.get(name, set()), name


def test_the_extra_all_is_every_extra_that_is_not_built_against_the_system() -> None:
    project = tomllib.loads((HOUSE.parent / "pyproject.toml").read_text(encoding="utf-8"))[
        "project"
    ]
    # what has to be built against libraries of the system is asked for by name
    extras = set(project["optional-dependencies"]) - {"all", "dev", "ldap"}
    (line,) = project["optional-dependencies"]["all"]
    named = re.fullmatch(rf"{project['name']}\[([a-z0-9,-]+)\]", line)
    assert named is not None
    assert set(named[1].split(",")) == extras
    assert f"{project['name']}[all]" in project["optional-dependencies"]["dev"]
