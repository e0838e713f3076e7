"""``build(config)``: make the parts, mount the front doors, start and stop them."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Coroutine, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast

from parsepy.adapters import Called, load_adapter, load_function, open_providers
from parsepy.backend import Backend, master_context
from parsepy.cache import Cache
from parsepy.cloud import current, loader
from parsepy.config import Config, ConfigError
from parsepy.config.checks import At, number
from parsepy.config.groups import AdapterOptions, SchemaOptions
from parsepy.files import STORES
from parsepy.files.base import FileStore
from parsepy.files.encryption import Encryption
from parsepy.files.gridfs import GridFS
from parsepy.files.memory import MemoryFiles
from parsepy.files.uploads import ABANDONED_AFTER
from parsepy.http.asgi import ASGIApplication, ASGIScope, Receive, Send
from parsepy.http.layers import ExchangeLayer
from parsepy.http.limits import Limits
from parsepy.livequery import LiveQuery, cancelled
from parsepy.logs import LogStore
from parsepy.mail import MAILERS
from parsepy.mail.base import Mailer
from parsepy.metrics import Metrics
from parsepy.model import match, templates
from parsepy.model.query import QueryLimits
from parsepy.model.values import JSONObject, dumps
from parsepy.operations import bootstrap, jobs, schemas, security, webhooks
from parsepy.operations.cloud_log import CloudLog
from parsepy.operations.push import worker
from parsepy.outgoing import Outgoing
from parsepy.pages import PagesDoor
from parsepy.push import open_senders
from parsepy.push.base import PushConfigError, PushSender
from parsepy.rest import RestDoor, aliases
from parsepy.storage import Storage, open_storage
from parsepy.storage.documents import file_url_of
from parsepy.storage.monitor import CommandTimer
from parsepy.storage.schemas import COLLECTION as SCHEMA_ROWS
from parsepy.triggers import Triggers

log = logging.getLogger("parsepy")


_PATIENCE = 10.0
"""Seconds for what runs in the background to end, and then for the connections to close."""


class Application:
    """An ASGI 3 application: one Parse application with its backend and front doors."""

    def __init__(
        self, backend: Backend, live: LiveQuery | None = None, *, runs_schedules: bool = True
    ) -> None:
        self.backend = backend
        self.live = live
        self._runs_schedules = runs_schedules
        self._calls = _calls(backend.config)
        self._limits = Limits(backend, aliases())
        self._rest = RestDoor(backend, self._limits)
        self._pages = PagesDoor(backend)
        pages = f"{backend.config.mount_path.rstrip('/')}/{backend.config.pages.pages_endpoint}/"
        self._doors: tuple[tuple[str, ASGIApplication], ...] = ((pages, self._pages),)
        self._http = ExchangeLayer(backend, self._answer)
        self._live_task: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def startup(self) -> None:
        """Prepare the database, apply the schema templates, and take requests.

        Raises ``TemplateError``, ``SchemaConflict``, ``CloudError``, ``Unavailable``; nothing is
        left open then.
        """
        backend = self.backend
        backend.state = "starting"
        log.addHandler(backend.logs)  # before all else: what a start tells belongs to the log too
        try:
            # first, so that a slip in cloud code changes nothing in the database
            path = backend.config.cloud
            loaded = None if path is None else loader.load(path)
            await backend.storage.ping()
            await schemas.prepare_database(backend)
            await self._call("schema.beforeMigration")
            await self._apply_templates()
            await self._call("schema.afterMigration")
            await self._start_cloud(path, loaded)
            await self._start_live()
            await self._follow_schemas()
            await self._watch()
            await self._call("serverStartComplete")
        except BaseException:
            backend.state = "error"
            await self._close()
            raise
        backend.state = "ok"

    async def _call(self, option: str) -> None:
        """Call the operator's function that an option names; it acts with the master key."""
        if option in self._calls:
            with current.acting(master_context(self.backend)):
                await self._calls[option]()

    async def _watch(self) -> None:
        """Begin to keep figures, and to remove what killed uploads left; look at what is weak."""
        backend, config = self.backend, self.backend.config
        if isinstance(backend.files, GridFS):
            self._background(backend.files.uploads.clean())
        for name in config.security.check_groups:
            option = "security.checkGroups"
            given = await load_function(name, config.base_dir, option)()
            backend.security_checks += security.own_group(given, option)
        if config.security.enable_check_log:
            await security.log_weaknesses(backend)
        if backend.metrics is not None:
            backend.metrics.start(config.metrics.host, config.metrics.port)

    async def _follow_schemas(self) -> None:
        """Notice at once what other processes change of schemas, if the option says so."""
        backend = self.backend
        is_shared = backend.storage.files_database is not None  # memory: is this process's own
        if backend.config.database_options.enable_schema_hooks and is_shared:
            stream = backend.storage.stream(SCHEMA_ROWS)
            await stream.open()
            self._background(stream.run(partial(schemas.noticed, backend)))

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
            loud = f": {schemas.REPLACED} " in line or f": {schemas.DELETED} " in line
            log.log(logging.WARNING if loud else logging.DEBUG, "schema: %s", line)
        for line in await schemas.undefined(self.backend, template) if options.strict else ():
            log.warning("schema: %s", line)
        if lines:
            log.info("schema: %d changes brought in from the templates", len(lines))
        for name in await bootstrap.make_roles(self.backend, template.roles):
            log.info("role made: %s", name)

    async def _start_cloud(self, path: Path | None, loaded: Triggers | None) -> None:
        """Put cloud code into force; watch its files, and run what has a schedule."""
        backend = self.backend
        if path is not None and loaded is not None:
            await self._adopt(loaded)
            if backend.config.watch:
                self._background(loader.watch(path, self._adopt))
        if self._runs_schedules:
            self._background(jobs.run_schedules(backend))
            push = backend.config.push
            if push is not None and not push.disable_worker:
                self._background(worker.run(backend))
        await webhooks.load(backend)
        self._background(webhooks.follow(backend))

    async def _adopt(self, loaded: Triggers) -> None:
        """Put cloud code into force; what was likely meant otherwise is told."""
        backend = self.backend
        backend.triggers.adopt(loaded)
        for kind, class_name in loaded.registered():
            meant = templates.ALIASES.get(class_name)
            if meant and not (await schemas.existing(backend, class_name)).exists:
                log.warning(
                    "cloud code: %s of %s: there is no such class; is %s meant?",
                    kind,
                    class_name,
                    meant,
                )

    def _background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("a background task ended", exc_info=task.exception())

    async def shutdown(self) -> None:
        """End what runs in the background, and close the connections."""
        self.backend.state = "stopped"
        await asyncio.sleep(0)  # a job that has only just been made must begin, to say its end
        await self._close()
        await self._call("serverCloseComplete")

    async def _close(self) -> None:
        await _end([*self._tasks, *self.backend.tasks])
        for close in (self._close_parts, self.backend.storage.close):
            try:
                async with asyncio.timeout(_PATIENCE):
                    await close()
            except TimeoutError:  # the other end may be gone
                log.warning("some connections did not close within %g s", _PATIENCE)

    async def _close_parts(self) -> None:
        if self._live_task is not None:
            await cancelled(self._live_task)
        await self._limits.close()
        if self.backend.metrics is not None:
            await self.backend.metrics.stop()
        log.removeHandler(self.backend.logs)
        self.backend.logs.close()
        await self.backend.outgoing.close()
        close_senders = getattr(self.backend.push, "close", None)
        if close_senders is not None:
            await close_senders()
        await self.backend.files.close()

    async def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        """Answer one request, or follow the server's lifespan."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)

    def _answer(self, scope: ASGIScope, receive: Receive, send: Send) -> Awaitable[None]:
        path: str = scope["path"]
        for prefix, door in self._doors:
            if path.startswith(prefix):
                return door(scope, receive, send)
        return self._rest(scope, receive, send)

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
        text = dumps([_locked(thawed(item)) for item in options.definitions]).decode()
        return templates.parse([("schema.definitions", text)])
    return templates.load(options.files)


def _locked(definition: JSONObject) -> JSONObject:
    """A defined schema with the permissions that it gets.

    Parse: what a definition does not grant is the master key's, and no client adds columns.
    """
    granted = definition.get("classLevelPermissions")
    if granted is None:
        name = definition.get("className")
        log.warning("schema.definitions: %s has no classLevelPermissions: it is closed", name)
    if granted is None or isinstance(granted, dict):
        granted = {**(granted or {}), "addField": {}}
    return {**definition, "classLevelPermissions": granted}


def build(
    config: Config,
    *,
    storage: Storage | None = None,
    outgoing: Outgoing | None = None,
    runs_schedules: bool = True,
) -> Application:
    """Wire the parts of one application from its options.

    ``storage`` replaces the one that ``databaseURI`` names, ``outgoing`` the network that the
    server itself asks; without ``runs_schedules`` no job starts by itself. Raises ``ConfigError``
    for an adapter that can't be loaded, and for ``memory:`` without its extra.
    """
    complexity = config.request_complexity
    seconds = config.cache_ttl / 1000
    own_files = _file_adapter(config)
    metrics = _metrics(config)
    outgoing = outgoing or Outgoing()
    if storage is None:
        storage = _storage(config, own_files, metrics)
    backend = Backend(
        config=config,
        storage=storage,
        files=own_files or _files_in(storage, config),
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
        auth=open_providers(config, outgoing),
        outgoing=outgoing,
        mailer=_mailer(config),
        denied=config.request_keyword_denylist,
        denied_keys=_denied_keys(config),
        triggers=Triggers(config.cloud_timeout / 1000 or None, CloudLog(config.log_levels)),
        settings=Cache(seconds, config.cache_max_size),
        logs=LogStore(config.logs_folder, config.max_log_files),
        metrics=metrics,
        analytics=_analytics(config),
        push=_push_sender(config),
        accepts_password=_accepts_password(config),
        account_rules=_account_rules(config),
    )
    live = _live(backend)
    _show_caches(backend)
    if live is not None:
        _show_live(backend, live)
    return Application(backend, live, runs_schedules=runs_schedules)


def _live(backend: Backend) -> LiveQuery | None:
    """The Live Query server, where classes are to be followed live."""
    options = backend.config.live_query
    if options is None or not options.class_names:
        return None
    return LiveQuery(backend, match.compile)


def _metrics(config: Config) -> Metrics | None:
    if not config.metrics.enabled:
        return None
    try:
        return Metrics()
    except ImportError as error:
        raise ConfigError(
            ["metrics: needs the extra: pip install 'parsepy-server[metrics]'"]
        ) from error


def _analytics(config: Config) -> object:
    """The operator's own taker of events, with its two async methods; ``None`` if there is none."""
    spec = config.analytics_adapter
    if spec is None:
        return None
    made = load_adapter(spec, config.base_dir, "analyticsAdapter")
    for name in ("app_opened", "track_event"):
        if not callable(getattr(made, name, None)):
            raise ConfigError([f"analyticsAdapter: {spec.module} has no method {name}"])
    return made


