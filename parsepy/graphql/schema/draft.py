"""``Draft``: a schema that is being made, and what happens to names that are taken."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLString,
    GraphQLUnionType,
)

from parsepy.graphql.schema import conditions, naming, schema_types, types
from parsepy.graphql.schema.markers import Operation, PayloadOf
from parsepy.model.graphql_config import GraphQLConfig

log = logging.getLogger("parsepy")

_MUTATION_ID = "What the client calls this change; the answer repeats it."


@lru_cache(1024)
def warn(text: str) -> None:
    """Log a warning, once for each text."""
    log.warning("GraphQL: %s", text)


@dataclass(frozen=True, slots=True)
class Mutation:
    """A mutation with the types of its own."""

    field: GraphQLField
    input: GraphQLInputObjectType
    payload: GraphQLObjectType


class Draft:
    """The types and root fields of a schema so far, in the order in which they were added."""

    def __init__(self, config: GraphQLConfig, *, has_users: bool, has_subscriptions: bool) -> None:
        self.config = config
        self.has_users = has_users
        self.types: dict[str, GraphQLNamedType] = {
            made.name: made for made in (*conditions.FIXED, *schema_types.FIXED)
        }
        self.queries: dict[str, GraphQLField] = {}
        self.mutations: dict[str, GraphQLField] = {}
        self.subscriptions: dict[str, GraphQLField] = {}
        self.array_result = GraphQLUnionType(
            "ArrayResult",
            lambda: [types.ELEMENT, *self.array_members],
            description="A member of an array: an object of a class, or any other value.",
        )
        self.array_members: list[GraphQLObjectType] = []
        self.viewer: GraphQLObjectType | None = None
        self._type_names = naming.RESERVED_TYPES | naming.LATER_TYPES
        self._mutation_names = naming.RESERVED_MUTATIONS
        if has_subscriptions:
            self._type_names |= {"SubscriptionEvent"}
        if has_users:
            self._type_names |= naming.LATER_USER_TYPES
            self._mutation_names |= naming.LATER_USER_MUTATIONS

    def offer_type(self, made: GraphQLNamedType, *, is_connection: bool = False) -> bool:
        """Add a class's type unless its name is taken; whether it was added."""
        if not self.is_free(made.name, is_connection=is_connection):
            return False
        self.types[made.name] = made
        return True

    def is_free(self, name: str, *, is_connection: bool = False) -> bool:
        """May a class's type have this name? If not, that is logged."""
        if (
            name in self._type_names
            or name in self.types
            or (name.endswith("Connection") and not is_connection)
        ):
            warn(f"type {name} is left out: the name is taken")
            return False
        return True

    def offer_query(self, name: str, made: GraphQLField) -> None:
        """Add a class's query unless its name is taken."""
        if not naming.is_name(name):
            warn(f"query {name} is left out: GraphQL has no such names")
        elif name in naming.RESERVED_QUERIES or name in self.queries:
            warn(f"query {name} is left out: the name is taken")
        else:
            self.queries[name] = made

    def offer_mutation(self, name: str, made: Mutation) -> None:
        """Add a class's mutation, with its types, unless names are taken."""
        if not self.offer_type(made.input) or not self.offer_type(made.payload):
            return
        if not naming.is_name(name):
            warn(f"mutation {name} is left out: GraphQL has no such names")
        elif name in self._mutation_names or name in self.mutations:
            warn(f"mutation {name} is left out: the name is taken")
        else:
            self.mutations[name] = made.field

    def add_type(self, made: GraphQLNamedType) -> None:
        """Add a type of the API's own."""
        self.types[made.name] = made

    def add_query(self, name: str, made: GraphQLField) -> None:
        """Add a query of the API's own."""
        self.queries[name] = made

    def add_mutation(self, name: str, made: Mutation) -> None:
        """Add a mutation of the API's own, with its types."""
        self.add_type(made.input)
        self.add_type(made.payload)
        self.mutations[name] = made.field


def root_field(
    operation: Operation,
    kind: Any,
    description: str,
    args: Mapping[str, Any] | None = None,
) -> GraphQLField:
    """Make a field of Query, Mutation or Subscription."""
    return GraphQLField(
        kind,
        None if args is None else dict(args),
        description=description,
        extensions={"operation": operation},
    )


def mutation(
    name: str,
    description: str,
    operation: Operation,
    inputs: Mapping[str, GraphQLInputField],
    outputs: Mapping[str, GraphQLField],
) -> Mutation:
    """Make a mutation as relay wants it: one input, one payload, and the client's own id.

    ``name`` is that of its types without ``Input`` and ``Payload``.
    """
    input_type = GraphQLInputObjectType(
        f"{name}Input",
        {
            **inputs,
            "clientMutationId": GraphQLInputField(GraphQLString, description=_MUTATION_ID),
        },
        description=f"The input of {name}.",
    )
    payload = GraphQLObjectType(
        f"{name}Payload",
        {**outputs, "clientMutationId": GraphQLField(GraphQLString, description=_MUTATION_ID)},
        description=f"The answer of {name}.",
        extensions={"parse": PayloadOf(operation)},
    )
    argument = types.argument(GraphQLNonNull(input_type), "The input of the change.")
    field = root_field(operation, payload, description, {"input": argument})
    return Mutation(field, input_type, payload)
