"""The rules of file names, types and directories, and the draft that triggers see."""

from typing import Any

import pytest

from parsepy.errors import Code, ParseError
from parsepy.model.files import (
    FileDraft,
    check_about,
    check_directory,
    check_name,
    check_type,
    extension_for,
    extension_of,
    is_plain_path,
    stored_name,
    type_of,
)
from parsepy.model.values import MAX_DEPTH

NO_PAGES = (r"(?i)^(?!(html?|svg\+xml|svg)$)",)


@pytest.mark.parametrize(
    ("name", "extension"),
    [
        ("mug.txt", "txt"),
        ("a.tar.gz", "gz"),
        ("mug", ""),
        ("mug.", ""),
        ("page.html. .", "html"),
        (".html", "html"),
        ("", ""),
    ],
)
def test_the_extension_is_what_follows_the_last_dot(name: str, extension: str) -> None:
    assert extension_of(name) == extension


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.PNG", "image/png"),
        ("a.mp4", "video/mp4"),
        ("2026/a.webp", "image/webp"),
        ("a.unknownext", None),
        ("png", None),
    ],
)
def test_a_type_stands_behind_an_extension(name: str, kind: str | None) -> None:
    assert type_of(name) == kind


def test_an_extension_stands_behind_a_type() -> None:
    assert extension_for("Image/JPEG; q=1") == "jpg"
    assert extension_for("no/such") is None


@pytest.mark.parametrize(
    ("draft", "name"),
    [
        (FileDraft(name="a.txt"), "p_a.txt"),
        (FileDraft(name="a", content_type="image/png"), "p_a.png"),
        (FileDraft(name="a.", content_type="image/png"), "p_a.png"),
        (FileDraft(name="a", content_type="no/such"), "p_a"),
        (FileDraft(name="a.txt", content_type="image/png", directory="x/y"), "x/y/p_a.txt"),
    ],
)
def test_a_stored_name_has_its_directory_prefix_and_extension(draft: FileDraft, name: str) -> None:
    assert stored_name(draft, "p_") == name


@pytest.mark.parametrize("name", ["a\n", "", "é", "a/b", ".a", "x" * 129])
def test_a_bad_name_is_refused(name: str) -> None:
    with pytest.raises(ParseError, match="Filename"):
        check_name(name)


@pytest.mark.parametrize(
    ("directory", "message"),
    [
        (5, "must be a string"),
        ("", "must not be empty"),
        ("x" * 257, "too long"),
        ("a..b", "must not contain"),
        ("/a", "start or end"),
        ("a/", "start or end"),
        ("a//b", "consecutive"),
        ("metadata/a", "reserved"),
        ("a b", "invalid characters"),
        ("a\n", "invalid characters"),
    ],
)
def test_a_bad_directory_is_refused(directory: object, message: str) -> None:
    with pytest.raises(ParseError, match=message):
        check_directory(directory)


def test_a_good_directory_is_answered() -> None:
    assert check_directory("2026/november") == "2026/november"


def test_a_star_lets_everything_in() -> None:
    check_type("a.html", "text/html", ("*",))


def test_a_known_extension_makes_the_claimed_type_void() -> None:
    check_type("a.png", "text/html", NO_PAGES)


@pytest.mark.parametrize("kind", ["text/html", "svg", "a/b/c", "/", "image/svg+xml;x"])
def test_a_type_counts_where_the_extension_says_nothing(kind: str) -> None:
    with pytest.raises(ParseError, match=r"disabled|Invalid Content-Type"):
        check_type("noext", kind, NO_PAGES)


@pytest.mark.parametrize(
    ("name", "plain"),
    [("a/b.txt", True), ("../a", False), ("a//b", False), ("a\\b", False), (".a", False)],
)
def test_a_plain_path_stays_where_it_is(name: str, plain: bool) -> None:
    assert is_plain_path(name) is plain


def test_a_draft_becomes_a_file_value() -> None:
    assert FileDraft(name="a").to_rest() == {"__type": "File", "name": "a"}
    assert FileDraft(name="a", url="u").to_rest() == {"__type": "File", "name": "a", "url": "u"}
    assert FileDraft(name="a", content_type="x/y").served_type() == "x/y"


def test_a_good_name_and_a_good_type_pass() -> None:
    check_name("mug 1@shop~.txt")
    check_type("noext", "application/vnd.api+json", NO_PAGES)
    check_type("noext", None, NO_PAGES)
    with pytest.raises(ParseError, match="extension html is disabled"):
        check_type("page.html", None, NO_PAGES)


def nested(depth: int) -> Any:
    """A list in a list, and so on."""
    about: Any = []
    for _ in range(depth):
        about = [about]
    return about


@pytest.mark.parametrize("about", [{}, {"a": [1, {"b": None}]}, {"n": 2**63 - 1}, {"t": "\0"}])
def test_what_is_said_about_a_file_may_be_nested(about: Any) -> None:
    check_about(about)


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ({"a": {"b\0": 1}}, "The file's metadata has NUL in a name."),
        ({"a": [2**64]}, "The file's metadata has a number beyond 64 bits."),
        (nested(MAX_DEPTH + 2), f"Nesting deeper than {MAX_DEPTH} levels."),
    ],
)
def test_what_a_store_could_not_hold_is_refused(about: Any, message: str) -> None:
    with pytest.raises(ParseError) as refusal:
        check_about(about)
    assert (refusal.value.code, str(refusal.value)) == (Code.INVALID_JSON, message)
