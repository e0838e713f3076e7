"""Protected fields: hidden in answers, in includes, and from being asked about."""

from typing import Any

from tests.differential.scenario import (
    Scenario,
    create,
    find,
    get,
    op,
    pointer,
    post,
    put,
    sign_up,
)

FIELDS: dict[str, Any] = {
    "name": {"type": "String"},
    "cost": {"type": "Number"},
    "margin": {"type": "Number"},
    "notes": {"type": "Object"},
    "owner": {"type": "Pointer", "targetClass": "_User"},
}
OPEN: dict[str, Any] = {
    name: {"*": True} for name in ("find", "count", "get", "create", "update", "delete", "addField")
}
QUESTIONS: dict[str, Any] = {
    "equality": {"cost": 5},
    "comparison": {"cost": {"$gt": 1}},
    "in $or": {"$or": [{"cost": 5}, {"name": "x"}]},
    "in $and in $or": {"$or": [{"$and": [{"cost": 5}]}, {"name": "x"}]},
    "in $nor": {"$nor": [{"cost": 5}]},
    "dotted": {"notes.secret": "x"},
    "in $inQuery": {"name": {"$inQuery": {"className": "Offer", "where": {"cost": 5}}}},
    "in $select": {
        "name": {"$select": {"query": {"className": "Offer", "where": {"cost": 5}}, "key": "name"}}
    },
    "as the key of $select": {
        "name": {"$select": {"query": {"className": "Offer", "where": {}}, "key": "cost"}}
    },
    "$or that is no array": {"$or": {"cost": 5}},
}

SCENARIOS = [
    Scenario(
        "offers with protected fields",
        [
            sign_up("ann", "pf-ann"),
            sign_up("bob", "pf-bob"),
            sign_up("cid", "pf-cid"),
            post(
                "/roles",
                {
                    "name": "Buyers",
                    "ACL": {},
                    "users": op("AddRelation", objects=[pointer("_User", "{bob_id}")]),
                },
                who="master",
            ),
            post(
                "/schemas/Offer",
                {
                    "fields": FIELDS,
                    "classLevelPermissions": {
                        **OPEN,
                        "protectedFields": {
                            "*": ["cost", "margin", "notes"],
                            "authenticated": ["cost", "margin"],
                            "role:Buyers": ["margin"],
                            "{cid_id}": [],
                            "userField:owner": ["notes"],
                        },
                    },
                },
                who="master",
            ),
            create(
                "Offer",
                {
                    "name": "x",
                    "cost": 5,
                    "margin": 2,
                    "notes": {"secret": "x"},
                    "owner": pointer("_User", "{ann_id}"),
                },
                save="o",
                who="ann",
            ),
            create(
                "Offer", {"name": "y", "cost": 6, "margin": 3, "notes": {"secret": "z"}}, save="p"
            ),
            create("Deal", {"offer": pointer("Offer", "{o}"), "offers": [pointer("Offer", "{p}")]}),
            *(
                step
                for who in (None, "ann", "bob", "cid", "master")
                for step in (
                    find("Offer", who=who, order="name", name=f"read as {who or 'nobody'}"),
                    get("/classes/Offer/{o}", who=who, name=f"one as {who or 'nobody'}"),
                    find(
                        "Deal",
                        who=who,
                        include="offer,offers",
                        name=f"included for {who or 'nobody'}",
                    ),
                    find("Offer", {"cost": 5}, who=who, name=f"asked by {who or 'nobody'}"),
                    find("Offer", who=who, order="margin", name=f"ordered by {who or 'nobody'}"),
                )
            ),
            *(find("Offer", where, name=f"asked: {name}") for name, where in QUESTIONS.items()),
            find("Offer", order="-cost", name="ordered by a hidden field"),
            find("Offer", order="notes.secret", name="ordered by a dotted hidden field"),
            find("Offer", order="name", keys="cost,name", name="keys of a hidden field"),
            find("Offer", {"cost": 5}, count=1, limit=0, name="counted by a hidden field"),
            put(
                "/classes/Offer/{o}",
                {"cost": op("Increment", amount=1)},
                name="incremented by nobody",
            ),
            get("/schemas/Offer", who="master"),
        ],
        configuration="detailed",
    ),
    Scenario(
        "protected fields with short messages",
        [
            post(
                "/schemas/Bid",
                {
                    "fields": FIELDS,
                    "classLevelPermissions": {**OPEN, "protectedFields": {"*": ["cost", "notes"]}},
                },
                who="master",
            ),
            create("Bid", {"name": "x", "cost": 5}, save="b"),
            find("Bid", {"cost": 5}),
            find("Bid", {"$or": [{"cost": 5}]}, name="in $or"),
            find("Bid", {"$or": {"cost": 5}}, name="$or that is no array"),
            find("Bid", order="cost"),
            find("Bid"),
            create("Pot", {"bid": pointer("Bid", "{b}")}),
            find(
                "Pot", {"bid": {"$inQuery": {"className": "Bid", "where": {"cost": 5}}}}, name="sub"
            ),
            find("_User", {"email": "x@shop.test"}, name="users by email"),
            find("_User", order="email", name="users ordered by email"),
        ],
    ),
]
