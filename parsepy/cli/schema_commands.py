"""`parsepy schema apply|pull|describe|diagram`: the schema of a database, and of templates."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from parsepy.cli import progress
from parsepy.cli.client_code import classes_of, notes_of
from parsepy.cli.commands import with_application
from parsepy.cli.configuration import configure, read_template
from parsepy.cli.messages import StartError
from parsepy.cli.tables import print_table

if TYPE_CHECKING:
    from parsepy.app import Application
    from parsepy.model.values import JSONObject

_PARSES = ("objectId", "createdAt", "updatedAt", "ACL")
_OPERATIONS = ("find", "get", "count", "create", "update", "delete", "addField")


def apply(args: argparse.Namespace) -> int:
    """Bring the database up to the templates; return 2 if they conflict, 3 if told not to."""
    from parsepy.operations import bootstrap, schemas

    config = configure(args).config
    template = read_template(config)

    async def plan(application: Application) -> list[str]:
        return await schemas.plan(application.backend, template)

    async def act(application: Application) -> list[str]:
        async with progress.telling(application, "bringing in the schema"):
            lines = await schemas.apply(application.backend, template)
        made = await bootstrap.make_roles(application.backend, template.roles)
        return [*lines, *(f"role made: {name}" for name in made)]

    try:
        if not args.yes and not _confirmed(with_application(config, plan)):
            return 3
        lines = with_application(config, act)
    except schemas.SchemaConflict as error:
        print(json.dumps({"conflicts": error.lines}, indent=2) if args.json else error)
        return 2
    if args.json:
        print(json.dumps(lines, indent=2))
    else:
        print("\n".join(lines) if lines else "nothing to change")
    return 0


def _confirmed(lines: Sequence[str]) -> bool:
    """Show what would change, and ask; on standard error, where the question belongs."""
    print("\n".join(lines) if lines else "nothing to change", file=sys.stderr)
    if not lines:
        return True
    if not sys.stdin.isatty():
        raise StartError("schema apply: nobody can be asked here; say --yes")
    print("Apply these? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def pull(args: argparse.Namespace) -> int:
    """Write the database's schema as a template."""
    from parsepy import prompts
    from parsepy.cli.client_code import live_classes
    from parsepy.descriptions import template_of
    from parsepy.operations import bootstrap

    async def act(application: Application) -> tuple[list[JSONObject], list[JSONObject]]:
        return await live_classes(application), await bootstrap.list_roles(application.backend)

    classes, roles = with_application(configure(args).config, act)
    text = prompts.template_text(template_of(classes, roles))
    if args.output is None:
        print(text, end="")
    else:
        args.output.write_text(text, encoding="utf-8")
    return 0


# --- for people ---------------------------------------------------------------------------------


def describe(args: argparse.Namespace) -> int:
    """Print the columns and permissions of classes; return 1 if one that was named is missing."""
    classes = _chosen(args)
    if args.json:
        print(json.dumps(classes, indent=2, sort_keys=True))
        return 0
    for at, one in enumerate(classes):
        print(("\n" if at else "") + str(one["className"]))
        print_table(_columns(one), indent="  ")
        rights = one.get("classLevelPermissions") or {}
        print_table(
            [(name, _who(rights[name])) for name in _OPERATIONS if name in rights], indent="  "
        )
    return 0


def _chosen(args: argparse.Namespace) -> list[JSONObject]:
    classes = [one for one in classes_of(args) if not args.classes or _is_named(one, args.classes)]
    known = {str(one["className"]).lstrip("_") for one in classes}
    missing = [name for name in args.classes if name.lstrip("_") not in known]
    if missing:
        raise StartError(f"schema: there is no class {missing[0]}")
    return sorted(classes, key=lambda one: str(one["className"]))


def _is_named(one: JSONObject, names: Sequence[str]) -> bool:
    return str(one["className"]).lstrip("_") in {name.lstrip("_") for name in names}


def _columns(one: JSONObject) -> list[tuple[str, ...]]:
    return [
        (name, _kind(column), "required" if column.get("required") else "")
        for name, column in one["fields"].items()
        if name not in _PARSES
    ] or [("(no columns of its own)", "", "")]


def _kind(column: JSONObject) -> str:
    target = column.get("targetClass")
    return f"{column['type']} to {target}" if target else str(column["type"])


def _who(entry: JSONObject) -> str:
    words = {"*": "anyone", "requiresAuthentication": "whoever is signed in"}
    names = [words.get(name, name.removeprefix("role:")) for name in entry]
    return ", ".join(names) or "the master key"


def diagram(args: argparse.Namespace) -> int:
    """Print the classes and what refers to what, as a diagram of Mermaid."""
    from parsepy.descriptions import entity_diagram

    print(entity_diagram(_chosen(args), notes_of(args)))
    return 0


def openapi(args: argparse.Namespace) -> int:
    """Print the REST API of the classes as an OpenAPI document."""
    from parsepy.descriptions import Described, document, entries_of
    from parsepy.rest import described_routes
    from parsepy.version import __version__

    config = configure(args).config
    about = Described(
        config.app_name or config.app_id, __version__, config.server_url, described_routes()
    )
    made = document(entries_of(_chosen(args), notes_of(args)), about)
    print(json.dumps(made, indent=2, ensure_ascii=False))
    return 0
