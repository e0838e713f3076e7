"""Users: the viewer, and the mutations of accounts."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from parsepy.errors import Code, ParseError, denied
from parsepy.graphql.failures import PlainError, at_once, shown_message
from parsepy.graphql.reads import Columns
from parsepy.graphql.runs import Run
from parsepy.graphql.wheres import internal_error
from parsepy.graphql.wording import inspected
from parsepy.graphql.writes import body_of
from parsepy.model.principal import Principal
from parsepy.model.query import Query
from parsepy.model.values import JSONObject
from parsepy.model.where import by_id
from parsepy.operations import accounts, find, objects, principals, users

_DONE: JSONObject = {"ok": True}


async def viewer(run: Run, columns: Columns) -> JSONObject:
    """The user who is logged in, with the token of their session."""
    if not run.session_token:
        with at_once():
            raise denied(Code.INVALID_SESSION_TOKEN, "Invalid session token")
    return await _viewer(run, columns)


async def _viewer(run: Run, columns: Columns) -> JSONObject:
    token, user_id = run.session_token, run.context.principal.user_id
    if not token:
        raise denied(Code.INVALID_SESSION_TOKEN, "Invalid session token")
    if user_id is None:
        raise internal_error()  # Parse: a master key and a session token are too much for it
    columns.check(run)
    query = Query(
        "_User",
        where=(by_id(user_id),),
        keys=columns.keys,
        include=columns.include,
    )
    found = (await find.find(run.context, query)).objects
    if not found:
        raise denied(Code.INVALID_SESSION_TOKEN, "Invalid session token")
    return {"sessionToken": token, "user": found[0]}


async def _logged_in(run: Run, answer: Mapping[str, Any], columns: Columns) -> JSONObject:
    """The payload of a log-in; what follows in the document acts as that user.

    Parse: but not where nothing of the user is selected.
    """
    run.session_token = answer.get("sessionToken")
    if not run.session_token:
        raise denied(Code.INVALID_SESSION_TOKEN, "Invalid session token")
    if not columns.names:
        return {"viewer": {"sessionToken": run.session_token}}
    context = run.context
    found = await principals.of_user(context.backend, answer["objectId"], run.session_token)
    acting = found or Principal(user_id=answer["objectId"], session_token=run.session_token)
    if context.principal.is_master:
        acting = replace(acting, is_master=True, is_read_only=context.principal.is_read_only)
    run.context = replace(context, principal=acting)
    shown = await _viewer(run, columns)
    if answer.get("authDataResponse") is not None:
        shown["user"]["authDataResponse"] = answer["authDataResponse"]
    return {"viewer": shown}


async def sign_up(run: Run, given: Mapping[str, Any], columns: Columns) -> JSONObject:
    """Make a user and a session."""
    body = await body_of(run, "_User", given.get("fields"))
    return await _sign_up(run, body, columns)


async def log_in_with(run: Run, given: Mapping[str, Any], columns: Columns) -> JSONObject:
    """Log a user in by a provider's data, or make one."""
    body = await body_of(run, "_User", given.get("fields"))
    return await _sign_up(run, {**body, "authData": given["authData"]}, columns)


async def _sign_up(run: Run, body: JSONObject, columns: Columns) -> JSONObject:
    saved = await objects.create(run.context, "_User", body)
    answer = saved.response if isinstance(saved.response, dict) else saved.answer
    session = {"sessionToken": saved.answer.get("sessionToken"), "objectId": saved.object_id}
    return await _logged_in(run, {**answer, **session}, columns)


async def log_in(run: Run, given: Mapping[str, Any], columns: Columns) -> JSONObject:
    """Log a user in by name and password."""
    names = ("username", "password", "authData")
    parameters = {name: given[name] for name in names if given.get(name) is not None}
    return await _logged_in(run, await users.log_in(run.context, parameters), columns)


async def log_out(run: Run, given: Mapping[str, Any]) -> JSONObject:
    """End the session of the request."""
    await users.log_out(run.context)
    return dict(_DONE)


async def reset_password(run: Run, given: Mapping[str, Any]) -> JSONObject:
    """Mail a link to a new password.

    Parse: refusals of this mutation and the next carry no code of Parse's.
    """
    try:
        await accounts.request_password_reset(run.context, {"email": given["email"]})
    except ParseError as error:
        raise PlainError(shown_message(run.context.backend, error)) from error
    return dict(_DONE)


async def confirm_reset_password(run: Run, given: Mapping[str, Any]) -> JSONObject:
    """Set a password anew, by the token of a mail."""
    for name in ("password", "token"):
        if not given[name]:
            raise PlainError(f"you must provide a {name}")
    try:
        await accounts.reset_password(run.context, given["token"], given["password"])
    except ParseError as error:
        # Parse: it throws the text alone
        raise PlainError(f"Unexpected error value: {inspected(error.message)}") from error
    return dict(_DONE)


async def send_verification_email(run: Run, given: Mapping[str, Any]) -> JSONObject:
    """Mail the link again that confirms an address."""
    await accounts.request_verification(run.context, {"email": given["email"]})
    return dict(_DONE)


async def challenge(run: Run, given: Mapping[str, Any]) -> JSONObject:
    """Ask providers for what a log-in by them needs."""
    names = ("username", "password", "authData", "challengeData")
    answer = await users.challenge(run.context, {n: given[n] for n in names if n in given})
    return {"challengeData": answer["challengeData"]}
