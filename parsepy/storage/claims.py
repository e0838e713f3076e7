"""``Claims``: what one process of many has taken for itself (locks, the start of a job)."""

from datetime import timedelta

from parsepy.model.values import now
from parsepy.storage.connection import Connection
from parsepy.storage.failures import DuplicateKey, guard
from parsepy.storage.indexes import Indexes

COLLECTION = "_JobClaim"


class Claims:
    """Names that one process at a time can hold: their rows have them as unique ids."""

    def __init__(self, connection: Connection, indexes: Indexes) -> None:
        self._connection = connection
        self._indexes = indexes

    async def prepare(self, seconds: int) -> None:
        """See that claims are forgotten after so many seconds."""
        await self._indexes.create(COLLECTION, "at_1", {"at": 1}, expireAfterSeconds=seconds)

    async def take(self, name: str) -> bool:
        """Take ``name`` for this process; False if one has taken it already, anywhere."""
        try:
            with guard():
                await self._connection.collection(COLLECTION).insert_one({"_id": name, "at": now()})
        except DuplicateKey:
            return False
        return True

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
