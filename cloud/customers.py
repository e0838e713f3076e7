"""Who buys: the staff's report about customers, and what they may know of one of them.

Users are private (U3), and an address is needed to send what was ordered. So the staff learn of
those who have ordered, and of nobody else; an e-mail address is for admins alone, as the
template's protected fields say.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from cloud.money import rounded, to_decimal
from cloud.reports import SOLD
from cloud.rules import refuse
from parsepy import Cloud, FunctionRequest, Object, Pointer, Query, User

_STAFF = ["staff", "admin"]
_USUAL_DAYS, _MOST_DAYS = 30, 366
_USUAL_ROWS, _MOST_ROWS = 100, 1000


@Cloud.function("customerReport", require_any_user_roles=_STAFF)
async def customer_report(request: FunctionRequest) -> dict[str, Any]:
    """Who ordered or paid between ``from`` and ``to``: how often, how much, new or returning.

    ``{from?, to?, limit?}``: dates, at most 366 days apart (default: the last 30 days), and at
    most 1000 customers (default 100), the most valuable first. Answers ``{count,
    customers: [{customer, username, orders, value, firstOrder, lastOrder}],
    byDay: [{date, new, returning}]}``.
    ``count`` is of all customers of that time. ``orders`` counts what they ordered in it, ``value``
    what they paid in it, as `salesReport` counts both; ``firstOrder`` is the first ever,
    ``lastOrder`` the last before ``to``. ``byDay`` goes by orders: on a day a customer is new if it
    is the (UTC) day of their first one.
    """
    begin, end = _range(request.params.get("from"), request.params.get("to"))
    limit = request.params.get("limit", _USUAL_ROWS)
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= _MOST_ROWS:
        raise refuse("limit", f"an integer from 1 to {_MOST_ROWS}")
    stages = _by_customer(begin, end)
    orders = Query("Order").less_than("createdAt", end)
    top = await orders.aggregate(
        [*stages, {"$sort": {"value": -1, "_id": 1}}, {"$limit": limit}, {"$project": {"days": 0}}]
    )
    count = await orders.aggregate([*stages, {"$count": "count"}])
    days = await orders.aggregate([*stages, *_BY_DAY])
    names = await _usernames([_id_of(row) for row in top])
    return {
        "count": count[0]["count"] if count else 0,
        "customers": [
            {
                "customer": _id_of(row),
                "username": names.get(_id_of(row)),
                "orders": row["orders"],
                "value": rounded(to_decimal(row["value"]) or Decimal(0)),
                "firstOrder": row["firstOrder"],
                "lastOrder": row["lastOrder"],
            }
            for row in top
        ],
        "byDay": [
            {"date": row["objectId"]["day"], "new": row["new"], "returning": row["returning"]}
            for row in days
        ],
    }


def _range(begin: Any, end: Any) -> tuple[datetime, datetime]:
    """The asked time; refuses what is none, or too long to be looked at."""
    for name, value in (("from", begin), ("to", end)):
        if value is not None and not isinstance(value, datetime):
            raise refuse(name, "a date")
    end = end or datetime.now(UTC)
    begin = begin or end - timedelta(days=_USUAL_DAYS)
    if not timedelta(0) < end - begin <= timedelta(days=_MOST_DAYS):
        raise refuse("from", f"before to, at most {_MOST_DAYS} days")
    return begin, end


def _by_customer(begin: datetime, end: datetime) -> list[dict[str, Any]]:
    """Stages: one row a customer who ordered or paid in a time, with the first order ever."""
    recent = {"$gte": [_text_of("$createdAt"), _text(begin)]}
    paid = _text_of({"$ifNull": ["$paidAt", "$createdAt"]})
    sold = {
        "$and": [
            {"$gte": [paid, _text(begin)]},
            {"$lte": [paid, _text(end)]},
            {"$in": ["$status", list(SOLD)]},
        ]
    }
    day = {"$dateToString": {"format": "%Y-%m-%d", "date": "$createdAt"}}
    return [
        {
            "$group": {
                "_id": "$user",
                "orders": {"$sum": {"$cond": [recent, 1, 0]}},
                "value": {"$sum": {"$cond": [sold, "$total", 0]}},
                "firstOrder": {"$min": "$createdAt"},
                "lastOrder": {"$max": "$createdAt"},
                "firstDay": {"$min": day},
                "days": {"$addToSet": {"$cond": [recent, day, None]}},
            }
        },
        {"$match": {"$or": [{"orders": {"$gt": 0}}, {"value": {"$gt": 0}}]}},
    ]


# Moments are compared as texts, to the second: only conditions know Parse's dates.
_SECOND = "%Y-%m-%dT%H:%M:%S"


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime(_SECOND)


def _text_of(moment: Any) -> dict[str, Any]:
    return {"$dateToString": {"format": _SECOND, "date": moment}}


_BY_DAY: Sequence[dict[str, Any]] = (
    {"$unwind": "$days"},
    {"$match": {"days": {"$ne": None}}},
    {
        "$group": {
            # not the text itself: after a group by a pointer it would be taken for one
            "_id": {"day": "$days"},
            "new": {"$sum": {"$cond": [{"$eq": ["$days", "$firstDay"]}, 1, 0]}},
            "returning": {"$sum": {"$cond": [{"$eq": ["$days", "$firstDay"]}, 0, 1]}},
        }
    },
    {"$sort": {"_id": 1}},
)
"""Stages after those of `_by_customer`: new and returning customers of each day."""


def _id_of(row: dict[str, Any]) -> str:
    user = row["objectId"]
    return str(user.id) if isinstance(user, Object) else str(user)


async def _usernames(ids: list[str]) -> dict[str, str]:
    query = Query(User).contained_in("objectId", ids).select("username").limit(_MOST_ROWS)
    return {str(user.id): user.get("username") for user in await query.find(use_master_key=True)}


@Cloud.function(
    "customerProfile",
    require_any_user_roles=_STAFF,
    fields={"customer": {"type": str, "required": True}},
)
async def customer_profile(request: FunctionRequest) -> dict[str, Any]:
    """Whom an order goes to: ``{customer: id}`` of somebody who has ordered.

    Answers ``{customer, username, address, since, lastSeen}``, for admins also ``email``;
    ``lastSeen`` is when the newest of their sessions was made.
    """
    user = Pointer("_User", request.params["customer"])
    ordered = await Query("Order").equal_to("user", user).first(use_master_key=True)
    query = Query(User).equal_to("objectId", user.id)
    found = await query.first(use_master_key=True) if ordered is not None else None
    if found is None:
        raise refuse("customer", "nobody of that id has ordered")
    sessions = Query("_Session").equal_to("user", user).descending("createdAt")
    session = await sessions.first(use_master_key=True)
    shown = {
        "customer": str(found.id),
        "username": found.get("username"),
        "address": found.get("address"),
        "since": found.created_at,
        "lastSeen": session.created_at if session is not None else None,
    }
    if "admin" in request.roles:
        shown["email"] = found.get("email")
    return shown
