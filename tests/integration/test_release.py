"""A release: sdist and wheel are built as `make dist` does it, and each serves where it is new."""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import threading
import tomllib
import urllib.request
import venv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from parsepy.sites import WebBuild
from tests.integration.test_cli import free_port
from tests.test_compose import ROOT, instructions

CATALOGUE = "/classes/Product?order=name&limit=3"


def run(*words: str | Path, cwd: Path = ROOT) -> str:
    """What a command prints within five minutes; shows its complaint when it fails."""
    done = subprocess.run([*map(str, words)], cwd=cwd, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout


def build(source: Path, target: Path, *kinds: str) -> None:
    """Build packages of a source tree, with the versions of constraints.txt."""
    command = (sys.executable, "-m", "build", "--no-isolation")
    run(*command, "--outdir", target, *kinds, source)


def in_wheel(wheel: Path) -> set[str]:
    """The files of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def in_sdist(sdist: Path) -> set[str]:
    """The files of an sdist, below its one folder."""
    with tarfile.open(sdist) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


@pytest.fixture(scope="module")
def pages() -> Iterator[Path]:
    """The web pages of this checkout, built once for all packages; an empty folder without Node."""
    build = WebBuild(ROOT / "web")
    if shutil.which("npm"):
        asyncio.run(build.run())
        assert build.failure is None, build.failure
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PARSEPY_WEB_DIST", str(build.output))
        yield build.output


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory, pages: Path) -> Path:
    """The folder of an sdist of this checkout, and the wheel that was built from that sdist."""
    target = tmp_path_factory.mktemp("dist")
    build(ROOT, target)
    return target


@pytest.fixture(scope="module")
def sdist(dist: Path) -> Path:
    (found,) = dist.glob("*.tar.gz")
    return found


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    (found,) = dist.glob("*.whl")
    return found


@pytest.mark.slow
def test_the_sdist_has_every_file_of_the_repository_and_no_other(sdist: Path) -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("no checkout: this is an sdist")
    kept = {name for name in run("git", "ls-files").splitlines() if (ROOT / name).exists()}
    added = set(run("git", "ls-files", "--others", "--exclude-standard").splitlines())
    files = in_sdist(sdist)
    assert kept - files == set()
    assert files - kept - added - {"PKG-INFO"} == set()


@pytest.mark.slow
def test_the_tests_of_the_sdist_find_what_they_need(sdist: Path, tmp_path: Path) -> None:
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()
    pytest_there = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    run(*pytest_there, "--collect-only", cwd=source)
    readers_of_files = ("tests/test_docs.py", "tests/test_compose.py", "tests/test_ci.py")
    run(*pytest_there, *readers_of_files, cwd=source)


@pytest.mark.slow
def test_the_wheel_has_the_shop_and_no_tests(wheel: Path) -> None:
    files = in_wheel(wheel)
    assert {"parsepy/_shop/schema/ecommerce.json", "parsepy/_shop/cloud/main.py"} <= files
    assert "parsepy/_docs/queries.md" in files
    assert [name for name in files if re.search(r"(^|/)(tests?|conftest|benchmarks)\b", name)] == []
    assert {name.partition("/")[0] for name in files} == {
        "parsepy",
        next(name.partition("/")[0] for name in files if name.endswith("/METADATA")),
    }


@pytest.mark.slow
@pytest.mark.node
def test_the_wheel_has_the_web_pages_and_the_guides(wheel: Path, pages: Path) -> None:
    files = in_wheel(wheel)
    built = {
        f"parsepy/_web/{path.relative_to(pages).as_posix()}"
        for path in pages.rglob("*")
        if path.is_file() and path.parent != pages
    }
    assert "parsepy/_web/islands/.vite/manifest.json" in built
    assert built <= files
    assert "parsepy/_docs/clients/javascript.md" in files


@pytest.mark.slow
def test_the_image_is_built_from_all_that_a_wheel_needs(wheel: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for copied in instructions("COPY"):
        if "--from" not in copied:
            for name in copied.split()[:-1]:
                (source / name).symlink_to(ROOT / name)
    build(source, tmp_path / "dist", "--wheel")
    (found,) = (tmp_path / "dist").glob("*.whl")
    assert in_wheel(found) == in_wheel(wheel)


@contextmanager
def served(package: Path, folder: Path) -> Iterator[str]:
    """Serve a package, installed into an environment of its own, on an embedded MongoDB."""
    environment = folder / "environment"
    venv.create(environment, with_pip=True)
    pip = (environment / "bin" / "pip", "--disable-pip-version-check", "install", "--quiet")
    run(*pip, "--constraint", ROOT / "constraints.txt", f"{package}[embedded]")
    url = f"http://127.0.0.1:{(port := free_port())}/parse"
    words = [environment / "bin" / "parsepy", "serve", "--demo", "--host", "127.0.0.1"]
    with subprocess.Popen(
        [*map(str, words), "--port", str(port)],
        cwd=folder,  # without templates or cloud code
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        limit = threading.Timer(120, process.kill)
        limit.start()
        said = []
        for line in process.stdout:
            said.append(line)
            if "curl" in line:  # what to try first
                break
        limit.cancel()
        try:
            assert "curl" in "".join(said), "".join(said)
            yield url
        finally:
            process.terminate()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sdist", "wheel"])
def test_what_is_installed_serves_the_catalogue(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    package: Path = request.getfixturevalue(kind)
    with served(package, tmp_path) as url:
        asked = urllib.request.Request(
            url + CATALOGUE, headers={"X-Parse-Application-Id": "parsepy"}
        )
        with urllib.request.urlopen(asked, timeout=30) as answer:
            products = json.load(answer)["results"]
    demo = json.loads((ROOT / "schema/demo/demo.json").read_text())
    names = sorted(row["name"] for row in demo["objects"]["Product"])[:3]
    assert [product["name"] for product in products] == names


def test_the_constraints_name_every_tool_and_library_that_is_asked_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {re.split(r"[^\w.-]", line)[0].lower().replace("_", "-") for line in asked}
    pinned = dict(
        re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    )
    assert names - pinned.keys() == {"parsepy-server"}
