"""One application for the tests of a module, one after the other, each with its own cloud code.

To start one costs ten times what it costs to take out what a test has put in.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from pymongo.database import Database

from parsepy.app import Application
from parsepy.backend import SchemaCache
from parsepy.cloud import loader
from parsepy.logs import LogStore
from parsepy.operations import schemas, webhooks
from parsepy.triggers import Triggers


class Standing:
    """A started application, and what its database held then."""

    def __init__(self, application: Application, database: Database[dict[str, Any]]) -> None:
        self.application = application
        self._database = database
        self._rows = self.rows()
        self._real_indexes = dict(application.backend.schemas.real_indexes)
        self._indexes = {name: set(database[name].index_information()) for name in self._rows}

    def rows(self) -> dict[str, list[dict[str, Any]]]:
        """Read every collection."""
        return {name: list(self._database[name].find()) for name in self._collections()}

    def _collections(self) -> list[str]:
        return self._database.list_collection_names(filter={"name": {"$not": {"$regex": r"^sys"}}})

    async def serve(self, cloud: Path) -> Application:
        """Put this cloud code in place of what is there, as when a watched file has changed."""
        await self.application.replace_cloud_code(loader.load(cloud))
        return self.application

    async def forget(self) -> None:
        """Take out what a test has put in: cloud code, objects, classes, and what is cached."""
        backend = self.application.backend
        running = list(backend.tasks)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        self._restore()
        backend.triggers.adopt(Triggers())
        backend.triggers.observers.clear()
        for cache in (backend.principals, backend.roles, backend.settings):
            cache.clear()
        backend.schemas = SchemaCache(real_indexes=dict(self._real_indexes))
        backend.log.removeHandler(backend.logs)
        backend.logs = LogStore()
        backend.log.addHandler(backend.logs)
        await schemas.load(backend, within=0)
        await webhooks.load(backend)

    def _restore(self) -> None:
        for name in self._collections():
            collection = self._database[name]
            if name not in self._rows:
                collection.drop()
                continue
            collection.delete_many({})
            if self._rows[name]:
                collection.insert_many(self._rows[name])
            for index in set(collection.index_information()) - self._indexes[name]:
                collection.drop_index(index)
