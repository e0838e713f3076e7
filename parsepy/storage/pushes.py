"""The queue of pushes: a document for each, with what is left to send and who sends it.

A push has an owner for some seconds: one process of many sends it. When that process dies,
another one becomes the owner and continues from what is stored.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pymongo import ReturnDocument

from parsepy.model.values import JSONObject, dumps, loads, now
from parsepy.storage import Storage
from parsepy.storage.documents import Document

COLLECTION = "_PushQueue"
_FREE = datetime(1970, 1, 1)


@dataclass(slots=True)
class PushWork:
    """A push and its progress. ``body`` and ``where`` are those of `POST /push`.

    ``offsets`` are the groups of devices that are left, as offsets from UTC in minutes. None is
    all devices; in a push at a ``local`` time, those without a known time zone. In the first
    group, all installations up to the id ``after`` and those in ``settled`` are done; ``badges``
    are the new badges of the current batch, ``counts`` the outcomes so far.
    """

    id: str
    body: JSONObject
    where: Any
    begun: datetime
    due: datetime
    offsets: list[int | None] = field(default_factory=lambda: [None])
    local: datetime | None = None
    after: str = ""
    settled: list[str] = field(default_factory=list)
    badges: dict[str, int] = field(default_factory=dict)
    counts: dict[str, JSONObject] = field(default_factory=dict)


def _state_of(work: PushWork) -> Document:
    return {
        "due": work.due,
        "legs": work.offsets,
        "after": work.after,
        "settled": work.settled,
        "badges": dumps(work.badges).decode(),
        "counts": dumps(work.counts).decode(),
    }


def _from_document(document: Document) -> PushWork:
    return PushWork(
        id=document["_id"],
        body=loads(document["body"]),
        where=loads(document["where"]),
        begun=document["begun"],
        due=document["due"],
        offsets=list(document["legs"]),
        local=document["local"],
        after=document["after"],
        settled=list(document["settled"]),
        badges=loads(document["badges"]),
        counts=loads(document["counts"]),
    )


async def add(storage: Storage, work: PushWork) -> None:
    """Queue a push, in the current transaction if there is one."""
    document: Document = {
        "_id": work.id,
        "body": dumps(work.body).decode(),
        "where": dumps(work.where).decode(),
        "begun": work.begun,
        "local": work.local,
        "owner": None,
        "until": _FREE,
        **_state_of(work),
    }
    rows = storage.connection.collection(COLLECTION)
    await storage.connection.run(lambda session: rows.insert_one(document, session=session))


async def take(storage: Storage, owner: str, seconds: float) -> PushWork | None:
    """Take a push that is due and has no owner, for so many seconds; None if there is none."""
    moment = now()
    rows = storage.connection.collection(COLLECTION)
    document = await storage.connection.run(
        lambda session: rows.find_one_and_update(
            {"due": {"$lte": moment}, "until": {"$lt": moment}},
            {"$set": {"owner": owner, "until": moment + timedelta(seconds=seconds)}},
            return_document=ReturnDocument.AFTER,
            session=session,
        )
    )
    return None if document is None else _from_document(document)


async def hold(storage: Storage, push_id: str, owner: str, seconds: float) -> bool:
    """Stay the owner for so many seconds from now; False if ``owner`` is not the owner any more."""
    until = now() + timedelta(seconds=seconds)
    return await _change(storage, push_id, owner, {"until": until})


async def keep(storage: Storage, work: PushWork, owner: str, *, free: bool = False) -> bool:
    """Store the progress of a push; False if ``owner`` is not its owner any more.

    With ``free`` the push has no owner afterwards, and any process may take it.
    """
    changes = _state_of(work)
    if free:
        changes |= {"owner": None, "until": _FREE}
    return await _change(storage, work.id, owner, changes)


async def _change(storage: Storage, push_id: str, owner: str, changes: Document) -> bool:
    rows = storage.connection.collection(COLLECTION)
    result = await storage.connection.run(
        lambda session: rows.update_one(
            {"_id": push_id, "owner": owner}, {"$set": changes}, session=session
        )
    )
    return bool(result.matched_count)


async def drop(storage: Storage, push_id: str) -> None:
    """Remove a push that has ended from the queue."""
    rows = storage.connection.collection(COLLECTION)
    await storage.connection.run(lambda session: rows.delete_one({"_id": push_id}, session=session))
