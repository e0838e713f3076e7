"""One command checks everything: in CI, on every Python that we say we support, and by hand."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
WORKFLOW: dict[str, Any] = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
(JOB,) = WORKFLOW["jobs"].values()
HOOKS: dict[str, Any] = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
ASKS = re.compile(
    r"^from tests\.(?:graphql\.recorded|differential\.reference) import", re.MULTILINE
)
VERSIONS = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["classifiers"]))


def makefile(target: str) -> str:
    """The lines of a target of the Makefile."""
    found = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    assert found is not None, target
    return found[1]


def test_the_workflow_runs_what_is_run_by_hand_and_nothing_else() -> None:
    assert [step["run"] for step in JOB["steps"] if "run" in step] == [".ci/run"]
    assert os.access(ROOT / ".ci/run", os.X_OK)


def test_the_workflow_runs_on_every_python_that_the_classifiers_name() -> None:
    assert VERSIONS == ["3.11", "3.12", "3.13", "3.14"]
    assert PROJECT["requires-python"] == f">={VERSIONS[0]}"
    assert JOB["strategy"]["matrix"]["python"] == VERSIONS
    (setup,) = (step for step in JOB["steps"] if "setup-python" in step.get("uses", ""))
    assert setup["with"]["python-version"] == "${{ matrix.python }}"


def test_no_starlette_is_allowed_that_one_header_keeps_busy() -> None:
    """Before 0.49.1 a file answered a Range header in the square of its length (CVE-2025-62727)."""
    (starlette,) = (need for need in PROJECT["dependencies"] if need.startswith("starlette"))
    allowed = Requirement(starlette).specifier
    assert "0.49.1" in allowed
    assert "0.49.0" not in allowed


def test_make_takes_the_python_of_the_matrix() -> None:
    (step,) = (step for step in JOB["steps"] if "run" in step)
    assert step["env"] == {"PYTHON": "python${{ matrix.python }}"}
    assert "for python in $(PYTHON) python3" in MAKEFILE


def test_the_workflow_may_only_read() -> None:
    assert WORKFLOW["permissions"] == {"contents": "read"}


def test_ci_checks_then_tests_then_tests_on_the_loop_of_production() -> None:
    lines = (ROOT / ".ci/run").read_text().replace("\\\n", "").splitlines()
    commands = [line.split("</dev/null")[0].strip() for line in lines if "make " in line]
    assert commands[:2] == ["make check", "make coverage"]
    (on_uvloop,) = (command for command in commands if "PARSEPY_TEST_LOOP=uvloop" in command)
    assert "tests/rest tests/livequery tests/property tests/differential" in on_uvloop
    assert "PARSEPY_NATIVE_READER=off" in on_uvloop


def test_coverage_runs_every_test_and_has_two_bounds() -> None:
    lines = [line.strip().lstrip("@") for line in makefile("coverage").splitlines()]
    runs = [line for line in lines if " -m pytest" in line]
    assert runs[:3] == [
        "$(COVERAGE) run -m pytest tests/unit $(ALL_TESTS)",
        "$(COVERAGE) run -m pytest $(MEASURED) $(WAITING_TESTS)",
        "$(COVERAGE) run -m pytest $(QUICK_MEASURED) $(QUICK_TESTS)",
    ]
    assert "PARSEPY_REFERENCE=living" in runs[3]
    assert lines[lines.index(runs[3]) + 1] == (
        "$(addprefix --ignore=,tests/unit $(MEASURED)) $(addprefix --only-slow=,$(QUICK_MEASURED))"
    )
    assert [line.partition("--fail-under=")[2] for line in lines if " report" in line] == [
        "100",
        "95",
    ]


def test_what_asks_parse_server_asks_the_living_one_too() -> None:
    """Such tests have the mark by which `--only-slow` leaves them in, or lie in no such folder."""
    folders = re.search(r"^QUICK_MEASURED := \$\(addprefix tests/,(.*)\)", MAKEFILE, re.MULTILINE)
    assert folders is not None
    files = [
        file for name in folders[1].split() for file in (ROOT / "tests" / name).rglob("test_*.py")
    ]
    asking = [file for file in files if ASKS.search(file.read_text(encoding="utf-8"))]
    assert len(asking) >= 2
    for file in asking:
        assert "pytestmark = pytest.mark.reference" in file.read_text(encoding="utf-8"), file


def test_only_slow_leaves_out_what_has_run_and_nothing_else() -> None:
    """Of the folder it names, what is slow or asks Parse Server stays; other folders stay whole."""
    files = [f"tests/graphql/test_{name}.py" for name in ("naming", "start", "stamps")]
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    command += ["--only-slow=tests/graphql", *files, "tests/test_layers.py"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    found = [line.partition("::") for line in done.stdout.splitlines() if "::" in line]
    names = {file: {name for of, _, name in found if of == file} for file, _, _ in found}
    assert names.keys() == {*files[:2], "tests/test_layers.py"}, done.stdout
    assert names[files[1]] == {"test_graphql_costs_little_at_the_start_and_little_memory"}


def test_every_run_of_the_tests_has_what_drives_a_browser_from_one_small_package() -> None:
    packages = {
        file.parent.relative_to(ROOT).as_posix(): json.loads(file.read_text())
        for place in ("tests/*", "tests/*/*", "web", "web/*")
        for file in ROOT.glob(f"{place}/package.json")
    }
    names = {"axe-core", "playwright-core"}
    assert packages["tests/browser"]["dependencies"].keys() == names
    assert [at for at, one in packages.items() if names & one.get("dependencies", {}).keys()] == [
        "tests/browser"
    ]
    for target in ("test", "test-all", "coverage"):
        needs = re.search(rf"^{target}: (.*?) ##", MAKEFILE, re.MULTILINE)
        assert needs is not None
        assert "browser" in needs[1].split(), target


async def test_tests_run_on_the_loop_that_the_environment_names() -> None:
    import asyncio

    expected = "uvloop" if os.environ.get("PARSEPY_TEST_LOOP") == "uvloop" else "asyncio"
    assert type(asyncio.get_running_loop()).__module__.startswith(expected)


def test_every_target_that_installs_keeps_to_the_constraints() -> None:
    installs = re.findall(r"\$\(PIP\) install (?!uv\b).*", MAKEFILE)
    assert len(installs) == 2
    assert all(line.split()[2:4] == ["-c", "constraints.txt"] for line in installs)
    assert "--output-file constraints.txt" in makefile("constraints")


def test_commits_are_checked_with_the_tools_of_make_check() -> None:
    hooks = [hook for repo in HOOKS["repos"] for hook in repo["hooks"]]
    assert [repo["repo"] for repo in HOOKS["repos"]] == ["local"]
    checked = makefile("check").replace("$(BIN)", ".venv/bin")
    for hook in hooks:
        assert hook["language"] == "system"
        assert hook["entry"].removesuffix(" --force-exclude") in checked
    assert [hook["id"] for hook in hooks] == ["ruff-format", "ruff", "mypy"]
