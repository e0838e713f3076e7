"""How many bytes of the database's replies a read of many documents takes into memory."""

from contextvars import ContextVar
from dataclasses import dataclass

most: ContextVar[int | None] = ContextVar("most", default=None)
"""The most that a read may receive after its first reply (16 MB), in this context; None: all."""


@dataclass(slots=True)
class Received:
    """Counts the bytes of replies."""

    size: int = 0


def receive_at_most(size: int | None) -> None:
    """Bound the reads of many documents that are made in this context from now on."""
    most.set(size)


received: ContextVar[Received | None] = ContextVar("received", default=None)
"""What counts the replies of this context, if anything does."""
