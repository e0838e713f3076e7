"""The queue of mails: a document for each, until it is sent and the time to the next one is over.

A mail is asked for by its kind and address. Where mails to an address keep a distance, kind and
address make the id of the document: it stays when the mail is sent, and says when the next one may
go. What is asked about an unknown address leaves one as well (``blank``): both cost the same.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from parsepy.model.values import JSONObject, dumps, loads, new_id, now
from parsepy.storage import Storage
from parsepy.storage.documents import Document
from parsepy.storage.failures import DuplicateKey
from parsepy.storage.queues import FREE, Queue

COLLECTION = "_MailQueue"
_QUEUE = Queue(COLLECTION)
_WAITING = {"done": False}


@dataclass(slots=True, repr=False)
class MailWork:
    """A mail that is to be sent; ``values`` are what it tells, without secrets.

    ``user_id`` is whom it is about, ``locales`` what languages were asked for, best first;
    ``is_fresh`` says that its link is yet to be made. ``version`` counts how often it was asked
    for since it was last sent.
    """

    kind: str
    to: str
    user_id: str
    values: JSONObject = field(default_factory=dict)
    locales: list[str] = field(default_factory=list)
    is_fresh: bool = False
    id: str = ""
    attempts: int = 0
    begun: datetime = field(default_factory=now)
    version: int = 0


def _content(work: MailWork) -> Document:
    return {
        "kind": work.kind,
        "to": work.to,
        "user": work.user_id,
        "values": dumps(work.values).decode(),
        "locales": work.locales,
        "fresh": work.is_fresh,
        "begun": now(),
        "attempts": 0,
        **_WAITING,
    }


def _from_document(document: Document) -> MailWork:
    return MailWork(
        kind=document["kind"],
        to=document["to"],
        user_id=document["user"],
        values=loads(document["values"]),
        locales=list(document["locales"]),
        is_fresh=document["fresh"],
        id=document["_id"],
        attempts=document["attempts"],
        begun=document["begun"],
        version=document["version"],
    )


def _id(kind: str, address: str) -> str:
    # an unknown address is nobody's business, and may be longer than a key
    return f"{kind}:{hashlib.sha256(address.strip().lower().encode()).hexdigest()}"


async def ask(
    storage: Storage, kind: str, address: str, work: MailWork | None, distance: float
) -> bool:
    """Queue a mail unless one of its kind went to the address within ``distance`` seconds.

    ``work`` None: nobody has the address. True if a mail may go, to a known address or not.
    """
    moment = now()
    after = moment + timedelta(seconds=distance)
    content = {"done": True} if work is None else _content(work)
    due = after if work is None else moment
    row = {**content, "blank": work is None, "due": due, "version": 0, **FREE}
    free: list[Document] = [{"done": True, "due": {"$lte": moment}}]
    if work is not None:  # nothing has gone to the address while it was unknown
        free.append({"blank": True})
    rows = storage.connection.collection(COLLECTION)
    document_id = _id(kind, address) if distance else new_id(20)
    try:
        await storage.connection.run(
            lambda session: rows.update_one(
                {"_id": document_id, "$or": free},
                {"$set": row},
                upsert=True,
                session=session,
            )
        )
    except DuplicateKey:
        return False
    return True


async def add(storage: Storage, work: MailWork, distance: float) -> None:
    """Queue a mail that must go, in the current transaction if there is one.

    If one of its kind went to the address within ``distance`` seconds, it goes after these; one
    that waits already is replaced.
    """
    moment = now()
    rows = storage.connection.collection(COLLECTION)
    document_id = _id(work.kind, work.to) if distance else new_id(20)
    if distance:
        await storage.connection.run(
            lambda session: rows.update_one(
                {"_id": document_id, "blank": True},
                {"$set": {"due": moment, "blank": False}},
                session=session,
            )
        )
    await storage.connection.run(
        lambda session: rows.update_one(
            {"_id": document_id},
            {
                "$set": _content(work),
                "$inc": {"version": 1},
                "$setOnInsert": {"due": moment, **FREE},
            },
            upsert=True,
            session=session,
        )
    )


async def take(storage: Storage, owner: str, seconds: float) -> MailWork | None:
    """Take a mail that is due and has no owner, for so many seconds; None if there is none."""
    document = await _QUEUE.take(storage.connection, owner, seconds, _WAITING)
    return None if document is None else _from_document(document)


async def hold(storage: Storage, mail_id: str, owner: str, seconds: float) -> bool:
    """Stay the owner for so many seconds from now; False if ``owner`` is not the owner any more."""
    return await _QUEUE.hold(storage.connection, mail_id, owner, seconds)


async def keep_made(storage: Storage, work: MailWork, owner: str) -> bool:
    """Store that the link of a mail is made; False if ``owner`` is not its owner any more."""
    where = {"version": work.version}
    return await _QUEUE.change(storage.connection, work.id, owner, {"fresh": False}, where)


async def retry(storage: Storage, work: MailWork, owner: str, seconds: float) -> None:
    """Give back a mail that could not be sent; it is tried again after so many seconds."""
    changes = {"due": now() + timedelta(seconds=seconds), **FREE}
    where = {"version": work.version}
    attempts = {"attempts": work.attempts + 1}
    if not await _QUEUE.change(storage.connection, work.id, owner, changes | attempts, where):
        await _QUEUE.change(storage.connection, work.id, owner, changes)


async def finish(storage: Storage, work: MailWork, owner: str, distance: float) -> None:
    """A mail is sent or given up: keep the distance to the next one.

    One that was asked for meanwhile goes when that is over.
    """
    if not distance:
        await _QUEUE.drop(storage.connection, work.id)
        return
    changes = {"due": now() + timedelta(seconds=distance), **FREE}
    # what it told is kept no longer than it is needed
    done = {"done": True, "to": "", "user": "", "values": "{}"}
    where = {"version": work.version}
    if not await _QUEUE.change(storage.connection, work.id, owner, changes | done, where):
        await _QUEUE.change(storage.connection, work.id, owner, changes)


async def prepare(storage: Storage) -> None:
    """See that what is due is found at once, however much waits."""
    await storage.indexes.create(COLLECTION, "due_1", {"due": 1})


async def forget_done(storage: Storage) -> int:
    """Remove what is sent and keeps no other mail waiting; how much that was."""
    rows = storage.connection.collection(COLLECTION)
    where = {"done": True, "due": {"$lte": now()}}
    result = await storage.connection.run(lambda session: rows.delete_many(where, session=session))
    return int(result.deleted_count)


async def waiting(storage: Storage) -> int:
    """Count the mails that are yet to be sent."""
    rows = storage.connection.collection(COLLECTION)
    count: int = await storage.connection.run(
        lambda session: rows.count_documents(_WAITING, session=session)
    )
    return count
