"""Transactions of ``memory:``: one at a time, undone write by write."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from parsepy.storage.memory.comparing import comparable


class CurrentTransaction:
    """The one transaction that runs, and the lock that the next one waits for."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.running: MemorySession | None = None


class MemorySession:
    """As ``AsyncClientSession``: remembers how to undo the writes that are made with it."""

    def __init__(self, current: CurrentTransaction) -> None:
        self.in_transaction = False
        self._current = current
        self._undo: list[Callable[[], Awaitable[None]]] = []
        self._touched: set[tuple[str, Any]] = set()
        self._over = asyncio.Event()

    async def __aenter__(self) -> "MemorySession":
        return self

    async def __aexit__(self, *failure: object) -> None:
        if self.in_transaction:
            await self.abort_transaction()

    async def start_transaction(self) -> None:
        """Begin a transaction as soon as no other one runs."""
        await self._current.lock.acquire()
        self._over.clear()
        self._current.running = self
        self.in_transaction = True

    async def commit_transaction(self) -> None:
        """Make everything stay."""
        self._end()

    async def abort_transaction(self) -> None:
        """Undo every write, the last one first."""
        try:
            for undo in reversed(self._undo):
                await undo()
        finally:
            self._end()

    def _end(self) -> None:
        self.in_transaction = False
        self._undo.clear()
        self._touched.clear()
        self._current.running = None
        self._current.lock.release()
        self._over.set()

    def wrote(self, full_name: str, document_id: Any, undo: Callable[[], Awaitable[None]]) -> None:
        """Remember a write, and how to undo it."""
        if self.in_transaction:
            self._touched.add((full_name, comparable(document_id, False)))
            self._undo.append(undo)

    def holds(self, full_name: str, document_id: Any) -> bool:
        """Has the transaction written this document?"""
        return (full_name, comparable(document_id, False)) in self._touched

    async def ended(self) -> None:
        """Return when the transaction is over."""
        await self._over.wait()
