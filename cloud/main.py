"""The shop's cloud code. What each rule says stands in the module that enforces it."""

from cloud import (
    carts,
    catalogue,
    discounts,
    flash_sales,
    orders,
    payments,
    people,
    reports,
    variants,
)

__all__ = [
    "carts",
    "catalogue",
    "discounts",
    "flash_sales",
    "orders",
    "payments",
    "people",
    "reports",
    "variants",
]
