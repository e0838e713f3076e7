"""The commands that make projects, and the server."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from parsepy.cli.options import COMMON, EVERY_OPTION, add_options
from parsepy.cli.parser import add_command, later


def add_start(parts: Any) -> None:
    for name, where, function in (
        ("new", "in a new folder", "command"),
        ("init", "in this folder", "init"),
    ):
        is_new = name == "new"
        project = add_command(
            parts,
            name,
            f"make a project {where}: schema, cloud code, tests, config",
            later("new", function),
            more="" if is_new else "Files that are there already stay as they are.",
            examples=(
                (
                    "new notes",
                    "new shop --template ecommerce",
                    "new clinic --prompt clinic.txt",
                )
                if is_new
                else ("init", "init --template schema.json")
            ),
            json=True,
        )
        if is_new:
            project.add_argument(
                "name", type=Path, metavar="NAME", help="the folder to make; its name is the app's"
            )
        source = project.add_mutually_exclusive_group()
        source.add_argument(
            "--template",
            metavar="NAME|FILE",
            help="blank (default), ecommerce, shopping, or a schema template of yours",
        )
        source.add_argument(
            "--prompt", type=Path, metavar="FILE", help="a structured prompt (docs/prompts.md)"
        )
    server = add_command(
        parts,
        "serve",
        "start the server",
        later("serve"),
        more="It ends with Ctrl-C. Without a databaseURI it starts a MongoDB of its own, whose "
        f"data stay in dataDir. {EVERY_OPTION}",
        examples=("serve", "serve --demo", "serve --config config.json --watch"),
    )
    add_options(server, COMMON)
    server.add_argument(
        "--workers",
        dest="option cluster",
        metavar="N",
        default=argparse.SUPPRESS,
        help="serve with so many processes (the option cluster)",
    )
    server.add_argument(
        "--role",
        dest="option process_role",
        metavar="ROLE",
        default=argparse.SUPPRESS,
        help="what this process does: all (default), api, live or jobs; docs/deploy.md tells when "
        "to part them (the option processRole)",
    )
    server.set_defaults(endless=True)
