"""A request's address: the segments of its path below the mount, and its query string."""

import itertools
import re
from binascii import a2b_qp
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

from parsepy.http.asgi import ASGIScope

_BRACKETS = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])+)")
_MAX_STEPS = 6  # as deep as the reference reads them


def segments(scope: ASGIScope, mount: str) -> tuple[str, ...] | None:
    """Return the decoded segments of the path below the mount; ``None`` if it lies elsewhere."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    path = raw.decode("latin-1")
    if "?" in path:
        path = path.partition("?")[0]
    return split_path(path, mount)


def split_path(path: str, mount: str) -> tuple[str, ...] | None:
    """Return the decoded segments of ``path`` below ``mount``; ``None`` if it lies elsewhere."""
    before, slash, rest = path.partition(f"{mount}/")
    if before or not slash:
        return ("",) if path == mount else None
    parts = rest.strip("/").split("/")
    return tuple(map(unquote, parts)) if "%" in rest else tuple(parts)


def read_query(text: bytes) -> dict[str, str]:
    """Read the parameters of a query string; of two with one name the last counts.

    Lists of names (keys, excludeKeys, include, order) may be sent name by name.
    """
    if not text:
        return {}
    query: dict[str, str] = {}
    for name, value in _pairs(text):
        if name[-2:] == "[]":
            query[_numbered(name, query)] = value
        elif name in query and name in _LISTS:
            query[name] += f",{value}"
        else:
            query[name] = value
    return query


_LISTS = ("keys", "excludeKeys", "include", "order")


def _pairs(text: bytes) -> Iterable[tuple[str, str]]:
    if not text.isascii():
        return parse_qsl(text.decode("latin-1"), keep_blank_values=True)
    pairs = [pair.partition(b"=") for pair in text.replace(b"+", b" ").split(b"&") if pair]
    return [(_unquoted(name), _unquoted(value)) for name, _, value in pairs]


def _numbered(name: str, query: Mapping[str, str]) -> str:
    """Give each item of a list that is written ``a[]=1&a[]=2`` a name of its own."""
    place = next(n for n in itertools.count() if f"{name[:-1]}{n}]" not in query)
    return f"{name[:-1]}{place}]"


def nested(query: Mapping[str, str]) -> dict[str, Any]:
    """Read parameters in brackets, ``where[n][$in][0]=1``, as the objects and lists they mean.

    Their values are text. A name whose brackets do not close stays as it is.
    """
    found: dict[str, Any] = {}
    for name, text in query.items():
        if name[-1:] != "]" or (parts := _BRACKETS.fullmatch(name)) is None:
            found[name] = text
            continue
        steps = [parts[1], *parts[2][1:-1].split("][")]
        if len(steps) > _MAX_STEPS:
            found[name] = text
            continue
        inner = found
        for step in steps[:-1]:
            below = inner.get(step)
            if not isinstance(below, dict):
                below = inner[step] = {}
            inner = below
        inner[steps[-1]] = text
    return {name: _listed(value) if type(value) is dict else value for name, value in found.items()}


def _listed(value: dict[str, Any]) -> Any:
    items = {name: _listed(item) if type(item) is dict else item for name, item in value.items()}
    is_list = all(name == str(place) for place, name in enumerate(items))
    return list(items.values()) if is_list else items


def _unquoted(text: bytes) -> str:
    """Decode percent-encoded ASCII, as ``unquote`` does.

    Most of what comes is JSON, a third of it escapes. Quoted-printable has the same ones with
    another sign and is read in C, ten times as fast.
    """
    escapes = text.count(b"%")
    if not escapes:
        return text.decode("ascii")
    read = a2b_qp(text.replace(b"=", b"=3D").replace(b"%", b"="))
    if len(read) != len(text) - 2 * escapes or b"\r" in text or b"\n" in text:
        return unquote(text.decode("ascii"))  # a % that begins no escape, or a line's end after one
    return read.decode("utf-8", "replace")
