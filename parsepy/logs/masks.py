"""Secrets masked in texts and values that a log line shows."""

import json
import re
from itertools import islice
from typing import Any

_SECRET = re.compile(
    r"(?i)((?:password|secret|token|authorization|(?:master|only|maintenance|client|javascript|api|"
    r"windows|webhook|file|encryption)[_-]?key)[\"']?\s*[=:]\s*(?:basic |bearer )?[\"']?)"
    r"[^\s&\"',;}]+"
)
_SECRET_NAME = re.compile(
    r"(?i:password|secret|token|authorization|authdata)|(?i:(?:^|[_-])(?:api)?key$)|[a-z0-9]Key$"
)


def is_secret_name(name: str) -> bool:
    """Does a name say that its value is a password, a token, a key or what a provider vouched?"""
    return _SECRET_NAME.search(name) is not None


_SHOWN = 1000  # characters of a value in a line
_SHOWN_ITEMS, _SHOWN_DEPTH = 50, 8
_TOKEN = re.compile(r"\br:[0-9A-Za-z]{16,}")
_USERINFO = re.compile(r"(://)[^/\s@]+@")


_WORDS = ("key", "token", "secret", "password", "authorization")


def mask(text: str) -> str:
    """Mask session tokens, keys, passwords and credentials of URLs in a text."""
    if text.isascii() and "r:" not in text and "://" not in text:
        lower = text.lower()
        # most lines have nothing of the kind, and these searches cost little beside the patterns
        if not any(word in lower for word in _WORDS):
            return text
    masked = _SECRET.sub(r"\1********", _TOKEN.sub("r:********", text))
    return _USERINFO.sub(r"\1********@", masked)


_SOURCE = re.compile(r'^((?:  )+File ".*", line \d+, in .*\n(?:  )+.*)$', re.MULTILINE)


def mask_trace(text: str) -> str:
    """Mask a traceback but for its lines of source, which are no values: ``token = find(a)``."""
    # the pieces at odd places are what the pattern has found
    pieces = _SOURCE.split(text)
    return "".join(one if at % 2 else mask(one) for at, one in enumerate(pieces))


def shown(value: Any) -> str:
    """Write a value for a log line: JSON, cut to a moderate length, secrets masked."""
    text = json.dumps(_without_secrets(value, _SHOWN_DEPTH), ensure_ascii=False)
    return mask(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… (cut)")


def _without_secrets(value: Any, depth: int) -> Any:
    # by their names, before the value is text: there a password may hold what would end it
    if isinstance(value, str):
        return value[: _SHOWN + 1]
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, bytes):
        return f"({len(value)} bytes)"
    if depth and isinstance(value, dict):
        return {
            str(name): "********"
            if is_secret_name(str(name))
            else _without_secrets(item, depth - 1)
            for name, item in islice(value.items(), _SHOWN_ITEMS)
        }
    if depth and isinstance(value, list | tuple):
        return [_without_secrets(item, depth - 1) for item in value[:_SHOWN_ITEMS]]
    return f"({type(value).__name__})"
