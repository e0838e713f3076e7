"""``/aggregate/:className``: pipelines and distinct values, for the master key."""

from parsepy.http.requests import Request, Route
from parsepy.http.responses import Answer
from parsepy.model import aggregation
from parsepy.model.values import encoded
from parsepy.operations.aggregate import aggregate_encoded


async def run(request: Request) -> Answer:
    """Run a pipeline over a class, or list the distinct values of a field."""
    request.require_master()
    options = request.context.config.query
    asked = aggregation.from_parameters(
        request.arguments["className"],
        request.parameters(),
        limits=request.limits,
        raw_values=options.aggregation_raw_values,
        raw_field_names=options.aggregation_raw_field_names,
    )
    found = await aggregate_encoded(request.context, asked)
    return Answer({"results": encoded(found) if isinstance(found, bytes) else found})


routes = [Route("GET", "/aggregate/:className", run)]
