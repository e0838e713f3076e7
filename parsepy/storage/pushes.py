"""The queue of pushes: a document for each, with what is left to send and who sends it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from parsepy.model.values import MOST_VALUES, JSONObject, dumps, loads
from parsepy.storage import Storage
from parsepy.storage.documents import Document
from parsepy.storage.queues import FREE, Queue

COLLECTION = "_PushQueue"
_QUEUE = Queue(COLLECTION)


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
        body=loads(document["body"], MOST_VALUES),
        where=loads(document["where"], MOST_VALUES),
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
        **_state_of(work),
    }
    await _QUEUE.add(storage.connection, document)


async def take(storage: Storage, owner: str, seconds: float) -> PushWork | None:
    """Take a push that is due and has no owner, for so many seconds; None if there is none."""
    document = await _QUEUE.take(storage.connection, owner, seconds)
    return None if document is None else _from_document(document)


async def hold(storage: Storage, push_id: str, owner: str, seconds: float) -> bool:
    """Stay the owner for so many seconds from now; False if ``owner`` is not the owner any more."""
    return await _QUEUE.hold(storage.connection, push_id, owner, seconds)


async def keep(storage: Storage, work: PushWork, owner: str, *, free: bool = False) -> bool:
    """Store the progress of a push; False if ``owner`` is not its owner any more.

    With ``free`` the push has no owner afterwards, and any process may take it.
    """
    changes = _state_of(work)
    if free:
        changes |= FREE
    return await _QUEUE.change(storage.connection, work.id, owner, changes)


async def drop(storage: Storage, push_id: str) -> None:
    """Remove a push that has ended from the queue."""
    await _QUEUE.drop(storage.connection, push_id)
