"""Carts: one for each user, priced by the server (C1 to C3, M1)."""

from collections.abc import Sequence
from decimal import Decimal

from cloud import codes, lines
from cloud.lines import Line
from cloud.rules import owner, private_to, refuse, turn_of
from parsepy import Answer, Cloud, DeleteRequest, Object, Proceed, Query, SaveRequest

_CLIENTS = {"items", "total", "user", "ACL"}
"""What a client may send; of these the total and the user are replaced by what is true."""


@Cloud.around_save("Cart", require_user=True)
async def keep_one_cart(request: SaveRequest, proceed: Proceed) -> Answer | None:
    """A user has one cart, and its prices are the server's."""  # C1 to C3
    stored = request.original
    user = (stored.get("user") if stored is not None else None) or owner(request)
    async with turn_of(user):
        await request.refresh()
        sent, before = request.object, request.original
        for field in sent.dirty_keys():
            if field in _CLIENTS or (field == "code" and request.master):  # `discounts` sets it
                continue
            if sent.get(field) != (before.get(field) if before is not None else None):
                raise refuse(field, "it is the server's to set")
        first = await cart_of(user) if before is None else None
        if first is not None:
            return await _change(first, sent)
        await _price(sent)
        sent.set("user", user)
        sent.acl = private_to(user)
        await proceed(use_master_key=True)
    return None


@Cloud.around_delete("Cart")
async def delete_in_turn(request: DeleteRequest, proceed: Proceed) -> None:
    """A cart does not go while an order is made of it."""
    async with turn_of(request.object.get("user")):
        await request.refresh()
        await proceed()


async def _change(cart: Object, sent: Object) -> Answer:
    """A user's second cart is the first one, changed."""  # C2
    items = (sent if sent.dirty("items") else cart).get("items")
    await cart.save({"items": items})
    shown = cart.to_json(whole=False)
    return Cloud.answer({n: v for n, v in shown.items() if n not in ("ACL", "createdAt")})


async def cart_of(user: Object) -> Object | None:
    """The one cart of a user."""
    return (
        await Query("Cart").equal_to("user", user).ascending("createdAt").first(use_master_key=True)
    )


async def _price(cart: Object) -> None:
    """Set a cart's lines, subtotal, discount and total, by its lines and code as they are."""  # M1
    found = await lines.read("items", cart.get("items"))
    text = cart.get("code")
    code = await codes.valid_code(text) if text is not None else None
    subtotal, discount = amounts(found, code)
    # a pointer alone stays one: what it costs is said by the order that is made of it
    cart.set("items", [x.given if isinstance(x.given, Object) else x.stored() for x in found])
    cart.set({"subtotal": subtotal, "discount": discount, "total": subtotal - discount})
    if code is not None:
        cart.set("code", code.get("code"))
    elif text is not None:
        cart.unset("code")


def amounts(found: Sequence[Line], code: Object | None) -> tuple[Decimal, Decimal]:
    """The subtotal of lines, and what a code takes off those that it is good for."""
    counted = lines.sold_by(code.get("seller") if code is not None else None, found)
    return lines.subtotal(found), codes.amount(lines.subtotal(counted), code)
