"""``Commands``: tells how long each command of MongoDB took; only where somebody asks for it."""

from collections.abc import Callable

from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
)

Tell = Callable[[str, str, float], None]


class Commands(CommandListener):
    """Calls ``tell(command, "ok" or "failed", seconds)`` after each command."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell

    def started(self, event: CommandStartedEvent) -> None:
        """Nothing is known yet."""

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """A command was answered."""
        self._tell(event.command_name, "ok", event.duration_micros / 1e6)

    def failed(self, event: CommandFailedEvent) -> None:
        """A command was refused, or never answered."""
        self._tell(event.command_name, "failed", event.duration_micros / 1e6)
