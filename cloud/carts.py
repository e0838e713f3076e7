"""Carts: one for each user, priced by the server (C1 to C3, M1)."""

from cloud import codes, lines
from cloud.rules import owner, private_to, refuse
from parsepy import Answer, Cloud, Object, Proceed, Query, SaveRequest

_CLIENTS = {"items", "total", "user", "ACL"}
"""What a client may send; of these the total and the user are replaced by what is true."""


@Cloud.around_save("Cart", require_user=True)
async def keep_one_cart(request: SaveRequest, proceed: Proceed) -> Answer | None:
    """C1 to C3: a user has one cart, and its prices are the server's."""
    sent, before = request.object, request.original
    for field in sent.dirty_keys():
        if field in _CLIENTS or (field == "code" and request.master):  # `discounts` sets it
            continue
        if sent.get(field) != (before.get(field) if before is not None else None):
            raise refuse(field, "it is the server's to set")
    user = (before.get("user") if before is not None else None) or owner(request)
    if before is not None and sent.dirty("items") and sent.get("items") == []:
        # nothing to price; so an order may empty the cart in its transaction, which takes no locks
        sent.set({"subtotal": 0, "discount": 0, "total": 0, "user": user})
        sent.acl = private_to(user)
        await proceed(use_master_key=True)
        return None
    async with Cloud.lock(f"cart:{user.id}"):
        now = await cart_of(user)
        if before is not None or now is None:
            await _price(sent, now)
            sent.set("user", user)
            sent.acl = private_to(user)
            await proceed(use_master_key=True)
            return None
    return await _change(now, sent)


async def _change(cart: Object, sent: Object) -> Answer:
    """C2: a user's second cart is the first one, changed."""
    items = (sent if sent.dirty("items") else cart).get("items")
    await cart.save({"items": items})
    shown = cart.to_json(whole=False)
    return Cloud.answer({n: v for n, v in shown.items() if n not in ("ACL", "createdAt")})


async def cart_of(user: Object) -> Object | None:
    """The one cart of a user."""
    return (
        await Query("Cart").equal_to("user", user).ascending("createdAt").first(use_master_key=True)
    )


async def _price(cart: Object, now: Object | None) -> None:
    """M1: set a cart's lines, subtotal, discount and total, by its lines and code as they are."""
    source = cart if now is None or cart.dirty("items") else now
    found = await lines.read("items", source.get("items"))
    text = (cart if now is None or cart.dirty("code") else now).get("code")
    code = await codes.valid_code(text) if text is not None else None
    subtotal = lines.subtotal(found)
    discount = codes.amount(subtotal, code)
    # a pointer alone stays one: what it costs is said by the order that is made of it
    cart.set("items", [x.given if isinstance(x.given, Object) else x.stored() for x in found])
    cart.set({"subtotal": subtotal, "discount": discount, "total": subtotal - discount})
    if code is not None:
        cart.set("code", code.get("code"))
    elif text is not None:
        cart.unset("code")
