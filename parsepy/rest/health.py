"""``/health``: is this server ready for requests? Probes need no credentials to ask."""

import logging

from parsepy.http.requests import ANY, BodyRule, KeyRule, Request, Route
from parsepy.http.responses import Answer
from parsepy.storage import Unavailable

log = logging.getLogger("parsepy.rest")


async def health(request: Request) -> Answer:
    """Answer the server's state; 503 unless it has started and its database answers.

    Parts that are in trouble are named beside a status that is ok: to end the process would help
    none of them.
    """
    backend = request.context.backend
    if backend.state != "ok":
        retry = [(b"retry-after", b"1")] if backend.state == "starting" else []
        doing = backend.storage.doing or backend.doing
        told = {"doing": doing} if doing and backend.state == "starting" else {}
        return Answer({"status": backend.state, **told}, 503, retry)
    try:
        await backend.storage.ping()
    except Unavailable as error:
        log.error("health: the database can't be reached: %s", error)
        return Answer({"status": "error"}, 503)
    wrong = {name: trouble for name, tell in backend.troubles.items() if (trouble := tell())}
    return Answer({"status": "ok", **wrong})


routes = [
    Route(
        ANY,
        "/health",
        health,
        keys=KeyRule.IGNORED,
        body=BodyRule.NONE,
        in_batch=False,
        is_probe=True,
    ),
]
