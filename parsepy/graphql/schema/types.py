"""The types that every schema has: of values, conditions, ACLs and classes.

They are made once and shared by all schemas. Their order is part of the interface.
"""

from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLField,
    GraphQLFloat,
    GraphQLID,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLString,
)

from parsepy.graphql.schema.scalars import ANY, BYTES, DATE, FILE, OBJECT, UPLOAD

Described = tuple[Any, str]
"""A type and its description."""


def make_input(name: str, description: str, fields: dict[str, Described]) -> GraphQLInputObjectType:
    """Make an input type of fields with descriptions."""
    made = {key: GraphQLInputField(kind, description=text) for key, (kind, text) in fields.items()}
    return GraphQLInputObjectType(name, made, description=description)


def make_object(
    name: str,
    description: str,
    fields: dict[str, Described],
    interfaces: tuple[GraphQLInterfaceType, ...] = (),
    extensions: dict[str, Any] | None = None,
) -> GraphQLObjectType:
    """Make an object type of fields with descriptions."""
    made = {key: GraphQLField(kind, description=text) for key, (kind, text) in fields.items()}
    return GraphQLObjectType(
        name, made, interfaces=interfaces, description=description, extensions=extensions
    )


def list_of(kind: Any) -> GraphQLList[Any]:
    """A list whose members are never null."""
    return GraphQLList(GraphQLNonNull(kind))


ID: GraphQLNonNull[Any] = GraphQLNonNull(GraphQLID)
NAME: GraphQLNonNull[Any] = GraphQLNonNull(GraphQLString)
_YES_OR_NO: GraphQLNonNull[Any] = GraphQLNonNull(GraphQLBoolean)
_FLOAT: GraphQLNonNull[Any] = GraphQLNonNull(GraphQLFloat)

# --- values -----------------------------------------------------------------------------------

FILE_INFO = make_object(
    "FileInfo",
    "A file that is stored.",
    {"name": (NAME, "The name it is stored under."), "url": (NAME, "The address to fetch it at.")},
)
FILE_INPUT = make_input(
    "FileInput",
    "The value of a file column; null takes the file out of the object, but does not delete it.",
    {
        "file": (FILE, "A file that is stored already."),
        "upload": (UPLOAD, "A file to be stored, which comes with this request."),
    },
)
_POSITION: dict[str, Described] = {
    "latitude": (_FLOAT, "Degrees north of the equator, from -90 to 90."),
    "longitude": (_FLOAT, "Degrees east of Greenwich, from -180 to 180."),
}
GEO_POINT_INPUT = make_input("GeoPointInput", "A place on Earth, as input.", _POSITION)
GEO_POINT = make_object("GeoPoint", "A place on Earth.", _POSITION)
POLYGON_INPUT = list_of(GEO_POINT_INPUT)
POLYGON = list_of(GEO_POINT)

# --- ACLs -------------------------------------------------------------------------------------

_READ_WRITE: dict[str, Described] = {
    "read": (_YES_OR_NO, "May the object be read?"),
    "write": (_YES_OR_NO, "May the object be changed and deleted?"),
}
USER_ACL_INPUT = make_input(
    "UserACLInput",
    "What one user may do with an object, as input.",
    {"userId": (ID, "The user, by relay's id or objectId."), **_READ_WRITE},
)
ROLE_ACL_INPUT = make_input(
    "RoleACLInput",
    "What the users of a role may do with an object, as input.",
    {"roleName": (NAME, "The name of the role."), **_READ_WRITE},
)
PUBLIC_ACL_INPUT = make_input(
    "PublicACLInput", "What everybody may do with an object, as input.", _READ_WRITE
)
ACL_INPUT = make_input(
    "ACLInput",
    "Who may read and change an object; null leaves it open to everybody.",
    {
        "users": (list_of(USER_ACL_INPUT), "What single users may do."),
        "roles": (list_of(ROLE_ACL_INPUT), "What the users of roles may do."),
        "public": (PUBLIC_ACL_INPUT, "What everybody may do."),
    },
)
USER_ACL = make_object(
    "UserACL",
    "What one user may do with an object.",
    {"userId": (ID, "Relay's id of the user."), **_READ_WRITE},
)
ROLE_ACL = make_object(
    "RoleACL",
    "What the users of a role may do with an object.",
    {"roleName": (ID, "The name of the role."), **_READ_WRITE},
)
PUBLIC_ACL = make_object(
    "PublicACL",
    "What everybody may do with an object.",
    {
        "read": (GraphQLBoolean, "May the object be read?"),
        "write": (GraphQLBoolean, "May the object be changed and deleted?"),
    },
)
ACL = make_object(
    "ACL",
    "Who may read and change an object.",
    {
        "users": (list_of(USER_ACL), "What single users may do."),
        "roles": (list_of(ROLE_ACL), "What the users of roles may do."),
        "public": (PUBLIC_ACL, "What everybody may do."),
    },
)

