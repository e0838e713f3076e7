"""Another door for websockets stands beside Live Query's: a line in the list of doors."""

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from parsepy.app import Application
from parsepy.http.websocket import Socket, WebsocketDoor
from tests.livequery.listener import listening, serving

ECHO = Subprotocol("echo")


class Echo:
    """Sends back what it is told."""

    def __init__(self, socket: Socket, request: object) -> None:
        self._socket = socket

    def received(self, text: bytes) -> None:
        self._socket.send(text)

    def lost(self) -> None:
        """Nothing to clean up."""

    def too_slow(self) -> None:
        """Nothing to note."""


DOOR = WebsocketDoor("/parse/echo", ECHO, Echo, 10)


async def test_a_path_and_a_subprotocol_choose_the_door(application: Application) -> None:
    application.websocket_doors = (DOOR, *application.websocket_doors)
    async with serving(application) as url:
        async with connect(f"{url}/parse/echo?a=b", subprotocols=[ECHO]) as connection:
            await connection.send("hello")
            assert (connection.subprotocol, await connection.recv()) == (ECHO, "hello")
        async with listening(url, "/parse/echo"):
            pass  # who offers no subprotocol reaches Live Query everywhere


async def test_where_no_door_is_a_websocket_is_refused(application: Application) -> None:
    application.websocket_doors = (DOOR,)
    async with serving(application) as url:
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"{url}/parse", subprotocols=[ECHO])
    assert refused.value.response.status_code == 404


async def test_live_query_is_at_every_path_whatever_is_offered(application: Application) -> None:
    async with serving(application) as url:
        for path in ("", "/", "/parse", "/anything/at/all"):
            async with connect(url + path, subprotocols=[ECHO]) as connection:
                assert connection.subprotocol is None
