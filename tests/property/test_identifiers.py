"""Ids and tokens have the documented alphabet and length, and no character is favoured."""

import re
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from parsepy.model.values import new_id, new_token


@given(st.integers(1, 64))
def test_an_id_has_the_wanted_length_in_letters_and_digits(size: int) -> None:
    assert re.fullmatch(f"[A-Za-z0-9]{{{size}}}", new_id(size))


def test_an_id_has_ten_characters_unless_told_otherwise() -> None:
    assert len(new_id()) == 10


def test_a_token_is_r_and_32_hex_digits_and_never_the_same() -> None:
    tokens = {new_token() for _ in range(500)}
    assert len(tokens) == 500
    assert all(re.fullmatch("r:[0-9a-f]{32}", token) for token in tokens)


def test_every_character_of_an_id_is_equally_likely() -> None:
    size = 62_000
    counts = Counter(new_id(size))
    # 1000 of each are expected, give or take 32; eight times that never happens by chance
    assert len(counts) == 62
    assert all(abs(count - 1000) < 256 for count in counts.values())
