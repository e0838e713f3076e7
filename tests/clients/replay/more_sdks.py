"""The SDKs that use HTTP's own verbs, and Unity, which has two of them."""

from collections.abc import Sequence
from email.utils import formatdate
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

from tests.clients.replay import decoders
from tests.clients.replay.sdks import (
    APP_ID,
    CLIENT_KEY,
    MASTER_KEY,
    WINDOWS_KEY,
    Json,
    Sdk,
    escaped,
    signed_in,
)
from tests.clients.replay.wire import Answer, compact


class Flutter(Sdk):
    """Dart over package http: JSON as plain text; the query's text escaped by Dart's `Uri`."""

    name = "Flutter"
    sign_up_path = "/classes/_User"
    media_type = "text/plain; charset=utf-8"

    def read(self, answer: Answer, kind: str) -> list[str]:
        return decoders.flutter(answer, kind)

    def headers(self, token: str, *, revocable: bool = False) -> dict[str, str]:
        own = {
            "user-agent": "Flutter Parse SDK 8.0.0",
            "X-Parse-Application-Id": APP_ID,
            "X-Parse-Client-Key": CLIENT_KEY,
        }
        if revocable:
            own["X-Parse-Installation-Id"] = self.installation
        return signed_in(own, token, revocable=revocable)

    def call(
        self, what: str, kind: str, method: str, path: str, body: Json | None = None, **sent: Any
    ) -> Answer:
        headers = self.headers(sent.get("token", ""), revocable=sent.get("revocable", False))
        if sent.get("master"):
            headers["X-Parse-Master-Key"] = MASTER_KEY
        if body is not None:
            # Saves name the JSON; the rest leave it to the HTTP library.
            saves = path.startswith("/classes/") and path != self.sign_up_path
            headers["content-type"] = "application/json" if saves else self.media_type
        return self.sent(
            what, kind, method, path, headers, compact(body) if body is not None else None
        )

    def find(
        self, what: str, name: str, where: Json, token: str = "", kind: str = "find", **options: Any
    ) -> Answer:
        text = f"where={compact(where).decode()}"
        text += "".join(f"&{key}={value}" for key, value in options.items())
        escaped_text = quote(text, safe="%!$&'()*+,;=:@/?-._~")
        path = f"{self.path(name)}?{escaped_text}"
        return self.call(what, kind, "GET", path, token=token)

    def count(self, name: str, where: Json, token: str = "") -> Answer:
        return self.find("count", name, where, token, "count", count=1)


class FlutterDio(Flutter):
    """Dart over package dio, which names the JSON."""

    media_type = "application/json"


class Swift(Sdk):
    """Swift: queries by GET, their parts as JSON; a request id with each write."""

    name = "Swift"
    selects_relations = False

    def read(self, answer: Answer, kind: str) -> list[str]:
        return decoders.swift(answer, kind)

    def path(self, name: str) -> str:
        own = {"_User": "/users", "_Installation": "/installations", "_Session": "/sessions"}
        return {**own, "_Role": "/roles"}.get(name, f"/classes/{name}")

    def headers(self, token: str, *, revocable: bool = False) -> dict[str, str]:
        own = {
            "X-Parse-Application-Id": APP_ID,
            "X-Parse-Client-Key": CLIENT_KEY,
            "X-Parse-Installation-Id": self.installation,
            "X-Parse-Client-Version": "swift6.0.0",
            "Accept": "*/*",
        }
        return signed_in(own, token, revocable=False)

    def call(
        self, what: str, kind: str, method: str, path: str, body: Json | None = None, **sent: Any
    ) -> Answer:
        headers = {**self.headers(sent.get("token", "")), "Content-Type": "application/json"}
        if method not in {"GET", "DELETE"}:
            headers["X-Parse-Request-Id"] = str(uuid4())
        if sent.get("master"):
            headers["X-Parse-Master-Key"] = MASTER_KEY
        if query := sent.get("query"):
            free = "/?:@-._~!$&()*,;='"
            path += "?" + "&".join(f"{k}={quote(v, safe=free)}" for k, v in sorted(query.items()))
        text = escaped(body).encode() if body is not None else None
        return self.sent(what, kind, method, path, headers, text)

    def options(self, options: Json) -> dict[str, Any]:
        """A query's options with the types of the SDK's own."""
        lists = ("keys", "include", "order", "excludeKeys")
        said = {k: v.split(",") if k in lists else v for k, v in options.items()}
        return {**said, "count": True} if "count" in said else said

    def find(
        self, what: str, name: str, where: Json, token: str = "", kind: str = "find", **options: Any
    ) -> Answer:
        said = {"limit": 100, "skip": 0, "where": where, **self.options(options)}
        query = {key: escaped(value) for key, value in said.items()}
        return self.call(what, kind, "GET", self.path(name), token=token, query=query)

    def batch(self, what: str, requests: Sequence[Json], token: str = "") -> Answer:
        said = {"requests": requests, "transaction": False}
        return self.call(what, "batch", "POST", "/batch", said, token=token)