# --- objects ----------------------------------------------------------------------------------

OBJECT_FIELDS = {
    "objectId": GraphQLField(ID, description="Its id within the class."),
    "createdAt": GraphQLField(GraphQLNonNull(DATE), description="When it was made."),
    "updatedAt": GraphQLField(GraphQLNonNull(DATE), description="When it was last changed."),
    "ACL": GraphQLField(GraphQLNonNull(ACL), description="Who may read and change it."),
}
PARSE_OBJECT = GraphQLInterfaceType(
    "ParseObject", OBJECT_FIELDS, description="What the objects of all classes have."
)
NODE = GraphQLInterfaceType(
    "Node",
    {"id": GraphQLField(ID, description="Relay's id, unique among all classes.")},
    description="What has an id of its own among all classes.",
)
PAGE_INFO = make_object(
    "PageInfo",
    "Where a page lies among all that was found.",
    {
        "hasNextPage": (_YES_OR_NO, "Is there more after it?"),
        "hasPreviousPage": (_YES_OR_NO, "Is there more before it?"),
        "startCursor": (GraphQLString, "The cursor of its first object."),
        "endCursor": (GraphQLString, "The cursor of its last object."),
    },
)
ELEMENT = make_object(
    "Element",
    "A member of an array that is no object of a class.",
    {"value": (GraphQLNonNull(ANY), "The value itself.")},
)

# --- how to read ------------------------------------------------------------------------------

_PREFERENCES = ("PRIMARY", "PRIMARY_PREFERRED", "SECONDARY", "SECONDARY_PREFERRED", "NEAREST")
READ_PREFERENCE = GraphQLEnumType(
    "ReadPreference",
    {name: GraphQLEnumValue(name) for name in _PREFERENCES},
    description="Which member of the database's replica set answers.",
)
READ_OPTIONS_INPUT = make_input(
    "ReadOptionsInput",
    "Where the database is read.",
    {
        "readPreference": (READ_PREFERENCE, "For the objects themselves."),
        "includeReadPreference": (READ_PREFERENCE, "For what their pointers refer to."),
        "subqueryReadPreference": (READ_PREFERENCE, "For the subqueries of conditions."),
    },
)
READ_OPTIONS = GraphQLArgument(READ_OPTIONS_INPUT, description="Where the database is read.")
OBJECT_ID = GraphQLArgument(ID, description="Relay's id of the object, or its objectId.")
SKIP = GraphQLArgument(GraphQLInt, description="How many objects to pass over first.")
PAGE_ARGUMENTS = {
    "after": GraphQLArgument(GraphQLString, description="The cursor after which the page begins."),
    "first": GraphQLArgument(GraphQLInt, description="The most objects, from the beginning."),
    "before": GraphQLArgument(GraphQLString, description="The cursor before which the page ends."),
    "last": GraphQLArgument(GraphQLInt, description="The most objects, from the end."),
}

# --- conditions -------------------------------------------------------------------------------

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
    {"center": (_CORNER, "Its middle."), "distance": (_FLOAT, "Its radius, in radians.")},
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

FIXED: tuple[GraphQLNamedType, ...] = (
    *(UPLOAD, ANY, OBJECT, DATE, BYTES, FILE, FILE_INFO, FILE_INPUT, GEO_POINT_INPUT, GEO_POINT),
    *(PARSE_OBJECT, READ_PREFERENCE, READ_OPTIONS_INPUT, SEARCH_INPUT, TEXT_INPUT, BOX_INPUT),
    *(WITHIN_INPUT, CENTER_SPHERE_INPUT, GEO_WITHIN_INPUT, GEO_INTERSECTS_INPUT, ID_WHERE),
    *(STRING_WHERE, NUMBER_WHERE, BOOLEAN_WHERE, ARRAY_WHERE, KEY_VALUE_INPUT, OBJECT_WHERE),
    *(DATE_WHERE, BYTES_WHERE, FILE_WHERE, GEO_POINT_WHERE, POLYGON_WHERE, ELEMENT, ACL_INPUT),
    *(USER_ACL_INPUT, ROLE_ACL_INPUT, PUBLIC_ACL_INPUT, ACL, USER_ACL, ROLE_ACL, PUBLIC_ACL),
    *(SUBQUERY_INPUT, SELECT_INPUT, NODE),
)


def argument(kind: Any, description: str) -> GraphQLArgument:
    """Make an argument with its description."""
    return GraphQLArgument(kind, description=description)
