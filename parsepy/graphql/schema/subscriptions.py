"""``Subscription``: one field for each class that can be followed; not part of the reference."""

from collections.abc import Mapping

from graphql import (
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLField,
    GraphQLNonNull,
    GraphQLObjectType,
)

from parsepy.graphql.schema import naming, types
from parsepy.graphql.schema.draft import Draft, root_field
from parsepy.graphql.schema.markers import Operation, PayloadOf
from parsepy.graphql.schema.records import ClassTypes
from parsepy.graphql.schema.scalars import OBJECT

EVENT = GraphQLEnumType(
    "SubscriptionEvent",
    {
        "CREATE": GraphQLEnumValue("create", description="An object was made that fits."),
        "ENTER": GraphQLEnumValue("enter", description="An object was changed, and fits now."),
        "UPDATE": GraphQLEnumValue("update", description="An object that fits was changed."),
        "LEAVE": GraphQLEnumValue("leave", description="An object was changed, and fits no more."),
        "DELETE": GraphQLEnumValue("delete", description="An object that fitted was deleted."),
    },
    description="What happened to an object that is followed.",
)


def add(draft: Draft, classes: frozenset[str], known: Mapping[str, ClassTypes]) -> None:
    """Add a field for each of ``classes`` that is part of the schema."""
    for class_name in naming.in_order(classes & known.keys()):
        made = known[class_name]
        operation = Operation("follow", class_name)
        name = naming.type_name(class_name)
        node = made.output or OBJECT
        payload = GraphQLObjectType(
            f"{name}SubscriptionPayload",
            {
                "event": GraphQLField(GraphQLNonNull(EVENT), description="What happened."),
                "node": GraphQLField(node, description="The object as it is now."),
                "original": GraphQLField(node, description="The object as it was before."),
            },
            description=f"What happened to an object of the class {name}.",
            extensions={"parse": PayloadOf(operation)},
        )
        if draft.offer_type(payload):
            where = types.argument(made.where or OBJECT, "The conditions to be met.")
            draft.subscriptions[naming.field_name(class_name)] = root_field(
                operation,
                GraphQLNonNull(payload),
                f"Follow the objects of the class {name}.",
                {"where": where},
            )
