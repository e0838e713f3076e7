"""REST form to BSON document and back changes nothing but what the protocol normalises."""

import base64
import json
from typing import Any

import bson
from bson import CodecOptions, DatetimeConversion
from hypothesis import given, settings
from hypothesis import strategies as st

from parsepy.model.ops import column_type
from parsepy.model.schema import ClassSchema
from parsepy.model.values import dumps, from_iso, loads, to_iso
from parsepy.storage.documents import file_url_of, plan_of, to_columns, to_object
from tests.property.strategies import COLUMN_VALUES

CODEC: CodecOptions[dict[str, Any]] = CodecOptions(
    datetime_conversion=DatetimeConversion.DATETIME_AUTO
)
FILE_URL = file_url_of("http://testserver/parse", "shop")


def normal(value: Any, *, column: bool = False) -> Any:
    """The REST form that comes back for one that went in (protocol §4, §6.2)."""
    if isinstance(value, list):
        return [normal(item) for item in value]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return integral(value)
    if not isinstance(value, dict):
        return value
    kind = value.get("__type")
    if kind == "Date":
        moment = from_iso(value["iso"])
        assert moment is not None
        return {"__type": "Date", "iso": to_iso(moment)}
    if kind == "Bytes":
        return {"__type": "Bytes", "base64": base64.b64encode(base64.b64decode(value["base64"]))}
    if column and kind == "File":
        return {**value, "url": FILE_URL(value["name"])}
    if column and kind == "Polygon":
        points = [[integral(n) for n in point] for point in value["coordinates"]]
        return {**value, "coordinates": points if points[0] == points[-1] else [*points, points[0]]}
    return {key: normal(item) for key, item in value.items()}


def integral(value: int | float) -> int | float:
    """A number as JavaScript prints it: no fraction where there is none, no minus before 0."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**63:
        return int(value)
    return value


def text(value: Any) -> str:
    """JSON text, in which 1 and 1.0 and true differ."""
    return json.dumps(value, sort_keys=True, default=bytes.decode)


@settings(max_examples=150, deadline=None)
@given(st.fixed_dictionaries({}, optional={f"a{n}": v for n, v in COLUMN_VALUES.items()}))
def test_an_object_that_was_stored_and_read_is_the_same(thing: ClassSchema, sent: Any) -> None:
    item = loads(dumps(sent))
    assert all(column_type(value) == thing.types[name] for name, value in item.items())
    document = to_columns(thing, item)
    read = to_object(plan_of(thing, FILE_URL), bson.decode(bson.encode(document), CODEC))
    assert read.pop("aRelation") == {"__type": "Relation", "className": "Product"}
    assert text(loads(dumps(read))) == text({n: normal(v, column=True) for n, v in item.items()})


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["*", "role:owners", "anna", "role:*"]),
        st.fixed_dictionaries({}, optional={"read": st.just(True), "write": st.just(True)}).filter(
            bool
        ),
    )
)
def test_an_acl_that_was_stored_and_read_is_the_same(thing: ClassSchema, acl: Any) -> None:
    document = bson.decode(bson.encode(to_columns(thing, {"ACL": acl})), CODEC)
    assert to_object(plan_of(thing, FILE_URL), document)["ACL"] == acl
