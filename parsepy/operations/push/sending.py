"""``Sending``: send one push in batches, beginning where the last process stopped.

A message is sent, then its outcome is stored, and only then is another one begun in its place.
If the process dies, the messages without a stored outcome are sent again: at most as many as
are sent at the same time. They have the same ids as the first time (docs/push.md).
"""

import asyncio
import logging
import re
from collections.abc import Coroutine
from functools import partial
from typing import Any

from parsepy.backend import Backend, RequestContext, master_context
from parsepy.errors import Code, Interruption, ParseError
from parsepy.model import where as wheres
from parsepy.model.query import Query, simple
from parsepy.model.values import JSONObject, now, stamp
from parsepy.model.where import Constraint, Where
from parsepy.operations import access, find, save, schemas
from parsepy.operations.push import STATUS, bodies, times
from parsepy.operations.queues import LEASE, Lease
from parsepy.push.base import Message, Outcome
from parsepy.storage import pushes
from parsepy.storage.pushes import PushWork

log = logging.getLogger("parsepy.push")
_MESSAGES = 50  # sent at the same time for one push
_INSTALLATION = "_Installation"
_KIND = re.compile(r"[\w -]{1,40}")  # a device type that is counted under its own name
_KINDS = 100  # so many of them are counted under their own names
_OTHER_KINDS = "other"


class _OwnershipLost(Exception):
    """Another process owns this push, or may own it."""


