"""Flash sales: a lower price for a while (F1 to F4)."""

from datetime import UTC, datetime
from typing import Any

from cloud.catalogue import owned_product
from cloud.money import is_price, to_decimal
from cloud.rules import READ, WRITE, refuse, settle, with_staff
from parsepy import (
    Answer,
    Cloud,
    Code,
    ConditionFailed,
    FunctionRequest,
    JobRequest,
    Object,
    ParseError,
    Proceed,
    Query,
    SaveRequest,
    TriggerRequest,
)

_CLIENTS = {"product", "discountPrice", "startTime", "endTime", "ACL"}


@Cloud.around_save("FlashSale")
async def check_sale(request: SaveRequest, proceed: Proceed) -> Answer | None:
    """A sale has times, a lower price, a product of the caller, and none beside it."""  # F1 to F3
    sale = request.object
    if request.master and not sale.is_new and sale.dirty_keys() == ["active"]:
        if sale.get("active") != _is_live(sale.get("startTime"), sale.get("endTime")):
            raise refuse("active", "it follows from the times")
        try:
            # at the same moment another process may set it, too: it is an event once
            await proceed(where={"active": {"$ne": sale.get("active")}})
        except ConditionFailed:
            return Cloud.answer({"updatedAt": sale.to_json()["updatedAt"]})
        return None
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
    await Cloud.reschedule()
    return None


def _is_live(start: datetime, end: datetime) -> bool:
    return start <= datetime.now(UTC) < end


async def _check_overlap(sale: Object, product: Object, start: datetime, end: datetime) -> None:
    """Two sales of one product do not overlap."""  # F3
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


def _to_begin() -> Query[Object]:
    """The sales that are not over and not shown as live."""
    query: Query[Object] = Query("FlashSale")
    return query.not_equal_to("active", True).greater_than("endTime", datetime.now(UTC))


def _to_end() -> Query[Object]:
    """The sales that are shown as live."""
    query: Query[Object] = Query("FlashSale")
    return query.equal_to("active", True)


async def next_change(request: TriggerRequest) -> datetime | None:
    """When the next sale begins or ends."""
    begin = await _to_begin().ascending("startTime").first(use_master_key=True)
    end = await _to_end().ascending("endTime").first(use_master_key=True)
    moments = [begin.get("startTime")] if begin is not None else []
    moments += [end.get("endTime")] if end is not None else []
    return min(moments, default=None)


@Cloud.job("closeFlashSales", schedule="* * * * *", next_run=next_change)
async def close_flash_sales(request: JobRequest) -> str:
    """Touch what begins and what is over, at its moment, so that Live Query shows it."""  # F4
    now = datetime.now(UTC)
    begin = _to_begin().less_than_or_equal_to("startTime", now)
    end = _to_end().less_than_or_equal_to("endTime", now)
    begun = [sale async for sale in begin.iterate(use_master_key=True)]
    ended = [sale async for sale in end.iterate(use_master_key=True)]
    for sales, is_active in ((begun, True), (ended, False)):
        for sale in sales:
            await _show(sale, is_active)
    return f"{len(begun)} begun, {len(ended)} ended"


async def _show(sale: Object, is_active: bool) -> None:
    try:
        await sale.save({"active": is_active}, use_master_key=True)
    except ParseError as error:  # deleted, or moved to another time, in the meantime
        if error.code not in (Code.OBJECT_NOT_FOUND, Code.VALIDATION_ERROR):
            raise
