"""The schemas of `schema/variants/`: Customer, Coupon, Transaction, and orders of a customer."""

from cloud.money import is_price, to_decimal
from cloud.rules import is_own, refuse, store
from parsepy import Cloud, ConditionFailed, Object, Query, SaveRequest


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


@Cloud.before_save("Transaction", require_user=True)
async def check_transaction(request: SaveRequest) -> None:
    """A purchase is its buyer's, costs what the product costs, and takes it from the inventory."""
    purchase = request.object
    if is_own():
        return
    if not purchase.is_new:
        raise refuse("amount", "a transaction never changes")
    if not request.master:
        purchase.set("user", request.user)
    pointer = purchase.get("product")
    product = None
    if isinstance(pointer, Object):
        query = Query("Product").equal_to("objectId", pointer.id)
        product = await query.first(use_master_key=True)
    if product is None:
        raise refuse("product", "there is no such product")
    if not is_price(purchase.get("amount")) or purchase.get("amount") != product.get("price"):
        raise refuse("amount", f"it is {product.get('price')}")
    try:
        await store(product.decrement("inventory"), where={"inventory": {"$gte": 1}})
    except ConditionFailed as error:
        raise refuse("product", "none is left") from error
