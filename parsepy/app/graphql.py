"""``open_graphql``: the doors of GraphQL, as the options ask for them."""

from typing import NamedTuple

from parsepy.app.doors import Door
from parsepy.backend import Backend
from parsepy.http.limits import Limits
from parsepy.http.websocket import WebsocketDoor
from parsepy.livequery import LiveQuery


class GraphQLDoors(NamedTuple):
    """The ways in to GraphQL."""

    doors: tuple[Door, ...] = ()
    websocket_doors: tuple[WebsocketDoor, ...] = ()


def open_graphql(backend: Backend, limits: Limits, live: LiveQuery | None) -> GraphQLDoors:
    """Make the doors of GraphQL; none unless it is mounted.

    Raises ``ConfigError`` for custom SDL that can't be read.
    """
    config = backend.config
    if not config.mount_graphql:
        return GraphQLDoors()
    # imported here: who does without it need not wait for it at the start
    from parsepy.graphql.door import GraphQLDoor
    from parsepy.graphql.processor import RequestProcessor
    from parsepy.graphql.sockets import GraphQLSockets
    from parsepy.graphql.stamps import open_keeper

    processor = RequestProcessor(backend, limits, open_keeper(backend))
    # Parse: not below the mount, and in whatever case
    door = Door(config.graphql_path, GraphQLDoor(backend, processor), ignores_case=True)
    if not config.graphql_subscriptions:
        return GraphQLDoors((door,))
    return GraphQLDoors((door,), (GraphQLSockets(backend, processor, live).door,))
