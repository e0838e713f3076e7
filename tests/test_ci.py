"""One command checks everything: in CI, on every Python that we say we support, and by hand."""

from __future__ import annotations

import os
import re
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
VERSIONS = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["classifiers"]))


def makefile(target: str) -> str:
    """The lines of a target of the Makefile."""
    found = re.search(
        rf"^{target}:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE
    )
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
    assert "for python in $(PYTHON) python3" in (ROOT / "Makefile").read_text()


def test_the_workflow_may_only_read() -> None:
    assert WORKFLOW["permissions"] == {"contents": "read"}


def test_ci_checks_then_tests_then_tests_on_the_loop_of_production() -> None:
    lines = (ROOT / ".ci/run").read_text().replace("\\\n", "").splitlines()
    commands = [line.split("</dev/null")[0].strip() for line in lines if "make " in line]
    assert commands[:2] == ["make check", "make coverage"]
    (on_uvloop,) = (command for command in commands if "PARSEPY_TEST_LOOP=uvloop" in command)
    assert "tests/rest tests/livequery" in on_uvloop
    assert "PARSEPY_NATIVE_READER=off" in on_uvloop


def test_coverage_runs_every_test_and_has_two_bounds() -> None:
    lines = [line.strip().lstrip("@") for line in makefile("coverage").splitlines()]
    runs = [line for line in lines if " -m pytest" in line]
    assert runs[:3] == [
        "$(COVERAGE) run -m pytest tests/unit",
        "$(COVERAGE) run -m pytest $(MEASURED) $(ALL_TESTS)",
        "$(COVERAGE) run -m pytest $(RECORDED) -m 'not slow' $(ALL_TESTS)",
    ]
    assert "PARSEPY_REFERENCE=living" in runs[3]
    assert lines[lines.index(runs[3]) + 1] == "$(addprefix --ignore=,tests/unit $(MEASURED))"
    assert [line.partition("--fail-under=")[2] for line in lines if " report" in line] == [
        "100",
        "95",
    ]


async def test_tests_run_on_the_loop_that_the_environment_names() -> None:
    import asyncio

    expected = "uvloop" if os.environ.get("PARSEPY_TEST_LOOP") == "uvloop" else "asyncio"
    assert type(asyncio.get_running_loop()).__module__.startswith(expected)


def test_every_target_that_installs_keeps_to_the_constraints() -> None:
    installs = re.findall(r"\$\(PIP\) install (?!uv\b).*", (ROOT / "Makefile").read_text())
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
