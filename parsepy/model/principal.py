"""``Principal``: who makes a request (master key, a user with roles, nobody), with ACL names."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, repr=False)
class Principal:
    """Who makes a request: the holder of a key, a user with roles, or nobody.

    ``names`` are the ACL names that apply: ``*``, the user's id, ``role:<name>`` for each role.
    ``user`` is the `_User` object in REST form, without secrets.
    """

    is_master: bool = False
    is_maintenance: bool = False
    is_read_only: bool = False
    user_id: str | None = None
    session_token: str | None = None
    roles: frozenset[str] = frozenset()
    user: dict[str, Any] | None = None
    names: tuple[str, ...] = field(init=False)
    name_set: frozenset[str] = field(init=False)
    is_privileged: bool = field(init=False)

    def __post_init__(self) -> None:
        names = ("*", *(f"role:{name}" for name in sorted(self.roles)))
        if self.user_id:
            names = (*names, self.user_id)
        object.__setattr__(self, "names", names)
        object.__setattr__(self, "name_set", frozenset(names))
        object.__setattr__(self, "is_privileged", self.is_master or self.is_maintenance)


NOBODY = Principal()
MASTER = Principal(is_master=True)
READ_ONLY_MASTER = Principal(is_master=True, is_read_only=True)
MAINTENANCE = Principal(is_maintenance=True)
