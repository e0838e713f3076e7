"""The command `parsepy`: serve, check templates, print the tables, grant a role."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import errno
import gc
import json
import os
import re
import secrets
import shlex
import signal
import socket
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Sequence, Set
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TypeVar

from parsepy import keys, workers
from parsepy.config import (
    OPTIONS,
    Config,
    ConfigError,
    LiveQuery,
    Option,
    SchemaOptions,
    collect,
    unknown_variables,
)
from parsepy.config.table import nearest
from parsepy.version import __version__

if TYPE_CHECKING:
    from parsepy.app import Application
    from parsepy.model.templates import Template
    from parsepy.storage.embedded import EmbeddedMongo

T = TypeVar("T")
Row = tuple[str, ...]

GRACE_SECONDS = 10
KEEP_ALIVE_SECONDS = 75  # longer than proxies keep idle connections, so that none is cut at use
BACKLOG = 2048
HEAD_SIZE = 256 * 1024
TEMPLATES = ("ecommerce.json", "shopping.json")
LIVE_CLASSES = ("Order", "Cart", "SKU", "Product", "FlashSale")

EVERY_OPTION = "Every option of `parsepy show options` has its flag, as these do."

# The options that `--help` explains; every other one has its flag as well.
DATABASE = {"databaseURI", "dataDir"}
COMMON = {
    *("port", "host", "appId", "masterKey", "databaseURI", "serverURL", "mountPath"),
    *("schema", "cloud", "watch", "demo", "dataDir", "allowClientClassCreation", "logLevel"),
}


class StartError(Exception):
    """Why a command can't go on, in words for who typed it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; answers the process's exit code."""
    parser = _parser()
    if not (sys.argv[1:] if arguments is None else arguments):
        parser.print_help()
        return 2
    try:
        args, strange = parser.parse_known_args(arguments)
        if strange:
            print(f"parsepy: {_unexpected(strange[0], args)}", file=sys.stderr)
            return 2
        run: Callable[[argparse.Namespace], int] = args.run
        return run(args)
    except KeyboardInterrupt:
        return 0
    except BrokenPipeError:  # the reader of our output, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        reason = _explained(error)
        if reason is None:
            raise
        print(f"parsepy: {reason}", file=sys.stderr)
        return 1


def _explained(error: Exception) -> str | None:
    """The words for an error that has a cause outside; None for one of ours."""
    if isinstance(error, ConfigError):
        if len(error.problems) == 1:
            return error.problems[0]
        lines = "".join(f"\n  {problem}" for problem in error.problems)
        return f"the configuration has {len(error.problems)} problems:{lines}"
    if isinstance(error, StartError):
        return str(error)
    from pymongo.errors import PyMongoError

    from parsepy.cloud.loader import CloudError
    from parsepy.errors import ParseError
    from parsepy.model.templates import TemplateError
    from parsepy.operations.schemas import SchemaConflict
    from parsepy.storage import Unavailable
    from parsepy.storage.embedded import EmbeddedMongoError

    if isinstance(error, SchemaConflict):
        lines = "".join(f"\n  {line}" for line in error.lines)
        return f"the schema templates don't fit the database:{lines}"
    if isinstance(error, TemplateError):
        lines = "".join(f"\n  {problem}" for problem in error.problems)
        return f"the schema templates can't be used:{lines}"
    if isinstance(error, PyMongoError | Unavailable):
        told = re.sub(r" \(configured timeouts:[^)]*\)", "", str(error).split(", Timeout:")[0])
        return f"the database can't be used: {told}; is it running, and databaseURI right?"
    if isinstance(error, EmbeddedMongoError | ParseError | CloudError):
        return str(error)
    return None


# --- Arguments -------------------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="parsepy", description="A Parse-compatible backend server.", allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=f"parsepy {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    serve = commands.add_parser(
        "serve", help="start the server", allow_abbrev=False, epilog=EVERY_OPTION
    )
    _add_options(serve, COMMON)
    serve.add_argument(
        "--workers",
        dest="option cluster",
        metavar="N",
        default=argparse.SUPPRESS,
        help="serve with so many processes (the option cluster)",
    )
    serve.set_defaults(run=_serve)

    schema = commands.add_parser("schema", help="check schema templates, show what they change")
    actions = schema.add_subparsers(required=True, metavar="ACTION")
    check = actions.add_parser("check", help="validate template files, without a database")
    check.add_argument("files", nargs="+", type=Path, metavar="FILE")
    check.set_defaults(run=_schema_check)
    diff = actions.add_parser("diff", help="print what a start would change", allow_abbrev=False)
    _add_options(diff, {*DATABASE, "schema"})
    diff.set_defaults(run=_schema_diff)

    show = commands.add_parser("show", help="print one of the tables")
    show.add_argument("table", choices=TABLES, help="the one to print")
    show.set_defaults(run=_show)

    user = commands.add_parser("user", help="give users roles")
    actions = user.add_subparsers(required=True, metavar="ACTION")
    grant = actions.add_parser("grant", help="put a user into a role", allow_abbrev=False)
    grant.add_argument("username", metavar="NAME", help="the user's name")
    grant.add_argument("role", metavar="ROLE", help="the role's name")
    _add_options(grant, DATABASE)
    grant.set_defaults(run=_user_grant)
    return parser


def _unexpected(word: str, args: argparse.Namespace) -> str:
    """What to say about a word that no command takes."""
    if not word.startswith("-"):
        return f"unexpected argument {word}"
    flags: dict[str, str] = getattr(args, "flags", {})
    name = word.partition("=")[0]
    near = nearest(name.strip("-"), flags)
    return f"unknown option {name}" + (f": did you mean {flags[near]}?" if near else "")


def _add_options(parser: argparse.ArgumentParser, explained: Set[str]) -> None:
    """A flag for every option of the table, `--config` and `--set`; help on some of them."""
    parser.add_argument("--config", type=Path, metavar="FILE", help="JSON file of options")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="any option of `parsepy show options`; VALUE may be JSON",
    )
    for option in OPTIONS:
        # Parse: its own command line takes the camelCase names.
        flags = dict.fromkeys((option.flag, f"--{option.name}"))
        extra: dict[str, Any] = {"metavar": "VALUE"}
        if option.name == "schema":
            extra = {"metavar": "FILE", "action": "append"}
        elif option.check.expected == "true or false":
            extra = {"nargs": "?", "const": "true", "metavar": "true|false"}
        about = option.help if option.name in explained else argparse.SUPPRESS
        parser.add_argument(
            *flags, dest=f"option {option.name}", default=argparse.SUPPRESS, help=about, **extra
        )
    known = {"config": "--config", "set": "--set"}
    for option in OPTIONS:
        known |= {option.flag.strip("-"): option.flag, option.name: option.flag}
    parser.set_defaults(flags=known)


class Configured(NamedTuple):
    """A configuration, and the file of its master key unless that is its own."""

    config: Config
    key_file: Path | None


def _configure(args: argparse.Namespace) -> Configured:
    """The configuration of a command: flags, environment, file; keys are made if there are none."""
    prefix = "option "
    flags = {
        name.removeprefix(prefix): value
        for name, value in vars(args).items()
        if name.startswith(prefix)
    }
    for setting in args.set:
        name, equals, value = setting.partition("=")
        if not equals:
            raise StartError(f"--set {setting}: expected NAME=VALUE")
        flags[name] = value
    settings = collect(args.config, os.environ, flags)
    more: dict[str, object] = {}
    if settings.values.get("masterKey") is None:
        more["masterKey"] = secrets.token_urlsafe(32)  # stands in until the rest is known good
    config = settings.config(**more)
    key_file = config.data_dir / "keys.json" if more else None
    if key_file is not None:
        own_id = config.app_id if settings.values.get("appId") is not None else None
        found = keys.load_or_create(key_file, own_id, _warn)
        config = settings.config(masterKey=found.master_key, appId=found.app_id)
    if config.cloud is None:
        config = dataclasses.replace(config, cloud=_default_cloud(config))
    if config.schema is None:
        if config.live_query is None:
            config = dataclasses.replace(config, live_query=LiveQuery(class_names=LIVE_CLASSES))
        config = dataclasses.replace(config, schema=SchemaOptions(files=_default_templates()))
    _warn_about(config)
    return Configured(config, key_file)


def _warn(message: str) -> None:
    print(f"parsepy: warning: {message}", file=sys.stderr)


def _warn_about(config: Config) -> None:
    if config.ineffective:
        _warn(f"accepted, but without effect in this version: {', '.join(config.ineffective)}")
    for line in unknown_variables(os.environ):
        _warn(f"the environment variable {line}")
    _warn_about_providers(config)


def _warn_about_providers(config: Config) -> None:
    from parsepy.auth import PROVIDERS

    for name, provider in config.auth.items():
        if provider.enabled and provider.adapter is None and name not in PROVIDERS:
            slip = next((key for key in provider.options if nearest(key, ["module"])), None)
            meant = f' (is "{slip}" meant to be "module"?)' if slip else ""
            _warn(f"auth.{name}: neither built in nor with a module of yours{meant}; not available")


def _packaged(folder: str = "schema") -> Path:
    """A folder of our own templates or cloud code: inside the wheel, else in the checkout."""
    here = Path(__file__).resolve().parent
    wheel = here / "_shop" / folder
    return wheel if wheel.is_dir() else here.parent / folder


def _default_templates() -> tuple[Path, ...]:
    own = tuple(sorted(Path("schema").glob("*.json")))
    return own or tuple(_packaged() / name for name in TEMPLATES)


def _default_cloud(config: Config) -> Path | None:
    """The working directory's cloud code; for our own templates the rules that come with them."""
    own = Path("cloud") / "main.py"
    if own.is_file():
        return own
    if config.schema is None and not any(Path("schema").glob("*.json")):
        packaged = _packaged("cloud") / "main.py"
        return packaged if packaged.is_file() else None
    return None


