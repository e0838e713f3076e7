"""Object ACLs: check those of requests, and convert them from and to stored lists of names."""

from collections.abc import Iterable
from typing import Any

from parsepy.errors import Code, ParseError
from parsepy.model.values import JSONObject


def clean(value: Any) -> JSONObject:
    """Reduce the ACL of a request body to its true flags.

    Raises INVALID_ACL if it is no map or names an unsaved user (protocol §7.8, §9.6).
    """
    if not isinstance(value, dict) or "*unresolved" in value:
        raise ParseError(Code.INVALID_ACL, "Invalid ACL.")
    entries: JSONObject = {}
    for name, flags in value.items():
        # Parse: an entry that is no map is ignored, any truthy flag counts as true
        if isinstance(flags, dict):
            reads, writes = flags.get("read"), flags.get("write")
            if reads and writes:
                entries[name] = {"read": True, "write": True}
            elif reads:
                entries[name] = {"read": True}
            elif writes:
                entries[name] = {"write": True}
    return entries


def names_with(entries: JSONObject, flag: str) -> list[str]:
    """List the names that have the flag ``read`` or ``write`` in a clean ACL."""
    return [name for name, flags in entries.items() if flag in flags]


def from_names(readers: Iterable[str] | None, writers: Iterable[str] | None) -> JSONObject:
    """Make the ACL of the stored lists of readers and writers."""
    entries: JSONObject = {}
    for name in readers or ():
        entries[name] = {"read": True}
    for name in writers or ():
        entries.setdefault(name, {})["write"] = True
    return entries
