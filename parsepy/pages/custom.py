"""Pages of the operator's own: their routes (``pages.customRoutes``), and who answers them."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response

from parsepy.pages.renderer import Renderer, Values, not_found
from parsepy.pages.requests import PageRequest

_MOST = 50  # values of a page


@dataclass(frozen=True, slots=True)
class PageRouteRequest:
    """What a page's function is told of a request.

    ``params`` are the named parts of the path, ``query`` and ``form`` the texts that were sent,
    ``locale`` the language that the link asks for. Headers have their names in lower case.
    """

    method: str
    path: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    form: Mapping[str, str]
    headers: Mapping[str, str] = field(repr=False)
    ip: str | None = None
    locale: str | None = None


PageFunction = Callable[[PageRouteRequest], Awaitable[Any]]


def pattern_of(path: str) -> str:
    """The path of a route as Starlette writes it: ``shop/:city`` becomes ``/shop/{city}``."""
    parts = []
    for part in path.strip("/").split("/"):
        name = re.fullmatch(r":(\w+)", part)
        parts.append(part if name is None else f"{{{name[1]}}}")
    return "/".join(["", *parts])


async def answer(function: PageFunction, request: PageRequest, pages: Renderer) -> Response:
    """Show the page that the function names, ``{"file": …, "query": {…}}``; none: 404.

    The values of ``query`` fill its placeholders and stand in its headers (§16.4).
    """
    http = request.http
    params = {k: str(v) for k, v in http.path_params.items() if k != "app_id"}
    told = PageRouteRequest(
        http.method,
        http.url.path,
        params,
        request.query,
        request.form,
        dict(http.headers),
        request.context.ip,
        pages.locale(request),
    )
    page = await function(told)
    if not isinstance(page, Mapping) or not isinstance(page.get("file"), str) or not page["file"]:
        return not_found()
    given = page.get("query") or {}
    values: Values = {str(n): str(v) for n, v in list(given.items())[:_MOST] if v is not None}
    # Parse: what is posted to such a route is answered with the page, not with a redirect to it
    return await pages.named_page(request, page["file"], values)
