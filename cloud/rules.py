"""What every rule needs: refusals, who is staff, and writes that leave nothing below 0."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager

from parsepy import (
    ACL,
    Cloud,
    Code,
    ConditionFailed,
    Object,
    ParseError,
    Pointer,
    Proceed,
    SaveRequest,
    TriggerRequest,
)

STAFF = frozenset({"admin", "staff"})
TRADERS = STAFF | {"seller"}


def refuse(field: str, rule: str) -> ParseError:
    """The refusal of a rule on data: it names the field and the rule."""
    return ParseError(Code.VALIDATION_ERROR, f"{field}: {rule}")


def is_staff(request: TriggerRequest) -> bool:
    """Does the caller belong to the staff, or hold the master key?"""
    return request.master or not STAFF.isdisjoint(request.roles)


def caller(request: TriggerRequest) -> Object:
    """A pointer to the user who asks; refuses nobody."""
    if request.user is None:
        raise ParseError(Code.INVALID_SESSION_TOKEN, "Please log in first.")
    return Pointer("_User", str(request.user.id))


def owner(request: SaveRequest) -> Object:
    """Whose a new object is: the caller's, or whom the holder of the master key names."""
    user = request.object.get("user") if request.master else caller(request)
    if not isinstance(user, Object):
        raise refuse("user", "required")
    return user


def turn_of(user: Object) -> AbstractAsyncContextManager[None]:
    """What a customer has is changed by one request at a time: cart, codes, orders, payments.

    There is one lock for all of it, since each of them is made of the others. Who has waited for
    it looks again at what they had read before.
    """
    return Cloud.lock(f"customer:{user.id}")


def private_to(user: Object) -> ACL:
    """An ACL for one user alone."""
    return ACL(Pointer("_User", str(user.id)))


READ, WRITE = {"read": True}, {"read": True, "write": True}


def with_staff(entries: Mapping[str, Mapping[str, bool]]) -> ACL:
    """An ACL of these entries, which lets the staff read and write as well."""
    return ACL({**entries, "role:staff": WRITE, "role:admin": WRITE})


def settle(item: Object, field: str) -> None:
    """Make of an operation the value that was checked: two at once could go past a rule."""
    change = item.op(field)
    if isinstance(change, dict) and "__op" in change:
        item.set(field, item.get(field))


async def keep_count(request: SaveRequest, proceed: Proceed, field: str) -> None:
    """Make a write of a count: an integer that never goes below 0, whatever others do meanwhile."""
    item = request.object
    if not item.dirty(field):
        await proceed()
        return
    count = item.get(field)
    if isinstance(count, bool) or not isinstance(count, int | float) or count < 0 or count % 1:
        raise refuse(field, "an integer of at least 0")
    change = item.op(field)
    amount = change.get("amount", 0) if isinstance(change, dict) else 0
    if amount >= 0:
        await proceed()
        return
    try:
        await proceed(where={field: {"$gte": -amount}})
    except ConditionFailed as error:
        raise refuse(field, "an integer of at least 0") from error
