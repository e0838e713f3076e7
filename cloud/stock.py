"""Stock that the staff change by hand: by how many, who, and why.

The rules on orders move stock by themselves; what comes in, breaks or is counted anew is told
here, so that a count can be explained later. Needs no class in a template: the notes are kept in
``StockChange``, which only the server writes and only the staff read.
"""

from typing import Any

from cloud.rules import caller, refuse
from parsepy import (
    ACL,
    Cloud,
    Code,
    FunctionRequest,
    Object,
    ParseError,
    Pointer,
    Query,
    SaveRequest,
)

_STAFF = ["staff", "admin"]
_LONGEST_REASON = 200
_MOST = 1_000_000
_SHOWN = 50


@Cloud.function(
    "adjustStock",
    require_any_user_roles=_STAFF,
    fields={
        "sku": {"type": str, "required": True},
        "by": {"type": int, "required": True},
        "reason": {"type": str, "required": True},
    },
)
async def adjust_stock(request: FunctionRequest) -> dict[str, Any]:
    """Change a SKU's stock by a number (below 0: less), and note the reason.

    ``{sku: id, by, reason}`` → ``{stock}``. A difference, not a count: two who change it at once
    both count. Refused with 142 where less than nothing would be left.
    """
    by, reason = request.params["by"], request.params["reason"].strip()
    if by == 0 or abs(by) > _MOST:
        raise refuse("by", f"an integer other than 0, at most {_MOST}")
    if not reason or len(reason) > _LONGEST_REASON:
        raise refuse("reason", f"1 to {_LONGEST_REASON} characters")
    sku = await _sku(request.params["sku"])

    @Cloud.transaction()
    async def change_and_note() -> None:
        await Pointer("SKU", str(sku.id)).increment("stock", by).save(use_master_key=True)
        note = Object("StockChange", sku=sku, by=by, reason=reason, user=caller(request))
        note.acl = ACL({"role:staff": {"read": True}, "role:admin": {"read": True}})
        await note.save(use_master_key=True)

    await change_and_note()
    return {"stock": (await _sku(str(sku.id))).get("stock")}


@Cloud.function(
    "stockChanges",
    require_any_user_roles=_STAFF,
    fields={"sku": {"type": str, "required": True}},
)
async def stock_changes(request: FunctionRequest) -> list[dict[str, Any]]:
    """The last changes by hand of a SKU, newest first: ``[{by, reason, at, username}]``."""
    query = Query("StockChange").equal_to("sku", Pointer("SKU", request.params["sku"]))
    query.descending("createdAt").include("user").limit(_SHOWN)
    return [
        {
            "by": row.get("by"),
            "reason": row.get("reason"),
            "at": row.created_at,
            "username": user.get("username") if (user := row.get("user")) is not None else None,
        }
        for row in await query.find(use_master_key=True)
    ]


async def _sku(object_id: str) -> Object:
    query: Query[Object] = Query("SKU")
    query.equal_to("objectId", object_id)
    found = await query.first(use_master_key=True)
    if found is None:
        raise refuse("sku", "there is no such SKU")
    return found


@Cloud.before_save("StockChange")
async def keep_notes(request: SaveRequest) -> None:
    """Only the server notes: a note that anybody could write explains nothing."""
    if not request.master:
        raise ParseError(Code.OPERATION_FORBIDDEN, "Permission denied")
