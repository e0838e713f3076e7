"""``POST /webhooks/:name``: requests that other services send, to be received by cloud code.

They bring no Parse credentials, so the receiver must know by itself whom it believes; it is given
the body to the byte, since signatures are made over that.
"""

from parsepy.http.refusals import HTTPRefusal
from parsepy.http.requests import BodyRule, KeyRule, Request, Route
from parsepy.http.responses import Answer
from parsepy.triggers import UNDEFINED, CustomResponse, ReceiverEvent


async def receive(request: Request) -> Answer:
    """Call the receiver of that name; 404 if there is none."""
    context, name = request.context, request.arguments["name"]
    triggers = context.backend.triggers
    handler = triggers.receivers.get(name)
    if handler is None:
        path = "/".join((context.config.mount_path.rstrip("/"), *request.path))
        raise HTTPRefusal(404, f"Cannot {request.method} {path}")
    event = ReceiverEvent(class_name=name, request=context, body=request.raw)
    answer = await triggers.call(handler, event, f"the receiver {name}")
    if isinstance(answer, CustomResponse):
        return Answer(answer.content, answer.status)
    return Answer({} if answer is UNDEFINED else answer)


routes = [
    Route(
        "POST",
        "/webhooks/:name",
        receive,
        keys=KeyRule.IGNORED,
        body=BodyRule.RAW,
        in_batch=False,
    ),
]
