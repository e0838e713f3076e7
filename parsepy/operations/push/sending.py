"""``Sending``: one push, in batches, from where the last process stopped.

A message is sent, then written down as settled, and only then does another one take its place.
Whenever the process dies, those are sent again of which no outcome was written: as many as are
under way at once, at most. They carry the same ids as the first time (docs/push.md).
"""

import asyncio
import logging
import re
import time
from collections.abc import Coroutine
from typing import Any

from parsepy.backend import Backend, RequestContext, master_context
from parsepy.errors import Code, Interruption, ParseError
from parsepy.model import where as wheres
from parsepy.model.query import Query, simple
from parsepy.model.values import JSONObject, now, stamp
from parsepy.model.where import Constraint, Where
from parsepy.operations import access, find, save, schemas
from parsepy.operations.push import STATUS, bodies, times
from parsepy.push.base import Message, Outcome
from parsepy.storage import pushes
from parsepy.storage.pushes import PushWork

log = logging.getLogger("parsepy.push")
LEASE = 10.0
"""Seconds without a word after which a process counts as dead, and another takes its pushes."""
_MESSAGES = 50  # under way at once for one push
_INSTALLATION = "_Installation"
_KIND = re.compile(r"[\w -]{1,40}")  # a type of devices that is counted by its name
_KINDS = 100  # of them, counted one by one
_OTHER_KINDS = "other"


class _Lost(Exception):
    """Another process has this push, or may have it."""


