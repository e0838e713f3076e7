"""The states of documents that a stream has shown, and an update's description on top of one."""

from typing import Any

import pytest

from parsepy.storage.recent import RecentDocuments, updated


@pytest.mark.parametrize(
    ("before", "description", "after"),
    [
        ({"a": 1}, {"updatedFields": {"b": 2}, "removedFields": ["a"]}, {"b": 2}),
        ({"o": {"p": 1, "q": 2}}, {"updatedFields": {"o.p": 3}}, {"o": {"p": 3, "q": 2}}),
        ({"o": {"p": 1}}, {"removedFields": ["o.p"]}, {"o": {}}),
        ({"l": [1, 2, 3]}, {"updatedFields": {"l.1": 5}}, {"l": [1, 5, 3]}),
        ({"l": [1]}, {"updatedFields": {"l.1": 5}}, {"l": [1, 5]}),
        (
            {"l": [1, 2, 3]},
            {"truncatedArrays": [{"field": "l", "newSize": 1}], "updatedFields": {"l.0": 9}},
            {"l": [9]},
        ),
        ({"l": [{"n": 1}]}, {"updatedFields": {"l.0.n": 2}}, {"l": [{"n": 2}]}),
        ({"a": 1}, {"updatedFields": {"x.y": 2}, "removedFields": ["z.a", "a.b"]}, {"a": 1}),
    ],
)
def test_an_update_is_made_again(
    before: dict[str, Any], description: dict[str, Any], after: dict[str, Any]
) -> None:
    shown = repr(before)
    assert updated(before, description) == after
    assert repr(before) == shown


def test_the_latest_documents_are_known() -> None:
    recent = RecentDocuments(most=200)
    for number in range(10):
        recent.put("Order", {"_id": number, "note": "x" * 50})
    assert recent.get("Order", 0) is None
    assert recent.get("Order", 9) == {"_id": 9, "note": "x" * 50}
    recent.put("Order", {"_id": 9, "note": "y"})
    assert recent.get("Order", 9) == {"_id": 9, "note": "y"}
    recent.remove("Order", 9)
    assert recent.get("Order", 9) is None


def test_an_id_may_be_anything_and_a_collection_is_forgotten_whole() -> None:
    recent = RecentDocuments()
    recent.put("Order", {"_id": {"a": 1}})
    recent.put("Cart", {"_id": {"a": 1}})
    recent.forget("Order")
    assert recent.get("Order", {"a": 1}) is None
    assert recent.get("Cart", {"a": 1}) == {"_id": {"a": 1}}
