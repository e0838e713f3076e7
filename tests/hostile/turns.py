"""Cloud code of the server under attack: says how long others had to wait for its event loop.

The longest turn is told in CPU time of the loop's thread, between two ticks that are 5 ms apart:
what other processes of the machine do meanwhile does not count.
"""

import asyncio
import time
from typing import Any

from parsepy import Cloud

_TICK = 0.005
_state: dict[str, Any] = {"longest": 0.0, "task": None}


async def _watch() -> None:
    while True:
        before = time.thread_time()
        await asyncio.sleep(_TICK)
        _state["longest"] = max(_state["longest"], time.thread_time() - before)


@Cloud.define("longestTurn")
async def longest_turn(request: Any) -> float:
    """The longest turn since the last call, in seconds of CPU time."""
    if _state["task"] is None:
        _state["task"] = asyncio.create_task(_watch())
    longest, _state["longest"] = _state["longest"], 0.0
    return float(longest)
