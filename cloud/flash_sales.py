"""Flash sales: a lower price for a while (F1 to F4)."""

from datetime import UTC, datetime
from typing import Any

from cloud.catalogue import owned_product
from cloud.money import is_price, to_decimal
from cloud.rules import READ, WRITE, refuse, settle, with_staff
from parsepy import Cloud, FunctionRequest, JobRequest, Object, Proceed, Query, SaveRequest

_CLIENTS = {"product", "discountPrice", "startTime", "endTime", "ACL"}


@Cloud.around_save("FlashSale")
async def check_sale(request: SaveRequest, proceed: Proceed) -> None:
    """F1 to F3, and that the product is the caller's."""
    sale = request.object
    if request.master and not sale.is_new and sale.dirty_keys() == ["active"]:
        if sale.get("active") != _is_live(sale.get("startTime"), sale.get("endTime")):
            raise refuse("active", "it follows from the times")
        await proceed()
        return
    for field in sale.dirty_keys():
        if field not in _CLIENTS:  # the sale is stored as the server itself
            raise refuse(field, "it can't be set")
    product = await owned_product(request, sale.get("product"))
    start, end = sale.get("startTime"), sale.get("endTime")
    if not isinstance(start, datetime) or not isinstance(end, datetime) or start >= end:
        raise refuse("startTime", "before endTime")
    price, full = sale.get("discountPrice"), to_decimal(product.get("price"))
    lower = to_decimal(price)
    if not is_price(price) or lower is None or full is None or lower >= full:
        raise refuse("discountPrice", "at least 0, below the price, at most two decimals")
    settle(sale, "discountPrice")
    async with Cloud.lock(f"sales:{product.id}"):
        await _check_overlap(sale, product, start, end)
        sale.set("active", _is_live(start, end))
        if sale.is_new:
            owner = {str(request.user.id): WRITE} if request.user is not None else {}
            sale.acl = with_staff({"*": READ, **owner})
        await proceed(use_master_key=True)


def _is_live(start: datetime, end: datetime) -> bool:
    return start <= datetime.now(UTC) < end


async def _check_overlap(sale: Object, product: Object, start: datetime, end: datetime) -> None:
    """F3: two sales of one product do not overlap."""
    other = Query("FlashSale").equal_to("product", product)
    other.less_than("startTime", end).greater_than("endTime", start)
    if sale.id is not None:
        other.not_equal_to("objectId", sale.id)
    if await other.first(use_master_key=True) is not None:
        raise refuse("startTime", "another sale of this product is at that time")


def live() -> Query[Object]:
    """The sales that are live at this moment."""
    now = datetime.now(UTC)
    query: Query[Object] = Query("FlashSale")
    return query.less_than_or_equal_to("startTime", now).greater_than("endTime", now)


@Cloud.function("liveFlashSales")
async def live_flash_sales(request: FunctionRequest) -> list[Any]:
    """The sales live now, with their products and prices, for anyone."""
    return await live().include("product").ascending("endTime").limit(1000).find()


@Cloud.job("closeFlashSales", schedule="* * * * *")
async def close_flash_sales(request: JobRequest) -> str:
    """F4: touch what has begun and what is over, so that Live Query shows it."""
    begun = [s async for s in live().not_equal_to("active", True).iterate(use_master_key=True)]
    over: Query[Object] = Query("FlashSale")
    over.less_than_or_equal_to("endTime", datetime.now(UTC)).equal_to("active", True)
    ended = [sale async for sale in over.iterate(use_master_key=True)]
    for sale in begun:
        await sale.save({"active": True}, use_master_key=True)
    for sale in ended:
        await sale.save({"active": False}, use_master_key=True)
    return f"{len(begun)} begun, {len(ended)} ended"
