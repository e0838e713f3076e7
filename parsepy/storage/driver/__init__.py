"""The way to MongoDB through PyMongo: whatever uses its private names is in this folder.

PyMongo's public API costs more CPU than the work that it carries. So ``replies`` (how a
connection awaits an answer), ``ready`` (how one is taken from the pool), ``plain`` and
``plain_writes`` (a read or a write as one of the ``commands``) use names that PyMongo may
change in any version. They are a matter of speed alone: where this version lacks one of them, or
an operator turns them off (``databaseOptions.usePrivateDriverApi``), everything goes by the
public API.
"""

import logging
from collections.abc import Mapping
from typing import Any

import pymongo
from pymongo import AsyncMongoClient
from pymongo.errors import ConfigurationError

from parsepy.storage.documents import Document
from parsepy.storage.driver.pulse import Pulse as Pulse
from parsepy.storage.driver.reads import Collection as Collection
from parsepy.storage.driver.reads import Made as Made
from parsepy.storage.driver.reads import Reads as Reads
from parsepy.storage.driver.reads import ReplyReader as ReplyReader
from parsepy.storage.driver.reads import Value as Value
from parsepy.storage.driver.reserve import reserved as reserved
from parsepy.storage.driver.writes import ILLEGAL_OPERATION as ILLEGAL_OPERATION
from parsepy.storage.driver.writes import Writes as Writes

log = logging.getLogger("parsepy.storage")


def open_client(
    uri: str, options: Mapping[str, Any], *, private: bool = True, pulse: Pulse | None = None
) -> tuple[AsyncMongoClient[Document], Reads, Writes]:
    """A client of MongoDB, which connects with its first call, and how to read and write by it.

    ``options`` are PyMongo's; ``private`` says that its private names may be used; when the
    database of ``pulse`` is silent, the connections are lost. Raises PyMongo's refusals of the
    URI and the options.
    """
    if private:
        try:
            from parsepy.storage.driver.commands import Commands
            from parsepy.storage.driver.plain import PlainReads
            from parsepy.storage.driver.plain_writes import PlainWrites
            from parsepy.storage.driver.replies import Pool, pool_with

            commands = Commands()
            pool = Pool if pulse is None else pool_with(pulse)
            made: AsyncMongoClient[Document] = AsyncMongoClient(uri, _pool_class=pool, **options)
            return made, PlainReads(commands), PlainWrites(commands)
        except (ImportError, AttributeError) as error:
            log.warning("PyMongo %s is used by its public API alone: %s", pymongo.version, error)
        except ConfigurationError as error:
            # either PyMongo knows no `_pool_class` any more, or what it refuses comes again
            log.debug("PyMongo refused a client with a pool of ours: %s", error)
    return AsyncMongoClient(uri, **options), Reads(), Writes()
