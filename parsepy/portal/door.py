"""``PortalDoor``: the routes of the portal, and the application over them."""

import asyncio
import json
import logging
import re
import secrets
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse
from starlette.responses import Response as HTTPResponse
from starlette.routing import Mount, Route, Router

from parsepy.backend import Backend, RequestContext, master_context
from parsepy.config import SiteOptions
from parsepy.descriptions import names_only, origin_of
from parsepy.errors import ParseError
from parsepy.http.asgi import ASGIApplication, ASGIScope, Receive, Send
from parsepy.http.exchange import Exchange, exchange_of
from parsepy.http.layers import BodyLimitLayer, PlainFailureLayer
from parsepy.http.limits import Limits
from parsepy.http.refusals import HTTPRefusal
from parsepy.model.principal import NOBODY
from parsepy.portal import access, demo
from parsepy.portal.access import COOKIE, SECONDS, Visitor
from parsepy.portal.facts import FactFinder
from parsepy.portal.pages import Pages
from parsepy.sites import StaticSite, WebBuild

log = logging.getLogger("parsepy.http")

PATH = "/portal"
OPENAPI = "/openapi.json"
LARGEST_FORM = 8_000
_MOST_NAMED = 10  # classes
_STATIC = Path(__file__).parent / "static"
_ORIGIN = re.compile(r"https?://[\w.\-:\[\]]+")

Endpoint = Callable[[Request, Visitor], Awaitable[HTTPResponse]]


