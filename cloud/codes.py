"""What a discount code is worth, whether it is valid now, and who has guessed too often (D4)."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from cloud.money import rounded, to_decimal
from parsepy import ACL, Cloud, Code, Object, ParseError, Query, TriggerRequest, User

NOT_VALID = "This code is not valid."
MOST_TRIES, MOST_OF_ADDRESS, MOST_IN_ALL = 10, 60, 600
"""Wrong codes within the window: of one user, from one address, from everybody."""
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


async def tried(
    request: TriggerRequest, user: Object, find: Callable[[], Awaitable[Object | None]]
) -> Object:
    """The code that a user has named; one and the same refusal for all that are not valid.

    Who has named too many of those must wait: the user, everybody at their address, and, where
    many addresses guess together, all. A try is noted before the code is looked up, so that tries
    at once count like tries in turn, and outside of any transaction, so that none undoes it.
    Anonymous accounts cost nothing, so they can't try. The caller has the user's turn.
    """
    if await _is_anonymous(user):
        raise ParseError(Code.OPERATION_FORBIDDEN, "Sign up first: codes are for known customers.")
    with Cloud.outside_transaction():
        fields = {"user": user, "address": _network(request.ip), "ACL": ACL()}
        note = await Object("DiscountTry", fields).save(use_master_key=True)
        if await _too_many(note):
            await note.destroy(use_master_key=True)
            raise ParseError(Code.REQUEST_LIMIT_EXCEEDED, "Too many wrong codes; wait a minute.")
    code = await find()
    if code is None:
        raise ParseError(Code.VALIDATION_ERROR, NOT_VALID)
    with Cloud.outside_transaction():
        await note.destroy(use_master_key=True)
    return code


async def _too_many(note: Object) -> bool:
    """Are there more tries, this one included, than one of the bounds allows?"""
    since = datetime.now(UTC) - WINDOW
    for field, most in (("user", MOST_TRIES), ("address", MOST_OF_ADDRESS), (None, MOST_IN_ALL)):
        tries = Query("DiscountTry").greater_than("createdAt", since)
        if field is not None:
            tries.equal_to(field, note.get(field))
        if await tries.count(use_master_key=True) > most:
            return True
    return False


async def _is_anonymous(user: Object) -> bool:
    """Has an account nothing that could be known of its user?"""
    stored = await Query(User).select("authData").get(str(user.id), use_master_key=True)
    return "anonymous" in (stored.get("authData") or {})


def _network(ip: str | None) -> str:
    """An address as it is counted: of IPv6 the network, which one customer has whole."""
    try:
        address = ip_address(ip or "")
    except ValueError:
        return "unknown"
    if isinstance(address, IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped or ip_network((int(address), 64), strict=False))
    return str(address)
