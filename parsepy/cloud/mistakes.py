"""Mistakes of authors that Python lets pass: told with the hook, the line and the request.

A coroutine that nobody awaits, a datetime without a time zone, a field set as an attribute.
"""

import inspect
import logging
import os
import sys
import warnings
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from parsepy.backend import context_of
from parsepy.triggers import Event, label_of

log = logging.getLogger("parsepy.cloud")


@dataclass(slots=True)
class Running:
    """What runs: an author's function, for an event."""

    event: Event
    function: Callable[..., Any]


RUNNING: ContextVar[Running | None] = ContextVar("parsepy_running", default=None)
_LOADING: ContextVar[bool] = ContextVar("parsepy_loading", default=False)
_REFUSING: ContextVar[bool] = ContextVar("parsepy_refusing_mistakes", default=False)
_HOUSE = str(Path(__file__).resolve().parents[1]) + os.sep
_LIBRARY = str(Path(logging.__file__).resolve().parents[1]) + os.sep
_OTHERS = (_HOUSE, _LIBRARY, "<")
_HANDLERS = f"{_HOUSE}cloud{os.sep}handlers.py"
_SITE = "site-packages"
_UNTOUCHED = inspect.CORO_CREATED
_UNKNOWN = "line unknown"


class CloudMistake(Exception):
    """What the test kit raises for a mistake that a server logs as a warning."""


@contextmanager
def refusing() -> Iterator[None]:
    """Let mistakes made outside of hooks raise ``CloudMistake``, as the test kit does."""
    token = _REFUSING.set(True)
    try:
        yield
    finally:
        _REFUSING.reset(token)


@contextmanager
def loading() -> Iterator[None]:
    """Log mistakes that cloud code makes while it is imported."""
    notice_unawaited()
    token = _LOADING.set(True)
    try:
        yield
    finally:
        _LOADING.reset(token)


def tell(text: str, place: str) -> None:
    """Log a mistake that the running hook makes; outside of any, raise it if the kit asks."""
    running = RUNNING.get()
    if running is None:
        if _REFUSING.get():
            raise CloudMistake(f"{text} ({place})")
        return
    event = running.event
    request = context_of(event)
    line = f"{label_of(event)}: {text} ({place})"
    log.warning(
        "request %s: %s",
        request.request_id,
        line,
        extra={"fields": {"requestId": request.request_id, "place": place}},
    )
    for notice in request.backend.triggers.on_mistake:
        notice(line)


def place_now() -> str:
    """File, line and function of the innermost code that runs here and is the author's."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename != _HANDLERS:  # what lies beyond called it
        if is_authors(frame.f_code):
            return _place(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)
        frame = frame.f_back
    running = RUNNING.get()  # in what it has returned
    code = None if running is None else getattr(inspect.unwrap(running.function), "__code__", None)
    if isinstance(code, CodeType):
        return f"{_short(code.co_filename)}, somewhere in {code.co_name}"
    return _UNKNOWN


def is_authors(code: CodeType) -> bool:
    """Is this code neither parsepy's nor a library's?"""
    return _is_authors(code.co_filename)


def _is_authors(file: str) -> bool:
    return not file.startswith(_OTHERS) and _SITE not in file


def _place(file: str, line: int, function: str) -> str:
    return f"{_short(file)}:{line} in {function}"


def _short(file: str) -> str:
    """A path below the working directory without it."""
    try:
        return str(Path(file).relative_to(Path.cwd()))
    except (ValueError, OSError):
        return file


def tell_unentered(written: str) -> None:
    """Tell of a context that goes before a ``with`` has entered it: it does nothing by itself.

    Called by the ``__del__`` of its class; once entered it is of another class, which has none.
    """
    if RUNNING.get() is not None:
        tell(f"{written} was not entered: it did nothing", place_now())


# --- coroutines that nobody awaits --------------------------------------------------------------

_NAME = "_warn_unawaited_coroutine"
"""What CPython calls in `warnings` for such a coroutine, when the last reference to it goes: mostly
at the very line, and still in the hook's context."""


def notice_unawaited() -> None:
    """Tell of coroutines of hooks that nobody awaits; once for the whole process.

    Where CPython has no such place, its own RuntimeWarning is all that there is.
    """
    original = getattr(warnings, _NAME, None)
    if original is None or getattr(original, "is_parsepys", False):
        return

    def noticed(coroutine: Coroutine[Any, Any, Any]) -> None:
        if RUNNING.get() is not None:
            tell(*_unawaited(coroutine))
        elif _LOADING.get():
            log.warning("cloud code: %s (%s)", *_unawaited(coroutine))
        else:
            original(coroutine)

    noticed.is_parsepys = True  # type: ignore[attr-defined]
    setattr(warnings, _NAME, noticed)


def track_origins() -> None:
    """Remember for each coroutine of this thread where it was made: for tests and development.

    It costs a little for each, and tells the line of those that a variable held to the end.
    """
    sys.set_coroutine_origin_tracking_depth(4)


def tell_held(error: TypeError | AttributeError) -> None:
    """Tell of coroutines that an error is about, which nobody awaited: its frames hold them."""
    if "coroutine" not in str(error):
        return
    values = [getattr(error, "obj", None)]
    place = None
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if is_authors(code):
            place = _place(code.co_filename, trace.tb_lineno, code.co_name)
        values += trace.tb_frame.f_locals.values()
        trace = trace.tb_next
    for coroutine in {id(one): one for one in values if inspect.iscoroutine(one)}.values():
        if inspect.getcoroutinestate(coroutine) != _UNTOUCHED:
            continue
        text, origin = _unawaited(coroutine)
        tell(text, origin if coroutine.cr_origin else place or origin)
        coroutine.close()  # else Python tells of it once more, later


def _unawaited(coroutine: Coroutine[Any, Any, Any]) -> tuple[str, str]:
    """What is told of such a coroutine, and the place."""
    name = getattr(coroutine, "__qualname__", "a coroutine")
    if name.endswith(".__call__"):
        name = name.removesuffix(".__call__").lower()  # `Proceed` is what an author calls proceed
    text = f"{name}() was never awaited: it did nothing; write `await …`"
    return text, _origin(coroutine)


def _origin(coroutine: Coroutine[Any, Any, Any]) -> str:
    """Where a coroutine was made, or else where it was dropped, or else by which function."""
    for file, line, function in getattr(coroutine, "cr_origin", None) or ():
        if _is_authors(file):
            return _place(file, line, function)
    return place_now()
