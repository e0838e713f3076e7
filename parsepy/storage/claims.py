"""``Claims``: what one process of many has taken for itself (locks, the start of a job)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from parsepy.model.values import now
from parsepy.storage.connection import Connection
from parsepy.storage.failures import DuplicateKey, guard
from parsepy.storage.indexes import Indexes

COLLECTION = "_JobClaim"
KEPT = 7 * 24 * 3600
"""Seconds after which a claim is forgotten, whoever holds it."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A name that is taken: by whom (a random text), since when, and for what in words."""

    name: str
    owner: str | None
    since: datetime
    holder: str = ""
    is_wanted: bool = False
    """Does another process than the holder's wait for it?"""


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

    async def take(self, name: str, owner: str | None = None, holder: str = "") -> bool:
        """Take ``name`` for this process; False if one has taken it already, anywhere.

        What has an ``owner`` is given back by that owner only.
        """
        row: dict[str, Any] = {"_id": name, "at": now()}
        if owner is not None:
            row |= {"owner": owner, "holder": holder}
        try:
            with guard():
                await self._connection.collection(COLLECTION).insert_one(row)
        except DuplicateKey:
            return False
        return True

    async def take_for(self, name: str, seconds: float) -> bool:
        """Take ``name`` for so many seconds; False if it has been taken meanwhile, anywhere."""
        await self.prepare()
        claim = await self.holder_of(name)
        if claim is not None:
            await self.drop_older(claim, seconds)
        return await self.take(name)

    async def release(self, name: str, owner: str | None = None) -> bool:
        """Give back what this owner has taken; False if it is not the owner's any more."""
        with guard():
            deleted = await self._connection.collection(COLLECTION).delete_one(
                {"_id": name, "owner": owner}
            )
        return bool(deleted.deleted_count)

    async def holder_of(self, name: str) -> Claim | None:
        """Read who has taken a name; None if nobody has."""
        with guard():
            row = await self._connection.collection(COLLECTION).find_one({"_id": name})
        return None if row is None else _claim(row)

    async def want(self, name: str) -> None:
        """Let the holder of a name know that another process waits for it."""
        with guard():
            await self._connection.collection(COLLECTION).update_one(
                {"_id": name}, {"$set": {"wanted": True}}
            )

    async def hand_over(self, name: str, owner: str, to: str, holder: str) -> Claim | None:
        """Give what ``owner`` has to another; the claim as it was, None if it was not theirs."""
        with guard():
            row = await self._connection.collection(COLLECTION).find_one_and_update(
                {"_id": name, "owner": owner},
                {"$set": {"owner": to, "holder": holder, "at": now()}},
            )
        return None if row is None else _claim(row)

    async def drop_older(self, claim: Claim, seconds: float) -> bool:
        """Take a claim from its holder if it is older than so many seconds; did that happen?

        Nobody else's is touched: another may have taken the name meanwhile.
        """
        times = {"$eq": claim.since, "$lt": now() - timedelta(seconds=seconds)}
        row = {"_id": claim.name, "owner": claim.owner, "at": times}
        with guard():
            deleted = await self._connection.collection(COLLECTION).delete_one(row)
        return bool(deleted.deleted_count)


def _claim(row: Mapping[str, Any]) -> Claim:
    is_wanted = bool(row.get("wanted"))
    return Claim(row["_id"], row.get("owner"), row["at"], row.get("holder") or "", is_wanted)
