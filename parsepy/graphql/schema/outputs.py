"""The output types of a class: its objects, and pages of them."""

from graphql import (
    GraphQLField,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
)

from parsepy.graphql.schema import types
from parsepy.graphql.schema.columns import output_of
from parsepy.graphql.schema.draft import Draft
from parsepy.graphql.schema.markers import ConnectionOf, EdgeOf, ObjectOf
from parsepy.graphql.schema.records import ID_COLUMN, ClassDraft
from parsepy.graphql.schema.scalars import OBJECT


def object_type(draft: Draft, item: ClassDraft) -> GraphQLObjectType:
    """Make the object type of the class."""

    def fields() -> dict[str, GraphQLField]:
        shown = {
            "id": GraphQLField(
                types.ID,
                description="Relay's id, unique among all classes.",
                extensions=ID_COLUMN,
            )
        }
        for name, field in types.OBJECT_FIELDS.items():
            shown[name] = GraphQLField(
                field.type,
                description=field.description,
                extensions=item.extensions.get(name),
            )
        if item.class_name == "_User":
            shown["authDataResponse"] = GraphQLField(
                OBJECT, description="What providers answered to a sign-up or log-in."
            )
        for name in item.allowed(item.config.output_fields):
            if item.class_name == "_User" and name == "password":
                continue
            made = _output_field(draft, item, name)
            if made is not None:
                shown[name] = made
        return shown

    return GraphQLObjectType(
        item.name,
        fields,
        interfaces=[types.PARSE_OBJECT, types.NODE],
        description=f"An object of the class {item.name}.",
        extensions={"parse": ObjectOf(item.class_name)},
    )


def _output_field(draft: Draft, item: ClassDraft, name: str) -> GraphQLField | None:
    column = item.columns[name]
    kind = output_of(column.type, item.known, draft.array_result)
    if kind is None:
        return None
    arguments = None
    description = f"The value of {name}."
    if column.type.name == "Relation":
        target = item.known.get(column.type.target or "")
        arguments = None if target is None else target.find_arguments
        description = f"The objects in the relation {name}."
    elif column.type.name == "Array":
        description = f"The members of {name}; fragments tell objects from other values."
    if column.required and not isinstance(kind, GraphQLNonNull):
        kind = GraphQLNonNull(kind)
    return GraphQLField(kind, arguments, description=description, extensions=item.extensions[name])


def pages(
    item: ClassDraft, node: GraphQLObjectType | None
) -> tuple[GraphQLObjectType, GraphQLObjectType]:
    """Make the types of an object on a page, and of the page."""
    edge = GraphQLObjectType(
        f"{item.name}Edge",
        {
            "node": GraphQLField(node or OBJECT, description="The object."),
            "cursor": GraphQLField(types.NAME, description="Where it is among all found."),
        },
        description=f"An object of the class {item.name} on a page.",
        extensions={"parse": EdgeOf(item.class_name)},
    )
    connection = GraphQLObjectType(
        f"{item.name}Connection",
        {
            "pageInfo": GraphQLField(
                GraphQLNonNull(types.PAGE_INFO), description="Where the page lies."
            ),
            "edges": GraphQLField(
                GraphQLList(edge), description="The objects, with their cursors."
            ),
            "count": GraphQLField(
                GraphQLNonNull(GraphQLInt), description="How many there are on all pages."
            ),
        },
        description=f"A page of objects of the class {item.name}.",
        extensions={"parse": ConnectionOf(item.class_name)},
    )
    return edge, connection


def viewer_type(user: GraphQLObjectType) -> GraphQLObjectType:
    """Make the type of the user who is logged in."""
    return types.make_object(
        "Viewer",
        "The user who is logged in.",
        {
            "sessionToken": (types.NAME, "The token of their session, for later requests."),
            "user": (GraphQLNonNull(user), "The user."),
        },
    )
