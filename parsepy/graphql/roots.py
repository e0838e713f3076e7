"""Root fields: what executes each kind, with what its selection needs."""

from collections.abc import Awaitable, Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import FieldNode, GraphQLField

from parsepy.graphql import reads, system, users, writes
from parsepy.graphql.reads import Classes
from parsepy.graphql.runs import Run
from parsepy.graphql.schema.markers import Operation
from parsepy.graphql.schema.naming import field_name
from parsepy.graphql.selected_pages import selection_of
from parsepy.graphql.selections import Selections, Unsuited
from parsepy.model.query import Path, QueryLimits
from parsepy.model.selection import Selection
from parsepy.model.values import JSONObject

Arguments = Mapping[str, Any]
Fetch = Callable[[Run, Arguments], Awaitable[Any]]
"""Does what a root field is for: its value, before completion."""


@dataclass(frozen=True, slots=True)
class SelectedField:
    """A root field of a document: the operation, its class's name, and the selected names."""

    operation: Operation
    name: str
    names: tuple[str, ...]
    classes: Classes
    limits: QueryLimits
    selection: Selection | None = None
    """What is selected of a page's objects, where they can be written as JSON at once."""

    def below(self, prefix: str) -> reads.Columns:
        """The columns that are needed of the `_User` or other object under a path."""
        return self.of_class(self.operation.class_name or "_User", prefix)

    def of_class(self, class_name: str, prefix: str = "") -> reads.Columns:
        """The columns that are needed of an object of a class under a path."""
        names = [name.removeprefix(prefix) for name in self.names if name.startswith(prefix)]
        return reads.columns_of(names, class_name, self.classes, self.limits)


@dataclass(frozen=True, slots=True)
class Followed:
    """What a field of a subscription follows: the objects of a class.

    ``columns`` are what is selected of an object's two states, ``include`` which of their
    pointers are to be followed; the rest stands in the event. ``has_more``: something is to be
    read for each event, what pointers or relations lead to.
    """

    class_name: str
    columns: reads.Columns
    include: tuple[Path, ...]
    has_more: bool


def followed_of(
    operation: Operation,
    nodes: Sequence[FieldNode],
    selections: Selections,
    classes: Classes,
    limits: QueryLimits,
) -> Followed | None:
    """What a root field follows; ``None`` for one that is no subscription."""
    if operation.kind != "follow":
        return None
    assert operation.class_name is not None
    asked = SelectedField(operation, "", selections.names(nodes), classes, limits)
    states = [
        name.partition(".")[2] for name in asked.names if name.startswith(("node.", "original."))
    ]
    columns = reads.columns_of(states, operation.class_name, classes, limits)
    schema = classes.get(operation.class_name)
    pointers = {} if schema is None else schema.pointers
    relations = {} if schema is None else schema.relations
    include = tuple(path for path in columns.include if _is_read(path, columns.names, pointers))
    has_more = bool(include) or any(name.partition(".")[0] in relations for name in states)
    return Followed(operation.class_name, columns, include, has_more)


def _is_read(path: Path, names: Sequence[str], pointers: Container[str]) -> bool:
    """Is more selected below a path than the id that stands in a pointer?"""
    prefix = ".".join(path) + "."
    below = {name.removeprefix(prefix) for name in names if name.startswith(prefix)}
    has_id = len(path) == 1 and path[0] in pointers
    return bool(below - {"objectId"} if has_id else below)


def fetch_of(
    field: GraphQLField,
    operation: Operation,
    nodes: Sequence[FieldNode],
    selections: Selections,
    classes: Classes,
    limits: QueryLimits,
) -> Fetch:
    """What executes a root field; raises ``Unsuited`` for a kind that no answer is for."""
    make = _KINDS.get(operation.kind)
    if make is None:
        raise Unsuited
    name = nodes[0].name.value
    page = selection_of(field.type, nodes, selections) if operation.kind == "find" else None
    asked = SelectedField(operation, name, selections.names(nodes), classes, limits, page)
    return make(asked)


def _class_of(asked: SelectedField) -> str:
    assert asked.operation.class_name is not None
    return asked.operation.class_name


