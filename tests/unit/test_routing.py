"""The router finds the most literal route for a method and path."""

import pytest

from parsepy.http.requests import Request, Route
from parsepy.http.responses import Answer
from parsepy.http.routing import Router


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
    ],
)
def test_another_method_or_path_has_no_handler(method: str, path: tuple[str, ...]) -> None:
    assert ROUTER.find(method, path) is None