def _show_caches(backend: Backend) -> None:
    if backend.metrics is not None:
        gauge = backend.metrics.gauge
        gauge("parsepy_cached_sessions", "Sessions cached", lambda: len(backend.principals))
        gauge("parsepy_cached_roles", "Users whose roles are cached", lambda: len(backend.roles))
        gauge("parsepy_classes", "Classes known", lambda: len(backend.schemas.classes))


def _show_live(backend: Backend, live: LiveQuery) -> None:
    if backend.metrics is not None:
        gauge, counter = backend.metrics.gauge, backend.metrics.counter
        gauge("parsepy_live_connections", "Live Query clients", lambda: live.connections)
        gauge("parsepy_live_subscriptions", "Queries they follow", lambda: live.subscriptions)
        counter("parsepy_live_events", "Events sent to subscriptions", lambda: live.delivered)
        counter(
            "parsepy_live_slow_clients",
            "Clients closed because they could not keep up",
            lambda: live.slow_clients,
        )


def _denied_keys(config: Config) -> re.Pattern[str] | None:
    """One pattern of all keys that the denylist names; ``None`` if they can't be joined."""
    keys = [entry.key for entry in config.request_keyword_denylist if entry.key is not None]
    if not keys or len(keys) < len(config.request_keyword_denylist):
        return None  # an entry without a key means every key
    for pattern in map(re.compile, keys):
        if pattern.groups or pattern.flags != re.UNICODE:
            return None  # behind others, \\1 and (?i) would mean something else
    return re.compile("|".join(f"(?:{key})" for key in keys))


