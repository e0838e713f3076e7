"""What the portal shows: the live schema, counts, state, and what the app says of itself."""

import asyncio
import json
import platform
import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from parsepy import prompts
from parsepy.backend import Backend
from parsepy.descriptions import (
    ClassEntry,
    Described,
    FlowStep,
    document,
    entity_diagram,
    entries_of,
    first_request,
    flow_diagram,
    general_flow,
    origin_of,
    steps_of,
    template_of,
)
from parsepy.errors import ParseError
from parsepy.model.values import JSONObject
from parsepy.operations import bootstrap, schemas, security
from parsepy.portal.access import Visitor
from parsepy.portal.words import FAQ, AppWords, app_words, read
from parsepy.storage import Unavailable
from parsepy.triggers import said_of
from parsepy.version import __version__

COUNT_SECONDS = 2.0
"""How long the counts of all classes may take; those that are not there by then are left out."""
KEPT_SECONDS = 3.0
_FLOW = "Integration flow"
_PROMPT_TITLE = "Create a backend on parsepy with exactly this schema and behavior."


@dataclass(frozen=True, slots=True)
class FunctionEntry:
    """A cloud function: its name, what it says of itself, its declared parameters."""

    name: str
    text: str
    parameters: Mapping[str, tuple[str, bool]]


@dataclass(frozen=True, slots=True)
class Facts:
    """What one page is made of."""

    name: str
    words: AppWords
    url: str
    app_id: str
    client_key: str
    state: str
    troubles: Mapping[str, str]
    entries: tuple[ClassEntry, ...]
    counts: Mapping[str, int]
    functions: tuple[FunctionEntry, ...]
    hooks: Mapping[str, Sequence[tuple[str, str]]]
    live_classes: frozenset[str]
    listeners: int
    stack: Sequence[tuple[str, str]]
    diagram: str
    flow: tuple[FlowStep, ...]
    flow_source: str
    template: JSONObject
    prompt: str
    mcp: Sequence[tuple[str, str]]
    dashboard: str
    warnings: Sequence[tuple[str, str, str]] = field(default_factory=tuple)
    first: str = ""

    @property
    def takeaways(self) -> list[tuple[str, str]]:
        """What the app says of itself beside flow and FAQ: title and text of each section."""
        placed = (_FLOW, FAQ)
        return [(name, text) for name, text in self.words.sections.items() if name not in placed]

    @property
    def own(self) -> list[ClassEntry]:
        """The classes that are the app's own."""
        return [entry for entry in self.entries if entry.name[:1] != "_"]


