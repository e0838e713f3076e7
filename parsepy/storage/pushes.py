"""Pushes on their way: what is left to send, kept so that no process needs to remember it.

One document for each push, with an owner for a time: one process of many works on a push, and
another goes on from what is written when that one dies.
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
    """A push and how far it is. ``body`` and ``where`` are those of `POST /push`.

    ``legs`` are the parts that are left: offsets from UTC in minutes, None for devices anywhere
    (or, of a push at a ``local`` time, for those that don't say where). Within the first leg
    all installations up to the id ``after`` are settled, and beyond it those in ``settled``;
    ``badges`` are the new badges of the batch under way. ``counts`` tells what came of it.
    """

    id: str
    body: JSONObject
    where: Any
    begun: datetime
    due: datetime
    legs: list[int | None] = field(default_factory=lambda: [None])
    local: datetime | None = None
    after: str = ""
    settled: list[str] = field(default_factory=list)
    badges: dict[str, int] = field(default_factory=dict)
    counts: dict[str, JSONObject] = field(default_factory=dict)


_STATE = ("due", "legs", "after", "settled", "badges", "counts")


def _state_of(work: PushWork) -> Document:
    state = {name: getattr(work, name) for name in _STATE}
    return {**state, "counts": dumps(work.counts).decode(), "badges": dumps(work.badges).decode()}


def _from_document(document: Document) -> PushWork:
    return PushWork(
        id=document["_id"],
        body=loads(document["body"]),
        where=loads(document["where"]),
        begun=document["begun"],
        due=document["due"],
        legs=list(document["legs"]),
        local=document["local"],
        after=document["after"],
        settled=list(document["settled"]),
        badges=loads(document["badges"]),
        counts=loads(document["counts"]),
    )


async def add(storage: Storage, work: PushWork) -> None:
    """Queue a push; in a transaction, with what else is written there."""
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
    await storage.run(
        lambda session: storage.collection(COLLECTION).insert_one(document, session=session)
    )


async def take(storage: Storage, owner: str, seconds: float) -> PushWork | None:
    """A push that is due and that nobody works on; it is ``owner``'s for so long."""
    moment = now()
    document = await storage.run(
        lambda session: storage.collection(COLLECTION).find_one_and_update(
            {"due": {"$lte": moment}, "until": {"$lt": moment}},
            {"$set": {"owner": owner, "until": moment + timedelta(seconds=seconds)}},
            return_document=ReturnDocument.AFTER,
            session=session,
        )
    )
    return None if document is None else _from_document(document)


async def hold(storage: Storage, push_id: str, owner: str, seconds: float) -> bool:
    """Stay the owner for so many seconds more; False if another one is it, or nobody."""
    until = now() + timedelta(seconds=seconds)
    return await _change(storage, push_id, owner, {"until": until})


async def keep(storage: Storage, work: PushWork, owner: str, *, free: bool = False) -> bool:
    """Write down how far a push is; False if it is not ``owner``'s any more.

    ``free``: whoever comes first may go on with it.
    """
    changes = _state_of(work)
    if free:
        changes |= {"owner": None, "until": _FREE}
    return await _change(storage, work.id, owner, changes)


async def _change(storage: Storage, push_id: str, owner: str, changes: Document) -> bool:
    result = await storage.run(
        lambda session: storage.collection(COLLECTION).update_one(
            {"_id": push_id, "owner": owner}, {"$set": changes}, session=session
        )
    )
    return bool(result.matched_count)


async def drop(storage: Storage, push_id: str) -> None:
    """Forget a push that is done with."""
    await storage.run(
        lambda session: storage.collection(COLLECTION).delete_one({"_id": push_id}, session=session)
    )
