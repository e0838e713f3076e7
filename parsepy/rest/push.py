"""``/push`` and ``/push_audiences``: send to devices, and to named groups of them."""

from typing import Any

from parsepy.http.requests import Request, Route
from parsepy.http.responses import Answer, created
from parsepy.model import query as queries
from parsepy.operations import push, save
from parsepy.operations.delete import delete as delete_object
from parsepy.operations.push import AUDIENCE, audiences
from parsepy.rest.classes import location


async def send(request: Request) -> Answer:
    """Queue a push; the header names its `_PushStatus`."""
    request.require_master("send push notifications")
    status_id = await push.send(request.context, request.body)
    return Answer({"result": True}, headers=[(b"X-Parse-Push-Status-Id", status_id.encode())])


async def find_audiences(request: Request) -> Answer:
    """Answer the audiences that match, as a find."""
    request.require_master()
    query = queries.from_parameters(
        AUDIENCE, request.parameters(), privileged=True, limits=request.limits
    )
    found = await audiences.find_many(request.context, query)
    content: dict[str, Any] = {"results": found.objects}
    if found.count is not None:
        content["count"] = found.count
    return Answer(content)


async def get_audience(request: Request) -> Answer:
    """Answer one audience."""
    request.require_master()
    return Answer(await audiences.get(request.context, request.arguments["objectId"]))


async def create_audience(request: Request) -> Answer:
    """Make an audience."""
    request.require_master()
    saved = await save.create(request.context, AUDIENCE, request.body)
    return created(saved.response, location(request, AUDIENCE, saved.object_id))


async def update_audience(request: Request) -> Answer:
    """Change an audience."""
    request.require_master()
    object_id = request.arguments["objectId"]
    saved = await save.update(request.context, AUDIENCE, object_id, request.body)
    return Answer(saved.response)


async def delete_audience(request: Request) -> Answer:
    """Delete an audience."""
    request.require_master()
    await delete_object(request.context, AUDIENCE, request.arguments["objectId"])
    return Answer({})


routes = [
    Route("POST", "/push", send),
    Route("GET", "/push_audiences", find_audiences),
    Route("GET", "/push_audiences/:objectId", get_audience),
    Route("POST", "/push_audiences", create_audience),
    Route("PUT", "/push_audiences/:objectId", update_audience),
    Route("DELETE", "/push_audiences/:objectId", delete_audience),
]
