"""Discount codes: who writes them, and how a shopper puts one on their cart (D1 to D5)."""

import re
from datetime import UTC, datetime
from functools import partial
from typing import Any

from cloud.carts import cart_of
from cloud.codes import WINDOW, tried, valid_code
from cloud.money import to_decimal
from cloud.rules import TRADERS, WRITE, caller, refuse, settle, with_staff
from parsepy import (
    Answer,
    Cloud,
    Code,
    FunctionRequest,
    Object,
    ParseError,
    Proceed,
    Query,
    SaveRequest,
    WriteRequest,
)

_CODE = re.compile(r"[A-Z0-9-]{3,40}")


# --- writing them -------------------------------------------------------------------------------


@Cloud.may_write("DiscountCode")
async def open_to_shoppers(request: WriteRequest) -> bool:
    """A shopper's create that names a code is no code to be stored, but one to be applied."""
    if request.changes is None or request.user is None:
        return False
    return request.object.is_new and set(request.changes) <= {"code", "cart"}


@Cloud.around_save("DiscountCode", require_user=True)
async def check_code(request: SaveRequest, proceed: Proceed) -> Answer | None:
    """D1 to D3; a shopper's create is the documented way to apply a code to their cart."""
    item = request.object
    if not request.master and TRADERS.isdisjoint(request.roles):
        if item.is_new:
            return Cloud.answer(await apply(caller(request), item.get("code"), item.get("cart")))
        raise ParseError(Code.OBJECT_NOT_FOUND, "Object not found.")
    text = item.get("code")
    if not isinstance(text, str) or not _CODE.fullmatch(text.strip().upper()):
        raise refuse("code", "3 to 40 of A to Z, 0 to 9 and -")
    percentage = to_decimal(item.get("percentage"))
    if percentage is None or not 0 < percentage <= 100:
        raise refuse("percentage", "more than 0 and at most 100")
    settle(item, "percentage")
    until = item.get("validUntil")
    if (item.is_new or item.dirty("validUntil")) and not (
        isinstance(until, datetime) and until > datetime.now(UTC)
    ):
        raise refuse("validUntil", "a date in the future")
    text = text.strip().upper()
    async with Cloud.lock(f"code:{text}"):
        taken = Query("DiscountCode").equal_to("code", text)
        if item.id is not None:
            taken.not_equal_to("objectId", item.id)
        if await taken.first(use_master_key=True) is not None:
            raise refuse("code", "another one has it already")
        item.set("code", text)
        if item.is_new and (item.acl is None or not request.master):
            # a shopper never reads a code
            item.acl = with_staff({str(request.user.id): WRITE} if request.user else {})
        await proceed()
    return None


# --- applying one -------------------------------------------------------------------------------


@Cloud.function(
    "applyDiscountCode", require_user=True, fields={"code": {"type": str, "required": True}}
)
async def apply_discount_code(request: FunctionRequest) -> dict[str, Any]:
    """D4: put a code on the caller's cart."""
    return await apply(caller(request), request.params["code"], request.params.get("cart"))


@Cloud.function("removeDiscountCode", require_user=True)
async def remove_discount_code(request: FunctionRequest) -> dict[str, Any]:
    """Take the code off the caller's cart."""
    return await _put(caller(request), None, None)


async def apply(user: Object, text: Any, cart: Any) -> dict[str, Any]:
    """D4: the confirmation, or one and the same refusal for unknown and expired codes."""
    return await _put(user, await tried(user, partial(valid_code, text)), cart)


async def _put(user: Object, code: Object | None, named: Any) -> dict[str, Any]:
    """Set or remove the code of the user's cart, and say what it comes to."""
    cart = await cart_of(user)
    wanted = named.id if isinstance(named, Object) else named
    if cart is None or wanted not in (None, cart.id):
        raise refuse("cart", "there is no such cart of yours")
    if code is None:
        cart.unset("code")
    else:
        cart.set("code", code.get("code"))
    await cart.save(use_master_key=True)  # which prices it
    return {
        "applied": code is not None,
        "code": code.get("code") if code is not None else None,
        "percentage": code.get("percentage") if code is not None else None,
        "subtotal": cart.get("subtotal"),
        "discount": cart.get("discount"),
        "total": cart.get("total"),
        "cart": {"__type": "Pointer", "className": "Cart", "objectId": cart.id},
    }


@Cloud.before_save("DiscountTry")
async def keep_tries(request: SaveRequest) -> None:
    """Only the server counts: who could write tries could lock another user out."""
    if not request.master:
        raise ParseError(Code.OPERATION_FORBIDDEN, "Permission denied")


@Cloud.job("forgetTries", schedule="17 * * * *")
async def forget_tries(request: Any) -> None:
    """Wrong codes count for a minute: what is older goes."""
    old = Query("DiscountTry").less_than("createdAt", datetime.now(UTC) - WINDOW)
    async for row in old.iterate(use_master_key=True):
        await row.destroy(use_master_key=True)
