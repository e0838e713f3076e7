"""Relations: adding, removing, querying from both ends."""

from typing import Any

from tests.differential.scenario import (
    Scenario,
    create,
    delete,
    find,
    get,
    op,
    pointer,
    put,
    sign_up,
)


def item(name: str) -> dict[str, Any]:
    """Make a pointer to the item saved as `name`."""
    return pointer("Item", f"{{{name}}}")


def related(cart: str, key: Any = "items") -> dict[str, Any]:
    """Make the query of a cart's items."""
    return {"$relatedTo": {"object": pointer("Cart", f"{{{cart}}}"), "key": key}}


SCENARIOS = [
    Scenario(
        "a cart and its items",
        [
            *(create("Item", {"n": n}, save=f"i{n}") for n in range(4)),
            create(
                "Cart", {"items": op("AddRelation", objects=[item("i1"), item("i2")])}, save="c"
            ),
            create("Cart", {"name": "empty"}, save="e"),
            get("/classes/Cart/{c}"),
            get("/classes/Cart/{e}", name="the empty cart shows the relation too"),
            find("Item", related("c"), order="n"),
            find("Item", related("e"), order="n", name="items of the empty cart"),
            put(
                "/classes/Cart/{c}", {"items": op("AddRelation", objects=[item("i3"), item("i1")])}
            ),
            find("Item", related("c"), order="n", name="after adding"),
            put("/classes/Cart/{c}", {"items": op("RemoveRelation", objects=[item("i1")])}),
            find("Item", related("c"), order="n", name="after removing"),
            put("/classes/Cart/{c}", {"items": op("RemoveRelation", objects=[item("i0")])}),
            put(
                "/classes/Cart/{c}",
                {
                    "items": op(
                        "Batch",
                        ops=[
                            op("AddRelation", objects=[item("i0")]),
                            op("RemoveRelation", objects=[item("i2")]),
                        ],
                    )
                },
                name="both at once",
            ),
            find("Item", related("c"), order="n", name="after both"),
            find("Item", {**related("c"), "n": {"$gt": 1}}, order="n", name="with a constraint"),
            find("Item", related("c"), count=1, limit=0, name="counted"),
            find("Item", related("c"), order="-createdAt", limit=1, name="newest"),
            find("Item", {"$or": [related("c"), {"n": 2}]}, order="n", name="in $or"),
            find("Cart", {"items": item("i3")}, name="carts with an item"),
            find("Cart", {"items": item("i1")}, name="carts with a removed item"),
            find("Cart", {"items": {"$in": [item("i3"), item("i1")]}}, name="carts with one of"),
            find("Cart", {"items": {"$nin": [item("i3")]}}, name="carts without"),
            find("Cart", {"items": {"$ne": item("i3")}}, name="carts unlike"),
            find("Cart", {"items": {"$exists": True}}, name="carts with any"),
            find("Cart", {"items": "text"}, name="carts with text"),
            find(
                "Cart", {"items": {"$inQuery": {"className": "Item", "where": {"n": 3}}}}, name="iq"
            ),
            find("Cart", redirectClassNameForKey="items", order="n", name="redirected"),
            find("Cart", keys="name", order="name", name="relations are shown under keys"),
            find("Cart", include="items", order="name", name="a relation is not included"),
            find("Item", related("c", "nosuch"), name="an unknown relation"),
            find("Item", related("c", "name"), name="a key that is no relation"),
            find("Item", related("c", 5), name="a key that is a number"),
            find("Item", {"$relatedTo": {"key": "items"}}, name="no object"),
            find("Item", {"$relatedTo": "x"}, name="text for an object"),
            find(
                "Item",
                {"$relatedTo": {"object": pointer("Cart", "nosuch"), "key": "items"}},
                name="an owner that does not exist",
            ),
            find(
                "Item",
                {"$relatedTo": {"object": pointer("Nope", "nosuch"), "key": "items"}},
                name="an owner of an unknown class",
            ),
            put("/classes/Cart/{c}", {"items": op("Delete")}, name="delete the relation's value"),
            put("/classes/Cart/{c}", {"items": [item("i1")]}, name="an array for a relation"),
            put("/classes/Cart/{c}", {"items": None}, name="null for a relation"),
            put(
                "/classes/Cart/{c}",
                {"items": op("AddRelation", objects=[pointer("Other", "x")])},
                name="another class",
            ),
            put("/classes/Cart/{c}", {"items": op("Add", objects=[item("i1")])}, name="Add"),
            delete("/classes/Item/{i3}"),
            find("Item", related("c"), order="n", name="after a member is gone"),
            delete("/classes/Cart/{c}"),
            find("Item", related("c"), order="n", name="after the owner is gone"),
            get("/schemas/Cart", who="master"),
        ],
    ),
    Scenario(
        "a relation of an owner that cannot be read",
        [
            sign_up("ann", "related-ann"),
            sign_up("bob", "related-bob"),
            create("Coupon", {"n": 1}, save="k"),
            create(
                "Purse",
                {
                    "coupons": op("AddRelation", objects=[pointer("Coupon", "{k}")]),
                    "ACL": {"{ann_id}": {"read": True, "write": True}},
                },
                save="p",
                who="ann",
            ),
            *(
                find(
                    "Coupon",
                    {"$relatedTo": {"object": pointer("Purse", "{p}"), "key": "coupons"}},
                    who=who,
                    name=f"as {who or 'nobody'}",
                )
                for who in ("ann", "bob", "master", None)
            ),
            put(
                "/classes/Purse/{p}",
                {"coupons": op("RemoveRelation", objects=[pointer("Coupon", "{k}")])},
                who="bob",
                name="bob may not remove",
            ),
        ],
        configuration="detailed",
    ),
]
