"""How each SDK speaks: its headers, its verbs, where its parameters go, what it does to a path."""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar
from uuid import uuid4

from tests.clients.replay import decoders
from tests.clients.replay.wire import Answer, compact, send, shape

APP_ID = "shop"
CLIENT_KEY = "client-key"
MASTER_KEY = "master-key-of-the-sdk-tests"
WINDOWS_KEY = "windows-key"

Json = Mapping[str, Any]


@dataclass
class Journal:
    """What was asked and how it was answered; `complaints` are the decoder's."""

    steps: list[tuple[str, int, Any]] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


class Sdk(ABC):
    """A client of the server at `url`; each method sends what the SDK's own of that kind does."""

    name: ClassVar[str]
    sign_up_path: ClassVar[str] = "/users"
    selects_relations: ClassVar[bool] = True
    """Whether it asks for a relation's objects without knowing their class."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.journal = Journal()
        self.installation = str(uuid4())

    @abstractmethod
    def read(self, answer: Answer, kind: str) -> list[str]:
        """What the SDK's decoder dislikes about an answer to what was asked."""

    @abstractmethod
    def call(
        self, what: str, kind: str, method: str, path: str, body: Json | None = None, **sent: Any
    ) -> Answer:
        """Send one command; `sent`: `token`, `query`, and what else the SDK's own headers need."""

    @abstractmethod
    def find(
        self, what: str, name: str, where: Json, token: str = "", kind: str = "find", **options: Any
    ) -> Answer:
        """Find objects of a class; `options` are those of a query."""

    def sent(
        self,
        what: str,
        kind: str,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes | None,
    ) -> Answer:
        """Send, let the SDK's decoder look at the answer, and write both down."""
        answer = send(self.url, method, path, headers, body)
        found = self.read(answer, kind)
        self.journal.steps.append((what, answer.status, shape(answer.json)))
        if found:
            said = f"{what}: {'; '.join(found)} ({answer.status} {answer.text[:200]})"
            self.journal.complaints.append(said)
        return answer

    def path(self, name: str) -> str:
        """The path of a class."""
        return f"/classes/{name}"

    def sign_up(self, user: Json) -> Answer:
        return self.call("sign up", "sign up", "POST", self.sign_up_path, user, revocable=True)

    def log_in(self, username: str, password: str, kind: str = "log in") -> Answer:
        said = {"username": username, "password": password}
        return self.call("log in", kind, "POST", "/login", said, revocable=True)

    def anonymous(self) -> Answer:
        said = {"authData": {"anonymous": {"id": str(uuid4())}}}
        return self.call("be anonymous", "sign up", "POST", "/users", said, revocable=True)

    def me(self, token: str, kind: str = "get") -> Answer:
        return self.call("who am I", kind, "GET", "/users/me", token=token)

    def log_out(self, token: str) -> Answer:
        return self.call("log out", "ok", "POST", "/logout", token=token)

    def create(
        self, what: str, name: str, body: Json, token: str = "", kind: str = "create"
    ) -> Answer:
        return self.call(what, kind, "POST", self.path(name), body, token=token)

    def update(
        self, what: str, name: str, key: str, body: Json, token: str = "", kind: str = "update"
    ) -> Answer:
        return self.call(what, kind, "PUT", f"{self.path(name)}/{key}", body, token=token)

    def get(self, what: str, name: str, key: str, token: str = "", kind: str = "get") -> Answer:
        return self.call(what, kind, "GET", f"{self.path(name)}/{key}", token=token)

    def count(self, name: str, where: Json, token: str = "") -> Answer:
        return self.find("count", name, where, token, "count", limit=0, count=1)

    def delete(self, what: str, name: str, key: str, token: str = "", kind: str = "ok") -> Answer:
        return self.call(what, kind, "DELETE", f"{self.path(name)}/{key}", token=token)

    def batch(self, what: str, requests: Sequence[Json], token: str = "") -> Answer:
        return self.call(what, "batch", "POST", "/batch", {"requests": requests}, token=token)

    def function(self, name: str, body: Json, token: str = "", kind: str = "function") -> Answer:
        return self.call(f"call {name}", kind, "POST", f"/functions/{name}", body, token=token)

    def config(self) -> Answer:
        return self.call("config", "config", "GET", "/config")

    def upload(self, name: str, content: bytes, media_type: str, token: str = "") -> Answer:
        headers = {**self.headers(token), "Content-Type": media_type}
        headers.pop("content-type", None)
        return self.sent("upload", "file", "POST", f"/files/{name}", headers, content)

    @abstractmethod
    def headers(self, token: str, *, revocable: bool = False) -> dict[str, str]:
        """The SDK's headers without a content type."""


