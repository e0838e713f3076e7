"""``/graphql-config``: which classes GraphQL shows, with which fields, queries and mutations."""

from parsepy.http.requests import Request, Route
from parsepy.http.responses import Answer
from parsepy.operations import graphql_config


async def read(request: Request) -> Answer:
    """The configuration as it was set, with the master key."""
    request.require_master()
    return Answer(await graphql_config.read(request.context))


async def change(request: Request) -> Answer:
    """Replace the configuration, with the master key."""
    request.require_master()
    config = request.body.get("params")
    # Parse: what JavaScript takes for false stands for an empty configuration
    is_empty = not config and not isinstance(config, list)
    await graphql_config.change(request.context, {} if is_empty else config)
    return Answer({"response": {"result": True}})


routes = [Route("GET", "/graphql-config", read), Route("PUT", "/graphql-config", change)]
