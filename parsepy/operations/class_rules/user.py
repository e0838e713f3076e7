"""``_User``: password, username and email uniqueness, ACL, and what is hidden."""

import asyncio
import re
from datetime import datetime
from typing import Any

import bcrypt

from parsepy.auth import second_factors
from parsepy.backend import Backend, RequestContext
from parsepy.errors import Code, ParseError, denied
from parsepy.model.ops import is_delete, op_of
from parsepy.model.query import simple
from parsepy.model.schema import INTERNAL_USER_COLUMNS
from parsepy.model.values import (
    DATE,
    OBJECT,
    STRING,
    JSONObject,
    from_iso,
    new_id,
    now,
    to_iso,
    type_of,
)
from parsepy.operations import principals, schemas
from parsepy.operations.class_rules import (
    account_notices,
    auth_data,
    shown_auth_data,
    verification,
)
from parsepy.operations.class_rules.base import ClassRules
from parsepy.operations.writes import Write
from parsepy.storage import DuplicateKey
from parsepy.storage.options import ReadOptions

# a line break would make a header of its own in a mail to this address
_EMAIL = re.compile(r"[^\n\r\u2028\u2029]+@[^\n\r\u2028\u2029]+")
_COST = 10
_USERNAME_SIZE = 25
_DELETE: JSONObject = {"__op": "Delete"}
_SHOWN_INTERNAL = (*INTERNAL_USER_COLUMNS, "_tombstone")
RESET_COLUMNS = ("_perishable_token", "_perishable_token_expires_at")

_TAKEN = {
    "username": (Code.USERNAME_TAKEN, "Account already exists for this username."),
    "email": (Code.EMAIL_TAKEN, "Account already exists for this email address."),
}


# --- passwords ----------------------------------------------------------------------------------


def _bytes(password: str) -> bytes:
    # Parse: bcrypt reads 72 bytes; what is longer is cut, on storing and on checking alike
    return password.encode("utf-8", "surrogatepass")[:72]


async def hash_password(password: str) -> str:
    """The bcrypt hash of a password, computed off the event loop."""
    hashed = await asyncio.to_thread(bcrypt.hashpw, _bytes(password), bcrypt.gensalt(_COST))
    return hashed.decode()


async def password_matches(password: str, hashed: str) -> bool:
    """Does the password fit the stored hash (any bcrypt prefix)? Off the event loop."""
    try:
        return await asyncio.to_thread(bcrypt.checkpw, _bytes(password), hashed.encode())
    except ValueError:
        return False


async def check_policy(write: Write, password: str) -> None:
    """Refuse a password that the policy forbids, with VALIDATION_ERROR (protocol §13.10)."""
    policy = write.context.config.password_policy
    if policy is None:
        return
    accepts = write.context.backend.accepts_password
    if (policy.validator_pattern and not re.search(policy.validator_pattern, password)) or (
        accepts is not None and not await accepts(password)
    ):
        raise ParseError(
            Code.VALIDATION_ERROR,
            policy.validation_error or "Password does not meet the Password Policy requirements.",
        )
    stored = await _stored(write) if not write.is_create else {}
    if policy.do_not_allow_username:
        username = write.values.get("username") or stored.get("username")
        if isinstance(username, str) and username in password:
            raise ParseError(
                Code.VALIDATION_ERROR,
                policy.validation_error or "Password cannot contain your username.",
            )
    if policy.max_password_history and not write.is_create:
        await _check_history(write, password, stored, policy.max_password_history)


async def _stored(write: Write) -> JSONObject:
    rows = await schemas.lookup(
        write.context.backend,
        "_User",
        {"objectId": write.object_id},
        ReadOptions(limit=1, internal=True),
    )
    return rows[0] if rows else {}


async def _check_history(write: Write, password: str, stored: JSONObject, size: int) -> None:
    current = stored.get("_hashed_password")
    old = [str(item) for item in stored.get("_password_history") or ()][-(size - 1) :]
    history = (old if size > 1 else []) + ([current] if current else [])
    for hashed in history:
        if await password_matches(password, hashed):
            raise ParseError(
                Code.VALIDATION_ERROR,
                f"New password should not be the same as last {size} passwords.",
            )
    write.values["_password_history"] = history[-size:]


# --- the rules ----------------------------------------------------------------------------------


