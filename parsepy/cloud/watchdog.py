"""``Watchdog``: tells of cloud code that holds the event loop, so that nobody else is served."""

import asyncio
import gc
import logging
import sys
import threading
import time
import traceback
from types import FrameType

from parsepy.backend import context_of
from parsepy.cloud import handlers
from parsepy.cloud.mistakes import is_authors
from parsepy.triggers import Event, label_of

log = logging.getLogger("parsepy.cloud")

PATIENCE = 1.0
"""Seconds for which a hook may hold the loop before it is told."""
_LOOK_EVERY = 0.25


class Watchdog:
    """A thread that asks the loop for a sign of life; it names the hook that keeps it from one.

    ``timeout`` is the hooks' bound in seconds, which can't end what never waits.
    """

    def __init__(self, timeout: float | None = None, patience: float = PATIENCE) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()
        self._timeout = timeout
        self._patience = patience
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="parsepy watchdog", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread soon; it has nothing open."""
        self._ended.set()

    def _run(self) -> None:
        while not self._ended.wait(_LOOK_EVERY):
            answered = threading.Event()
            begin = time.monotonic()
            try:
                self._loop.call_soon_threadsafe(answered.set)
            except RuntimeError:  # the loop is closed
                return
            if not answered.wait(self._patience):
                self._tell(answered, begin)

    def _tell(self, answered: threading.Event, begin: float) -> None:
        """Tell who holds the loop, with the stack, at once; and how long, when it is free."""
        event, stack = holder(frame_of(self._loop_thread))
        if event is None:
            return
        request_id, label = context_of(event).request_id, label_of(event)
        fields = {"fields": {"requestId": request_id}}
        log.warning(
            "request %s: %s holds the event loop: nobody else is served. Wait with `await`, or "
            "make the hook a plain def, which runs in a thread%s\n%s",
            request_id,
            label,
            self._about_timeout(time.monotonic() - begin),
            stack,
            extra=fields,
        )
        while not answered.wait(0.1):
            if self._ended.is_set():
                return
        held = time.monotonic() - begin
        log.warning(
            "request %s: %s held the event loop for %.1f s%s",
            request_id,
            label,
            held,
            self._about_timeout(held),
            extra=fields,
        )

    def _about_timeout(self, held: float) -> str:
        if self._timeout is None or held < self._timeout:
            return ""
        return f". cloudTimeout ({self._timeout:g} s) can't end what never waits"


def frame_of(thread: int) -> FrameType | None:
    """What the thread of this identifier is executing; None where there is no such thread."""
    # Python 3.11 holds a lock of its own while it makes the frames; a garbage collection in between
    # may wait for that very lock, and the whole process stands still (python/cpython#106883).
    enabled = gc.isenabled()
    gc.disable()
    try:
        return sys._current_frames().get(thread)
    finally:
        if enabled:
            gc.enable()


def holder(frame: FrameType | None) -> tuple[Event | None, str]:
    """Which event's handler runs in these frames, and its stack from the author's code on."""
    frames: list[FrameType] = []
    while frame is not None:
        if frame.f_code.co_name == "handle" and frame.f_code.co_filename == handlers.__file__:
            event = frame.f_locals.get("event")
            own = [at for at, one in enumerate(frames) if is_authors(one.f_code)]
            shown = frames[: own[-1] + 1] if own else frames[:1]
            entries = [traceback.extract_stack(one, limit=1)[0] for one in reversed(shown)]
            return event, "".join(traceback.format_list(entries)).rstrip()
        frames.append(frame)
        frame = frame.f_back
    return None, ""
