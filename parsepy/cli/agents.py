"""`parsepy mcp`: tools for an agent, by standard input and output."""

from __future__ import annotations

import argparse
import dataclasses
import importlib.util
from typing import TYPE_CHECKING

from parsepy.cli.configuration import configure
from parsepy.cli.database import shared_database
from parsepy.cli.messages import StartError
from parsepy.cli.process import heed_signals, run
from parsepy.cli.serve import set_up_logs
from parsepy.config import Config

if TYPE_CHECKING:
    from parsepy.mcp.stdio import StandardStreams


def command(args: argparse.Namespace) -> int:
    """Answer an agent until it goes; the log goes to standard error."""
    if importlib.util.find_spec("mcp") is None:
        raise StartError("mcp: needs the extra: pip install 'parsepy-server[mcp]'")
    from parsepy.mcp import stdio

    streams = stdio.claim()
    config = configure(args).config
    set_up_logs(config)
    heed_signals()
    with shared_database(config) as found:
        run(_serving(found, args.write, args.username, streams))
    return 0


async def _serving(
    config: Config, writes: bool, username: str | None, streams: StandardStreams
) -> None:
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
        await stdio.serve(desk, username, streams)
    finally:
        await application.shutdown()
