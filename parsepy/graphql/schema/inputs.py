"""The input types of a class: values, pointers, relations, conditions, order."""

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLID,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
)

from parsepy.graphql.schema import conditions, naming, types
from parsepy.graphql.schema.columns import input_of, where_of
from parsepy.graphql.schema.draft import warn
from parsepy.graphql.schema.markers import (
    FieldsOf,
    OrderOf,
    PointerInputOf,
    RelationInputOf,
    RelationWhereOf,
    WhereOf,
)
from parsepy.graphql.schema.records import ID_COLUMN, ClassDraft, ClassTypes
from parsepy.graphql.schema.scalars import OBJECT
from parsepy.model.graphql_config import SortField

_COMPOUNDS = {
    "OR": "At least one of these is met.",
    "AND": "All of these are met.",
    "NOR": "None of these is met.",
}


def fields_input(
    item: ClassDraft, verb: str, allowed: frozenset[str] | None, *, is_create: bool
) -> GraphQLInputObjectType:
    """Make the input of a new object's values, or of the changes of one."""

    def fields() -> dict[str, GraphQLInputField]:
        made = {
            "ACL": GraphQLInputField(
                types.ACL_INPUT,
                description="Who may read and change the object.",
                extensions=item.extensions.get("ACL"),
            )
        }
        for name in item.allowed(allowed):
            column = item.columns[name]
            kind = input_of(column.type, item.known)
            if kind is not None:
                if is_create and column.required:
                    kind = GraphQLNonNull(kind)
                made[name] = GraphQLInputField(
                    kind,
                    description=f"The new value of {name}.",
                    extensions=item.extensions[name],
                )
        return made

    what = "The values of a new object" if is_create else "The new values in an object"
    return GraphQLInputObjectType(
        f"{verb}{item.name}FieldsInput",
        fields,
        description=f"{what} of the class {item.name}.",
        extensions={"parse": FieldsOf(item.class_name, is_create)},
    )


def pointer_input(item: ClassDraft, made: ClassTypes) -> GraphQLInputObjectType:
    """Make the input of a pointer to the class."""

    def fields() -> dict[str, GraphQLInputField]:
        shown = {
            "link": GraphQLInputField(
                GraphQLID, description="Relay's id or the objectId of an object to refer to."
            )
        }
        if item.config.has_create:
            shown["createAndLink"] = GraphQLInputField(
                made.create or OBJECT, description="A new object to make and refer to."
            )
        return shown

    return GraphQLInputObjectType(
        f"{item.name}PointerInput",
        fields,
        description=f"The object of the class {item.name} that a pointer refers to.",
        extensions={"parse": PointerInputOf(item.class_name)},
    )


def relation_input(item: ClassDraft, made: ClassTypes) -> GraphQLInputObjectType:
    """Make the input of changes in a relation to the class."""

    def fields() -> dict[str, GraphQLInputField]:
        ids = GraphQLList(types.ID)
        shown = {
            "add": GraphQLInputField(
                ids, description="Relay's ids or the objectIds of objects to add."
            ),
            "remove": GraphQLInputField(
                ids, description="Relay's ids or the objectIds of objects to take out."
            ),
        }
        if item.config.has_create:
            shown["createAndAdd"] = GraphQLInputField(
                types.list_of(made.create or OBJECT), description="New objects to make and add."
            )
        return shown

    return GraphQLInputObjectType(
        f"{item.name}RelationInput",
        fields,
        description=f"The change of a relation to objects of the class {item.name}.",
        extensions={"parse": RelationInputOf(item.class_name)},
    )


def where_input(item: ClassDraft, made: ClassTypes) -> GraphQLInputObjectType:
    """Make the input of conditions on objects of the class."""
    name = f"{item.name}WhereInput"

    def fields() -> dict[str, GraphQLInputField]:
        allowed = item.config.constraint_fields
        shown: dict[str, GraphQLInputField] = {}
        for column in (*item.columns, "id") if allowed is None else item.allowed(allowed):
            if column in _COMPOUNDS:
                warn(f"field {column} of {name} is left out: the name is taken")
                continue
            is_id = column in ("id", "objectId")
            kind = conditions.ID_WHERE if is_id else where_of(item.columns[column].type, item.known)
            if kind is not None:
                shown[column] = GraphQLInputField(
                    kind,
                    description=f"Conditions on {column}.",
                    extensions=ID_COLUMN if is_id else item.extensions[column],
                )
        for compound, text in _COMPOUNDS.items():
            shown[compound] = GraphQLInputField(
                types.list_of(made.where or OBJECT), description=text
            )
        return shown

    return GraphQLInputObjectType(
        name,
        fields,
        description=f"The conditions that objects of the class {item.name} must meet.",
        extensions={"parse": WhereOf(item.class_name)},
    )


def relation_where_input(item: ClassDraft, made: ClassTypes) -> GraphQLInputObjectType:
    """Make the input of conditions on a pointer or relation to the class."""

    def fields() -> dict[str, GraphQLInputField]:
        where = made.where or OBJECT
        return {
            "have": GraphQLInputField(
                where, description="An object that it refers to meets these conditions."
            ),
            "haveNot": GraphQLInputField(
                where, description="No object that it refers to meets these conditions."
            ),
            "exists": GraphQLInputField(GraphQLBoolean, description="Does it refer to anything?"),
        }

    return GraphQLInputObjectType(
        f"{item.name}RelationWhereInput",
        fields,
        description=f"Conditions on a pointer or relation to the class {item.name}.",
        extensions={"parse": RelationWhereOf(item.class_name)},
    )


def order_enum(item: ClassDraft) -> GraphQLEnumType:
    """Make the enum of the ways to sort objects of the class."""
    sorts = item.config.sort_fields
    if sorts is None:
        sorts = tuple(SortField(name, True, True) for name in (*item.columns, "id"))
    values: dict[str, GraphQLEnumValue] = {}
    for sort in sorts:
        column = "objectId" if sort.field == "id" else sort.field
        if not naming.is_name(sort.field):
            warn(f"{item.name} can't be sorted by {sort.field}: GraphQL has no such names")
            continue
        if sort.ascending:
            values[f"{sort.field}_ASC"] = GraphQLEnumValue(
                column, description=f"By {sort.field}, the least first."
            )
        if sort.descending:
            values[f"{sort.field}_DESC"] = GraphQLEnumValue(
                f"-{column}", description=f"By {sort.field}, the greatest first."
            )
    if not values:  # an enum without values is none
        values = {
            "id_ASC": GraphQLEnumValue("objectId", description="By id, the least first."),
            "id_DESC": GraphQLEnumValue("-objectId", description="By id, the greatest first."),
        }
    return GraphQLEnumType(
        f"{item.name}Order",
        values,
        description=f"The ways to sort objects of the class {item.name}.",
        extensions={"parse": OrderOf(item.class_name)},
    )
