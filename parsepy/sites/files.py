"""``StaticSite``: the files of a folder, with what caches and browsers must know of them."""

import asyncio
import mimetypes
import os
import re
from pathlib import Path
from typing import Any

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import (
    FileResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)
from starlette.staticfiles import NotModifiedResponse, StaticFiles

from parsepy.config import SiteOptions
from parsepy.http.asgi import ASGIApplication, ASGIScope, Receive, Send
from parsepy.http.exchange import exchange_of
from parsepy.model.values import JSONObject
from parsepy.sites.building import WebBuild
from parsepy.sites.compression import SMALLEST, is_text
from parsepy.sites.states import answer as state_answer

_FOREVER = "public, max-age=31536000, immutable"
_ASK = "no-cache"
_HEX = re.compile(r"[.-](?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{8,}\.[\w.]+$")
_MIXED = re.compile(r"[.-][A-Za-z0-9_-]{8}\.[\w.]+$")
_BUILT = {"assets", "static", "chunks"}
"""Folders in which builders put files whose names have their content's hash."""
_CODINGS = (("br", ".br"), ("gzip", ".gz"))
mimetypes.add_type("text/javascript", ".mjs")
mimetypes.add_type("application/manifest+json", ".webmanifest")
mimetypes.add_type("image/webp", ".webp")


def is_immutable(name: str) -> bool:
    """Does the path of a file have the hash of its content in it, so that it never changes?"""
    folders = set(name.split("/")[:-1])
    return bool(_HEX.search(name) or (folders & _BUILT and _MIXED.search(name)))


class StaticSite:
    """An ASGI application that answers the files below ``folder`` at paths below ``path``.

    Files in or below a name that begins with a dot, and links that lead out of the folder, are not
    there. ``fallback`` answers paths without an extension that are no files. What is not there is
    passed to ``otherwise``, if given, else a plain 404. With ``build``, a page tells while the
    folder is not built. ``configuration`` is what the file of that name in the options holds.
    """

    def __init__(
        self,
        options: SiteOptions,
        otherwise: ASGIApplication | None = None,
        build: WebBuild | None = None,
        configuration: JSONObject | None = None,
    ) -> None:
        self._configuration = options.configuration, configuration
        self._path = options.path.rstrip("/")
        self._folder = options.folder
        self._fallback = options.fallback
        self._otherwise = otherwise
        self._build = build
        self._files = StaticFiles(directory=options.folder, check_dir=False)
        self._headers = {"x-content-type-options": "nosniff", "referrer-policy": "same-origin"}
        if options.content_security_policy:
            self._headers["content-security-policy"] = options.content_security_policy

    async def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        response = await self._answer(scope)
        if response is None:
            if self._otherwise is not None:
                await self._otherwise(scope, receive, send)
                return
            response = PlainTextResponse("Not found.", 404, {"cache-control": _ASK})
        exchange_of(scope).page = f"{self._path}/*path"
        for name, value in self._headers.items():
            response.headers.setdefault(name, value)
        application: Any = response
        if _is_compressible(response):
            application = GZipMiddleware(response, minimum_size=SMALLEST)
        await application(scope, receive, send)

    async def _answer(self, scope: ASGIScope) -> Response | None:
        if scope["method"] not in ("GET", "HEAD"):
            if self._otherwise is not None:
                return None
            return PlainTextResponse("Method not allowed.", 405, {"allow": "GET, HEAD"})
        build = self._build
        if build is not None and not build.is_finished and not self._folder.is_dir():
            return state_answer(build)
        path: str = scope["path"][len(self._path) :]
        if not path:  # relative addresses in the page start at the folder
            query = scope["query_string"].decode("latin-1")
            return RedirectResponse(f"{self._path}/{'?' if query else ''}{query}", 307)
        name = path.lstrip("/")
        if name == self._configuration[0]:
            return JSONResponse(self._configuration[1], headers={"cache-control": _ASK})
        if not _is_plain(name):
            return None
        found = await asyncio.to_thread(self._find, name)
        if found is None:
            last = name.rpartition("/")[2]
            if self._fallback is None or "." in last:
                return None
            found = await asyncio.to_thread(self._find, self._fallback)
        if found is None:
            return None
        if isinstance(found, str):
            return RedirectResponse(f"{self._path}/{found}/", 307)
        return await asyncio.to_thread(self._file, *found, Headers(scope=scope))

    def _find(self, name: str) -> tuple[str, os.stat_result] | str | None:
        """Find a file; for a folder that has an index, its name if the slash is missing."""
        if not name or name.endswith("/"):
            return self._look_up(f"{name}index.html")
        found = self._look_up(name)
        if found is None and self._look_up(f"{name}/index.html") is not None:
            return name
        return found

    def _look_up(self, name: str) -> tuple[str, os.stat_result] | None:
        try:
            full, known = self._files.lookup_path(name)
        except (HTTPException, OSError, ValueError):
            return None
        return (full, known) if known is not None and Path(full).is_file() else None

    def _file(self, full: str, known: os.stat_result, asked: Headers) -> Response:
        kind = mimetypes.guess_type(full)[0] or "application/octet-stream"
        headers = {"cache-control": _FOREVER if is_immutable(self._name(full)) else _ASK}
        coding, packed = self._packed(full, known, asked)
        if coding:
            headers |= {"content-encoding": coding, "vary": "Accept-Encoding"}
        place = packed or full
        stat = os.stat(place)
        response = FileResponse(place, headers=headers, stat_result=stat, media_type=kind)
        if self._files.is_not_modified(response.headers, asked):
            return NotModifiedResponse(response.headers)
        return response

    def _name(self, full: str) -> str:
        return Path(full).resolve().relative_to(self._folder.resolve()).as_posix()

    def _packed(self, full: str, known: os.stat_result, asked: Headers) -> tuple[str, str]:
        """Find the file that a build has compressed beforehand, if the client takes it."""
        parts = asked.get("accept-encoding", "").split(",")
        accepted = {part.split(";")[0].strip() for part in parts}
        for coding, end in _CODINGS:
            if coding in accepted and "range" not in asked:
                packed = Path(full + end)
                if packed.is_file() and packed.stat().st_mtime >= known.st_mtime:
                    return coding, str(packed)
        return "", ""


def _is_plain(name: str) -> bool:
    """May the path name a file at all? No dot files, no steps up, nothing that systems read."""
    parts = name.rstrip("/").split("/") if name else []
    odd = any(part == "" or part.startswith(".") for part in parts)
    return not odd and not any(sign in name for sign in "\\\0:")


def _is_compressible(response: Response) -> bool:
    kind = response.headers.get("content-type", "")
    return "content-encoding" not in response.headers and is_text(kind)
