"""``open_storage``: the storage behind a URI."""

from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

from pymongo import AsyncMongoClient
from pymongo.driver_info import DriverInfo

from parsepy.storage import driver, memory
from parsepy.storage.connection import Connection
from parsepy.storage.documents import Document, FileURL
from parsepy.storage.objects import Storage

_DEFAULTS: Mapping[str, Any] = {
    "serverSelectionTimeoutMS": 5000,
    "waitQueueTimeoutMS": 5000,
    "appname": "parsepy",
}


def client_options(uri: str, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """PyMongo's options beside those of a URI: ``given`` ones, and ours where neither names them.

    Parse: what databaseOptions say goes before the URI.
    """
    named = [name for name, _ in parse_qsl(urlsplit(uri).query, keep_blank_values=True)]
    known = {name.lower() for name in (*named, *(given or ()))}
    ours = {name: value for name, value in _DEFAULTS.items() if name.lower() not in known}
    return {**ours, **(given or {})}


def open_storage(
    uri: str,
    *,
    file_url: FileURL,
    prefix: str = "",
    max_time_ms: int | None = None,
    batch_size: int = 1000,
    client: tuple[str, str] | None = None,
    driver_options: Mapping[str, Any] | None = None,
    private_driver_api: bool = True,
) -> Storage:
    """The storage behind a URI: ``mongodb://``, or ``memory:`` for a new one in this process.

    ``driver_options`` are PyMongo's own beside those in the URI, ``private_driver_api`` says
    that its private names may be used; ``client`` is the name and version by which MongoDB
    knows who is connected. The connection is made with the first call. The database is the one
    that the URI names, ``parse`` if it names none. ImportError if ``memory:`` lacks its extra.
    """
    if uri.startswith(memory.SCHEME):
        in_process = cast(AsyncMongoClient[Document], memory.open_client())
        connection = Connection(in_process, "parse", prefix=prefix, in_memory=True)
    else:
        options = {**client_options(uri, driver_options), "tz_aware": False}
        if client is not None:
            options["driver"] = DriverInfo(*client)
        pulse = driver.Pulse()
        made, reads, writes = driver.open_client(
            uri, options, private=private_driver_api, pulse=pulse
        )
        name = made.get_default_database("parse").name
        connection = Connection(made, name, prefix=prefix, reads=reads, writes=writes, pulse=pulse)
    return Storage(connection, file_url=file_url, max_time_ms=max_time_ms, batch_size=batch_size)
