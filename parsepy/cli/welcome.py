"""What a start prints: where everything is, and what to try first."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING

from parsepy.cli.configuration import Configured
from parsepy.cli.database import is_in_memory
from parsepy.config import Config
from parsepy.version import __version__

if TYPE_CHECKING:
    from parsepy.model.templates import Template


def welcome_text(configured: Configured, template: Template) -> str:
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
    if is_in_memory(config):
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
