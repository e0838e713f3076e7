"""The command `parsepy`: serve, check templates, print the tables, grant a role."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from parsepy.cli import (
    client_code,
    commands,
    config_check,
    migrate,
    new,
    people,
    schema_commands,
    serve,
    tables,
)
from parsepy.cli.messages import explained
from parsepy.cli.options import COMMON, DATABASE, EVERY_OPTION, add_options, unexpected
from parsepy.version import __version__

OPTIONS_FILE = "JSON file of options; without it those of the environment count alone"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return the exit code of the process."""
    parser = _parser()
    if not (sys.argv[1:] if arguments is None else arguments):
        parser.print_help()
        return 2
    try:
        args, strange = parser.parse_known_args(arguments)
        if strange:
            print(f"parsepy: {unexpected(strange[0], args)}", file=sys.stderr)
            return 2
        run: Callable[[argparse.Namespace], int] = args.run
        return run(args)
    except KeyboardInterrupt:
        return 0
    except BrokenPipeError:  # the reader of our output, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        reason = explained(error)
        if reason is None:
            raise
        print(f"parsepy: {reason}", file=sys.stderr)
        return 1


def _data_command(name: str) -> Callable[[argparse.Namespace], int]:
    """A command of `parsepy data`, whose libraries no other command needs to load."""

    def run(args: argparse.Namespace) -> int:
        from parsepy.cli import data

        command: Callable[[argparse.Namespace], int] = getattr(data, name)
        return command(args)

    return run


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="parsepy", description="A Parse-compatible backend server.", allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=f"parsepy {__version__}")
    parts = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    server = parts.add_parser(
        "serve", help="start the server", allow_abbrev=False, epilog=EVERY_OPTION
    )
    add_options(server, COMMON)
    server.add_argument(
        "--workers",
        dest="option cluster",
        metavar="N",
        default=argparse.SUPPRESS,
        help="serve with so many processes (the option cluster)",
    )
    server.set_defaults(run=serve.command)

    schema = parts.add_parser("schema", help="check schema templates, show what they change")
    actions = schema.add_subparsers(required=True, metavar="ACTION")
    check = actions.add_parser("check", help="validate template files, without a database")
    check.add_argument("files", nargs="+", type=Path, metavar="FILE")
    check.set_defaults(run=commands.schema_check)
    diff = actions.add_parser("diff", help="print what a start would change", allow_abbrev=False)
    add_options(diff, {*DATABASE, "schema"})
    diff.set_defaults(run=commands.schema_diff)

    bring = actions.add_parser("apply", help="make these changes now", allow_abbrev=False)
    bring.add_argument("--yes", action="store_true", help="do not ask")
    add_options(bring, {*DATABASE, "schema"})
    bring.set_defaults(run=schema_commands.apply)
    pull = actions.add_parser("pull", help="write a database's schema as a template")
    pull.add_argument("--output", "-o", type=Path, metavar="FILE", help="where to write it")
    add_options(pull, DATABASE)
    pull.set_defaults(run=schema_commands.pull)
    describe = actions.add_parser("describe", help="print columns, and who may do what")
    describe.set_defaults(run=schema_commands.describe)
    picture = actions.add_parser("diagram", help="print the classes as a Mermaid diagram")
    picture.set_defaults(run=schema_commands.diagram)
    api = actions.add_parser("openapi", help="print the REST API as an OpenAPI document")
    api.set_defaults(run=schema_commands.openapi)
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
    for action in (bring, describe):
        action.add_argument("--json", action="store_true", help="print JSON")

    settings = parts.add_parser("config", help="check a configuration, show what is set")
    actions = settings.add_subparsers(required=True, metavar="ACTION")
    check = actions.add_parser("check", help="print all problems, and the lines to write instead")
    check.add_argument("file", nargs="?", type=Path, metavar="FILE", help=OPTIONS_FILE)
    check.set_defaults(run=config_check.command)

    effective = actions.add_parser(
        "show", help="print the options that are set, and where", allow_abbrev=False
    )
    effective.add_argument("--json", action="store_true", help="print JSON")
    add_options(effective, {*DATABASE, "schema", "cloud"})
    effective.set_defaults(run=config_check.show)

    move = parts.add_parser("migrate", help="look at a Parse Server that is to move in")
    actions = move.add_subparsers(required=True, metavar="ACTION")
    look = actions.add_parser("check", help="print what carries over, and what must be written")
    look.add_argument("file", nargs="?", type=Path, metavar="FILE", help=OPTIONS_FILE)
    look.add_argument("--database-uri", metavar="URI", help="its database, which is only read")
    look.set_defaults(run=migrate.command)

    moving = parts.add_parser("data", help="write classes to files, or bring them in")
    actions = moving.add_subparsers(required=True, metavar="ACTION")
    out = actions.add_parser("export", help="write classes to a folder", allow_abbrev=False)
    out.add_argument("folder", type=Path, metavar="FOLDER", help="where to write them")
    out.add_argument(
        "--class",
        dest="classes",
        action="append",
        default=[],
        metavar="NAME",
        help="only this class; may stand several times",
    )
    out.add_argument(
        "--format",
        choices=("jsonl", "csv"),
        default="jsonl",
        help="JSON Lines (whole, default) or CSV (for spreadsheets)",
    )
    out.set_defaults(run=_data_command("export"))
    into = actions.add_parser("import", help="bring files in", allow_abbrev=False)
    into.add_argument(
        "paths", nargs="+", type=Path, metavar="PATH", help="a folder of an export, or files"
    )
    into.set_defaults(run=_data_command("import_"))
    for action in (out, into):
        action.add_argument("--json", action="store_true", help="print the outcome as JSON")
        add_options(action, DATABASE)

    project = parts.add_parser("new", help="make the folder of a new project")
    project.add_argument("name", type=Path, metavar="NAME", help="the folder, and its name")
    source = project.add_mutually_exclusive_group()
    source.add_argument(
        "--template",
        metavar="NAME|FILE",
        help="blank (default), ecommerce, shopping, or a schema template of yours",
    )
    source.add_argument(
        "--prompt", type=Path, metavar="FILE", help="a structured prompt (docs/prompts.md)"
    )
    project.set_defaults(run=new.command)

    prompt = parts.add_parser(
        "prompt", help="print the prompt of an app: its classes as they are", allow_abbrev=False
    )
    prompt.add_argument(
        "files",
        nargs="*",
        type=Path,
        metavar="FILE",
        help="schema templates, or folders of them; without any, the database is asked",
    )
    add_options(prompt, DATABASE)
    prompt.set_defaults(run=new.print_prompt)

    types = parts.add_parser(
        "types", help="write typed classes for clients and cloud code", allow_abbrev=False
    )
    types.add_argument("language", choices=client_code.LANGUAGES, help="the language")
    types.add_argument(
        "files",
        nargs="*",
        type=Path,
        metavar="FILE",
        help="schema templates, or folders of them; without any, the database is asked",
    )
    types.add_argument("--output", "-o", type=Path, metavar="FILE", help="where to write it")
    add_options(types, DATABASE)
    types.set_defaults(run=client_code.command)

    show = parts.add_parser("show", help="print one of the tables")
    show.add_argument("table", choices=tables.TABLES, help="the one to print")
    show.set_defaults(run=tables.show)

    _add_people(parts)
    return parser


