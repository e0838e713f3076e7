"""Event transports: how Live Query receives changes (protocol §30.10).

From this process alone, from the change streams of MongoDB, or through Redis.
"""

import asyncio
import inspect
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any

from parsepy.backend import Backend
from parsepy.config import ConfigError
from parsepy.errors import ParseError
from parsepy.model.values import JSONObject, dumps, loads
from parsepy.operations import principals, schemas
from parsepy.pubsub import EventTransport, ObjectEvent
from parsepy.storage import schemas as schema_rows
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
        self._queue: asyncio.Queue[ObjectEvent] = asyncio.Queue()

    async def open(self) -> None:
        """Listen to what ``operations`` stores."""
        self._events.add(self)

    def publish(self, event: ObjectEvent) -> None:
        """Queue a change for ``run``."""
        self._queue.put_nowait(event)

    def forget(self, user_id: str | None) -> None:
        """Do nothing: this process has dropped its own caches already."""

    async def follow(self, class_name: str) -> None:
        """Do nothing: every class is received."""

    async def run(self, deliver: Deliver) -> None:
        """Deliver events until cancelled."""
        try:
            while True:
                await deliver(await self._queue.get())
        finally:
            self._events.remove(self)


class ChangeStreamTransport(EventTransport):
    """Every change committed to the database, by any program; needs a replica set (MongoDB 6)."""

    def __init__(self, backend: Backend, class_names: tuple[str, ...]) -> None:
        self._backend = backend
        self._followed: set[str] = set()
        names = "|".join((*class_names, *map(re.escape, _RIGHTS)))
        self._names = class_names
        self._stream = backend.storage.stream(names)
        self._live = re.compile("|".join(f"(?:{name})" for name in class_names))

    async def open(self) -> None:
        """Open the stream, before the first request is served, so that no change is missed."""
        await self._stream.open()

    async def follow(self, class_name: str) -> None:
        """Have MongoDB keep the states before and after each change of this class from now on."""
        if class_name in self._followed:
            return
        schema = await schemas.existing(self._backend, class_name)
        # a class that is not there yet is made only if the options name it to the letter
        make = schema.exists or class_name in self._names
        if await self._backend.storage.keep_images(class_name, make=make):
            self._followed.add(class_name)

    async def run(self, deliver: Deliver) -> None:
        """Deliver events until cancelled."""

        async def handle(change: ChangeEvent) -> None:
            if change.collection in _RIGHTS:
                self._forget(change)
            if self._live.fullmatch(change.collection):
                if change.kind == "create":
                    await self.follow(change.collection)
                event = await self._event(change)
                if event is not None:
                    await deliver(event)

        await self._stream.run(handle)

    async def _event(self, change: ChangeEvent) -> ObjectEvent | None:
        schema = await schemas.existing(self._backend, change.collection)
        storage = self._backend.storage
        now = change.document if change.kind != "delete" else change.before
        if now is None and change.kind == "update":
            found = await storage.get(schema, str(change.key))
            if found is None:
                return None
        elif now is None:
            return None
        else:
            found = storage.as_object(schema, now)
        before = change.before if change.kind == "update" else None
        original = None if before is None else storage.as_object(schema, before)
        return ObjectEvent(change.kind, change.collection, found, original)

    def _forget(self, change: ChangeEvent) -> None:
        backend = self._backend
        collection, is_new = change.collection, change.kind == "create"
        if collection == schema_rows.COLLECTION:
            backend.schemas.loaded_at = 0.0  # read again at the next look
        elif collection not in _HARMLESS_CREATES:
            forget(backend, None)
        elif not is_new:
            user = str(change.key) if collection in _RIGHTS_OF_KEY else None
            forget(backend, user)


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
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._send())
                group.create_task(self._receive(deliver))
        finally:
            self._backend.events.remove(self)
            await self._listening.aclose()
            await self._client.aclose()

    async def _send(self) -> None:
        from redis.exceptions import RedisError

        while True:
            channel, message = await self._out.get()
            try:
                await self._client.publish(channel, message)
            except (RedisError, OSError) as error:
                log.error("an event could not be published to Redis: %s", error)

    async def _receive(self, deliver: Deliver) -> None:
        from redis.exceptions import RedisError

        while True:
            try:
                message = await self._listening.get_message(timeout=None)
            except (RedisError, OSError) as error:
                log.error("Redis can't be reached, events are missed: %s", error)
                await asyncio.sleep(1)
                continue
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
        return ChangeStreamTransport(backend, options.class_names)
    return DirectTransport(backend, wants)
