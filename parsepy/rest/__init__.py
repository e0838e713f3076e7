"""The REST door: ``routes()``, the concatenated tables, and the ASGI application over them."""

from parsepy.rest.door import RestDoor, aliases, routes

__all__ = ["RestDoor", "aliases", "described_routes", "routes"]


def described_routes() -> list[tuple[str, str, str]]:
    """List all routes as method, path below the mount, and what the handler says it does."""
    return [
        (route.method, route.path, (route.handler.__doc__ or "").strip().split("\n")[0])
        for route in routes()
    ]
