"""How many functions of ours a piece of work enters: the length of its way through the house."""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).parents[1]
OURS = (f"{ROOT / 'parsepy'}/", f"{ROOT / 'cloud'}/")
_CAN_RESUME = CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR


@contextmanager
def function_entries() -> Iterator[Counter[str]]:
    """Count by ``file:function`` what is entered inside; a coroutine that goes on is none."""
    counts: Counter[str] = Counter()
    begun: dict[int, FrameType] = {}  # holds the frames, so that no id is given twice

    def profile(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if event != "call" or not code.co_filename.startswith(OURS):
            return
        if code.co_flags & _CAN_RESUME:
            if id(frame) in begun:
                return
            begun[id(frame)] = frame
        counts[f"{Path(code.co_filename).relative_to(ROOT)}:{code.co_name}"] += 1

    sys.setprofile(profile)
    try:
        yield counts
    finally:
        sys.setprofile(None)
