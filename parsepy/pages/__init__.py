"""``PagesDoor``: the ASGI application of the account pages, which ask for no credentials."""

import logging
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from parsepy.backend import Backend, RequestContext
from parsepy.model.principal import Principal
from parsepy.pages import account
from parsepy.pages.renderer import Renderer, Values, not_found
from parsepy.pages.requests import (
    Answer,
    Asked,
    BadForm,
    Receive,
    Scope,
    Send,
    read,
    segments,
    send,
)
from parsepy.storage import Unavailable

log = logging.getLogger("parsepy.pages")
_TEXT = "text/plain; charset=utf-8"
Handler = Callable[[RequestContext, Asked, Renderer], Awaitable[Answer]]


class Route(NamedTuple):
    """A line of the table: method, path below the mount (`apps` is ``pages.pagesEndpoint``)."""

    method: str
    path: str
    handler: Handler


routes = [
    Route("GET", "/apps/:appId/verify_email", account.verify_email),
    Route("POST", "/apps/:appId/resend_verification_email", account.resend_verification),
    Route("GET", "/apps/choose_password", account.choose_password),
    Route("GET", "/apps/:appId/request_password_reset", account.show_reset),
    Route("POST", "/apps/:appId/request_password_reset", account.reset),
]


class PagesDoor:
    """Answers browsers below the pages' endpoint; everything else there is a file."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        config = backend.config
        self._prefix = f"{config.mount_path.rstrip('/')}/{config.pages.pages_endpoint}"
        self._pages = Renderer(config)
        self._handlers = {
            (route.method, ":appId" in route.path, route.path.rpartition("/")[2]): route.handler
            for route in routes
        }

    def takes(self, scope: Scope) -> bool:
        """Is this request for a page?"""
        return bool(scope["path"].startswith(f"{self._prefix}/"))

    async def __call__(self, scope: Scope, receive: Receive, send_message: Send) -> None:
        """Answer one request."""
        is_head = scope["method"] == "HEAD"
        try:
            answer = await self._answer(scope, receive)
        except BadForm:
            answer = Answer(400, b"The form can't be read.", _TEXT)
        except Unavailable as error:
            log.error("pages: the database can't be reached: %s", error)
            answer = Answer(503, b"Please try again later.", _TEXT)
        except Exception:  # the outermost handler: log, answer without internals
            log.exception("pages: %s failed", scope["method"])
            answer = Answer(500, b"Internal server error.", _TEXT)
        await send(answer, send_message, is_head=is_head)

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        if self._backend.state != "ok":
            return Answer(503, b"Please try again later.", _TEXT)
        path = segments(scope, self._prefix)
        if path is None:
            return not_found()
        asked = await read(scope, receive, path)
        method = "GET" if asked.method == "HEAD" else asked.method
        has_app = len(path) == 2
        handler = self._handlers.get((method, has_app, path[-1])) if len(path) <= 2 else None
        if handler is None:
            return self._file(asked) if method == "GET" else not_found()
        if self._app_of(asked, has_app) != self._backend.config.app_id:
            return Answer(403, b'{"error":"unauthorized"}', "application/json; charset=utf-8")
        if asked.method == "HEAD":
            return Answer()  # who looks whether a link works must not use it up
        client = (scope.get("client") or ("",))[0]
        context = RequestContext(self._backend, Principal(), ip=client, headers=asked.headers)
        return await handler(context, asked, self._pages)

    def _app_of(self, asked: Asked, has_app: bool) -> str | None:
        return asked.path[0] if has_app else asked.text("appId")

    def _file(self, asked: Asked) -> Answer:
        """A page by its file, with what a redirect says in the query; or a resource beside it."""
        name = "/".join(asked.path)
        if not name.endswith(".html"):
            return self._pages.resource(name)
        values: Values = {**self._pages.defaults(), "locale": self._pages.locale(asked)}
        for parameter in ("token", "username"):
            values[parameter] = asked.text(parameter)
        if self._backend.config.pages.force_redirect:  # only then a redirect says what is wrong
            values["error"] = asked.text("error")
        return self._pages.file(name, values)
