"""``Resumptions``: a client that comes back is told what it missed, by what it was told last.

Each event carries its place among all changes (``since``). Who subscribes with it gets the events
after it, read from MongoDB, and then the live ones, which are held meanwhile. All who come
while one reading goes on share the next one, so that a restart costs a few readings.
"""

import asyncio
import dataclasses
import logging
import time
from collections.abc import Collection

from parsepy.backend import Backend
from parsepy.errors import Code, ParseError
from parsepy.livequery import protocol
from parsepy.livequery.clients import Follower, LiveClient
from parsepy.livequery.delivery import Delivery
from parsepy.livequery.held import HeldFrames, HeldTogether
from parsepy.livequery.rights import Principals
from parsepy.livequery.subscriptions import Compile, Subscription, SubscriptionIndex
from parsepy.model.values import JSONObject
from parsepy.pubsub import EventTransport, Position

log = logging.getLogger("parsepy.livequery")

MOST_READ = 200_000
"""Changes that one reading may have."""
REACHED_SECONDS = 30.0
"""How often clients that go on by ``since`` are told how far events have come."""
NO_PLACES = "Only change streams keep what was missed; events come by another way here."
TOO_LATE = "This lies further back than what is kept, or is no place."
GATHER_SECONDS = 0.05
"""For so long a reading waits for further clients who come back."""


class Resumptions:
    """Tells those who come back what they have missed; ``window`` are the seconds back at most."""

    def __init__(
        self,
        backend: Backend,
        transport: EventTransport,
        compile_where: Compile,
        who: Principals,
        clients: Collection[LiveClient | Follower],
        window: float,
    ) -> None:
        self._backend = backend
        self._transport = transport
        self._compile = compile_where
        self._who = who
        self._clients = clients
        self._window = window
        self._together = HeldTogether()
        self._waiting: list[tuple[Subscription, Position]] = []
        self._task: asyncio.Task[None] | None = None
        self._telling: asyncio.Task[None] | None = None
        self.readings = 0
        """How often changes were read again."""

    @property
    def waiting(self) -> int:
        """How many bytes of live events wait for those before them."""
        return self._together.size

    def open(self) -> None:
        """Begin to tell clients that go on by ``since`` how far events have come."""
        self._telling = asyncio.get_running_loop().create_task(self._tell_how_far())

    async def close(self) -> None:
        """Tell nothing more."""
        tasks = [task for task in (self._task, self._telling) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _tell_how_far(self) -> None:
        while True:
            await asyncio.sleep(REACHED_SECONDS)
            position = self._transport.position
            if position is not None:
                told = protocol.reached(position)
                for client in list(self._clients):
                    if isinstance(client, LiveClient) and client.goes_on:
                        client.tell_reached(told)

    def begin(self, subscription: Subscription, since: str | None) -> JSONObject | None:
        """What a new subscription is told of ``since``; None if it has not asked.

        ``resumed``: are the events after it told first, before those that are held from now on?
        They are not if it lies too far back, or there are no places (``reason``). Called before the
        subscription gets its first event.
        """
        if since is None or not self._window:
            return None
        client: LiveClient = subscription.client
        client.goes_on = True
        start, now = protocol.position_of(since), self._transport.position
        if now is None:
            return {"resumed": False, "reason": NO_PLACES}
        answer: JSONObject = {"resumed": False, "since": protocol.since_of(now)}
        if start is not None and time.time() - start[0] <= self._window:
            answer["resumed"] = True
            subscription.after = start
            subscription.held = HeldFrames(self._together)
            self._waiting.append((subscription, start))
            if self._task is None:
                self._task = asyncio.get_running_loop().create_task(self._run())
        elif since:
            answer["reason"] = TOO_LATE
        return answer

    async def _run(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(GATHER_SECONDS)
                batch, self._waiting = self._waiting, []
                try:
                    await self._tell(batch)
                except Exception:  # around each reading: these have to ask, later ones may not
                    log.exception("what %d subscriptions have missed is not known", len(batch))
                    for subscription, _ in batch:
                        self._fail(subscription)
        finally:
            self._task = None

    async def _tell(self, batch: list[tuple[Subscription, Position]]) -> None:
        # what begins after this is delivered live, to subscriptions that are there already
        places = (self._transport.begun, self._transport.position)
        end = max(filter(None, places), default=None)
        if end is not None:
            index = SubscriptionIndex(self._compile)
            shadows = {}
            for subscription, start in batch:
                shadow = dataclasses.replace(subscription, query=None, held=None, after=start)
                shadows[shadow] = subscription
                index.add(shadow)
            delivery = Delivery(
                self._backend, index, self._who, self._clients, lambda shadow, _: None
            )
            read, first = 0, min(start for _, start in batch)
            self.readings += 1
            if first < end:
                async for event in self._transport.history(first, end):
                    await delivery.deliver(event)
                    read += 1
                    if read > MOST_READ:
                        raise RuntimeError(f"more than {MOST_READ} changes")
                    for shadow in [each for each, own in shadows.items() if own.query is None]:
                        del shadows[shadow]  # it has been ended meanwhile
                        index.remove(shadow)
        for subscription, start in batch:
            self._release(subscription, start if end is None else max(start, end))

    def _release(self, subscription: Subscription, told: Position) -> None:
        """Send what was held, but for what has been told."""
        held, subscription.after = subscription.held, told
        if held is None or held.is_over:
            self._fail(subscription)
            return
        subscription.held = None
        client: LiveClient = subscription.client
        for place, head, rest in held.take():
            if place is None or place > told:
                client.socket.send_shared(head, rest)

    def _fail(self, subscription: Subscription) -> None:
        """Say that events are missing; the subscription goes on with the next one."""
        if subscription.held is not None:
            subscription.held.take()
        subscription.held = None
        error = ParseError(Code.TIMEOUT, "What was missed can't be told: query again.")
        client: LiveClient = subscription.client
        if subscription.query is not None:
            told = protocol.error(error.code, error.message, subscription.request_id)
            client.socket.send(told)
