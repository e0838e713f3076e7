"""Event transports: how Live Query receives changes (protocol §30.10).

From this process alone, from the change streams of MongoDB, or through Redis.
"""

import asyncio
import inspect
import logging
import re
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from parsepy.backend import Backend
from parsepy.config import ConfigError
from parsepy.errors import ParseError
from parsepy.model.values import JSONObject, dumps, loads
from parsepy.operations import principals, schemas
from parsepy.pubsub import EventTransport, ObjectEvent, Position
from parsepy.storage import Unavailable
from parsepy.storage import schemas as schema_rows
from parsepy.storage.documents import Document
from parsepy.storage.streams import ChangeEvent

log = logging.getLogger("parsepy.livequery")

Deliver = Callable[[ObjectEvent], Awaitable[None]]
# A change in these collections may change what a listener is allowed to see.
_RIGHTS = ("_SCHEMA", "_Session", "_Role", "_User", "_Join:users:_Role", "_Join:roles:_Role")
_RIGHTS_OF_KEY = ("_User",)  # ... only of the user whose id is the document's
_HARMLESS_CREATES = ("_User", "_Session")  # a new document changes no cached rights


class DirectTransport(EventTransport):
    """The writes of this process only, in the order in which they were made; a ``Listener``."""

    def __init__(self, backend: Backend, wants: Callable[[str], bool]) -> None:
        self._events = backend.events
        self.wants = wants
        self._waiting: deque[tuple[float, ObjectEvent]] = deque()
        self._arrived = asyncio.Event()

    async def open(self) -> None:
        """Listen to what ``operations`` stores."""
        self._events.add(self)

    async def close(self) -> None:
        """Listen no more."""
        self._events.remove(self)

    @property
    def behind(self) -> float:
        """The age in seconds of the first event that waits."""
        return time.monotonic() - self._waiting[0][0] if self._waiting else 0.0

    @property
    def missed(self) -> int:
        """None: what is stored is queued at once."""
        return 0

    def publish(self, event: ObjectEvent) -> None:
        """Queue a change for ``run``."""
        self._waiting.append((time.monotonic(), event))
        self._arrived.set()

    def forget(self, user_id: str | None) -> None:
        """Do nothing: this process has dropped its own caches already."""

    async def follow(self, class_name: str) -> None:
        """Do nothing: every class is received."""

    async def run(self, deliver: Deliver) -> None:
        """Deliver events until cancelled."""
        while True:
            while self._waiting:
                await deliver(self._waiting[0][1])
                self._waiting.popleft()
            self._arrived.clear()
            await self._arrived.wait()


