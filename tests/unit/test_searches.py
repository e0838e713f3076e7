"""A pattern that is searched for in the same texts again and again."""

import re

from parsepy.model.searches import RememberedSearch


def test_what_was_searched_is_remembered() -> None:
    search = RememberedSearch(re.compile("^__proto__$|constructor"))
    assert [search["price"], search["constructor"], search["price"]] == [False, True, False]
    assert dict(search) == {"price": False, "constructor": True}


def test_long_texts_are_searched_each_time() -> None:
    search = RememberedSearch(re.compile("constructor"))
    assert search["x" * 100 + "constructor"]
    assert not search["x" * 100]
    assert not dict(search)


def test_no_client_fills_it() -> None:
    search = RememberedSearch(re.compile("constructor"))
    for number in range(2500):
        assert not search[f"column{number}"]
    assert len(search) <= 1000
