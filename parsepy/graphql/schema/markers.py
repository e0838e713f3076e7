"""Records in the ``extensions`` of a schema: what executes a field, what a type stands for."""

from dataclasses import dataclass
from typing import Any, Literal

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLNamedType,
)

from parsepy.model.values import FieldType

OperationKind = Literal[
    "node",
    "get",
    "find",
    "health",
    "viewer",
    "class",
    "classes",
    "cloudConfig",
    "create",
    "update",
    "delete",
    "createFile",
    "signUp",
    "logIn",
    "logInWith",
    "logOut",
    "resetPassword",
    "confirmResetPassword",
    "sendVerificationEmail",
    "challenge",
    "callCloudCode",
    "createClass",
    "updateClass",
    "deleteClass",
    "updateCloudConfig",
    "custom",
    "mock",
    "follow",
]


@dataclass(frozen=True, slots=True)
class Operation:
    """What a root field does; of which class, if of one.

    ``function`` is the cloud function of a custom field, ``value`` the answer of a mock. Fields
    of other object types that custom SDL resolves or mocks bear one too.
    """

    kind: OperationKind
    class_name: str | None = None
    function: str | None = None
    value: Any = None


@dataclass(frozen=True, slots=True)
class Column:
    """The Parse column that a field of a class type, of an input or of a where is about."""

    name: str
    type: FieldType


@dataclass(frozen=True, slots=True)
class ObjectOf:
    """The object type of a class."""

    class_name: str


@dataclass(frozen=True, slots=True)
class ConnectionOf:
    """The page of objects that a find of a class answers."""

    class_name: str


@dataclass(frozen=True, slots=True)
class EdgeOf:
    """One object of a page with its cursor."""

    class_name: str


@dataclass(frozen=True, slots=True)
class PayloadOf:
    """The answer of a mutation or subscription."""

    operation: Operation


@dataclass(frozen=True, slots=True)
class WhereOf:
    """The conditions that objects of a class must meet."""

    class_name: str


@dataclass(frozen=True, slots=True)
class RelationWhereOf:
    """The conditions on what a pointer or relation to a class refers to."""

    class_name: str


@dataclass(frozen=True, slots=True)
class PointerInputOf:
    """The value of a pointer to a class: link an object, or create and link one."""

    class_name: str


@dataclass(frozen=True, slots=True)
class RelationInputOf:
    """The change of a relation to a class: add, remove, create and add."""

    class_name: str


@dataclass(frozen=True, slots=True)
class FieldsOf:
    """The values of a new object of a class (``is_create``), or the changes of one."""

    class_name: str
    is_create: bool


@dataclass(frozen=True, slots=True)
class OrderOf:
    """The ways to sort objects of a class; an enum value's value is the text of ``order``."""

    class_name: str


TypeMarker = (
    ObjectOf
    | ConnectionOf
    | EdgeOf
    | PayloadOf
    | WhereOf
    | RelationWhereOf
    | PointerInputOf
    | RelationInputOf
    | FieldsOf
    | OrderOf
)


def operation_of(field: GraphQLField) -> Operation | None:
    """What executes a field; ``None`` for a plain one."""
    found: Operation | None = field.extensions.get("operation")
    return found


def column_of(field: GraphQLField | GraphQLInputField | GraphQLArgument) -> Column | None:
    """The column that a field is about; ``None`` for one that is about none."""
    found: Column | None = field.extensions.get("column")
    return found


def marker_of(
    graphql_type: GraphQLNamedType | GraphQLInputObjectType | GraphQLEnumType,
) -> TypeMarker | None:
    """What a type stands for; ``None`` for a type that is always there, known by its name."""
    found: TypeMarker | None = graphql_type.extensions.get("parse")
    return found
