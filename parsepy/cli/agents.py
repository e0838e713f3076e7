"""`parsepy mcp`: tools for an agent, by standard input and output."""

from __future__ import annotations

import argparse
import dataclasses
import importlib.util
import os
from typing import TextIO

from parsepy.cli.configuration import configure
from parsepy.cli.database import shared_database
from parsepy.cli.messages import StartError
from parsepy.cli.process import heed_signals, run
from parsepy.cli.serve import set_up_logs
from parsepy.config import Config


def command(args: argparse.Namespace) -> int:
    """Answer an agent until it goes; the log goes to standard error."""
    if importlib.util.find_spec("mcp") is None:
        raise StartError("mcp: needs the extra: pip install 'parsepy-server[mcp]'")
    wire = _claimed_output()
    config = configure(args).config
    set_up_logs(config)
    heed_signals()
    with shared_database(config) as found:
        run(_serving(found, args.write, args.username, wire))
    return 0


def _claimed_output() -> TextIO:
    """Standard output for the agent alone: what anybody prints goes to standard error from now on.

    Cloud code may print as early as it is loaded, and a line of it would be no message.
    """
    wire = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return wire


async def _serving(config: Config, writes: bool, username: str | None, wire: TextIO) -> None:
    from parsepy.app import build
    from parsepy.app.mcp import desk_of
    from parsepy.mcp import stdio

    # another process may serve this database: nothing is brought in, and no job starts by itself
    schema = config.schema and dataclasses.replace(
        config.schema, files=(), definitions=(), before_migration=None, after_migration=None
    )
    cloud = config.cloud
    application = build(
        dataclasses.replace(config, schema=schema, demo=False), runs_schedules=False
    )
    try:
        await application.startup()
        project = None if cloud is None else cloud.resolve().parent.parent
        desk = desk_of(application.backend, writes=writes, project=project)
        await stdio.serve(desk, username, wire)
    finally:
        await application.shutdown()
