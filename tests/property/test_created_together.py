"""Creates that are made together end as each would have ended alone."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parsepy.backend import Backend, RequestContext
from parsepy.errors import ParseError
from parsepy.model.principal import NOBODY
from parsepy.model.query import one
from parsepy.operations import find, objects
from parsepy.operations.writes import Saved
from tests.property.strategies import COLUMN_VALUES, any_json, texts

columns = st.sampled_from([f"a{name}" for name in COLUMN_VALUES])
operations = st.sampled_from(
    [
        {"__op": "Increment", "amount": 3},
        {"__op": "Add", "objects": [1, "x"]},
        {"__op": "Delete"},
        {"__op": "AddRelation", "objects": []},
    ]
)
acls = st.sampled_from([None, {"*": {"read": True}}, {"anna": {"write": True}}, {"*": 1}, 7])
right = st.fixed_dictionaries({}, optional={f"a{n}": v for n, v in COLUMN_VALUES.items()})
odd = st.dictionaries(
    st.one_of(columns, texts, st.sampled_from(["ACL", "objectId", "aObject.x", "_rperm", "$bad"])),
    st.one_of(any_json, operations, acls),
    max_size=3,
)
bodies = st.lists(st.one_of(right, odd), max_size=5)


def outcome_of(saved: Saved | Exception) -> Any:
    """What a client is told of a create, but for what is new each time."""
    if isinstance(saved, ParseError):
        return saved.code, saved.message
    if isinstance(saved, Exception):
        return type(saved), str(saved)
    new = ("objectId", "createdAt")
    return saved.status, {n: value for n, value in saved.response.items() if n not in new}


async def stored(context: RequestContext, saved: Saved | Exception) -> Any:
    """The object that a create has made, but for what is new each time."""
    if isinstance(saved, Exception):
        return None
    item = await find.get(context, one("Thing", saved.object_id))
    return {n: v for n, v in item.items() if n not in ("objectId", "createdAt", "updatedAt")}


async def alone(context: RequestContext, body: Any) -> Saved | Exception:
    try:
        return await objects.create(context, "Thing", dict(body))
    except Exception as error:  # noqa: BLE001 (whatever it is, together it must be the same)
        return error


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(bodies)
async def test_each_create_ends_as_it_would_alone(shop: Backend, sent: list[Any]) -> None:
    nobody, master = RequestContext(shop, NOBODY), RequestContext(shop, NOBODY).as_master()
    assert objects.may_create_together(nobody, "Thing")
    expected = [await alone(nobody, body) for body in sent]
    found = await objects.create_together(nobody, "Thing", [dict(body) for body in sent])
    assert list(map(outcome_of, found)) == list(map(outcome_of, expected))
    assert [await stored(master, saved) for saved in found] == [
        await stored(master, saved) for saved in expected
    ]
