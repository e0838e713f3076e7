"""A get is a find of one: whatever hooks, rights and selection there are, both read the same."""

import copy
import time
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from parsepy.backend import Backend, RequestContext, SchemaCache
from parsepy.errors import Code, ParseError
from parsepy.model.acl import clean
from parsepy.model.principal import MASTER, NOBODY, Principal
from parsepy.model.query import Query, one
from parsepy.model.schema import ClassSchema, Field, make_schema
from parsepy.model.values import ARRAY, NUMBER, STRING, FieldType, JSONObject, pointer
from parsepy.model.where import parse
from parsepy.operations import find
from parsepy.triggers import Event, FindEvent, FoundEvent, ReplacementResults, Triggers
from tests.property.test_permissions import acls, clients

PRODUCTS = ("mug", "cup")
COLUMNS = {
    "Product": {
        "name": Field(STRING),
        "cost": Field(NUMBER),
        "carts": Field(FieldType("Relation", "Cart")),
    },
    "Cart": {
        "owner": Field(FieldType("Pointer", "_User")),
        "owners": Field(ARRAY),
        "product": Field(FieldType("Pointer", "Product")),
        "total": Field(NUMBER),
        "note": Field(STRING),
        "members": Field(FieldType("Relation", "Product")),
    },
}

# --- what is stored, and whose it is ---

users = st.builds(pointer, st.just("_User"), st.sampled_from(["anna", "ben"]))
carts = st.fixed_dictionaries(
    {
        "total": st.integers(0, 2),
        "product": st.builds(pointer, st.just("Product"), st.sampled_from([*PRODUCTS, "gone"])),
    },
    optional={
        "note": st.sampled_from(["a", "b"]),
        "owner": users,
        "owners": st.lists(users, max_size=2),
        "ACL": acls.filter(lambda acl: acl is not None).map(clean),
    },
)

# --- rights ---

rules = st.sampled_from(
    [
        *({"*": True} for _ in range(6)),  # else hardly anything is found
        {"anna": True},
        {"role:staff": True},
        {"requiresAuthentication": True},
        {"pointerFields": ["owner"]},
        {"pointerFields": ["owner", "owners"]},
        {},
    ]
)
fields = st.lists(st.sampled_from(["note", "total", "owner", "product"]), unique=True, max_size=3)
protections = st.dictionaries(
    st.sampled_from(["*", "authenticated", "anna", "role:staff", "userField:owner"]),
    fields,
    max_size=3,
)

# --- what is asked ---

paths = ("total", "note", "product", "product.name", "owner", "objectId")
selections = st.fixed_dictionaries(
    {},
    optional={
        "keys": st.lists(st.sampled_from(paths), max_size=3).map(tuple),
        "exclude_keys": st.lists(st.sampled_from(paths), max_size=2).map(tuple),
        "include": st.sampled_from([(("product",),), (("product",), ("product", "maker"))]),
        "include_all": st.booleans(),
        "read_preference": st.sampled_from([None, "PRIMARY"]),
    },
)

# --- what cloud code does to it ---

subquery = {"where": {"name": "Mug"}, "className": "Product"}
narrowings = st.sampled_from(
    [
        {"total": {"$gte": 1}},
        {"note": "a"},
        {"product": {"$inQuery": subquery}},
        {"product": {"$notInQuery": subquery}},
        {"$or": [{"total": 1}, {"note": "b"}]},
        {"members": pointer("Product", "mug")},
        {"$relatedTo": {"object": pointer("Product", "mug"), "key": "carts"}},
    ]
)
changes = st.fixed_dictionaries(
    {},
    optional={
        "keys": st.lists(st.sampled_from(paths), max_size=2).map(tuple),
        "exclude_keys": st.lists(st.sampled_from(paths), max_size=1).map(tuple),
        "include": st.just((("product",),)),
        "order": st.sampled_from([(("total", 1),), (("note", -1),)]),
        "limit": st.sampled_from([0, 1, 5]),
        "skip": st.sampled_from([0, 1]),
        "redirect_key": st.sampled_from(["total", "members"]),
    },
)
before_hooks = st.one_of(
    st.none(),
    st.tuples(st.none() | narrowings, changes),
    st.lists(st.sampled_from(["mine", "other", "gone"]), max_size=1),
)
after_hooks = st.just("") | st.sampled_from(["change", "drop", "refuse", "add"])


