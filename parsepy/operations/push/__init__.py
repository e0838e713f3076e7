"""Pushes: check what `POST /push` asks, store a `_PushStatus`, and queue it (protocol §28.2).

``worker`` sends what is queued, in one process of all.
"""

import hashlib
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from parsepy.backend import RequestContext, master_context
from parsepy.errors import Code, ParseError
from parsepy.model.values import JSONObject, date, dumps, is_number, now, to_iso
from parsepy.operations import save
from parsepy.operations.push import bodies, times
from parsepy.operations.push.times import refuse
from parsepy.storage import pushes
from parsepy.storage.pushes import PushWork

log = logging.getLogger("parsepy.push")
STATUS = "_PushStatus"
AUDIENCE = "_Audience"


@dataclass(frozen=True, slots=True)
class _When:
    """When a push is sent; ``moment`` None: now; ``is_local``: at that time in each time zone."""

    moment: datetime | None = None
    is_local: bool = False
    written: str = ""


def is_configured(context: RequestContext) -> bool:
    """Can this server send pushes?"""
    return context.backend.push is not None


def condition_of(body: JSONObject) -> Any:
    """Read which installations a push is for, as a raw where; raises PUSH_MISCONFIGURED."""
    if "where" in body and "channels" in body:
        raise refuse("Channels and query can not be set at the same time.")
    if "where" in body:
        return body["where"]
    if "channels" in body:
        return {"channels": {"$in": body["channels"]}}
    raise refuse('Sending a push requires either "channels" or a "where" query.')


async def send(context: RequestContext, body: JSONObject) -> str:
    """Queue a push with the rights of the master key; return the id of its `_PushStatus`.

    When this returns, the push is stored and will be sent even if this process dies. Raises
    PUSH_MISCONFIGURED for what can't be sent; an error in the where is written to the status.
    """
    where = condition_of(body)
    if not is_configured(context):
        raise refuse("Missing push configuration")
    begun = now()
    body = {name: value for name, value in body.items() if name not in ("where", "channels")}
    _read_expiry(body, begun)
    when = _read_push_time(body)
    bodies.check_badge(body.get("data"))
    is_scheduled = when.moment is not None and context.config.scheduled_push
    if when.moment is not None and not is_scheduled:
        log.warning("a push asks for a time, but scheduledPush is off: it is sent at once")
    status = _status(body, where, begun, when if is_scheduled else _When())
    backend = context.backend
    saved = await save.create(master_context(backend), STATUS, status)
    work = PushWork(id=saved.object_id, body=body, where=where, begun=begun, due=begun)
    if is_scheduled and when.moment is not None:
        work.due = when.moment
        if when.is_local:
            work.local = when.moment
            work.offsets = times.offsets_at(when.moment)
            work.due = times.due(when.moment, work.offsets[0])
    await pushes.add(backend.storage, work)
    await backend.storage.after_commit(backend.push_queued.set)
    if body.get("audience_id"):
        await _count_use(context, body["audience_id"])
    return saved.object_id


def _read_expiry(body: JSONObject, begun: datetime) -> None:
    """Replace the expiration in the body by milliseconds since 1970."""
    if "expiration_time" in body:
        value = body["expiration_time"]
        moment = times.moment_of(value, _shown(value))
        body["expiration_time"] = times.milliseconds(moment)
    if "expiration_interval" not in body:
        return
    interval = body["expiration_interval"]
    if not is_number(interval) or interval <= 0:
        raise refuse("expiration_interval must be a number greater than 0")
    if interval > times.LATEST:
        raise refuse("expiration_interval must be a number of seconds that a calendar has")
    if body.get("expiration_time"):
        raise refuse("Both expiration_time and expiration_interval cannot be set")
    if "push_time" not in body:
        body["expiration_time"] = times.milliseconds(begun) + int(interval * 1000)


def _read_push_time(body: JSONObject) -> _When:
    if "push_time" not in body:
        return _When()
    value = body["push_time"]
    moment = times.moment_of(value, _shown(value))
    body["push_time"] = times.written(moment, value)
    return _When(moment, times.is_local(value), body["push_time"])


def _status(body: JSONObject, where: Any, begun: datetime, when: _When) -> JSONObject:
    """Make the body of a new `_PushStatus`."""
    data = body.get("data") or {}
    alert = data.get("alert") if isinstance(data, dict) else None
    text = alert.encode() if isinstance(alert, str) else b"" if alert is None else dumps(alert)
    status: JSONObject = {
        "pushTime": when.written or to_iso(begun),
        "query": dumps(where).decode(),
        "payload": dumps(data).decode(),
        "source": "rest",
        "status": "scheduled" if when.moment else "pending",
        "numSent": 0,
        # clients compare it: it says which alert this was, and keeps no secret
        "pushHash": hashlib.md5(text, usedforsecurity=False).hexdigest(),
        "ACL": {},
    }
    for column, name in (
        ("expiry", "expiration_time"),
        ("expiration_interval", "expiration_interval"),
    ):
        if name in body:
            status[column] = body[name]
    return status


async def _count_use(context: RequestContext, audience_id: Any) -> None:
    """Count a use of an audience; one that does not exist is only logged."""
    changes = {"lastUsed": date(now()), "timesUsed": {"__op": "Increment", "amount": 1}}
    try:
        await save.update(context.as_master(), AUDIENCE, str(audience_id), changes)
    except ParseError as error:
        if error.code != Code.OBJECT_NOT_FOUND:
            raise
        log.warning("there is no audience %s", audience_id)


def _shown(value: Any) -> str:
    """Write a value as JavaScript does when it converts one to a string."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ",".join("" if item is None else _shown(item) for item in value)
    return "[object Object]" if isinstance(value, dict) else dumps(value).decode()
