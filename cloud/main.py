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
from parsepy import Cloud

# An application takes one template, or both, or a variant; the first wrong code makes DiscountTry.
Cloud.may_lack("Cart", "DiscountCode", "DiscountTry", "FlashSale", "Order", "Product", "SKU")
Cloud.may_lack("Coupon", "Customer", "Transaction")

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
