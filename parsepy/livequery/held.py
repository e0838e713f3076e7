"""``HeldFrames``: live events of a subscription that wait until those before them are told."""

from parsepy.pubsub import Position

MOST_HELD = 1000
"""Frames of a subscription that may wait."""
MOST_BYTES = 64 * 1024 * 1024
"""Bytes of frames that may wait in all subscriptions together; what many wait for counts once."""


class HeldTogether:
    """Counts the bytes that wait in all subscriptions of a process."""

    def __init__(self) -> None:
        self.size = 0
        self._counts: dict[int, int] = {}  # how many hold a text, by its identity

    def put(self, text: bytes) -> None:
        """Count a text that one more holds."""
        count = self._counts.get(id(text), 0)
        self._counts[id(text)] = count + 1
        if not count:
            self.size += len(text)

    def remove(self, text: bytes) -> None:
        """Count a text that one holds no more."""
        count = self._counts.pop(id(text)) - 1
        if count:
            self._counts[id(text)] = count
        else:
            self.size -= len(text)


class HeldFrames:
    """The frames of one subscription; when there are too many, all are forgotten (``is_over``)."""

    __slots__ = ("_frames", "_together", "is_over")

    def __init__(self, together: HeldTogether) -> None:
        self._together = together
        self._frames: list[tuple[Position | None, bytes, bytes]] = []
        self.is_over = False

    def put(self, place: Position | None, head: bytes, rest: bytes) -> None:
        """Hold a frame, of whose ``rest`` others may hold the same."""
        if self.is_over:
            return
        self._together.put(rest)
        self._frames.append((place, head, rest))
        if len(self._frames) > MOST_HELD or self._together.size > MOST_BYTES:
            self.is_over = True
            self.take()

    def take(self) -> list[tuple[Position | None, bytes, bytes]]:
        """The frames in their order, which wait no more."""
        frames, self._frames = self._frames, []
        for _, _, rest in frames:
            self._together.remove(rest)
        return frames
