"""States before and after changes ("images"), which MongoDB keeps where a collection says so."""

import logging
import time
from dataclasses import replace
from typing import Any

from bson.timestamp import Timestamp
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import OperationFailure

from parsepy.storage.documents import Document
from parsepy.storage.failures import guard
from parsepy.storage.recent import RecentDocuments, updated
from parsepy.storage.streams import ChangeEvent

log = logging.getLogger("parsepy.storage")

_NAMESPACE_EXISTS = 48
_OPTION = "changeStreamPreAndPostImages"
_LOCK_MS = 500
"""How long to wait for a collection's lock: every other command of it waits behind this one."""
_RETRY_SECONDS = 10.0


class Images:
    """The states before and after changes: of which collections they are kept, and since when.

    What was changed before MongoDB kept them is remembered here, as far as a stream has shown it.
    """

    def __init__(self, database: AsyncDatabase[Document], prefix: str) -> None:
        self._database = database
        self._prefix = prefix
        self._since: dict[str, Timestamp] = {}
        self._not_before: dict[str, float] = {}
        self._recent = RecentDocuments()

    def _cover(self, change: ChangeEvent) -> bool:
        """Were states kept of this change, as far as is known?"""
        since = self._since.get(change.collection)
        return since is not None and since < change.time

    async def complete(self, change: ChangeEvent) -> ChangeEvent:
        """The change with the states before and after it, as far as anybody knows them.

        States are kept of the collection from now on, if they can be. Raises ``Unavailable``.
        """
        name, before, document = change.collection, change.before, change.document
        await self.keep(name, make=False)
        if self._cover(change):
            self._recent.forget(name)
            return change
        if before is None and change.kind in ("update", "delete"):
            before = self._recent.get(name, change.key)
        if document is None and before is not None and change.update is not None:
            document = updated(before, change.update)
        return replace(change, before=before, document=document)

    def note(self, change: ChangeEvent) -> None:
        """Remember a completed change that was handled; of one of the collection, look again."""
        name = change.collection
        if change.kind in ("drop", "modify"):
            self._since.pop(name, None)
            self._not_before.pop(name, None)
            if change.kind == "drop":
                self._recent.forget(name)
        elif not self._cover(change):
            if change.kind == "delete":
                self._recent.remove(name, change.key)
            elif change.document is not None:
                self._recent.put(name, change.document)

    async def keep(self, collection: str, *, make: bool) -> bool:
        """Have states kept from now on; ``make`` says that the collection may be made for it.

        False if that can't be now; then it is tried again ten seconds later. Raises
        ``Unavailable``.
        """
        if collection in self._since:
            return True
        if time.monotonic() < self._not_before.get(collection, 0.0):
            return False
        name = self._prefix + collection
        with guard():
            try:
                since = await self._keep(name, make=make)
            except OperationFailure as error:
                log.warning("no states before changes are kept of %s: %s", name, error)
                self._not_before[collection] = time.monotonic() + _RETRY_SECONDS
                return False
        if since is None:
            return False
        self._since[collection] = since
        return True

    async def _keep(self, name: str, *, make: bool) -> Timestamp | None:
        """Since when states are kept; None if there is no such collection."""
        option: dict[str, Any] = {_OPTION: {"enabled": True}}
        # looked at first: a change needs the exclusive lock, and so waits for every transaction
        reply = await self._database.command(
            {"listCollections": 1, "filter": {"name": name}, "cursor": {}}
        )
        found = reply["cursor"]["firstBatch"]
        if not found:
            if not make:
                return None
            try:
                reply = await self._database.command({"create": name, **option})
            except OperationFailure as error:
                if error.code != _NAMESPACE_EXISTS:  # made by somebody else meanwhile
                    raise
                return await self._keep(name, make=False)
        elif not found[0]["options"].get(_OPTION, {}).get("enabled"):
            reply = await self._database.command({"collMod": name, **option, "maxTimeMS": _LOCK_MS})
        time_of_reply: Timestamp = reply["operationTime"]
        return time_of_reply
