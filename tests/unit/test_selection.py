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
    assert outer.paths == {("a",), ("a", "b")}


def test_what_was_found_stands_in_place_of_pointers() -> None:
    name = SelectedValue(ValueKind.TEXT, b'"name":', "name")
    maker = SelectedValue(ValueKind.OBJECT, b'"maker":', "maker", below=Selection((name,)))
    plain = (1, "name", b'"name":', False, None)
    assert Selection((name,)).joined({}) == (plain,)
    found = Selection((name, maker)).joined({"maker": {"x": b"{}"}})
    assert found == (plain, (6, "maker", b'"maker":', False, {"x": b"{}"}))
    assert Selection((maker,)).joined({}) == ((6, "maker", b'"maker":', False, {}),)