class Sending:
    """Sends one push that this process owns, until ``until`` on the monotonic clock or longer."""

    def __init__(self, backend: Backend, work: PushWork, owner: str, until: float) -> None:
        self._backend = backend
        self._context: RequestContext = master_context(backend)
        self._work = work
        self._owner = owner
        renew = partial(pushes.hold, backend.storage, work.id, owner, LEASE)
        self._lease = Lease(f"push {work.id}", renew, until, log)
        self._stopping = False
        self._has_warned = False
        self._places = asyncio.Semaphore(_MESSAGES)
        self._writing = asyncio.Lock()
        self._counted = self._written = 0
        self._begun = times.milliseconds(work.begun)

    def stop(self) -> None:
        """Begin no further messages; another process may take what is left."""
        self._stopping = True

    @property
    def _is_over(self) -> bool:
        return self._stopping or self._lease.is_over

    async def run(self) -> None:
        """Send all that is due now; never raises: errors go to the log and the `_PushStatus`."""
        async with self._lease.renewed():
            await self._run()

    async def _run(self) -> None:
        try:
            await self._send()
        except _OwnershipLost:
            log.warning("push %s: another process continues it", self._work.id)
        except ParseError as error:
            log.error("push %s failed: %s", self._work.id, error)
            await self._attempt(self._fail(error))
        except Interruption as error:
            log.error("push %s is interrupted: %s", self._work.id, error)
        except Exception as error:  # a push that fails must not stop the others
            log.exception("push %s failed", self._work.id)
            shown = ParseError(Code.INTERNAL_SERVER_ERROR, f"{type(error).__name__}: {error}")
            await self._attempt(self._fail(shown))

    async def _attempt(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except (ParseError, Interruption) as error:
            log.error("push %s: its status can't be written: %s", self._work.id, error)

    # --- parts and batches ----------------------------------------------------------------------

    async def _send(self) -> None:
        work = self._work
        if not await self._exists():
            log.info("push %s: its status was deleted, so it is not sent", work.id)
            return await pushes.drop(self._backend.storage, work.id)
        # another process may just have stored the first installation, or one with new columns
        await schemas.load(self._backend, within=0)
        while work.offsets:
            if work.local is not None:
                work.due = times.due(work.local, work.offsets[0])
                if work.due > now():
                    await self._keep(free=True)
                    return None
            if not await self._send_to_offset(work.offsets[0]):
                await self._keep(free=True)
                return None
            work.offsets.pop(0)
            work.after, work.settled, work.badges = "", [], {}
            await self._keep()
        await self._write_status({"status": "succeeded", "count": {"__op": "Delete"}})
        await pushes.drop(self._backend.storage, work.id)
        return None

    async def _exists(self) -> bool:
        return bool(await schemas.lookup(self._backend, STATUS, {"objectId": self._work.id}))

    async def _send_to_offset(self, offset: int | None) -> bool:
        """Send to all installations at an offset; False if the server stops in between."""
        where = self._where(offset)
        size = self._size
        left = await self._count(where)
        if left:
            await self._write_status({"status": "running", "count": -(-left // size)})
        while True:
            batch = await self._batch(where)
            if not batch:
                return True
            await self._raise_badges(batch)
            await self._send_batch(batch, offset)
            if self._stopping:
                return False
            self._work.after = batch[-1]["objectId"]
            self._work.settled, self._work.badges = [], {}
            await self._keep()
            left = max(left - len(batch), 0)
            await self._write_status({"status": "running", "count": -(-left // size)})

    @property
    def _size(self) -> int:
        push = self._backend.config.push
        return push.batch_size if push is not None else 1

    def _where(self, offset: int | None) -> Where:
        where = wheres.parse(self._work.where, privileged=True)
        raw = self._work.where
        if "deviceToken" not in raw:
            where = (*where, Constraint("deviceToken", (("$exists", True),)))
        if self._work.local is not None:
            test = "$nin" if offset is times.UNKNOWN_ZONE else "$in"
            names = times.zones(self._work.local, offset)
            where = (*where, Constraint("timeZone", ((test, names),)))
        return where

    def _rest(self, where: Where) -> Where:
        """Narrow a where to the installations that are not done yet."""
        if not self._work.after:
            return where
        return (*where, Constraint("objectId", (("$gt", self._work.after),)))

    async def _count(self, where: Where) -> int:
        query = Query(_INSTALLATION, where=self._rest(where), limit=0, count=True)
        return (await find.find(self._context, query)).count or 0

    async def _batch(self, where: Where) -> list[JSONObject]:
        query = Query(
            _INSTALLATION, where=self._rest(where), order=(("objectId", 1),), limit=self._size
        )
        found = (await find.find(self._context, query)).objects
        # a beforeFind may have changed the query: installations that are done are left out
        ahead = [item for item in found if item["objectId"] > self._work.after]
        return sorted(ahead, key=lambda item: str(item["objectId"]))

    async def _raise_badges(self, batch: list[JSONObject]) -> None:
        """Set the new badges of a batch's installations; repeated, it changes nothing.

        They are stored with the push first; then each is set where the old badge is unchanged.
        """
        data = self._work.body.get("data")
        badge = data.get("badge") if isinstance(data, dict) else None
        amount = bodies.increment(data)
        if not badge or (amount is None and not isinstance(badge, (int, float))):
            return
        unplanned = [item for item in batch if item["objectId"] not in self._work.badges]
        for item in unplanned:
            new = (
                bodies.bounded(badge)
                if amount is None
                else bodies.raised(item.get("badge"), amount)
            )
            self._work.badges[item["objectId"]] = new
        if unplanned:
            await self._keep()
        groups: dict[tuple[Any, int], list[str]] = {}
        for item in batch:
            planned = self._work.badges.get(item["objectId"])
            if planned is not None and item.get("badge") != planned:
                groups.setdefault((item.get("badge"), planned), []).append(item["objectId"])
        schema = await schemas.existing(self._backend, _INSTALLATION)
        for (old, new), ids in groups.items():
            if amount is not None and old is not None and old != int(new - amount):
                continue  # the app has set another one since it was planned
            known: JSONObject = {"$exists": False} if old is None else {"$eq": old}
            query = simple(_INSTALLATION, {"objectId": {"$in": ids}, "badge": known})
            changes = {"badge": new, "updatedAt": stamp()}
            await self._backend.storage.update_many(schema, query.where, changes)

    # --- messages -------------------------------------------------------------------------------

    async def _send_batch(self, batch: list[JSONObject], offset: int | None) -> None:
        settled = set(self._work.settled)
        gone: list[str] = []
        tasks: set[asyncio.Task[None]] = set()
        try:
            for device in batch:
                if device["objectId"] in settled:
                    continue
                await self._places.acquire()
                if self._is_over or any(task.done() and task.exception() for task in tasks):
                    self._places.release()
                    break
                tasks.add(asyncio.create_task(self._send_one(device, offset, gone)))
            if tasks:
                await asyncio.wait(tasks)
        except asyncio.CancelledError:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            raise
        failures = [failure for task in tasks if (failure := task.exception()) is not None]
        if failures:
            raise failures[0]
        if gone and self._backend.config.cleanup_invalid_installations:
            await self._forget(gone)
        if self._is_over and not self._stopping:
            raise _OwnershipLost

    async def _send_one(self, device: JSONObject, offset: int | None, gone: list[str]) -> None:
        """Send one message and store its outcome; only then may another one begin."""
        try:
            outcome = await self._outcome(device)
            self._work.settled.append(device["objectId"])
            if outcome is not None:
                self._add(outcome, offset)
                if outcome.is_gone:
                    gone.append(str(device.get("deviceToken")))
            await self._store_outcomes()
        finally:
            self._places.release()

    async def _outcome(self, device: JSONObject) -> Outcome | None:
        sender = self._backend.push
        assert sender is not None
        message = Message(self._work.id, self._body_for(device), device, self._begun)
        try:
            outcome = await sender.send(message)
        except Exception as error:  # an adapter is the operator's own code
            if not self._has_warned:
                log.exception("push %s: a message could not be sent", self._work.id)
            self._has_warned = True
            outcome = Outcome(
                False, str(device.get("deviceType")), f"{type(error).__name__}: {error}"
            )
        if outcome is not None and not outcome.transmitted:
            log.info(
                "push %s: installation %s: %s",
                self._work.id,
                device["objectId"],
                outcome.error,
            )
        return outcome

    def _body_for(self, device: JSONObject) -> JSONObject:
        body = self._work.body
        data = body.get("data")
        if isinstance(data, dict):
            shown = bodies.localized(data, device)
            if bodies.increment(data) is not None:
                shown = {**shown, "badge": self._work.badges.get(device["objectId"])}
            body = {**body, "data": shown}
        interval = body.get("expiration_interval")
        if interval and "push_time" in body:
            expires = times.milliseconds(self._work.due) + int(interval * 1000)
            body = {**body, "expiration_time": expires}
        return body

    def _add(self, outcome: Outcome, offset: int | None) -> None:
        """Add an outcome to the counts, which are those of `_PushStatus`."""
        counts = self._work.counts
        total, by = ("numSent", "sent") if outcome.transmitted else ("numFailed", "failed")
        numbers = counts.setdefault("totals", {})
        numbers[total] = numbers.get(total, 0) + 1
        kinds = counts.setdefault(f"{by}PerType", {})
        kind = self._counted_as(outcome.device_type, kinds)
        kinds[kind] = kinds.get(kind, 0) + 1
        if offset is not None:
            offsets = counts.setdefault(f"{by}PerUTCOffset", {})
            shown = times.shown_offset(offset)
            offsets[shown] = offsets.get(shown, 0) + 1

    def _counted_as(self, device_type: str, known: JSONObject) -> str:
        """Choose the name under which a device type is counted.

        Clients may choose any types: one that cannot be a key, or one of too many, must not make
        the push fail.
        """
        # neither a dot nor a dollar may stand in a key
        kind = device_type.replace(".", "_").replace("$", "_")
        if kind in known:
            return kind
        if not _KIND.fullmatch(kind) or len(known) >= _KINDS:
            return _OTHER_KINDS
        try:
            access.check_keywords(self._context, {kind: 0})
        except ParseError:
            return _OTHER_KINDS
        return kind

    async def _forget(self, tokens: list[str]) -> None:
        """Remove tokens that the provider has dropped from their installations."""
        log.info("push %s: %d device tokens are gone", self._work.id, len(tokens))
        schema = await schemas.existing(self._backend, _INSTALLATION)
        query = simple(_INSTALLATION, {"deviceToken": {"$in": tokens}})
        changes = {"deviceToken": {"__op": "Delete"}, "updatedAt": stamp()}
        await self._backend.storage.update_many(schema, query.where, changes)

    # --- what is stored -------------------------------------------------------------------------

    async def _store_outcomes(self) -> None:
        """Store all outcomes so far; calls at the same time share one write."""
        self._counted += 1
        mine = self._counted
        async with self._writing:
            if self._written < mine:
                covered = self._counted
                await self._store()
                self._written = covered

    async def _keep(self, *, free: bool = False) -> None:
        async with self._writing:
            await self._store(free=free)

    async def _store(self, *, free: bool = False) -> None:
        if not await pushes.keep(self._backend.storage, self._work, self._owner, free=free):
            self._lease.end()
            raise _OwnershipLost

    async def _write_status(self, changes: JSONObject) -> None:
        """Write the changes and the counts into `_PushStatus`, unless it was deleted."""
        counts = {name: value for name, value in self._work.counts.items() if name != "totals"}
        values = {**changes, **self._work.counts.get("totals", {}), **counts}
        try:
            await save.update(self._context, STATUS, self._work.id, values)
        except ParseError as error:
            if error.code != Code.OBJECT_NOT_FOUND:
                raise

    async def _fail(self, error: ParseError) -> None:
        shown = {"code": int(error.code), "message": error.message}
        await self._write_status({"status": "failed", "errorMessage": shown})
        await pushes.drop(self._backend.storage, self._work.id)
