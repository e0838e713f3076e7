"""``/events``, for whoever counts them, and ``/validate_purchase``, which nobody answers now."""

from parsepy.errors import Code, ParseError
from parsepy.http.requests import Request, Route
from parsepy.http.responses import Answer


async def track(request: Request) -> Answer:
    """Pass an event to the option analyticsAdapter, if it is set, and return its answer or {}.

    What fails there is logged: a client must not fail for want of statistics.
    """
    context = request.context
    adapter, name = context.backend.analytics, request.arguments["eventName"]
    if adapter is None:
        return Answer({})
    try:
        if name == "AppOpened":
            told = await adapter.app_opened(request.body, context)
        else:
            told = await adapter.track_event(name, request.body, context)
    except Exception:  # the operator's own code
        context.backend.log.exception("request %s: analyticsAdapter failed", context.request_id)
        told = None
    return Answer(told if isinstance(told, dict) else {})


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
