"""The test kit of cloud code: ``parse_app`` starts an application inside the test.

No server, no socket: clients speak to the application itself, by the requests that an SDK would
send. ``parsepy.pytest_plugin`` gives pytest a fixture ``parse_app`` that closes what it made.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol, Self
from urllib.parse import urlencode
from uuid import uuid4

from parsepy.app import Application, build
from parsepy.backend import RequestContext
from parsepy.cloud import current, mistakes
from parsepy.cloud.codec import encode
from parsepy.cloud.mistakes import CloudMistake
from parsepy.config import Config
from parsepy.errors import Code, ParseError
from parsepy.model import templates
from parsepy.model.principal import MASTER, NOBODY
from parsepy.model.values import JSONObject, dumps, loads
from parsepy.operations import bootstrap, principals
from parsepy.triggers import Event

APP_ID = "test"
MASTER_KEY = "master key of tests"
PASSWORD = "a password for tests"
_MOUNT = "/parse"
_NAMED = {"_User": "users", "_Role": "roles", "_Session": "sessions"}


class Client:
    """Somebody who speaks to the application under test: a user, nobody, or the master key.

    Values go in as cloud code writes them (objects, datetimes, points) or in Parse's JSON, and
    come out in Parse's JSON. A refusal is a ``ParseError`` with its code and message; a mistake of
    cloud code that a server only warns about is a ``CloudMistake``.
    """

    def __init__(self, application: Application, **headers: str) -> None:
        self._application = application
        self._made = _Made.of(application)
        self._headers = {"X-Parse-Application-Id": APP_ID, **headers}

    async def create(
        self, class_name: str, fields: Mapping[str, Any] | None = None, **options: Any
    ) -> JSONObject:
        """Store a new object; the answer, with its ``objectId``. ``context``: as in ``save``."""
        answer: JSONObject = await self._ask("POST", _path(class_name), fields or {}, **options)
        return answer

    async def get(self, class_name: str, object_id: str, **parameters: Any) -> JSONObject:
        """One object; raises OBJECT_NOT_FOUND. ``parameters`` are those of a find: ``include``…"""
        answer: JSONObject = await self._ask("GET", _path(class_name, object_id), query=parameters)
        return answer

    async def find(
        self, class_name: str, where: Mapping[str, Any] | None = None, **parameters: Any
    ) -> list[JSONObject]:
        """The objects that match; ``parameters`` as ``order``, ``limit``, ``include``."""
        query = {"where": dict(where or {}), **parameters}
        answer = await self._ask("GET", _path(class_name), query=query)
        found: list[JSONObject] = answer["results"]
        return found

    async def count(self, class_name: str, where: Mapping[str, Any] | None = None) -> int:
        """How many objects match."""
        query = {"where": dict(where or {}), "count": 1, "limit": 0}
        answer = await self._ask("GET", _path(class_name), query=query)
        return int(answer["count"])

    async def update(
        self, class_name: str, object_id: str, fields: Mapping[str, Any], **options: Any
    ) -> JSONObject:
        """Change an object; the answer. Operations are written ``{"__op": …}``."""
        answer: JSONObject = await self._ask("PUT", _path(class_name, object_id), fields, **options)
        return answer

    async def delete(self, class_name: str, object_id: str, **options: Any) -> None:
        """Delete an object."""
        await self._ask("DELETE", _path(class_name, object_id), **options)

    async def call(self, function: str, params: Mapping[str, Any] | None = None) -> Any:
        """Call a cloud function; its result, ``None`` also where it returned nothing."""
        answer = await self._ask("POST", f"/functions/{function}", params or {})
        return answer.get("result") if isinstance(answer, dict) else answer

    async def upload(
        self, name: str, data: bytes, content_type: str = "application/octet-stream"
    ) -> JSONObject:
        """Upload a file; the answer, with its ``name`` and ``url``."""
        headers = {"Content-Type": content_type}
        answer, _ = await self._send("POST", f"/files/{name}", data, more=headers)
        return dict(answer)

    async def run_job(self, name: str, params: Mapping[str, Any] | None = None) -> JSONObject:
        """Run a job and wait for its end; its `_JobStatus`.

        Raises SCRIPT_FAILED with what the job raised.
        """
        backend = self._application.backend
        before = set(backend.tasks)
        _, headers = await self._send("POST", f"/jobs/{name}", params or {})
        started = backend.tasks - before
        if started:
            await asyncio.wait(started)
            self._made.raise_first()
        holder = Client(self._application, **{"X-Parse-Master-Key": MASTER_KEY})
        status = await holder.get("_JobStatus", headers[b"X-Parse-Job-Status-Id"].decode())
        if status["status"] == "failed":
            raise ParseError(Code.SCRIPT_FAILED, str(status.get("message")))
        return status

    async def _ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, **options: Any
    ) -> Any:
        answer, _ = await self._send(method, path, body, **options)
        return answer

    async def _send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | bytes | None = None,
        *,
        query: Mapping[str, Any] | None = None,
        context: Mapping[str, Any] | None = None,
        more: Mapping[str, str] | None = None,
    ) -> tuple[Any, dict[bytes, bytes]]:
        """Send a request into the application; what it answers, and the headers."""
        headers = dict(self._headers)
        headers |= more or {}
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        if context is not None:
            headers["X-Parse-Cloud-Context"] = dumps(encode(dict(context))).decode()
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": _MOUNT + path,
            "raw_path": (_MOUNT + path).encode(),
            "query_string": urlencode(
                {name: _text(value) for name, value in (query or {}).items()}
            ).encode(),
            "headers": [
                (name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()
            ],
            "client": ("127.0.0.1", 0),
            "server": ("testserver", 80),
        }
        with mistakes.refusing():
            if not isinstance(body, bytes):
                body = b"" if body is None else dumps(encode(dict(body)))
        exchange = _Exchange(body)
        await self._application(scope, exchange.receive, exchange.send)
        self._made.raise_first()
        return exchange.answer(), exchange.headers


class _Made:
    """The mistakes that cloud code makes under test; each fails the request it was made in."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    @classmethod
    def of(cls, application: Application) -> "_Made":
        """What is noted of an application; noting begins at the first call."""
        listeners = application.backend.triggers.on_mistake
        found = next((one.__self__ for one in listeners if hasattr(one, "__self__")), None)
        if isinstance(found, _Made):
            return found
        made = cls()
        listeners.append(made.note)
        return made

    def note(self, line: str) -> None:
        """Take down a mistake."""
        self._lines.append(line)

    def raise_first(self) -> None:
        """Raise the first mistake that was not raised yet."""
        if self._lines:
            first, self._lines[:] = self._lines[0], []
            raise CloudMistake(first)


