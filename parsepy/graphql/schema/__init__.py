"""``build``: the GraphQL schema of classes, functions and configuration."""

from collections.abc import Mapping, Sequence

from graphql import GraphQLObjectType, GraphQLSchema

from parsepy.graphql.schema import classes as types_of_a_class
from parsepy.graphql.schema import custom as own
from parsepy.graphql.schema import fields, naming, types, users
from parsepy.graphql.schema import subscriptions as live
from parsepy.graphql.schema.custom import CustomTypes
from parsepy.graphql.schema.draft import Draft
from parsepy.graphql.schema.records import ClassTypes
from parsepy.model.graphql_config import DEFAULT, GraphQLConfig
from parsepy.model.schema import ClassSchema
from parsepy.model.templates import ClassNotes

__all__ = ["DEFAULT", "CustomTypes", "GraphQLConfig", "build", "describe"]


def build(
    classes: Mapping[str, ClassSchema],
    *,
    functions: Sequence[str] = (),
    config: GraphQLConfig = DEFAULT,
    custom: CustomTypes | None = None,
    subscriptions: frozenset[str] = frozenset(),
) -> GraphQLSchema:
    """Make the schema that all callers share.

    ``functions`` are the names of cloud functions, ``subscriptions`` the classes that can be
    followed. What executes a field stands in its ``extensions`` (``markers``). Raises
    ``ConfigError`` if ``custom`` does not fit.
    """
    shown = naming.in_order(name for name in classes if config.shows(name))
    draft = Draft(config, has_users="_User" in shown, has_subscriptions=bool(subscriptions))
    known: dict[str, ClassTypes] = {}
    fields.add_node(draft)
    for name in shown:
        types_of_a_class.add(draft, classes[name], known)
    draft.add_type(draft.array_result)
    draft.array_members = [
        made.output for name in shown if (made := known[name]).output is not None
    ]
    fields.add_health(draft)
    if draft.viewer is not None:
        users.add_queries(draft, draft.viewer)
    fields.add_queries(draft)
    fields.add_create_file(draft)
    new_user = known["_User"].create if draft.has_users else None
    if new_user is not None and draft.viewer is not None:
        users.add_mutations(draft, new_user, draft.viewer)
    fields.add_call_cloud_code(draft, functions)
    fields.add_mutations(draft)
    live.add(draft, subscriptions, known)
    schema = _schema(draft)
    return schema if custom is None else own.merge(schema, custom)


def _schema(draft: Draft) -> GraphQLSchema:
    query = GraphQLObjectType("Query", draft.queries, description="What can be read.")
    mutation = GraphQLObjectType("Mutation", draft.mutations, description="What can be changed.")
    roots = [query, mutation]
    subscription = None
    if draft.subscriptions:
        subscription = GraphQLObjectType(
            "Subscription", draft.subscriptions, description="What can be followed live."
        )
        roots.append(subscription)
    # The tests show that what is made here is valid for all classes: not to be checked each time.
    return GraphQLSchema(
        query,
        mutation,
        subscription,
        types=[*draft.types.values(), *roots],
        assume_valid=True,
    )


def describe(schema: GraphQLSchema, notes: Mapping[str, ClassNotes]) -> None:
    """Put what templates say of classes and fields in place of our own words."""
    for class_name, said in notes.items():
        output = schema.get_type(naming.type_name(class_name))
        if not isinstance(output, GraphQLObjectType):
            continue
        if said.description:
            output.description = said.description
        for name, noted in said.fields.items():
            shown = output.fields.get(name)
            # those that every object has belong to all types
            if shown is not None and noted.description and name not in types.OBJECT_FIELDS:
                shown.description = noted.description