class FactFinder:
    """Finds the facts of an application."""

    def __init__(
        self,
        backend: Backend,
        routes: Sequence[tuple[str, str, str]],
        listeners: Callable[[], int],
    ) -> None:
        self._backend = backend
        self._routes = routes
        self._listeners = listeners
        self._counted: tuple[float, Mapping[str, int]] = (float("-inf"), {})
        self._database = ""

    async def find(self, url: str, visitor: Visitor) -> Facts:
        """Gather everything for a visitor at this address of the API."""
        backend, config = self._backend, self._backend.config
        state = await self._state()
        classes = [schema.to_json() for schema in (await schemas.load(backend)).values()]
        entries = entries_of(classes, backend.notes)
        shown = [entry.json for entry in entries]
        words = await asyncio.to_thread(self._words)
        live = frozenset(self._live(entries))
        flow = self._flow(words, entries)
        roles = await self._roles()
        counts = await self._counts(entries) if visitor.is_admin or config.demo else {}
        weak = await self._weaknesses() if visitor.is_admin else ()
        functions, hooks = self.functions(), self._hooks()
        key = next(
            filter(None, (config.javascript_key, config.rest_api_key, config.client_key)), ""
        )
        return Facts(
            name=config.app_name or words.title or config.app_id,
            words=words,
            url=url,
            app_id=config.app_id,
            client_key=config.javascript_key or "",
            state=state,
            troubles={n: text for n, tell in backend.troubles.items() if (text := tell())},
            entries=entries,
            counts=counts,
            functions=functions,
            hooks=hooks,
            live_classes=live,
            listeners=self._listeners(),
            stack=self._stack(url, await self._database_name()),
            diagram=entity_diagram(shown, backend.notes),
            flow=flow,
            flow_source=flow_diagram(flow),
            template=template_of(shown, roles, backend.notes, live),
            prompt=_prompt(entries, functions, hooks),
            mcp=self._mcp(url),
            dashboard=self._dashboard(url),
            warnings=weak,
            first=first_request(
                entries,
                url,
                config.app_id,
                f"-H 'X-Parse-REST-API-Key: {key}'" if key else "",
                next((step.path for step in flow if step.method == "GET"), ""),
            ),
        )

    async def openapi(self, url: str) -> JSONObject:
        """Make the OpenAPI document of the app as it is now."""
        config = self._backend.config
        classes = [schema.to_json() for schema in (await schemas.load(self._backend)).values()]
        keys = {
            "X-Parse-Javascript-Key": config.javascript_key,
            "X-Parse-REST-API-Key": config.rest_api_key,
            "X-Parse-Client-Key": config.client_key,
        }
        about = Described(
            config.app_name or config.app_id,
            __version__,
            url,
            self._routes,
            {one.name: (one.text.split("\n")[0], one.parameters) for one in self.functions()},
            [name for name, key in keys.items() if key][:1],
        )
        return document(entries_of(classes, self._backend.notes), about)

    def functions(self) -> tuple[FunctionEntry, ...]:
        """List the cloud functions, by name."""
        triggers = self._backend.triggers
        names = sorted({*triggers.functions, *triggers.webhook_functions})
        found = []
        for name in names:
            handler = triggers.function(name)
            text, parameters = said_of(handler) if handler is not None else ("", {})
            found.append(FunctionEntry(name, _plain(text), parameters))
        return tuple(found)

    async def _state(self) -> str:
        backend = self._backend
        try:
            async with asyncio.timeout(COUNT_SECONDS):
                await backend.storage.ping()
        except (Unavailable, TimeoutError):
            return "the database does not answer"
        return backend.state

    async def _counts(self, entries: Sequence[ClassEntry]) -> Mapping[str, int]:
        at, known = self._counted
        if time.monotonic() - at < KEPT_SECONDS:
            return known
        backend = self._backend

        async def count(name: str) -> tuple[str, int]:
            return name, await backend.storage.count(await schemas.existing(backend, name), ())

        try:
            async with asyncio.timeout(COUNT_SECONDS):
                found = dict(await asyncio.gather(*(count(entry.name) for entry in entries)))
        except (TimeoutError, Unavailable, ParseError):
            return {}
        self._counted = (time.monotonic(), found)
        return found

    async def _roles(self) -> list[JSONObject]:
        try:
            return await bootstrap.list_roles(self._backend)
        except (Unavailable, ParseError):
            return []

    async def _weaknesses(self) -> Sequence[tuple[str, str, str]]:
        try:
            report = await security.report(self._backend)
        except (Unavailable, ParseError):
            return ()
        return [
            (check["title"], check.get("warning", ""), check.get("solution", ""))
            for group in report["groups"]
            for check in group["checks"]
            if check["state"] != "success"
        ]

    def _hooks(self) -> Mapping[str, Sequence[tuple[str, str]]]:
        found: dict[str, list[tuple[str, str]]] = {}
        for kind, class_name, text in self._backend.triggers.told():
            if text:
                found.setdefault(class_name, []).append((kind, _plain(text)))
        return found

    def _live(self, entries: Sequence[ClassEntry]) -> list[str]:
        options = self._backend.config.live_query
        names = set(options.class_names) if options is not None else set()
        return [entry.name for entry in entries if entry.name in names]

    def _words(self) -> AppWords:
        for folder in self._folders():
            text = read(folder / "portal.md")
            if text:
                return app_words(text, folder)
        return app_words("")

    def _folders(self) -> list[Path]:
        schema = self._backend.config.schema
        files = schema.files if schema is not None else ()
        return list(dict.fromkeys(file if file.is_dir() else file.parent for file in files))

    def _flow(self, words: AppWords, entries: Sequence[ClassEntry]) -> tuple[FlowStep, ...]:
        """Take the steps that the app describes, as far as it has their classes."""
        names = {entry.name for entry in entries}
        steps = tuple(
            step
            for step in steps_of(words.sections.get(_FLOW, ""))
            if not step.path.startswith("/classes/")
            or step.path.split("/")[2].partition("?")[0] in names
        )
        return steps or general_flow([entry.json for entry in entries])

    async def _database_name(self) -> str:
        """Name the database, with its version as soon as it has told it."""
        if not self._database:
            if (self._backend.config.database_uri or "").startswith("memory:"):
                self._database = "in memory"
            else:
                try:
                    version = await self._backend.storage.connection.version()
                except Unavailable:
                    return "MongoDB"
                self._database = f"MongoDB {version}"
        return self._database

    def _stack(self, url: str, database: str) -> list[tuple[str, str]]:
        config = self._backend.config
        origin = origin_of(url)
        doors = [("REST API", url)]
        if config.mount_graphql:
            doors.append(("GraphQL", origin + config.graphql_path))
        live = config.live_query
        if live is not None and live.class_names:
            doors.append(("Live Query", f"ws{url.removeprefix('http')}"))
        if config.mount_playground:
            doors.append(("GraphQL playground", origin + config.playground_path))
        doors += [(f"Site {site.path or '/'}", f"{origin}{site.path}/") for site in config.sites]
        if config.mcp.enabled:
            doors.append(("Agents (MCP)", origin + config.mcp.path))
        return [
            ("Server", f"parsepy {__version__}, speaks Parse Server 9.10's protocol"),
            ("Python", f"{platform.python_implementation()} {platform.python_version()}"),
            ("Database", database),
            ("Files", config.files_adapter.module if config.files_adapter else "GridFS"),
            *doors,
        ]

    def _mcp(self, url: str) -> list[tuple[str, str]]:
        """How clients of agents are set up: for which, and the lines."""
        if find_spec("parsepy.mcp") is None:
            return []
        config = self._backend.config
        name, server = config.app_id, {"command": "parsepy", "args": ["mcp"]}
        told = [
            ("Claude Code", f"claude mcp add {shlex.quote(name)} -- parsepy mcp"),
            (
                "Claude Desktop (claude_desktop_config.json), Cursor (.cursor/mcp.json)",
                _json({"mcpServers": {name: server}}),
            ),
            ("VS Code (.vscode/mcp.json)", _json({"servers": {name: {"type": "stdio", **server}}})),
        ]
        if config.mcp.enabled:
            headers = {"X-Parse-Application-Id": name, "X-Parse-Session-Token": "r:…"}
            address = origin_of(url) + config.mcp.path
            remote = {"type": "http", "url": address, "headers": headers}
            told.append(
                ("By HTTP, with the session of an admin", _json({"mcpServers": {name: remote}}))
            )
        return told

    def _dashboard(self, url: str) -> str:
        """Write the command that opens Parse Dashboard on this app, but for the master key."""
        words = ["npx", "parse-dashboard@9.2.0", "--dev", "--appId", self._backend.config.app_id]
        words += ["--masterKey", "YOUR_MASTER_KEY", "--serverURL", url]
        return shlex.join([*words, "--appName", self._backend.config.app_name or "app"])


