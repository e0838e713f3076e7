"""The tokens in the links of mails: made, and stored with the user."""

from datetime import datetime, timedelta
from typing import Any

from parsepy.backend import Backend
from parsepy.config import Config
from parsepy.model.query import simple
from parsepy.model.values import JSONObject, new_id, now
from parsepy.operations import schemas

TOKEN_SIZE = 25


def is_past(moment: Any) -> bool:
    """Is a column's date over?"""
    return isinstance(moment, datetime) and moment <= now()


def verification_columns(config: Config) -> JSONObject:
    """The columns of an address that is yet to be confirmed (§16.2)."""
    columns: JSONObject = {"_email_verify_token": new_id(TOKEN_SIZE), "emailVerified": False}
    seconds = config.email_verify_token_validity_duration
    if seconds is not None:
        columns["_email_verify_token_expires_at"] = now() + timedelta(seconds=seconds)
    return columns


async def renew_verification(backend: Backend, user: JSONObject) -> JSONObject | None:
    """Give a user a token to confirm the address, or the one that is valid.

    Returns the user; None if the address is confirmed, or another one by now.
    """
    if user.get("emailVerified"):
        return None
    if backend.config.email_verify_token_reuse_if_valid:
        expires = user.get("_email_verify_token_expires_at")
        is_valid = isinstance(expires, datetime) and not is_past(expires)
        if is_valid and user.get("_email_verify_token"):
            return user
    where = {
        "objectId": user["objectId"],
        "email": user.get("email"),
        "emailVerified": {"$ne": True},
    }
    return await _store(backend, where, verification_columns(backend.config))


async def renew_reset(backend: Backend, user: JSONObject) -> JSONObject | None:
    """Give a user a token to set a new password, or the one that is valid; the user, if there."""
    policy = backend.config.password_policy
    columns: JSONObject = {"_perishable_token": new_id(TOKEN_SIZE)}
    if policy is not None and policy.reset_token_validity_duration is not None:
        expires = user.get("_perishable_token_expires_at")
        is_kept = policy.reset_token_reuse_if_valid and isinstance(expires, datetime)
        if is_kept and user.get("_perishable_token") and not is_past(expires):
            return user
        seconds = policy.reset_token_validity_duration
        columns["_perishable_token_expires_at"] = now() + timedelta(seconds=seconds)
    return await _store(backend, {"objectId": user["objectId"]}, columns)


async def _store(backend: Backend, where: JSONObject, columns: JSONObject) -> JSONObject | None:
    schema = await schemas.existing(backend, "_User")
    return await backend.storage.update(
        schema, simple("_User", where).where, columns, internal=True
    )
