"""``Scope``: which objects of a class a principal's rights reach, decided once for every reader.

The storage turns a scope into a part of its filter; whoever holds an object already asks
``allows``. Both give the same answer.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from parsepy.model.permissions import READS
from parsepy.model.principal import Principal
from parsepy.model.schema import ClassSchema
from parsepy.model.values import JSONObject, is_pointer

Flag = Literal["read", "write"]


@dataclass(slots=True)  # not frozen, which makes making one four times as long
class Scope:
    """The objects of a class to which a principal has a right.

    ``principal``: who must be listed with ``flag`` in an object's ACL (None: no ACL check);
    ``pointer_fields``: groups of columns; of each group one must point at (or contain) the
    principal's user; ``is_nothing``: no object at all is within.
    """

    principal: Principal | None = None
    flag: Flag = "read"
    pointer_fields: tuple[tuple[str, ...], ...] = ()
    is_nothing: bool = False

    def allows(self, item: JSONObject) -> bool:
        """Is this object (whole, in REST form) within the scope?"""
        if self.is_nothing:
            return False
        entries = item.get("ACL")
        if self.principal is not None and entries is not None:
            names, flag = self.principal.name_set, self.flag
            if not any(name in names and flags.get(flag) for name, flags in entries.items()):
                return False
        return self.is_pointed_to(item)

    def is_listed(self, names: Iterable[str] | None) -> bool:
        """Is the principal among the names that hold ``flag``? An absent list has everybody."""
        if self.principal is None or names is None:
            return not self.is_nothing
        return not self.principal.name_set.isdisjoint(names)

    def is_pointed_to(self, item: JSONObject) -> bool:
        """Does a column of each group point at the principal's user?"""
        if not self.pointer_fields:
            return True
        user_id = None if self.principal is None else self.principal.user_id
        user = {"__type": "Pointer", "className": "_User", "objectId": user_id}
        return all(
            any(_leads_to(item.get(field), user) for field in group)
            for group in self.pointer_fields
        )


EVERYTHING = Scope()
NOTHING = Scope(is_nothing=True)


def scope_of(
    schema: ClassSchema, operation: str, principal: Principal, narrowing: tuple[str, ...] = ()
) -> Scope:
    """The objects of a class on which a principal may do ``operation``.

    ``narrowing``: columns of which one must point at the user besides. Raises the refusals of
    ``ClassPermissions.decide``.
    """
    if principal.is_privileged:
        return EVERYTHING
    own = schema.permissions.decide(schema.name, operation, principal)
    flag: Flag = "read" if operation in READS else "write"
    if own is None and not narrowing:
        return Scope(principal, flag)
    if principal.user_id is None:
        return NOTHING
    return Scope(principal, flag, tuple(fields for fields in (own, narrowing) if fields))


def _leads_to(value: Any, user: JSONObject) -> bool:
    """Is a column's value a pointer to the user, or an array that a filter would find it in?"""
    if isinstance(value, list):
        return user in value
    return (
        is_pointer(value)
        and value.get("objectId") == user["objectId"]
        and value.get("className") == "_User"
    )
