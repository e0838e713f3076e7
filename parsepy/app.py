"""``build(config)``: make the parts, mount the front doors, start and stop them."""

import asyncio
import logging
import re
from collections.abc import Mapping
from typing import Any, cast

from parsepy.adapters import load_adapter
from parsepy.auth import PROVIDERS
from parsepy.auth.base import AuthProvider
from parsepy.backend import Backend
from parsepy.cache import Cache
from parsepy.config import Config, ConfigError
from parsepy.config.groups import SchemaOptions
from parsepy.livequery import LiveQuery, cancelled
from parsepy.livequery.subscriptions import Compile
from parsepy.model import templates
from parsepy.model.query import QueryLimits
from parsepy.model.values import dumps
from parsepy.operations import bootstrap, schemas
from parsepy.rest import RestDoor
from parsepy.rest.requests import Receive, Scope
from parsepy.rest.responses import Send
from parsepy.storage import Storage, open_storage
from parsepy.storage.documents import file_url_of

log = logging.getLogger("parsepy")


class Application:
    """An ASGI 3 application: one Parse application with its backend and front doors."""

    def __init__(self, backend: Backend, live: LiveQuery | None = None) -> None:
        self.backend = backend
        self.live = live
        self._rest = RestDoor(backend)
        self._live_task: asyncio.Task[None] | None = None

    async def startup(self) -> None:
        """Prepare the database, apply the schema templates, and take requests.

        Raises ``TemplateError``, ``SchemaConflict``, ``Unavailable``; nothing is left open then.
        """
        backend = self.backend
        backend.state = "starting"
        try:
            await backend.storage.ping()
            await schemas.prepare_database(backend)
            await self._apply_templates()
            await self._start_live()
        except BaseException:
            backend.state = "error"
            await backend.storage.close()
            raise
        backend.state = "ok"

    async def _start_live(self) -> None:
        if self.live is not None:
            await self.live.open()
            self._live_task = asyncio.create_task(self.live.run())

    async def _apply_templates(self) -> None:
        options = self.backend.config.schema
        if options is None:
            return
        template = await asyncio.to_thread(template_of, options)
        self.backend.sign_up_required = template.sign_up_required
        lines = await schemas.apply(self.backend, template)
        for line in lines:
            # a template is the last word on the permissions of its classes, but never silently
            loud = f": {schemas.REPLACED} " in line
            log.log(logging.WARNING if loud else logging.DEBUG, "schema: %s", line)
        if lines:
            log.info("schema: %d changes brought in from the templates", len(lines))
        for name in await bootstrap.make_roles(self.backend, template.roles):
            log.info("role made: %s", name)

    async def shutdown(self) -> None:
        """Close the connections."""
        self.backend.state = "stopped"
        if self._live_task is not None:
            await cancelled(self._live_task)
        await self.backend.storage.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or follow the server's lifespan."""
        if scope["type"] == "http":
            await self._rest(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self.startup()
        except BaseException as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            raise
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.shutdown()
        await send({"type": "lifespan.shutdown.complete"})


def websocket_class(application: Application) -> Any:
    """What uvicorn makes of a connection that asks for a websocket; ``None`` without Live Query."""
    live = application.live
    if live is None:
        return None

    def make(config: Any, server_state: Any, app_state: Any) -> asyncio.Protocol:
        return live.socket(server_state.connections)

    return make


def template_of(options: SchemaOptions) -> templates.Template:
    """The merged schema templates of the option ``schema``; raises ``TemplateError``."""
    if options.definitions:
        text = dumps([thawed(item) for item in options.definitions]).decode()
        return templates.parse([("schema.definitions", text)])
    return templates.load(options.files)


def build(
    config: Config, *, storage: Storage | None = None, compile_where: Compile | None = None
) -> Application:
    """Wire the parts of one application from its options.

    ``storage`` replaces the one that ``databaseURI`` names; ``compile_where`` makes of a where
    the question whether an object satisfies it; without, there is no Live Query.
    Raises ``ConfigError`` for an adapter that can't be loaded, and for ``memory:`` without its
    extra.
    """
    complexity = config.request_complexity
    seconds = config.cache_ttl / 1000
    backend = Backend(
        config=config,
        storage=storage or _storage(config),
        log=log,
        principals=Cache(seconds, config.cache_max_size),
        roles=Cache(seconds, config.cache_max_size),
        limits=QueryLimits(
            default_limit=config.default_limit,
            max_limit=config.max_limit,
            query_depth=complexity.query_depth,
            include_depth=complexity.include_depth,
            include_count=complexity.include_count,
            public_explain=config.database_options.allow_public_explain,
            subquery_depth=complexity.subquery_depth,
            allow_regex=complexity.allow_regex,
        ),
        auth=_providers(config),
        denied=config.request_keyword_denylist,
        denied_keys=_denied_keys(config),
    )
    return Application(backend, _live(backend, compile_where))


def _live(backend: Backend, compile_where: Compile | None) -> LiveQuery | None:
    """The Live Query server, where classes are to be followed live."""
    options = backend.config.live_query
    if options is None or not options.class_names:
        return None
    if compile_where is None:
        log.warning("liveQuery: there is no matcher of queries in this build; it stays off")
        return None
    return LiveQuery(backend, compile_where)


def _denied_keys(config: Config) -> re.Pattern[str] | None:
    """One pattern of all keys that the denylist names; ``None`` if they can't be joined."""
    keys = [entry.key for entry in config.request_keyword_denylist if entry.key is not None]
    if not keys or len(keys) < len(config.request_keyword_denylist):
        return None  # an entry without a key means every key
    for pattern in map(re.compile, keys):
        if pattern.groups or pattern.flags != re.UNICODE:
            return None  # behind others, \\1 and (?i) would mean something else
    return re.compile("|".join(f"(?:{key})" for key in keys))


def _storage(config: Config) -> Storage:
    base = config.public_server_url or config.server_url
    try:
        return open_storage(
            config.database_uri or "",
            file_url=file_url_of(base.rstrip("/"), config.app_id),
            prefix=config.collection_prefix,
            max_time_ms=config.database_options.max_time_ms,
            driver=config.database_options.driver,
        )
    except ImportError as error:
        raise ConfigError([f"databaseURI: {error}"]) from error


def thawed(value: Any) -> Any:
    """A frozen option as plain JSON values."""
    if isinstance(value, Mapping):
        return {key: thawed(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [thawed(item) for item in value]
    return value


def _providers(config: Config) -> Mapping[str, AuthProvider]:
    providers: dict[str, AuthProvider] = {name: make() for name, make in PROVIDERS.items()}
    for name, configured in config.auth.items():
        if configured.adapter is not None:
            providers[name] = cast(
                AuthProvider,
                load_adapter(configured.adapter, config.base_dir, f"auth.{name}"),
            )
    return providers