class _Exchange:
    """The two ends of one ASGI request."""

    def __init__(self, content: bytes) -> None:
        self.headers: dict[bytes, bytes] = {}
        self._content = content
        self._status = 0
        self._answer = b""
        self._sent = False

    async def receive(self) -> dict[str, Any]:
        """The whole body, then the end of the connection."""
        if self._sent:
            return {"type": "http.disconnect"}
        self._sent = True
        return {"type": "http.request", "body": self._content, "more_body": False}

    async def send(self, message: Mapping[str, Any]) -> None:
        """Take a piece of the answer."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self.headers = dict(message["headers"])
        else:
            self._answer += message.get("body", b"")

    def answer(self) -> Any:
        """What was answered; raises the refusal."""
        content = loads(self._answer) if self._answer else {}
        if self._status >= 400:
            refusal = content if isinstance(content, dict) else {}
            # a missing master key is refused with a status and no code
            code = refusal.get("code", Code.OPERATION_FORBIDDEN)
            raise ParseError(code, str(refusal.get("error", content)))
        return content


class UserClient(Client):
    """A user who has signed up, with the session that this brought."""

    def __init__(self, application: Application, name: str, answer: JSONObject) -> None:
        token = answer["sessionToken"]
        super().__init__(application, **{"X-Parse-Session-Token": token})
        self.name = name
        self.id: str = answer["objectId"]
        self.session_token: str = token

    @property
    def pointer(self) -> JSONObject:
        """A Pointer to the user."""
        return {"__type": "Pointer", "className": "_User", "objectId": self.id}

    async def log_out(self) -> None:
        """End the session."""
        await self._ask("POST", "/logout", {})


class App:
    """An application under test; ``await parse_app(…)`` makes one.

    ``fired`` counts the cloud code that ran: ``app.fired["beforeSave Game"]``. ``application``
    is what runs inside, for whoever wants to look deeper.
    """

    def __init__(self, application: Application, *, drops_database: bool) -> None:
        self.application = application
        self.fired: Counter[str] = Counter()
        self.anonymous = Client(application)
        self.master = Client(application, **{"X-Parse-Master-Key": MASTER_KEY})
        self._drops_database = drops_database
        self._is_open = True
        application.backend.triggers.observers.append(self._count)

    def _count(self, event: Event) -> None:
        self.fired[f"{event.kind} {event.class_name}"] += 1

    async def user(self, name: str = "ann", roles: Iterable[str] = (), **fields: Any) -> UserClient:
        """Sign up a user who holds these roles (made where they are missing); their client.

        The sign-up is one like any other: it runs the hooks of ``User``, and is counted.
        """
        body = {"username": name, "password": PASSWORD, **fields}
        answer = await self.anonymous._ask("POST", "/users", body)
        return await self._with_roles(UserClient(self.application, name, answer), roles)

    async def log_in(self, name: str = "ann", password: str = PASSWORD) -> UserClient:
        """Log in a user who has signed up; their client, with a session of its own."""
        body = {"username": name, "password": password}
        answer = await self.anonymous._ask("POST", "/login", body)
        return UserClient(self.application, name, answer)

    async def deliver(
        self, receiver: str, body: bytes, headers: Mapping[str, str] | None = None
    ) -> Any:
        """Send what another service would send to a receiver; its answer."""
        path = f"/webhooks/{receiver}"
        answer, _ = await self.anonymous._send("POST", path, body, more=headers)
        return answer

    async def _with_roles(self, user: UserClient, roles: Iterable[str]) -> UserClient:
        backend = self.application.backend
        for role in (roles,) if isinstance(roles, str) else roles:
            await bootstrap.make_roles(backend, (templates.TemplateRole(role),))
            await bootstrap.grant(backend, user.name, role)
        return user

    @asynccontextmanager
    async def acting(self, client: Client | None = None) -> AsyncIterator[None]:
        """Use ``Object``, ``Query`` and the rest of cloud code directly in the test.

        With the rights of ``client``, a user's or ``app.anonymous``; by default with those of
        the master key.
        """
        backend = self.application.backend
        principal = MASTER
        if isinstance(client, UserClient):
            principal = await principals.of_token(backend, client.session_token)
        elif client is self.anonymous:
            principal = NOBODY
        with current.acting(RequestContext(backend, principal)), mistakes.refusing():
            yield
        _Made.of(self.application).raise_first()

    async def close(self) -> None:
        """End the application; the database that was made for it goes."""
        if not self._is_open:
            return
        self._is_open = False
        if self._drops_database:
            await self.application.backend.storage.connection.drop_database()
        await self.application.shutdown()
        _Made.of(self.application).raise_first()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self.close()


class MakeApp(Protocol):
    """What ``parse_app`` is, and the fixture of that name."""

    async def __call__(
        self,
        cloud: str | Path | None = None,
        schema: Iterable[str | Path] = (),
        database: str = "memory:",
        **options: Any,
    ) -> App:
        """Start an application."""
        ...


async def parse_app(
    cloud: str | Path | None = None,
    schema: Iterable[str | Path] = (),
    database: str = "memory:",
    **options: Any,
) -> App:
    """Start an application for a test.

    ``cloud`` is the file or package of cloud code, ``schema`` the template files. ``database``
    is ``memory:`` or the URI of a MongoDB server, on which it gets a database of its own that
    ``close`` drops, whatever database the URI names. ``options`` are Parse Server's. Without a
    template, clients may make classes. Jobs with a schedule do not start by themselves:
    ``run_job`` runs them. Raises ``CloudError``, ``TemplateError``, ``ConfigError``.
    """
    files = [str(file) for file in schema]
    is_memory = database.startswith("memory:")
    settings: dict[str, Any] = {
        "appId": APP_ID,
        "masterKey": MASTER_KEY,
        "serverURL": f"http://testserver{_MOUNT}",
        "databaseURI": database if is_memory else _own_database(database),
        "allowClientClassCreation": not files,
    }
    if files:
        settings["schema"] = files
    if cloud is not None:
        settings["cloud"] = str(cloud)
    application = build(Config.from_options({**settings, **options}), runs_schedules=False)
    app = App(application, drops_database=not is_memory)
    await application.startup()
    mistakes.track_origins()
    return app


def _own_database(uri: str) -> str:
    """The URI with the name of a database that nobody has."""
    scheme, _, rest = uri.partition("://")
    hosts, _, tail = rest.partition("/")
    options = tail.partition("?")[2]
    return f"{scheme}://{hosts}/test_{uuid4().hex[:16]}" + (f"?{options}" if options else "")


def _path(class_name: str, object_id: str | None = None) -> str:
    path = f"/{_NAMED[class_name]}" if class_name in _NAMED else f"/classes/{class_name}"
    return path if object_id is None else f"{path}/{object_id}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else dumps(encode(value)).decode()


__all__ = ["PASSWORD", "App", "Client", "CloudMistake", "MakeApp", "UserClient", "parse_app"]
