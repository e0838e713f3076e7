"""Who may do what to one object: ACLs of users, of everybody and of roles; roles themselves."""

from typing import Any

from tests.differential.scenario import (
    Scenario,
    create,
    delete,
    find,
    get,
    op,
    pointer,
    post,
    put,
    sign_up,
)


def user(name: str) -> dict[str, Any]:
    """Make a pointer to the user who signed up as `name`."""
    return pointer("_User", f"{{{name}_id}}")


ODD_ACLS: dict[str, Any] = {
    "null": None,
    "text": "public",
    "array": ["*"],
    "number": 5,
    "an entry that is text": {"*": "read"},
    "an entry that is null": {"*": None},
    "a flag that is text": {"*": {"read": "yes"}},
    "a flag that is false": {"*": {"read": False, "write": False}},
    "an unknown flag": {"*": {"read": True, "delete": True}},
    "an unresolved user": {"*unresolved": {"read": True}},
    "a role": {"role:Nobodies": {"read": True}, "*": {"read": True}},
    "an op": {"__op": "Delete"},
    "an increment": {"__op": "Increment", "amount": 1},
}

SCENARIOS = [
    Scenario(
        "an order that only its buyer may touch",
        [
            sign_up("ann", "acl-ann"),
            sign_up("bob", "acl-bob"),
            create(
                "Order",
                {"n": 1, "ACL": {"{ann_id}": {"read": True, "write": True}}},
                save="o",
                who="ann",
            ),
            create("Order", {"n": 2, "ACL": {"*": {"read": True}}}, save="p"),
            create("Order", {"n": 3, "ACL": {}}, save="m"),
            create("Order", {"n": 4}, save="open"),
            create("Order", {"n": 5, "ACL": {"*": {"write": True}}}, save="blind"),
            *(find("Order", who=who, order="n", name=f"read as {who}") for who in ("ann", "bob")),
            find("Order", order="n", name="read as nobody"),
            find("Order", who="master", order="n", name="read as master"),
            find("Order", who="bob", count=1, limit=0, name="counted as bob"),
            *(
                get(f"/classes/Order/{{{which}}}", who=who, name=f"{which} as {who or 'nobody'}")
                for which in ("o", "m", "blind")
                for who in ("ann", "bob", None, "master")
            ),
            *(
                put(
                    f"/classes/Order/{{{which}}}",
                    {"n": 10},
                    who=who,
                    name=f"change {which} as {who or 'nobody'}",
                )
                for which in ("o", "p", "m", "open", "blind")
                for who in ("bob", None)
            ),
            put("/classes/Order/{o}", {"n": 11}, who="ann"),
            put(
                "/classes/Order/{o}", {"ACL": {"{bob_id}": {"read": True}}}, who="ann", name="give"
            ),
            put("/classes/Order/{o}", {"n": 12}, who="ann", name="no longer hers"),
            get("/classes/Order/{o}", who="bob", name="now his to read"),
            delete("/classes/Order/{o}", who="bob", name="not his to delete"),
            delete("/classes/Order/{p}", name="delete what is read-only"),
            delete("/classes/Order/{blind}", name="delete what cannot be read"),
            delete("/classes/Order/{m}", who="master"),
            put("/classes/Order/{open}", {"ACL": {"__op": "Delete"}}, name="unset the ACL"),
            get("/classes/Order/{open}", name="after unsetting"),
            get("/classes/Order/{open}", who="master", name="after unsetting, master"),
        ],
        configuration="detailed",
    ),
    Scenario(
        "odd ACLs",
        [
            step
            for number, (name, acl) in enumerate(ODD_ACLS.items())
            for step in (
                create("Locker", {"n": number, "ACL": acl}, save=f"l{number}", name=name),
                find("Locker", {"n": number}, who="master", name=f"{name}, as master"),
                find("Locker", {"n": number}, name=f"{name}, as nobody"),
            )
        ]
        + [
            create("Locker", {"n": 99}, save="l"),
            put("/classes/Locker/{l}", {"ACL": None}, name="null on update"),
            put("/classes/Locker/{l}", {"ACL": "text"}, name="text on update", who="master"),
            find("Locker", {"n": 99}, who="master", name="after text on update"),
        ],
        configuration="default",
    ),
    Scenario(
        "roles and what they open",
        [
            sign_up("ann", "role-ann"),
            sign_up("bob", "role-bob"),
            sign_up("cid", "role-cid"),
            post("/roles", {}, who="master", name="a role of nothing"),
            post("/roles", {"name": "Nameless"}, who="master", name="a role without an ACL"),
            post("/roles", {"ACL": {}}, who="master", name="a role without a name"),
            post("/roles", {"name": 5, "ACL": {}}, who="master", name="a role named by a number"),
            post("/roles", {"name": "", "ACL": {}}, who="master", name="a role with an empty name"),
            post(
                "/roles",
                {"name": "Clerks", "ACL": {}, "users": op("AddRelation", objects=[user("ann")])},
                who="master",
                save={"clerks": "$.objectId"},
            ),
            post("/roles", {"name": "Clerks", "ACL": {}}, who="master", name="the same name"),
            post("/roles", {"name": "O'Neill & Sons", "ACL": {}}, who="master", name="odd name"),
            post(
                "/roles",
                {
                    "name": "Managers",
                    "ACL": {"*": {"read": True}},
                    "users": op("AddRelation", objects=[user("bob")]),
                },
                who="master",
                save={"managers": "$.objectId"},
            ),
            post("/classes/_Role", {"name": "Client", "ACL": {"*": {"read": True}}}, who="ann"),
            create(
                "Ledger", {"n": 1, "ACL": {"role:Clerks": {"read": True, "write": True}}}, save="l"
            ),
            *(
                find("Ledger", who=who, name=f"before, as {who or 'nobody'}")
                for who in ("ann", "bob", "cid", None)
            ),
            put(
                "/roles/{clerks}",
                {"roles": op("AddRelation", objects=[pointer("_Role", "{managers}")])},
                who="master",
                name="managers are clerks",
            ),
            *(
                find("Ledger", who=who, name=f"after, as {who or 'nobody'}")
                for who in ("ann", "bob", "cid", None)
            ),
            put("/classes/Ledger/{l}", {"n": 2}, who="bob"),
            put("/classes/Ledger/{l}", {"n": 3}, who="cid"),
            put(
                "/roles/{managers}",
                {"roles": op("AddRelation", objects=[pointer("_Role", "{clerks}")])},
                who="master",
                name="a circle of roles",
            ),
            find("Ledger", who="ann", name="in the circle"),
            put(
                "/roles/{clerks}",
                {"users": op("RemoveRelation", objects=[user("ann")])},
                who="master",
                name="ann leaves",
            ),
            put(
                "/roles/{clerks}",
                {"roles": op("RemoveRelation", objects=[pointer("_Role", "{managers}")])},
                who="master",
                name="managers leave",
            ),
            *(find("Ledger", who=who, name=f"at last, as {who}") for who in ("ann", "bob")),
            get("/roles", query={"order": "name"}, who="ann", name="roles that ann sees"),
            get("/roles", query={"order": "name"}, who="master", name="roles that master sees"),
            get("/roles/{clerks}", who="ann", name="a role that is hidden"),
            put("/roles/{managers}", {"name": "Bosses"}, who="ann", name="renamed by ann"),
            put("/roles/{managers}", {"name": "Bosses"}, who="master", name="renamed by master"),
            put("/roles/{managers}", {"name": {"__op": "Delete"}}, who="master", name="no name"),
            find(
                "_User",
                {"$relatedTo": {"object": pointer("_Role", "{managers}"), "key": "users"}},
                who="master",
                keys="username",
                name="who is in it",
            ),
            delete("/roles/{clerks}", who="ann", name="deleted by ann"),
            delete("/roles/{clerks}", who="master"),
            find("Ledger", who="bob", name="when the role is gone"),
        ],
        configuration="detailed",
    ),
]
