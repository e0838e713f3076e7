"""Names: of a class's types and root fields, what is reserved, and relay's global ids."""

import re
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Iterable
from functools import lru_cache

from pluralizer import Pluralizer

_NAME = re.compile(r"[_a-zA-Z][_a-zA-Z0-9]*")
_BASE64 = re.compile(r"[A-Za-z0-9+/=]*")
_PLURALIZER = Pluralizer()  # type: ignore[no-untyped-call]  # its own have no types

# Parse: names that no class's type, query or mutation gets.
RESERVED_TYPES = frozenset(
    (
        *("String", "Boolean", "Int", "Float", "ID", "ArrayResult"),
        *("Query", "Mutation", "Subscription", "PageInfo", "Viewer"),
        *("CreateFileInput", "CreateFilePayload", "SignUpInput", "SignUpPayload"),
        *("LogInInput", "LogInPayload", "LogOutInput", "LogOutPayload"),
        *("CloudCodeFunction", "CallCloudCodeInput", "CallCloudCodePayload"),
        *("CreateClassInput", "CreateClassPayload", "UpdateClassInput", "UpdateClassPayload"),
        *("DeleteClassInput", "DeleteClassPayload"),
    )
)
# Names that JavaScript's objects have already: Parse Server takes them for collisions.
_PROTOTYPE = frozenset(
    (
        *("constructor", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable"),
        *("toLocaleString", "toString", "valueOf", "__proto__"),
        *("__defineGetter__", "__defineSetter__", "__lookupGetter__", "__lookupSetter__"),
    )
)
RESERVED_QUERIES = frozenset(("health", "viewer", "class", "classes", "cloudConfig")) | _PROTOTYPE
RESERVED_MUTATIONS = (
    frozenset(
        (
            *("signUp", "logIn", "logOut", "createFile", "callCloudCode"),
            *("createClass", "updateClass", "deleteClass", "updateCloudConfig"),
        )
    )
    | _PROTOTYPE
)
# Names of the API's own that Parse Server does not watch over. Where a class takes one, its
# GraphQL answers nothing at all; here the class's is left out.
LATER_TYPES = frozenset(
    ("SchemaField", "ConfigValue", "UpdateCloudConfigInput", "UpdateCloudConfigPayload")
)
LATER_USER_TYPES = frozenset(
    (
        "UserLoginWithInput",
        *("LogInWithInput", "LogInWithPayload", "ChallengeInput", "ChallengePayload"),
        *("ResetPasswordInput", "ResetPasswordPayload"),
        *("ConfirmResetPasswordInput", "ConfirmResetPasswordPayload"),
        *("SendVerificationEmailInput", "SendVerificationEmailPayload"),
    )
)
LATER_USER_MUTATIONS = frozenset(
    (
        *("logInWith", "resetPassword", "confirmResetPassword"),
        *("sendVerificationEmail", "challenge"),
    )
)


def is_name(text: str) -> bool:
    """May a type, field or enum value have this name? Two leading underscores are GraphQL's."""
    return _NAME.fullmatch(text) is not None and not text.startswith("__")


def is_enum_value(text: str) -> bool:
    """May a value of an enum have this name?"""
    return is_name(text) and text not in ("true", "false", "null")


def type_name(class_name: str) -> str:
    """The name of a class's object type: without a leading underscore, its first letter large."""
    bare = class_name.removeprefix("_")
    return bare[:1].upper() + bare[1:]


def field_name(class_name: str) -> str:
    """The name of a class's get query, and of its field in payloads."""
    name = type_name(class_name)
    return name[:1].lower() + name[1:]


@lru_cache(4096)
def plural(word: str) -> str:
    """The name of a class's find query, from that of its get query."""
    return str(_PLURALIZER.pluralize(word))


def in_order(class_names: Iterable[str]) -> list[str]:
    """Sort class names: those of the system first."""
    return sorted(class_names, key=lambda name: (not name.startswith("_"), name))


def to_global_id(class_name: str, object_id: str) -> str:
    """Make relay's id of an object."""
    return b64encode(f"{class_name}:{object_id}".encode()).decode()


def from_global_id(text: str) -> tuple[str, str]:
    """Read the class and objectId of relay's id; the class is empty if there is none in it."""
    name, colon, object_id = _unbase64(text).partition(":")
    return (name, object_id) if colon else ("", name)


def _unbase64(text: str) -> str:
    """Decode what the reference would; what it can't read is empty."""
    if len(text) % 4 or _BASE64.fullmatch(text) is None:
        return ""
    body = text.rstrip("=")
    padding = len(text) - len(body)
    try:
        # Parse: = stands for zero bits wherever it is, and one byte less at the end
        data = b64decode(text.replace("=", "A"))
    except Error:
        return ""
    return data[: max(0, len(data) - padding)].decode("utf-8", "replace")


def object_id_of(text: str, class_name: str) -> str:
    """The objectId that an ``ID`` means where objects of a class are asked for.

    It may be relay's id of an object of the class, or the objectId itself.
    """
    found, object_id = from_global_id(text)
    return object_id if found == class_name else text
