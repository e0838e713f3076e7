"""``POST /webhooks/:name``: requests that other services send, to be received by cloud code.

They bring no Parse credentials, so the receiver must know by itself whom it believes; it is given
the body to the byte, since signatures are made over that.
"""

from parsepy.backend import Backend, RequestContext
from parsepy.http.exchange import Exchange
from parsepy.http.responses import Answer
from parsepy.model.principal import NOBODY
from parsepy.triggers import UNDEFINED, CustomResponse, ReceiverEvent

_PREFIX = "webhooks"


def takes(exchange: Exchange, method: str) -> bool:
    """Is this request one for a receiver?"""
    return method == "POST" and len(exchange.path) == 2 and exchange.path[0] == _PREFIX


async def receive(
    backend: Backend, exchange: Exchange, body: bytes, mount_url: str
) -> Answer | None:
    """What the receiver of that name answers; ``None`` if there is none."""
    name = exchange.path[1]
    handler = backend.triggers.receivers.get(name)
    if handler is None:
        return None
    exchange.route = "/webhooks/:name"
    context = RequestContext(
        backend,
        NOBODY,
        None,
        exchange.ip,
        exchange.request_id,
        {},
        mount_url,
        exchange.headers,
    )
    event = ReceiverEvent(class_name=name, request=context, body=body)
    answer = await backend.triggers.call(handler, event, f"the receiver {name}")
    if isinstance(answer, CustomResponse):
        return Answer(answer.content, answer.status)
    return Answer({} if answer is UNDEFINED else answer)
