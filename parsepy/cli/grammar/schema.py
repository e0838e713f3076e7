"""The commands about schemas."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from parsepy.cli.options import DATABASE, add_options
from parsepy.cli.parser import add_command, add_group, later

_CONFLICT = (2, "the templates conflict with the database; also a slip in the command line")


def add_schema(parts: Any) -> None:
    actions = add_group(parts, "schema", "check, compare, apply and show schemas")
    check = add_command(
        actions,
        "check",
        "print every problem of template files, with file and line",
        later("commands", "schema_check"),
        more="No database is needed.",
        examples=("schema check schema/*.json",),
        json=True,
    )
    check.add_argument("files", nargs="+", type=Path, metavar="FILE", help="the templates")
    for name, about, run in (
        ("diff", "print what a start with these templates would change", "commands schema_diff"),
        (
            "apply",
            "bring the database up to these templates, after a question",
            "schema_commands apply",
        ),
    ):
        action = add_command(
            actions,
            name,
            about,
            later(*run.split()),
            more="The templates are those that --schema, or the configuration, names.",
            examples=(f"schema {name} --schema schema/shop.json",),
            codes=(_CONFLICT, (3, "asked, somebody said no")) if name == "apply" else (_CONFLICT,),
            json=True,
        )
        if name == "apply":
            action.add_argument("--yes", action="store_true", help="do not ask")
        add_options(action, {*DATABASE, "schema"})
    pull = add_command(
        actions,
        "pull",
        "write a database's schema as a template",
        later("schema_commands", "pull"),
        examples=("schema pull -o schema/shop.json",),
    )
    pull.add_argument(
        "--output", "-o", type=Path, metavar="FILE", help="where to; default: standard output"
    )
    add_options(pull, DATABASE)
    describe = add_command(
        actions,
        "describe",
        "print classes: their columns, and who may do what",
        later("schema_commands", "describe"),
        examples=("schema describe Review", "schema describe --from schema"),
        json=True,
    )
    picture = add_command(
        actions,
        "diagram",
        "print the classes as a Mermaid diagram",
        later("schema_commands", "diagram"),
        examples=("schema diagram > classes.mmd",),
    )
    api = add_command(
        actions,
        "openapi",
        "print the REST API as an OpenAPI document",
        later("schema_commands", "openapi"),
        examples=("schema openapi > openapi.json",),
    )
    for action in (describe, picture, api):
        action.add_argument("classes", nargs="*", metavar="CLASS", help="only these classes")
        action.add_argument(
            "--from",
            dest="files",
            action="append",
            default=[],
            type=Path,
            metavar="FILE",
            help="a template, or a folder of them; without any, the database is asked",
        )
        add_options(action, DATABASE)