def _prompt(
    entries: Sequence[ClassEntry],
    functions: Sequence[FunctionEntry],
    hooks: Mapping[str, Sequence[tuple[str, str]]],
) -> str:
    """Write the prompt for agents: schema and rights in the words that `parsepy new` reads.

    Behind them stand, for the agent alone, the permissions of each class whole, and what cloud
    code does.
    """
    known = prompts.prompt_of([entry.json for entry in entries], None, _PROMPT_TITLE)
    parts = [prompts.write(known).rstrip()]
    rights = [f"- {entry.title}: {' '.join(entry.rights)}" for entry in entries]
    if rights:
        parts.append("\n".join(["Permissions in full:", *rights]))
    titles = {entry.name: entry.title for entry in entries}
    behavior = [
        f"- {kind} of {titles.get(name, name)}: {text}"
        for name, told in hooks.items()
        for kind, text in told
    ]
    for function in functions:
        taken = ", ".join(
            f"{key} ({kind}{', required' if needed else ''})"
            for key, (kind, needed) in function.parameters.items()
        )
        text = f": {function.text}" if function.text else ""
        behavior.append(f"- function {function.name}({taken}){text}")
    if behavior:
        parts.append("\n".join(["What cloud code does:", *behavior]))
    return "\n\n".join(parts) + "\n"


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _plain(text: str) -> str:
    """Return the first paragraph of a documentation, without the marks of its code."""
    return text.split("\n\n")[0].replace("``", "")
