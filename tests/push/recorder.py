"""A push adapter for tests: takes every message, and keeps it to be looked at."""

import asyncio

from parsepy.push.base import Message, Outcome


class adapter:
    """Sends to nobody; `sent` holds the messages in their order."""

    def __init__(self) -> None:
        self.sent: asyncio.Queue[Message] = asyncio.Queue()

    async def send(self, message: Message) -> Outcome:
        """Take one message."""
        await self.sent.put(message)
        return Outcome(True, str(message.device["deviceType"]))

    async def next(self) -> Message:
        """The next message that goes out."""
        async with asyncio.timeout(20):
            return await self.sent.get()
