"""Prices and totals: decimal arithmetic, two places, half up."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

CENT = Decimal("0.01")
_TOO_MUCH = 10**13  # from here on a stored number can't tell cents


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
    """Is this a number of at least 0 with at most two decimals, which are exact?"""
    number = to_decimal(value)
    return number is not None and 0 <= number < _TOO_MUCH and number == number.quantize(CENT)
