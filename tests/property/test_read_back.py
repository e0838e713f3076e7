"""What a save tells of its object is, to the byte, what a get of it would answer."""

import time
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from parsepy.backend import Backend, RequestContext, SchemaCache
from parsepy.errors import ParseError
from parsepy.model.principal import MASTER, NOBODY, Principal
from parsepy.model.query import one
from parsepy.model.schema import Field, make_schema
from parsepy.model.values import FieldType, JSONObject, dumps, pointer
from parsepy.operations import find, objects
from parsepy.operations.read_back import read_back
from parsepy.operations.writes import Saved, SaveOptions
from parsepy.triggers import Event, Triggers
from tests.property.conftest import THING
from tests.property.strategies import COLUMN_VALUES, numbers
from tests.property.test_permissions import acls, clients

NAMES = ["objectId", "createdAt", "updatedAt", "ACL", "aRelation", "nothing", "aPointer.name"]
NAMES += [f"a{name}" for name in COLUMN_VALUES]
PLAIN = {"aString", "aNumber", "aBoolean", "objectId", "createdAt", "updatedAt"}
"""Columns that need not be read again, unless a number is too large."""

names = st.lists(st.sampled_from(NAMES) | st.sampled_from(sorted(PLAIN)), unique=True, max_size=4)
bodies = st.fixed_dictionaries(
    {"owner": st.sampled_from([pointer("_User", "anna"), pointer("_User", "ben")])},
    optional={
        **{f"a{name}": value for name, value in COLUMN_VALUES.items() if name != "Polygon"},
        "ACL": acls.filter(lambda acl: acl is not None),
    },
)
operations = st.sampled_from([{"__op": "Increment", "amount": 2}, {"__op": "Delete"}])
rules = st.sampled_from(
    [*({"*": True} for _ in range(4)), {"anna": True}, {"pointerFields": ["owner"]}, {}]
)
hidden = st.lists(st.sampled_from(["aString", "aNumber", "createdAt"]), max_size=2)
protections = st.dictionaries(
    st.sampled_from(["*", "authenticated", "role:staff", "userField:owner"]), hidden, max_size=2
)


def shop_with(shop: Backend, rule: JSONObject, protected: JSONObject) -> Backend:
    """The backend, where a Thing may be got by one rule; all may write."""
    open_to_all = {name: {"*": True} for name in ("find", "create", "update", "addField")}
    permissions = {**open_to_all, "get": rule, "protectedFields": protected}
    columns = {**THING, "owner": Field(FieldType("Pointer", "_User"))}
    classes = {**shop.schemas.classes, "Thing": make_schema("Thing", columns, permissions)}
    cache = SchemaCache(classes=classes, loaded_at=time.monotonic())
    return replace(shop, schemas=cache, triggers=Triggers())


async def outcome(call: Any) -> Any:
    try:
        return await call
    except ParseError as error:
        return error.code, error.message


async def expected(context: RequestContext, object_id: str, selected: list[str]) -> Any:
    """What a get answers of the selected columns."""
    got = await outcome(find.get(context, one("Thing", object_id, keys=tuple(selected))))
    return {name: got[name] for name in selected if name in got} if type(got) is dict else got


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    bodies,
    st.none() | st.fixed_dictionaries({"aNumber": numbers | operations}),
    names,
    rules,
    protections,
    clients | st.sampled_from([NOBODY, MASTER]),
)
async def test_what_is_told_is_what_a_get_would_answer(
    shop: Backend,
    body: JSONObject,
    change: JSONObject | None,
    selected: list[str],
    rule: JSONObject,
    protected: JSONObject,
    principal: Principal,
) -> None:
    context = RequestContext(shop_with(shop, rule, protected), principal)
    wanted, master = SaveOptions(wants_stored=True), context.as_master()
    saved = await objects.create(master, "Thing", dict(body), wanted)
    if change is not None:
        changed = await outcome(
            objects.update(master, "Thing", saved.object_id, dict(change), wanted)
        )
        assume(isinstance(changed, Saved))  # a sum may be too large for any number
        saved = changed
    assert saved.stored is not None
    told = await outcome(read_back(context, "Thing", saved.stored, selected))
    if told is not None:
        answer = await expected(context, saved.object_id, selected)
        assert dumps(told) == dumps(answer)


async def test_plain_columns_are_not_read_again(shop: Backend) -> None:
    context = RequestContext(shop_with(shop, {"*": True}, {"*": ["aDate"]}), NOBODY)
    body = {"aString": "a", "aNumber": 3.0, "aBoolean": False, "aDate": None}
    saved = await objects.create(context, "Thing", body, SaveOptions(wants_stored=True))
    assert saved.stored is not None
    told = await read_back(context, "Thing", saved.stored, sorted(PLAIN))
    assert told is not None
    assert dumps(told) == dumps(await expected(context, saved.object_id, sorted(PLAIN)))


async def test_what_cloud_code_of_reads_may_change_is_read(shop: Backend) -> None:
    async def unchanged(event: Event) -> None: ...

    for kind in ("beforeFind", "afterFind"):
        backend = shop_with(shop, {"*": True}, {})
        backend.triggers.add(kind, "Thing", unchanged)
        context = RequestContext(backend, NOBODY)
        saved = await objects.create(context, "Thing", {}, SaveOptions(wants_stored=True))
        assert saved.stored is not None
        assert await read_back(context, "Thing", saved.stored, ["objectId"]) is None
