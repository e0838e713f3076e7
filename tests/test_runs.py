"""What a run of the tests says of itself: a quick one tells what it left out."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
COMMAND = "`make test-all` runs everything."


def last_lines(*arguments: str) -> list[str]:
    """What pytest says last of a run of the dashboard's tests."""
    command = [sys.executable, "-m", "pytest", "-q", "tests/dashboard/test_dashboard.py"]
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()[-2:]


@pytest.mark.parametrize("processes", ["0", "2"])
def test_a_quick_run_says_what_it_left_out_and_how_to_run_it(processes: str) -> None:
    told, _ = last_lines("-m", "not slow", "-n", processes)
    assert re.match(r"left out [1-9]\d* slow tests", told)
    assert told.endswith(COMMAND)


def test_a_run_of_chosen_tests_says_nothing_of_the_sort() -> None:
    assert not any("left out" in line for line in last_lines("-k", "every_file"))
