"""``model.selection``: what an answer has of objects."""

from parsepy.model.selection import SelectedValue, Selection, ValueKind


def test_the_paths_of_a_selection_are_those_of_its_pointers() -> None:
    inner = Selection((SelectedValue(ValueKind.OBJECT, b'"b":', "b", below=Selection(())),))
    outer = Selection(
        (
            SelectedValue(ValueKind.TEXT, b'"name":', "name"),
            SelectedValue(ValueKind.OBJECT, b'"a":', "a", below=inner),
        )
    )
    assert outer.paths() == {("a",), ("a", "b")}
