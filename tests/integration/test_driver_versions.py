"""The oldest and the newest PyMongo that may be installed: reads and replies are true with both."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.peer import unavailable

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
TESTS = tuple(
    f"test_{name}.py"
    for name in ("reads", "replies", "ready", "plain_writes", "driver", "shared_updates")
)
INSTALL_SECONDS, RUN_SECONDS = 180, 240


def allowed() -> str:
    """What `pyproject.toml` says of PyMongo's versions, such as ``>=1.2,<1.5``."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (found,) = [text for text in project["dependencies"] if text.startswith("pymongo")]
    return str(found.removeprefix("pymongo"))


OLDEST = f"=={allowed().partition(',')[0].removeprefix('>=')}"


def installed(version: str, folder: Path) -> dict[str, str]:
    """The environment in which that PyMongo is imported, from a folder of its own."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--target", str(folder), f"pymongo{version}"]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=INSTALL_SECONDS)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        unavailable(f"pymongo{version} can't be installed: {error}")
    return {**os.environ, "PYTHONPATH": str(folder)}


@pytest.mark.parametrize("version", [OLDEST, allowed()], ids=["oldest", "newest"])
def test_reads_and_replies_are_true(version: str, mongo_uri: str, tmp_path: Path) -> None:
    environment = installed(version, tmp_path / "packages") | {"PARSEPY_TEST_MONGO": mongo_uri}
    shown = subprocess.run(
        [sys.executable, "-c", "import pymongo; print(pymongo.__file__, pymongo.version)"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=RUN_SECONDS,
    ).stdout
    assert str(tmp_path) in shown
    if version == OLDEST:
        assert shown.split()[-1] == version.removeprefix("==")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
        + [str(Path(__file__).with_name(name)) for name in TESTS],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
    )
    assert run.returncode == 0, run.stdout[-4000:]
