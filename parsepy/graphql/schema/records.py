"""``ClassDraft`` and ``ClassTypes``: a class that types are made for, and what was made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLArgument, GraphQLInputObjectType, GraphQLObjectType

from parsepy.graphql.schema import naming, types
from parsepy.graphql.schema.markers import Column
from parsepy.model.graphql_config import ClassConfig
from parsepy.model.schema import ClassSchema
from parsepy.model.values import STRING

ID_COLUMN: dict[str, Any] = {"column": Column("objectId", STRING)}
"""The extensions of a field that is about an object's id."""


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


class ClassDraft:
    """A class that types are made for: its name, configuration and columns in their order.

    ``known`` has the types of all classes, once the fields of any type are looked at;
    ``extensions`` those of the fields about each column.
    """

    def __init__(
        self, schema: ClassSchema, config: ClassConfig, known: Mapping[str, ClassTypes]
    ) -> None:
        self.class_name = schema.name
        self.name = naming.type_name(schema.name)
        self.config = config
        self.known = known
        self.columns = dict(sorted(schema.fields.items()))
        self.extensions: dict[str, dict[str, Any]] = {
            name: {"column": Column(name, column.type)} for name, column in self.columns.items()
        }
        self._own = [
            name for name in self.columns if name not in types.OBJECT_FIELDS and name != "id"
        ]

    def allowed(self, names: frozenset[str] | None) -> list[str]:
        """The class's own columns that are among these; ``None`` is all."""
        return [name for name in self._own if names is None or name in names]
