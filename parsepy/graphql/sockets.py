"""``GraphQLSockets``: GraphQL over websockets at ``graphQLPath`` (``graphql-transport-ws``)."""

from graphql import GraphQLSchema
from websockets.http11 import Request

from parsepy.backend import Backend
from parsepy.graphql.connections import Serving, SocketClient
from parsepy.graphql.following import LiveSource
from parsepy.graphql.processor import RequestProcessor
from parsepy.graphql.socket_requests import SocketRequests
from parsepy.http.addresses import forwarded
from parsepy.http.websocket import Socket


class GraphQLSockets:
    """The websockets of one application; ``live`` is what subscriptions follow."""

    def __init__(
        self, backend: Backend, processor: RequestProcessor, live: LiveSource | None
    ) -> None:
        self._backend = backend
        requests = SocketRequests(backend, processor)
        self._clients: set[SocketClient] = set()
        self._serving = Serving(backend, processor, requests, live, self._clients.discard)
        processor.schema_changed = self._end_what_is_gone

    def connected(self, socket: Socket, request: Request) -> SocketClient:
        """Make the client of a socket (``WebsocketDoor.connected``)."""
        told = request.headers.get_all("X-Forwarded-For")
        socket.ip = forwarded(socket.ip, told, self._backend.config.trust_proxy)
        headers = {
            name.lower().encode("latin-1"): value.encode("latin-1", "replace")
            for name, value in request.headers.raw_items()
        }
        client = SocketClient(self._serving, socket, headers)
        self._clients.add(client)
        return client

    def _end_what_is_gone(self, schema: GraphQLSchema) -> None:
        """End the subscriptions to classes that are followed no more."""
        root = schema.subscription_type
        names = frozenset() if root is None else frozenset(root.fields)
        for client in list(self._clients):
            client.end_others(names)
