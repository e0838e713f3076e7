"""The logs of a served application: JSON lines, files by day, and its own address verified."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from pymongo import MongoClient

from parsepy.cli.serve import verify_server_url
from tests.conftest import database_in
from tests.integration.test_cli import Server, free_port


@pytest.fixture
def database(mongo_uri: str) -> Iterator[str]:
    """The connection string of a database that goes when the test ends."""
    name = f"test_logs_{uuid4().hex[:12]}"
    yield database_in(mongo_uri, name)
    with MongoClient[dict[str, object]](mongo_uri) as mongo:
        mongo.drop_database(name)


def ask(server: Server, path: str) -> httpx.Response:
    """Ask with a session token that nobody has, which no log may show."""
    headers = {"X-Parse-Application-Id": "parsepy", "X-Parse-Session-Token": "r:" + "5ec7e7" * 6}
    return httpx.get(server.url + path, headers=headers)


def test_lines_are_json_and_kept_in_a_file_a_day(tmp_path: Path, database: str) -> None:
    flags = ("--verbose", "--json-logs", "--logs-folder", "logs", "--database-uri", database)
    server = Server(tmp_path, *flags)
    response = ask(server, "/classes/Product?where=SECRET")
    shown = server.request("GET", "/scriptlog?n=1000", master=True)
    assert server.stop() == 0
    lines = [json.loads(line) for line in server.errors]
    (line,) = [one for one in lines if one.get("path") == "/parse/classes/Product"]
    assert line["requestId"] == response.headers["X-Request-Id"]
    assert (line["level"], line["status"], line["code"]) == ("verbose", 400, 209)
    (file,) = (tmp_path / "logs").iterdir()
    kept = [json.loads(one) for one in file.read_text().splitlines()]
    assert line in kept
    assert [one for one in shown if one["level"] == "verbose"] == []
    written = "".join(server.errors) + file.read_text()
    assert "5ec7e7" not in written
    assert "SECRET" not in written


def test_by_default_requests_leave_no_line_and_no_file(tmp_path: Path, database: str) -> None:
    server = Server(tmp_path, "--database-uri", database)
    ask(server, "/classes/Product")
    assert server.stop() == 0
    assert server.complaints == []
    assert not (tmp_path / "logs").exists()


async def test_a_server_that_does_not_answer_at_its_own_address_is_warned(
    caplog: pytest.LogCaptureFixture,
) -> None:
    await verify_server_url(f"http://127.0.0.1:{free_port()}/parse")
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "serverURL" in record.message


class SilentServer(Server):
    """A server that prints nothing, so that there is no welcome to wait for."""

    def _read_welcome(self) -> str:
        return ""


def test_e3_silent_is_about_the_console_only(tmp_path: Path, database: str) -> None:
    folder = ("--logs-folder", "logs", "--log-level", "verbose")
    server = SilentServer(tmp_path, "--silent", *folder, "--database-uri", database)
    with httpx.Client(transport=httpx.HTTPTransport(retries=9)) as patient:
        patient.get(f"{server.url}/health", timeout=30)
    ask(server, "/classes/Product")
    shown = server.request("GET", "/scriptlog?n=1000&level=verbose", master=True)
    assert server.stop() == 0
    assert server.errors == []
    assert "/parse/classes/Product" in [one.get("path") for one in shown]
    (file,) = (tmp_path / "logs").iterdir()
    assert "/parse/classes/Product" in file.read_text()
