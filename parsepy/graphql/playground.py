"""``PlaygroundDoor``: GraphiQL at ``playgroundPath``, from npm packages that the operator installs.

Everything comes from this server. The page holds no key: who wants to introspect writes the master
key into the headers, where it stays in the memory of that page.
"""

import asyncio
import html
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

from parsepy.backend import Backend
from parsepy.http.asgi import ASGIScope, Headers, Receive, Send
from parsepy.http.responses import Answer, send

PACKAGES = "graphiql@3.9.0 react@18.3.1 react-dom@18.3.1"
"""What offers the files below; later majors of both have no build that a page can load."""
COMMAND = f"npm install --no-save {PACKAGES}"
_OURS = Path(__file__).parent / "web"
_OF_PACKAGES = {
    "react.js": "react/umd/react.production.min.js",
    "react-dom.js": "react-dom/umd/react-dom.production.min.js",
    "graphiql.js": "graphiql/graphiql.min.js",
    "graphiql.css": "graphiql/graphiql.min.css",
}
_OF_OURS = ("playground.js", "playground.css")
_TYPES = {".js": b"text/javascript; charset=utf-8", ".css": b"text/css; charset=utf-8"}
_HTML = b"text/html; charset=utf-8"


def package_folders(starts: Iterable[Path]) -> list[Path]:
    """Every ``node_modules`` in these folders and above them, as Node looks for packages."""
    found: dict[Path, None] = {}
    for start in starts:
        place = start.resolve()
        for folder in (place, *place.parents):
            if (folder / "node_modules").is_dir():
                found[folder / "node_modules"] = None
    return list(found)


def find_assets(folders: Iterable[Path]) -> dict[str, Path]:
    """The files of the packages by their names in the page; each is the first that is found."""
    places = list(folders)
    found: dict[str, Path] = {}
    for name, path in _OF_PACKAGES.items():
        for folder in places:
            if (folder / path).is_file():
                found[name] = folder / path
                break
    return found


class PlaygroundDoor:
    """Answers the page and its files."""

    def __init__(self, backend: Backend) -> None:
        self._config = backend.config
        self._path = backend.config.playground_path.rstrip("/")

    async def __call__(self, scope: ASGIScope, receive: Receive, send_message: Send) -> None:
        """Answer one HTTP request."""
        await send(await self._answer(scope), send_message)

    async def _answer(self, scope: ASGIScope) -> Answer:
        if scope["method"] not in ("GET", "HEAD"):
            return Answer(b"", 405, [(b"allow", b"GET, HEAD")])
        name = scope["path"][len(self._path) :].strip("/")
        config = self._config
        folders = package_folders((config.base_dir, Path(), config.data_dir))
        assets = await asyncio.to_thread(find_assets, folders)
        if not name:
            return self._page(is_whole=len(assets) == len(_OF_PACKAGES))
        file = _OURS / name if name in _OF_OURS else assets.get(name)
        if file is None:
            return Answer(b"", 404, [(b"content-type", b"text/plain; charset=utf-8")])
        return await asyncio.to_thread(_file, file, dict(scope["headers"]))

    def _page(self, *, is_whole: bool) -> Answer:
        nonce = secrets.token_urlsafe(16)
        config = self._config
        values = {
            "base": self._path,
            "graphql": config.graphql_path,
            "application": config.app_id,
            "nonce": nonce,
            "command": COMMAND,
        }
        if not config.mount_graphql:
            name = "not_mounted.html"
        else:
            name = "playground.html" if is_whole else "no_assets.html"
        text = (_OURS / name).read_text(encoding="utf-8")
        for key, value in values.items():
            text = text.replace(f"{{{{{key}}}}}", html.escape(value))
        return Answer(text.encode(), 200, [(b"content-type", _HTML), *_protection(nonce)])


def _protection(nonce: str) -> Headers:
    # GraphiQL's parts put styles into the page: these bear the nonce
    policy = (
        "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
        f"style-src 'self' 'nonce-{nonce}'; font-src 'self' data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return [
        (b"content-security-policy", policy.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
        (b"cache-control", b"no-store"),
    ]


def _file(path: Path, headers: Mapping[bytes, bytes]) -> Answer:
    known = path.stat()
    tag = b'"%x-%x"' % (known.st_mtime_ns, known.st_size)
    shared = [
        (b"etag", tag),
        (b"cache-control", b"no-cache"),
        (b"x-content-type-options", b"nosniff"),
    ]
    if headers.get(b"if-none-match") == tag:
        return Answer(b"", 304, shared)
    return Answer(path.read_bytes(), 200, [(b"content-type", _TYPES[path.suffix]), *shared])
