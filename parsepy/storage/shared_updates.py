"""``SharedUpdates``: updates that come at the same time share one transaction.

An update must answer the new state of its object exactly, so it is one ``findAndModify``, and
that can't be shared. But several updates of different objects, and the reading of what came of
them, make one short transaction, which costs less where there are many.
If the transaction does not commit, for whatever reason, each update is made alone, and gets its
own answer or refusal.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import OperationFailure

from parsepy.storage.batching import Batcher
from parsepy.storage.connection import Connection
from parsepy.storage.documents import Document
from parsepy.storage.driver import ILLEGAL_OPERATION, Collection

_LEAST = 8  # fewer are as cheap alone; of 16 at a time, together by 13 %
_MOST = 50


@dataclass(frozen=True, slots=True)
class Update:
    """One update of one object: which, under which conditions, how, what to answer."""

    object_id: str
    query: Document
    change: Document
    projection: Document | None

    @property
    def is_idempotent(self) -> bool:
        """Is it the same to make it twice? Values are set, and no condition is asked of them."""
        if not self.change.keys() <= {"$set", "$unset"}:
            return False
        changes_rights = "_wperm" in self.change.get("$set", {})
        return self.query.keys() <= ({"_id"} if changes_rights else {"_id", "_wperm"})


Updates = Batcher[Update, Document | None]


class SharedUpdates:
    """Updates documents by their ids; each update has its own result or refusal."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._batchers: dict[str, Updates] = {}
        self._has_transactions = True

    def of(self, class_name: str) -> Updates:
        """What updates documents of a class outside transactions; ``call`` takes the update."""
        batcher = self._batchers.get(class_name)
        if batcher is None:
            send = partial(self._send, self._connection.collection(class_name))
            batcher = self._batchers[class_name] = Batcher(send, size=_MOST)
        return batcher

    async def _send(self, collection: Collection, batch: Sequence[Update]) -> list[Any]:
        """For each update the new document, ``None`` if nothing matched, or its exception."""
        if len(batch) == 1:
            return [await self._alone(collection, batch[0])]
        first: dict[str, int] = {}
        for position, update in enumerate(batch):
            first.setdefault(update.object_id, position)
        results: list[Any] = [None] * len(batch)
        alone = list(range(len(batch)))
        if len(first) >= _LEAST and self._has_transactions:
            found = await self._together(collection, [batch[i] for i in first.values()])
            if found is not None:
                for object_id, position in first.items():
                    results[position] = found[object_id]
                # what updates an object a second time has its own result: made alone
                alone = [i for i in alone if first[batch[i].object_id] != i]
        made = await asyncio.gather(
            *(self._alone(collection, batch[i]) for i in alone), return_exceptions=True
        )
        for position, result in zip(alone, made, strict=True):
            if isinstance(result, BaseException) and not isinstance(result, Exception):
                raise result
            results[position] = result
        return results

    async def _alone(self, collection: Collection, update: Update) -> Document | None:
        async def change(_: AsyncClientSession | None) -> Document | None:
            return await self._connection.writes.find_one_and_update(
                collection, update.query, update.change, update.projection
            )

        connection = self._connection
        return await (connection.read if update.is_idempotent else connection.do)(change)

    async def _together(
        self, collection: Collection, updates: list[Update]
    ) -> dict[str, Document] | None:
        """All updates in one transaction; ``None`` if it did not commit, and nothing happened.

        Raises if nobody can know whether it did: making the updates again might double them.
        """
        projection: Document | None = None
        if all(update.projection is not None for update in updates):
            projection = {key: 1 for update in updates for key in update.projection or ()}
        try:
            return await self._connection.writes.update_together(collection, updates, projection)
        except OperationFailure as error:
            if error.code != ILLEGAL_OPERATION:
                raise
            self._has_transactions = False
            return None
