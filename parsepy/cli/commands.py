"""`parsepy schema check|diff`, and what all commands share that use a database and end."""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from parsepy.cli.configuration import configure, read_template
from parsepy.cli.database import shared_database
from parsepy.cli.process import heed_signals, run
from parsepy.config import Config, SchemaOptions

if TYPE_CHECKING:
    from parsepy.app import Application

T = TypeVar("T")


def schema_check(args: argparse.Namespace) -> int:
    """Check template files and print their problems; return 1 if there are any."""
    from parsepy.app import files_of
    from parsepy.model import templates

    try:
        template = templates.load(files_of(SchemaOptions(files=tuple(args.files))))
    except templates.TemplateError as error:
        problems = [str(problem) for problem in error.problems]
        if args.json:
            _print_json({"valid": False, "problems": problems})
        else:
            print("\n".join(problems))
        return 1
    names = [entry["className"] for entry in template.classes]
    warnings = [str(problem) for problem in template.warnings]
    if args.json:
        _print_json({"valid": True, "classes": names, "warnings": warnings})
        return 0
    for warning in warnings:
        print(f"warning: {warning}")
    print(f"fine: {', '.join(names)}")
    return 0


def _print_json(value: object) -> None:
    print(json.dumps(value, indent=2))


def schema_diff(args: argparse.Namespace) -> int:
    """Print what a start would change; return 2 if the templates conflict with the database."""
    from parsepy.operations import schemas

    config = configure(args).config
    template = read_template(config)

    async def differences(application: Application) -> list[str]:
        return await schemas.plan(application.backend, template)

    try:
        lines = with_application(config, differences)
    except schemas.SchemaConflict as error:
        if args.json:
            _print_json({"conflicts": error.lines, "changes": []})
        else:
            print("\n".join(error.lines))
        return 2
    if args.json:
        _print_json({"conflicts": [], "changes": lines})
    else:
        print("\n".join(lines) if lines else "nothing to change")
    return 0


def with_application(config: Config, act: Callable[[Application], Awaitable[T]]) -> T:
    """Run `act` with the application, started on its database but without its templates."""
    from parsepy.app import build

    async def acting(found: Config) -> T:
        application = build(dataclasses.replace(found, schema=None, demo=False))
        try:
            await application.startup()
            return await act(application)
        finally:
            await application.shutdown()

    heed_signals()
    with shared_database(config) as found:
        return run(acting(found))
