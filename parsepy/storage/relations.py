"""``Relations``: the join tables of relations."""

from collections.abc import Iterable, Sequence
from typing import Any

from pymongo import UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from parsepy.errors import ParseError
from parsepy.storage.connection import Connection
from parsepy.storage.driver import Collection
from parsepy.storage.failures import guard
from parsepy.storage.indexes import Index, Indexes

_AT_ONCE = 500
"""Rows of one call: what makes a call of more holds others up."""
_RELATED = {"relatedId": 1, "_id": 0}


class Relations:
    """Which objects belong to which relation of which owner (protocol §6.4)."""

    def __init__(self, connection: Connection, indexes: Indexes) -> None:
        self._connection = connection
        self._indexes = indexes

    def _join(self, class_name: str, field: str) -> Collection:
        return self._connection.collection(_join_table(class_name, field))

    async def add(self, class_name: str, field: str, owner: str, ids: Iterable[str]) -> None:
        """Make ``ids`` members of the relation; those that are stay so."""
        rows = [{"owningId": owner, "relatedId": related} for related in dict.fromkeys(ids)]
        if not rows:
            return

        async def add(session: AsyncClientSession | None) -> None:
            for start in range(0, len(rows), _AT_ONCE):
                some = rows[start : start + _AT_ONCE]
                await self._join(class_name, field).bulk_write(
                    [UpdateOne(row, {"$setOnInsert": row}, upsert=True) for row in some],
                    session=session,
                )

        await self._connection.run(add)

    async def remove(self, class_name: str, field: str, owner: str, ids: Iterable[str]) -> None:
        """Take ``ids`` out of the relation."""
        query = {"owningId": owner, "relatedId": {"$in": list(ids)}}

        async def remove(session: AsyncClientSession | None) -> int:
            join = self._join(class_name, field)
            return int((await join.delete_many(query, session=session)).deleted_count)

        await self._connection.run(remove)

    async def members(
        self,
        class_name: str,
        field: str,
        owner: str,
        *,
        newest_first: bool | None = None,
        limit: int = 0,
        skip: int = 0,
    ) -> list[str]:
        """The ids of the members of one owner's relation ``field``."""
        options: dict[str, Any] = {"limit": limit, "skip": skip}
        if newest_first is not None:
            options["sort"] = [("_id", -1 if newest_first else 1)]
        join, query = self._join(class_name, field), {"owningId": owner}
        with guard():
            rows = await self._connection.read(
                lambda session: self._connection.reads.find(
                    join, query, _RELATED, session=session, **options
                )
            )
        return [row["relatedId"] for row in rows]

    async def owners(self, class_name: str, field: str, related: Sequence[str]) -> list[str]:
        """The ids of the owners whose relation ``field`` holds one of ``related``."""
        join, query = self._join(class_name, field), {"relatedId": {"$in": list(related)}}
        with guard():
            rows = await self._connection.read(
                lambda session: self._connection.reads.find(join, query, session=session)
            )
        return list(dict.fromkeys(row["owningId"] for row in rows))

    async def create_indexes(self, class_name: str, field: str) -> dict[str, ParseError]:
        """Index the rows of a relation both ways; the refusals by the index's name."""
        join = _join_table(class_name, field)
        return await self._indexes.create_all(
            join, [Index("owningId_1", {"owningId": 1}), Index("relatedId_1", {"relatedId": 1})]
        )

    async def drop(self, class_name: str, field: str) -> None:
        """Forget all rows of a relation; raises PyMongo's errors."""
        await self._join(class_name, field).drop()


def _join_table(class_name: str, field: str) -> str:
    return f"_Join:{field}:{class_name}"
