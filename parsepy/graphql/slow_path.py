"""The library's execution, over what was fetched already: it words what plans can't.

No root field is executed here, so that no mutation runs twice; pages of relations are read again.
"""

import asyncio
from collections.abc import Coroutine, Mapping
from inspect import isawaitable
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    ExecutionResult,
    FragmentDefinitionNode,
    GraphQLAbstractType,
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSchema,
    execute,
    get_operation_ast,
    located_error,
)

from parsepy.errors import ParseError
from parsepy.graphql import reads, system
from parsepy.graphql.failures import FieldError, error_of
from parsepy.graphql.fields import class_of_member, reader_of, schema_field_type
from parsepy.graphql.members import MANY
from parsepy.graphql.paging import FoundPage, cursor_of
from parsepy.graphql.runs import SIDE_BY_SIDE, Run
from parsepy.graphql.schema.markers import (
    EdgeOf,
    ObjectOf,
    Operation,
    column_of,
    marker_of,
    operation_of,
)
from parsepy.graphql.schema.naming import type_name
from parsepy.graphql.selections import Selections, flags_of
from parsepy.graphql.variables import reworded_errors
from parsepy.model.bounds import query_exceeds

Outcome = Any
"""What a root field's fetch gave: a value, or a ``GraphQLError``."""


_LARGEST = 2**53


class _Edge(NamedTuple):
    number: int
    item: Any


