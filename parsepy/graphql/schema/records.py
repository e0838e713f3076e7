"""``ClassTypes``: what was made for one class, which the types of other classes refer to."""

from dataclasses import dataclass, field

from graphql import GraphQLArgument, GraphQLInputObjectType, GraphQLObjectType


@dataclass(slots=True)
class ClassTypes:
    """The types of a class; ``None`` for one that is left out, which means plain JSON."""

    create: GraphQLInputObjectType | None = None
    update: GraphQLInputObjectType | None = None
    pointer_input: GraphQLInputObjectType | None = None
    relation_input: GraphQLInputObjectType | None = None
    where: GraphQLInputObjectType | None = None
    relation_where: GraphQLInputObjectType | None = None
    output: GraphQLObjectType | None = None
    connection: GraphQLObjectType | None = None
    find_arguments: dict[str, GraphQLArgument] = field(default_factory=dict)