class SwiftByPost(Swift):
    """Swift as it is set up to send its queries by POST."""

    def find(
        self, what: str, name: str, where: Json, token: str = "", kind: str = "find", **options: Any
    ) -> Answer:
        said = {"_method": "GET", "limit": 100, "skip": 0, "where": where}
        body = {**said, **self.options(options)}
        return self.call(what, kind, "POST", self.path(name), body, token=token)


class DotNet(Sdk):
    """.NET 5: a conditional GET every time, and its own key."""

    name = ".NET"
    sign_up_path = "/classes/_User"

    def read(self, answer: Answer, kind: str) -> list[str]:
        return decoders.dotnet(answer, kind)

    def headers(self, token: str, *, revocable: bool = False) -> dict[str, str]:
        own = {
            "X-Parse-Installation-Id": self.installation,
            "X-Parse-Application-Id": APP_ID,
            "X-Parse-Client-Version": "5.0.1.0",
            "X-Parse-App-Build-Version": "1.0.0.0",
            "X-Parse-App-Display-Version": "1.0.0.0",
            "X-Parse-OS-Version": "Unix 6.1.0.0",
            "X-Parse-Windows-Key": WINDOWS_KEY,
            "Cache-Control": "no-cache",
            "If-Modified-Since": formatdate(usegmt=True),
        }
        return signed_in(own, token, revocable=True)

    def call(
        self, what: str, kind: str, method: str, path: str, body: Json | None = None, **sent: Any
    ) -> Answer:
        headers = self.headers(sent.get("token", ""))
        if body is None:
            return self.sent(what, kind, method, path, headers, None)
        headers["Content-Type"] = "application/json"
        return self.sent(what, kind, method, path, headers, compact(body))

    def log_out(self, token: str) -> Answer:
        return self.call("log out", "ok", "POST", "/logout", {}, token=token)

    def find(
        self, what: str, name: str, where: Json, token: str = "", kind: str = "find", **options: Any
    ) -> Answer:
        query = urlencode({"where": compact(where).decode(), **options}, quote_via=quote)
        return self.call(what, kind, "GET", f"{self.path(name)}?{query}", token=token)


class Unity(DotNet):
    """.NET 1.7 in Unity, which can GET and POST alone: the rest is POST with `_method`."""

    name = "Unity"

    def headers(self, token: str, *, revocable: bool = False) -> dict[str, str]:
        own = super().headers(token)
        del own["Cache-Control"], own["If-Modified-Since"]
        return {
            **own,
            "X-Parse-Client-Version": "net-unity1.7.0.0",
            "X-Unity-Version": "2021.3",
            "User-Agent": "UnityPlayer/2021.3",
        }

    def call(
        self, what: str, kind: str, method: str, path: str, body: Json | None = None, **sent: Any
    ) -> Answer:
        if method != "POST" or body is None:
            body = {**(body or {}), "_method": method, "_noBody": body is None}
        return super().call(what, kind, "POST", path, body, **sent)

    def log_in(self, username: str, password: str, kind: str = "log in") -> Answer:
        query = urlencode({"username": username, "password": password}, quote_via=quote)
        return self.call("log in", kind, "GET", f"/login?{query}")

    def log_out(self, token: str) -> Answer:
        return self.call("log out", "ok", "POST", "/logout", token=token)