class Execution:
    """One execution by the library."""

    def __init__(self, schema: GraphQLSchema, run: Run, outcomes: Mapping[str, Outcome]) -> None:
        self._schema = schema
        self._run = run
        self._outcomes = outcomes
        self._room = asyncio.Semaphore(SIDE_BY_SIDE)
        self._home: asyncio.AbstractEventLoop | None = None
        """The server's event loop, where another one makes the answer."""

    async def run(
        self, tree: DocumentNode, name: str | None, given: Mapping[str, Any]
    ) -> ExecutionResult:
        """The answer, with errors in graphql-js's words.

        With many members of arrays (``run.members``) it is made in a thread, so that others go on.
        """
        if self._run.members <= MANY:
            return await self._execute(tree, name, given)
        self._home = asyncio.get_running_loop()
        return await asyncio.to_thread(asyncio.run, self._execute(tree, name, given))

    async def _at_home(self, call: Coroutine[Any, Any, Any]) -> Any:
        """Await what needs the server's own event loop."""
        if self._home is None:
            return await call
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(call, self._home))

    async def _execute(
        self, tree: DocumentNode, name: str | None, given: Mapping[str, Any]
    ) -> ExecutionResult:
        result = execute(
            self._schema,
            tree,
            root_value=self,
            variable_values=dict(given),
            operation_name=name,
            field_resolver=self._resolve,
            type_resolver=self._type_of,
        )
        made: ExecutionResult = await result if isawaitable(result) else result
        if made.errors:
            made.errors = reworded_errors(made.errors)
        _shorten(made.data)
        return made

    def failed(
        self, tree: DocumentNode, name: str | None, key: str, error: GraphQLError
    ) -> ExecutionResult:
        """The answer that tells of one root field's error alone."""
        operation = get_operation_ast(tree, name)
        root = self._schema.query_type
        assert operation is not None
        assert root is not None
        fragments = {
            node.name.value: node
            for node in tree.definitions
            if isinstance(node, FragmentDefinitionNode)
        }
        flags = {
            name: bool(self._run.variables.get(name)) for name in flags_of(operation, fragments)
        }
        nodes = Selections(self._schema, fragments, flags).roots(root, operation)[key]
        return ExecutionResult(None, [located_error(error, nodes, [key])])

    def _resolve(self, source: Any, info: GraphQLResolveInfo, **arguments: Any) -> Any:
        if source is self:
            outcome = self._outcomes.get(str(info.path.key))
            if isinstance(outcome, GraphQLError):
                raise outcome
            return outcome
        if isinstance(source, FoundPage):
            return _of_page(source, info)
        if isinstance(source, _Edge):
            return source.item if info.field_name == "node" else cursor_of(source.number)
        field = info.parent_type.fields[info.field_name]
        operation = operation_of(field)
        if operation is not None:
            return self._custom(operation, info.field_name, arguments)
        if not isinstance(source, dict):
            return None
        column, marker = column_of(field), marker_of(info.parent_type)
        if column is not None and isinstance(marker, ObjectOf):
            if column.type.name == "Relation":
                return self._relation(source, marker.class_name, column.name, info, arguments)
            if column.type.name == "Array":
                return _members(source.get(column.name))
        return reader_of(info.parent_type, info.field_name)(source)

    async def _custom(self, operation: Operation, name: str, arguments: Any) -> Any:
        if operation.kind == "mock":
            return operation.value
        try:
            call = system.call(self._run, operation.function or name, arguments)
            return await self._at_home(call)
        except ParseError as error:
            raise error_of(self._run.context, error, f"GraphQL: {name}") from error

    async def _relation(
        self,
        owner: Mapping[str, Any],
        class_name: str,
        column: str,
        info: GraphQLResolveInfo,
        arguments: Mapping[str, Any],
    ) -> Any:
        run = self._run
        target = run.classes[class_name].relations[column]
        flags = {
            name: bool(info.variable_values.get(name))
            for name in flags_of(info.operation, info.fragments)
        }
        names = Selections(self._schema, info.fragments, flags).names(info.field_nodes)
        limits = run.context.backend.limits
        columns = reads.page_columns_of(names, target, run.classes, limits)
        if owner.get(column) is None:
            raise FieldError("Cannot read properties of undefined (reading 'className')")
        if target not in run.shown:  # Parse: its own code fails over a class that is hidden
            raise FieldError("Cannot read properties of undefined (reading 'fields')")
        related = reads.related_to(class_name, owner["objectId"], column)
        try:
            return await self._at_home(self._read(target, columns, arguments, related))
        except Exception as error:
            # Parse: errors of a relation's page carry no code of Parse's
            made = error_of(run.context, error, f"GraphQL: {info.field_name}")
            raise FieldError(made.message) from error

    async def _read(
        self, target: str, columns: Any, arguments: Mapping[str, Any], related: Any
    ) -> FoundPage:
        """A relation's page; raises INVALID_QUERY where it has more members than may be made."""
        async with self._room:
            page = await reads.find(self._run, target, columns, arguments, related)
        if self._run.count(page) > MANY and self._home is None:
            raise query_exceeds("members of arrays beside what GraphQL has to report", MANY)
        return page

    def _type_of(
        self, value: Any, info: GraphQLResolveInfo, abstract: GraphQLAbstractType
    ) -> str | None:
        if not isinstance(value, dict):
            return None
        if abstract.name == "SchemaField":
            return schema_field_type(value)
        if abstract.name == "Node":
            return self._named(value.get("className"))
        if abstract.name == "ArrayResult":
            return self._named(class_of_member(value)) or "Element"
        found = value.get("__typename")
        return found if isinstance(found, str) else None

    def _named(self, class_name: Any) -> str | None:
        """The name of a class's type, if the interface has one."""
        if not isinstance(class_name, str) or not class_name:
            return None
        name = type_name(class_name)
        marker = marker_of(self._schema.type_map[name]) if name in self._schema.type_map else None
        return name if isinstance(marker, ObjectOf) else None


def _shorten(value: Any) -> Any:
    """Whole numbers as such, in place: the library makes a float of whatever is a Float."""
    if isinstance(value, dict):
        for name, item in value.items():
            value[name] = _shorten(item)
    elif isinstance(value, list):
        value[:] = map(_shorten, value)
    elif isinstance(value, float) and value.is_integer() and abs(value) < _LARGEST:
        return int(value)
    return value


def _of_page(page: FoundPage, info: GraphQLResolveInfo) -> Any:
    if info.parent_type.name == "PageInfo":
        return page.info(info.field_name)
    if isinstance(marker_of(info.parent_type), EdgeOf):
        return None
    if info.field_name == "edges":
        return [_Edge(number, item) for number, item in enumerate(page.objects, page.first)]
    return page if info.field_name == "pageInfo" else page.total


def _members(value: Any) -> Any:
    """The members of an array; the reference's own code fails over a null among them."""
    if not isinstance(value, list):
        return None
    members: list[Any] = []
    for item in value:
        if item is None:
            members.append(FieldError("Cannot read properties of null (reading 'className')"))
        elif class_of_member(item) is not None:
            members.append(item)
        else:
            members.append({"value": item})
    return members
