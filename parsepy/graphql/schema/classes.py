"""A class's types, queries and mutations."""

from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLField,
    GraphQLID,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLString,
)

from parsepy.graphql.schema import naming, types
from parsepy.graphql.schema.columns import input_of, output_of, where_of
from parsepy.graphql.schema.draft import Draft, mutation, root_field, warn
from parsepy.graphql.schema.markers import (
    Column,
    ConnectionOf,
    EdgeOf,
    FieldsOf,
    ObjectOf,
    Operation,
    OrderOf,
    PointerInputOf,
    RelationInputOf,
    RelationWhereOf,
    WhereOf,
)
from parsepy.graphql.schema.records import ClassTypes
from parsepy.graphql.schema.scalars import OBJECT
from parsepy.model.graphql_config import ClassConfig, SortField
from parsepy.model.schema import ClassSchema
from parsepy.model.values import STRING

_COMPOUNDS = {
    "OR": "At least one of these is met.",
    "AND": "All of these are met.",
    "NOR": "None of these is met.",
}
_ID: dict[str, Any] = {"column": Column("objectId", STRING)}

Fields = Callable[[], dict[str, GraphQLInputField]]


class ClassBuilder:
    """Makes what a schema has for one class; the types of all classes are known to each."""

    def __init__(self, draft: Draft, schema: ClassSchema, known: dict[str, ClassTypes]) -> None:
        self._draft = draft
        self._class = schema.name
        self._name = naming.type_name(schema.name)
        self._config: ClassConfig = draft.config.of(schema.name)
        self._known = known
        self._columns = dict(sorted(schema.fields.items()))
        self._extensions: dict[str, dict[str, Any]] = {
            name: {"column": Column(name, column.type)} for name, column in self._columns.items()
        }
        self._own = [
            name for name in self._columns if name not in types.OBJECT_FIELDS and name != "id"
        ]

    def build(self) -> None:
        """Add the class's types, then its queries, then its mutations."""
        made = self._known[self._class] = self._types()
        if self._class == "_User" and made.output is not None:
            self._draft.viewer = _viewer(made.output)
            self._draft.add_type(self._draft.viewer)
        self._queries(made)
        self._mutations(made)

    # --- types --------------------------------------------------------------------------------

    def _types(self) -> ClassTypes:
        made = ClassTypes()
        create = self._fields_input("Create", self._config.create_fields, is_create=True)
        update = self._fields_input("Update", self._config.update_fields, is_create=False)
        made.create = create if self._offer(create) else None
        made.update = update if self._offer(update) else None
        pointer = self._pointer_input(made)
        made.pointer_input = pointer if self._offer(pointer) else None
        relation = self._relation_input(made)
        made.relation_input = relation if self._offer(relation) else None
        where = self._where(made)
        made.where = where if self._offer(where) else None
        related = self._relation_where(made)
        made.relation_where = related if self._offer(related) else None
        made.find_arguments = self._find_arguments(made)
        if self._draft.is_free(self._name):  # graphql-core makes no second type named String
            made.output = self._output()
            self._draft.add_type(made.output)
        self._pages(made)
        return made

    def _offer(self, made: Any) -> bool:
        return self._draft.offer_type(made)

    def _allowed(self, names: frozenset[str] | None) -> list[str]:
        return [name for name in self._own if names is None or name in names]

    def _fields_input(
        self, verb: str, allowed: frozenset[str] | None, *, is_create: bool
    ) -> GraphQLInputObjectType:
        def fields() -> dict[str, GraphQLInputField]:
            made = {
                "ACL": GraphQLInputField(
                    types.ACL_INPUT,
                    description="Who may read and change the object.",
                    extensions=self._extensions.get("ACL"),
                )
            }
            for name in self._allowed(allowed):
                column = self._columns[name]
                kind = input_of(column.type, self._known)
                if kind is not None:
                    if is_create and column.required:
                        kind = GraphQLNonNull(kind)
                    made[name] = GraphQLInputField(
                        kind,
                        description=f"The new value of {name}.",
                        extensions=self._extensions[name],
                    )
            return made

        what = "The values of a new object" if is_create else "The new values in an object"
        return GraphQLInputObjectType(
            f"{verb}{self._name}FieldsInput",
            fields,
            description=f"{what} of the class {self._name}.",
            extensions={"parse": FieldsOf(self._class, is_create)},
        )

    def _pointer_input(self, made: ClassTypes) -> GraphQLInputObjectType:
        def fields() -> dict[str, GraphQLInputField]:
            shown = {
                "link": GraphQLInputField(
                    GraphQLID, description="Relay's id or the objectId of an object to refer to."
                )
            }
            if self._config.has_create:
                shown["createAndLink"] = GraphQLInputField(
                    made.create or OBJECT, description="A new object to make and refer to."
                )
            return shown

        return GraphQLInputObjectType(
            f"{self._name}PointerInput",
            fields,
            description=f"The object of the class {self._name} that a pointer refers to.",
            extensions={"parse": PointerInputOf(self._class)},
        )

    def _relation_input(self, made: ClassTypes) -> GraphQLInputObjectType:
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
            if self._config.has_create:
                shown["createAndAdd"] = GraphQLInputField(
                    types.list_of(made.create or OBJECT), description="New objects to make and add."
                )
            return shown

        return GraphQLInputObjectType(
            f"{self._name}RelationInput",
            fields,
            description=f"The change of a relation to objects of the class {self._name}.",
            extensions={"parse": RelationInputOf(self._class)},
        )

    def _where(self, made: ClassTypes) -> GraphQLInputObjectType:
        name = f"{self._name}WhereInput"

        def fields() -> dict[str, GraphQLInputField]:
            allowed = self._config.constraint_fields
            shown: dict[str, GraphQLInputField] = {}
            for column in (*self._columns, "id") if allowed is None else self._allowed(allowed):
                if column in _COMPOUNDS:
                    warn(f"field {column} of {name} is left out: the name is taken")
                    continue
                is_id = column in ("id", "objectId")
                kind = (
                    types.ID_WHERE if is_id else where_of(self._columns[column].type, self._known)
                )
                if kind is not None:
                    shown[column] = GraphQLInputField(
                        kind,
                        description=f"Conditions on {column}.",
                        extensions=_ID if is_id else self._extensions[column],
                    )
            for compound, text in _COMPOUNDS.items():
                shown[compound] = GraphQLInputField(
                    types.list_of(made.where or OBJECT), description=text
                )
            return shown

        return GraphQLInputObjectType(
            name,
            fields,
            description=f"The conditions that objects of the class {self._name} must meet.",
            extensions={"parse": WhereOf(self._class)},
        )

    def _relation_where(self, made: ClassTypes) -> GraphQLInputObjectType:
        def fields() -> dict[str, GraphQLInputField]:
            where = made.where or OBJECT
            return {
                "have": GraphQLInputField(
                    where, description="An object that it refers to meets these conditions."
                ),
                "haveNot": GraphQLInputField(
                    where, description="No object that it refers to meets these conditions."
                ),
                "exists": GraphQLInputField(
                    GraphQLBoolean, description="Does it refer to anything?"
                ),
            }

        return GraphQLInputObjectType(
            f"{self._name}RelationWhereInput",
            fields,
            description=f"Conditions on a pointer or relation to the class {self._name}.",
            extensions={"parse": RelationWhereOf(self._class)},
        )

    def _order(self) -> GraphQLEnumType:
        sorts = self._config.sort_fields
        if sorts is None:
            sorts = tuple(SortField(name, True, True) for name in (*self._columns, "id"))
        values: dict[str, GraphQLEnumValue] = {}
        for sort in sorts:
            column = "objectId" if sort.field == "id" else sort.field
            if not naming.is_name(sort.field):
                warn(f"{self._name} can't be sorted by {sort.field}: GraphQL has no such names")
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
            f"{self._name}Order",
            values,
            description=f"The ways to sort objects of the class {self._name}.",
            extensions={"parse": OrderOf(self._class)},
        )

    def _find_arguments(self, made: ClassTypes) -> dict[str, GraphQLArgument]:
        order = self._order()
        kind: Any = types.list_of(order) if self._offer(order) else GraphQLString
        return {
            "where": types.argument(made.where or OBJECT, "The conditions to be met."),
            "order": types.argument(kind, "How to sort what is found."),
            "skip": types.SKIP,
            **types.PAGE_ARGUMENTS,
            "options": types.READ_OPTIONS,
        }

    def _output(self) -> GraphQLObjectType:
        def fields() -> dict[str, GraphQLField]:
            shown = {
                "id": GraphQLField(
                    types.ID,
                    description="Relay's id, unique among all classes.",
                    extensions=_ID,
                )
            }
            for name, field in types.OBJECT_FIELDS.items():
                shown[name] = GraphQLField(
                    field.type,
                    description=field.description,
                    extensions=self._extensions.get(name),
                )
            if self._class == "_User":
                shown["authDataResponse"] = GraphQLField(
                    OBJECT, description="What providers answered to a sign-up or log-in."
                )
            for name in self._allowed(self._config.output_fields):
                if self._class == "_User" and name == "password":
                    continue
                made = self._output_field(name)
                if made is not None:
                    shown[name] = made
            return shown

        return GraphQLObjectType(
            self._name,
            fields,
            interfaces=[types.PARSE_OBJECT, types.NODE],
            description=f"An object of the class {self._name}.",
            extensions={"parse": ObjectOf(self._class)},
        )

    def _output_field(self, name: str) -> GraphQLField | None:
        column = self._columns[name]
        kind = output_of(column.type, self._known, self._draft.array_result)
        if kind is None:
            return None
        arguments = None
        description = f"The value of {name}."
        if column.type.name == "Relation":
            target = self._known.get(column.type.target or "")
            arguments = None if target is None else target.find_arguments
            description = f"The objects in the relation {name}."
        elif column.type.name == "Array":
            description = f"The members of {name}; fragments tell objects from other values."
        if column.required and not isinstance(kind, GraphQLNonNull):
            kind = GraphQLNonNull(kind)
        return GraphQLField(
            kind, arguments, description=description, extensions=self._extensions[name]
        )

    def _pages(self, made: ClassTypes) -> None:
        edge = GraphQLObjectType(
            f"{self._name}Edge",
            {
                "node": GraphQLField(made.output or OBJECT, description="The object."),
                "cursor": GraphQLField(types.NAME, description="Where it is among all found."),
            },
            description=f"An object of the class {self._name} on a page.",
            extensions={"parse": EdgeOf(self._class)},
        )
        connection = GraphQLObjectType(
            f"{self._name}Connection",
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
            description=f"A page of objects of the class {self._name}.",
            extensions={"parse": ConnectionOf(self._class)},
        )
        if self._offer(edge) and self._draft.offer_type(connection, is_connection=True):
            made.connection = connection

    # --- queries and mutations ----------------------------------------------------------------

    def _queries(self, made: ClassTypes) -> None:
        single = naming.field_name(self._class)
        if self._config.has_get:
            self._draft.offer_query(
                self._config.get_alias or single,
                root_field(
                    Operation("get", self._class),
                    GraphQLNonNull(made.output or OBJECT),
                    f"Get an object of the class {self._name} by its id.",
                    {"id": types.OBJECT_ID, "options": types.READ_OPTIONS},
                ),
            )
        if self._config.has_find:
            self._draft.offer_query(
                self._config.find_alias or naming.plural(single),
                root_field(
                    Operation("find", self._class),
                    GraphQLNonNull(made.connection or OBJECT),
                    f"Find objects of the class {self._name}, page by page.",
                    made.find_arguments,
                ),
            )

    def _mutations(self, made: ClassTypes) -> None:
        config = self._config
        object_id = GraphQLInputField(types.ID, description="Relay's id or the objectId.")
        if config.has_create:
            values = GraphQLInputField(
                made.create or OBJECT, description="The values of the new object."
            )
            self._mutation("create", config.create_alias, made, {"fields": values})
        if config.has_update:
            values = GraphQLInputField(made.update or OBJECT, description="The new values.")
            self._mutation("update", config.update_alias, made, {"id": object_id, "fields": values})
        if config.has_destroy:
            self._mutation("delete", config.destroy_alias, made, {"id": object_id})

    def _mutation(
        self,
        verb: Any,
        alias: str,
        made: ClassTypes,
        inputs: Mapping[str, GraphQLInputField],
    ) -> None:
        name = f"{verb.capitalize()}{self._name}"
        output = GraphQLField(
            GraphQLNonNull(made.output or OBJECT), description=f"The object, {_DONE[verb]}."
        )
        self._draft.offer_mutation(
            alias or f"{verb}{self._name}",
            mutation(
                name,
                f"{verb.capitalize()} an object of the class {self._name}.",
                Operation(verb, self._class),
                inputs,
                {naming.field_name(self._class): output},
            ),
        )


_DONE = {"create": "now made", "update": "now changed", "delete": "now gone"}


def _viewer(user: GraphQLObjectType) -> GraphQLObjectType:
    return types.make_object(
        "Viewer",
        "The user who is logged in.",
        {
            "sessionToken": (types.NAME, "The token of their session, for later requests."),
            "user": (GraphQLNonNull(user), "The user."),
        },
    )
