"""The shop's cloud code. What each rule says stands in the module that enforces it.

``# O4`` behind a docstring names the rule; visitors of the portal read the docstring alone.
"""

from cloud import (
    carts,
    catalogue,
    customers,
    discounts,
    flash_sales,
    orders,
    payments,
    people,
    reports,
    stock,
    storefront,
    variants,
)

__all__ = [
    "carts",
    "catalogue",
    "customers",
    "discounts",
    "flash_sales",
    "orders",
    "payments",
    "people",
    "reports",
    "stock",
    "storefront",
    "variants",
]