class PortalDoor:
    """Answers ``/portal`` and all below it, ``/openapi.json``, and ``/`` where nobody else does.

    ``islands`` is the folder of the built interactive parts; ``build`` what builds it here.
    ``sdl`` makes the text of the GraphQL schema, where GraphQL is mounted.
    ``routes`` are those of the REST API, ``listeners`` says how many Live Query clients there are.
    """

    def __init__(
        self,
        backend: Backend,
        limits: Limits,
        *,
        routes: Sequence[tuple[str, str, str]],
        listeners: Callable[[], int],
        sdl: Callable[[], Awaitable[str]] | None,
        islands: Path,
        build: WebBuild | None = None,
    ) -> None:
        self._backend = backend
        self._limits = limits
        self._facts = FactFinder(backend, routes, listeners)
        self._sdl = sdl
        self._pages = Pages(islands, build)
        built = StaticSite(SiteOptions(path=f"{PATH}/islands", folder=islands))
        static = StaticSite(SiteOptions(path=f"{PATH}/static", folder=_STATIC))
        seen = partial(self._seen)
        router = Router(
            [
                Mount(f"{PATH}/islands", app=built),
                Mount(f"{PATH}/static", app=static),
                Route("/", seen(self._overview)),
                Route(PATH, seen(self._overview)),
                Route(f"{PATH}/", seen(self._overview)),
                Route(f"{PATH}/classes/{{name}}", seen(self._class)),
                Route(f"{PATH}/guides/{{name}}", seen(self._guide)),
                Route(f"{PATH}/manual/{{name}}", seen(self._manual)),
                Route(f"{PATH}/schema.json", seen(self._schema)),
                Route(f"{PATH}/schema.graphql", seen(self._graphql_schema)),
                Route(f"{PATH}/prompt.txt", seen(self._prompt)),
                Route(f"{PATH}/graphiql", seen(self._graphiql)),
                Route(f"{PATH}/reference", seen(self._reference)),
                Route(f"{PATH}/demo-session", seen(self._demo), methods=["POST"]),
                Route(f"{PATH}/sign-in", self._form, methods=["GET"]),
                Route(f"{PATH}/sign-in", self._sign_in, methods=["POST"]),
                Route(f"{PATH}/sign-out", self._sign_out, methods=["POST"]),
                Route(OPENAPI, seen(self._openapi)),
                Route(f"{PATH}/{{rest:path}}", seen(self._missing)),
            ],
            redirect_slashes=False,
        )
        limited = BodyLimitLayer(LARGEST_FORM, _unreadable, GZipMiddleware(router, 1024))
        self._application: ASGIApplication = PlainFailureLayer(backend, "the portal", limited)

    async def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        exchange_of(scope).page = f"{PATH}/*path"
        await self._application(scope, receive, send)

    def _seen(self, endpoint: Endpoint) -> Callable[[Request], Awaitable[HTTPResponse]]:
        """Let only those who may see the portal reach an endpoint."""

        async def guarded(http: Request) -> HTTPResponse:
            visitor = await access.visitor_of(self._backend, exchange_of(http.scope))
            if visitor.may_see:
                return await endpoint(http, visitor)
            if self._backend.config.portal is None:
                return self._page(http, "elsewhere.html", Visitor(False, False), status=403)
            if "text/html" in http.headers.get("accept", ""):
                return RedirectResponse(f"{PATH}/sign-in", 303, {"cache-control": "no-store"})
            return JSONResponse({"error": "unauthorized"}, 403)

        return guarded

    # --- pages ----------------------------------------------------------------------------------

    async def _overview(self, http: Request, visitor: Visitor) -> HTTPResponse:
        facts = await self._facts.find(exchange_of(http.scope).mount_url, visitor)
        return self._page(http, "portal.html", visitor, facts=facts)

    async def _class(self, http: Request, visitor: Visitor) -> HTTPResponse:
        facts = await self._facts.find(exchange_of(http.scope).mount_url, visitor)
        name = http.path_params["name"]
        entry = next((one for one in facts.entries if one.title == name), None)
        if entry is None:
            return await self._missing(http, visitor)
        code = self._pages.code_of(entry, facts)
        return self._page(http, "class.html", visitor, facts=facts, entry=entry, code=code)

    async def _missing(self, http: Request, visitor: Visitor) -> HTTPResponse:
        return self._page(http, "missing.html", visitor, status=404)

    async def _guide(self, http: Request, visitor: Visitor) -> HTTPResponse:
        url = exchange_of(http.scope).mount_url
        text = await asyncio.to_thread(
            self._pages.guide_html, http.path_params["name"], url, self._backend.config.app_id
        )
        if text is None:
            return await self._missing(http, visitor)
        guide, html = text
        facts = await self._facts.find(url, visitor)
        others = () if names_only(guide.text, facts.entries) else facts.own[:_MOST_NAMED]
        return self._page(http, "guide.html", visitor, guide=guide, html=html, others=others)

    async def _manual(self, http: Request, visitor: Visitor) -> HTTPResponse:
        html = await asyncio.to_thread(self._pages.manual_html, http.path_params["name"])
        if html is None:
            return await self._missing(http, visitor)
        return self._page(http, "manual.html", visitor, html=html)

    async def _schema(self, http: Request, visitor: Visitor) -> HTTPResponse:
        facts = await self._facts.find(exchange_of(http.scope).mount_url, visitor)
        text = json.dumps(facts.template, indent=2, ensure_ascii=False)
        return HTTPResponse(text, 200, _file("schema.json"), "application/json")

    async def _graphql_schema(self, http: Request, visitor: Visitor) -> HTTPResponse:
        """Tell GraphiQL the schema: who sees the portal sees its classes anyway."""
        if self._sdl is None:
            return await self._missing(http, visitor)
        return PlainTextResponse(await self._sdl(), 200, _file("schema.graphql"))

    async def _prompt(self, http: Request, visitor: Visitor) -> HTTPResponse:
        facts = await self._facts.find(exchange_of(http.scope).mount_url, visitor)
        return PlainTextResponse(facts.prompt, 200, _file("prompt.txt"))

    async def _openapi(self, http: Request, visitor: Visitor) -> HTTPResponse:
        made = await self._facts.openapi(exchange_of(http.scope).mount_url)
        return JSONResponse(made, headers={"cache-control": "no-store"})

    async def _graphiql(self, http: Request, visitor: Visitor) -> HTTPResponse:
        return self._page(http, "graphiql.html", visitor, is_frame=True)

    async def _reference(self, http: Request, visitor: Visitor) -> HTTPResponse:
        return self._page(http, "reference.html", visitor, is_frame=True)

    async def _demo(self, http: Request, visitor: Visitor) -> HTTPResponse:
        """Sign the demo's user in, for the playground."""
        exchange = exchange_of(http.scope)
        if not self._backend.config.demo or not access.is_of_own_page(exchange):
            return JSONResponse({"error": "unauthorized"}, 403)
        user = await demo.session(master_context(self._backend))
        return JSONResponse(user, headers={"cache-control": "no-store"})

    def _page(
        self,
        http: Request,
        name: str,
        visitor: Visitor,
        *,
        status: int = 200,
        is_frame: bool = False,
        **values: Any,
    ) -> HTTPResponse:
        exchange, config = exchange_of(http.scope), self._backend.config
        nonce = secrets.token_urlsafe(16)
        text = self._pages.render(
            name, config=config, visitor=visitor, nonce=nonce, url=exchange.mount_url, **values
        )
        headers = {
            "content-security-policy": _policy(exchange.mount_url, nonce, is_frame=is_frame),
            "x-content-type-options": "nosniff",
            "referrer-policy": "same-origin",
            "cross-origin-opener-policy": "same-origin",
            "cache-control": "no-store",
        }
        return HTMLResponse(text, status, headers)

    # --- signing in -----------------------------------------------------------------------------

    async def _form(self, http: Request) -> HTTPResponse:
        visitor = await access.visitor_of(self._backend, exchange_of(http.scope))
        return self._page(http, "sign_in.html", visitor, problem="")

    async def _sign_in(self, http: Request) -> HTTPResponse:
        exchange = exchange_of(http.scope)
        if not access.is_of_own_page(exchange):
            return PlainTextResponse("The form comes from another page.", 403)
        await self._limit(exchange)
        form = dict(parse_qsl((await http.body()).decode("utf-8", "replace"), max_num_fields=10))
        context = RequestContext(
            self._backend,
            NOBODY,
            ip=exchange.ip,
            request_id=exchange.request_id,
            mount_url=exchange.mount_url,
            headers=exchange.headers,
        )
        problem = "These are not the credentials of an admin."
        try:
            cookie = await access.sign_in(context, form)
        except (ParseError, HTTPRefusal) as error:
            cookie, problem = None, error.message
        if cookie is None:
            nobody = Visitor(False, False)
            return self._page(http, "sign_in.html", nobody, status=403, problem=problem)
        response = RedirectResponse(PATH, 303, {"cache-control": "no-store"})
        response.set_cookie(
            COOKIE,
            cookie,
            SECONDS,
            path="/",
            httponly=True,
            samesite="strict",
            secure=urlsplit(exchange.mount_url).scheme == "https",
        )
        return response

    async def _sign_out(self, http: Request) -> HTTPResponse:
        exchange = exchange_of(http.scope)
        if not access.is_of_own_page(exchange):
            return PlainTextResponse("The form comes from another page.", 403)
        await access.sign_out(self._backend, exchange)
        response = RedirectResponse(PATH, 303, {"cache-control": "no-store"})
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
        return response

    async def _limit(self, exchange: Exchange) -> None:
        """Count a sign-in as a log-in by the API, so that the limits of that hold here too."""
        if self._limits.are_set:
            exchange.path = ("login",)
            await self._limits.by_address(exchange)


def _unreadable() -> HTTPRefusal:
    return HTTPRefusal(413, "The form is too large.")


def _file(name: str) -> dict[str, str]:
    return {
        "content-disposition": f'attachment; filename="{name}"',
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
    }


def _policy(url: str, nonce: str, *, is_frame: bool) -> str:
    origin = origin_of(url)
    asked = ["'self'"]
    if _ORIGIN.fullmatch(origin):
        asked += [origin, f"ws{origin.removeprefix('http')}"]
    frames = "'self'" if is_frame else "'none'"
    # Styles that diagrams and GraphiQL make bear the nonce; nothing else may.
    return (
        "default-src 'none'; script-src 'self'; "
        f"style-src 'self' 'nonce-{nonce}'; img-src 'self' data: blob:; font-src 'self' data:; "
        f"connect-src {' '.join(asked)}; frame-src 'self'; worker-src 'self'; "
        f"base-uri 'none'; form-action 'self'; frame-ancestors {frames}"
    )


def islands_folder() -> Path:
    """Find the built islands: in an installed package, else in the workspace of a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "_web" / "islands"
    return inside if inside.is_dir() else package.parent / "web" / "dist" / "islands"
