"""Lock accounts after failed log-ins: of passwords and second factors alike (protocol §13.8)."""

from datetime import timedelta

from parsepy.backend import RequestContext
from parsepy.errors import Code, ParseError
from parsepy.model.query import simple
from parsepy.model.values import JSONObject, now
from parsepy.operations import schemas
from parsepy.storage.options import ReadOptions


def check(context: RequestContext, user: JSONObject) -> None:
    """Refuse an account that is locked; ``user`` with the server's columns."""
    lockout = context.config.account_lockout
    if lockout is None:
        return
    expires = user.get("_account_lockout_expires_at")
    if expires is not None and expires > now():
        raise ParseError(
            Code.OBJECT_NOT_FOUND,
            "Your account is locked due to multiple failed login attempts. "
            f"Please try again after {lockout.duration:g} minute(s)",
        )


async def check_again(context: RequestContext, user_id: str) -> None:
    """Refuse an account that is locked by now: others may have guessed meanwhile."""
    if context.config.account_lockout is None:
        return
    found = await schemas.lookup(
        context.backend, "_User", {"objectId": user_id}, ReadOptions(limit=1, internal=True)
    )
    if found:
        check(context, found[0])


async def count(context: RequestContext, user_id: str) -> None:
    """Count a failure; the one that reaches the threshold locks the account."""
    lockout = context.config.account_lockout
    if lockout is None:
        return
    backend = context.backend
    schema = await schemas.existing(backend, "_User")
    where = simple("_User", {"objectId": user_id}).where
    threshold, duration = lockout.threshold, timedelta(minutes=lockout.duration)
    one_more = {"_failed_login_count": {"__op": "Increment", "amount": 1}}

    async def add() -> None:
        changed = await backend.storage.update(schema, where, one_more, internal=True)
        if changed is not None and changed.get("_failed_login_count", 0) >= threshold:
            lock = {"_account_lockout_expires_at": now() + duration, "_failed_login_count": 0}
            await backend.storage.update(schema, where, lock)

    # a batch that is a transaction would take its failure back
    await backend.storage.after_transaction(add)


async def forget(context: RequestContext, user: JSONObject) -> None:
    """Forget the failures of a user who has got in; ``user`` with the server's columns."""
    if context.config.account_lockout is None or not user.get("_failed_login_count"):
        return
    schema = await schemas.existing(context.backend, "_User")
    where = simple("_User", {"objectId": user["objectId"]}).where
    await context.backend.storage.update(schema, where, {"_failed_login_count": 0})
