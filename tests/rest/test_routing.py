"""The router: method and segments to handler and arguments; the tables name each route once."""

from collections import Counter

import pytest

from parsepy.http.requests import Request, Route
from parsepy.http.responses import Answer
from parsepy.http.routing import Router
from parsepy.rest import routes


async def cart(request: Request) -> Answer:
    return Answer("cart")


async def item(request: Request) -> Answer:
    return Answer("item")


async def checkout(request: Request) -> Answer:
    return Answer("checkout")


ROUTER = Router(
    [
        Route("GET", "/carts/:cart", cart),
        Route("GET", "/carts/checkout", checkout),
        Route("GET", "/carts/:cart/items/:item", item),
        Route("POST", "/carts/:cart", checkout),
    ]
)


def test_named_segments_become_arguments() -> None:
    match = ROUTER.find("GET", ("carts", "7", "items", "lamp"))
    assert match is not None
    assert (match.route.handler, match.arguments) == (item, {"cart": "7", "item": "lamp"})


def test_a_literal_segment_goes_before_a_named_one() -> None:
    match = ROUTER.find("GET", ("carts", "checkout"))
    assert match is not None
    assert match.route.handler is checkout


def test_a_method_that_the_literal_route_lacks_falls_to_the_named_one() -> None:
    match = ROUTER.find("POST", ("carts", "checkout"))
    assert match is not None
    assert match.arguments == {"cart": "checkout"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", ("carts", "7")),
        ("GET", ("carts",)),
        ("GET", ("carts", "7", "offers", "lamp")),
        ("GET", ("",)),
        ("get", ("carts", "7")),
    ],
)
def test_what_is_not_in_the_table_is_not_found(method: str, path: tuple[str, ...]) -> None:
    assert ROUTER.find(method, path) is None


def test_every_route_of_the_door_is_named_once() -> None:
    counted = Counter((route.method, route.path) for route in routes())
    assert [route for route, times in counted.items() if times > 1] == []


def test_every_route_of_the_door_leads_to_its_own_handler() -> None:
    router = Router(routes())
    for route in routes():
        match = router.find(route.method, tuple(route.path.strip("/").split("/")))
        assert match is not None
        assert match.route.handler is route.handler, route.path
