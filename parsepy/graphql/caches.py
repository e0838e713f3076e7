"""``Recent``: a cache bounded in number and in size, which forgets what was used longest ago."""

from collections import OrderedDict
from typing import Generic, TypeVar

V = TypeVar("V")


class Recent(Generic[V]):
    """Values by texts; the texts are what is counted for size."""

    def __init__(self, most: int = 1000, most_characters: int = 4_000_000) -> None:
        self._most = most
        self._most_characters = most_characters
        self._characters = 0
        self._values: OrderedDict[str, tuple[V, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: str) -> V | None:
        """The value of a key, if it is known."""
        found = self._values.get(key)
        if found is None:
            return None
        self._values.move_to_end(key)
        return found[0]

    def put(self, key: str, value: V, size: int = 0) -> None:
        """Remember a value; ``size`` are characters beside those of the key."""
        known = self._values.pop(key, None)
        if known is not None:
            self._characters -= known[1]
        size += len(key)
        self._values[key] = (value, size)
        self._characters += size
        while len(self._values) > self._most or self._characters > self._most_characters:
            _, (_, forgotten) = self._values.popitem(last=False)
            self._characters -= forgotten