class ChangeStreamTransport(EventTransport):
    """Every change committed to the database, by any program; needs a replica set (MongoDB 6).

    ``wants``: does this process have listeners to a class; ``is_live``: may a class have any.
    """

    def __init__(
        self,
        backend: Backend,
        class_names: tuple[str, ...],
        wants: Callable[[str], bool],
        is_live: Callable[[str], bool],
    ) -> None:
        self._backend = backend
        self._names = class_names
        self._wants = wants
        self._is_live = is_live
        rights = "|".join(map(re.escape, _RIGHTS))
        # of what lies in a database besides classes (parts of files, join tables) nothing is sent
        self._stream = backend.storage.stream(
            f"(?=[A-Za-z_][A-Za-z0-9_]*$)(?:{'|'.join(class_names)})|{rights}"
        )
        self._images = backend.storage.images()
        self._failed = 0
        self._begun: Position | None = None
        self._done: Position | None = None

    async def open(self) -> None:
        """Open the stream, before the first request is served, so that no change is missed."""
        await self._stream.open()

    async def close(self) -> None:
        """Do nothing: the end of ``run`` has closed the stream."""

    @property
    def behind(self) -> float:
        """The age in seconds of what the stream has still to bring."""
        return self._stream.behind

    @property
    def missed(self) -> int:
        """How often events were lost for good."""
        return self._stream.missed + self._failed

    @property
    def begun(self) -> Position | None:
        """The place of the last change whose delivery has begun."""
        return self._begun

    @property
    def position(self) -> Position | None:
        """The place up to which all changes have been delivered."""
        if self._begun != self._done:
            return self._done
        return max(filter(None, (self._done, self._stream.reached)), default=None)

    def history(self, start: Position, end: Position) -> AsyncIterator[ObjectEvent]:
        """Yield the events of live classes after one place, up to another one."""
        return self._history(start, end)

    async def _history(self, start: Position, end: Position) -> AsyncIterator[ObjectEvent]:
        async for change in self._stream.history(start, end):
            if change.kind not in ("drop", "modify") and self._is_live(change.collection):
                event = await self._event(change)
                if event is not None:
                    yield event

    async def follow(self, class_name: str) -> None:
        """Have MongoDB keep the states before and after each change of this class from now on."""
        schema = await schemas.existing(self._backend, class_name)
        # a class that is not there yet is made only if the options name it to the letter
        make = schema.exists or class_name in self._names
        await self._images.keep(class_name, make=make)

    async def run(self, deliver: Deliver) -> None:
        """Deliver events until cancelled."""

        async def handle(change: ChangeEvent) -> None:
            try:
                await self._handle(change, deliver)
            except Unavailable:
                raise  # the change comes again
            except Exception:  # around each change: one that fails must not stop the next ones
                log.exception("a change of %s can't be told to listeners", change.collection)
                self._failed += 1

        await self._stream.run(handle)

    async def _handle(self, change: ChangeEvent, deliver: Deliver) -> None:
        name = change.collection
        self._begun = change.place
        if name in _RIGHTS:
            self._forget(change)
        if change.kind in ("drop", "modify"):
            self._images.note(change)
            if self._is_live(name) and self._wants(name):
                await self._images.keep(name, make=False)
        elif self._is_live(name) and self._wants(name):
            change = await self._images.complete(change)
            event = await self._event(change)
            if event is not None:
                await deliver(event)
            self._images.note(change)
        self._done = self._begun

    async def _event(self, change: ChangeEvent) -> ObjectEvent | None:
        """The event of a completed change; None if it is not known what there was, or is."""
        name = change.collection
        schema = await schemas.existing(self._backend, name)
        storage = self._backend.storage

        def as_object(document: Document | None) -> JSONObject | None:
            return None if document is None else storage.as_object(schema, document)

        item, original = as_object(change.document), as_object(change.before)
        at = change.place
        if change.kind == "delete":
            return None if original is None else ObjectEvent("delete", name, original, None, at)
        if change.kind == "create":
            return None if item is None else ObjectEvent("create", name, item, None, at)
        if item is None:
            item = await storage.get(schema, str(change.key))
        # without an object it has been deleted since then, which comes next
        return None if item is None else ObjectEvent("update", name, item, original, at)

    def _forget(self, change: ChangeEvent) -> None:
        backend = self._backend
        collection, is_new = change.collection, change.kind == "create"
        if collection == schema_rows.COLLECTION:
            backend.schemas.loaded_at = 0.0  # read again at the next look
        elif collection not in _HARMLESS_CREATES:
            forget(backend, None)
        elif not is_new:
            is_one = collection in _RIGHTS_OF_KEY and change.key is not None
            forget(backend, str(change.key) if is_one else None)


