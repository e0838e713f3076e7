"""``/events`` and ``/validate_purchase``: what old clients send, and nobody looks at."""

from parsepy.errors import Code, ParseError
from parsepy.rest.requests import Request, Route
from parsepy.rest.responses import Answer


async def track(request: Request) -> Answer:
    """Thank for an event: without an analytics service it is not kept."""
    return Answer({})


async def validate_purchase(request: Request) -> Answer:
    """Refuse an App Store receipt, after the check of its form (protocol §29).

    Apple has given the service behind it up.
    """
    if not request.body.get("receipt") or not request.body.get("productIdentifier"):
        raise ParseError(Code.INVALID_JSON, "missing receipt or productIdentifier")
    raise ParseError(Code.COMMAND_UNAVAILABLE, "App Store receipts are not validated here.")


routes = [
    Route("POST", "/events/:eventName", track),
    Route("POST", "/validate_purchase", validate_purchase),
]
