"""``Bulk``: many objects at once, as exports and imports move them."""

from collections.abc import AsyncIterator, Sequence

from pymongo import ReplaceOne, UpdateOne

from parsepy.model.schema import ClassSchema
from parsepy.model.values import JSONObject
from parsepy.storage import documents
from parsepy.storage.connection import Connection
from parsepy.storage.failures import guard

_BATCH = 1000


class Bulk:
    """Writes whole objects and the rows of relations; what is there already is replaced."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def put(self, schema: ClassSchema, items: Sequence[JSONObject]) -> None:
        """Store objects with their ids and times; twice is as once.

        Raises ``DuplicateKey`` if a unique index refuses one.
        """
        rows = [documents.to_document(schema, item) for item in items]
        if not rows:
            return
        collection = self._connection.collection(schema.name)
        changes = [ReplaceOne({"_id": row["_id"]}, row, upsert=True) for row in rows]
        with guard():
            await collection.bulk_write(changes, ordered=False)

    async def members(self, class_name: str, field: str) -> AsyncIterator[JSONObject]:
        """Every row of a relation, ``{"owningId", "relatedId"}``, in their order."""
        join = self._connection.collection(f"_Join:{field}:{class_name}")
        with guard():
            cursor = join.find({}, {"_id": 0}, batch_size=_BATCH)
            cursor = cursor.sort([("owningId", 1), ("relatedId", 1)]).allow_disk_use(True)
            async for row in cursor:
                yield {"owningId": row["owningId"], "relatedId": row["relatedId"]}

    async def put_members(self, class_name: str, field: str, rows: Sequence[JSONObject]) -> None:
        """Make these members of a relation; those that are stay so."""
        if not rows:
            return
        join = self._connection.collection(f"_Join:{field}:{class_name}")
        changes = [UpdateOne(row, {"$setOnInsert": row}, upsert=True) for row in rows]
        with guard():
            await join.bulk_write(changes, ordered=False)
