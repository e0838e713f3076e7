"""``Triggers``: which handlers an application has, and how each is called."""

import inspect
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, ParamSpec, Protocol, TypeVar

from parsepy.errors import Code, Interruption, ParseError
from parsepy.model.values import JSONObject
from parsepy.triggers.deadlines import Deadline, Deadlines
from parsepy.triggers.events import AroundDeleteEvent, AroundSaveEvent, Event, Handler
from parsepy.triggers.table import FILE, check_place

log = logging.getLogger("parsepy.cloud")
P = ParamSpec("P")
T = TypeVar("T")

MAX_DEPTH = 24
"""Cloud code that leads to cloud code stops here; the reference recurses until it falls over."""


@dataclass(frozen=True, slots=True)
class Job:
    """A background job: its handler, and when it runs by itself, if it does.

    That is a cron line, and a handler that answers the next moment (or None).
    """

    handler: Handler
    schedule: str | None = None
    next_run: Handler | None = None


class TriggerLog(Protocol):
    """Is notified of what became of each call of a handler."""

    def completed(self, event: Event, answer: Any) -> None:
        """A handler has answered."""
        ...

    def refused(self, event: Event, error: ParseError) -> None:
        """A handler has refused."""
        ...

    def crashed(self, event: Event, label: str, error: BaseException) -> None:
        """A handler has raised what is no refusal, or did not end in time."""
        ...


DECLARED = "declared_fields"
"""The attribute of a handler that has the fields which its validator declares."""


def said_of(handler: Handler) -> tuple[str, Mapping[str, tuple[str, bool]]]:
    """What an author's function says of itself: its documentation, and its declared fields."""
    doc = inspect.getdoc(handler) if hasattr(handler, "__wrapped__") else None
    return doc or "", handler.__dict__.get(DECLARED, {}) if hasattr(handler, "__dict__") else {}


class Triggers:
    """The registry of one application: triggers, functions and jobs.

    Webhooks lie over cloud code of the same name and survive its reloading.
    """

    def __init__(self, timeout: float | None = None, trigger_log: TriggerLog | None = None) -> None:
        self.timeout = timeout
        self._log = trigger_log
        self.functions: dict[str, Handler] = {}
        self.jobs: dict[str, Job] = {}
        self.receivers: dict[str, Handler] = {}
        self.rate_limits: list[JSONObject] = []
        self.definitions: list[JSONObject] = []
        """Classes that cloud code wants made, in the form of a schema template."""
        self._handlers: dict[tuple[str, str], Handler] = {}
        self.webhook_functions: dict[str, Handler] = {}
        self.webhook_triggers: dict[tuple[str, str], Handler] = {}
        self.trace: Callable[[str, Mapping[str, str]], AbstractContextManager[None]] | None = None
        """Makes a span of each call, where traces are recorded."""
        self.observers: list[Callable[[Event], None]] = []
        self._deadlines = Deadlines()
        self.on_mistake: list[Callable[[str], None]] = []
        """Told each line that is logged of an author's mistake."""

    def add(self, kind: str, class_name: str, handler: Handler) -> None:
        """Register a handler; one that was there is replaced with a warning.

        Raises ``ValueError`` for a kind that the class can't have.
        """
        check_place(kind, class_name)
        if (kind, class_name) in self._handlers:
            log.warning("%s of %s is registered twice: the last one counts", kind, class_name)
        self._handlers[kind, class_name] = handler

    def adopt(self, other: "Triggers") -> None:
        """Take over what ``other`` registered in place of the own cloud code, at once."""
        self._handlers = other._handlers
        self.functions = other.functions
        self.jobs = other.jobs
        self.receivers = other.receivers
        self.rate_limits = other.rate_limits
        self.definitions = other.definitions

    def told(self) -> list[tuple[str, str, str]]:
        """Every trigger of cloud code: kind, class, and what its documentation says."""
        return [(*place, said_of(handler)[0]) for place, handler in self._handlers.items()]

    def has(self, kind: str, class_name: str) -> bool:
        """Does anything handle this?"""
        key = (kind, class_name)
        return key in self._handlers or key in self.webhook_triggers

    def function(self, name: str) -> Handler | None:
        """The function of that name; a whole-name look-up, nothing is resolved."""
        return self.webhook_functions.get(name) or self.functions.get(name)

    def registered(self) -> list[tuple[str, str]]:
        """Every (kind, class) that is handled."""
        return sorted({*self._handlers, *self.webhook_triggers})

    async def run(self, event: Event) -> Any:
        """Call the handler of an event, if there is one, and answer what it answers.

        Raises ``ParseError``: the handler's own, or SCRIPT_FAILED for any other failure
        (FILE_SAVE_ERROR, FILE_DELETE_ERROR before a file is stored or deleted).
        """
        key = (event.kind, event.class_name)
        handler = self.webhook_triggers.get(key) or self._handlers.get(key)
        if handler is None:
            return None
        return await self.call(handler, event, f"{event.kind} of {event.class_name}")

    async def call(
        self, handler: Handler, event: Event, label: str, *, is_bounded: bool = True
    ) -> Any:
        """Call a handler, a function's or job's as well: bounded in depth and (if so) time."""
        for observe in self.observers:
            observe(event)
        token = None
        try:
            token = _CHAIN.set(_deeper(label))
            seconds = self.timeout if is_bounded else None
            if self.trace is None:
                answer = await self._answered(handler, event, label, seconds)
            else:
                with self.trace(label_of(event), {"parse.trigger": event.kind}):
                    answer = await self._answered(handler, event, label, seconds)
        except (ParseError, Interruption) as error:
            if isinstance(error, ParseError) and not error.was_logged and self._log is not None:
                self._log.refused(event, error)
            raise
        except (Exception, SystemExit) as error:  # whatever an author's code may raise
            if self._log is not None:
                self._log.crashed(event, label, error)
            raise _failed(error, event) from error
        finally:
            if token is not None:
                _CHAIN.reset(token)
        if self._log is not None:
            self._log.completed(event, answer)
        return answer

    def _answered(
        self, handler: Handler, event: Event, label: str, seconds: float | None
    ) -> Awaitable[Any]:
        """What a handler answers; it has so many seconds, if any, once it waits for something."""
        if seconds is None:
            return handler(event)
        if isinstance(event, AroundSaveEvent | AroundDeleteEvent):
            return self._around(handler, event, label, seconds)
        return self._deadlines.bounded(handler(event), label, seconds)

    async def _around(
        self,
        handler: Handler,
        event: AroundSaveEvent | AroundDeleteEvent,
        label: str,
        seconds: float,
    ) -> Any:
        with self._deadlines.within(seconds, label) as deadline:
            match event:
                case AroundSaveEvent():
                    event.proceed = _not_counted(deadline, event.proceed)
                case AroundDeleteEvent():
                    event.proceed = _not_counted(deadline, event.proceed)
            return await handler(event)


