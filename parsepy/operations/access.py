"""Apply the model's permission decisions to a request: refuse, narrow the query, redact."""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from parsepy.backend import RequestContext
from parsepy.config import DeniedKeywordOptions
from parsepy.errors import Code, ParseError, denied
from parsepy.model.permissions import drop_hidden
from parsepy.model.query import Query
from parsepy.model.schema import VOLATILE_CLASSES, ClassSchema
from parsepy.model.values import JSONObject
from parsepy.model.where import Where, fields_of, tests_of
from parsepy.storage.filters import EVERYTHING, Scope

_INSTALLATION_REFUSALS = ("find", "delete")


def check_internal(context: RequestContext, class_name: str, operation: str) -> None:
    """Refuse clients what is the server's own, and writes with the read-only key.

    ``operation`` is one of find, get, create, update, delete (protocol §12.6, §2.7).
    """
    principal = context.principal
    if principal.is_read_only and operation in ("create", "update", "delete"):
        raise denied(
            Code.OPERATION_FORBIDDEN,
            f"read-only masterKey isn't allowed to perform the {operation} operation.",
        )
    if principal.is_privileged:
        return
    if class_name in VOLATILE_CLASSES or class_name.startswith("_Join:"):
        raise denied(
            Code.OPERATION_FORBIDDEN,
            f"Clients aren't allowed to perform the {operation} operation on the "
            f"{class_name} collection.",
        )
    if class_name == "_Installation" and operation in _INSTALLATION_REFUSALS:
        raise denied(
            Code.OPERATION_FORBIDDEN,
            f"Clients aren't allowed to perform the {operation} operation on the "
            "installation collection.",
        )


def read_scope(context: RequestContext, schema: ClassSchema, operation: str) -> Scope | None:
    """What of a class this principal may read with ``operation``; ``None``: nothing at all.

    Raises the refusals of ``ClassPermissions.decide``.
    """
    principal = context.principal
    if principal.is_privileged:
        return EVERYTHING
    pointer_fields = schema.permissions.decide(schema.name, operation, principal)
    if pointer_fields:
        if principal.user_id is None:
            return None
        return Scope(
            readers=principal.names, pointer_fields=(pointer_fields,), user_id=principal.user_id
        )
    return Scope(readers=principal.names)


def write_scope(
    context: RequestContext,
    schema: ClassSchema,
    operation: str,
    narrowing: tuple[str, ...] = (),
) -> Scope | None:
    """What of a class this principal may update or delete; ``None``: nothing at all."""
    principal = context.principal
    if principal.is_privileged:
        return EVERYTHING
    own = schema.permissions.decide(schema.name, operation, principal) or ()
    groups = tuple(fields for fields in (own, narrowing) if fields)
    if groups:
        if principal.user_id is None:
            return None
        return Scope(writers=principal.names, pointer_fields=groups, user_id=principal.user_id)
    return Scope(writers=principal.names)


def check_query(context: RequestContext, schema: ClassSchema, query: Query) -> None:
    """Refuse a where or order that names what is hidden from the caller (protocol §8.6)."""
    hidden, by_field = schema.permissions.hidden_from(context.principal)
    hidden = hidden.union(*(fields for _, fields in by_field))
    if schema.name == "_User" and not context.principal.is_privileged:
        _check_secrets(query)
    if not hidden:
        return
    for name in fields_of(query.where):
        if is_hidden(name, hidden):
            raise denied(
                Code.OPERATION_FORBIDDEN,
                f"This user is not allowed to query {name} on class {schema.name}",
            )
    for name, _ in query.order:
        if is_hidden(name, hidden):
            raise denied(
                Code.OPERATION_FORBIDDEN,
                f"This user is not allowed to sort by {name} on class {schema.name}",
            )


async def check_search(context: RequestContext, schema: ClassSchema, where: Where) -> None:
    """Refuse a text search by an index that tells of columns hidden from the caller.

    A class has one text index, which answers for all its columns whichever the search names.
    """
    if context.principal.is_privileged or next(tests_of(where, "$text"), None) is None:
        return
    hidden, by_field = schema.permissions.hidden_from(context.principal)
    hidden = hidden.union(*(fields for _, fields in by_field))
    indexes = await context.backend.storage.read_indexes(schema.name)
    for column in (name for keys in indexes.values() for name in keys if keys[name] == "text"):
        everything = column == "$**" and (hidden or schema.name[0] == "_")
        if everything or column[0] == "_" or is_hidden(column, hidden):
            raise denied(
                Code.OPERATION_FORBIDDEN,
                f"This user is not allowed to search texts of class {schema.name}",
            )