def before_find(hook: Any) -> Any:
    """A handler that rewrites the query, or gives objects in place of what it finds."""

    async def handle(event: Event) -> Any:
        assert isinstance(event, FindEvent)
        if isinstance(hook, list):
            return ReplacementResults([{"objectId": name, "note": "of the hook"} for name in hook])
        where, changed = hook
        query = replace(event.query, **changed)
        if where is not None:
            query = replace(query, where=(*query.where, *parse(where, privileged=True)))
        return query

    return handle


def after_find(hook: str) -> Any:
    """A handler that changes, drops or refuses what was found."""

    async def handle(event: Event) -> Any:
        assert isinstance(event, FoundEvent)
        match hook:
            case "change":
                return [{**item, "total": 9} for item in event.objects]
            case "drop":
                return []
            case "add":
                return event.objects or [{"objectId": "spare"}]
        raise ParseError(Code.SCRIPT_FAILED, "refused")

    return handle


def with_rights(name: str, rule: JSONObject, protected: JSONObject) -> ClassSchema:
    """A class that may be got and found by one rule."""
    known = {who: [f for f in hidden if f in COLUMNS[name]] for who, hidden in protected.items()}
    permissions = {"get": rule, "find": rule, "count": rule, "protectedFields": known}
    return make_schema(name, COLUMNS[name], permissions)


async def fill(shop: Backend, mine: JSONObject, other: JSONObject, product_acl: Any) -> None:
    """Put two carts and two products, one of them guarded by an ACL, into the database."""
    classes = shop.schemas.classes
    for name in COLUMNS:
        await shop.storage.delete(classes[name], (), many=True)
    for object_id, cart in (("mine", mine), ("other", other)):
        await shop.storage.insert(classes["Cart"], {"objectId": object_id, **copy.deepcopy(cart)})
    for object_id in PRODUCTS:
        product: JSONObject = {"objectId": object_id, "name": object_id.title(), "cost": 1}
        if object_id == "mug" and product_acl is not None:
            product["ACL"] = clean(product_acl)
        await shop.storage.insert(classes["Product"], product)
    await shop.storage.relations.add("Cart", "members", "mine", ["mug"])
    await shop.storage.relations.add("Product", "carts", "mug", ["mine"])


async def outcome(context: RequestContext, query: Query, *, by_get: bool) -> Any:
    """The object, or the code of the refusal; a find of nothing refuses nothing."""
    try:
        if by_get:
            return await find.get(context, query)
        found = (await find.find(context, query)).objects
    except ParseError as error:
        return error.code
    return found[0] if found else int(Code.OBJECT_NOT_FOUND)


@settings(max_examples=150, deadline=None)
@given(
    carts,
    carts,
    acls,
    st.tuples(rules, protections),
    st.tuples(rules, protections),
    clients | st.sampled_from([NOBODY, MASTER]),
    selections,
    before_hooks,
    after_hooks,
)
async def test_a_get_answers_what_a_find_of_the_one_object_answers(
    shop: Backend,
    mine: JSONObject,
    other: JSONObject,
    product_acl: Any,
    cart_rights: Any,
    product_rights: Any,
    principal: Principal,
    selection: Any,
    before: Any,
    after: str,
) -> None:
    classes = {
        "Cart": with_rights("Cart", *cart_rights),
        "Product": with_rights("Product", *product_rights),
    }
    known = SchemaCache(classes=classes, loaded_at=time.monotonic() + 3600)  # read no other
    house = replace(shop, schemas=known, triggers=Triggers())
    await fill(house, mine, other, product_acl)
    if before is not None:
        house.triggers.add("beforeFind", "Cart", before_find(before))
    if after:
        house.triggers.add("afterFind", "Cart", after_find(after))
    context = RequestContext(house, principal)
    for object_id in ("mine", "gone"):
        query = one("Cart", object_id, **selection)
        by_get = await outcome(context, query, by_get=True)
        assert by_get == await outcome(context, query, by_get=False)
