"""Which options the driver gets: those of the connection string and databaseOptions before ours."""

from typing import Any

import pytest

from parsepy.storage import client_options, open_storage

HOSTS = "mongodb://shop:p%40ss@db1.example.com,db2.example.com:27018"


def file_url(name: str, mount_url: str | None = None, /) -> str:
    """Where a file would be found."""
    return name


@pytest.mark.parametrize(
    ("uri", "given", "expected"),
    [
        (f"{HOSTS}/shop", {}, (5.0, "parsepy")),
        (f"{HOSTS}/shop?serverSelectionTimeoutMS=200", {}, (0.2, "parsepy")),
        (f"{HOSTS}/?SERVERSELECTIONTIMEOUTMS=200&appName=till", {}, (0.2, "till")),
        (f"{HOSTS}/shop?appname=till&w=majority", {}, (5.0, "till")),
        (f"{HOSTS}/shop", {"serverSelectionTimeoutMS": 300}, (0.3, "parsepy")),
        (f"{HOSTS}/shop?serverSelectionTimeoutMS=200", {"appName": "till"}, (0.2, "till")),
        (
            f"{HOSTS}/shop?serverSelectionTimeoutMS=200",
            {"serverSelectionTimeoutMS": 300},
            (0.3, "parsepy"),
        ),
    ],
)
async def test_the_connection_strings_own_options_go_before_ours(
    uri: str, given: dict[str, Any], expected: tuple[float, str]
) -> None:
    storage = open_storage(uri, file_url=file_url, driver_options=given)
    try:
        options = storage.connection.client.options
        found = (options.server_selection_timeout, options.pool_options.appname)
        assert found == expected
    finally:
        await storage.connection.close()


def test_a_connection_string_without_options_gets_ours() -> None:
    assert client_options("mongodb://localhost") == {
        "serverSelectionTimeoutMS": 5000,
        "waitQueueTimeoutMS": 5000,
        "appname": "parsepy",
    }
