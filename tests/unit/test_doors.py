"""Which door a request or a websocket goes to."""

from typing import Any

import pytest

from parsepy.app.doors import Dispatcher, Door
from parsepy.http.asgi import ASGIApplication, ASGIScope, Receive, Send
from parsepy.http.websocket import Owner, Socket, WebsocketDoor, door_for


def named(name: str, chosen: list[str]) -> ASGIApplication:
    async def application(scope: ASGIScope, receive: Receive, send: Send) -> None:
        chosen.append(name)

    return application


async def nothing(*message: Any) -> Any:
    """Neither receive nor send."""


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/parse/apps/shop/verify_email", "pages"),
        ("/parse/apps", "rest"),
        ("/parse/graphql", "graphql"),
        ("/parse/graphql/", "graphql"),
        ("/parse/graphqls", "rest"),
        ("/parse/classes/Order", "rest"),
        ("/elsewhere", "rest"),
    ],
)
async def test_a_request_goes_to_the_first_door_at_its_path(path: str, name: str) -> None:
    chosen: list[str] = []
    doors = (("/parse/apps/", "pages"), ("/parse/graphql", "graphql"), ("", "rest"))
    dispatcher = Dispatcher([Door(path, named(name, chosen)) for path, name in doors])
    await dispatcher({"type": "http", "path": path}, nothing, nothing)
    assert chosen == [name]


def connected(socket: Socket, request: Any) -> Owner:
    raise AssertionError("no connection is made here")


LIVE = WebsocketDoor("", None, connected, 10)
GRAPHQL = WebsocketDoor("/parse/graphql", "graphql-transport-ws", connected, 10)


@pytest.mark.parametrize(
    ("path", "offered", "door"),
    [
        ("/parse/graphql", ["graphql-transport-ws"], GRAPHQL),
        ("/parse/graphql", ["graphql-ws", "graphql-transport-ws"], GRAPHQL),
        ("/parse/graphql", [], LIVE),
        ("/parse/graphqls", ["graphql-transport-ws"], LIVE),
        ("/parse", ["graphql-transport-ws"], LIVE),
        ("/", [], LIVE),
    ],
)
def test_a_websocket_goes_by_its_path_and_its_subprotocol(
    path: str, offered: list[str], door: WebsocketDoor
) -> None:
    assert door_for((GRAPHQL, LIVE), path, offered) is door


def test_a_websocket_may_find_no_door() -> None:
    assert door_for((GRAPHQL,), "/parse", ["graphql-transport-ws"]) is None
