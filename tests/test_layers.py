"""The import rules of pyproject.toml hold, and each of them is shown to fail when broken."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"

# Modules that may neither do I/O nor know HTTP or BSON, from the day they exist.
PURE = (
    "errors",
    "model",
    "operations",
    "triggers",
    "livequery/protocol",
    "livequery/subscriptions",
)


@dataclass(frozen=True)
class Trespass:
    """One forbidden step: `code` put at the end of `file`, and what the linter must say."""

    sin: str
    file: str
    code: str
    complaint: str
    needs: tuple[str, ...] = ()
    package: str = "parsepy"


TRESPASSES = (
    Trespass(
        "the model imports pymongo",
        "model/values.py",
        "import pymongo",
        "parsepy.model.values -> pymongo",
    ),
    Trespass(
        "REST imports GraphQL",
        "rest/__init__.py",
        "import parsepy.graphql",
        "parsepy.rest -> parsepy.graphql",
        needs=("graphql/__init__.py",),
    ),
    Trespass(
        "a tool of MCP imports its door",
        "mcp/tools/objects.py",
        "import parsepy.mcp.door",
        "parsepy.mcp.tools.objects -> parsepy.mcp.door",
    ),
    Trespass(
        "an operation imports what belongs to HTTP",
        "operations/save.py",
        "from parsepy.http import responses",
        "parsepy.operations.save -> parsepy.http.responses",
    ),
    Trespass(
        "what all doors share knows one of them",
        "http/limits.py",
        "import parsepy.rest",
        "parsepy.http.limits -> parsepy.rest",
    ),
    Trespass(
        "pages borrow from the REST door",
        "pages/account.py",
        "import parsepy.rest",
        "parsepy.pages.account -> parsepy.rest",
    ),
    Trespass(
        "a part of http imports one above it",
        "http/asgi.py",
        "from parsepy.http import limits",
        "parsepy.http.asgi -> parsepy.http.limits",
    ),
    Trespass(
        "principals import save",
        "operations/principals.py",
        "from parsepy.operations import save",
        "parsepy.operations.principals -> parsepy.operations.save",
    ),
    Trespass(
        "passwords know of log-ins",
        "operations/users/credentials.py",
        "from parsepy.operations.users import logging_in",
        "parsepy.operations.users.credentials -> parsepy.operations.users.logging_in",
    ),
    Trespass(
        "a new part of users has no layer",
        "operations/users/following.py",
        "",
        "parsepy.operations.users.following",
    ),
    Trespass(
        "what sends requests knows who asks for them",
        "outgoing.py",
        "import parsepy.auth",
        "parsepy.outgoing -> parsepy.auth",
    ),
    Trespass(
        "a part imports Config",
        "storage/embedded.py",
        "from parsepy.config import Config",
        "parsepy.storage.embedded -> parsepy.config",
    ),
    Trespass(
        "the REST door imports Starlette",
        "rest/classes.py",
        "from starlette.responses import Response",
        "parsepy.rest.classes -> starlette",
    ),
    Trespass(
        "an operation imports Starlette",
        "operations/find.py",
        "from starlette.requests import Request",
        "parsepy.operations.find -> starlette",
    ),
    Trespass(
        "triggers import cloud code",
        "triggers.py",
        "import parsepy.cloud",
        "parsepy.triggers -> parsepy.cloud",
        needs=("cloud/__init__.py",),
    ),
    Trespass(
        "a new package has no layer",
        "shopfront/__init__.py",
        "",
        "parsepy.shopfront",
    ),
    Trespass(
        "an import is hidden inside a function",
        "model/schema.py",
        "def late() -> object:\n    from parsepy import storage\n\n    return storage",
        "parsepy.model.schema -> parsepy.storage",
    ),
    Trespass(
        "an upward import is only for types",
        "errors.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from parsepy import backend",
        "parsepy.errors -> parsepy.backend",
    ),
    Trespass(
        "two siblings import each other",
        "storage/documents.py",
        "import parsepy.storage.shelf",
        "No cycles are allowed in parsepy.storage",
        needs=("storage/shelf.py:import parsepy.storage.documents",),
    ),
    Trespass(
        "the package imports the shop's cloud code",
        "app.py",
        "import cloud.orders",
        "parsepy.app -> cloud.orders",
    ),
    Trespass(
        "the shop's cloud code imports what is not for authors",
        "orders.py",
        "import parsepy.storage.failures",
        "cloud.orders -> parsepy.storage.failures",
        package="cloud",
    ),
    Trespass(
        "the shop's carts import its orders",
        "carts.py",
        "import cloud.orders",
        "cloud.carts -> cloud.orders",
        package="cloud",
    ),
    Trespass(
        "the benchmark's shop imports its catalogue",
        "shop.py",
        "from benchmarks.catalogue import article",
        "benchmarks.shop -> benchmarks.catalogue",
        package="benchmarks",
    ),
    Trespass(
        "a new part of the benchmark has no layer",
        "rides.py",
        "",
        "benchmarks.rides",
        package="benchmarks",
    ),
)


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on the packages of `folder`."""
    command = [sys.executable, "-c", LINT, "--no-cache"]
    environment = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of the project in which a test may misbehave."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    ignored = shutil.ignore_patterns("__pycache__")
    for package in ("parsepy", "cloud", "benchmarks"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=ignored)
    return tmp_path


def write(package: Path, name: str, code: str) -> None:
    """Add `code` at the end of a module, making it when it is one of a later issue."""
    module = package / name
    module.parent.mkdir(parents=True, exist_ok=True)
    with module.open("a") as file:
        file.write(f"\n{code}\n")


def test_the_house_as_it_stands_keeps_every_rule() -> None:
    outcome = lint(ROOT)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert "0 broken" in outcome.stdout


@pytest.mark.parametrize("trespass", TRESPASSES, ids=lambda trespass: trespass.sin)
def test_the_gate_stops_a_trespass_and_names_it(house: Path, trespass: Trespass) -> None:
    for need in trespass.needs:
        name, _, code = need.partition(":")
        write(house / trespass.package, name, code)
    write(house / trespass.package, trespass.file, trespass.code)
    outcome = lint(house)
    assert outcome.returncode == 1
    assert trespass.complaint in outcome.stdout.split("Broken contracts")[-1]


def test_every_pure_module_that_exists_is_held_to_purity() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    held = {
        source
        for contract in settings["contracts"]
        if contract["type"] == "forbidden"
        for source in contract["source_modules"]
    }
    package = ROOT / "parsepy"
    existing = {
        f"parsepy.{name.replace('/', '.')}"
        for name in PURE
        if (package / f"{name}.py").exists() or (package / name / "__init__.py").exists()
    }
    assert existing <= held
