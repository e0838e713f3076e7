"""``TRIGGERS``, the table of trigger kinds; ``Triggers``: who handles what; functions, jobs.

A trigger is cloud code that runs *inside* an operation and may change or refuse it. This part
passes neutral events in REST form; `cloud/` wraps them in friendly objects, `operations/hooks.py`
fires them. Handlers are registered once per kind and class: the last one wins (protocol §19).
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Protocol

from parsepy.errors import Code, Interruption, ParseError
from parsepy.model.query import Query
from parsepy.model.values import JSONObject

log = logging.getLogger("parsepy.cloud")

FILE = "@File"
CONFIG = "@Config"
CONNECT = "@Connect"
MAX_DEPTH = 24
"""Cloud code that leads to cloud code stops here; the reference recurses until it falls over."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A line of the table: a trigger's wire name, its decorator, and what it may do.

    ``of`` says for which classes it can be registered: a class name, or "class" for any;
    ``files`` and ``config`` whether it exists for files and for the global config as well.
    """

    name: str
    decorator: str
    of: str
    may_change: bool
    may_refuse: bool
    when: str
    files: bool = False
    config: bool = False


TRIGGERS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "beforeSave",
            "before_save",
            "class",
            True,
            True,
            "an object, file or config is about to be stored",
            files=True,
            config=True,
        ),
        Kind(
            "afterSave",
            "after_save",
            "class",
            True,
            False,
            "it was stored; a JSON value returned replaces the answer",
            files=True,
            config=True,
        ),
        Kind(
            "beforeDelete",
            "before_delete",
            "class",
            False,
            True,
            "an object or file is about to be deleted",
            files=True,
        ),
        Kind("afterDelete", "after_delete", "class", False, False, "it was deleted", files=True),
        Kind(
            "beforeFind",
            "before_find",
            "class",
            True,
            True,
            "a query is about to run; it may be rewritten or answered",
            files=True,
        ),
        Kind(
            "afterFind",
            "after_find",
            "class",
            True,
            True,
            "objects were found; others may be answered",
            files=True,
        ),
        Kind(
            "mayWrite",
            "may_write",
            "class",
            True,
            False,
            "a caller may not make a write; True opens this one (ours)",
        ),
        Kind("beforeLogin", "before_login", "_User", False, True, "a password was right"),
        Kind("afterLogin", "after_login", "_User", False, False, "a session was made"),
        Kind("afterLogout", "after_logout", "_Session", False, False, "a session was ended"),
        Kind(
            "beforePasswordResetRequest",
            "before_password_reset_request",
            "_User",
            False,
            True,
            "a mail with a reset link is about to be sent",
        ),
        Kind("beforeConnect", "before_connect", CONNECT, False, True, "a Live Query client comes"),
        Kind(
            "beforeSubscribe",
            "before_subscribe",
            "class",
            True,
            True,
            "a Live Query client subscribes; the query may be rewritten",
        ),
        Kind(
            "afterEvent",
            "after_live_query_event",
            "class",
            True,
            True,
            "an event is about to reach a client; it may be changed or dropped",
        ),
    )
}


@dataclass(slots=True, kw_only=True)
class Event:
    """What a handler is told, in REST form.

    ``request`` is the ``RequestContext`` (which lies above this part). ``object`` is the state
    that the handler looks at: for beforeSave the ``original`` (None for a create) with
    ``changes`` to come, which hold plain values and ``__op`` operations.
    """

    kind: str
    class_name: str
    request: Any
    object: JSONObject | None = None
    original: JSONObject | None = None
    changes: JSONObject | None = None
    objects: list[JSONObject] | None = None
    query: Query | None = None
    is_get: bool = False
    params: JSONObject | None = None
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Replaced:
    """A beforeFind's answer in place of the database's: objects in REST form."""

    objects: list[JSONObject]


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that cloud code gives in place of the operation's own.

    From a beforeSave: nothing is stored. From a function: with a status and headers.
    """

    content: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class Nothing:
    """What a function answers that returned nothing: not even null."""