def _check_secrets(query: Query) -> None:
    """Refuse a client's question about tokens of users, which would answer bit by bit."""
    for name in (*fields_of(query.where), *(name for name, _ in query.order)):
        if name == "sessionToken" or name.startswith("authData."):
            raise denied(
                Code.OPERATION_FORBIDDEN,
                f"This user is not allowed to query {name} on class _User",
            )


def is_hidden(path: str, hidden: Iterable[str]) -> bool:
    """Does a dotted path lie in (or above) a hidden field?"""
    return any(
        path == name or path.startswith(name + ".") or name.startswith(path + ".")
        for name in hidden
    )


def deciding_columns(context: RequestContext, schema: ClassSchema) -> frozenset[str]:
    """The user fields by which ``redact`` decides what of an object is hidden."""
    _, by_field = schema.permissions.hidden_from(context.principal)
    return frozenset(name for name, _ in by_field)


def redact(context: RequestContext, schema: ClassSchema, objects: Iterable[JSONObject]) -> None:
    """Remove the fields hidden from the caller, in place (protocol §12.5)."""
    principal = context.principal
    hidden, by_field = schema.permissions.hidden_from(principal)
    if not hidden and not by_field:
        return
    exempt = context.config.protected_fields_owner_exempt
    if schema.name == "_User" and principal.user_id and exempt:
        objects = [item for item in objects if item.get("objectId") != principal.user_id]
    drop_hidden(objects, hidden, by_field, principal.user_id)


# --- the keyword denylist (protocol §4.5) -------------------------------------------------------


def check_keywords(context: RequestContext, value: Any) -> None:
    """Refuse keys and values that the denylist names, at any depth, with INVALID_KEY_NAME."""
    backend = context.backend
    if backend.denied:
        _scan(value, backend.denied, backend.denied_keys)


def check_file_urls(context: RequestContext, value: Any) -> None:
    """Refuse File values whose url's host is not allowed, at any depth, with FILE_SAVE_ERROR.

    The option ``fileUpload.allowedFileUrlDomains`` (protocol §9.3).
    """
    domains = context.config.file_upload.allowed_file_url_domains
    if "*" not in domains:
        _scan_urls(value, tuple(domain.lower() for domain in domains))


def _scan_urls(value: Any, domains: tuple[str, ...]) -> None:
    if type(value) is dict:
        if value.get("__type") == "File" and value.get("url"):
            _check_url(value["url"], domains)
            return
        value = value.values()
    elif type(value) is not list:
        return
    for item in value:
        _scan_urls(item, domains)


def _check_url(url: Any, domains: tuple[str, ...]) -> None:
    try:
        parts = urlsplit(url) if isinstance(url, str) else None
        host = (parts.hostname or "") if parts is not None and parts.scheme else None
    except ValueError:
        host = None
    # a browser reads a backslash as a slash, so what seems to be the host may not be it
    if host is None or "\\" in url or re.search(r"[\x00-\x20]", url):
        raise ParseError(Code.FILE_SAVE_ERROR, "Invalid file URL.")
    for domain in domains:
        if host == domain or (domain.startswith("*.") and host.endswith(domain[1:])):
            return
    raise ParseError(Code.FILE_SAVE_ERROR, f"File URL domain '{host}' is not allowed.")


def _scan(
    value: Any, entries: tuple[DeniedKeywordOptions, ...], suspicious: re.Pattern[str] | None
) -> None:
    """Walk through ``value``; ``suspicious`` (if any) tells which keys need a closer look."""
    if type(value) is dict:
        for key, item in value.items():
            if suspicious is None or suspicious.search(key):
                _check_entry(key, item, entries)
            kind = type(item)
            if kind is dict or kind is list:
                _scan(item, entries, suspicious)
    elif type(value) is list:
        for item in value:
            kind = type(item)
            if kind is dict or kind is list:
                _scan(item, entries, suspicious)


def _check_entry(key: str, value: Any, entries: tuple[DeniedKeywordOptions, ...]) -> None:
    for entry in entries:
        shown: dict[str, Any] = {}
        if entry.key is not None:
            found = re.search(entry.key, key)
            if found is None:
                continue
            shown["key"] = found.group()
        if entry.value is not None:
            if not _matches(entry.value, value):
                continue
            shown["value"] = entry.value
        raise _prohibited(shown)


def _matches(wanted: Any, value: Any) -> bool:
    if isinstance(wanted, str) and isinstance(value, str):
        return re.search(wanted, value) is not None
    return bool(wanted == value)


def _prohibited(keyword: Mapping[str, Any]) -> ParseError:
    shown = ",".join(f'"{name}":"{text}"' for name, text in keyword.items())
    return ParseError(Code.INVALID_KEY_NAME, f"Prohibited keyword in request data: {{{shown}}}.")
