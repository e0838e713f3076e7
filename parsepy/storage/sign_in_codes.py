"""Codes that are mailed for a log-in: one an address, good for minutes, with a number of tries.

The code itself is not here: it is made of ``issue`` and a key of the server's. What is asked for an
unknown address leaves such a document, too, so that both cost the same.
"""

import contextlib
import hashlib
from datetime import timedelta

from pymongo import ReturnDocument

from parsepy.model.values import new_id, now
from parsepy.storage import Storage
from parsepy.storage.failures import DuplicateKey

COLLECTION = "_SignInCode"


async def issue(storage: Storage, address: str, seconds: float, renewed: float) -> str:
    """The issue of the code that is good for the address: the last one, or else a new one.

    A new one comes into force where none is good for ``renewed`` seconds yet; it is good for
    ``seconds``, and its tries begin anew.
    """
    await storage.indexes.create(COLLECTION, "expires_1", {"expires": 1}, expireAfterSeconds=0)
    rows, moment = storage.connection.collection(COLLECTION), now()
    where = {"_id": _id(address), "expires": {"$lt": moment + timedelta(seconds=renewed)}}
    made = {"issue": new_id(20), "tries": 0, "expires": moment + timedelta(seconds=seconds)}
    with contextlib.suppress(DuplicateKey):  # there is one that is good for longer
        await storage.connection.run(
            lambda session: rows.update_one(where, {"$set": made}, upsert=True, session=session)
        )
    found = await storage.connection.run(
        lambda session: rows.find_one({"_id": _id(address)}, session=session)
    )
    return str((found or made)["issue"])


async def begin_try(storage: Storage, address: str, most: int) -> str | None:
    """Count a try; the issue of the code to compare with, None if there is no try left."""
    rows = storage.connection.collection(COLLECTION)
    where = {"_id": _id(address), "expires": {"$gt": now()}, "tries": {"$lt": most}}
    found = await storage.connection.run(
        lambda session: rows.find_one_and_update(
            where, {"$inc": {"tries": 1}}, return_document=ReturnDocument.AFTER, session=session
        )
    )
    return None if found is None else str(found["issue"])


async def use_up(storage: Storage, address: str, issue_id: str) -> bool:
    """Take the code away; False if another log-in has used it meanwhile."""
    rows = storage.connection.collection(COLLECTION)
    where = {"_id": _id(address), "issue": issue_id}
    result = await storage.connection.run(lambda session: rows.delete_one(where, session=session))
    return bool(result.deleted_count)


def _id(address: str) -> str:
    # an unknown address is nobody's business, and may be longer than a key
    return hashlib.sha256(address.encode("utf-8", "replace")).hexdigest()
