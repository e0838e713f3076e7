"""Users: a well-formed address, a role that only the server gives, privacy (U1 to U3)."""

import re

from cloud.rules import is_staff, refuse
from parsepy import Cloud, Code, ParseError, Query, Role, SaveRequest, User, UserRequest

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
RANKS = ("admin", "staff", "seller")
CUSTOMER = "customer"


@Cloud.before_save(User)
async def check_user(request: SaveRequest) -> None:
    """An address is well formed, only an admin gives a role, and a user is private."""  # U1 to U3
    user = request.object
    email = user.get("email")
    if user.dirty("email") and isinstance(email, str) and not _EMAIL.fullmatch(email):
        raise ParseError(Code.INVALID_EMAIL_ADDRESS, "Email address format is invalid.")
    if user.dirty("role"):
        _check_role(request)
    if user.is_new and user.acl is not None and not request.master:
        user.acl.public_read = user.acl.public_write = False


def _check_role(request: SaveRequest) -> None:
    role = request.object.get("role")
    before = request.original.get("role") if request.original is not None else CUSTOMER
    if role == before:
        return
    if not (request.master or "admin" in request.roles):
        raise refuse("role", "only an admin changes it")
    if role not in (CUSTOMER, *RANKS):
        raise refuse("role", f"one of {', '.join((CUSTOMER, *RANKS))}")


async def show_role(user: User) -> None:
    """Make the text ``role`` of a user say the highest role that they hold."""
    held = await user.roles()
    highest = next((rank for rank in RANKS if rank in held), CUSTOMER)
    stored = await Query(User).select("role").get(str(user.id), use_master_key=True)
    if stored.get("role") not in (None, highest):
        await stored.save({"role": highest}, use_master_key=True)


@Cloud.after_login
async def show_role_at_login(request: UserRequest) -> None:
    """The role is kept equal to the roles, however they were given."""
    await show_role(User().load({"objectId": request.object.id}))


@Cloud.before_save(Role)
async def note_members(request: SaveRequest) -> None:
    """Remember whose membership changes; no one but admins and the master key gets here."""
    change = request.object.op("users")
    if not isinstance(change, dict):
        return
    if not is_staff(request):
        raise refuse("users", "no one gives himself a role")
    ops = change.get("ops") or [change]
    request.context["shop.members"] = [
        pointer["objectId"] for op in ops for pointer in op.get("objects", ())
    ]


@Cloud.after_save(Role)
async def show_roles_of_members(request: SaveRequest) -> None:
    """Members show their role at once."""
    for object_id in request.context.pop("shop.members", ()):
        user = await Query(User).equal_to("objectId", object_id).first(use_master_key=True)
        if user is not None:
            await show_role(user)
