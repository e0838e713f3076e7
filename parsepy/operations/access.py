"""Refuse a request by the model's permission decisions and by the server's own denylists."""

import asyncio
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from parsepy.backend import RequestContext
from parsepy.config import DeniedKeywordOptions
from parsepy.errors import Code, ParseError, denied
from parsepy.model import credentials
from parsepy.model.permissions import is_hidden
from parsepy.model.query import Query
from parsepy.model.schema import VOLATILE_CLASSES, ClassSchema
from parsepy.model.searches import RememberedSearch
from parsepy.model.where import Kept, Where, fields_of, tests_of

_INSTALLATION_REFUSALS = ("find", "delete")
_OWN_KEYS = {"_id": "objectId", "_created_at": "createdAt", "_updated_at": "updatedAt"}


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
    if principal.is_privileged or class_name[:1] != "_":
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


def check_query(context: RequestContext, schema: ClassSchema, query: Query) -> None:
    """Refuse a where or order that names what is hidden from the caller (protocol §8.6)."""
    hidden = schema.permissions.hidden_fields(context.principal)
    if schema.name == "_User" and not context.principal.is_privileged:
        _check_secrets(query)
    if context.principal.is_read_only:
        names = (*fields_of(query.where), *(name for name, _ in query.order))
        credentials.check(schema.name, names)
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


def searches(context: RequestContext, where: Where) -> bool:
    """Does a caller who may not see all search texts?"""
    if not where or context.principal.is_privileged:
        return False
    return where.once("text", _searches) if type(where) is Kept else _searches(where)


async def check_search(context: RequestContext, schema: ClassSchema) -> None:
    """Refuse a text search by an index that tells of columns hidden from the caller.

    A class has one text index, which answers for all its columns whichever the search names.
    """
    indexes = await context.backend.storage.indexes.read(schema.name)
    columns = [name for keys in indexes.values() for name in keys if keys[name] == "text"]
    if _tell_of_hidden(context, schema, columns):
        raise denied(
            Code.OPERATION_FORBIDDEN,
            f"This user is not allowed to search texts of class {schema.name}",
        )


def _searches(where: Where) -> bool:
    """Does it search texts?"""
    return next(tests_of(where, "$text"), None) is not None


async def check_hint(context: RequestContext, schema: ClassSchema, hint: Any) -> None:
    """Refuse a hint at an index that tells of columns hidden from the caller.

    What is found comes in the order of the index, and a sparse one leaves out objects. ``hint`` is
    the name of an index or its keys; one that there is not is for the database to refuse.
    """
    principal = context.principal
    if principal.is_privileged and not principal.is_read_only:
        return
    columns = hint
    if isinstance(hint, str):
        indexes = await context.backend.storage.indexes.read(schema.name)
        columns = indexes.get(hint, ())
    if _tell_of_hidden(context, schema, columns):
        raise denied(
            Code.OPERATION_FORBIDDEN,
            f"This user is not allowed to use this hint on class {schema.name}",
        )


def _tell_of_hidden(context: RequestContext, schema: ClassSchema, columns: Iterable[str]) -> bool:
    """Does an index over these columns, by the database's names, tell what the caller may not see?

    An index over everything (``$**``) does so where anything is hidden.
    """
    if context.principal.is_privileged:
        return any(credentials.is_withheld(schema.name, column) for column in columns)
    hidden = schema.permissions.hidden_fields(context.principal)
    for column in columns:
        name = _OWN_KEYS.get(column, column.removeprefix("_p_"))
        everything = column == "$**" and (hidden or schema.name[0] == "_")
        if everything or name[:1] == "_" or is_hidden(name, hidden):
            return True
    return False


def _check_secrets(query: Query) -> None:
    """Refuse a client's question about tokens of users, which would answer bit by bit."""
    for name in (*fields_of(query.where), *(name for name, _ in query.order)):
        if name == "sessionToken" or name.startswith("authData."):
            raise denied(
                Code.OPERATION_FORBIDDEN,
                f"This user is not allowed to query {name} on class _User",
            )


# --- the keyword denylist (protocol §4.5) -------------------------------------------------------


def check_keywords(context: RequestContext, value: Any) -> None:
    """Refuse keys and values that the denylist names, at any depth, with INVALID_KEY_NAME."""
    backend = context.backend
    if backend.denied:
        _scan(value, backend.denied, backend.denied_keys)


async def check_keywords_of_large(context: RequestContext, value: Any) -> None:
    """Do what ``check_keywords`` does in a thread, so that others go on meanwhile."""
    await asyncio.to_thread(check_keywords, context, value)


def check_file_urls(context: RequestContext, value: Any) -> None:
    """Refuse File values whose url's host is not allowed, at any depth, with FILE_SAVE_ERROR.

    The option ``fileUpload.allowedFileUrlDomains`` (protocol §9.3).
    """
    domains = context.backend.config.file_upload.allowed_file_url_domains
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
    value: Any, entries: tuple[DeniedKeywordOptions, ...], suspicious: RememberedSearch | None
) -> None:
    """Walk through ``value``; ``suspicious`` (if any) tells which keys need a closer look."""
    if type(value) is dict:
        if suspicious is None or any(map(suspicious.__getitem__, value)):
            for key, item in value.items():
                _check_entry(key, item, entries)
        value = value.values()
    elif type(value) is not list:
        return
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
