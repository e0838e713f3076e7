"""The commands that write for others: clients, authors, agents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from parsepy.cli.options import DATABASE, EVERY_OPTION, add_options
from parsepy.cli.parser import add_command, later

LANGUAGES = ("typescript", "python", "dart", "swift", "kotlin")
"""Those of ``codegen.LANGUAGES``, which is imported only when it is wanted."""
_FROM = "schema templates, or folders of them; without any, the database is asked"


def add_writers(parts: Any) -> None:
    types = add_command(
        parts,
        "types",
        "write typed classes for clients and cloud code",
        later("client_code"),
        examples=("types typescript -o src/classes.ts", "types python schema -o cloud/classes.py"),
    )
    types.add_argument("language", choices=LANGUAGES, metavar="LANGUAGE", help=", ".join(LANGUAGES))
    types.add_argument("files", nargs="*", type=Path, metavar="FILE", help=_FROM)
    types.add_argument(
        "--output", "-o", type=Path, metavar="FILE", help="where to; default: standard output"
    )
    add_options(types, DATABASE)
    prompt = add_command(
        parts,
        "prompt",
        "print an app's classes as a structured prompt (docs/prompts.md)",
        later("new", "print_prompt"),
        examples=("prompt schema > prompt.txt",),
    )
    prompt.add_argument("files", nargs="*", type=Path, metavar="FILE", help=_FROM)
    add_options(prompt, DATABASE)
    tools = add_command(
        parts,
        "mcp",
        "offer tools to an agent, by standard input and output",
        later("agents"),
        more="An agent (Claude, Cursor, …) starts this by itself: docs/mcp.md has the lines of its "
        f"configuration. {EVERY_OPTION}",
        examples=("mcp", "mcp --write --as ann"),
    )
    tools.add_argument(
        "--write", action="store_true", help="offer the tools that change something, too"
    )
    tools.add_argument(
        "--as",
        dest="username",
        metavar="USERNAME",
        help="act with the rights of this user instead of the master key's",
    )
    add_options(tools, {*DATABASE, "cloud"})
    tools.set_defaults(endless=True)
