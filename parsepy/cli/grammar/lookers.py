"""The commands that look: at configurations, another server, tables, speed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from parsepy.cli.options import DATABASE, add_options
from parsepy.cli.parser import add_command, add_group, later

SHELLS = ("bash", "zsh", "fish")
"""Those that have a completion script which is tested."""
TABLES = (
    *("options", "routes", "operators", "ops", "classes", "providers", "codes", "triggers"),
    "build",
)
"""Those of ``cli.tables.TABLES``, which is imported only when it is wanted."""


def add_lookers(parts: Any) -> None:
    actions = add_group(parts, "config", "check a configuration, show what is set")
    options_file = "JSON file of options; without it those of the environment count alone"
    check = add_command(
        actions,
        "check",
        "print every problem, and the line to write instead",
        later("config_check"),
        examples=("config check config.json",),
        json=True,
    )
    check.add_argument("file", nargs="?", type=Path, metavar="FILE", help=options_file)
    effective = add_command(
        actions,
        "show",
        "print the options that are set, and where",
        later("config_check", "show"),
        more="Secrets are masked.",
        examples=("config show --config config.json",),
        json=True,
    )
    add_options(effective, {*DATABASE, "schema", "cloud"})

    actions = add_group(
        parts, "migrate", "see what a Parse Server needs in order to move to parsepy"
    )
    look = add_command(
        actions,
        "check",
        "print what carries over, and what must be written",
        later("migrate"),
        more="It only reads (docs/migrate.md).",
        examples=("migrate check config.json --database-uri mongodb://old/app",),
        codes=((1, "something must be written, or can't carry over"),),
        json=True,
    )
    look.add_argument("file", nargs="?", type=Path, metavar="FILE", help=options_file)
    look.add_argument("--database-uri", metavar="URI", help="its database, which is only read")

    show = add_command(
        parts,
        "show",
        "print a table of options, error codes, triggers and so on",
        later("tables", "show"),
        examples=("show options", "show options mail", "show codes --json"),
        json=True,
    )
    show.add_argument("table", choices=TABLES, metavar="TABLE", help=", ".join(TABLES))
    show.add_argument("words", nargs="*", metavar="WORD", help="only rows with these words")

    bench = add_command(
        parts,
        "bench",
        "measure how fast this machine serves",
        later("bench"),
        more="A server of its own is started on a database of its own, loaded for some seconds an "
        "operation, and removed.",
        examples=("bench", "bench --seconds 10 --connections 32"),
        json=True,
    )
    bench.add_argument(
        "--seconds", type=float, default=3.0, metavar="N", help="for each operation (3; at most 60)"
    )
    bench.add_argument(
        "--connections", type=int, default=16, metavar="N", help="clients at once (16; at most 256)"
    )
    bench.add_argument("--database-uri", metavar="URI", help="a MongoDB; default: one of its own")

    completion = add_command(
        parts,
        "completion",
        "print the script by which a shell completes commands",
        later("completion"),
        examples=("completion bash > ~/.local/share/bash-completion/completions/parsepy",),
    )
    completion.add_argument("shell", choices=SHELLS, metavar="SHELL", help=", ".join(SHELLS))
