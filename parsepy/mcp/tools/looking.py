"""Tools that look at the server: logs, the security report, refusals, the manual."""

import asyncio
from dataclasses import replace
from typing import Annotated, Any, Literal

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from parsepy.logs import LogQuery, a_week_ago
from parsepy.mcp import explaining, manual
from parsepy.mcp.callers import name_of, principal_of
from parsepy.mcp.desk import Call
from parsepy.mcp.results import NAMES, stored, without_secrets
from parsepy.model.principal import NOBODY, Principal
from parsepy.model.schema import SYSTEM_COLUMNS
from parsepy.model.values import JSONObject
from parsepy.operations import schemas, security


async def read_logs(
    call: Call,
    level: Annotated[Literal["info", "warning", "error"], Field(description="This or worse")] = (
        "info"
    ),
    limit: Annotated[int, Field(ge=1, le=200)] = 50,
) -> JSONObject:
    """Read the newest entries of the server's log, the newest first; secrets are masked."""
    asked = LogQuery("warn" if level == "warning" else level, limit, a_week_ago())
    found = await asyncio.to_thread(call.backend.logs.query, asked)
    return stored(found)


async def security_report(call: Call) -> JSONObject:
    """Tell which settings of the server are weak, and what to do."""
    return {"report": await security.report(call.backend)}


async def search_docs(
    call: Call,
    words: Annotated[str, Field(description="What to look for", max_length=200)],
    limit: Annotated[int, Field(ge=1, le=20)] = 5,
) -> JSONObject:
    """Search parsepy's manual; the sections that fit best, whole pages are resources."""
    found = await asyncio.to_thread(manual.search, words, limit)
    return {
        "sections": [
            {"page": f"parsepy://docs/{one.page}", "title": one.title, "text": one.text}
            for one in found
        ]
    }


# --- refusals -----------------------------------------------------------------------------------

User = Annotated[
    str | None,
    Field(description="Name or id of the user who was refused; without, nobody is signed in"),
]


async def _principal(call: Call, username: str | None) -> Principal:
    return NOBODY if username is None else await principal_of(call.backend, username)


async def explain_refusal(
    call: Call,
    operation: explaining.Operation,
    class_name: str,
    object_id: str | None = None,
    user: User = None,
    columns: Annotated[
        list[str] | None,
        Field(description="Columns that the query names, or that the write would add"),
    ] = None,
) -> JSONObject:
    """Tell which rule refuses a user an operation: class-level or pointer permission, ACL,

    protected field, or cloud code. Each rule is asked as the server asks it; nothing is changed.
    """
    principal = await _principal(call, user)
    context = replace(call.context, principal=principal)
    told = await explaining.explain(
        context, operation, class_name, object_id, tuple(columns or ())[:50]
    )
    refusal = told.refusal
    return {
        "notice": NAMES,
        "who": name_of(principal),
        "roles": sorted(principal.roles),
        "refusedBy": None if refusal is None else refusal["rule"],
        "because": None if refusal is None else refusal["because"],
        "steps": without_secrets(told.steps),
    }


async def attempt_write(
    call: Call,
    operation: Literal["create", "update", "delete"],
    class_name: str,
    object_id: str | None = None,
    fields: dict[str, Any] | None = None,
    user: User = None,
) -> JSONObject:
    """Make a write with a user's rights in a transaction that is undone: does cloud code refuse it?

    What cloud code does outside of the database (mails, other services) is not undone.
    """
    if operation != "create" and object_id is None:
        raise ToolError(f"{operation} needs an object_id.")
    await _check_columns(call, class_name, fields or {})
    principal = await _principal(call, user)
    context = replace(call.context, principal=principal, is_answered=False)
    told = await explaining.attempt(context, operation, class_name, object_id, fields or {})
    return {"notice": NAMES, "who": name_of(principal), **without_secrets(told)}


async def _check_columns(call: Call, class_name: str, fields: JSONObject) -> None:
    """Refuse what would leave a column behind: those of a class stay when a write is undone."""
    schema = await schemas.existing(call.backend, class_name)
    if class_name in SYSTEM_COLUMNS:
        return
    new = [name for name in fields if name.partition(".")[0] not in schema.types]
    if new or not schema.exists:
        what = f"The column {new[0]}" if new else f"The class {class_name}"
        raise ToolError(f"{what} is not there yet; an undone write would leave it behind.")
