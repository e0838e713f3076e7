"""``Claims``: what one process of many has taken for itself (locks, the start of a job)."""

from datetime import timedelta

from parsepy.model.values import now
from parsepy.storage.connection import Connection
from parsepy.storage.failures import DuplicateKey, guard
from parsepy.storage.indexes import Indexes

COLLECTION = "_JobClaim"
KEPT = 7 * 24 * 3600
"""Seconds after which a claim is forgotten, whoever holds it."""


class Claims:
    """Names that one process at a time can hold: their rows have them as unique ids."""

    def __init__(self, connection: Connection, indexes: Indexes) -> None:
        self._connection = connection
        self._indexes = indexes
        self._is_prepared = False

    async def prepare(self) -> None:
        """See that claims are forgotten some day."""
        if not self._is_prepared:
            await self._indexes.create(COLLECTION, "at_1", {"at": 1}, expireAfterSeconds=KEPT)
            self._is_prepared = True

    async def take(self, name: str) -> bool:
        """Take ``name`` for this process; False if one has taken it already, anywhere."""
        try:
            with guard():
                await self._connection.collection(COLLECTION).insert_one({"_id": name, "at": now()})
        except DuplicateKey:
            return False
        return True

    async def take_for(self, name: str, seconds: float) -> bool:
        """Take ``name`` for so many seconds; False if it has been taken meanwhile, anywhere."""
        await self.prepare()
        await self.drop_older(name, seconds)
        return await self.take(name)

    async def release(self, name: str) -> None:
        """Give back what this process has taken."""
        with guard():
            await self._connection.collection(COLLECTION).delete_one({"_id": name})

    async def drop_older(self, name: str, seconds: float) -> None:
        """Take a claim away that is older than so many seconds: its holder is gone."""
        oldest = now() - timedelta(seconds=seconds)
        with guard():
            await self._connection.collection(COLLECTION).delete_one(
                {"_id": name, "at": {"$lt": oldest}}
            )