def signed_in(headers: dict[str, str], token: str, *, revocable: bool) -> dict[str, str]:
    """The headers with those of a session."""
    if token:
        headers["X-Parse-Session-Token"] = token
    if revocable:
        headers["X-Parse-Revocable-Session"] = "1"
    return headers


class Android(Sdk):
    """Android: GET and DELETE that carry parameters become POST with `_method` in the body."""

    name = "Android"
    media_type = "application/json"

    def read(self, answer: Answer, kind: str) -> list[str]:
        return decoders.android(answer, kind)

    def headers(self, token: str, *, revocable: bool = False) -> dict[str, str]:
        own = {
            "X-Parse-Application-Id": APP_ID,
            "X-Parse-App-Build-Version": "1",
            "X-Parse-App-Display-Version": "1.0",
            "X-Parse-OS-Version": "14",
            "User-Agent": "Parse Android SDK API Level 34",
            "X-Parse-Installation-Id": self.installation,
            "X-Parse-Client-Key": CLIENT_KEY,
            "Connection": "Keep-Alive",
        }
        return signed_in(own, token, revocable=revocable)

    def call(
        self, what: str, kind: str, method: str, path: str, body: Json | None = None, **sent: Any
    ) -> Answer:
        headers = self.headers(sent.get("token", ""), revocable=sent.get("revocable", False))
        if body is None:
            return self.sent(what, kind, method, path, headers, None)
        headers["Content-Type"] = self.media_type
        if method in {"GET", "DELETE"}:
            body, method = {**body, "_method": method}, "POST"
        return self.sent(what, kind, method, path, headers, compact(body))

    def log_in(self, username: str, password: str, kind: str = "log in") -> Answer:
        said = {"username": username, "password": password}
        return self.call("log in", kind, "GET", "/login", said, revocable=True)

    def log_out(self, token: str) -> Answer:
        return self.call("log out", "ok", "POST", "/logout", {}, token=token)

    def update(
        self, what: str, name: str, key: str, body: Json, token: str = "", kind: str = "update"
    ) -> Answer:
        return super().update(what, name, key, {**body, "objectId": key}, token, kind)

    def find(
        self, what: str, name: str, where: Json, token: str = "", kind: str = "find", **options: Any
    ) -> Answer:
        said = {key: str(value) for key, value in options.items()}
        if where:
            said["where"] = compact(where).decode()
        return self.call(what, kind, "GET", self.path(name), said, token=token)


class ObjectiveC(Android):
    """Objective-C: as Android, but `where` stays an object; one request id for its whole life."""

    name = "Objective-C"
    media_type = "application/json; charset=utf-8"

    def read(self, answer: Answer, kind: str) -> list[str]:
        return decoders.objective_c(answer, kind)

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.request = str(uuid4()).upper()

    def headers(self, token: str, *, revocable: bool = False) -> dict[str, str]:
        own = {
            "X-Parse-Application-Id": APP_ID,
            "X-Parse-Client-Key": CLIENT_KEY,
            "X-Parse-Request-Id": self.request,
            "X-Parse-Client-Version": "i6.0.0",
            "X-Parse-OS-Version": "18.0 (22A3354)",
            "X-Parse-App-Build-Version": "1",
            "X-Parse-App-Display-Version": "1.0",
            "X-Parse-Installation-Id": self.installation,
            "Accept": "*/*",
            "Accept-Language": "en-US,en;q=0.9",
            "User-Agent": "App/1 CFNetwork/1568 Darwin/24.0.0",
        }
        return signed_in(own, token, revocable=revocable)

    def log_out(self, token: str) -> Answer:
        return Sdk.log_out(self, token)

    def update(
        self, what: str, name: str, key: str, body: Json, token: str = "", kind: str = "update"
    ) -> Answer:
        return Sdk.update(self, what, name, key, body, token, kind)

    def find(
        self, what: str, name: str, where: Json, token: str = "", kind: str = "find", **options: Any
    ) -> Answer:
        said: dict[str, Any] = {key: str(value) for key, value in options.items()}
        if where:
            said["where"] = where
        return self.call(what, kind, "GET", self.path(name), said, token=token)


def escaped(value: object) -> str:
    """JSON as Swift's encoder writes it: members in order, slashes with a backslash."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).replace("/", "\\/")
