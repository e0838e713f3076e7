"""GraphQL: a front door whose schema is made from the classes (protocol §31).

What stands here can be had without the library, which takes a quarter of a second to load.
"""

SUBPROTOCOL = "graphql-transport-ws"
"""The websocket subprotocol that is spoken at ``graphQLPath``."""
HEARTBEAT_SECONDS = 10.0
