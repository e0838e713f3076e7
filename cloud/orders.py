"""Orders: placed once, from what is in stock, at today's prices; legal steps only (O1 to O11).

What stands around a save sees to who may do what, once, and all or nothing; before an order is
stored, its stock is taken or put back.
"""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from cloud import carts, codes, lines
from cloud.gateway import close, open_at_gateway
from cloud.money import to_decimal
from cloud.rules import READ, caller, is_staff, owner, refuse, turn_of, with_staff
from parsepy import (
    Answer,
    Cloud,
    Code,
    ConditionFailed,
    DeleteRequest,
    FunctionRequest,
    Object,
    ParseError,
    Pointer,
    Proceed,
    Push,
    Query,
    SaveRequest,
    WriteRequest,
)

log = logging.getLogger("parsepy.shop")

STEPS = {
    "pending": {"paid", "cancelled"},
    "paid": {"shipped", "cancelled", "refunded"},
    "shipped": {"delivered", "refunded"},
}
_CLIENTS = {"user", "products", "total", "status", "ACL"}
_CHECKOUT = "shop.checkout"
"""In the context of a save: the order is one of its user's cart, under this request id."""
OF_PAYMENT = "shop.payment"
"""In the context of a save: the server notes what it has heard of the order's payment."""
_TO_BE_DELETED = "shop.deleted"
"""In the context of a save: the order is deleted in the same transaction."""
_ONCE = timedelta(minutes=5)


def _is_variant(item: Object, original: Object | None) -> bool:
    """Is it an order of the agent's schema, which has a customer? `variants` has its rules."""
    return item.has("customer") or (original is not None and original.has("customer"))


@Cloud.around_save("Order", require_user=True)
async def check_order(request: SaveRequest, proceed: Proceed) -> Answer | None:
    """A new order is placed by the server; of an old one only the status changes."""
    if _is_variant(request.object, request.original):
        await proceed()
        return None
    if request.original is None:
        await _place(request, proceed)
        return None
    async with turn_of(request.original.get("user")):
        await request.refresh()
        if request.master and OF_PAYMENT in request.context:
            await proceed()
            return None
        return await _step(request, request.original, proceed)


# --- placing ------------------------------------------------------------------------------------


async def _place(request: SaveRequest, proceed: Proceed) -> None:
    """Price an order, take the stock and store it, all or nothing, once."""  # M1, O2 to O4, O7, D5
    order, user = request.object, owner(request)
    for field in sorted(set(order.dirty_keys()) - _CLIENTS):
        raise refuse(field, "it can't be set")
    if order.get("status") not in (None, "", "pending"):
        raise refuse("status", "a new order is pending")
    is_checkout = request.master and _CHECKOUT in request.context
    key = request.context[_CHECKOUT] if is_checkout else request.headers.get("x-parse-request-id")
    async with turn_of(user):
        if await _placed_before(user, key) is not None:
            raise ParseError(Code.DUPLICATE_REQUEST, "Duplicate request")
        cart = await carts.cart_of(user) if is_checkout else None
        if is_checkout:
            order.set("products", cart.get("items") if cart is not None else None)
        await _price(order, cart)
        order.set({"user": user, "status": "pending"})
        order.acl = with_staff({str(user.id): READ})  # O9
        if key:
            order.set("requestId", key)

        @Cloud.transaction()
        async def take_and_store() -> None:
            await proceed(use_master_key=True)
            if cart is not None:
                await (
                    Pointer("Cart", str(cart.id))
                    .unset("code")
                    .save({"items": []}, use_master_key=True)
                )

        await take_and_store()


async def _price(order: Object, cart: Object | None) -> None:
    """An order's lines and what they come to today; a total that was sent is right."""  # M1, D5
    products = order.get("products")
    if not isinstance(products, list) or not products:
        raise refuse("products", "not empty" if cart is None else "the cart is empty")
    found = await lines.read("products", products)
    code = await _code_of(cart)
    subtotal, discount = carts.amounts(found, code)
    total = subtotal - discount
    if order.get("total") is not None and to_decimal(order.get("total")) != total:
        raise refuse("total", f"it is {total}")
    order.set("products", [line.stored() for line in found])
    order.set({"subtotal": subtotal, "discount": discount, "total": total})
    if code is not None:
        order.set("code", code.get("code"))


