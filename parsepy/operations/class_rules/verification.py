"""A user's e-mail address is confirmed: the token of a write, and its mail (protocol §16.2)."""

from datetime import timedelta

from parsepy.config import Config
from parsepy.model.ops import is_delete
from parsepy.model.values import JSONObject, new_id, now
from parsepy.operations import mails, schemas
from parsepy.operations.writes import Write
from parsepy.storage.options import FIRST

_TOKEN_SIZE = 25
_DELETE: JSONObject = {"__op": "Delete"}
COLUMNS = ("_email_verify_token", "_email_verify_token_expires_at")


def new_token(config: Config) -> JSONObject:
    """The columns of an address that is yet to be confirmed."""
    columns: JSONObject = {"_email_verify_token": new_id(_TOKEN_SIZE), "emailVerified": False}
    seconds = config.email_verify_token_validity_duration
    if seconds is not None:
        columns["_email_verify_token_expires_at"] = now() + timedelta(seconds=seconds)
    return columns


def prepare(write: Write) -> None:
    """Give a write that sets an address the token that confirms it."""
    values, config = write.values, write.context.config
    if write.options.verifies_email:
        values |= dict.fromkeys(COLUMNS, _DELETE)
    email = values.get("email")
    if not config.verify_user_emails or not email or is_delete(email):
        return
    # Parse: who signs up by another provider than the anonymous one has been looked at there
    if set(values.get("authData") or ()) - {"anonymous"}:
        return
    columns = new_token(config)
    if "emailVerified" in write.echo:  # cloud code knows better
        del columns["emailVerified"]
    values |= columns


async def after_save(write: Write) -> None:
    """Send the mail, once what was written is there to stay."""
    backend, token = write.context.backend, write.values.get("_email_verify_token")
    if not isinstance(token, str) or not backend.config.send_user_email_verification:
        return
    found = await schemas.lookup(backend, "_User", {"objectId": write.object_id}, FIRST)
    if found:
        user = found[0]
        await backend.storage.after_commit(lambda: mails.send_verification(backend, user, token))
