"""The schemas of `schema/variants/`: Customer, Coupon, Transaction, and orders of a customer."""

from decimal import Decimal
from functools import partial
from typing import Any

from cloud.codes import tried
from cloud.money import is_price, rounded, to_decimal
from cloud.rules import owner, private_to, refuse, turn_of
from parsepy import Cloud, Code, Object, ParseError, Pointer, Proceed, Query, SaveRequest


@Cloud.before_save("Customer", require_user=True)
async def check_customer(request: SaveRequest) -> None:
    """A customer has a name and an address that could be one."""
    customer = request.object
    for field in ("name", "email"):
        value = customer.get(field)
        if (customer.is_new or customer.dirty(field)) and not (
            isinstance(value, str) and value.strip()
        ):
            raise refuse(field, "not blank")
    if "@" not in str(customer.get("email")):
        raise refuse("email", "an e-mail address")


@Cloud.before_save("Coupon", require_user=True)
async def check_coupon(request: SaveRequest) -> None:
    """A coupon takes off more than nothing and at most everything, in per cent."""
    discount = to_decimal(request.object.get("discount"))
    if discount is None or not 0 < discount <= 100:
        raise refuse("discount", "more than 0 and at most 100")


@Cloud.around_save("Transaction", require_user=True)
async def check_transaction(request: SaveRequest, proceed: Proceed) -> None:
    """A purchase is its buyer's, costs what the product costs, and takes it from the inventory.

    A code of a coupon, sent as ``coupon``, takes its per cent off the price.
    """
    sent = request.object
    if not sent.is_new:
        raise refuse("amount", "a transaction never changes")
    user = owner(request)
    for field in set(sent.dirty_keys()) - {"product", "amount", "coupon"}:
        sent.revert(field)
    product = await _product(sent.get("product"))
    coupon = None
    if sent.get("coupon") is not None:
        async with turn_of(user):
            coupon = await tried(request, user, partial(_coupon, sent.get("coupon")))
        sent.set("coupon", coupon.get("code"))
    price = _reduced(product.get("price"), coupon)
    if not is_price(sent.get("amount")) or to_decimal(sent.get("amount")) != price:
        raise refuse("amount", f"it is {price}")
    sent.set({"user": user, "product": product})
    sent.acl = private_to(user)

    @Cloud.transaction()
    async def take_and_store() -> None:
        try:
            taken = Pointer("Product", str(product.id)).decrement("inventory")
            await taken.save(use_master_key=True)
        except ParseError as error:
            if error.code != Code.VALIDATION_ERROR:
                raise
            raise refuse("product", "none is left") from error
        await proceed(use_master_key=True)

    await take_and_store()


async def _coupon(text: Any) -> Object | None:
    """The coupon of that code."""
    if not isinstance(text, str):
        return None
    query = Query("Coupon").equal_to("code", text.strip()).ascending("createdAt")
    return await query.first(use_master_key=True)


def _reduced(price: Any, coupon: Object | None) -> Decimal | None:
    """What a product costs with a coupon: two decimals, half up."""
    full = to_decimal(price)
    discount = to_decimal(coupon.get("discount")) if coupon is not None else None
    if full is None or discount is None:
        return full
    return full - rounded(full * discount / 100)


async def _product(pointer: Any) -> Object:
    """The product that is bought."""
    product: Object | None = None
    if isinstance(pointer, Object):
        query = Query("Product").equal_to("objectId", pointer.id)
        product = await query.first(use_master_key=True)
    if product is None:
        raise refuse("product", "there is no such product")
    return product
