"""``Lock``: one at a time, over every process that serves the database."""

import asyncio
import random
from types import TracebackType

from parsepy.cloud import current
from parsepy.errors import Code, ParseError

_PAUSE = 0.01  # seconds between two looks


class Lock:
    """See ``Cloud.lock``."""

    def __init__(self, name: str, seconds: float, patience: float) -> None:
        self._name = f"lock:{name}"
        self._seconds = seconds
        self._patience = patience

    async def __aenter__(self) -> None:
        storage = current.backend().storage
        if storage.in_transaction:
            raise RuntimeError("Cloud.lock must be taken before the transaction begins")
        deadline = asyncio.get_running_loop().time() + self._patience
        while not await storage.claims.take(self._name):
            if asyncio.get_running_loop().time() > deadline:
                raise ParseError(Code.SCRIPT_FAILED, "Too many wait for the same; try again.")
            await storage.claims.drop_older(self._name, self._seconds)
            await asyncio.sleep(_PAUSE * random.uniform(0.5, 1.5))

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await asyncio.shield(current.backend().storage.claims.release(self._name))
