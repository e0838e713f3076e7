"""Carts: one for each user, priced by the server (C1 to C3, M1)."""

from cloud import codes, lines
from cloud.rules import caller, is_own, private_to, refuse, store, stored
from parsepy import Answer, Cloud, Object, Query, SaveRequest

_CLIENTS = ("items", "total", "user", "ACL")
"""What a client may send; of these the total and the user are replaced by what is true."""


@Cloud.before_save("Cart", require_user=True)
async def keep_one_cart(request: SaveRequest) -> Answer | None:
    """C2: a user's second cart is his first one, changed."""
    if is_own():
        return None
    sent = request.object
    for field in sent.dirty_keys():
        if field not in _CLIENTS:
            before = request.original.get(field) if request.original is not None else None
            if sent.get(field) != before:
                raise refuse(field, "it is the server's to set")
    user = request.original.get("user") if request.original is not None else None
    user = user or (sent.get("user") if request.master else caller(request))
    if not isinstance(user, Object):
        raise refuse("user", "required")
    async with Cloud.lock(f"cart:{user.id}"):
        cart = request.original or await cart_of(user)
        is_new = cart is None
        cart = cart or Object("Cart")
        if sent.dirty("items") or is_new:
            cart.set("items", sent.get("items"))
        cart.set("user", user)
        cart.acl = private_to(user)
        await price(cart, await codes.of_cart(cart))
        await store(cart)
    answer = stored(cart, is_new=is_new)
    if request.original is None:
        answer.content["objectId"] = cart.id
    return answer


async def cart_of(user: Object) -> Object | None:
    """The one cart of a user."""
    return (
        await Query("Cart").equal_to("user", user).ascending("createdAt").first(use_master_key=True)
    )


async def price(cart: Object, code: Object | None) -> list[lines.Line]:
    """M1: set a cart's lines, subtotal, discount and total; the lines as they were read."""
    found = await lines.read("items", cart.get("items"))
    subtotal = lines.subtotal(found)
    discount = codes.amount(subtotal, code)
    cart.set("items", [line.stored() for line in found])
    cart.set("subtotal", subtotal)
    cart.set("discount", discount)
    cart.set("total", subtotal - discount)
    if code is not None:
        cart.set("code", code.get("code"))
    elif cart.get("code") is not None:
        cart.unset("code")
    return found
