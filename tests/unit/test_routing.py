"""The router finds the most literal route for a method and path; each is named once."""

from collections import Counter

import pytest

from parsepy.http.requests import Request, Route
from parsepy.http.responses import Answer
from parsepy.http.routing import Router
from parsepy.rest import routes


async def find(request: Request) -> Answer:
    return Answer("find")


async def get(request: Request) -> Answer:
    return Answer("get")


async def create(request: Request) -> Answer:
    return Answer("create")


async def me(request: Request) -> Answer:
    return Answer("me")


ROUTER = Router(
    [
        Route("GET", "/classes/:className", find),
        Route("POST", "/classes/:className", create),
        Route("GET", "/classes/:className/:objectId", get),
        Route("GET", "/users/:objectId", get),
        Route("GET", "/users/me", me),
        Route("PUT", "/users/:objectId", create),
        Route("GET", "/carts/:cart/items/:item", get),
    ]
)


@pytest.mark.parametrize(
    ("method", "path", "handler", "arguments"),
    [
        ("GET", ("classes", "Product"), find, {"className": "Product"}),
        ("POST", ("classes", "Product"), create, {"className": "Product"}),
        ("GET", ("classes", "Product", "cup"), get, {"className": "Product", "objectId": "cup"}),
        ("GET", ("users", "anna"), get, {"objectId": "anna"}),
        ("GET", ("users", "me"), me, {}),
        ("PUT", ("users", "me"), create, {"objectId": "me"}),
        ("GET", ("classes", "a/b"), find, {"className": "a/b"}),
        ("GET", ("carts", "7", "items", "lamp"), get, {"cart": "7", "item": "lamp"}),
    ],
)
def test_a_request_finds_its_handler_and_arguments(
    method: str, path: tuple[str, ...], handler: object, arguments: dict[str, str]
) -> None:
    match = ROUTER.find(method, path)
    assert match is not None
    assert match.route.handler is handler
    assert match.arguments == arguments


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", ("classes", "Product")),
        ("GET", ("classes",)),
        ("GET", ("",)),
        ("GET", ("Classes", "Product")),
        ("GET", ("classes", "Product", "cup", "price")),
        ("get", ("classes", "Product")),
        ("GET", ("carts", "7", "offers", "lamp")),
    ],
)
def test_another_method_or_path_has_no_handler(method: str, path: tuple[str, ...]) -> None:
    assert ROUTER.find(method, path) is None


def test_every_route_of_the_door_is_named_once() -> None:
    counted = Counter((route.method, route.path) for route in routes())
    assert len(counted) > 50
    assert [route for route, times in counted.items() if times > 1] == []


def test_every_route_of_the_door_leads_to_its_own_handler() -> None:
    router = Router(routes())
    for route in routes():
        match = router.find(route.method, tuple(route.path.strip("/").split("/")))
        assert match is not None
        assert match.route.handler is route.handler, route.path