@Cloud.function("checkout", require_user=True)
async def checkout(request: FunctionRequest) -> Object | None:
    """An order of the caller's cart, with its discount code; the cart is empty then."""  # O2
    user, key = caller(request), request.params.get("requestId")
    if key is not None and not isinstance(key, str):
        raise refuse("requestId", "a text")
    order = Object("Order", user=user)
    try:
        return await order.save(use_master_key=True, context={_CHECKOUT: key})
    except ParseError as error:
        if error.code != Code.DUPLICATE_REQUEST:
            raise
        return await _placed_before(user, key)


async def _placed_before(user: Object, key: str | None) -> Object | None:
    """The order that the same request made within the last minutes."""  # O7
    if not key:
        return None
    query = Query("Order").equal_to("user", user).equal_to("requestId", key)
    query.greater_than("createdAt", datetime.now(UTC) - _ONCE)
    return await query.first(use_master_key=True)


async def _code_of(cart: Object | None) -> Object | None:
    """The cart's code, checked again."""  # D5
    text = cart.get("code") if cart is not None else None
    if text is None:
        return None
    code = await codes.valid_code(text)
    if code is None:
        raise refuse("code", f"{text} has become invalid; remove it from the cart")
    return code


# --- stock --------------------------------------------------------------------------------------


@Cloud.before_save("Order")
async def move_stock(request: SaveRequest) -> None:
    """Stock goes with a new order, and comes back with one that is not kept."""  # O4, O6
    order, before = request.object, request.original
    if _is_variant(order, before):
        return
    if before is None:
        await _take(order)
        return
    old, new = before.get("status"), order.get("status")
    if (new == "cancelled" and old != new) or (new == "refunded" and old == "paid"):
        await _put_back(before)


def _sku_of(item: Any) -> Object | None:
    """The SKU of a line, if it is one of a SKU."""
    sku = item if isinstance(item, Object) else item.get("sku")
    return sku if isinstance(sku, Object) and sku.class_name == "SKU" else None


def _counts(order: Object) -> dict[str, int]:
    """SKU id → the quantity of all lines of an order; in one sequence for everybody."""
    counts: dict[str, int] = {}
    for item in order.get("products") or ():
        sku = _sku_of(item)
        if sku is not None:
            quantity = 1 if isinstance(item, Object) else int(item.get("quantity", 1))
            counts[str(sku.id)] = counts.get(str(sku.id), 0) + quantity
    return dict(sorted(counts.items()))


async def _take(order: Object) -> None:
    """Take the stock of every line, or refuse and name the line."""  # O4
    for object_id, count in _counts(order).items():
        try:
            # never below 0: `catalogue` sees to that
            await Pointer("SKU", object_id).decrement("stock", count).save(use_master_key=True)
        except ParseError as error:
            if error.code not in (Code.VALIDATION_ERROR, Code.OBJECT_NOT_FOUND):
                raise
            raise await _shortage(order, object_id) from error


async def _shortage(order: Object, object_id: str) -> ParseError:
    """The refusal that names the first line of a SKU of which too few are left."""
    skus = [_sku_of(item) for item in order.get("products")]
    place = next(n for n, item in enumerate(skus) if item is not None and item.id == object_id)
    query = Query("SKU").include("product").equal_to("objectId", object_id)
    sku = await query.first(use_master_key=True)
    if sku is None:  # deleted after the order was priced
        return refuse(f"products[{place}]", f"there is no SKU {object_id}")
    name = f"{sku.get('product').get('name')} ({sku.get('variation')})"
    return refuse(f"products[{place}]", f"only {sku.get('stock')} of {name} are left")


