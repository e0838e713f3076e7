"""``CommandTimer``: reports how long each command of MongoDB took, for the figures."""

from collections.abc import Callable

from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
)

Report = Callable[[str, str, float], None]


class CommandTimer(CommandListener):
    """Calls ``report(command, "ok" or "failed", seconds)`` after each command."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def started(self, event: CommandStartedEvent) -> None:
        """Do nothing: the driver measures the time itself."""

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Report a command that was answered."""
        self._report(event.command_name, "ok", event.duration_micros / 1e6)

    def failed(self, event: CommandFailedEvent) -> None:
        """Report a command that was refused or never answered."""
        self._report(event.command_name, "failed", event.duration_micros / 1e6)
