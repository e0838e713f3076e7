"""The types that every schema has: of values, ACLs and objects.

They are made once and shared by all schemas.
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
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLString,
)

from parsepy.graphql.schema.scalars import ANY, DATE, FILE, UPLOAD

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


def argument(kind: Any, description: str) -> GraphQLArgument:
    """Make an argument with its description."""
    return GraphQLArgument(kind, description=description)


ID: GraphQLNonNull[Any] = GraphQLNonNull(GraphQLID)
NAME: GraphQLNonNull[Any] = GraphQLNonNull(GraphQLString)
_YES_OR_NO: GraphQLNonNull[Any] = GraphQLNonNull(GraphQLBoolean)
FLOAT: GraphQLNonNull[Any] = GraphQLNonNull(GraphQLFloat)

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
    "latitude": (FLOAT, "Degrees north of the equator, from -90 to 90."),
    "longitude": (FLOAT, "Degrees east of Greenwich, from -180 to 180."),
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
