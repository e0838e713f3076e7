"""Prices and totals: decimal arithmetic, two places, half up."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

CENT = Decimal("0.01")


def to_decimal(value: Any) -> Decimal | None:
    """A stored number exactly as it was written; ``None`` for what is no finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    number = Decimal(str(value))
    return number if number.is_finite() else None


def rounded(amount: Decimal) -> Decimal:
    """To two decimals, half up."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def is_price(value: Any) -> bool:
    """Is this a finite number of at least 0 with at most two decimals?"""
    number = to_decimal(value)
    return number is not None and number >= 0 and number == number.quantize(CENT)
