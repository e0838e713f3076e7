"""Discount codes: who writes them, and how a shopper puts one on their cart (D1 to D5)."""

import re
from datetime import UTC, datetime
from functools import partial
from typing import Any

from cloud import lines
from cloud.carts import cart_of
from cloud.codes import WINDOW, tried, valid_code
from cloud.money import to_decimal
from cloud.rules import TRADERS, WRITE, caller, is_staff, refuse, settle, turn_of, with_staff
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
    TriggerRequest,
    WriteRequest,
)

_CODE = re.compile(r"[A-Z0-9-]{3,40}")
_CLIENTS = {"code", "percentage", "validUntil", "ACL"}


# --- writing them -------------------------------------------------------------------------------


@Cloud.may_write("DiscountCode")
async def open_to_shoppers(request: WriteRequest) -> bool:
    """A shopper's create that names a code is no code to be stored, but one to be applied."""
    if request.changes is None or request.user is None:
        return False
    return request.object.is_new and set(request.changes) <= {"code", "cart"}


@Cloud.around_save("DiscountCode", require_user=True)
async def check_code(request: SaveRequest, proceed: Proceed) -> Answer | None:
    """A code has a percentage and an end; a shopper's create puts it on their cart."""  # D1 to D3
    item = request.object
    if not request.master and TRADERS.isdisjoint(request.roles):
        if item.is_new:
            return Cloud.answer(await apply(request, item.get("code"), item.get("cart")))
        raise ParseError(Code.OBJECT_NOT_FOUND, "Object not found.")
    if not request.master:
        _check_fields(request)
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
        is_sellers = item.is_new and not is_staff(request)
        if is_sellers:
            item.set("seller", caller(request))
        await proceed(use_master_key=is_sellers)  # where it may be a new column
    return None


def _check_fields(request: SaveRequest) -> None:
    """Whose goods a code is good for is the server's to set; a new one has no other fields."""
    item = request.object
    unknown = set(item.dirty_keys()) - _CLIENTS if item.is_new else {"seller"}
    for field in sorted(unknown & set(item.dirty_keys())):
        raise refuse(field, "it can't be set")


# --- applying one -------------------------------------------------------------------------------


@Cloud.function(
    "applyDiscountCode", require_user=True, fields={"code": {"type": str, "required": True}}
)
async def apply_discount_code(request: FunctionRequest) -> dict[str, Any]:
    """Put a code on the caller's cart."""  # D4
    return await apply(request, request.params["code"], request.params.get("cart"))


@Cloud.function("removeDiscountCode", require_user=True)
async def remove_discount_code(request: FunctionRequest) -> dict[str, Any]:
    """Take the code off the caller's cart."""
    user = caller(request)
    async with turn_of(user):
        return await _put(None, await _cart(user, None))


async def apply(request: TriggerRequest, text: Any, named: Any) -> dict[str, Any]:
    """The confirmation, or one and the same refusal for unknown and expired codes.

    Without a cart that it could be put on, no code is looked up.
    """  # D4
    user = caller(request)
    async with turn_of(user):
        cart = await _cart(user, named)
        return await _put(await tried(request, user, partial(_good_code, text, cart)), cart)


async def _good_code(text: Any, cart: Object) -> Object | None:
    """The valid code of that text; a seller's only for a cart with goods of theirs."""
    code = await valid_code(text)
    if code is None or code.get("seller") is None:
        return code
    found = await lines.read("items", cart.get("items"))
    return code if lines.sold_by(code.get("seller"), found) else None


async def _cart(user: Object, named: Any) -> Object:
    """The user's cart, which is the one that they name, if they name one."""
    cart = await cart_of(user)
    wanted = named.id if isinstance(named, Object) else named
    if cart is None or wanted not in (None, cart.id):
        raise refuse("cart", "there is no such cart of yours")
    return cart


async def _put(code: Object | None, cart: Object) -> dict[str, Any]:
    """Set or remove the code of a cart, and say what it comes to."""
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


@Cloud.job("forgetTries", schedule="*/5 * * * *")
async def forget_tries(request: Any) -> None:
    """Wrong codes count for a minute: what is older goes."""
    old = Query("DiscountTry").less_than("createdAt", datetime.now(UTC) - WINDOW)
    async for row in old.iterate(use_master_key=True):
        await row.destroy(use_master_key=True)