def _template(config: Config) -> Template:
    from parsepy.app import template_of

    return template_of(config.schema or SchemaOptions())


# --- The database ----------------------------------------------------------------------------


def _place_of_server(config: Config) -> Path:
    return config.data_dir / "server.json"


@contextlib.contextmanager
def _database(config: Config) -> Iterator[Config]:
    """The configuration with a database to reach: its own, else an embedded one, meanwhile."""
    if config.database_uri is not None:
        yield config
        return
    from parsepy.storage.embedded import EmbeddedMongo

    mongo = EmbeddedMongo.start(config.data_dir / "data")
    lost = threading.Event()
    threading.Thread(target=_watch, args=(mongo, lost), name="mongod-watch", daemon=True).start()
    try:
        yield dataclasses.replace(config, database_uri=mongo.uri)
    finally:
        _ignore_signals()  # a second Ctrl-C must not leave mongod behind
        mongo.stop()
        if lost.is_set():
            raise StartError(
                f"the embedded MongoDB has ended by itself; {mongo.log_path} says more. "
                "The data are kept: start again."
            )


def _watch(mongo: EmbeddedMongo, lost: threading.Event) -> None:
    """Stop this process as SIGTERM does when its mongod ends by itself: nothing works without."""
    code = mongo.wait()
    if code is None:
        return
    if code:
        lost.set()
    else:  # as when systemd tells all processes of a service to stop
        _warn("the embedded MongoDB was told to stop, so the server stops, too")
    os.kill(os.getpid(), signal.SIGTERM)


