"""No principal ever receives or changes an object whose ACL forbids it, whatever he asks."""

import contextlib
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from parsepy.backend import Backend, RequestContext
from parsepy.errors import ParseError
from parsepy.model.acl import clean
from parsepy.model.principal import MAINTENANCE, MASTER, NOBODY, READ_ONLY_MASTER, Principal
from parsepy.model.query import QueryLimits, from_parameters, one
from parsepy.model.schema import Field, make_schema
from parsepy.model.scope import Flag, Scope
from parsepy.model.values import ARRAY, FieldType, pointer
from parsepy.operations import delete, find, save, schemas

USERS = ("anna", "ben")
ROLES = ("owners", "staff")
NAMES = ("*", *USERS, *(f"role:{name}" for name in ROLES))
LIMITS = QueryLimits()

flags = st.fixed_dictionaries({}, optional={"read": st.booleans(), "write": st.booleans()})
acls = st.none() | st.dictionaries(st.sampled_from(NAMES), flags, max_size=3)
shelves = st.lists(st.tuples(acls, st.integers(0, 2)), min_size=1, max_size=5)
clients = st.just(NOBODY) | st.builds(
    Principal, user_id=st.sampled_from(USERS), roles=st.frozensets(st.sampled_from(ROLES))
)
prices = st.one_of(
    st.integers(0, 2),
    st.fixed_dictionaries(
        {},
        optional={
            "$gte": st.integers(0, 2),
            "$ne": st.integers(0, 2),
            "$in": st.lists(st.integers(0, 2)),
            "$exists": st.booleans(),
        },
    ).filter(bool),
)
_plain = st.dictionaries(st.sampled_from(["price", "nothing"]), prices, max_size=2)
wheres = st.recursive(
    _plain,
    lambda inner: st.dictionaries(
        st.sampled_from(["$or", "$and", "$nor"]), st.lists(inner, min_size=1, max_size=3)
    ),
    max_leaves=4,
)


def may(acl: Any, flag: str, principal: Principal) -> bool:
    """What an ACL says, in the plainest words."""
    if principal.is_master or principal.is_maintenance or acl is None:
        return True
    names = {"*", *(f"role:{role}" for role in principal.roles), principal.user_id}
    return any(name in names and entry.get(flag) for name, entry in acl.items())


async def fill(shop: Backend, shelf: list[Any]) -> dict[str, Any]:
    """Put products with these ACLs and prices on an empty shelf; id → ACL."""
    await schemas.existing(shop, "Product")
    master = RequestContext(shop, MASTER)
    product = await schemas.writable(master, "Product")
    await shop.storage.delete(product, (), many=True)
    acls_by_id = {}
    for acl, price in shelf:
        body = {"price": price} if acl is None else {"price": price, "ACL": acl}
        acls_by_id[(await save.create(master, "Product", body)).object_id] = acl
    return acls_by_id


@settings(max_examples=60, deadline=None)
@given(
    shelves,
    clients | st.sampled_from([MASTER, READ_ONLY_MASTER, MAINTENANCE]),
    st.lists(wheres, max_size=3),
)
async def test_nobody_receives_what_its_acl_hides(
    shop: Backend, shelf: list[Any], principal: Principal, raw_wheres: list[Any]
) -> None:
    acls_by_id = await fill(shop, shelf)
    context = RequestContext(shop, principal)
    readable = {i for i, acl in acls_by_id.items() if may(acl, "read", principal)}
    for raw in [
        *raw_wheres,
        {"objectId": {"$in": list(acls_by_id)}},
        *({"objectId": i} for i in acls_by_id),
    ]:
        query = from_parameters("Product", {"where": raw, "count": 1}, limits=LIMITS)
        found = await find.find(context, query)
        ids = {item["objectId"] for item in found.objects}
        assert ids <= readable
        assert found.count == len(ids)
    everything = await find.find(context, from_parameters("Product", {}, limits=LIMITS))
    assert {item["objectId"] for item in everything.objects} == readable
    for object_id in acls_by_id:
        got = None
        with contextlib.suppress(ParseError):
            got = await find.get(context, one("Product", object_id))
        assert (got is not None) == (object_id in readable)


pointers = st.builds(pointer, st.sampled_from(["_User", "Product"]), st.sampled_from(USERS))
owners = st.none() | pointers
# clients write the keys of a pointer in any order, and older versions stored them so in arrays
listed = pointers.flatmap(lambda user: st.permutations(list(user.items())).map(dict))
owned = st.lists(
    st.tuples(acls, owners, st.none() | st.lists(listed, max_size=2)),
    min_size=1,
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(
    owned,
    clients,
    st.sampled_from(["read", "write"]),
    st.sampled_from([(), (("owner",),), (("owner", "owners"),), (("owner",), ("owners",))]),
)
async def test_the_database_and_the_house_agree_on_what_is_within_a_scope(
    shop: Backend, shelf: list[Any], principal: Principal, flag: Flag, fields: Any
) -> None:
    schema = make_schema(
        "Claim", {"owner": Field(FieldType("Pointer", "_User")), "owners": Field(ARRAY)}
    )
    await shop.storage.delete(schema, (), many=True)
    for number, (acl, owner, others) in enumerate(shelf):
        columns = {"ACL": acl and clean(acl), "owner": owner, "owners": others}
        values = {name: value for name, value in columns.items() if value is not None}
        await shop.storage.insert(schema, {"objectId": str(number), **values})
    scope = Scope(principal, flag, fields)
    found = {item["objectId"] for item in await shop.storage.find(schema, (), scope)}
    everything = await shop.storage.find(schema, ())
    assert {item["objectId"] for item in everything if scope.allows(item)} == found
    for item in everything:
        one = await shop.storage.get(schema, item["objectId"], scope)
        assert (one is not None) == (item["objectId"] in found)


@settings(max_examples=40, deadline=None)
@given(shelves, clients)
async def test_nobody_changes_or_deletes_what_its_acl_locks(
    shop: Backend, shelf: list[Any], principal: Principal
) -> None:
    acls_by_id = await fill(shop, shelf)
    context = RequestContext(shop, principal)
    for object_id, acl in acls_by_id.items():
        allowed = may(acl, "write", principal)
        done = []
        with contextlib.suppress(ParseError):
            await save.update(context, "Product", object_id, {"price": 99})
            done.append("update")
        product = await schemas.existing(shop, "Product")
        stored = await shop.storage.get(product, object_id)
        assert stored is not None
        assert (stored["price"] == 99) == allowed
        with contextlib.suppress(ParseError):
            await delete.delete(context, "Product", object_id)
            done.append("delete")
        assert (await shop.storage.get(product, object_id) is None) == allowed
        assert done == (["update", "delete"] if allowed else [])
