"""The inputs of conditions on columns, and the list of all types that every schema has."""

from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLFloat,
    GraphQLID,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLString,
)

from parsepy.graphql.schema import types
from parsepy.graphql.schema.scalars import ANY, BYTES, DATE, FILE, OBJECT, UPLOAD
from parsepy.graphql.schema.types import (
    FLOAT,
    GEO_POINT_INPUT,
    NAME,
    POLYGON_INPUT,
    Described,
    make_input,
)

SEARCH_INPUT = make_input(
    "SearchInput",
    "A search for words.",
    {
        "term": (NAME, "The words."),
        "language": (GraphQLString, "The language whose stems and stop words count."),
        "caseSensitive": (GraphQLBoolean, "Do large and small letters differ?"),
        "diacriticSensitive": (GraphQLBoolean, "Do accents count?"),
    },
)
TEXT_INPUT = make_input(
    "TextInput",
    "A search in texts that have an index for it.",
    {"search": (GraphQLNonNull(SEARCH_INPUT), "What to search for.")},
)
_CORNER: GraphQLNonNull[Any] = GraphQLNonNull(GEO_POINT_INPUT)
BOX_INPUT = make_input(
    "BoxInput",
    "A rectangle on the map.",
    {
        "bottomLeft": (_CORNER, "Its corner in the south-west."),
        "upperRight": (_CORNER, "Its corner in the north-east."),
    },
)
WITHIN_INPUT = make_input(
    "WithinInput", "An area on the map.", {"box": (GraphQLNonNull(BOX_INPUT), "A rectangle.")}
)
CENTER_SPHERE_INPUT = make_input(
    "CenterSphereInput",
    "A circle on the globe.",
    {"center": (_CORNER, "Its middle."), "distance": (FLOAT, "Its radius, in radians.")},
)
GEO_WITHIN_INPUT = make_input(
    "GeoWithinInput",
    "An area, by its border or as a circle.",
    {
        "polygon": (POLYGON_INPUT, "The corners of its border."),
        "centerSphere": (CENTER_SPHERE_INPUT, "A circle on the globe."),
    },
)
GEO_INTERSECTS_INPUT = make_input(
    "GeoIntersectsInput",
    "What an area must contain.",
    {"point": (GEO_POINT_INPUT, "A place.")},
)
SUBQUERY_INPUT = make_input(
    "SubqueryInput",
    "A query within a condition.",
    {
        "className": (NAME, "The class to search."),
        "where": (GraphQLNonNull(OBJECT), "The conditions, as REST writes them."),
    },
)
SELECT_INPUT = make_input(
    "SelectInput",
    "The values of one column of what a query finds.",
    {
        "query": (GraphQLNonNull(SUBQUERY_INPUT), "The query."),
        "key": (NAME, "The column."),
    },
)
KEY_VALUE_INPUT = make_input(
    "KeyValueInput",
    "A member of an object, and a value to compare it with.",
    {
        "key": (NAME, "The path to the member, with dots."),
        "value": (GraphQLNonNull(ANY), "The value."),
    },
)

_EQUALITY = {"equalTo": "The value is this one.", "notEqualTo": "The value is another one."}
_ORDER = {
    "lessThan": "The value is less.",
    "lessThanOrEqualTo": "The value is less or the same.",
    "greaterThan": "The value is greater.",
    "greaterThanOrEqualTo": "The value is greater or the same.",
}
_SETS = {"in": "The value is one of these.", "notIn": "The value is none of these."}
_EXISTS: dict[str, Described] = {"exists": (GraphQLBoolean, "Is there a value at all?")}
_PATTERN: dict[str, Described] = {
    "matchesRegex": (GraphQLString, "The text matches this regular expression."),
    "options": (GraphQLString, "How it matches: i, m, s, x."),
}
_KEYS: dict[str, Described] = {
    "inQueryKey": (SELECT_INPUT, "The value is among those that a query finds."),
    "notInQueryKey": (SELECT_INPUT, "The value is not among those that a query finds."),
}


def _single(kind: Any, texts: dict[str, str]) -> dict[str, Described]:
    return {name: (kind, text) for name, text in texts.items()}


def _ordered(kind: Any) -> dict[str, Described]:
    compared = _single(kind, _EQUALITY) | _single(kind, _ORDER)
    return compared | _single(GraphQLList(kind), _SETS) | _EXISTS


