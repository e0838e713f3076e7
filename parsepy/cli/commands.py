"""`parsepy schema` and `parsepy user`: commands that read or change a database, and end."""

from __future__ import annotations

import argparse
import dataclasses
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
        for problem in error.problems:
            print(problem)
        return 1
    for problem in template.warnings:
        print(f"warning: {problem}")
    print(f"fine: {', '.join(entry['className'] for entry in template.classes)}")
    return 0


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
        print("\n".join(error.lines))
        return 2
    print("\n".join(lines) if lines else "nothing to change")
    return 0


def user_grant(args: argparse.Namespace) -> int:
    """Put a user into a role."""
    from parsepy.operations import bootstrap

    async def grant(application: Application) -> None:
        await bootstrap.grant(application.backend, args.username, args.role)

    with_application(configure(args).config, grant)
    print(f"{args.username} is in the role {args.role}")
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
