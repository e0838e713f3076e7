"""``MessageQueue``: the messages of one websocket, handled one after the other."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from time import perf_counter

from parsepy.http.websocket import Socket

MAX_WAITING = 64
"""Messages of a client that may wait to be handled; with more, reading pauses."""
MAX_WAITING_BYTES = 64 * 1024
"""Bytes of waiting messages above which reading pauses as well."""
_TURN = 0.002
"""Seconds for which the messages of one client are handled before others have their turn."""


class MessageQueue:
    """The messages of one client, handled one after the other; while many wait, reading pauses."""

    def __init__(self, socket: Socket, handle: Callable[[bytes], Awaitable[None]]) -> None:
        self._socket = socket
        self._handle = handle
        self._waiting: deque[bytes] = deque()
        self._size = 0  # bytes that wait
        self._task: asyncio.Task[None] | None = None
        self._is_closed = False

    def put(self, text: bytes) -> None:
        """Have a message handled after those before it."""
        self._waiting.append(text)
        self._size += len(text)
        if len(self._waiting) >= MAX_WAITING or self._size > MAX_WAITING_BYTES:
            self._socket.pause()
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        begun = perf_counter()
        try:
            while self._waiting and not self._is_closed:
                if len(self._waiting) == MAX_WAITING // 2 and self._size <= MAX_WAITING_BYTES:
                    self._socket.resume()
                text = self._waiting.popleft()
                self._size -= len(text)
                await self._handle(text)
                if perf_counter() - begun > _TURN:
                    await asyncio.sleep(0)
                    begun = perf_counter()
        finally:
            self._task = None
            self._socket.resume()

    def close(self) -> None:
        """Drop what waits, and handle no more messages."""
        self._is_closed = True
        self._waiting.clear()
        self._size = 0
