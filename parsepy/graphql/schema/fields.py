"""The queries and mutations that belong to no class: health, classes, config, files, functions."""

from collections.abc import Sequence
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLField,
    GraphQLInputField,
    GraphQLNonNull,
    GraphQLString,
)

from parsepy.graphql.schema import naming, types
from parsepy.graphql.schema.draft import Draft, mutation, root_field, warn
from parsepy.graphql.schema.markers import Operation, OperationKind
from parsepy.graphql.schema.scalars import ANY, OBJECT, UPLOAD
from parsepy.graphql.schema.schema_types import CLASS, SCHEMA_FIELDS_INPUT
from parsepy.graphql.schema.types import NAME, Described

CONFIG_VALUE = types.make_object(
    "ConfigValue",
    "A parameter of the cloud config.",
    {
        "value": (GraphQLString, "Its value."),
        "isMasterKeyOnly": (GraphQLBoolean, "Is it hidden without the master key?"),
    },
)
_CLASS_NAME: Described = (NAME, "The class's name.")


def add_node(draft: Draft) -> None:
    """Add ``node``, which comes before all other queries."""
    draft.add_query(
        "node",
        root_field(
            Operation("node"),
            types.NODE,
            "Get an object of any class by relay's id.",
            {"id": types.argument(types.ID, "Relay's id of the object.")},
        ),
    )


def add_health(draft: Draft) -> None:
    """Add ``health``."""
    always = GraphQLNonNull(GraphQLBoolean)
    draft.add_query("health", root_field(Operation("health"), always, "Does the server answer?"))


def add_queries(draft: Draft) -> None:
    """Add the queries of classes and of the cloud config."""
    name = types.argument(*_CLASS_NAME)
    one = GraphQLNonNull(CLASS)
    many = GraphQLNonNull(types.list_of(CLASS))
    draft.add_query(
        "class", root_field(Operation("class"), one, "A class and its columns.", {"name": name})
    )
    draft.add_query("classes", root_field(Operation("classes"), many, "All classes."))
    draft.add_type(CONFIG_VALUE)
    draft.add_query(
        "cloudConfig",
        root_field(
            Operation("cloudConfig"),
            GraphQLNonNull(CONFIG_VALUE),
            "A parameter of the cloud config.",
            {"paramName": types.argument(NAME, "The parameter's name.")},
        ),
    )


def add_create_file(draft: Draft) -> None:
    """Add ``createFile``."""
    _add(
        draft,
        "createFile",
        "Store a file.",
        {"upload": (GraphQLNonNull(UPLOAD), "The file, which comes with the request.")},
        {"fileInfo": (GraphQLNonNull(types.FILE_INFO), "What it was stored as.")},
    )


def add_call_cloud_code(draft: Draft, functions: Sequence[str]) -> None:
    """Add ``callCloudCode``, if there is a function whose name can be an enum's value."""
    values: dict[str, GraphQLEnumValue] = {}
    for name in functions:
        if naming.is_enum_value(name):
            values[name] = GraphQLEnumValue(name, description=f"The function {name}.")
        else:
            warn(f"function {name} is left out: GraphQL has no such names")
    if not values:
        return
    names = GraphQLEnumType("CloudCodeFunction", values, description="The functions of cloud code.")
    draft.add_type(names)
    _add(
        draft,
        "callCloudCode",
        "Call a function of cloud code.",
        {
            "functionName": (GraphQLNonNull(names), "The function."),
            "params": (OBJECT, "Its parameters."),
        },
        {"result": (ANY, "What it answered.")},
    )


def add_mutations(draft: Draft) -> None:
    """Add the mutations of classes and of the cloud config."""
    columns: Described = (SCHEMA_FIELDS_INPUT, "Its columns.")
    answer: dict[str, Described] = {"class": (GraphQLNonNull(CLASS), "The class.")}
    named: dict[str, Described] = {"name": _CLASS_NAME}
    _add(draft, "createClass", "Make a class.", {**named, "schemaFields": columns}, answer)
    _add(
        draft,
        "updateClass",
        "Add columns to a class, or remove some.",
        {**named, "schemaFields": columns},
        answer,
    )
    _add(draft, "deleteClass", "Delete a class; it must be empty.", named, answer)
    inputs = _inputs({"paramName": (NAME, "The parameter."), "value": (NAME, "Its new value.")})
    inputs["isMasterKeyOnly"] = GraphQLInputField(
        GraphQLBoolean, default_value=False, description="Is it hidden without the master key?"
    )
    outputs: dict[str, Described] = {"cloudConfig": (GraphQLNonNull(CONFIG_VALUE), "As it is now.")}
    draft.add_mutation(
        "updateCloudConfig",
        mutation(
            "UpdateCloudConfig",
            "Set a parameter of the cloud config.",
            Operation("updateCloudConfig"),
            inputs,
            _outputs(outputs),
        ),
    )


def _add(
    draft: Draft,
    kind: OperationKind,
    description: str,
    inputs: dict[str, Described],
    outputs: dict[str, Described],
) -> None:
    name = kind[0].upper() + kind[1:]
    made = mutation(name, description, Operation(kind), _inputs(inputs), _outputs(outputs))
    draft.add_mutation(kind, made)


def _inputs(fields: dict[str, Described]) -> dict[str, Any]:
    return {name: GraphQLInputField(of, description=text) for name, (of, text) in fields.items()}


def _outputs(fields: dict[str, Described]) -> dict[str, GraphQLField]:
    return {name: GraphQLField(of, description=text) for name, (of, text) in fields.items()}
