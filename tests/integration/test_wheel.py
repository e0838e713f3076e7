"""What `pip install` brings, elsewhere than in a checkout: the shop, its templates and rules."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.test_cli import free_port
from tests.test_compose import ROOT, instructions

SERVE = """
import sys
from pathlib import Path
import parsepy
from parsepy.cli import main
assert Path(parsepy.__file__).is_relative_to(sys.argv[1]), parsepy.__file__
sys.exit(main(["serve", "--database-uri", "memory:", "--demo", "--port", sys.argv[2]]))
"""


def pip(*words: str | Path) -> None:
    """Run pip; shows what it says when it fails."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    done = subprocess.run([*command, *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The folder of an installation from a wheel, built of what the image is built of."""
    source, wheels, target = (tmp_path / name for name in ("source", "wheels", "installed"))
    source.mkdir()
    for copied in instructions("COPY"):
        if "--from" not in copied:
            for name in copied.split()[:-1]:
                (source / name).symlink_to(ROOT / name)
    pip("wheel", "--no-deps", "--wheel-dir", wheels, source)
    (wheel,) = wheels.glob("*.whl")
    pip("install", "--no-deps", "--target", target, wheel)
    return target


@pytest.fixture
def server(installed: Path, tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """A server of that installation, in a folder without templates or cloud code."""
    empty = tmp_path / "empty"
    empty.mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", SERVE, str(installed), str(free_port())],
        cwd=empty,
        env={**os.environ, "PYTHONPATH": str(installed)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        yield process
        process.terminate()


@pytest.mark.slow
def test_an_installed_server_serves_the_shop_with_its_rules(
    server: "subprocess.Popen[str]",
) -> None:
    assert server.stdout is not None
    said = []
    for line in server.stdout:
        said.append(line)
        if "curl" in line:  # what to try first
            break
    text = "".join(said)
    assert "curl" in text, text
    assert "role made: seller" in text