def _add_people(parts: Any) -> None:
    user = parts.add_parser("user", help="make users, give them roles")
    actions = user.add_subparsers(required=True, metavar="ACTION")
    listed = actions.add_parser("list", help="print users and their roles", allow_abbrev=False)
    listed.add_argument("--limit", type=int, default=1000, metavar="N", help="at most (1000)")
    listed.set_defaults(run=people.list_)
    made = actions.add_parser("create", help="make a user", allow_abbrev=False)
    made.add_argument("username", metavar="NAME", help="the user's name")
    made.add_argument("--email", metavar="ADDRESS", help="the e-mail address")
    made.add_argument(
        "--role",
        action="append",
        default=[],
        metavar="ROLE",
        help="a role; may stand several times",
    )
    made.set_defaults(run=people.create)
    grant = actions.add_parser("grant", help="put a user into a role", allow_abbrev=False)
    grant.set_defaults(run=commands.user_grant)
    revoke = actions.add_parser("revoke", help="take a user out of a role", allow_abbrev=False)
    revoke.set_defaults(run=people.revoke)
    for action in (grant, revoke):
        action.add_argument("username", metavar="NAME", help="the user's name")
        action.add_argument("role", metavar="ROLE", help="the role's name")

    job = parts.add_parser("job", help="print and run the jobs of cloud code")
    actions = job.add_subparsers(required=True, metavar="ACTION")
    jobs = actions.add_parser("list", help="print the jobs, and their last runs")
    jobs.set_defaults(run=people.list_jobs)
    run = actions.add_parser("run", help="run a job to its end", allow_abbrev=False)
    run.add_argument("name", metavar="JOB", help="the job's name")
    run.add_argument("--params", default="{}", metavar="JSON", help="its parameters")
    run.set_defaults(run=people.run_job)
    for action in (listed, made, jobs, run):
        action.add_argument("--json", action="store_true", help="print JSON")
    for action in (listed, made, grant, revoke, jobs, run):
        add_options(action, {*DATABASE, "cloud"})
