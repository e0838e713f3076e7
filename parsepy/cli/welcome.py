"""What a start prints: where everything is, and what to try first."""

from __future__ import annotations

import itertools
import json
import re
import shlex
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from parsepy.cli.configuration import Configured
from parsepy.cli.database import is_in_memory
from parsepy.config import Config, SchemaOptions
from parsepy.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable

    from parsepy.app import Application
    from parsepy.model.templates import Template
    from parsepy.model.values import JSONObject


_NAMED = 5
"""So many classes are named at most."""


def welcome_text(configured: Configured, template: Template, application: Application) -> str:
    """Write the lines that a start prints: where everything is, and what to try first."""
    from parsepy.app import files_of

    backend = application.backend
    own = [schema.to_json() for name, schema in sorted(backend.schemas.classes.items())]
    own = [shown for shown in own if shown["className"][0] != "_"]

    config, key_file = configured
    held = {
        "application id": config.app_id,
        "master key": f"in {key_file.resolve()}" if key_file else "from your configuration",
        "database": _where(config, is_standalone=backend.storage.is_standalone),
        "schema": ", ".join(file.name for file in files_of(config.schema or SchemaOptions())),
        "classes": _classes(config, own),
        "GraphQL": _origin(config) + config.graphql_path if config.mount_graphql else "",
        "portal": _origin(config) + "/portal" if config.has_portal else "",
        "web pages": ", ".join(f"{_origin(config)}{site.path}/" for site in config.sites),
        "playground": _origin(config) + config.playground_path if config.mount_playground else "",
    }
    facts = "\n".join(f"  {name:<16}{value}" for name, value in held.items() if value)
    example = _readable(template.classes) or _readable(own)
    return (
        f"parsepy {__version__} serves {config.server_url}\n\n{facts}\n\n"
        f"Try first:\n\n  {_curl(config, example)}\n\n"
        f"  // JavaScript, after `npm install parse`\n  {_snippet(config, example)}\n\n"
        "Ctrl-C stops it."
    )


def _origin(config: Config) -> str:
    """The address of the server without the mount, beside which GraphQL lies."""
    parts = urlsplit(config.server_url)
    return f"{parts.scheme}://{parts.netloc}"


def _classes(config: Config, own: list[JSONObject]) -> str:
    """The classes that there are; without any, how one comes by some."""
    names = [shown["className"] for shown in own]
    if names:
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        return f"{len(names)}: {', '.join(names[:_NAMED])}{more}"
    if config.allow_client_class_creation:
        return "none yet: a client makes one by saving an object"
    return (
        "none yet: --demo brings a shop with goods, --schema FILE your own;\n"
        f"  {'':<16}with --allow-client-class-creation clients make them by saving"
    )


def _readable(classes: Iterable[JSONObject]) -> JSONObject | None:
    """Find the first class, beside Parse's own, that anybody may query."""
    for entry in classes:
        permissions = entry.get("classLevelPermissions") or {"find": {"*": True}}
        if not entry["className"].startswith("_") and "*" in permissions.get("find", {}):
            return entry
    return None


def _where(config: Config, *, is_standalone: bool) -> str:
    if config.database_uri is None:
        data = config.data_dir.resolve() / "data"
        return f"embedded MongoDB in {data};\n  {'':<16}another one by --database-uri mongodb://…"
    if is_in_memory(config):
        return "in memory, for trials: the data are gone when the server stops"
    kind = "no replica set: without transactions" if is_standalone else "a replica set"
    return re.sub(r"//[^/@]*@", "//", config.database_uri) + f" ({kind})"  # without the password


def _curl(config: Config, example: JSONObject | None) -> str:
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
    path = "/health"
    if example is not None:
        columns = example["fields"].items()
        texts = (n for n, column in columns if column["type"] == "String" and n != "objectId")
        order = "".join(f"order={name}&" for name in itertools.islice(texts, 1))
        path = f"/classes/{example['className']}?{order}limit=3"
    return shlex.join([*words, config.server_url + path])


def _snippet(config: Config, example: JSONObject | None) -> str:
    arguments = [json.dumps(config.app_id)]
    if config.javascript_key:
        arguments.append(json.dumps(config.javascript_key))
    tried = "Parse.getServerHealth()"
    if example is not None:
        tried = f"new Parse.Query({json.dumps(example['className'])}).find()"
    return (
        f'const Parse = require("parse/node"); Parse.initialize({", ".join(arguments)});\n'
        f"  Parse.serverURL = {json.dumps(config.server_url)};\n"
        f"  {tried}.then(console.log);"
    )
