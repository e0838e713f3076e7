"""The users' queries and mutations; they are absent where the class of users is not shown."""

from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLString,
)

from parsepy.graphql.schema.draft import Draft, mutation, root_field
from parsepy.graphql.schema.markers import FieldsOf, Operation, OperationKind
from parsepy.graphql.schema.scalars import OBJECT
from parsepy.graphql.schema.types import NAME, Described

_NOT_AT_LOG_IN = ("password", "username", "authData")


def add_queries(draft: Draft, viewer: GraphQLObjectType) -> None:
    """Add ``viewer``."""
    made = root_field(Operation("viewer"), GraphQLNonNull(viewer), "The user who is logged in.")
    draft.add_query("viewer", made)


def add_mutations(
    draft: Draft, fields: GraphQLInputObjectType, viewer_type: GraphQLObjectType
) -> None:
    """Add the mutations of accounts; ``fields`` is the input of a new user."""
    viewer: dict[str, Described] = {
        "viewer": (GraphQLNonNull(viewer_type), "The user, who is logged in now.")
    }
    ok: dict[str, Described] = {"ok": (GraphQLNonNull(GraphQLBoolean), "It was done.")}
    email: dict[str, Described] = {"email": (NAME, "The address of the account.")}
    _add(
        draft,
        "signUp",
        "Make a user, and log them in.",
        {"fields": (fields, "The values of the new user.")},
        viewer,
    )
    _add(
        draft,
        "logInWith",
        "Log a user in by a provider's data; one who is new is made.",
        {
            "authData": (GraphQLNonNull(OBJECT), "The data of one provider or several."),
            "fields": (_log_in_fields(fields), "More values, for a user who is new."),
        },
        viewer,
    )
    _add(
        draft,
        "logIn",
        "Log a user in by name and password.",
        {
            "username": (NAME, "The user's name."),
            "password": (NAME, "Their password."),
            "authData": (OBJECT, "What further factors ask for."),
        },
        viewer,
    )
    _add(draft, "logOut", "End the session of the user who is logged in.", {}, ok)
    _add(draft, "resetPassword", "Send a mail by which a password can be set anew.", email, ok)
    _add(
        draft,
        "confirmResetPassword",
        "Set a password anew.",
        {
            "username": (NAME, "The user's name."),
            "password": (NAME, "Their new password."),
            "token": (NAME, "The token from the mail."),
        },
        ok,
    )
    _add(
        draft,
        "sendVerificationEmail",
        "Send the mail again by which an address is verified.",
        email,
        ok,
    )
    _add(
        draft,
        "challenge",
        "Ask a provider for what a log-in by it needs.",
        {
            "username": (GraphQLString, "The user's name."),
            "password": (GraphQLString, "Their password."),
            "authData": (OBJECT, "The data of providers that is known already."),
            "challengeData": (OBJECT, "What the providers are asked."),
        },
        {"challengeData": (OBJECT, "What the providers answered.")},
    )


def _add(
    draft: Draft,
    kind: OperationKind,
    description: str,
    inputs: dict[str, Described],
    outputs: dict[str, Described],
) -> None:
    made: dict[str, Any] = {
        name: GraphQLInputField(of, description=text) for name, (of, text) in inputs.items()
    }
    answered = {name: GraphQLField(of, description=text) for name, (of, text) in outputs.items()}
    name = kind[0].upper() + kind[1:]
    draft.add_mutation(kind, mutation(name, description, Operation(kind), made, answered))


def _log_in_fields(fields: GraphQLInputObjectType) -> GraphQLInputObjectType:
    return GraphQLInputObjectType(
        "UserLoginWithInput",
        lambda: {
            name: field for name, field in fields.fields.items() if name not in _NOT_AT_LOG_IN
        },
        description="The values of a user who is made by a provider's log-in.",
        extensions={"parse": FieldsOf("_User", True)},
    )
