"""``Relations``: the join tables of relations."""

from collections.abc import Iterable, Sequence
from typing import Any

from pymongo import UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from parsepy.storage import reads
from parsepy.storage.connection import Collection, Connection
from parsepy.storage.failures import guard


class Relations(Connection):
    """Who belongs to which relation of whom (protocol §6.4)."""

    def _join(self, class_name: str, field: str) -> Collection:
        return self.collection(f"_Join:{field}:{class_name}")

    async def add_related(
        self, class_name: str, field: str, owner: str, ids: Iterable[str]
    ) -> None:
        """Make ``ids`` members of the relation; those that are stay so."""
        rows = [{"owningId": owner, "relatedId": related} for related in dict.fromkeys(ids)]
        if not rows:
            return

        async def add(session: AsyncClientSession | None) -> None:
            await self._join(class_name, field).bulk_write(
                [UpdateOne(row, {"$setOnInsert": row}, upsert=True) for row in rows],
                session=session,
            )

        with guard():
            await self._do(add)

    async def remove_related(
        self, class_name: str, field: str, owner: str, ids: Iterable[str]
    ) -> None:
        """Take ``ids`` out of the relation."""
        query = {"owningId": owner, "relatedId": {"$in": list(ids)}}

        async def remove(session: AsyncClientSession | None) -> int:
            join = self._join(class_name, field)
            return int((await join.delete_many(query, session=session)).deleted_count)

        with guard():
            await self._do(remove)

    async def related_ids(
        self,
        class_name: str,
        field: str,
        owner: str,
        *,
        newest_first: bool | None = None,
        limit: int = 0,
        skip: int = 0,
    ) -> list[str]:
        """The members of the relation ``field`` of one owner."""
        options: dict[str, Any] = {"limit": limit, "skip": skip}
        if newest_first is not None:
            options["sort"] = [("_id", -1 if newest_first else 1)]
        with guard():
            rows = await self._do(
                lambda session: reads.find(
                    self._join(class_name, field), {"owningId": owner}, session=session, **options
                )
            )
        return [row["relatedId"] for row in rows]

    async def owner_ids(self, class_name: str, field: str, related: Sequence[str]) -> list[str]:
        """The owners whose relation ``field`` holds one of ``related``."""
        query = {"relatedId": {"$in": list(related)}}
        with guard():
            rows = await self._do(
                lambda session: reads.find(self._join(class_name, field), query, session=session)
            )
        return list(dict.fromkeys(row["owningId"] for row in rows))
