"""Lock accounts after failed log-ins: of passwords and second factors alike (protocol §13.8)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from weakref import WeakValueDictionary

from parsepy.backend import RequestContext
from parsepy.errors import Code, ParseError
from parsepy.model.query import simple
from parsepy.model.values import JSONObject, now
from parsepy.operations import schemas
from parsepy.storage.options import ReadOptions

_LONGEST_WAIT = 5.0  # seconds that a transaction waits, for what may wait for itself


class _Turn:
    """Whose turn it is to guess at an account, in this process."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.transaction: object | None = None
        """The transaction that has it, until its guesses are counted."""

    def give_back(self) -> None:
        self.transaction = None
        self.lock.release()


_turns: WeakValueDictionary[tuple[int, str], _Turn] = WeakValueDictionary()


@asynccontextmanager
async def one_at_a_time(context: RequestContext, user_id: str) -> AsyncIterator[None]:
    """Let guesses at one account follow one another, each refused if it is locked by then.

    Else many at once are all looked at before the first of them is counted. A transaction counts
    its own when it is over, and keeps its turn until then; one that waits too long is refused.
    """
    if context.config.account_lockout is None:
        yield
        return
    connection = context.backend.storage.connection
    key, transaction = (id(context.backend), user_id), connection.current_transaction
    turn = _turns.get(key)
    if turn is None:
        turn = _turns[key] = _Turn()
    if transaction is None:
        async with turn.lock:
            await check_again(context, user_id)
            yield
        return
    if turn.transaction is not transaction:
        try:
            async with asyncio.timeout(_LONGEST_WAIT):
                await turn.lock.acquire()
        except TimeoutError as error:
            raise ParseError(Code.TIMEOUT, "Too many log-ins at once.") from error
        turn.transaction = transaction
        connection.at_end(turn.give_back)
    await check_again(context, user_id)
    yield


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
    """Refuse an account that is locked by now: others may have guessed meanwhile.

    A transaction sees what was there at its start, so it is read outside of one.
    """
    if context.config.account_lockout is None:
        return
    with context.backend.storage.connection.outside_transaction():
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
