"""The cache keeps so many values for so long, and no more."""

from __future__ import annotations

from parsepy.cache import Cache


class Clock:
    """Shows the time that it is set to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_value_is_kept_until_its_time_is_over() -> None:
    clock = Clock()
    carts = Cache[str](5, 10, clock)
    carts.put("ada", "two mugs")
    clock.now += 4.9
    assert carts.get("ada") == "two mugs"
    clock.now += 0.1
    assert carts.get("ada") is None
    assert len(carts) == 0


def test_what_was_never_put_is_not_there() -> None:
    assert Cache[str](5, 10).get("ada") is None


def test_reading_does_not_prolong() -> None:
    clock = Clock()
    carts = Cache[str](5, 10, clock)
    carts.put("ada", "two mugs")
    clock.now += 4
    carts.get("ada")
    clock.now += 4
    assert carts.get("ada") is None


def test_putting_again_replaces_and_prolongs() -> None:
    clock = Clock()
    carts = Cache[str](5, 10, clock)
    carts.put("ada", "two mugs")
    clock.now += 4
    carts.put("ada", "a kettle")
    clock.now += 4
    assert carts.get("ada") == "a kettle"
    assert len(carts) == 1


def test_the_oldest_makes_room() -> None:
    carts = Cache[str](5, 2)
    for name in ("ada", "bob", "ada", "eve"):  # ada's was put again, so bob's is the oldest
        carts.put(name, f"cart of {name}")
    assert carts.get("bob") is None
    assert (carts.get("ada"), carts.get("eve")) == ("cart of ada", "cart of eve")


def test_a_value_put_again_takes_no_ones_room() -> None:
    carts = Cache[str](5, 2)
    for name in ("bob", "ada", "ada"):
        carts.put(name, f"cart of {name}")
    assert carts.get("bob") == "cart of bob"


def test_without_time_or_room_nothing_is_kept() -> None:
    for carts in (Cache[str](0, 10), Cache[str](5, 0)):
        carts.put("ada", "two mugs")
        assert carts.get("ada") is None
        assert len(carts) == 0


def test_one_value_is_dropped() -> None:
    carts = Cache[str](5, 10)
    carts.put("ada", "two mugs")
    carts.put("bob", "a kettle")
    carts.drop("ada")
    carts.drop("nobody")
    assert (carts.get("ada"), carts.get("bob")) == (None, "a kettle")


def test_the_values_of_which_something_is_true_are_dropped() -> None:
    stock = Cache[int](5, 10)
    for name, count in (("mug", 0), ("tray", 3), ("kettle", 0)):
        stock.put(name, count)
    stock.drop_if(lambda count: count == 0)
    assert (stock.get("mug"), stock.get("tray"), stock.get("kettle")) == (None, 3, None)


def test_everything_is_forgotten() -> None:
    stock = Cache[int](5, 10)
    stock.put("mug", 1)
    stock.clear()
    assert (stock.get("mug"), len(stock)) == (None, 0)


def test_what_was_read_before_something_was_dropped_is_not_kept() -> None:
    carts = Cache[str](5, 10)
    early = carts.mark()
    carts.drop("bob")
    carts.put("ada", "two mugs", early)
    assert carts.get("ada") is None
    carts.put("ada", "two mugs", carts.mark())
    assert carts.get("ada") == "two mugs"
