"""``Application``: the start and the end of one Parse application, and its doors."""

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from parsepy.adapters import check_providers, load_function
from parsepy.app.doors import Dispatcher, Door
from parsepy.app.graphql import GraphQLDoors
from parsepy.app.mcp import MCPDoors
from parsepy.app.misspelled import misspelled
from parsepy.app.parts import start_and_end_functions
from parsepy.app.schema_templates import template_of
from parsepy.app.web import web_doors
from parsepy.backend import Backend, master_context
from parsepy.cloud import current, loader, mistakes
from parsepy.cloud.watchdog import Watchdog
from parsepy.config import ConfigError, LiveQueryServerOptions
from parsepy.config.groups import SchemaOptions
from parsepy.errors import Code
from parsepy.files.gridfs import GridFS
from parsepy.http.asgi import ASGIApplication, ASGIScope, Receive, Send
from parsepy.http.backlog import Backlog
from parsepy.http.failures import Failure
from parsepy.http.layers import ExchangeLayer
from parsepy.http.limits import Limits
from parsepy.http.responses import send as answer
from parsepy.http.tracing import TracingLayer
from parsepy.http.websocket import Socket, WebsocketDoor
from parsepy.livequery import LiveQuery, cancelled
from parsepy.model import templates
from parsepy.model.values import JSONObject
from parsepy.operations import bootstrap, jobs, schemas, security, webhooks
from parsepy.operations.mails import worker as mail_worker
from parsepy.operations.push import worker
from parsepy.pages import PagesDoor
from parsepy.rest import RestDoor, aliases
from parsepy.storage.schemas import COLLECTION as SCHEMA_ROWS
from parsepy.triggers import Triggers

if TYPE_CHECKING:
    from parsepy.sites import WebBuild

log = logging.getLogger("parsepy")


LOUD = (schemas.REPLACED, schemas.DELETED, schemas.KEPT)
"""What a start does to a schema that its operator should hear of."""
_STOPPED = Failure(
    503,
    "The server stops; try again.",
    Code.CONNECTION_FAILED,
    ((b"retry-after", b"1"), (b"connection", b"close")),
    is_passing=True,
)
_PATIENCE = 10.0
"""Seconds for what runs in the background to end, and then for the connections to close."""


