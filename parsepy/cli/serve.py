"""`parsepy serve`: open the port, start what is configured, answer requests."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import errno
import gc
import os
import socket
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from parsepy import workers
from parsepy.cli import systemd
from parsepy.cli.configuration import configure, packaged, read_template
from parsepy.cli.database import database, is_in_memory, noted
from parsepy.cli.descriptors import most_connections, raise_limit
from parsepy.cli.listener import refuse_more
from parsepy.cli.messages import StartError, explained, warn
from parsepy.cli.process import heed_signals, run
from parsepy.cli.waiting import answering
from parsepy.cli.web import web_build
from parsepy.cli.welcome import welcome_text
from parsepy.config import Config, ConnectionOptions
from parsepy.http import held_bodies

if TYPE_CHECKING:
    from parsepy.app import Application
    from parsepy.cli.connections import ConnectionLimits
    from parsepy.cli.server import StoppingServer

    Welcome = Callable[[Application], str]

BACKLOG = 2048
SWITCH_SECONDS = 0.001
CLOSE_SECONDS = 15.0
"""How long a worker may take to close everything when the last request is answered."""


def command(args: argparse.Namespace) -> int:
    """Serve until a signal ends the process; return its exit code."""
    configured = configure(args)
    config = configured.config
    set_up_logs(config)
    template = read_template(config)
    heed_signals()
    with contextlib.ExitStack() as stack:
        # The port first: cheap to refuse. Who connects now is answered when all is ready.
        listener = stack.enter_context(_listen(config))
        config = stack.enter_context(database(config))
        if configured.config.database_uri is None:
            stack.enter_context(noted(config))
        welcome = None if config.silent else partial(welcome_text, configured, template)
        count = workers.count_of(config.cluster)
        config = _with_transport(config, is_alone=count == 1 and _is_own(configured.config))
        if count == 1:
            run(_serving(config, listener, welcome))
        else:
            _serve_many(count, config, listener, welcome)
    return 0


def _is_own(config: Config) -> bool:
    """Is this server the only one that uses its database?"""
    return config.database_uri is None or is_in_memory(config)


def _with_transport(config: Config, *, is_alone: bool) -> Config:
    """Choose the event transport: change streams where other processes may write."""
    live = config.live_query
    if live is None or live.carrier is not None:
        return config
    is_direct = (is_alone and config.process_role == "all") or _is_standalone(config)
    carrier = "direct" if is_direct else "changeStreams"
    return dataclasses.replace(config, live_query=dataclasses.replace(live, carrier=carrier))


def _is_standalone(config: Config) -> bool:
    """Is the database a MongoDB without change streams? One that is not there is no such."""
    from pymongo import MongoClient
    from pymongo.errors import PyMongoError, ServerSelectionTimeoutError

    from parsepy.storage import client_options

    if config.database_uri is None or is_in_memory(config):
        return False
    options = client_options(config.database_uri, config.database_options.driver)
    try:
        with MongoClient[dict[str, object]](config.database_uri, **options) as client:
            hello = client.admin.command("hello")
    except ServerSelectionTimeoutError:
        warn("the database does not answer, or has no primary; it is asked once more")
        return False
    except (PyMongoError, ValueError):  # which the start itself comes upon, and tells
        return False
    return "setName" not in hello and hello.get("msg") != "isdbgrid"


def _serve_many(
    count: int, config: Config, listener: socket.socket, welcome: Welcome | None
) -> None:
    if is_in_memory(config):
        raise StartError("memory: is in one process: --workers needs a MongoDB")
    if not hasattr(os, "fork"):
        raise StartError(f"cluster, --workers: several processes can't be made on {sys.platform}")

    def serve(number: int, ready: Callable[[], None]) -> None:
        try:
            run(_serving(config, listener, None if number else welcome, ready, number == 0))
        except Exception as error:
            reason = explained(error)
            if reason is None:
                raise
            print(f"parsepy: {reason}", file=sys.stderr, flush=True)
            raise SystemExit(1) from error

    def stopping() -> None:
        systemd.notify(systemd.STOPPING)
        refuse_more(listener)
        listener.close()  # ours: the workers empty its queue, and close theirs

    patience = config.shutdown_timeout + CLOSE_SECONDS
    ready = partial(systemd.notify, systemd.READY)
    try:
        workers.run(count, serve, ready=ready, stopping=stopping, patience=patience)
    except workers.WorkerFailed as error:
        raise StartError("the first worker could not start") from error


def _listen(config: Config) -> socket.socket:
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    # asyncio sends small packets at once only where the protocol is named
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((config.host, config.port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        reason = error.strerror or str(error)
        advice = {
            errno.EADDRINUSE: "stop what holds it, or choose another with --port",
            errno.EACCES: "choose one above 1023 with --port",
        }.get(error.errno or 0, "choose another address with --host")
        raise StartError(
            f"can't listen on {config.host} port {config.port}: {reason}; {advice}"
        ) from error
    listener.setblocking(False)
    return listener


def _nothing() -> None:
    """Do nothing when requests are answered: no other process waits for it."""


async def _serving(
    config: Config,
    listener: socket.socket,
    welcome: Welcome | None,
    ready: Callable[[], None] = _nothing,
    is_first: bool = True,
) -> None:
    import uvicorn

    from parsepy.app import build, websocket_class
    from parsepy.cli.connections import ConnectionTable
    from parsepy.cli.http_protocol import http_protocol
    from parsepy.cli.server import StoppingServer

    def started() -> None:
        ready()
        if ready is _nothing:
            systemd.notify(systemd.READY)
        if welcome is not None:
            print(welcome(application), flush=True)
        if config.verify_server_url:
            kept.append(asyncio.create_task(verify_server_url(config.server_url)))

    def stopping() -> None:
        if ready is _nothing:  # else the supervisor has done so, for all workers
            systemd.notify(systemd.STOPPING)
            refuse_more(listener)

    kept: list[asyncio.Task[None]] = []
    application = build(config, web_build=web_build(config) if is_first else None)
    # Objects that live as long as the server are left out of garbage collection; and a page of
    # objects is so many small dictionaries that the default threshold collects several times in it.
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    # Not by uvicorn's lifespan: what fails here gets one clear line instead of a traceback.
    try:
        backend = application.backend
        async with contextlib.AsyncExitStack() as stack:
            if ready is _nothing:  # else another process may answer as it should
                told = answering(listener, lambda: backend.storage.doing or backend.doing)
                await stack.enter_async_context(told)
            await application.startup()
            if config.demo and is_first:
                await _load_demo(application, config)
        settings = uvicorn.Config(
            application,
            ws=websocket_class(application) or "none",
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            backlog=BACKLOG,
        )
        server = StoppingServer(settings, config.shutdown_timeout, started, stopping)
        limits = _limits_of(config.connections)
        is_proxy = config.trust_proxy.trusts
        server.table = ConnectionTable(limits, server.server_state.connections, is_proxy)
        settings.http = http_protocol(server.table)
        _show(application, server)
        held_bodies.known.most = config.connections.held_bodies
        held_bodies.strangers.most = config.connections.held_bodies // 4
        # threads that compute give way to the event loop so often
        sys.setswitchinterval(SWITCH_SECONDS)
        await server.serve(sockets=[listener])
    finally:
        await application.shutdown()


def _show(application: Application, server: StoppingServer) -> None:
    """Have the figures tell of connections, and of requests that are being answered."""
    metrics, state, table = application.backend.metrics, server.server_state, server.table
    if metrics is not None and table is not None:
        metrics.gauge("parsepy_requests_under_way", "Requests", lambda: len(state.tasks))
        metrics.gauge("parsepy_connections", "Connections", lambda: len(table))
        metrics.counter(
            "parsepy_connections_refused",
            "Connections refused or closed to make room",
            lambda: table.refused,
        )


def _limits_of(options: ConnectionOptions) -> ConnectionLimits:
    from parsepy.cli.connections import ConnectionLimits

    return ConnectionLimits(
        connections=most_connections(options.most, raise_limit()),
        per_address=options.most_per_address,
        headers=options.headers_timeout,
        body=options.request_timeout,
        idle=options.keep_alive_timeout,
        least_rate=options.least_rate,
    )


async def verify_server_url(url: str) -> None:
    """Warn if the server does not answer at its own address (option verifyServerUrl)."""
    import logging
    from urllib.request import urlopen

    def ask() -> None:
        with urlopen(f"{url}/health", timeout=3) as answer:
            answer.read(100)

    try:
        await asyncio.to_thread(ask)
    except (OSError, ValueError) as error:
        logging.getLogger("parsepy").warning(
            "serverURL: %s/health does not answer (%s): clients may not reach the server there",
            url,
            error,
        )


async def _load_demo(application: Application, config: Config) -> None:
    from parsepy.app import files_of
    from parsepy.operations import bootstrap

    templates = files_of(config.schema) if config.schema else ()
    folders = [file.parent / "demo" for file in templates]
    files = [file for folder in dict.fromkeys(folders) for file in sorted(folder.glob("*.json"))]
    for file in files or sorted((packaged() / "demo").glob("*.json")):
        await bootstrap.load_demo(application.backend, file)


def set_up_logs(config: Config) -> None:
    """Write the log to standard error, in the form and from the level that the options name."""
    import logging

    from parsepy import logs

    chosen = config.log_level or ("verbose" if config.verbose else "info")
    level = logs.LEVELS[chosen]
    for name in ("verbose", "silly"):
        logging.addLevelName(logs.LEVELS[name], name.upper())
    # Parse: silent is about the console; what is kept for /scriptlog and the files goes on
    handler = logging.NullHandler() if config.silent else logs.BatchStreamHandler()
    handler.setFormatter(logs.JSONLines() if config.json_logs else logs.Lines())
    logging.basicConfig(level=level, handlers=[handler])
    for chatty in ("uvicorn", "pymongo", "asyncio", "mcp"):
        logging.getLogger(chatty).setLevel(max(level, logging.WARNING))
