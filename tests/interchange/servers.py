"""The two kinds of server that exchange databases, opened alike and spoken to alike."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx

from tests.peer import Peer
from tests.providers.fake import redirected, redirecting

APP_ID = "shop"
MASTER_KEY = "master"
# One address for both: it is part of every file's URL. Nobody listens there.
SERVER_URL = "http://localhost:1337/parse"
OPTIONS: Mapping[str, Any] = {
    "appId": APP_ID,
    "masterKey": MASTER_KEY,
    "serverURL": SERVER_URL,
    "publicServerURL": SERVER_URL,
    "allowClientClassCreation": True,
}
PEER = "Parse Server"
# PARSEPY_INTERCHANGE=peer puts Parse Server on both sides: then all must pass, which shows that
# what is compared does not depend on chance.
OURS = PEER if os.environ.get("PARSEPY_INTERCHANGE") == "peer" else "parsepy"
TIMEOUT = httpx.Timeout(30)


class Unexpected(AssertionError):
    """A server refused a request that the test needs."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server on some database."""

    kind: str
    http: httpx.AsyncClient

    async def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        who: str | None = None,
        query: Mapping[str, Any] | None = None,
        installation: str | None = None,
    ) -> httpx.Response:
        """Send a request below the mount; `who` is "master", a session token, or nobody."""
        headers = {"X-Parse-Application-Id": APP_ID}
        if who == "master":
            headers["X-Parse-Master-Key"] = MASTER_KEY
        elif who is not None:
            headers["X-Parse-Session-Token"] = who
        if installation is not None:
            headers["X-Parse-Installation-Id"] = installation
        if path.startswith("/schemas") and who != "master":
            # Parse Server drops the connection after this refusal.
            headers["Connection"] = "close"
        content: str | None = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(body)
        if query:
            path += "?" + urlencode(
                {k: v if isinstance(v, str) else json.dumps(v) for k, v in query.items()}
            )
        return await self.http.request(method, path, content=content, headers=headers)

    async def done(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """Send a request that must succeed, and return the answer's JSON."""
        response = await self.send(method, path, body, **more)
        if not response.is_success:
            raise Unexpected(
                f"{self.kind}: {method} {path} {json.dumps(body)} ->"
                f" {response.status_code} {response.text[:500]}"
            )
        return response.json()


@asynccontextmanager
async def opened(kind: str, uri: str, *, providers: str = "", **more: Any) -> AsyncIterator[Server]:
    """Open a server of this kind on a database, with `more` options, and close it at the end.

    `providers` is where made-up sign-in providers answer in place of the real ones.
    """
    options = {**OPTIONS, **more}
    if kind == PEER:
        # Node needs seconds to start: in a thread, so that the other server can work meanwhile.
        environment = redirecting(providers) if providers else {}
        peer = await asyncio.to_thread(Peer, uri, options, environment)
        try:
            async with httpx.AsyncClient(base_url=peer.url, timeout=TIMEOUT) as http:
                yield Server(kind, http)
        finally:
            await asyncio.to_thread(peer.stop)
        return
    # Imported late: with Parse Server on both sides parsepy is not needed.
    from parsepy.app import build
    from parsepy.config import Config

    outgoing = redirected(providers) if providers else None
    application = build(Config.from_options({**options, "databaseURI": uri}), outgoing=outgoing)
    await application.startup()
    try:
        transport = httpx.ASGITransport(app=application)
        async with httpx.AsyncClient(transport=transport, base_url=SERVER_URL) as http:
            yield Server(kind, http)
    finally:
        await application.shutdown()
