"""Examples of a page of the manual, each cloud code with its test, as a reader would run them."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

IN_ITS_FOLDER = """
import pytest


@pytest.fixture(autouse=True)
def in_its_folder(request, monkeypatch):
    monkeypatch.chdir(request.path.parents[2])
"""


def outcomes_of(home: Path, examples: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Give pytest's outcome of each example by its name, and under "" all that pytest printed.

    All run in one process, each in a folder of its own below `home`.
    """
    (home / "conftest.py").write_text(IN_ITS_FOLDER)
    for name, (code, test) in examples.items():
        tests = home / name / "cloud" / "tests"
        tests.mkdir(parents=True)
        (tests.parent / "main.py").write_text(code)
        (tests / "test_example.py").write_text(test)
    command = [sys.executable, "-m", "pytest", "-rA", "--tb=short", "-p", "no:cacheprovider"]
    command += ["--import-mode=importlib", "--rootdir", str(home), str(home)]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    done = subprocess.run(command, cwd=home, capture_output=True, text=True, env=environment)
    lines = re.findall(r"^(PASSED|FAILED|ERROR) (.*?)/cloud/tests", done.stdout, re.MULTILINE)
    return {name: outcome for outcome, name in lines} | {"": done.stdout + done.stderr}
