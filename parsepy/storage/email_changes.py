"""``EmailChanges``: addresses that users have asked for and not confirmed yet.

They lie beside the users, whose documents another Parse server must still be able to read.
"""

from datetime import timedelta
from typing import Any

from parsepy.model.values import now
from parsepy.storage.connection import Connection
from parsepy.storage.indexes import Indexes

COLLECTION = "_EmailChange"


class EmailChanges:
    """One address that waits for a user at most; the last that was asked for."""

    def __init__(self, connection: Connection, indexes: Indexes) -> None:
        self._connection = connection
        self._indexes = indexes

    async def prepare(self) -> None:
        """See that a token is found at once, and that what is over is forgotten."""
        await self._indexes.create(COLLECTION, "token_1", {"token": 1})
        await self._indexes.create(COLLECTION, "expires_1", {"expires": 1}, expireAfterSeconds=0)

    async def store(self, user_id: str, email: str, token: str, seconds: float) -> None:
        """Keep the address that a user asks for, in place of an earlier one."""
        rows = self._connection.collection(COLLECTION)
        row = {"email": email, "token": token, "expires": now() + timedelta(seconds=seconds)}
        await self._connection.run(
            lambda session: rows.update_one(
                {"_id": user_id}, {"$set": row}, upsert=True, session=session
            )
        )

    async def token(self, user_id: str, email: str) -> str | None:
        """The token that confirms this address for this user; None if it does not wait."""
        found = await self._find({"_id": user_id, "email": email})
        return None if found is None else str(found["token"])

    async def asked(self, token: str) -> tuple[str, str] | None:
        """The user of a token, and the address that it confirms; None if it is unknown."""
        found = await self._find({"token": token})
        return None if found is None else (found["_id"], found["email"])

    async def drop(self, user_id: str) -> None:
        """Forget what a user has asked for."""
        rows = self._connection.collection(COLLECTION)
        await self._connection.run(
            lambda session: rows.delete_one({"_id": user_id}, session=session)
        )

    async def _find(self, where: dict[str, Any]) -> dict[str, Any] | None:
        rows = self._connection.collection(COLLECTION)
        where = {**where, "expires": {"$gt": now()}}
        found: dict[str, Any] | None = await self._connection.run(
            lambda session: rows.find_one(where, session=session)
        )
        return found
