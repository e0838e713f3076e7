"""The REST door: ``routes()``, the concatenated tables, and the ASGI application over them."""

from parsepy.rest.door import RestDoor, aliases, routes

__all__ = ["RestDoor", "aliases", "routes"]
