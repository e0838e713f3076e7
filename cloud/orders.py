"""Orders: placed once, from what is in stock, at today's prices; legal steps only (O1 to O11)."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from cloud import carts, codes, lines
from cloud.money import to_decimal
from cloud.rules import caller, is_own, is_staff, own_writes, refuse, store, stored
from parsepy import (
    ACL,
    Answer,
    Cloud,
    Code,
    ConditionFailed,
    DeleteRequest,
    FunctionRequest,
    Object,
    ParseError,
    Pointer,
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
FINAL = {"delivered", "cancelled", "refunded"}
_CLIENTS = {"user", "products", "total", "status", "ACL"}
_ONCE = timedelta(minutes=5)


def _is_variant(item: Object, original: Object | None) -> bool:
    """Is it an order of the agent's schema, which has a customer? `variants` has its rules."""
    return item.has("customer") or (original is not None and original.has("customer"))


# --- placing ------------------------------------------------------------------------------------


@Cloud.before_save("Order", require_user=True)
async def check_order(request: SaveRequest) -> Answer | None:
    """A new order is placed by the server; of an old one only the status changes."""
    if is_own() or _is_variant(request.object, request.original):
        return None
    if request.original is not None:
        return await _step(request)
    sent = request.object
    user = sent.get("user") if request.master else caller(request)
    if not isinstance(user, Object):
        raise refuse("user", "required")
    for field in sorted(set(sent.dirty_keys()) - _CLIENTS):
        raise refuse(field, "it can't be set")
    if sent.get("status") not in (None, "", "pending"):
        raise refuse("status", "a new order is pending")
    key = request.headers.get("x-parse-request-id")
    async with Cloud.lock(f"order:{user.id}"):
        if await _placed_before(user, key) is not None:
            raise ParseError(Code.DUPLICATE_REQUEST, "Duplicate request")
        order = await _place(user, sent.get("products"), sent.get("total"), None, key)
    answer = stored(order, is_new=True)
    return answer


@Cloud.function("checkout", require_user=True)
async def checkout(request: FunctionRequest) -> Object:
    """O2: an order of the caller's cart, with its discount code; the cart is empty then."""
    user, key = caller(request), request.params.get("requestId")
    if key is not None and not isinstance(key, str):
        raise refuse("requestId", "a text")
    async with Cloud.lock(f"order:{user.id}"):
        before = await _placed_before(user, key)
        if before is not None:
            return before
        cart = await carts.cart_of(user)
        if cart is None or not cart.get("items"):
            raise refuse("products", "the cart is empty")
        order = await _place(user, cart.get("items"), None, cart, key)
    return order


async def _placed_before(user: Object, key: str | None) -> Object | None:
    """O7: the order that the same request made within the last minutes."""
    if not key:
        return None
    query = Query("Order").equal_to("user", user).equal_to("requestId", key)
    query.greater_than("createdAt", datetime.now(UTC) - _ONCE)
    return await query.first(use_master_key=True)


async def _place(
    user: Object, products: Any, total: Any, cart: Object | None, key: str | None
) -> Object:
    """M1, O2 to O4, D5: price it, then take the stock and store it, all or nothing."""
    if not isinstance(products, list) or not products:
        raise refuse("products", "not empty")
    found = await lines.read("products", products)
    code = await _code_of(cart)
    subtotal = lines.subtotal(found)
    discount = codes.amount(subtotal, code)
    right = subtotal - discount
    if total is not None and to_decimal(total) != right:
        raise refuse("total", f"it is {right}")

    @Cloud.transaction()
    async def take_and_store() -> Object:
        await _take(found)
        order = Object("Order")
        order.set({"user": user, "status": "pending", "products": [i.stored() for i in found]})
        order.set({"subtotal": subtotal, "discount": discount, "total": right})
        if code is not None:
            order.set("code", code.get("code"))
        if key:
            order.set("requestId", key)
        order.acl = _acl_of(user)
        await store(order)
        if cart is not None:
            emptied = Pointer("Cart", str(cart.id))
            emptied.set({"items": [], "subtotal": 0, "discount": 0, "total": 0})
            await store(emptied.unset("code"))
        return order

    return await take_and_store()


async def _code_of(cart: Object | None) -> Object | None:
    """D5: the cart's code, checked again."""
    if cart is None or cart.get("code") is None:
        return None
    code = await codes.of_cart(cart)
    if code is None:
        raise refuse("code", f"{cart.get('code')} has become invalid; remove it from the cart")
    return code


def _acl_of(user: Object) -> ACL:
    """O9: its user reads, staff read and write."""
    acl = ACL().set_read_access(str(user.id), True)
    for role in ("staff", "admin"):
        acl.set_role_read_access(role, True).set_role_write_access(role, True)
    return acl


