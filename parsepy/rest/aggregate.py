"""``/aggregate/:className``: pipelines and distinct values, for the master key."""

from parsepy.http.requests import Request, Route
from parsepy.http.responses import Answer
from parsepy.model.values import encoded
from parsepy.operations.aggregate import aggregate_encoded
from parsepy.rest.asked import asked_aggregation


async def run(request: Request) -> Answer:
    """Run a pipeline over a class, or list the distinct values of a field."""
    request.require_master()
    asked = asked_aggregation(request, request.arguments["className"])
    found = await aggregate_encoded(request.context, asked)
    return Answer({"results": encoded(found) if isinstance(found, bytes) else found})


routes = [Route("GET", "/aggregate/:className", run)]