class Application:
    """An ASGI 3 application: one Parse application with its backend and front doors."""

    def __init__(
        self,
        backend: Backend,
        live: LiveQuery | None = None,
        *,
        runs_schedules: bool = True,
        web_build: "WebBuild | None" = None,
    ) -> None:
        self.backend = backend
        self.live = live
        self._runs_schedules = runs_schedules
        self._calls = start_and_end_functions(backend.config)
        self._limits = Limits(backend, aliases())
        if live is not None:
            live.turns = self._limits.turns
        mount, pages = backend.config.mount_path.rstrip("/"), backend.config.pages.pages_endpoint
        role = backend.config.process_role
        self._works = role in ("all", "jobs")
        self._graphql = GraphQLDoors(backend, self._limits, live)
        self.doors = (
            *self._graphql.doors,
            *MCPDoors(backend, self._limits, self._background).doors,
            Door(f"{mount}/{pages}/", PagesDoor(backend, self._limits)),
            *web_doors(
                backend,
                self._limits,
                RestDoor(backend, self._limits),
                listeners=lambda: 0 if live is None else live.connections,
                build=web_build,
            ),
        )
        self._web_build = web_build
        self.websocket_doors: tuple[WebsocketDoor, ...] = ()
        if role in ("all", "live"):
            self.websocket_doors = (
                *self._graphql.websocket_doors,
                *(() if live is None else (live.door,)),  # at every path, so the last
            )
        doors: ASGIApplication = Dispatcher(self.doors)
        if backend.telemetry is not None:
            doors = TracingLayer(backend.telemetry, doors)
        self._http = ExchangeLayer(backend, doors)
        self._live_task: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._watchdog: Watchdog | None = None

    async def startup(self) -> None:
        """Prepare the database, apply the schema templates, and take requests.

        Raises ``ConfigError``, ``TemplateError``, ``SchemaConflict``, ``CloudError``,
        ``Unavailable``; nothing is left open then.
        """
        backend = self.backend
        backend.state = "starting"
        if backend.telemetry is not None:
            backend.telemetry.mark_logs()
        log.addHandler(backend.logs)  # before all else: what a start tells belongs to the log too
        try:
            # first, so that a slip in cloud code changes nothing in the database
            path = backend.config.cloud
            loaded = None if path is None else loader.load(path)
            await check_providers(backend.auth)
            backend.doing = "reaching the database"
            await backend.storage.look()
            self._tell_of_standalone()
            backend.doing = "preparing the system classes and their indexes"
            await schemas.prepare_database(backend)
            backend.doing = "bringing in the schema templates"
            await self._call("schema.beforeMigration")
            await self._apply_templates([] if loaded is None else loaded.definitions)
            await self._reserve_admin()
            await self._call("schema.afterMigration")
            backend.doing = "starting cloud code and Live Query"
            await self._start_cloud(path, loaded)
            await self._start_live()
            await self._follow_schemas()
            await self._graphql.check()
            await self._watch()
            await self._call("serverStartComplete")
        except BaseException:
            backend.state = "error"
            await self._close()
            raise
        backend.state = "ok"
        self._background(self._graphql.warm_up())
        if self._web_build is not None:
            self._background(self._web_build.run())

    def _tell_of_standalone(self) -> None:
        if not self.backend.storage.is_standalone:
            return
        if self.backend.config.database_options.enable_schema_hooks:
            log.warning("databaseOptions.enableSchemaHooks has no effect: it needs a replica set")
        log.warning(
            "the MongoDB is no replica set: transactions are refused, and Live Query sees what "
            "this process writes. For both, start it with `mongod --replSet rs0`, and once run "
            "`mongosh --eval 'rs.initiate()'`"
        )

    async def _call(self, option: str) -> None:
        """Call the operator's function that an option names; it acts with the master key."""
        if option in self._calls:
            with current.acting(master_context(self.backend)):
                await self._calls[option]()

    async def _watch(self) -> None:
        """Start the metrics and the removal of abandoned uploads; run the security checks."""
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
        """Follow the changes that other processes make to schemas, if the option says so."""
        backend = self.backend
        storage = backend.storage
        # memory: is this process's own
        is_shared = storage.files_database is not None and not storage.is_standalone
        if backend.config.database_options.enable_schema_hooks and is_shared:
            stream = backend.storage.stream(SCHEMA_ROWS)
            await stream.open()
            self._background(stream.run(partial(schemas.noticed, backend)))

    async def _start_live(self) -> None:
        if self.live is not None:
            live = self.backend.config.live_query
            if live is not None and live.carrier == "changeStreams":
                self._refuse_streams()
            await self.live.open()
            self._live_task = asyncio.create_task(self.live.run())

    def _refuse_streams(self) -> None:
        if self.backend.storage.is_standalone:
            raise ConfigError(
                [
                    "liveQuery.carrier: changeStreams need a MongoDB that is a replica set "
                    "(`mongod --replSet rs0`, and once `mongosh --eval 'rs.initiate()'`); without "
                    'one write "liveQuery": {"carrier": "direct"}'
                ]
            )

    async def _apply_templates(self, of_cloud_code: Sequence[JSONObject]) -> None:
        options = self.backend.config.schema
        if options is None and not of_cloud_code:
            return
        options = options or SchemaOptions()
        template = await asyncio.to_thread(template_of, options, of_cloud_code)
        self.backend.sign_up_required = template.sign_up_required
        self.backend.notes = template.notes
        for problem in template.warnings:
            log.warning("schema: %s", problem)
        lines = await schemas.apply(self.backend, template)
        for line in lines:
            # a template is the last word on the permissions of its classes, but never silently
            loud = any(f": {verb} " in line for verb in LOUD)
            log.log(logging.WARNING if loud else logging.DEBUG, "schema: %s", line)
        for line in await schemas.undefined(self.backend, template) if options.strict else ():
            log.warning("schema: %s", line)
        made = [line for line in lines if f": {schemas.KEPT} " not in line]
        if made:
            log.info("schema: %d changes brought in from the templates", len(made))
        for name in await bootstrap.make_roles(self.backend, template.roles):
            log.info("role made: %s", name)

    async def _reserve_admin(self) -> None:
        """Let nobody make the role `admin` for themself where it opens doors."""
        config = self.backend.config
        if config.mcp.enabled or config.portal:
            for line in await bootstrap.reserve_admin(self.backend):
                log.warning("%s", line)

    async def _start_cloud(self, path: Path | None, loaded: Triggers | None) -> None:
        """Activate cloud code, watch its files, and start scheduled jobs, pushes and webhooks."""
        backend = self.backend
        if path is not None and loaded is not None:
            await self._adopt(loaded)
            mistakes.notice_unawaited()
            self._watchdog = Watchdog(backend.triggers.timeout)
            if backend.config.watch:
                mistakes.track_origins()
                self._background(loader.watch(path, self.replace_cloud_code))
        if self._runs_schedules and self._works:
            self._background(jobs.run_schedules(backend))
            self._background(jobs.run_at_moments(backend))
            push = backend.config.push
            if push is not None and not push.disable_worker:
                self._background(worker.run(backend))
        if backend.mailer is not None and self._works:
            self._background(mail_worker.run(backend))
        if backend.config.email_change == "confirm":
            await backend.storage.email_changes.prepare()
        if "emailOtp" in backend.auth:
            await backend.storage.sign_in_codes.prepare()
        await webhooks.load(backend)
        self._background(webhooks.follow(backend))

    async def replace_cloud_code(self, loaded: Triggers) -> None:
        """Activate cloud code that has changed, and make the classes that it defines now."""
        if loaded.definitions != self.backend.triggers.definitions:
            try:
                await self._apply_templates(loaded.definitions)
            except (templates.TemplateError, schemas.SchemaConflict) as error:
                log.error("%s\nThe old code goes on serving.", error)
                return
        await self._adopt(loaded)

    async def _adopt(self, loaded: Triggers) -> None:
        """Activate cloud code; warn of triggers on class names that look misspelled."""
        backend = self.backend
        backend.triggers.adopt(loaded)
        for line in await misspelled(backend, loaded.registered()):
            log.warning("cloud code: %s", line)

    def _background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("a background task ended", exc_info=task.exception())

    async def shutdown(self) -> None:
        """Stop the background tasks and close the connections."""
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
        if self._watchdog is not None:
            self._watchdog.stop()
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
        if self.backend.telemetry is not None:
            await self.backend.telemetry.close()

    async def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        """Answer one request, or start and stop with the server (ASGI's lifespan)."""
        if scope["type"] == "http":
            try:
                await self._http(scope, receive, send)
            except asyncio.CancelledError:  # the server stops, and can wait no longer
                await answer(_STOPPED.answer(), send)
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


async def _end(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """Cancel tasks and wait until they end; log the name of one that does not."""
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


def websocket_class(application: Application) -> Any:
    """Return what uvicorn makes of websocket connections; ``None`` if no door takes any."""
    doors = application.websocket_doors
    if not doors:
        return None
    options = application.backend.config.live_query_server_options or LiveQueryServerOptions()
    backlog = Backlog(options.max_backlog)

    def make(config: Any, server_state: Any, app_state: Any) -> asyncio.Protocol:
        return Socket(doors, server_state.connections, backlog)

    return make
