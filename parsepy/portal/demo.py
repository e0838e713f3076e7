"""The user whom the playground of a demo signs in by a click."""

import secrets

from parsepy.backend import RequestContext
from parsepy.model.values import JSONObject
from parsepy.operations import save, schemas, users
from parsepy.storage.options import FIRST

NAME = "demo"


async def session(master: RequestContext) -> JSONObject:
    """Make a session of the demo's user, who is made when first asked for: name and token."""
    found = await schemas.lookup(master.backend, "_User", {"username": NAME}, FIRST)
    if not found:
        body = {
            "username": NAME,
            "password": secrets.token_urlsafe(24),  # nobody needs to know it
            "email": f"{NAME}@example.com",
        }
        await save.create(master, "_User", body)
        found = await schemas.lookup(master.backend, "_User", {"username": NAME}, FIRST)
    user = await users.log_in_as(master, found[0]["objectId"])
    return {"username": NAME, "sessionToken": user["sessionToken"]}