@contextlib.contextmanager
def _shared_database(config: Config) -> Iterator[Config]:
    """As `_database`, but with the embedded one of a running server, if there is such a server."""
    uri = _uri_of_server(config) if config.database_uri is None else None
    if uri is not None:
        yield dataclasses.replace(config, database_uri=uri)
        return
    with _database(config) as found:
        yield found


def _uri_of_server(config: Config) -> str | None:
    try:
        found = json.loads(_place_of_server(config).read_text(encoding="utf-8"))
        os.kill(found["pid"], 0)
        return str(found["uri"])
    except (OSError, ValueError, KeyError, TypeError):
        return None  # no server, or one that was killed and left its note


@contextlib.contextmanager
def _noted(config: Config) -> Iterator[None]:
    """While this runs, other commands find the database's address in `server.json`."""
    note = _place_of_server(config)
    draft = note.with_name(f".{note.name}.{secrets.token_hex(8)}")
    note.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"uri": config.database_uri, "pid": os.getpid()}, file)
    draft.replace(note)
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


def _run(main: Coroutine[Any, Any, T]) -> T:
    """Run on uvloop where there is one."""
    factory = None
    with contextlib.suppress(ImportError):
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(main)


def _interrupt(_signal: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


def _heed_signals() -> None:
    """SIGTERM ends a command as Ctrl-C does: everything that was opened is closed."""
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, _interrupt)