NOTHING = Nothing()
Handler = Callable[[Event], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Job:
    """A background job: its handler, and the cron line by which it runs by itself, if any."""

    handler: Handler
    schedule: str | None = None


_FORBIDDEN = {
    ("beforeSave", "_PushStatus"): "_PushStatus can't have a beforeSave: the server counts in it",
}


def check_place(kind: str, class_name: str) -> None:
    """Refuse a trigger where it would never fire, or must not; raises ``ValueError``."""
    line = TRIGGERS.get(kind)
    if line is None:
        raise ValueError(f"there is no trigger {kind}")
    if (kind, class_name) in _FORBIDDEN:
        raise ValueError(_FORBIDDEN[kind, class_name])
    if line.of != "class":
        if class_name != line.of:
            raise ValueError(f"{kind} is for {line.of} only, not for {class_name}")
        return
    if class_name == "_Session":
        raise ValueError("_Session has no trigger but afterLogout")
    if (class_name == FILE and not line.files) or (class_name == CONFIG and not line.config):
        raise ValueError(f"{kind} does not exist for {class_name}")


class Told(Protocol):
    """Whoever is told what became of each call."""

    def ran(self, event: Event, answer: Any) -> None:
        """A handler has answered."""
        ...

    def failed(self, event: Event, error: ParseError) -> None:
        """A handler has refused, or raised something."""
        ...


class Triggers:
    """The registry of one application: triggers, functions and jobs.

    Webhooks lie over cloud code of the same name and survive its reloading.
    """

    def __init__(self, timeout: float | None = None, told: Told | None = None) -> None:
        self.timeout = timeout
        self._told = told
        self.functions: dict[str, Handler] = {}
        self.jobs: dict[str, Job] = {}
        self.receivers: dict[str, Handler] = {}
        self.rate_limits: list[JSONObject] = []
        self._handlers: dict[tuple[str, str], Handler] = {}
        self.webhook_functions: dict[str, Handler] = {}
        self.webhook_triggers: dict[tuple[str, str], Handler] = {}
        self.observers: list[Callable[[Event], None]] = []

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
        try:
            answer = await _bounded(handler, event, label, self.timeout if is_bounded else None)
        except ParseError as error:
            if self._told is not None:
                self._told.failed(event, error)
            raise
        if self._told is not None:
            self._told.ran(event, answer)
        return answer


async def _bounded(handler: Handler, event: Event, label: str, seconds: float | None) -> Any:
    with _one_deeper(label):
        try:
            if seconds is None:
                return await handler(event)
            async with asyncio.timeout(seconds) as limit:
                return await handler(event)
        except (ParseError, Interruption):
            raise
        except TimeoutError as error:
            if seconds is None or not limit.expired():
                raise _failed(label, error, event) from error
            log.error("cloud code: %s did not end within %g s", label, seconds)
            raise ParseError(
                Code.SCRIPT_FAILED, f"{label} did not end within {seconds:g} s."
            ) from error
        except RecursionError as error:
            raise _failed(label, error, event) from error
        except Exception as error:  # whatever an author's code may raise
            raise _failed(label, error, event) from error


_CODES = {
    ("beforeSave", FILE): Code.FILE_SAVE_ERROR,
    ("beforeDelete", FILE): Code.FILE_DELETE_ERROR,
}
"""What an author's exception means to the client, where that is not SCRIPT_FAILED."""


def _failed(label: str, error: BaseException, event: Event) -> ParseError:
    """The client's error for an author's exception; the traceback goes to the log."""
    log.error("cloud code: %s raised %s", label, type(error).__name__, exc_info=error)
    code = _CODES.get((event.kind, event.class_name), Code.SCRIPT_FAILED)
    return ParseError(code, str(error) or "Script failed. Unknown error.")


_CHAIN: ContextVar[tuple[str, ...]] = ContextVar("parsepy_trigger_chain", default=())


@contextmanager
def _one_deeper(label: str) -> Iterator[None]:
    chain = _CHAIN.get()
    if len(chain) >= MAX_DEPTH:
        shown = " → ".join(_shortened(chain))
        log.error("cloud code calls itself without end: %s → %s", shown, label)
        raise ParseError(
            Code.SCRIPT_FAILED,
            f"Cloud code leads to itself more than {MAX_DEPTH} levels deep ({label}).",
        )
    token = _CHAIN.set((*chain, label))
    try:
        yield
    finally:
        _CHAIN.reset(token)


def _shortened(chain: Sequence[str]) -> Sequence[str]:
    return (*chain[:4], "…", *chain[-2:]) if len(chain) > 8 else chain


def depth() -> int:
    """How many levels of cloud code this code runs in."""
    return len(_CHAIN.get())