def _node(asked: SelectedField) -> Fetch:
    known: dict[str, reads.Columns] = {}

    def columns(class_name: str) -> reads.Columns:
        if class_name not in asked.classes:
            return reads.Columns()
        if class_name not in known:
            known[class_name] = asked.of_class(class_name)
        return known[class_name]

    async def fetch(run: Run, arguments: Arguments) -> Any:
        return await reads.get_node(run, arguments["id"], columns)

    return fetch


def _get(asked: SelectedField) -> Fetch:
    class_name = _class_of(asked)
    columns = asked.below("")

    def fetch(run: Run, arguments: Arguments) -> Awaitable[Any]:
        options = arguments.get("options")
        return reads.get_by_any_id(run, class_name, arguments["id"], columns, options)

    return fetch


def _find(asked: SelectedField) -> Fetch:
    class_name = _class_of(asked)
    columns = reads.page_columns_of(
        asked.names, class_name, asked.classes, asked.limits, asked.selection
    )

    def fetch(run: Run, arguments: Arguments) -> Awaitable[Any]:
        return reads.find(run, class_name, columns, arguments)

    return fetch


def _viewer(asked: SelectedField) -> Fetch:
    columns = asked.of_class("_User", "user.")

    async def fetch(run: Run, arguments: Arguments) -> Any:
        return await users.viewer(run, columns)

    return fetch


def _mock(asked: SelectedField) -> Fetch:
    value = asked.operation.value

    async def fetch(run: Run, arguments: Arguments) -> Any:
        return value

    return fetch


def _custom(asked: SelectedField) -> Fetch:
    function = asked.operation.function or asked.name

    async def fetch(run: Run, arguments: Arguments) -> Any:
        return await system.call(run, function, arguments)

    return fetch


def _plain(call: Fetch) -> Callable[[SelectedField], Fetch]:
    """An operation that needs to know nothing of the selection."""
    return lambda asked: call


def _payload(call: Fetch) -> Callable[[SelectedField], Fetch]:
    """A mutation, which answers the ``clientMutationId`` of its input."""

    async def fetch(run: Run, arguments: Arguments) -> Any:
        given = arguments["input"]
        payload: JSONObject = await call(run, given)
        payload["clientMutationId"] = given.get("clientMutationId")
        return payload

    return lambda asked: fetch


Write = Callable[[Run, str, Arguments, reads.Columns], Awaitable[JSONObject]]


def _write(write: Write) -> Callable[[SelectedField], Fetch]:
    def make(asked: SelectedField) -> Fetch:
        class_name = _class_of(asked)
        name = field_name(class_name)
        columns = asked.below(f"{name}.")

        async def fetch(run: Run, arguments: Arguments) -> Any:  # as `_payload` makes one
            given = arguments["input"]
            written = await write(run, class_name, given, columns)
            return {name: written, "clientMutationId": given.get("clientMutationId")}

        return fetch

    return make


LogIn = Callable[[Run, Arguments, reads.Columns], Awaitable[JSONObject]]


def _log_in(log_in: LogIn) -> Callable[[SelectedField], Fetch]:
    def make(asked: SelectedField) -> Fetch:
        columns = asked.of_class("_User", "viewer.user.")

        async def call(run: Run, given: Arguments) -> Any:
            return await log_in(run, given, columns)

        return _payload(call)(asked)

    return make


_KINDS: Mapping[str, Callable[[SelectedField], Fetch]] = {
    "node": _node,
    "get": _get,
    "find": _find,
    "viewer": _viewer,
    "class": _plain(system.show_class),
    "classes": _plain(system.list_classes),
    "cloudConfig": _plain(system.cloud_config),
    "create": _write(writes.create),
    "update": _write(writes.update),
    "delete": _write(writes.delete),
    "createFile": _payload(system.create_file),
    "signUp": _log_in(users.sign_up),
    "logIn": _log_in(users.log_in),
    "logInWith": _log_in(users.log_in_with),
    "logOut": _payload(users.log_out),
    "resetPassword": _payload(users.reset_password),
    "confirmResetPassword": _payload(users.confirm_reset_password),
    "sendVerificationEmail": _payload(users.send_verification_email),
    "challenge": _payload(users.challenge),
    "callCloudCode": _payload(system.call_cloud_code),
    "createClass": _payload(system.create_class),
    "updateClass": _payload(system.update_class),
    "deleteClass": _payload(system.delete_class),
    "updateCloudConfig": _payload(system.update_cloud_config),
    "custom": _custom,
    "mock": _mock,
}