class UserRules(ClassRules):
    """Users (protocol §13)."""

    async def check(self, write: Write) -> None:
        """Refuse a sign-up without credentials, and a client that marks an address as verified."""
        values, context = write.values, write.context
        if not context.principal.is_privileged:
            values.pop("sessionToken", None)  # the legacy token is the server's to give
        if write.is_create and not write.options.is_vouched_for:
            _require(values, "username", Code.USERNAME_MISSING, "bad or missing username")
            _require(values, "password", Code.PASSWORD_MISSING, "password is required")
            for name in context.backend.sign_up_required:
                if values.get(name) in (None, "") or is_delete(values.get(name)):
                    raise ParseError(Code.VALIDATION_ERROR, f"{name} is required")
        if "emailVerified" in values and not context.principal.is_privileged:
            raise denied(
                Code.OPERATION_FORBIDDEN,
                "Clients aren't allowed to manually update email verification.",
            )
        if not write.is_create:
            _check_plain(values)
            _check_kept(values, "password", Code.PASSWORD_MISSING, "password is required")
            _check_kept(values, "username", Code.USERNAME_MISSING, "bad or missing username")
            if not context.principal.is_privileged and context.principal.user_id is None:
                raise denied(Code.SESSION_MISSING, f"Cannot modify user {write.object_id}.")

    async def prepare(self, write: Write) -> None:
        """Hash the password, refuse a taken username or email, complete the ACL."""
        values, config = write.values, write.context.config
        for name in INTERNAL_USER_COLUMNS.keys() & values.keys():  # of the maintenance key
            if type_of(values[name]) == DATE:
                values[name] = from_iso(values[name]["iso"])
        for name, lower in (
            ("username", config.convert_username_to_lowercase),
            ("email", config.convert_email_to_lowercase),
        ):
            if lower and isinstance(values.get(name), str):
                values[name] = values[name].lower()
        password = values.pop("password", None)
        if password:  # a provider's user may have none, or an empty one
            await check_policy(write, password)
            values["_hashed_password"] = await hash_password(password)
            if config.password_policy is not None and config.password_policy.max_password_age:
                values["_password_changed_at"] = now()
        if write.is_create and not values.get("username"):
            values["username"] = new_id(_USERNAME_SIZE)
            write.echo["username"] = values["username"]
        elif isinstance(values.get("username"), str):
            await self._check_unique(write, "username")
        await self._check_email(write)
        await account_notices.prepare(write)
        if not write.is_create and ("_hashed_password" in values or "email" in values):
            values |= dict.fromkeys(RESET_COLUMNS, _DELETE)
        await verification.prepare(write)
        self._own(write)

    async def _check_email(self, write: Write) -> None:
        email = write.values.get("email")
        if not email or is_delete(email):
            return
        if not _EMAIL.fullmatch(email):
            raise ParseError(Code.INVALID_EMAIL_ADDRESS, "Email address format is invalid.")
        await self._check_unique(write, "email")

    async def _check_unique(self, write: Write, column: str) -> None:
        """Refuse a username or email that another user has, in any case."""
        backend = write.context.backend
        schema = await schemas.existing(backend, "_User")
        query = {column: write.values[column], "objectId": {"$ne": write.object_id}}
        taken = await backend.storage.find(
            schema,
            simple("_User", query).where,
            options=ReadOptions(limit=1, keys=frozenset(("objectId",)), ignore_case=True),
        )
        if taken:
            raise ParseError(*_TAKEN[column])

    def _own(self, write: Write) -> None:
        """Give the user their own entry in the ACL (protocol §13.4, §12.7)."""
        values, config = write.values, write.context.config
        own = {"read": True, "write": True}
        if write.is_create:
            entries = values.get("ACL")
            if entries is None:
                entries = {} if config.enforce_private_users else {"*": {"read": True}}
            values["ACL"] = {**entries, write.object_id: own}
            if "ACL" in write.echo:
                write.echo["ACL"] = values["ACL"]
        elif isinstance(values.get("ACL"), dict) and not write.context.principal.is_privileged:
            values["ACL"] = {**values["ACL"], write.object_id: own}

    async def after_save(self, write: Write) -> None:
        """Forget what is cached of the user; mail the link that confirms a new address."""
        if not write.is_create:
            principals.forget_user(write.context.backend, write.object_id)
        await verification.after_save(write)
        await account_notices.after_save(write)

    async def check_delete(self, context: RequestContext, object_id: str) -> None:
        """Refuse to delete a user without being signed in."""
        if not context.principal.is_privileged and context.principal.user_id is None:
            raise ParseError(Code.SESSION_MISSING, "Insufficient auth to delete user")

    async def after_delete(self, context: RequestContext, object_id: str) -> None:
        """Delete the sessions of a user who is gone."""
        await delete_sessions(context.backend, object_id)
        await account_notices.forget(context, object_id)

    def shows(self, context: RequestContext) -> bool:
        """Does a provider have an ``after_find``, and the caller see any authData?"""
        if context.principal.is_read_only:
            return False
        return any(provider.has("after_find") for provider in context.backend.auth.values())

    async def show(self, context: RequestContext, items: list[JSONObject]) -> None:
        """Put what providers show of authData in its place."""
        await shown_auth_data.show(context, items)

    def withhold(self, context: RequestContext, item: JSONObject) -> JSONObject:
        """The user without authData of providers that would show less of it."""
        auth = item.get("authData")
        if not isinstance(auth, dict) or context.principal.is_privileged:
            return item
        providers = context.backend.auth
        shown = {
            name: data
            for name, data in auth.items()
            if name not in providers or not providers[name].has("after_find")
        }
        return {**item, "authData": shown}

    def redact(self, context: RequestContext, item: JSONObject) -> None:
        """Remove authData unless the caller is that user or privileged; remove the legacy token."""
        item.pop("sessionToken", None)
        if context.principal.is_maintenance:
            _show_internal(item)
        auth = item.get("authData")
        if auth is not None:
            if context.principal.is_privileged or item["objectId"] == context.principal.user_id:
                item["authData"] = {name: data for name, data in auth.items() if data is not None}
                self.mask(context, item)
            else:
                del item["authData"]

    def mask(self, context: RequestContext, item: JSONObject) -> None:
        """Replace the secrets of second factors by whether these are set up."""
        auth = item.get("authData")
        if isinstance(auth, dict) and not context.principal.is_privileged:
            item["authData"] = second_factors.masked(auth)

    def redact_included(self, context: RequestContext, item: JSONObject) -> None:
        """Remove authData of an included user, the caller's own as well (protocol §10.3)."""
        if not context.principal.is_privileged:
            item.pop("authData", None)

    def not_found(self, context: RequestContext) -> ParseError:
        """Refuse in words that do not tell a client whether there is such a user."""
        if context.principal.is_privileged:
            return super().not_found(context)
        return denied(Code.SESSION_MISSING, "Insufficient auth.")

    def translate(self, context: RequestContext, error: Exception) -> Exception:
        """Translate a unique index of `_User` into the refusals of a sign-up (protocol §6.8)."""
        if isinstance(error, DuplicateKey):
            for column, refusal in _TAKEN.items():
                if error.index.startswith(column):
                    return ParseError(*refusal)
            if error.index.startswith("_auth_data_"):
                return auth_data.already_used()
        return error


