"""``PagesDoor``: the table of pages, and the application over it."""

from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route, Router
from starlette.staticfiles import StaticFiles

from parsepy.backend import Backend, RequestContext
from parsepy.http.asgi import ASGIApplication, ASGIScope, Receive, Send
from parsepy.http.exchange import exchange_of
from parsepy.http.layers import BodyLimitLayer, HeaderLayer, LimitLayer, PlainFailureLayer
from parsepy.http.limits import Limits
from parsepy.model.principal import NOBODY
from parsepy.pages import account, custom
from parsepy.pages.renderer import Renderer, Values, not_found
from parsepy.pages.requests import LARGEST_FORM, PageRequest, read, unreadable

Handler = Callable[[PageRequest, Renderer], Awaitable[Response]]
# The address of a page may hold a token: it is told nobody and kept nowhere.
_HEADERS = [
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
]


class Page(NamedTuple):
    """A line of the table: method, path below the option ``pages.pagesEndpoint``, handler.

    A path without ``{app_id}`` has the application's id in its query or form.
    """

    method: str
    path: str
    handler: Handler


routes = [
    Page("GET", "/{app_id}/verify_email", account.verify_email),
    Page("POST", "/{app_id}/resend_verification_email", account.resend_verification),
    Page("GET", "/choose_password", account.choose_password),
    Page("GET", "/{app_id}/request_password_reset", account.show_reset),
    Page("POST", "/{app_id}/request_password_reset", account.reset),
]


def _own_routes(backend: Backend) -> Iterator[Page]:
    """Make the pages of the option ``pages.customRoutes``; they come after our own (§16.3)."""
    for route in backend.config.pages.custom_routes:
        handler = partial(custom.answer, backend.page_functions[route.handler])
        yield Page(route.method, f"/{{app_id}}{custom.pattern_of(route.path)}", handler)


class PagesDoor:
    """Answers browsers below the pages' endpoint; everything else there is a file."""

    def __init__(self, backend: Backend, limits: Limits) -> None:
        config = backend.config
        self._backend = backend
        function = config.pages.placeholders
        placeholders_of = (
            backend.page_functions.get(function) if isinstance(function, str) else None
        )
        self._renderer = Renderer(config, placeholders_of)
        folder = config.pages.pages_path
        self._resources: StaticFiles | None = None
        if folder is not None:
            self._resources = StaticFiles(directory=folder, check_dir=False)
        mount = config.mount_path.rstrip("/")
        endpoint = config.pages.pages_endpoint
        pages = Router(
            [
                Mount(
                    f"{mount}/{endpoint}",
                    routes=[
                        *(
                            # Parse: a slash may follow
                            Route(path, self._endpoint(page), methods=[page.method])
                            for page in (*routes, *_own_routes(backend))
                            for path in (page.path, f"{page.path}/")
                        ),
                        # an ASGI application takes all methods: what is no file is not found
                        Route("/{path:path}", _Responder(self._file)),
                    ],
                )
            ]
        )
        limited = LimitLayer(limits, mount, BodyLimitLayer(LARGEST_FORM, unreadable, pages))
        self._application: ASGIApplication = HeaderLayer(
            _HEADERS, PlainFailureLayer(backend, "a page", limited)
        )

    async def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self._application(scope, receive, send)

    def _endpoint(self, page: Page) -> Callable[[Request], Awaitable[Response]]:
        pattern = f"/apps{page.path}".replace("{app_id}", ":appId")

        async def endpoint(http: Request) -> Response:
            exchange_of(http.scope).page = pattern
            request = await self._read(http)
            app_id = http.path_params.get("app_id") or request.text("appId")
            if app_id != self._backend.config.app_id:
                kind = "application/json; charset=utf-8"
                return Response(b'{"error":"unauthorized"}', 403, media_type=kind)
            if http.method == "HEAD":
                return HTMLResponse()  # who looks whether a link works must not use it up
            return await page.handler(request, self._renderer)

        return endpoint

    async def _read(self, http: Request) -> PageRequest:
        exchange = exchange_of(http.scope)
        context = RequestContext(
            self._backend,
            NOBODY,
            ip=exchange.ip,
            request_id=exchange.request_id,
            mount_url=exchange.mount_url,
            headers=exchange.headers,
        )
        return await read(http, context)

    async def _file(self, http: Request) -> Response:
        """Answer a page by its file, filled from the query that a redirect made; or a resource."""
        exchange_of(http.scope).page = "/apps/*path"
        request = await self._read(http)
        if http.method not in ("GET", "HEAD"):
            return not_found()
        name = http.path_params["path"].strip("/")
        if not name.endswith(".html"):
            return await self._resource(http)
        values: Values = {**self._renderer.defaults(), "locale": self._renderer.locale(request)}
        for parameter in ("token", "username"):
            values[parameter] = request.text(parameter)
        if self._backend.config.pages.force_redirect:  # only then a redirect says what is wrong
            values["error"] = request.text("error")
        return await self._renderer.file(request, name, values)

    async def _resource(self, http: Request) -> Response:
        """Answer a file that lies beside the operator's pages, such as a picture; else 404."""
        if self._resources is None:
            return not_found()
        try:
            path = self._resources.get_path(http.scope)
            return await self._resources.get_response(path, http.scope)
        except (HTTPException, OSError):  # an operator's folder may hold what can't be read
            return not_found()


class _Responder:
    """An ASGI application of a function from request to response, whatever the method."""

    def __init__(self, respond: Callable[[Request], Awaitable[Response]]) -> None:
        self._respond = respond

    async def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        response = await self._respond(Request(scope, receive))
        await response(scope, receive, send)
