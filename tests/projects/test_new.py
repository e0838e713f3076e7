"""`parsepy new`: projects from prompts and templates pass their own tests, types and lint."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from parsepy.cli import main
from tests.integration.test_cli import serving

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def run(folder: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    environment.pop("PYTEST_ADDOPTS", None)
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def made(folder: Path, *arguments: str) -> Path:
    """The folder of a new project."""
    assert main(["new", str(folder / "shop"), *arguments]) == 0
    return folder / "shop"


SOURCES = {
    "ecommerce": ["--prompt", str(HERE / "ecommerce.txt")],
    "shopping": ["--prompt", str(HERE / "shopping.txt")],
    "clinic": ["--prompt", str(HERE / "clinic.txt")],
    "blank": ["--template", "blank"],
    "of a file": ["--template", str(HERE.parent / "types" / "every_type.json")],
}


@pytest.fixture(scope="module")
def known_types(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where mypy keeps what it knows of parsepy: it reads that once, and each project anew."""
    return str(tmp_path_factory.mktemp("mypy"))


@pytest.mark.parametrize("source", SOURCES)
def test_a_new_project_passes_its_own_checks(tmp_path: Path, source: str, known_types: str) -> None:
    folder = made(tmp_path, *SOURCES[source])
    for command in (
        ["pytest", "-q", "-p", "no:cacheprovider"],
        ["mypy"],
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
    ):
        outcome = run(folder, *command, MYPY_CACHE_DIR=known_types)
        assert outcome.returncode == 0, f"{command}: {outcome.stdout}{outcome.stderr}"


def test_what_was_not_read_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made(tmp_path, *SOURCES["clinic"])
    printed = capsys.readouterr().out
    assert 'clinic.txt, line 9: "colour (Color)": no such type\n' in printed
    assert "note: Prescription is for staff alone" in printed
    assert (tmp_path / "shop" / "clients" / "classes.dart").is_file()


@pytest.mark.parametrize("source", ["ecommerce", "shopping"])
def test_prompt_project_prompt_is_the_identity(
    tmp_path: Path,
    source: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(made(tmp_path, *SOURCES[source]))
    capsys.readouterr()
    assert main(["prompt", "schema"]) == 0
    assert capsys.readouterr().out == (HERE / f"{source}.txt").read_text()


def test_keys_and_data_are_never_committed(tmp_path: Path) -> None:
    folder = made(tmp_path)
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    (folder / ".parsepy").mkdir()
    for name in (".parsepy/keys.json", ".env", "push.p8.key"):
        (folder / name).write_text("secret")
    command = ["git", "status", "--porcelain", "--untracked-files=all"]
    listed = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
    assert "cloud/main.py" in listed
    assert not any(name in listed for name in (".parsepy", ".env", ".key"))


def test_a_folder_that_is_not_empty_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "note.txt").write_text("mine")
    assert main(["new", str(tmp_path)]) == 1
    assert "is there already, and not empty" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["note.txt"]


@pytest.mark.parametrize("template", ["ecommerce", "shopping"])
def test_a_template_that_comes_along_brings_its_rules(tmp_path: Path, template: str) -> None:
    folder = made(tmp_path, "--template", template)
    assert (folder / "cloud" / "orders.py").is_file()
    outcome = run(folder, "pytest", "-q", "-p", "no:cacheprovider")
    assert outcome.returncode == 0, outcome.stdout


def test_the_project_of_a_prompt_serves_its_flow(tmp_path: Path) -> None:
    folder = made(tmp_path, *SOURCES["ecommerce"])
    with serving(folder, "--database-uri", "memory:") as server:
        product = server.request(
            "POST", "/classes/Product", {"name": "Tea", "price": 5}, master=True
        )
        pointer = {"__type": "Pointer", "className": "Product", "objectId": product["objectId"]}
        sku = server.request("POST", "/classes/SKU", {"product": pointer, "stock": 3}, master=True)
        assert [one["name"] for one in server.request("GET", "/classes/Product")["results"]] == [
            "Tea"
        ]
        body = {"username": "ann", "password": "secret", "email": "ann@mail.example"}
        token = server.request("POST", "/users", body)["sessionToken"]
        headers = {"X-Parse-Application-Id": "parsepy", "X-Parse-Session-Token": token}
        with httpx.Client(base_url=server.url, headers=headers) as ann:
            customer = ann.post("/classes/Customer", json={"name": "Ann", "email": "a@b.example"})
            assert customer.status_code == 201, customer.text
            order = {
                "customer": {
                    "__type": "Pointer",
                    "className": "Customer",
                    "objectId": customer.json()["objectId"],
                },
                "items": [{**pointer, "className": "SKU", "objectId": sku["objectId"]}],
                "status": "new",
            }
            assert ann.post("/classes/Order", json=order).status_code == 201
            assert len(ann.get("/classes/Order").json()["results"]) == 1
        assert server.request("GET", "/classes/Product")["results"][0]["price"] == 5
