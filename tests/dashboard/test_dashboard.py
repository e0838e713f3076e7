"""Parse Dashboard in a browser operates a served parsepy: data, people, operations."""

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from pymongo import MongoClient

from tests.browser.driving import chromium, drive
from tests.conftest import database_in
from tests.peer import Peer, installed
from tests.sdk.test_js_sdk import (
    APP_ID,
    MASTER_KEY,
    SCHEMA,
    environment,
    free_port,
    parsepy_serving,
)
from tests.sdk.test_js_sdk import (
    FOLDER as SDK_FOLDER,
)
from tests.test_compose import SERVICES, filled_in

FOLDER = Path(__file__).parent
TEMPLATE = SCHEMA / "ecommerce.json"
FILES = ("data", "people", "operations")
CONSOLE = "graphql"  # test_graphql_console.py
USER, PASSWORD = "admin", "password-of-the-dashboard"
START_SECONDS = 60
# PARSEPY_DASHBOARD=peer puts Parse Server in parsepy's place: then all must pass too, which shows
# that the tests ask for what the dashboard is used to.
SERVER = os.environ.get("PARSEPY_DASHBOARD", "parsepy")


@contextmanager
def peer_serving(uri: str) -> Iterator[str]:
    """Run Parse Server with the template and the same cloud code until the block ends."""
    options = {"appId": APP_ID, "masterKey": MASTER_KEY, "serverURL": "http://localhost/parse"}
    cloud = str(FOLDER / "cloud_code.js")
    with Peer(uri, {**options, "mountGraphQL": True, "cloud": cloud}) as peer:
        subprocess.run(
            ["node", str(SDK_FOLDER / "open_shop.mjs"), str(TEMPLATE)],
            env=environment("peer", peer.url),
            check=True,
            timeout=START_SECONDS,
        )
        yield peer.url


@contextmanager
def dashboard_serving(server_url: str, home: Path) -> Iterator[str]:
    """Run Parse Dashboard for the application at this address, from a file as in the manual."""
    application = {"appId": APP_ID, "masterKey": MASTER_KEY, "serverURL": server_url}
    application |= {"graphQLServerURL": server_url.removesuffix("/parse") + "/graphql"}
    users = [{"user": USER, "pass": PASSWORD}]
    config = home / "dashboard.json"
    config.write_text(json.dumps({"apps": [{**application, "appName": "shop"}], "users": users}))
    with dashboard_running(home, "--config", str(config), "--host", "127.0.0.1") as url:
        yield url


@contextmanager
def dashboard_running(home: Path, *arguments: str, **given: str) -> Iterator[str]:
    """Run the dashboard's command with these arguments and environment, and answer its address."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    program = installed(FOLDER) / "node_modules" / "parse-dashboard" / "bin" / "parse-dashboard"
    log = home / "dashboard.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            ["node", str(program), *arguments, "--port", str(port)],
            cwd=home,
            env={**os.environ, **given},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not answers(f"{url}/login"):
            if time.monotonic() > deadline or process.poll() is not None:
                pytest.fail(f"Parse Dashboard did not come up:\n{log.read_text()}")
            time.sleep(0.05)
        yield url
    finally:
        process.kill()
        process.wait()


def answers(url: str) -> bool:
    """Does anybody answer at this address?"""
    try:
        return httpx.get(url, timeout=5).is_success
    except httpx.TransportError:
        return False


@contextmanager
def opened(mongo_uri: str, home: Path) -> Iterator[dict[str, str]]:
    """What the Node files read: where the server and its dashboard are, on a fresh database."""
    name = f"dashboard_{uuid4().hex[:12]}"
    uri = database_in(mongo_uri, name)
    browser = chromium()
    try:
        with serving(uri, home) as url, dashboard_serving(url, home) as dashboard:
            yield environment(
                SERVER,
                url,
                DASHBOARD_URL=dashboard,
                DASHBOARD_USER=USER,
                DASHBOARD_PASSWORD=PASSWORD,
                CHROMIUM=browser,
            )
    finally:
        with MongoClient[dict[str, object]](mongo_uri) as mongo:
            mongo.drop_database(name)


@pytest.fixture(scope="module")
def settings(mongo_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The settings of the files that are slow."""
    with opened(mongo_uri, tmp_path_factory.mktemp("dashboard")) as found:
        yield found


@contextmanager
def serving(uri: str, home: Path) -> Iterator[str]:
    """Run the server that PARSEPY_DASHBOARD names, and answer its address."""
    if SERVER == "peer":
        with peer_serving(uri) as url:
            yield url
        return
    cloud = FOLDER / "cloud_code.py"
    with parsepy_serving(uri, [TEMPLATE], home, cloud, mountGraphQL="true") as shop:
        yield shop.url


@pytest.mark.slow
@pytest.mark.node
@pytest.mark.parametrize("file", FILES)
def test_the_dashboard_does_all_that_its_file_says(
    settings: dict[str, str], file: str, tmp_path: Path
) -> None:
    drive(FOLDER / f"{file}.test.mjs", {**settings, "SCREENSHOTS": str(tmp_path)})


@pytest.mark.slow
@pytest.mark.node
def test_the_dashboard_of_docker_compose_starts_and_asks_who_is_there(tmp_path: Path) -> None:
    given = {name: filled_in(text) for name, text in SERVICES["dashboard"]["environment"].items()}
    with dashboard_running(tmp_path, "--host", "127.0.0.1", **given) as url:
        assert httpx.get(f"{url}/parse-dashboard-config.json").status_code == 401
    wanted = json.loads((FOLDER / "package.json").read_text())["dependencies"]["parse-dashboard"]
    assert SERVICES["dashboard"]["image"] == f"parseplatform/parse-dashboard:{wanted}"


def test_every_file_is_run() -> None:
    names = {re.sub(r"\.test\.mjs$", "", path.name) for path in FOLDER.glob("*.test.mjs")}
    assert names == {*FILES, CONSOLE}