async def _put_back(order: Object) -> None:
    """Put the stock of an order back; of SKUs that are gone nothing is kept."""  # O6
    for object_id, count in _counts(order).items():
        try:
            await Pointer("SKU", object_id).increment("stock", count).save(use_master_key=True)
        except ParseError as error:
            if error.code != Code.OBJECT_NOT_FOUND:
                raise


# --- steps --------------------------------------------------------------------------------------


async def _step(request: SaveRequest, before: Object, proceed: Proceed) -> Answer | None:
    """A legal step of the status, and nothing else, once whoever else tries."""  # O5, O6, O8
    order = request.object
    for field in order.dirty_keys():
        if field == "status":
            continue
        if field == "attention" and is_staff(request) and not order.has(field):
            continue  # they have seen to it
        if order.get(field) != before.get(field):
            raise refuse(field, "an order's contents never change")
        order.revert(field)
    old, new = str(before.get("status")), order.get("status")
    if new == old:
        if order.dirty("attention"):
            order.revert("status")
            await proceed()
            return None
        return Cloud.answer({"updatedAt": before.to_json()["updatedAt"]})
    if not isinstance(new, str) or new not in _steps_of(before):
        raise refuse("status", f"{old} does not become {new}")
    if not is_staff(request) and (old, new) != ("pending", "cancelled"):
        raise refuse("status", "a customer may only cancel a pending order")
    order.set(f"{new}At", datetime.now(UTC))

    @Cloud.transaction()
    async def step() -> None:
        try:
            await proceed(where={"status": old}, use_master_key=True)
        except ConditionFailed as error:
            raise refuse("status", f"it is no longer {old}") from error

    await step()
    if _TO_BE_DELETED not in request.context:  # then it is not over yet
        await close(str(before.id), open_at_gateway(before))
    await tell_customer(before, new)
    return None


def _steps_of(order: Object) -> set[str]:
    """The statuses that may follow; one that was paid after it was cancelled can be refunded."""
    status, payment = str(order.get("status")), order.get("payment") or {}
    if status == "cancelled" and payment.get("state") == "received":
        return {"refunded"}
    return STEPS.get(status, set())


async def tell_customer(order: Object, status: str) -> None:
    """Push to the devices on which the customer is logged in, if pushes are configured."""  # O11
    user = order.get("user")
    if not Push.is_configured() or not isinstance(user, Object):
        return
    # by their sessions: what an installation says of its user, anybody could have written
    sessions = {"className": "_Session", "where": {"user": user.to_pointer()}}
    where = {"installationId": {"$select": {"query": sessions, "key": "installationId"}}}
    data = {"alert": f"Your order is {status}.", "order": str(order.id), "status": status}
    try:
        await Push.send(data, where=where)
    except ParseError as error:  # the order has taken its step, whatever becomes of the news
        log.warning("no push about order %s: %s", order.id, error)


@Cloud.may_write("Order")
async def open_to_its_user(request: WriteRequest) -> bool:
    """Who placed an order may cancel it, and delete it while it is pending."""  # O9
    order, user = request.object, request.user
    if user is None or not order.has("user") or not order.get("user").same_as(user):
        return False
    if request.changes is None:
        return bool(order.get("status") == "pending")
    return set(request.changes) == {"status"}


@Cloud.around_delete("Order")
async def put_back_when_deleted(request: DeleteRequest, proceed: Proceed) -> None:
    """A pending order that is deleted puts its stock back, once; unless money is on its way."""
    if request.object.has("customer"):
        await proceed()
        return
    async with turn_of(request.object.get("user")):
        await request.refresh()
        order = request.object
        status = order.get("status")
        if not is_staff(request):
            if status != "pending":
                raise refuse("status", "only a pending order can be deleted")
            if order.has("payment"):
                raise refuse("payment", "it has begun: cancel the order instead")

        @Cloud.transaction()
        async def put_back_and_delete() -> None:
            if status == "pending":
                await order.save(
                    {"status": "cancelled"}, use_master_key=True, context={_TO_BE_DELETED: True}
                )
            await proceed()

        await put_back_and_delete()
        if status == "pending":
            await close(str(order.id), open_at_gateway(order))
