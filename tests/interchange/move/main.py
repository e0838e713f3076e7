"""Cloud code of the app that moves, for parsepy; main.js does the same for Parse Server."""

from parsepy import Cloud, Code, FunctionRequest, JobRequest, ParseError, Query, SaveRequest


@Cloud.function("total")
async def total(request: FunctionRequest) -> float:
    """The sum of all prices."""
    rows = await Query("Moved").find(use_master_key=True)
    return float(sum(row["price"] for row in rows))


@Cloud.before_save("Moved")
async def check(request: SaveRequest) -> None:
    """Refuse a negative price."""
    if request.object["price"] < 0:
        raise ParseError(Code.VALIDATION_ERROR, "price must not be negative")
    request.object["checked"] = True


@Cloud.job("clean")
async def clean(request: JobRequest) -> str:
    """Do nothing."""
    return "nothing to clean"
