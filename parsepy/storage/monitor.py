"""What is told of each command that is sent to MongoDB: its time, its span in a trace."""

from collections.abc import Callable
from typing import Any, Protocol

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


class Spans(Protocol):
    """Records the commands as spans of a trace."""

    def command(self, name: str, database: str, collection: str | None) -> Any:
        """Begin the span of a command."""
        ...

    def end_command(self, span: Any, failure: str | None) -> None:
        """End it; ``failure`` is MongoDB's name of what went wrong."""
        ...

    def measure_command(self, name: str, outcome: str, seconds: float) -> None:
        """Count the command; ``outcome`` is ``ok`` or MongoDB's name of what went wrong."""
        ...


_MOST = 10_000
"""Commands that may be under way; of more, no spans are begun."""


class CommandTracer(CommandListener):
    """Begins and ends the spans; they hold names alone, never what is asked or written."""

    def __init__(self, spans: Spans) -> None:
        self._recorder = spans
        self._spans: dict[tuple[int, int | None], Any] = {}

    def started(self, event: CommandStartedEvent) -> None:
        """Begin the span, below whatever sends the command."""
        if len(self._spans) < _MOST:
            target = event.command.get("collection", event.command.get(event.command_name))
            collection = target if isinstance(target, str) else None
            key = (event.request_id, event.server_connection_id)
            self._spans[key] = self._recorder.command(
                event.command_name, event.database_name, collection
            )

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """End the span of a command that was answered."""
        self._end(event, None)
        self._recorder.measure_command(event.command_name, "ok", event.duration_micros / 1e6)

    def failed(self, event: CommandFailedEvent) -> None:
        """End the span of a command that was refused or never answered."""
        failure = event.failure.get("codeName") or event.failure.get("errtype") or "failed"
        self._end(event, str(failure))
        seconds = event.duration_micros / 1e6
        self._recorder.measure_command(event.command_name, str(failure), seconds)

    def _end(self, event: CommandSucceededEvent | CommandFailedEvent, failure: str | None) -> None:
        span = self._spans.pop((event.request_id, event.server_connection_id), None)
        if span is not None:
            self._recorder.end_command(span, failure)