def _ignore_signals() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


# --- serve -----------------------------------------------------------------------------------


def _serve(args: argparse.Namespace) -> int:
    configured = _configure(args)
    config = configured.config
    _set_up_logs(config)
    template = _template(config)
    _heed_signals()
    with contextlib.ExitStack() as stack:
        # The port first: cheap to refuse. Who connects now is answered when all is ready.
        listener = stack.enter_context(_listen(config))
        config = stack.enter_context(_database(config))
        if configured.config.database_uri is None:
            stack.enter_context(_noted(config))
        welcome = "" if config.silent else _welcome(configured, template)
        count = workers.count_of(config.cluster)
        config = _with_carrier(config, is_alone=count == 1 and _is_own(configured.config))
        if count == 1:
            _run(_serving(config, listener, welcome))
        else:
            _serve_many(count, config, listener, welcome)
    return 0


def _is_own(config: Config) -> bool:
    """Is the database of this server alone?"""
    return config.database_uri is None or config.database_uri.startswith("memory:")


def _with_carrier(config: Config, *, is_alone: bool) -> Config:
    """The configuration with its carrier of live events: change streams where others may write."""
    live = config.live_query
    if live is None or live.carrier is not None:
        return config
    carrier = "direct" if is_alone else "changeStreams"
    return dataclasses.replace(config, live_query=dataclasses.replace(live, carrier=carrier))


def _serve_many(count: int, config: Config, listener: socket.socket, welcome: str) -> None:
    if (config.database_uri or "").startswith("memory:"):
        raise StartError("memory: is in one process: --workers needs a MongoDB")

    def serve(number: int, ready: Callable[[], None]) -> None:
        own = config if number == 0 else dataclasses.replace(config, demo=False)
        try:
            _run(_serving(own, listener, "" if number else welcome, ready))
        except Exception as error:
            reason = _explained(error)
            if reason is None:
                raise
            print(f"parsepy: {reason}", file=sys.stderr, flush=True)
            raise SystemExit(1) from error

    try:
        workers.run(count, serve)
    except workers.WorkerFailed as error:
        raise StartError("the first worker could not start") from error


def _listen(config: Config) -> socket.socket:
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
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
    """Nobody waits to hear that requests are taken."""