# --- stock --------------------------------------------------------------------------------------


def _counts(found: Sequence[lines.Line]) -> dict[str, tuple[lines.Line, int]]:
    """SKU id → its first line, and the quantity of all lines; in one order for everybody."""
    counts: dict[str, tuple[lines.Line, int]] = {}
    for line in found:
        if line.is_sku:
            first, before = counts.get(str(line.item.id), (line, 0))
            counts[str(line.item.id)] = (first, before + line.quantity)
    return dict(sorted(counts.items()))


async def _take(found: Sequence[lines.Line]) -> None:
    """O4: take the stock of every line, or refuse and name the line."""
    for object_id, (line, count) in _counts(found).items():
        sku = Pointer("SKU", object_id).decrement("stock", count)
        try:
            await store(sku, where={"stock": {"$gte": count}})
        except ConditionFailed as error:
            left = await Query("SKU").get(object_id, use_master_key=True)
            raise refuse(line.place, f"only {left.get('stock')} of {line.name} are left") from error


async def _put_back(order: Object) -> None:
    """O6: put the stock of an order back; of SKUs that are gone nothing is kept."""
    counts: dict[str, int] = {}
    for item in order.get("products") or ():
        sku = item if isinstance(item, Object) else item.get("sku")
        if isinstance(sku, Object) and sku.class_name == "SKU":
            quantity = 1 if isinstance(item, Object) else int(item.get("quantity", 1))
            counts[str(sku.id)] = counts.get(str(sku.id), 0) + quantity
    for object_id, count in sorted(counts.items()):
        try:
            await store(Pointer("SKU", object_id).increment("stock", count))
        except ParseError as error:
            if error.code != Code.OBJECT_NOT_FOUND:
                raise


# --- steps --------------------------------------------------------------------------------------


async def _step(request: SaveRequest) -> Answer | None:
    """O5, O6, O8: a legal step of the status, and nothing else."""
    order, before = request.object, request.original
    assert before is not None
    for field in order.dirty_keys():
        if field != "status" and order.get(field) != before.get(field):
            raise refuse(field, "an order's contents never change")
    old, new = str(before.get("status")), order.get("status")
    if new == old:
        return Cloud.answer({"updatedAt": before.to_json()["updatedAt"]})
    if not isinstance(new, str) or new not in STEPS.get(old, ()):
        raise refuse("status", f"{old} does not become {new}")
    if not is_staff(request) and (old, new) != ("pending", "cancelled"):
        raise refuse("status", "a customer may only cancel a pending order")
    await move(before, old, new)
    return stored(before, is_new=False)


async def move(order: Object, old: str, new: str) -> None:
    """Take one step, exactly once whoever else tries; stock goes back with it."""

    @Cloud.transaction()
    async def step() -> None:
        changed = Pointer("Order", str(order.id)).set("status", new)
        if new == "paid":
            changed.set("paidAt", datetime.now(UTC))
        try:
            await store(changed, where={"status": old})
        except ConditionFailed as error:
            raise refuse("status", f"it is no longer {old}") from error
        if new == "cancelled" or (new == "refunded" and old == "paid"):
            await _put_back(order)
        order.updated_at = changed.updated_at

    await step()
    with own_writes():
        order.set("status", new)
    await _tell_customer(order, new)


async def _tell_customer(order: Object, status: str) -> None:
    """O11: push to the devices on which the customer is logged in, if pushes are configured."""
    user = order.get("user")
    if not Push.is_configured() or not isinstance(user, Object):
        return
    # by his sessions: what an installation says of its user, anybody could have written
    sessions = {"className": "_Session", "where": {"user": user.to_pointer()}}
    where = {"installationId": {"$select": {"query": sessions, "key": "installationId"}}}
    data = {"alert": f"Your order is {status}.", "order": str(order.id), "status": status}
    try:
        await Push.send(data, where=where)
    except ParseError as error:  # the order has taken its step, whatever becomes of the news
        log.warning("no push about order %s: %s", order.id, error)


@Cloud.may_write("Order")
async def open_to_its_user(request: WriteRequest) -> bool:
    """O9: who placed an order may cancel it, and delete it while it is pending."""
    order, user = request.object, request.user
    if user is None or not order.has("user") or not order.get("user").same_as(user):
        return False
    if request.changes is None:
        return bool(order.get("status") == "pending")
    return set(request.changes) == {"status"}


@Cloud.before_delete("Order")
async def put_back_when_deleted(request: DeleteRequest) -> None:
    """A pending order that is deleted puts its stock back, once."""
    order = request.object
    if order.has("customer"):
        return
    if order.get("status") == "pending":
        await move(order, "pending", "cancelled")
    elif not is_staff(request):
        raise refuse("status", "only a pending order can be deleted")
