"""Random values of the shop: typed REST values, any JSON, and wheres near the real ones."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from parsepy.model import values
from parsepy.model.where import OPERATORS

JSON = Any

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
keys = texts.filter(lambda key: not {"$", ".", "\0"} & set(key) and key not in ("__type", "__op"))
numbers = st.one_of(
    st.integers(-5, 5),
    st.integers(-(2**63), 2**63 - 1),
    st.sampled_from([0.0, -0.0, 1e15, 2.0**53, 2.0**53 + 2, 1e21, -1e300, 2.0**31, -(2.0**31)]),
    st.floats(allow_nan=False, allow_infinity=False),
)
ids = st.text("abcXYZ019", min_size=1, max_size=10)
class_names = st.sampled_from(["Product", "Order", "_User"])
coordinates = st.one_of(st.integers(-90, 90), st.floats(-90, 90))


def _iso(moment: datetime, style: int) -> str:
    """The same moment as clients write it: with milliseconds and Z, an offset, or no zone."""
    if style == 0:
        return moment.isoformat(timespec="milliseconds") + "Z"
    if style == 1:
        zone = timezone(timedelta(hours=5, minutes=30))
        return moment.replace(tzinfo=UTC).astimezone(zone).isoformat()
    return moment.isoformat()


dates = st.builds(
    lambda moment, style: {"__type": "Date", "iso": _iso(moment, style)},
    st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)),
    st.integers(0, 2),
)
contents = st.binary(min_size=1, max_size=12).map(values.from_bytes)
pointers = st.builds(values.pointer, class_names, ids)
geo_points = st.builds(
    lambda lat, lon: {"__type": "GeoPoint", "latitude": lat, "longitude": lon},
    coordinates,
    coordinates,
)
polygons = st.lists(
    st.tuples(coordinates, coordinates).map(list), min_size=3, max_size=6, unique_by=tuple
).map(lambda points: {"__type": "Polygon", "coordinates": points})
files = texts.filter(bool).map(lambda name: {"__type": "File", "name": name})
atoms = st.one_of(st.none(), st.booleans(), numbers, texts)
typed = st.one_of(dates, contents, pointers, geo_points, polygons, files)
nested = st.recursive(
    st.one_of(atoms, typed),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=4)),
    max_leaves=8,
)
COLUMN_VALUES: dict[str, st.SearchStrategy[JSON]] = {
    "String": texts,
    "Number": numbers,
    "Boolean": st.booleans(),
    "Date": dates,
    "Object": st.dictionaries(keys, nested, max_size=4),
    "Array": st.lists(nested, max_size=4),
    "GeoPoint": geo_points,
    "File": files,
    "Bytes": contents,
    "Polygon": polygons,
    "Pointer": ids.map(lambda object_id: values.pointer("Product", object_id)),
}

FIELDS = ("objectId", "createdAt", *(f"a{name}" for name in COLUMN_VALUES), "aRelation")
"""The columns of the class that random wheres ask: one of each type."""

_names = st.one_of(
    st.sampled_from(FIELDS),
    st.sampled_from(["aObject.x", "aArray.0.y", "aPointer.name", "nothing", "_rperm", "ACL"]),
    st.sampled_from(["$or", "$and", "$nor", "$relatedTo", "$where", "$comment"]),
    texts,
)
_operators = st.one_of(
    st.sampled_from([*OPERATORS, "$near", "$where", "$text", "$not", "$expr", "__type", "x"]), texts
)
_kinds = st.sampled_from(["", "Date", "Pointer", "Object", "File", "Bytes", "GeoPoint", "Moon"])
_half_typed = st.builds(
    lambda kind, rest: {"__type": kind, **rest},
    st.one_of(_kinds, atoms),
    st.dictionaries(
        st.sampled_from(["iso", "className", "objectId", "name", "base64", "$gt", "key"]),
        atoms,
        max_size=3,
    ),
)
_patterns = st.one_of(texts, st.sampled_from(["^\\Qcup\\E", "(", "a{2,1}", "\\", "[", "^a", "\0"]))
_operands = st.recursive(
    st.one_of(atoms, typed, _half_typed, _patterns),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(_operators, inner, max_size=3),
        st.fixed_dictionaries({"$regex": inner}, optional={"$options": inner}),
    ),
    max_leaves=6,
)


def _subqueries(where: st.SearchStrategy[JSON]) -> st.SearchStrategy[JSON]:
    asked = st.fixed_dictionaries(
        {"className": st.one_of(st.sampled_from(["Thing", "Other", "_Join:a:b"]), texts)},
        optional={"where": where, "redirectClassNameForKey": texts},
    )
    selected = st.fixed_dictionaries(
        {"query": asked, "key": st.one_of(st.sampled_from(FIELDS), texts)}
    )
    return st.one_of(
        st.builds(lambda op, q: {op: q}, st.sampled_from(["$inQuery", "$notInQuery"]), asked),
        st.builds(lambda op, q: {op: q}, st.sampled_from(["$select", "$dontSelect"]), selected),
    )


_owners = st.fixed_dictionaries(
    {
        "object": st.builds(values.pointer, st.one_of(st.just("Thing"), texts), texts),
        "key": st.one_of(st.just("aRelation"), texts),
    }
)
wheres = st.recursive(
    st.dictionaries(_names, _operands, max_size=3),
    lambda inner: st.one_of(
        st.dictionaries(st.sampled_from(["$or", "$and", "$nor"]), st.lists(inner, max_size=3)),
        st.dictionaries(_names, _subqueries(inner), max_size=2),
        st.builds(lambda owner, rest: {"$relatedTo": owner, **rest}, _owners, inner),
    ),
    max_leaves=5,
)
any_json = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(_names | _operators, inner, max_size=4)
    ),
    max_leaves=12,
)
