"""``POST /webhooks/:name``: requests that other services send, to be received by cloud code.

They bring no Parse credentials, so the receiver must know by itself whom it believes; it is given
the body to the byte, since signatures are made over that.
"""

from parsepy.backend import Backend, RequestContext
from parsepy.model.principal import NOBODY
from parsepy.rest.responses import Answer
from parsepy.rest.visit import Visit
from parsepy.triggers import NOTHING, Answered, Event

_PREFIX = "webhooks"


def takes(visit: Visit, method: str) -> bool:
    """Is this request one for a receiver?"""
    return method == "POST" and len(visit.path) == 2 and visit.path[0] == _PREFIX


async def receive(backend: Backend, visit: Visit, body: bytes, mount_url: str) -> Answer | None:
    """What the receiver of that name answers; ``None`` if there is none."""
    name = visit.path[1]
    handler = backend.triggers.receivers.get(name)
    if handler is None:
        return None
    visit.route = "/webhooks/:name"
    context = RequestContext(
        backend,
        NOBODY,
        None,
        visit.ip,
        visit.request_id,
        {},
        mount_url,
        visit.headers,
    )
    event = Event(kind="receiver", class_name=name, request=context, extra={"body": body})
    answer = await backend.triggers.call(handler, event, f"the receiver {name}")
    if isinstance(answer, Answered):
        return Answer(answer.content, answer.status)
    return Answer({} if answer is NOTHING else answer)
