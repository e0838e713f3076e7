"""What a discount code is worth, and whether it is valid now."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from cloud.money import rounded, to_decimal
from parsepy import Object, Query


def amount(subtotal: Decimal, code: Object | None) -> Decimal:
    """What a code takes off a subtotal."""
    percentage = to_decimal(code.get("percentage")) if code is not None else None
    return rounded(subtotal * percentage / 100) if percentage is not None else Decimal(0)


async def valid_code(text: Any) -> Object | None:
    """The discount code of that text, if it is valid now."""
    if not isinstance(text, str):
        return None
    query = Query("DiscountCode").equal_to("code", text.strip().upper())
    return await query.greater_than("validUntil", datetime.now(UTC)).first(use_master_key=True)