def _show_internal(item: JSONObject) -> None:
    """Leave of the server's own columns those that the maintenance key is shown, in place."""
    for name in [name for name in item if name[0] == "_"]:
        value = item.pop(name)
        if name in _SHOWN_INTERNAL:
            item[name] = to_iso(value) if isinstance(value, datetime) else value


def _require(values: JSONObject, name: str, code: Code, message: str) -> None:
    value: Any = values.get(name)
    if not isinstance(value, str) or not value:
        raise ParseError(code, message)


def _check_kept(values: JSONObject, name: str, code: Code, message: str) -> None:
    """Refuse to empty what a user signs in with; a wrong type is refused with the others'."""
    value = values.get(name, True)
    if value in (None, "") or is_delete(value):
        raise ParseError(code, message)


def _check_plain(values: JSONObject) -> None:
    """Refuse field operations on what is hashed, compared or kept unique."""
    for name in ("username", "password", "email"):
        value = values.get(name)
        if op_of(value) is not None and not is_delete(value):
            raise schemas.mismatch("_User", name, STRING, OBJECT)


async def delete_sessions(backend: Backend, user_id: str) -> None:
    """Delete every session of a user and forget them."""
    schema = await schemas.existing(backend, "_Session")
    user = {"__type": "Pointer", "className": "_User", "objectId": user_id}
    await backend.storage.delete(schema, simple("_Session", {"user": user}).where, many=True)
    principals.forget_user(backend, user_id)


def default_acl(entries: JSONObject, user_id: str | None) -> JSONObject:
    """The ACL of a new object by its class's default, in which ``currentUser`` is ``user_id``."""
    given = dict(entries)
    own = given.pop("currentUser", None)
    if own is not None and user_id is not None:
        given[user_id] = own
    return given
