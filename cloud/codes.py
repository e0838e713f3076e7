"""What a discount code is worth, whether it is valid now, and who has guessed too often (D4)."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from cloud.money import rounded, to_decimal
from parsepy import ACL, Cloud, Code, Object, ParseError, Query

NOT_VALID = "This code is not valid."
MOST_TRIES = 10
WINDOW = timedelta(minutes=1)


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


async def tried(user: Object, find: Callable[[], Awaitable[Object | None]]) -> Object:
    """The code that a user has named; one and the same refusal for all that are not valid.

    Who has named too many of those must wait.
    """
    async with Cloud.lock(f"tries:{user.id}"):
        since = datetime.now(UTC) - WINDOW
        tries = Query("DiscountTry").equal_to("user", user).greater_than("createdAt", since)
        if await tries.count(use_master_key=True) >= MOST_TRIES:
            raise ParseError(Code.REQUEST_LIMIT_EXCEEDED, "Too many wrong codes; wait a minute.")
        code = await find()
        if code is None:
            await Object("DiscountTry", user=user, ACL=ACL()).save(use_master_key=True)
            raise ParseError(Code.VALIDATION_ERROR, NOT_VALID)
    return code
