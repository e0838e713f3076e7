"""The cloud code of the server that the dashboard operates: a hook, functions, a job."""

from parsepy import Cloud, FunctionRequest, JobRequest, ParseError, SaveRequest


@Cloud.before_save("Product")
async def no_gifts(request: SaveRequest) -> None:
    """A product has a price."""
    if request.object.get("price", 0) < 0:
        raise ParseError(142, "The price is below zero.")


@Cloud.function("greet")
async def greet(request: FunctionRequest) -> str:
    """A greeting, and a line for the log page."""
    request.log.info("greeted %s", request.params["name"])
    return f"Hello {request.params['name']}"


@Cloud.function("crash")
async def crash(request: FunctionRequest) -> None:
    """A fault, for the page of errors."""
    raise LookupError("no such shelf")


@Cloud.job("countProducts")
async def count_products(request: JobRequest) -> str:
    """How many products there are, for the jobs page."""
    return "counted"
