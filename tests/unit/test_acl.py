"""Object ACLs: what is kept of a client's, and whom a stored list lets in."""

from typing import Any

import pytest

from parsepy.errors import ParseError
from parsepy.model import acl

OWNERS = {"role:owners": {"read": True, "write": True}}


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({}, {}),
        (OWNERS, OWNERS),
        ({"*": {"read": True, "write": False}}, {"*": {"read": True}}),
        ({"drop-box": {"write": True}}, {"drop-box": {"write": True}}),
        ({"anna": {"read": 1, "write": "yes"}}, {"anna": {"read": True, "write": True}}),
        ({"anna": {"read": False}}, {}),
        ({"anna": {"delete": True}}, {}),
        ({"anna": True, "*": {"read": True}}, {"*": {"read": True}}),
    ],
)
def test_only_true_flags_of_maps_are_kept(sent: Any, kept: Any) -> None:
    assert acl.clean(sent) == kept


@pytest.mark.parametrize("sent", [None, [], "public", 1, True, {"*unresolved": {"read": True}}])
def test_what_is_no_map_or_names_an_unsaved_user_is_refused(sent: Any) -> None:
    with pytest.raises(ParseError, match="Invalid ACL") as refused:
        acl.clean(sent)
    assert refused.value.code == 123


def test_names_are_listed_by_flag() -> None:
    entries = {"*": {"read": True}, "anna": {"read": True, "write": True}}
    assert acl.names_with(entries, "read") == ["*", "anna"]
    assert acl.names_with(entries, "write") == ["anna"]


@pytest.mark.parametrize(
    ("readers", "writers", "entries"),
    [
        (None, None, {}),
        ([], [], {}),
        (["*"], ["anna"], {"*": {"read": True}, "anna": {"write": True}}),
        (["anna"], ["anna"], {"anna": {"read": True, "write": True}}),
        (None, ["anna"], {"anna": {"write": True}}),
    ],
)
def test_stored_lists_become_an_acl(readers: Any, writers: Any, entries: Any) -> None:
    assert acl.from_names(readers, writers) == entries
