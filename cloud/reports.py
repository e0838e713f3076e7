"""Reports for the staff (R1)."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from cloud.money import rounded, to_decimal
from parsepy import Cloud, FunctionRequest, Object, Query

SOLD = ("paid", "shipped", "delivered")


@Cloud.function("salesReport", require_any_user_roles=["staff", "admin"])
async def sales_report(request: FunctionRequest) -> dict[str, Any]:
    """Orders, revenue, units by product, by status, by day, between ``from`` and ``to``."""
    begin, end = request.params.get("from"), request.params.get("to")
    orders = [order async for order in _between(begin, end).iterate(use_master_key=True)]
    sold = [order for order in orders if order.get("status") in SOLD]
    by_status: dict[str, int] = {}
    for order in orders:
        status = str(order.get("status"))
        by_status[status] = by_status.get(status, 0) + 1
    return {
        "orders": len(orders),
        "revenue": rounded(sum((_total(order) for order in sold), Decimal(0))),
        "byProduct": await _by_product(sold),
        "byStatus": by_status,
        "byDay": _by_day(sold),
    }


def _between(begin: Any, end: Any) -> Query[Object]:
    query: Query[Object] = Query("Order")
    if isinstance(begin, datetime):
        query.greater_than_or_equal_to("createdAt", begin)
    if isinstance(end, datetime):
        query.less_than("createdAt", end)
    return query


def _total(order: Object) -> Decimal:
    return to_decimal(order.get("total")) or Decimal(0)


def _by_day(sold: list[Object]) -> list[dict[str, Any]]:
    """Revenue counts by the time of payment."""
    days: dict[str, list[Decimal]] = {}
    for order in sold:
        paid = order.get("paidAt") or order.created_at
        if paid is not None:
            days.setdefault(paid.date().isoformat(), []).append(_total(order))
    return [
        {"date": day, "orders": len(totals), "revenue": rounded(sum(totals, Decimal(0)))}
        for day, totals in sorted(days.items())
    ]


async def _by_product(sold: list[Object]) -> list[dict[str, Any]]:
    """Units and revenue of each product, most revenue first."""
    units: dict[str, int] = {}
    revenue: dict[str, Decimal] = {}
    owners = await _products_of_skus(sold)
    names: dict[str, str] = {}
    for order in sold:
        for item in order.get("products") or ():
            bought = item if isinstance(item, Object) else item.get("sku") or item.get("product")
            product = owners.get(str(bought.id), str(bought.id))
            count = 1 if isinstance(item, Object) else int(item.get("quantity", 1))
            price = None if isinstance(item, Object) else to_decimal(item.get("price"))
            units[product] = units.get(product, 0) + count
            revenue[product] = revenue.get(product, Decimal(0)) + (price or Decimal(0)) * count
    query = Query("Product").contained_in("objectId", sorted(units)).limit(10_000)
    for product in await query.find(use_master_key=True):
        names[str(product.id)] = str(product.get("name"))
    rows = [
        {"product": key, "name": names.get(key), "units": units[key], "revenue": revenue[key]}
        for key in units
    ]
    return sorted(rows, key=lambda row: (-float(str(row["revenue"])), str(row["product"])))


async def _products_of_skus(sold: list[Object]) -> dict[str, str]:
    """SKU id → product id."""
    ids = {
        str(sku.id)
        for order in sold
        for item in order.get("products") or ()
        if isinstance(sku := item if isinstance(item, Object) else item.get("sku"), Object)
        and sku.class_name == "SKU"
    }
    query = Query("SKU").contained_in("objectId", sorted(ids)).limit(10_000)
    return {
        str(sku.id): str(sku.get("product").id) for sku in await query.find(use_master_key=True)
    }
