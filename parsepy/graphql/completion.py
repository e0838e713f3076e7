"""Completion: a selection compiled to closures that make answers of REST objects.

Whatever GraphQL would have to report (null where it may not be, a value of another kind) raises
``Anomaly``: then the library completes the same values, and words it. So there are no error paths
here.
"""

from collections.abc import Sequence
from typing import Any

from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
)

from parsepy.graphql.fields import class_of_member, reader_of, schema_field_type
from parsepy.graphql.leaves import enum, scalar, text_at
from parsepy.graphql.literals import Slots
from parsepy.graphql.paging import FoundPage, cursor_of
from parsepy.graphql.reads import Classes, find, page_columns_of, related_to
from parsepy.graphql.runs import Anomaly, Complete, Later, Run
from parsepy.graphql.schema.markers import (
    ConnectionOf,
    ObjectOf,
    column_of,
    marker_of,
    operation_of,
)
from parsepy.graphql.selected_pages import selection_of
from parsepy.graphql.selections import Selections, Unsuited
from parsepy.graphql.variables import Arguments
from parsepy.model.query import QueryLimits
from parsepy.model.values import JSONObject, encoded

Nodes = Sequence[FieldNode]


class Completer:
    """Compiles the selections of one operation."""

    def __init__(
        self,
        schema: GraphQLSchema,
        classes: Classes,
        limits: QueryLimits,
        selections: Selections,
        slots: Slots,
    ) -> None:
        self.selections = selections
        self.has_arrays = False
        """Have columns been selected whose every member is made by itself?"""
        self._schema = schema
        self._classes = classes
        self._limits = limits
        self._slots = slots

    def value(self, kind: Any, nodes: Nodes, *, is_read: bool = False) -> Complete:
        """The completion of a value of any output type.

        ``is_read``: it is an object that its caller has been given by a get or find.
        """
        if isinstance(kind, GraphQLNonNull):
            return _required(self.value(kind.of_type, nodes, is_read=is_read))
        if isinstance(kind, GraphQLObjectType):
            if isinstance(marker_of(kind), ConnectionOf):
                return self.connection(kind, nodes)
            return _nullable(self.object(kind, nodes, is_read=is_read))
        if isinstance(kind, GraphQLList):
            return self._list(kind, nodes)
        if isinstance(kind, GraphQLScalarType):
            return scalar(kind)
        if isinstance(kind, GraphQLInterfaceType):
            return self._interface(kind, nodes)
        if isinstance(kind, GraphQLEnumType):
            return enum(kind)
        raise Unsuited

    def object(self, of: GraphQLObjectType, nodes: Nodes, *, is_read: bool = False) -> Complete:
        """The completion of an object of a type; ``is_read`` as in ``value``."""
        steps: list[tuple[str, Complete]] = []
        for key, group in self.selections.fields(of, nodes).items():
            name = group[0].name.value
            if name == "__typename":
                steps.append((key, _constant(of.name)))
            else:
                steps.append((key, self._field(of, name, group, is_read=is_read)))

        def complete(value: Any, later: list[Later]) -> Any:
            return {key: step(value, later) for key, step in steps}

        return complete

    def _field(self, of: GraphQLObjectType, name: str, group: Nodes, *, is_read: bool) -> Complete:
        field = of.fields[name]
        if operation_of(field) is not None:
            raise Unsuited  # a cloud function for each object: rare, and the library's to order
        column = column_of(field)
        marker = marker_of(of)
        if isinstance(marker, ObjectOf) and column is not None:
            if column.type.name == "Relation":
                return self._relation(
                    of, marker.class_name, name, column.name, group, is_read=is_read
                )
            if column.type.name == "Array":
                return self._members(field.type, column.name, group)
        kind = field.type
        is_required = isinstance(kind, GraphQLNonNull)
        bare = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
        if (
            isinstance(bare, GraphQLScalarType)
            and bare.name in ("String", "ID")
            and name != "id"
            and of.name != "ACL"
        ):
            stored = column.name if column is not None else name
            return text_at(stored, is_required=is_required)
        read = reader_of(of, name)
        inner = self.value(kind, group)
        return lambda value, later: inner(read(value), later)

    def _list(self, kind: GraphQLList[Any], nodes: Nodes) -> Complete:
        inner = self.value(kind.of_type, nodes)

        def complete(value: Any, later: list[Later]) -> Any:
            if value is None:
                return None
            if value.__class__ is not list:
                raise Anomaly
            return [inner(item, later) for item in value]

        return complete

    def _members(self, kind: Any, column: str, nodes: Nodes) -> Complete:
        """The members of an array: objects of classes, and ``Element`` for other values."""
        is_required = isinstance(kind, GraphQLNonNull)
        listed = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
        union = listed.of_type if isinstance(listed, GraphQLList) else None
        if not isinstance(union, GraphQLUnionType):
            raise Unsuited
        self.has_arrays = True
        made: dict[str, Complete] = {}
        types: dict[str, GraphQLObjectType] = {}
        for member in union.types:
            marker = marker_of(member)
            if isinstance(marker, ObjectOf):
                types[marker.class_name] = member
        element_type = self._schema.type_map["Element"]
        assert isinstance(element_type, GraphQLObjectType)
        element = self.object(element_type, nodes)

        def one(value: Any, later: list[Later]) -> Any:
            class_name = class_of_member(value)
            if class_name is None:
                if value is None:
                    raise Anomaly
                return element({"value": value}, later)
            complete = made.get(class_name)
            if complete is None:
                if class_name not in types:
                    raise Anomaly
                try:
                    complete = made[class_name] = self.object(types[class_name], nodes)
                except Unsuited:
                    raise Anomaly from None
            return complete(value, later)

        def complete(value: Any, later: list[Later]) -> Any:
            members = value.get(column)
            if not members:
                if members is None and not is_required:
                    return None
                if members == []:
                    return []
                raise Anomaly
            if members.__class__ is not list:
                raise Anomaly
            return [one(member, later) for member in members]

        return complete

    def _interface(self, kind: GraphQLInterfaceType, nodes: Nodes) -> Complete:
        """An object whose type its value tells: of ``node``, and of a class's columns."""
        if kind.name not in ("Node", "SchemaField"):
            raise Unsuited
        types: dict[str, GraphQLObjectType] = {}
        for possible in self._schema.get_possible_types(kind):
            marker = marker_of(possible)
            name = marker.class_name if isinstance(marker, ObjectOf) else possible.name
            types[name] = possible
        made = {name: self.object(possible, nodes) for name, possible in types.items()}
        is_node = kind.name == "Node"

        def complete(value: Any, later: list[Later]) -> Any:
            if value is None:
                return None
            name = value.get("className") if is_node else schema_field_type(value)
            if name not in made:
                raise Anomaly
            return made[name](value, later)

        return complete

    # --- pages ----------------------------------------------------------------------------------

    def _relation(
        self,
        of: GraphQLObjectType,
        class_name: str,
        name: str,
        column: str,
        group: Nodes,
        *,
        is_read: bool,
    ) -> Complete:
        kind = of.fields[name].type
        connection = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
        marker = marker_of(connection)
        if not isinstance(marker, ConnectionOf) or not isinstance(connection, GraphQLObjectType):
            raise Unsuited
        target = marker.class_name
        arguments = Arguments(of.fields[name], group[0], self._slots)
        names = self.selections.names(group)
        selected = selection_of(connection, group, self.selections)
        columns = page_columns_of(names, target, self._classes, self._limits, selected)
        before, self.has_arrays = self.has_arrays, False
        inner = self.connection(connection, group)
        has_arrays, self.has_arrays = self.has_arrays, before

        async def fetch(run: Run, owner: JSONObject) -> FoundPage:
            related = related_to(class_name, owner["objectId"], column, is_owner_read=is_read)
            given = arguments(run.literals, run.variables)
            return await find(run, target, columns, given, related)

        def complete(value: Any, later: list[Later]) -> Any:
            if value.get(column) is None:
                raise Anomaly
            place: JSONObject = {}
            later.append(Later(fetch, inner, value, place, has_arrays))
            return place

        return complete

    def connection(self, of: GraphQLObjectType, nodes: Nodes) -> Complete:
        """The completion of a page."""
        steps: list[tuple[str, Complete]] = []
        for key, group in self.selections.fields(of, nodes).items():
            name = group[0].name.value
            if name == "__typename":
                steps.append((key, _constant(of.name)))
            elif name == "count":
                steps.append((key, _total))
            elif name == "pageInfo":
                steps.append((key, self._page_info(of, group)))
            elif name == "edges":
                steps.append((key, self._edges(of, group)))
            else:
                raise Unsuited

        def complete(page: Any, later: list[Later]) -> Any:
            return {key: step(page, later) for key, step in steps}

        return complete

    def _page_info(self, connection: GraphQLObjectType, group: Nodes) -> Complete:
        of = _object_type(connection.fields["pageInfo"].type)
        fields = self.selections.fields(of, group)
        names = [(key, nodes[0].name.value) for key, nodes in fields.items()]

        def complete(page: Any, later: list[Later]) -> Any:
            shown: JSONObject = {}
            for key, name in names:
                value = of.name if name == "__typename" else page.info(name)
                if value is None:
                    raise Anomaly
                shown[key] = value
            return shown

        return complete

    def _edges(self, connection: GraphQLObjectType, group: Nodes) -> Complete:
        edges = connection.fields["edges"].type
        of = _object_type(edges.of_type if isinstance(edges, GraphQLList) else edges)
        node_type = of.fields["node"].type
        steps: list[tuple[str, str, Complete]] = []
        for key, nodes in self.selections.fields(of, group).items():
            name = nodes[0].name.value
            complete = _constant(of.name) if name != "node" else self._node(node_type, nodes)
            steps.append((key, name, complete))
        if len(steps) == 1 and steps[0][1] == "node":
            key, _, one = steps[0]
            return lambda page, later: (
                [{key: one(item, later)} for item in page.objects]
                if page.edges is None
                else encoded(page.edges)
            )

        def complete_all(page: Any, later: list[Later]) -> Any:
            if page.edges is not None:
                return encoded(page.edges)
            shown = []
            for number, item in enumerate(page.objects, page.first):
                edge: JSONObject = {}
                for key, name, complete in steps:
                    edge[key] = cursor_of(number) if name == "cursor" else complete(item, later)
                shown.append(edge)
            return shown

        return complete_all

    def _node(self, kind: Any, nodes: Nodes) -> Complete:
        if isinstance(kind, GraphQLObjectType):
            return self.object(kind, nodes, is_read=True)
        return self.value(kind, nodes, is_read=True)


def _object_type(kind: Any) -> GraphQLObjectType:
    bare = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    if not isinstance(bare, GraphQLObjectType):
        raise Unsuited
    return bare


def _constant(value: Any) -> Complete:
    return lambda _value, _later: value


def _total(page: Any, later: list[Later]) -> Any:
    total = page.total
    if total is None:
        raise Anomaly
    return total


def _required(inner: Complete) -> Complete:
    def complete(value: Any, later: list[Later]) -> Any:
        if value is None:
            raise Anomaly
        return inner(value, later)

    return complete


def _nullable(inner: Complete) -> Complete:
    def complete(value: Any, later: list[Later]) -> Any:
        if value.__class__ is dict:
            return inner(value, later)
        if value is None:
            return None
        raise Anomaly

    return complete
