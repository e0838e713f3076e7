"""Frames that wait are bounded, each subscription's and all together."""

import pytest

from parsepy.livequery import held
from parsepy.livequery.held import HeldFrames, HeldTogether

PLACE = (1, 2, 3)


def test_what_is_held_comes_in_its_order_and_is_counted_once() -> None:
    together = HeldTogether()
    ann, bob = HeldFrames(together), HeldFrames(together)
    text = b"x" * 100
    for each in (ann, bob):
        each.put(PLACE, b"to", text)
    ann.put(None, b"to", b"more")
    assert together.size == 104
    assert ann.take() == [(PLACE, b"to", text), (None, b"to", b"more")]
    assert (together.size, ann.take()) == (100, [])
    bob.take()
    assert together.size == 0


def test_more_frames_than_may_wait_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held, "MOST_HELD", 2)
    together = HeldTogether()
    frames = HeldFrames(together)
    for _ in range(5):
        frames.put(PLACE, b"to", b"an event")
    assert frames.is_over
    assert (frames.take(), together.size) == ([], 0)


def test_more_bytes_than_may_wait_in_all_are_forgotten_by_the_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(held, "MOST_BYTES", 100)
    together = HeldTogether()
    ann, bob = HeldFrames(together), HeldFrames(together)
    ann.put(PLACE, b"to", b"x" * 80)
    bob.put(PLACE, b"to", b"y" * 80)
    assert (ann.is_over, bob.is_over, together.size) == (False, True, 80)
