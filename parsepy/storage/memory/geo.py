"""Places in ``memory:``: what MongoDB's geo operators ask, answered by the house's own matcher."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from parsepy.model import geo
from parsepy.model.geo import Position
from parsepy.storage.documents import Document


class Within:
    """Equals every value that lies where an operator says."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, holds: Callable[[Any], bool]) -> None:
        self._holds = holds

    def __eq__(self, other: object) -> bool:
        return self._holds(other)


def condition(operator: str, test: Mapping[str, Any]) -> Within:
    """The condition that an operator of a field's test makes."""
    operand = test[operator]
    if operator == "$nearSphere":
        return Within(_near(test).holds)
    if operator == "$geoIntersects":
        return Within(geo.Spot(Position(*operand["$geometry"]["coordinates"])).holds)
    ((shape, points),) = operand.items()
    if shape == "$centerSphere":
        return Within(geo.Circle(Position(*points[0]), points[1]).holds)
    corners = [Position(*point) for point in points]
    return Within((geo.Box(*corners) if shape == "$box" else geo.Ring(tuple(corners))).holds)


OPERATORS = ("$nearSphere", "$geoWithin", "$geoIntersects")


def _near(test: Mapping[str, Any]) -> geo.Near:
    return geo.Near(Position(*test["$nearSphere"]), test.get("$maxDistance"))


def order_of(query: Mapping[str, Any]) -> Callable[[Document], float] | None:
    """How far a document is from where a filter looks from; ``None``: it looks from nowhere."""
    for key, test in _tests(query):
        if isinstance(test, Mapping) and "$nearSphere" in test:
            center = _near(test).center
            return lambda document: geo.distance_to(document[key], center) or 0.0
    return None


def _tests(query: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, test in query.items():
        if key in ("$and", "$or"):
            for branch in test:
                yield from _tests(branch)
        else:
            yield key, test
