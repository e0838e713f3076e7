"""``/scriptlog``: the server's last log lines, for the dashboard's logs page."""

import asyncio

from parsepy.http.requests import Request, Route
from parsepy.http.responses import Answer
from parsepy.logs import LEVELS, LogQuery, a_week_ago, stamp
from parsepy.model.values import from_iso, to_iso

_MOST = 1000


async def read(request: Request) -> Answer:
    """Answer the entries of a level or above, the newest first unless `order` is asc."""
    request.require_master()
    given = {name: str(value) for name, value in request.parameters().items()}
    level = given.get("level", "")
    asked = LogQuery(
        level if level in LEVELS else "info",
        _size(given.get("n") or given.get("size") or ""),
        _moment(given.get("from", "")) or a_week_ago(),
        _moment(given.get("until", "")) or "9",
        given.get("order") == "asc",
    )
    return Answer(await asyncio.to_thread(request.context.backend.logs.query, asked))


def _size(text: str) -> int:
    return min(int(text), _MOST) if text.isdecimal() and 0 < len(text) < 9 else 10


def _moment(text: str) -> str:
    """Return an ISO text, a date or milliseconds as the log writes times; "" for anything else."""
    if text.isdecimal() and 0 < len(text) < 15:
        return stamp(int(text) / 1000)
    moment = from_iso(text) if text else None
    return "" if moment is None else to_iso(moment)


routes = [Route("GET", "/scriptlog", read)]