def _not_counted(deadline: Deadline, call: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """The call, during which the time stands still: the triggers inside have limits of their own.

    Cancelling a write in its midst would leave nobody knowing whether it was made.
    """

    def run(*args: P.args, **kwargs: P.kwargs) -> Awaitable[T]:
        return deadline.standing_still(lambda: call(*args, **kwargs))

    return run


def label_of(event: Event) -> str:
    """What an event is called in a line of the log: ``beforeSave of Game``."""
    kind = _LABELS.get(event.kind)
    return f"{event.kind} of {event.class_name}" if kind is None else f"{kind} {event.class_name}"


_LABELS = {
    "function": "the function",
    "job": "the job",
    "receiver": "the receiver",
    "nextRun": "the next run of",
}


_CODES = {
    ("beforeSave", FILE): Code.FILE_SAVE_ERROR,
    ("beforeDelete", FILE): Code.FILE_DELETE_ERROR,
}
"""What an author's exception means to the client, where that is not SCRIPT_FAILED."""


def failure_code(event: Event) -> Code:
    """The code of a failure that names none, by where it happened."""
    return _CODES.get((event.kind, event.class_name), Code.SCRIPT_FAILED)


def _failed(error: BaseException, event: Event) -> ParseError:
    """The client's error for an author's exception, which is in the log."""
    text = str(error) or "Script failed. Unknown error."
    if isinstance(error, KeyError) and len(error.args) == 1:  # whose text is the key alone
        key = error.args[0]
        text = key if isinstance(key, str) and " " in key else f"there is no key {key!r}"
    if isinstance(error, SystemExit):
        text = f"Cloud code called sys.exit({'' if error.code is None else error.code!r})."
    failure = ParseError(failure_code(event), text)
    failure.was_logged = True
    return failure


_CHAIN: ContextVar[tuple[str, ...]] = ContextVar("parsepy_trigger_chain", default=())


def _deeper(label: str) -> tuple[str, ...]:
    """The calls that have led to this one, and itself; raises SCRIPT_FAILED for too many."""
    chain = _CHAIN.get()
    if len(chain) >= MAX_DEPTH:
        shown = " → ".join(_shortened(chain))
        log.error("cloud code calls itself without end: %s → %s", shown, label)
        raise ParseError(
            Code.SCRIPT_FAILED,
            f"Cloud code leads to itself more than {MAX_DEPTH} levels deep ({label}).",
        )
    return (*chain, label)


def _shortened(chain: Sequence[str]) -> Sequence[str]:
    return (*chain[:4], "…", *chain[-2:]) if len(chain) > 8 else chain
