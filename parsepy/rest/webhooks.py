"""``/hooks/functions`` and ``/hooks/triggers``: declare code that lives behind a URL (§20.1)."""

from parsepy.http.requests import Request, Route
from parsepy.http.responses import Answer
from parsepy.model.values import JSONObject
from parsepy.operations import webhooks


async def list_functions(request: Request) -> Answer:
    """List the functions that are webhooks, as a bare array."""
    request.require_master()
    return Answer(await webhooks.functions(request.context.backend))


async def list_triggers(request: Request) -> Answer:
    """List the triggers that are webhooks, as a bare array."""
    request.require_master()
    return Answer(await webhooks.triggers(request.context.backend))


async def show(request: Request) -> Answer:
    """Answer the webhook that the path names."""
    request.require_master()
    return Answer(await webhooks.show(request.context.backend, _key(request)))


async def create(request: Request) -> Answer:
    """Declare a webhook; the body says whether of a function or of a trigger."""
    request.require_master("create a hook")
    return Answer(await webhooks.create(request.context.backend, request.body))


async def change(request: Request) -> Answer:
    """Change the URL of a webhook, or delete it (``{"__op": "Delete"}``)."""
    request.require_master("modify a hook")
    backend, key = request.context.backend, _key(request)
    if request.body.get("__op") == "Delete":
        await webhooks.remove(backend, key)
        return Answer({})
    return Answer(await webhooks.change(backend, key, request.body))


def _key(request: Request) -> JSONObject:
    return dict(request.arguments)


routes = [
    Route("GET", "/hooks/functions", list_functions),
    Route("POST", "/hooks/functions", create, changes="webhooks"),
    Route("GET", "/hooks/functions/:functionName", show),
    Route("PUT", "/hooks/functions/:functionName", change, changes="webhooks"),
    Route("GET", "/hooks/triggers", list_triggers),
    Route("POST", "/hooks/triggers", create, changes="webhooks"),
    Route("GET", "/hooks/triggers/:className/:triggerName", show),
    Route("PUT", "/hooks/triggers/:className/:triggerName", change, changes="webhooks"),
]
