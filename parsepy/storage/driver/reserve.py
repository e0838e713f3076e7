"""``reserved``: work that must not wait for a connection while other work has taken them all.

A pool has a few connections beyond ``maxPoolSize``, which only such work may take: sign-in, the
schemas that every request needs, and whether there is a database at all.
"""

from contextvars import ContextVar, Token
from types import TracebackType

CONNECTIONS = 20
"""How many there are beside those of ``maxPoolSize``."""
IS_RESERVED: ContextVar[bool] = ContextVar("parsepy_reserved", default=False)
CLASSES = frozenset(("_User", "_Session", "_Role"))
"""What sign-in reads and writes."""


class reserved:
    """Do what is inside with a connection in reserve, if no other is left."""

    __slots__ = ("_token",)

    def __enter__(self) -> None:
        """Begin."""
        self._token: Token[bool] = IS_RESERVED.set(True)

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        """End."""
        IS_RESERVED.reset(self._token)
