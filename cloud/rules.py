"""What every rule needs: refusals, who is staff, and saves that are the server's own."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from parsepy import (
    ACL,
    Answer,
    Cloud,
    Code,
    ConditionFailed,
    Object,
    ParseError,
    Pointer,
    Request,
)

STAFF = frozenset({"admin", "staff"})
TRADERS = STAFF | {"seller"}

_OWN: ContextVar[bool] = ContextVar("shop_own", default=False)


def refuse(field: str, rule: str) -> ParseError:
    """The refusal of a rule on data: it names the field and the rule."""
    return ParseError(Code.VALIDATION_ERROR, f"{field}: {rule}")


@contextmanager
def own_writes() -> Iterator[None]:
    """What is saved inside is the server's own: checked already, not to be checked again."""
    token = _OWN.set(True)
    try:
        yield
    finally:
        _OWN.reset(token)


def is_own() -> bool:
    """Is this write the server's own?"""
    return _OWN.get()


def is_staff(request: Request) -> bool:
    """Does the caller belong to the staff, or hold the master key?"""
    return request.master or not STAFF.isdisjoint(request.roles)


def caller(request: Request) -> Object:
    """A pointer to the user who asks; refuses nobody."""
    if request.user is None:
        raise ParseError(Code.INVALID_SESSION_TOKEN, "Please log in first.")
    return Pointer("_User", str(request.user.id))


def private_to(user: Object) -> ACL:
    """An ACL for one user alone."""
    return ACL(Pointer("_User", str(user.id)))


async def store(item: Object, **options: Any) -> Object:
    """Save as the server itself."""
    with own_writes():
        return await item.save(use_master_key=True, **options)


def settle(item: Object, *fields: str) -> None:
    """Make of operations the values that were checked: two at once could go past a rule."""
    for field in fields:
        change = item.op(field)
        if isinstance(change, dict) and "__op" in change:
            item.set(field, item.get(field))


async def take_checked(item: Object, field: str) -> Answer | None:
    """A decrement that never goes below 0, whatever others do meanwhile; None if it is none."""
    change = item.op(field)
    if not isinstance(change, dict) or change.get("amount", 0) >= 0:
        return None
    try:
        with own_writes():  # with the caller's rights
            await item.save(where={field: {"$gte": -change["amount"]}})
    except ConditionFailed as error:
        raise refuse(field, "an integer of at least 0") from error
    return stored(item, is_new=False)


def stored(item: Object, *, is_new: bool) -> Answer:
    """The answer to a save that the server has made itself."""
    shown = item.to_json(whole=False)
    shown.pop("ACL", None)
    if not is_new:
        shown.pop("createdAt", None)
        shown.pop("objectId", None)
    return Cloud.answer(shown, status=201 if is_new else 200)
