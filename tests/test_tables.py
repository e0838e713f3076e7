"""The tables of the house tell the truth, and what they govern is written nowhere else."""

from __future__ import annotations

import ast
import re
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

HOUSE = Path(__file__).parent.parent / "parsepy"
SOURCES = {
    str(path.relative_to(HOUSE)): path.read_text(encoding="utf-8") for path in HOUSE.rglob("*.py")
}

# Operators that MongoDB has under the same name; those of filters._OPERATORS it says otherwise.
SAME = {"$eq", "$ne", "$lt", "$lte", "$gt", "$gte"}
# A flag of $regex; how far a $nearSphere reaches.
IN_ITS_NEIGHBOUR = {"$options", *geo.DISTANCES}
APART = {"$nearSphere", "$text", *geo.REGIONS}  # a clause of its own each

# Where a class is named although the file is not its own, and why.
NAMED = {
    "model/permissions.py": {"_User"},  # pointers to users carry rights
    "model/scope.py": {"_User"},  # likewise
    "model/templates/declarations.py": {"_User"},  # what a template may ask of a sign-up
    "operations/access.py": {"_User", "_Installation"},  # secrets; refusals of clients
    "operations/redaction.py": {"_User"},  # users see their own fields
    "operations/find.py": {"_User"},  # a user reads his own session token
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

# Options that have some effect without doing yet what they are for.
IN_PART: set[str] = set()


def options() -> Iterator[tuple[Option, bool]]:
    """Every option, those inside of others too, and whether it claims to act."""
    for option in OPTIONS:
        yield option, option.acts
        for member in option.members:
            yield member, option.acts and member.acts


def shown(capsys: pytest.CaptureFixture[str], table: str) -> list[str]:
    """The lines of `parsepy show TABLE` below the title."""
    assert main(["show", table]) == 0
    return capsys.readouterr().out.splitlines()[1:]


@pytest.mark.parametrize("table", TABLES)
def test_every_table_can_be_shown(table: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, table)


def test_every_option_is_shown_and_says_whether_it_acts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = shown(capsys, "options")
    for line, (option, acts) in zip(lines, options(), strict=True):
        assert line.split()[0].lstrip(".") == option.name
        reason = f"({option.idle or 'not yet acted on'})"
        assert line.endswith(reason) is not acts


def test_an_option_that_claims_to_act_is_read_somewhere() -> None:
    shop = [path.read_text(encoding="utf-8") for path in (HOUSE.parent / "cloud").glob("*.py")]
    text = "\n".join([*SOURCES.values(), *shop])
    idle = [o.name for o, acts in options() if acts and not re.search(rf"\.{o.attribute}\b", text)]
    assert idle == []


def test_an_option_that_claims_to_be_idle_is_read_nowhere() -> None:
    text = "\n".join(t for path, t in SOURCES.items() if not path.startswith("config/"))
    read = {o.name for o in OPTIONS if not o.acts and re.search(rf"config\.{o.attribute}\b", text)}
    assert read == IN_PART


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
