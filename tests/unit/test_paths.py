"""Request paths as options write them."""

import pytest

from parsepy.config.paths import escape_path, path_pattern


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("/login", "/login", True),
        ("/login", "/LOGIN/", True),
        ("/login", "/logins", False),
        ("/functions/*path", "/functions/a/b", True),
        ("/functions/*path", "/functions", False),
        ("/classes/:name", "/classes/Order", True),
        ("/classes/:name", "/classes/Order/abc", False),
        ("/classes/Order{/:id}", "/classes/Order", True),
        ("/classes/Order{/:id}", "/classes/Order/abc", True),
        ("/a.b", "/axb", False),
        (r"/functions/a\:b", "/functions/a:b", True),
    ],
)
def test_a_pattern_stands_for_paths(pattern: str, path: str, fits: bool) -> None:
    assert (path_pattern(pattern).fullmatch(path) is not None) is fits


@pytest.mark.parametrize("pattern", ["/a*", "/(a|b)", "/a?", "/{a", "/a}", "/a:", "/[a]"])
def test_what_means_nothing_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"nothing|closed|opened"):
        path_pattern(pattern)


@pytest.mark.parametrize("path", ["/functions/a:b*(c)?", "/functions/{x}+[y]!", "/a\\b"])
def test_an_escaped_path_stands_for_itself(path: str) -> None:
    assert path_pattern(escape_path(path)).fullmatch(path)