def _where(name: str, what: str, fields: dict[str, Described]) -> GraphQLInputObjectType:
    return make_input(f"{name}WhereInput", f"Conditions on {what}.", fields)


ID_WHERE = _where("Id", "an id", _ordered(GraphQLID) | _KEYS)
STRING_WHERE = _where(
    "String",
    "a text",
    _ordered(GraphQLString)
    | _PATTERN
    | {"text": (TEXT_INPUT, "The text is found by this search.")}
    | _KEYS,
)
NUMBER_WHERE = _where("Number", "a number", _ordered(GraphQLFloat) | _KEYS)
BOOLEAN_WHERE = _where("Boolean", "yes or no", _single(GraphQLBoolean, _EQUALITY) | _EXISTS | _KEYS)
ARRAY_WHERE = _where(
    "Array",
    "an array",
    _ordered(ANY)
    | {
        "containedBy": (GraphQLList(ANY), "All its members are among these."),
        "contains": (GraphQLList(ANY), "All these are among its members."),
    }
    | _KEYS,
)
OBJECT_WHERE = _where(
    "Object",
    "a member of an object",
    _single(KEY_VALUE_INPUT, _EQUALITY)
    | _single(GraphQLList(KEY_VALUE_INPUT), _SETS)
    | _single(KEY_VALUE_INPUT, _ORDER)
    | _EXISTS
    | _KEYS,
)
DATE_WHERE = _where("Date", "a moment", _ordered(DATE) | _KEYS)
BYTES_WHERE = _where("Bytes", "binary data", _ordered(BYTES) | _KEYS)
FILE_WHERE = _where("File", "a file, by its name", _ordered(FILE) | _PATTERN | _KEYS)
GEO_POINT_WHERE = _where(
    "GeoPoint",
    "a place",
    _EXISTS
    | {
        "nearSphere": (GEO_POINT_INPUT, "Nearest to this place first."),
        "maxDistance": (GraphQLFloat, "The distance from there at most, in radians."),
        "maxDistanceInRadians": (GraphQLFloat, "The distance from there at most, in radians."),
        "maxDistanceInMiles": (GraphQLFloat, "The distance from there at most, in miles."),
        "maxDistanceInKilometers": (
            GraphQLFloat,
            "The distance from there at most, in kilometres.",
        ),
        "within": (WITHIN_INPUT, "The place is in this rectangle."),
        "geoWithin": (GEO_WITHIN_INPUT, "The place is in this area."),
    },
)
POLYGON_WHERE = _where(
    "Polygon",
    "an area",
    _EXISTS | {"geoIntersects": (GEO_INTERSECTS_INPUT, "The area contains this place.")},
)

# Their order is part of the interface.
FIXED: tuple[GraphQLNamedType, ...] = (
    *(
        UPLOAD,
        ANY,
        OBJECT,
        DATE,
        BYTES,
        FILE,
        types.FILE_INFO,
        types.FILE_INPUT,
        GEO_POINT_INPUT,
        types.GEO_POINT,
    ),
    *(
        types.PARSE_OBJECT,
        types.READ_PREFERENCE,
        types.READ_OPTIONS_INPUT,
        SEARCH_INPUT,
        TEXT_INPUT,
        BOX_INPUT,
    ),
    *(WITHIN_INPUT, CENTER_SPHERE_INPUT, GEO_WITHIN_INPUT, GEO_INTERSECTS_INPUT, ID_WHERE),
    *(STRING_WHERE, NUMBER_WHERE, BOOLEAN_WHERE, ARRAY_WHERE, KEY_VALUE_INPUT, OBJECT_WHERE),
    *(
        DATE_WHERE,
        BYTES_WHERE,
        FILE_WHERE,
        GEO_POINT_WHERE,
        POLYGON_WHERE,
        types.ELEMENT,
        types.ACL_INPUT,
    ),
    *(
        types.USER_ACL_INPUT,
        types.ROLE_ACL_INPUT,
        types.PUBLIC_ACL_INPUT,
        types.ACL,
        types.USER_ACL,
        types.ROLE_ACL,
        types.PUBLIC_ACL,
    ),
    *(SUBQUERY_INPUT, SELECT_INPUT, types.NODE),
)
