"""What a shop's pages have to know before they show anything: what there is, and for whom."""

import os
from typing import Any

from cloud.orders import STEPS
from cloud.rules import STAFF
from parsepy import Cloud, FunctionRequest

_FEATURES = {
    "skus": ("SKU", "stock"),
    "orders": ("Order", "products"),
    "codes": ("DiscountCode", "code"),
    "sales": ("FlashSale", "discountPrice"),
    "pictures": ("Product", "imageUrl"),
    "addresses": ("_User", "address"),
}
"""What a shop may have → the class and field that its template brings for it."""


@Cloud.function("storefront")
async def storefront(request: FunctionRequest) -> dict[str, Any]:
    """What the loaded templates offer, and what the caller may do, for anyone.

    Answers ``{has: {skus, orders, codes, sales, pictures, addresses, payments: true or false},
    roles: those of staff and admin that the caller holds, currency: ISO code in capitals,
    steps: {status: [the statuses that may follow]}}``.
    """
    fields = {str(row["className"]): row["fields"] for row in await Cloud.schemas()}
    has = {name: field in fields.get(kind, {}) for name, (kind, field) in _FEATURES.items()}
    has["payments"] = has["orders"] and bool(os.environ.get("STRIPE_API_KEY"))
    return {
        "has": has,
        "roles": sorted(STAFF.intersection(request.roles)),
        "currency": (os.environ.get("STRIPE_CURRENCY") or "usd").upper(),
        "steps": {status: sorted(following) for status, following in STEPS.items()},
    }
