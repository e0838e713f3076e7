"""The cloud code that is measured; main.js beside it does the same for Parse Server."""

from typing import Any

from parsepy import Cloud, Code, FunctionRequest, ParseError, SaveRequest


@Cloud.function("quote")
async def quote(request: FunctionRequest) -> dict[str, Any]:
    """What so many of a thing cost."""
    return {"total": request.params["price"] * request.params["count"]}


@Cloud.before_save("Invoice")
async def check_invoice(request: SaveRequest) -> None:
    """Refuse a negative price, and add the gross one."""
    invoice = request.object
    if not invoice.get("price") >= 0:
        raise ParseError(Code.VALIDATION_ERROR, "price: at least 0")
    invoice.set("gross", invoice.get("price") * 2)
