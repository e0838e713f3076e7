"""``SignInCodes``: the codes that addresses were mailed, and how often somebody has guessed.

A row is found by a digest of its address, and holds a digest of the code. A guess at an address
that has no code makes a row, too: both cost the same.
"""

import hmac
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pymongo import ReturnDocument

from parsepy.model.values import now
from parsepy.storage.connection import Connection
from parsepy.storage.failures import DuplicateKey, guard
from parsepy.storage.indexes import Indexes

COLLECTION = "_SignInCode"
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class CodeLimits:
    """How long a code is valid, and how many guesses there are, of each and in a day."""

    seconds: float
    tries: int
    tries_a_day: int


class SignInCodes:
    """One code for an address at most; the last that was made."""

    def __init__(self, connection: Connection, indexes: Indexes) -> None:
        self._connection = connection
        self._indexes = indexes

    async def prepare(self) -> None:
        """See that what is over is forgotten."""
        await self._indexes.create(COLLECTION, "until_1", {"until": 1}, expireAfterSeconds=0)

    async def store(self, key: str, digest: str, limits: CodeLimits) -> bool:
        """Keep the digest of a new code; False after too many wrong guesses on one day."""
        rows, moment = self._connection.collection(COLLECTION), now()
        code = {"digest": digest, "expires": moment + timedelta(seconds=limits.seconds), "tries": 0}
        until = moment + timedelta(seconds=_DAY)
        try:
            await self._connection.run(
                lambda session: rows.update_one(
                    {"_id": key, "wrong": {"$lt": limits.tries_a_day}},
                    {"$set": code, "$setOnInsert": {"wrong": 0, "until": until}},
                    upsert=True,
                    session=session,
                )
            )
        except DuplicateKey:
            return False
        return True

    async def use(self, key: str, digest: str, limits: CodeLimits) -> bool:
        """Use a code up: True for one caller, if it is right, in time and not guessed at too often.

        The guess is counted before it is looked at, so that many at once are not more guesses;
        and outside of any transaction, which would take the count back with its failure.
        """
        rows, moment = self._connection.collection(COLLECTION), now()
        until = moment + timedelta(seconds=_DAY)
        with guard():
            row: dict[str, Any] | None = await rows.find_one_and_update(
                {"_id": key},
                {"$inc": {"tries": 1, "wrong": 1}, "$setOnInsert": {"until": until}},
                upsert=True,
                return_document=ReturnDocument.AFTER,
            )
        found = row or {"tries": 1, "wrong": 1}
        is_right = hmac.compare_digest(str(found.get("digest", "")), digest)
        expires = found.get("expires")
        is_open = expires is not None and expires > moment and found["tries"] <= limits.tries
        if not is_right or not is_open or found["wrong"] > limits.tries_a_day:
            return False
        with guard():
            result = await rows.delete_one({"_id": key, "digest": digest})
        return bool(result.deleted_count)
