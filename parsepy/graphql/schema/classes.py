"""A class's types, queries and mutations."""

from collections.abc import Mapping
from typing import Any

from graphql import GraphQLField, GraphQLInputField, GraphQLNonNull, GraphQLString

from parsepy.graphql.schema import inputs, naming, outputs, types
from parsepy.graphql.schema.draft import Draft, mutation, root_field
from parsepy.graphql.schema.markers import Operation
from parsepy.graphql.schema.records import ClassDraft, ClassTypes
from parsepy.graphql.schema.scalars import OBJECT
from parsepy.model.schema import ClassSchema

_DONE = {"create": "now made", "update": "now changed", "delete": "now gone"}


def add(draft: Draft, schema: ClassSchema, known: dict[str, ClassTypes]) -> None:
    """Add a class's types, then its queries, then its mutations.

    ``known`` has the types of all classes; those of this one are put there.
    """
    item = ClassDraft(schema, draft.config.of(schema.name), known)
    made = known[schema.name] = _add_types(draft, item)
    if schema.name == "_User" and made.output is not None:
        draft.viewer = outputs.viewer_type(made.output)
        draft.add_type(draft.viewer)
    _add_queries(draft, item, made)
    _add_mutations(draft, item, made)


def _add_types(draft: Draft, item: ClassDraft) -> ClassTypes:
    made, config = ClassTypes(), item.config
    create = inputs.fields_input(item, "Create", config.create_fields, is_create=True)
    made.create = create if draft.offer_type(create) else None
    update = inputs.fields_input(item, "Update", config.update_fields, is_create=False)
    made.update = update if draft.offer_type(update) else None
    pointer = inputs.pointer_input(item, made)
    made.pointer_input = pointer if draft.offer_type(pointer) else None
    relation = inputs.relation_input(item, made)
    made.relation_input = relation if draft.offer_type(relation) else None
    where = inputs.where_input(item, made)
    made.where = where if draft.offer_type(where) else None
    related = inputs.relation_where_input(item, made)
    made.relation_where = related if draft.offer_type(related) else None
    order = inputs.order_enum(item)
    made.find_arguments = {
        "where": types.argument(made.where or OBJECT, "The conditions to be met."),
        "order": types.argument(
            types.list_of(order) if draft.offer_type(order) else GraphQLString,
            "How to sort what is found.",
        ),
        "skip": types.SKIP,
        **types.PAGE_ARGUMENTS,
        "options": types.READ_OPTIONS,
    }
    if draft.is_free(item.name):  # graphql-core makes no second type named String
        made.output = outputs.object_type(draft, item)
        draft.add_type(made.output)
    edge, connection = outputs.pages(item, made.output)
    if draft.offer_type(edge) and draft.offer_type(connection, is_connection=True):
        made.connection = connection
    return made


def _add_queries(draft: Draft, item: ClassDraft, made: ClassTypes) -> None:
    single = naming.field_name(item.class_name)
    if item.config.has_get:
        draft.offer_query(
            item.config.get_alias or single,
            root_field(
                Operation("get", item.class_name),
                GraphQLNonNull(made.output or OBJECT),
                f"Get an object of the class {item.name} by its id.",
                {"id": types.OBJECT_ID, "options": types.READ_OPTIONS},
            ),
        )
    if item.config.has_find:
        draft.offer_query(
            item.config.find_alias or naming.plural(single),
            root_field(
                Operation("find", item.class_name),
                GraphQLNonNull(made.connection or OBJECT),
                f"Find objects of the class {item.name}, page by page.",
                made.find_arguments,
            ),
        )


def _add_mutations(draft: Draft, item: ClassDraft, made: ClassTypes) -> None:
    config = item.config
    object_id = GraphQLInputField(types.ID, description="Relay's id or the objectId.")
    if config.has_create:
        values = GraphQLInputField(
            made.create or OBJECT, description="The values of the new object."
        )
        _add_mutation(draft, item, "create", config.create_alias, made, {"fields": values})
    if config.has_update:
        values = GraphQLInputField(made.update or OBJECT, description="The new values.")
        _add_mutation(
            draft, item, "update", config.update_alias, made, {"id": object_id, "fields": values}
        )
    if config.has_destroy:
        _add_mutation(draft, item, "delete", config.destroy_alias, made, {"id": object_id})


def _add_mutation(
    draft: Draft,
    item: ClassDraft,
    verb: Any,
    alias: str,
    made: ClassTypes,
    inputs: Mapping[str, GraphQLInputField],
) -> None:
    name = f"{verb.capitalize()}{item.name}"
    output = GraphQLField(
        GraphQLNonNull(made.output or OBJECT), description=f"The object, {_DONE[verb]}."
    )
    draft.offer_mutation(
        alias or f"{verb}{item.name}",
        mutation(
            name,
            f"{verb.capitalize()} an object of the class {item.name}.",
            Operation(verb, item.class_name),
            inputs,
            {naming.field_name(item.class_name): output},
        ),
    )
