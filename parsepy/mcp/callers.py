"""``Caller``: who calls a tool, and with what rights."""

from dataclasses import dataclass

from parsepy.backend import Backend, RequestContext
from parsepy.errors import Code, ParseError
from parsepy.model.principal import Principal
from parsepy.operations import principals, schemas
from parsepy.operations.bootstrap import ADMIN
from parsepy.storage.options import FIRST

_LONGEST_NAME = 40  # characters of a user's name that are shown


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls a tool: the context in which the operations act, and the way in, for the log."""

    context: RequestContext
    way: str

    @property
    def name(self) -> str:
        """Who it is."""
        return name_of(self.context.principal)

    @property
    def backend(self) -> Backend:
        """The application."""
        return self.context.backend

    @property
    def is_operator(self) -> bool:
        """May this caller use the tools that no user's rights cover?"""
        return is_operator(self.context.principal)

    def check_operator(self, tool: str) -> None:
        """Refuse everybody but operators, with OPERATION_FORBIDDEN."""
        if not self.is_operator:
            raise ParseError(
                Code.OPERATION_FORBIDDEN,
                f"{tool} needs the master key, or a member of the role {ADMIN}.",
            )

    def check_writer(self, tool: str) -> None:
        """Refuse the read-only master key, with OPERATION_FORBIDDEN."""
        if self.context.principal.is_read_only:
            raise ParseError(
                Code.OPERATION_FORBIDDEN, f"read-only masterKey isn't allowed to use {tool}."
            )


def is_operator(principal: Principal) -> bool:
    """Is this the master key, or a member of the role ``admin``?"""
    return principal.is_master or ADMIN in principal.roles


def name_of(principal: Principal) -> str:
    """What the log calls a principal."""
    if principal.is_master:
        return "the read-only master key" if principal.is_read_only else "the master key"
    if not principal.user_id:
        return "nobody"
    # people choose their names, and could choose a sentence, or a line of the log
    username = " ".join(str((principal.user or {}).get("username")).split())
    username = username if len(username) <= _LONGEST_NAME else f"{username[:_LONGEST_NAME]}…"
    return f"the user {username} ({principal.user_id})"


async def user_id_of(backend: Backend, username: str) -> str:
    """The id of the user with this name, or with this id; OBJECT_NOT_FOUND if there is none."""
    found = await schemas.lookup(backend, "_User", {"username": username}, FIRST)
    found = found or await schemas.lookup(backend, "_User", {"objectId": username}, FIRST)
    if not found:
        raise ParseError(Code.OBJECT_NOT_FOUND, f"There is no user named {username!r}.")
    return str(found[0]["objectId"])


async def principal_of(backend: Backend, username: str) -> Principal:
    """The rights of a user as they are now; OBJECT_NOT_FOUND if there is no such user."""
    user_id = await user_id_of(backend, username)
    principal = await principals.of_user(backend, user_id, None)
    if principal is None:
        raise ParseError(Code.OBJECT_NOT_FOUND, f"There is no user named {username!r}.")
    return principal