class RedisTransport(EventTransport):
    """Publish to and receive from Redis, in the channels and messages of Parse Server (§30.10)."""

    def __init__(
        self, backend: Backend, url: str, options: dict[str, Any], is_live: Callable[[str], bool]
    ) -> None:
        from redis.asyncio import Redis

        if "database" in options:  # as Parse Server's client calls it
            options["db"] = options.pop("database")
        unknown = options.keys() - inspect.signature(Redis.__init__).parameters.keys()
        if unknown:
            names = ", ".join(sorted(unknown))
            raise ConfigError([f"liveQuery.redisOptions: redis-py has no option {names}"])
        self._backend = backend
        self.wants = is_live
        self._client: Any = Redis.from_url(url, **options)
        app_id = backend.config.app_id
        self._saved, self._deleted = f"{app_id}afterSave", f"{app_id}afterDelete"
        self._cleared = f"{app_id}clearCache"
        self._out: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()
        self._listening: Any = None
        self._away_since: float | None = None
        self._missed = 0

    async def open(self) -> None:
        """Subscribe to the channels, then listen to what ``operations`` stores."""
        self._listening = self._client.pubsub(ignore_subscribe_messages=True)
        await self._listening.subscribe(self._saved, self._deleted, self._cleared)
        self._backend.events.add(self)

    async def follow(self, class_name: str) -> None:
        """Do nothing: every class is received."""

    def publish(self, event: ObjectEvent) -> None:
        """Queue a change for its channel."""

        def full(item: JSONObject) -> JSONObject:
            return {**item, "className": event.class_name, "__type": "Object"}

        message = {"currentParseObject": full(event.object)}
        if event.original is not None:
            message["originalParseObject"] = full(event.original)
        channel = self._deleted if event.operation == "delete" else self._saved
        self._out.put_nowait((channel, dumps(message)))

    def forget(self, user_id: str | None) -> None:
        """Queue a message that makes every process drop what it caches of a user."""
        self._out.put_nowait((self._cleared, dumps({"userId": user_id})))

    async def run(self, deliver: Deliver) -> None:
        """Publish this process's events and deliver all published ones, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._send())
            group.create_task(self._receive(deliver))

    async def close(self) -> None:
        """Listen no more, and close the connections."""
        self._backend.events.remove(self)
        if self._listening is not None:
            await self._listening.aclose()
        await self._client.aclose()

    @property
    def behind(self) -> float:
        """For how many seconds Redis has been away."""
        return 0.0 if self._away_since is None else time.monotonic() - self._away_since

    @property
    def missed(self) -> int:
        """How often events were lost for good."""
        return self._missed

    async def _send(self) -> None:
        from redis.exceptions import RedisError

        while True:
            channel, message = await self._out.get()
            try:
                await self._client.publish(channel, message)
            except (RedisError, OSError) as error:
                log.error("an event could not be published to Redis: %s", error)
                self._missed += 1

    async def _receive(self, deliver: Deliver) -> None:
        from redis.exceptions import RedisError

        while True:
            try:
                message = await self._listening.get_message(timeout=None)
            except (RedisError, OSError) as error:
                log.error("Redis can't be reached, events are missed: %s", error)
                if self._away_since is None:
                    self._away_since = time.monotonic()
                    self._missed += 1
                await asyncio.sleep(1)
                continue
            self._away_since = None
            if message is not None:
                await self._take(message["channel"].decode(), message["data"], deliver)

    async def _take(self, channel: str, data: bytes, deliver: Deliver) -> None:
        try:
            message = loads(data)
            if channel == self._cleared:
                forget(self._backend, message.get("userId"))
                return
            event = _event_of(message, is_deletion=channel == self._deleted)
        except (ParseError, AttributeError, KeyError, TypeError) as error:
            log.error("a message in Redis is not one of Live Query: %s", error)
            return
        await deliver(event)


def _event_of(message: JSONObject, *, is_deletion: bool) -> ObjectEvent:
    def bare(item: JSONObject) -> JSONObject:
        return {k: v for k, v in item.items() if k not in ("className", "__type")}

    item, original = message["currentParseObject"], message.get("originalParseObject")
    if is_deletion:
        return ObjectEvent("delete", item["className"], bare(item))
    operation = "create" if original is None else "update"
    before = None if original is None else bare(original)
    return ObjectEvent(operation, item["className"], bare(item), before)  # type: ignore[arg-type]  # one of two literals


def forget(backend: Backend, user_id: str | None) -> None:
    """Drop what this process alone has cached of a user's rights; of everybody's for None."""
    if user_id is None:
        principals.drop_everybody(backend)
    else:
        principals.drop_user(backend, user_id)


def transport_of(
    backend: Backend, wants: Callable[[str], bool], is_live: Callable[[str], bool]
) -> EventTransport:
    """Make the transport that the options ask for: Redis if named, else ``liveQuery.carrier``.

    ``wants``: does this process have listeners to a class; ``is_live``: may a class have any.
    Raises ``ConfigError`` for unknown options of Redis.
    """
    options = backend.config.live_query
    assert options is not None
    if options.redis_url is not None:
        return RedisTransport(
            backend, options.redis_url, dict(options.redis_options or {}), is_live
        )
    if options.carrier == "changeStreams":
        return ChangeStreamTransport(backend, options.class_names, wants, is_live)
    return DirectTransport(backend, wants)