async def _serving(
    config: Config, listener: socket.socket, welcome: str, ready: Callable[[], None] = _nothing
) -> None:
    import uvicorn
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    from parsepy.app import build, websocket_class

    class Connection(HttpToolsProtocol):
        """Hangs up on a client whose request has no end of headers, which httptools keeps."""

        received = content = 0  # bytes of the request under way, and those of its body

        def on_message_begin(self) -> None:
            self.received = self.content = 0
            super().on_message_begin()

        def on_body(self, body: bytes) -> None:
            self.content += len(body)
            super().on_body(body)

        def data_received(self, data: bytes) -> None:
            request = self.headers
            super().data_received(data)
            if self.headers is request:  # else another one has begun
                self.received += len(data)
                # a body of tiny chunks has several times its size around it
                if self.received > HEAD_SIZE + 16 * self.content:
                    self.send_400_response("The headers are too large.")

    class Server(uvicorn.Server):
        """Says what to do next as soon as requests are answered."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if not self.started:
                return
            ready()
            if welcome:
                print(welcome, flush=True)
            if config.verify_server_url:
                self.verifying = asyncio.create_task(_verify_server_url(config.server_url))

    application = build(config)
    # What lives as long as the server is not searched for garbage again and again; and a page of
    # objects is so many small dictionaries that the default threshold collects several times in it.
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    # Not by uvicorn's lifespan: what fails here gets one clear line instead of a traceback.
    try:
        await application.startup()
        if config.demo:
            await _load_demo(application, config)
        settings = uvicorn.Config(
            application,
            http=Connection,
            ws=websocket_class(application) or "none",
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        await Server(settings).serve(sockets=[listener])
    finally:
        await application.shutdown()


async def _verify_server_url(url: str) -> None:
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
    from parsepy.operations import bootstrap

    folders = [file.parent / "demo" for file in (config.schema.files if config.schema else ())]
    files = [file for folder in dict.fromkeys(folders) for file in sorted(folder.glob("*.json"))]
    for file in files or sorted((_packaged() / "demo").glob("*.json")):
        await bootstrap.load_demo(application.backend, file)


def _set_up_logs(config: Config) -> None:
    import logging

    from parsepy import logs

    chosen = config.log_level or ("verbose" if config.verbose else "info")
    level = logs.LEVELS["silent" if config.silent else chosen]
    for name in ("verbose", "silly"):
        logging.addLevelName(logs.LEVELS[name], name.upper())
    handler = logging.StreamHandler()
    handler.setFormatter(logs.JSONLines() if config.json_logs else logs.Lines())
    logging.basicConfig(level=level, handlers=[handler])
    for chatty in ("uvicorn", "pymongo", "asyncio"):
        logging.getLogger(chatty).setLevel(max(level, logging.WARNING))


def _welcome(configured: Configured, template: Template) -> str:
    """The lines that a start prints: where everything is, and what to try first."""
    config, key_file = configured
    held = {
        "application id": config.app_id,
        "master key": f"in {key_file.resolve()}" if key_file else "from your configuration",
        "database": _where(config),
        "schema": ", ".join(file.name for file in config.schema.files) if config.schema else "",
    }
    facts = "\n".join(f"  {name:<16}{value}" for name, value in held.items() if value)
    has_products = any(entry["className"] == "Product" for entry in template.classes)
    return (
        f"parsepy {__version__} serves {config.server_url}\n\n{facts}\n\n"
        f"Try first:\n\n  {_curl(config, has_products)}\n\n"
        f"  // JavaScript, after `npm install parse`\n  {_snippet(config, has_products)}\n\n"
        "Ctrl-C stops it."
    )


def _where(config: Config) -> str:
    if config.database_uri is None:
        return f"embedded MongoDB in {config.data_dir.resolve() / 'data'}"
    if config.database_uri.startswith("memory:"):
        return "in memory, for trials: the data are gone when the server stops"
    return re.sub(r"//[^/@]*@", "//", config.database_uri)  # without the password


def _curl(config: Config, has_products: bool) -> str:
    words = ["curl", "-H", f"X-Parse-Application-Id: {config.app_id}"]
    for name, key in (
        ("REST-API", config.rest_api_key),
        ("Javascript", config.javascript_key),
        ("Client", config.client_key),
        ("Windows", config.dot_net_key),
    ):
        if key:  # any one of the client keys opens the door; they are no secrets
            words += ["-H", f"X-Parse-{name}-Key: {key}"]
            break
    path = "/classes/Product?order=name&limit=3" if has_products else "/health"
    return shlex.join([*words, config.server_url + path])


def _snippet(config: Config, has_products: bool) -> str:
    arguments = [json.dumps(config.app_id)]
    if config.javascript_key:
        arguments.append(json.dumps(config.javascript_key))
    query = 'new Parse.Query("Product").find()'
    tried = query if has_products else "Parse.getServerHealth()"
    return (
        f'const Parse = require("parse/node"); Parse.initialize({", ".join(arguments)});\n'
        f"  Parse.serverURL = {json.dumps(config.server_url)};\n"
        f"  {tried}.then(console.log);"
    )


# --- The other commands ----------------------------------------------------------------------


def _schema_check(args: argparse.Namespace) -> int:
    from parsepy.model import templates

    try:
        template = templates.load(args.files)
    except templates.TemplateError as error:
        for problem in error.problems:
            print(problem)
        return 1
    print(f"fine: {', '.join(entry['className'] for entry in template.classes)}")
    return 0


def _schema_diff(args: argparse.Namespace) -> int:
    from parsepy.operations import schemas

    config = _configure(args).config
    template = _template(config)

    async def differences(application: Application) -> list[str]:
        return await schemas.plan(application.backend, template)

    try:
        lines = _with_application(config, differences)
    except schemas.SchemaConflict as error:
        print("\n".join(error.lines))
        return 2
    print("\n".join(lines) if lines else "nothing to change")
    return 0


def _user_grant(args: argparse.Namespace) -> int:
    from parsepy.operations import bootstrap

    async def grant(application: Application) -> None:
        await bootstrap.grant(application.backend, args.username, args.role)

    _with_application(_configure(args).config, grant)
    print(f"{args.username} is in the role {args.role}")
    return 0


def _with_application(config: Config, act: Callable[[Application], Awaitable[T]]) -> T:
    """What `act` answers for the application, on its database but without its templates."""
    from parsepy.app import build

    async def run(found: Config) -> T:
        application = build(dataclasses.replace(found, schema=None, demo=False))
        try:
            await application.startup()
            return await act(application)
        finally:
            await application.shutdown()

    _heed_signals()
    with _shared_database(config) as found:
        return _run(run(found))


# --- show ------------------------------------------------------------------------------------


def _show(args: argparse.Namespace) -> int:
    rows = [tuple(str(cell) for cell in row) for row in TABLES[args.table]()]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        )
    return 0


def _options() -> Iterator[Row]:
    def line(option: Option, group: Option | None = None) -> Row:
        name = f"  .{option.name}" if group else option.name
        default = "" if option.default is None else json.dumps(option.default)
        shown = default if len(default) <= 40 else f"{default[:37]}..."
        acts = option.acts and (group is None or group.acts)
        about = option.help if acts else f"{option.help} ({option.idle or 'not yet acted on'})"
        return name, shown, "" if group else option.env, about

    yield "OPTION", "DEFAULT", "VARIABLE", "WHAT"
    for option in OPTIONS:
        yield line(option)
        for member in option.members:
            yield line(member, option)


def _routes() -> Iterator[Row]:
    from parsepy.rest import routes

    yield "METHOD", "PATH"
    yield "GET", "/health"
    for route in routes():
        yield route.method, route.path


def _operators() -> Iterator[Row]:
    from parsepy.model.where import GROUPS, OPERATORS, RELATED_TO

    yield from _single("OPERATOR", (*OPERATORS, *GROUPS, RELATED_TO))


def _ops() -> Iterator[Row]:
    from parsepy.model.ops import FIELD_OPS

    yield from _single("OPERATION", FIELD_OPS)


def _classes() -> Iterator[Row]:
    from parsepy.model.schema import SYSTEM_COLUMNS
    from parsepy.operations.class_rules import RULES

    yield "CLASS", "RULES", "COLUMNS"
    for name, columns in SYSTEM_COLUMNS.items():
        yield name, "yes" if name in RULES else "", ", ".join(columns)


def _providers() -> Iterator[Row]:
    from parsepy.auth import PROVIDERS

    yield from _single("PROVIDER", PROVIDERS)


def _codes() -> Iterator[Row]:
    from parsepy.errors import Code

    yield "CODE", "NAME"
    for code in Code:
        yield str(code.value), code.name


def _triggers() -> Iterator[Row]:
    from parsepy.triggers import CONFIG, FILE, TRIGGERS

    yield "TRIGGER", "DECORATOR", "FOR", "MAY CHANGE", "MAY REFUSE", "WHEN"
    for kind in TRIGGERS.values():
        targets = ["any class" if kind.of == "class" else kind.of]
        targets += [FILE] if kind.files else []
        targets += [CONFIG] if kind.config else []
        may = ["yes" if allowed else "" for allowed in (kind.may_change, kind.may_refuse)]
        yield kind.name, kind.decorator, ", ".join(targets), *may, kind.when


def _single(title: str, names: Iterable[str]) -> Iterator[Row]:
    yield (title,)
    for name in names:
        yield (name,)


TABLES: dict[str, Callable[[], Iterable[Row]]] = {
    "options": _options,
    "routes": _routes,
    "operators": _operators,
    "ops": _ops,
    "classes": _classes,
    "providers": _providers,
    "codes": _codes,
    "triggers": _triggers,
}
