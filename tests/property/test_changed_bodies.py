"""What cloud code leaves of a body as it was is not checked again, and ends as if it were."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parsepy.backend import Backend, RequestContext
from parsepy.errors import ParseError
from parsepy.model.principal import NOBODY
from parsepy.model.values import JSONObject, stamp
from parsepy.operations import save_bodies
from parsepy.operations.writes import Write
from tests.property.strategies import COLUMN_VALUES, any_json, texts

columns = st.fixed_dictionaries({}, optional={f"a{n}": v for n, v in COLUMN_VALUES.items()})
acls = st.sampled_from([None, {}, {"*": {"read": True}}, {"anna": {"write": True, "read": False}}])
bodies = st.builds(
    lambda plain, more: {**plain, **more},
    columns,
    st.fixed_dictionaries({}, optional={"ACL": acls.filter(bool), "aObject": any_json}),
)
names = st.one_of(
    st.sampled_from(["aString", "aNumber", "aObject.x", "objectId", "createdAt", "_rperm", "$x"]),
    texts,
)
changes = st.one_of(
    columns,
    st.dictionaries(names, any_json, max_size=2),
    st.fixed_dictionaries({"ACL": acls}),
)


def outcome(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except ParseError as error:
        return error.code, error.message


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(bodies, changes, st.sets(st.sampled_from(["aString", "aArray", "ACL"])), st.booleans())
def test_what_is_kept_ends_as_if_it_were_checked_again(
    shop: Backend, body: JSONObject, changed: JSONObject, dropped: set[str], is_create: bool
) -> None:
    context, class_name = RequestContext(shop, NOBODY), "Thing"
    values = save_bodies.creation(context, class_name, body)
    schema = shop.schemas.classes[class_name]
    write = Write(context, schema, values, "mug", is_create, stamp())
    sent = {name: value for name, value in values.items() if name not in dropped} | changed

    def anew() -> JSONObject:
        if is_create:
            return save_bodies.creation(context, class_name, deepcopy(sent))
        return save_bodies.changes(context, class_name, "mug", deepcopy(sent))

    found, expected = outcome(lambda: save_bodies.changed(write, dict(sent))), outcome(anew)
    if isinstance(expected, dict):
        whole, fresh = found
        assert list(whole.items()) == list(expected.items())
        assert all(name in fresh for name in whole if whole[name] != values.get(name))
    else:
        assert found == expected
