"""What a start brings into a database beside schemas: roles, demo data, the first grants."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from parsepy.backend import Backend, master_context
from parsepy.errors import Code, ParseError
from parsepy.model.templates import TemplateRole
from parsepy.model.values import JSONObject, date, loads, now
from parsepy.operations import principals, save, schemas
from parsepy.operations.writes import SaveOptions
from parsepy.storage.options import FIRST
from parsepy.triggers import Triggers

ADMIN = "admin"
"""The role whose members may do in the portal and by MCP what the master key may."""


async def make_roles(backend: Backend, roles: tuple[TemplateRole, ...]) -> list[str]:
    """Make the roles of a template that are missing; the names of those that were made."""
    made = []
    for role in roles:
        if await _role_id(backend, role.name) is None:
            body = {"name": role.name, "ACL": {"*": {"read": True}}}
            await save.create(master_context(backend), "_Role", body)
            made.append(role.name)
    for role in roles:
        owner = await _role_id(backend, role.name)
        heirs = [i for name in role.roles if (i := await _role_id(backend, name)) is not None]
        if owner is not None and heirs and role.name in made:
            await backend.storage.relations.add("_Role", "roles", owner, heirs)
    if made:
        principals.forget_everybody(backend)
    return made


async def reserve_admin(backend: Backend) -> list[str]:
    """Make the role `admin` if it is missing; what its ACL lets others do that they should not.

    Whoever may make roles, as every signed-in user may by default, would else be the first to
    make this one, with themself in it.
    """
    with suppress(ParseError):  # another process was quicker
        await make_roles(backend, (TemplateRole(ADMIN),))
    found = await schemas.lookup(backend, "_Role", {"name": ADMIN}, FIRST)
    acl = found[0].get("ACL") if found else None
    entries = {"*": {"write": True}} if acl is None else acl
    writers = sorted(who for who, may in entries.items() if may.get("write"))
    return [f"the role {ADMIN} may be written by {who}, who can so become one" for who in writers]


async def list_roles(backend: Backend) -> list[JSONObject]:
    """List the roles by name, each with the roles whose members have its rights."""
    found = await schemas.lookup(backend, "_Role", {})
    names = {item["objectId"]: str(item.get("name")) for item in found}
    members = backend.storage.relations.members
    roles: list[JSONObject] = []
    for object_id, name in sorted(names.items(), key=lambda item: item[1]):
        heirs = [names[one] for one in await members("_Role", "roles", object_id) if one in names]
        roles.append({"name": name, **({"roles": sorted(heirs)} if heirs else {})})
    return roles


async def _role_id(backend: Backend, name: str) -> str | None:
    found = await schemas.lookup(backend, "_Role", {"name": name}, FIRST)
    return found[0]["objectId"] if found else None


async def grant(backend: Backend, username: str, role: str) -> None:
    """Put a user into a role; OBJECT_NOT_FOUND names what there is not."""
    role_id, user_id = await _role_and_user(backend, username, role)
    await backend.storage.relations.add("_Role", "users", role_id, [user_id])
    principals.forget_everybody(backend)


async def revoke(backend: Backend, username: str, role: str) -> None:
    """Take a user out of a role, if they are in it; OBJECT_NOT_FOUND names what there is not."""
    role_id, user_id = await _role_and_user(backend, username, role)
    await backend.storage.relations.remove("_Role", "users", role_id, [user_id])
    principals.forget_everybody(backend)


async def _role_and_user(backend: Backend, username: str, role: str) -> tuple[str, str]:
    users = await schemas.lookup(backend, "_User", {"username": username}, FIRST)
    if not users:
        raise ParseError(Code.OBJECT_NOT_FOUND, f"There is no user named {username!r}.")
    role_id = await _role_id(backend, role)
    if role_id is None:
        names = sorted(str(r.get("name")) for r in await schemas.lookup(backend, "_Role", {}))
        known = f" There are: {', '.join(names)}." if names else " There are none yet."
        raise ParseError(Code.OBJECT_NOT_FOUND, f"There is no role named {role!r}.{known}")
    return role_id, users[0]["objectId"]


async def load_demo(backend: Backend, path: Path) -> int:
    """Load demo data once; how many objects were written.

    A class that holds anything already is left alone, and so is one that no template has made:
    it would be open to everybody.
    """
    data: JSONObject = loads(await asyncio.to_thread(path.read_bytes))
    written = 0
    for class_name, objects in data["objects"].items():
        schema = await schemas.existing(backend, class_name)
        if not schema.exists or await backend.storage.count(schema, ()):
            continue
        for item in objects:
            await _load(backend, class_name, _dated(item))
            written += 1
    return written


async def _load(backend: Backend, class_name: str, item: JSONObject) -> None:
    # the data are as they should be, ids included: cloud code has no say in them
    context = master_context(replace(backend, triggers=Triggers()))
    object_id = item.pop("objectId", None)
    await save.create(context, class_name, item, SaveOptions(object_id=object_id))


def _dated(value: Any) -> Any:
    """A copy in which dates relative to now have become Date values."""
    if isinstance(value, list):
        return [_dated(item) for item in value]
    if isinstance(value, dict):
        if value.get("__type") == "RelativeDate":
            return date(now() + timedelta(seconds=value["offsetSeconds"]))
        return {key: _dated(item) for key, item in value.items()}
    return value