def _file_adapter(config: Config) -> FileStore | None:
    """The store that the option ``filesAdapter`` names, unless it is GridFS."""
    spec = config.files_adapter
    if spec is None or spec.module == "gridfs":
        return None
    options = dict(spec.options)
    if spec.module == "local":
        options["folder"] = str(config.base_dir / str(options.get("folder", "files")))
    if spec.module in STORES:
        spec = AdapterOptions(module=STORES[spec.module], options=options)
    made = load_adapter(spec, config.base_dir, "filesAdapter", STORES)
    missing = [name for name in _FILE_STORE if not callable(getattr(made, name, None))]
    if missing:
        raise ConfigError([f"filesAdapter: {spec.module} lacks {', '.join(missing)}"])
    return cast(FileStore, made)


def _calls(config: Config) -> Mapping[str, Called]:
    """The operator's functions that are called at the start and the end, by their options."""
    schema = config.schema
    names = {
        "schema.beforeMigration": schema and schema.before_migration,
        "schema.afterMigration": schema and schema.after_migration,
        "serverStartComplete": config.server_start_complete,
        "serverCloseComplete": config.server_close_complete,
    }
    return {
        option: load_function(name, config.base_dir, option)
        for option, name in names.items()
        if name
    }


def _accepts_password(config: Config) -> Called | None:
    """The operator's own check of passwords."""
    policy = config.password_policy
    if policy is None or policy.validator_callback is None:
        return None
    option = "passwordPolicy.validatorCallback"
    return load_function(policy.validator_callback, config.base_dir, option)


