"""Any JSON as `where` is answered or refused properly, down to the real MongoDB."""

import contextlib
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from parsepy.backend import Backend, RequestContext
from parsepy.errors import ParseError
from parsepy.model import where
from parsepy.model.principal import MASTER, Principal
from parsepy.model.query import QueryLimits, from_parameters
from parsepy.model.values import pointer
from parsepy.operations import find
from tests.property.strategies import any_json, texts, wheres

ANNA = Principal(user_id="anna", roles=frozenset({"owners"}))
PARAMETERS = (
    "limit",
    "skip",
    "order",
    "keys",
    "excludeKeys",
    "include",
    "count",
    "hint",
    "comment",
)


@settings(max_examples=150, deadline=None)
@given(wheres | any_json, st.booleans(), st.integers(-1, 3))
def test_any_json_is_a_where_or_refused(raw: Any, privileged: bool, depth: int) -> None:
    with contextlib.suppress(ParseError):
        for node in where.parse(raw, privileged=privileged, max_depth=depth):
            assert isinstance(node, where.Constraint | where.Group | where.RelatedTo)


@settings(max_examples=150, deadline=None)
@given(wheres, st.sampled_from([MASTER, ANNA]))
@example({"$relatedTo": {"object": pointer("Thing", "x"), "key": "$a"}}, ANNA)
@example({"$relatedTo": {"object": pointer("a\0", "x"), "key": "a"}}, MASTER)
@example({"aPointer": {"$inQuery": {"className": "a\0$", "where": {}}}}, MASTER)
@example({"aArray": {"$all": [{"$regex": "^a\0"}]}}, ANNA)
@example({"aPointer": {"$gt": 1, "__type": "Moon"}}, ANNA)
async def test_mongodb_answers_any_where_or_the_client_is_told_what_is_wrong(
    shop: Backend, raw: Any, principal: Principal
) -> None:
    with contextlib.suppress(ParseError):
        query = from_parameters(
            "Thing",
            {"where": raw, "count": 1},
            privileged=principal.is_privileged,
            limits=QueryLimits(),
        )
        found = await find.find(RequestContext(shop, principal), query)
        assert found.objects == []
        assert found.count == 0


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(PARAMETERS),
        st.one_of(any_json, texts, st.sampled_from(["aNumber", "aObject..x", "²", "9" * 5000])),
        max_size=3,
    )
)
@example({"hint": 5})
@example({"hint": {"a": [1]}})
@example({"order": "aObject."})
async def test_any_parameters_are_answered_or_refused(shop: Backend, raw: Any) -> None:
    with contextlib.suppress(ParseError):
        query = from_parameters("Thing", raw, privileged=True, limits=QueryLimits())
        await find.find(RequestContext(shop, MASTER), query)