class Sending:
    """One push, while it is ours."""

    def __init__(self, backend: Backend, work: PushWork, owner: str, until: float) -> None:
        self._backend = backend
        self._context: RequestContext = master_context(backend)
        self._work = work
        self._owner = owner
        self._until = until
        self._stopping = False
        self._has_warned = False
        self._places = asyncio.Semaphore(_MESSAGES)
        self._writing = asyncio.Lock()
        self._noted = self._written = 0
        self._begun = times.milliseconds(work.begun)

    def stop(self) -> None:
        """Begin no message more, and leave the rest to whoever comes."""
        self._stopping = True

    @property
    def _is_over(self) -> bool:
        return self._stopping or time.monotonic() >= self._until

    async def run(self) -> None:
        """Send all that is due now; what went wrong is in the log and in the status."""
        holding = asyncio.create_task(self._hold())
        try:
            await self._send()
        except _Lost:
            log.warning("push %s: another process goes on with it", self._work.id)
        except ParseError as error:
            log.error("push %s failed: %s", self._work.id, error)
            await self._attempt(self._fail(error))
        except Interruption as error:
            log.error("push %s is interrupted: %s", self._work.id, error)
        except Exception as error:  # one that can't be sent must not end the others
            log.exception("push %s failed", self._work.id)
            shown = ParseError(Code.INTERNAL_SERVER_ERROR, f"{type(error).__name__}: {error}")
            await self._attempt(self._fail(shown))
        finally:
            holding.cancel()
            await asyncio.gather(holding, return_exceptions=True)

    async def _attempt(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except (ParseError, Interruption) as error:
            log.error("push %s: its status can't be written: %s", self._work.id, error)

    async def _hold(self) -> None:
        """Stay the owner."""
        storage = self._backend.storage
        while True:
            await asyncio.sleep(LEASE / 4)
            moment = time.monotonic()
            try:
                if not await pushes.hold(storage, self._work.id, self._owner, LEASE):
                    self._until = 0.0
                    return
            except Interruption as error:
                log.warning("push %s: can't be held: %s", self._work.id, error)
                continue
            self._until = moment + LEASE

    # --- parts and batches ----------------------------------------------------------------------

    async def _send(self) -> None:
        work = self._work
        if not await self._exists():
            log.info("push %s: its status was deleted, so it is not sent", work.id)
            return await pushes.drop(self._backend.storage, work.id)
        # another process may just have stored the first installation, or one with new columns
        await schemas.load(self._backend, within=0)
        while work.legs:
            if work.local is not None:
                work.due = times.due(work.local, work.legs[0])
                if work.due > now():
                    await self._keep(free=True)
                    return None
            if not await self._send_leg(work.legs[0]):
                await self._keep(free=True)
                return None
            work.legs.pop(0)
            work.after, work.settled, work.badges = "", [], {}
            await self._keep()
        await self._tell({"status": "succeeded", "count": {"__op": "Delete"}})
        await pushes.drop(self._backend.storage, work.id)
        return None

    async def _exists(self) -> bool:
        return bool(await schemas.lookup(self._backend, STATUS, {"objectId": self._work.id}))

    async def _send_leg(self, leg: int | None) -> bool:
        """Send to all installations of a leg; False if the server stops in between."""
        where = self._where(leg)
        size = self._size
        left = await self._count(where)
        if left:
            await self._tell({"status": "running", "count": -(-left // size)})
        while True:
            batch = await self._batch(where)
            if not batch:
                return True
            await self._raise_badges(batch)
            await self._send_batch(batch, leg)
            if self._stopping:
                return False
            self._work.after = batch[-1]["objectId"]
            self._work.settled, self._work.badges = [], {}
            await self._keep()
            left = max(left - len(batch), 0)
            await self._tell({"status": "running", "count": -(-left // size)})

    @property
    def _size(self) -> int:
        push = self._backend.config.push
        return push.batch_size if push is not None else 1

    def _where(self, leg: int | None) -> Where:
        where = wheres.parse(self._work.where, privileged=True)
        raw = self._work.where
        if "deviceToken" not in raw:
            where = (*where, Constraint("deviceToken", (("$exists", True),)))
        if self._work.local is not None:
            test = "$nin" if leg is times.ELSEWHERE else "$in"
            names = times.zones(self._work.local, leg)
            where = (*where, Constraint("timeZone", ((test, names),)))
        return where

    def _rest(self, where: Where) -> Where:
        """What of a leg is not behind us."""
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
        # a beforeFind may have changed the query: whatever it answers, we go forward
        ahead = [item for item in found if item["objectId"] > self._work.after]
        return sorted(ahead, key=lambda item: str(item["objectId"]))

    async def _raise_badges(self, batch: list[JSONObject]) -> None:
        """Give the installations of a batch their new badges, once however often this is run.

        They are written down first; then each is set where the old one still stands.
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

    async def _send_batch(self, batch: list[JSONObject], leg: int | None) -> None:
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
                tasks.add(asyncio.create_task(self._send_one(device, leg, gone)))
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
            raise _Lost

    async def _send_one(self, device: JSONObject, leg: int | None, gone: list[str]) -> None:
        """Send one message and write down how it went; its place is free only then."""
        try:
            outcome = await self._outcome(device)
            self._work.settled.append(device["objectId"])
            if outcome is not None:
                self._add(outcome, leg)
                if outcome.is_gone:
                    gone.append(str(device.get("deviceToken")))
            await self._note()
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

    def _add(self, outcome: Outcome, leg: int | None) -> None:
        """Count an outcome as `_PushStatus` counts."""
        counts = self._work.counts
        total, by = ("numSent", "sent") if outcome.transmitted else ("numFailed", "failed")
        numbers = counts.setdefault("totals", {})
        numbers[total] = numbers.get(total, 0) + 1
        kinds = counts.setdefault(f"{by}PerType", {})
        kind = self._counted_as(outcome.device_type, kinds)
        kinds[kind] = kinds.get(kind, 0) + 1
        if leg is not None:
            offsets = counts.setdefault(f"{by}PerUTCOffset", {})
            offset = times.shown_offset(leg)
            offsets[offset] = offsets.get(offset, 0) + 1

    def _counted_as(self, device_type: str, known: JSONObject) -> str:
        """The name under which a type of devices is counted.

        Clients name the types of their installations as they like: what can't be a key, or would
        be one too many, must not keep a push from all others.
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
        """Take tokens that the provider knows no more from their installations."""
        log.info("push %s: %d device tokens are gone", self._work.id, len(tokens))
        schema = await schemas.existing(self._backend, _INSTALLATION)
        query = simple(_INSTALLATION, {"deviceToken": {"$in": tokens}})
        changes = {"deviceToken": {"__op": "Delete"}, "updatedAt": stamp()}
        await self._backend.storage.update_many(schema, query.where, changes)

    # --- what is written ------------------------------------------------------------------------

    async def _note(self) -> None:
        """Return when all outcomes so far are written; who comes together shares one write."""
        self._noted += 1
        mine = self._noted
        async with self._writing:
            if self._written < mine:
                covered = self._noted
                await self._store()
                self._written = covered

    async def _keep(self, *, free: bool = False) -> None:
        async with self._writing:
            await self._store(free=free)

    async def _store(self, *, free: bool = False) -> None:
        if not await pushes.keep(self._backend.storage, self._work, self._owner, free=free):
            self._until = 0.0
            raise _Lost

    async def _tell(self, changes: JSONObject) -> None:
        """Write the state into `_PushStatus`; one that was deleted is no error."""
        counts = {name: value for name, value in self._work.counts.items() if name != "totals"}
        values = {**changes, **self._work.counts.get("totals", {}), **counts}
        try:
            await save.update(self._context, STATUS, self._work.id, values)
        except ParseError as error:
            if error.code != Code.OBJECT_NOT_FOUND:
                raise

    async def _fail(self, error: ParseError) -> None:
        shown = {"code": int(error.code), "message": error.message}
        await self._tell({"status": "failed", "errorMessage": shown})
        await pushes.drop(self._backend.storage, self._work.id)
