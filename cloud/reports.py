"""Reports for the staff (R1)."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from cloud.money import rounded, to_decimal
from parsepy import Cloud, FunctionRequest, Object, Query

SOLD = ("paid", "shipped", "delivered")


@Cloud.function("salesReport", require_any_user_roles=["staff", "admin"])
async def sales_report(request: FunctionRequest) -> dict[str, Any]:
    """Orders, revenue, units by product, by status, by day, between ``from`` and ``to``.

    ``orders`` and ``byStatus`` count what was ordered in that time; ``revenue``, ``byProduct`` and
    ``byDay`` what was paid in it, whenever it was ordered, and has neither been cancelled nor
    refunded since. Days are those of payment, in UTC.
    """
    begin, end = request.params.get("from"), request.params.get("to")
    found = [order async for order in _touched(begin, end).iterate(use_master_key=True)]
    orders = [order for order in found if _is_within(order.created_at, begin, end)]
    sold = [
        order
        for order in found
        if order.get("status") in SOLD and _is_within(_paid_at(order), begin, end)
    ]
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


@Cloud.function("codeReport", require_any_user_roles=["staff", "admin"])
async def code_report(request: FunctionRequest) -> list[dict[str, Any]]:
    """How often each discount code was used: ``[{code, uses, discount, revenue}]``, most first.

    ``uses`` counts orders that were not cancelled; the others count what was sold. The 1000 codes
    used most.
    """
    is_sold = {"$in": ["$status", list(SOLD)]}
    rows = (
        await Query("Order")
        .exists("code")
        .not_equal_to("status", "cancelled")
        .aggregate(
            [
                {
                    "$group": {
                        "_id": "$code",
                        "uses": {"$sum": 1},
                        "discount": {"$sum": {"$cond": [is_sold, "$discount", 0]}},
                        "revenue": {"$sum": {"$cond": [is_sold, "$total", 0]}},
                    }
                },
                {"$sort": {"uses": -1, "_id": 1}},
                {"$limit": 1000},
            ]
        )
    )
    return [
        {
            "code": row["objectId"],
            "uses": row["uses"],
            "discount": rounded(to_decimal(row["discount"]) or Decimal(0)),
            "revenue": rounded(to_decimal(row["revenue"]) or Decimal(0)),
        }
        for row in rows
    ]


def _touched(begin: Any, end: Any) -> Query[Object]:
    """What was ordered or paid in a time."""
    return Query.or_(*(_between(field, begin, end) for field in ("createdAt", "paidAt")))


def _between(field: str, begin: Any, end: Any) -> Query[Object]:
    query: Query[Object] = Query("Order")
    if isinstance(begin, datetime):
        query.greater_than_or_equal_to(field, begin)
    if isinstance(end, datetime):
        query.less_than(field, end)
    return query


def _is_within(moment: datetime | None, begin: Any, end: Any) -> bool:
    return moment is not None and not (
        (isinstance(begin, datetime) and moment < begin)
        or (isinstance(end, datetime) and moment >= end)
    )


def _paid_at(order: Object) -> datetime | None:
    """When an order was paid; of one that does not say so, when it was made."""
    paid = order.get("paidAt")
    return paid if isinstance(paid, datetime) else order.created_at


def _total(order: Object) -> Decimal:
    return to_decimal(order.get("total")) or Decimal(0)


def _by_day(sold: list[Object]) -> list[dict[str, Any]]:
    days: dict[str, list[Decimal]] = {}
    for order in sold:
        if (paid := _paid_at(order)) is not None:
            days.setdefault(paid.date().isoformat(), []).append(_total(order))
    return [
        {"date": day, "orders": len(totals), "revenue": rounded(sum(totals, Decimal(0)))}
        for day, totals in sorted(days.items())
    ]


async def _by_product(sold: list[Object]) -> list[dict[str, Any]]:
    """Units and revenue of each product, most revenue first."""
    owners = await _products_of_skus(sold)
    bought = [(order, [_bought(item, owners) for item in _lines(order)]) for order in sold]
    ids = {item.product for _, items in bought for item in items}
    query = Query("Product").contained_in("objectId", sorted(ids)).limit(10_000)
    products = {str(item.id): item for item in await query.find(use_master_key=True)}
    units = dict.fromkeys(sorted(ids), 0)
    revenue = dict.fromkeys(sorted(ids), Decimal(0))
    for order, items in bought:
        for item, amount in zip(items, _amounts(order, items, products), strict=True):
            units[item.product] += item.units
            revenue[item.product] += amount
    names = {key: str(product.get("name")) for key, product in products.items()}
    rows = [
        {"product": key, "name": names.get(key), "units": units[key], "revenue": revenue[key]}
        for key in units
    ]
    return sorted(rows, key=lambda row: (-float(str(row["revenue"])), str(row["product"])))


class _Bought(NamedTuple):
    """A line of an order: of which product, how many, and the price of one, where it is kept."""

    product: str
    units: int
    price: Decimal | None


def _lines(order: Object) -> list[Any]:
    found = order.get("products")
    return found if isinstance(found, list) else []


def _bought(line: Any, owners: Mapping[str, str]) -> _Bought:
    if isinstance(line, Object):  # of a time when a pointer alone was stored as it came
        return _Bought(owners.get(str(line.id), str(line.id)), 1, None)
    item = line.get("sku") or line.get("product")
    product = owners.get(str(item.id), str(item.id))
    return _Bought(product, int(line.get("quantity", 1)), to_decimal(line.get("price")))


def _amounts(order: Object, items: list[_Bought], products: Mapping[str, Object]) -> list[Decimal]:
    """What each line came to; where that was not kept, its share of the order by today's prices."""
    kept = sum((i.price * i.units for i in items if i.price is not None), Decimal(0))
    left = (to_decimal(order.get("subtotal")) or _total(order)) - kept
    today = [_price_today(i, products) * i.units if i.price is None else Decimal(0) for i in items]
    whole = sum(today, Decimal(0))
    return [
        i.price * i.units if i.price is not None else rounded(left * share / (whole or 1))
        for i, share in zip(items, today, strict=True)
    ]


def _price_today(item: _Bought, products: Mapping[str, Object]) -> Decimal:
    product = products.get(item.product)
    price = to_decimal(product.get("price")) if product is not None else None
    return price or Decimal(1)


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