def _account_rules(config: Config) -> Mapping[str, Called]:
    """The operator's functions that decide about confirming e-mail addresses, by their options."""
    values = {
        "verifyUserEmails": config.verify_user_emails,
        "preventLoginWithUnverifiedEmail": config.prevent_login_with_unverified_email,
        "sendUserEmailVerification": config.send_user_email_verification,
    }
    return {
        option: load_function(value, config.base_dir, option)
        for option, value in values.items()
        if isinstance(value, str)
    }


def _mailer(config: Config) -> Mailer | None:
    """What the option ``emailAdapter`` names."""
    spec = config.email_adapter
    if spec is None:
        return None
    if spec.module in MAILERS:
        spec = AdapterOptions(module=MAILERS[spec.module], options=spec.options)
    made = load_adapter(spec, config.base_dir, "emailAdapter", MAILERS)
    if not isinstance(made, Mailer):
        raise ConfigError([f"emailAdapter: {spec.module} lacks send_mail"])
    return made


def _push_sender(config: Config) -> PushSender | None:
    """The operator's own sender, or those that the option ``push`` describes."""
    push = config.push
    if push is None:
        return None
    if push.adapter is not None:
        made = load_adapter(push.adapter, config.base_dir, "push.adapter")
        if not isinstance(made, PushSender):
            raise ConfigError([f"push.adapter: {push.adapter.module} lacks send"])
        return made
    try:
        return open_senders(push.options, push.folder)
    except PushConfigError as error:
        raise ConfigError([f"push.{error}"]) from error
    except ImportError as error:
        raise ConfigError(["push: needs the extra: pip install 'parsepy-server[push]'"]) from error


async def _end(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """Cancel tasks and wait for their end; one that will not end is left, and named."""
    for task in tasks:
        task.cancel()
    if not tasks:
        return
    ended, late = await asyncio.wait(tasks, timeout=_PATIENCE)
    for task in ended:
        if not task.cancelled():
            task.exception()  # told where it happened
    for task in late:
        log.warning("%s did not end within %g s", task.get_name(), _PATIENCE)


_FILE_STORE = ("create", "find", "read", "delete", "url", "close")


def _files_in(storage: Storage, config: Config) -> FileStore:
    """GridFS in the storage's database; in this process for ``memory:``."""
    database = storage.files_database
    if database is None:
        return MemoryFiles()
    # Parse: its own GridFS is encrypted with fileKey; encryptionKey is for adapters made by hand
    key = config.file_key or config.encryption_key
    options = dict(config.files_adapter.options) if config.files_adapter else {}
    at = At("filesAdapter.options.abandonedAfter", config.base_dir)
    abandoned_after = number(0)(options.pop("abandonedAfter", ABANDONED_AFTER), at)
    if options:
        raise ConfigError([f"filesAdapter: gridfs has no option {', '.join(options)}"])
    try:
        encryption = Encryption(key) if key else None
    except ImportError as error:
        raise ConfigError([str(error)]) from error
    return GridFS(database, encryption, abandoned_after=abandoned_after)


def _storage(config: Config, files: FileStore | None, metrics: Metrics | None) -> Storage:
    base = config.public_server_url or config.server_url
    driver = dict(config.database_options.driver)
    if metrics is not None:
        driver["event_listeners"] = [CommandTimer(metrics.command)]
    client = config.database_options.client_metadata
    try:
        return open_storage(
            config.database_uri or "",
            file_url=file_url_of(
                base.rstrip("/"), config.app_id, config.file_key, files.url if files else None
            ),
            prefix=config.collection_prefix,
            max_time_ms=config.database_options.max_time_ms,
            batch_size=config.database_options.batch_size,
            client=None if client is None else (client.name, client.version),
            driver_options=driver,
            private_driver_api=config.database_options.use_private_driver_api,
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
