"""The flags of commands: one for every option of the configuration."""

import argparse
from collections.abc import Set
from pathlib import Path
from typing import Any

from parsepy.config import OPTIONS
from parsepy.config.table import nearest

EVERY_OPTION = "Every option of `parsepy show options` has its flag, as these have."

# The options that `--help` explains; every other one has its flag as well.
DATABASE = {"databaseURI", "dataDir"}
REPEATED = {"schema": "FILE", "template": "NAME"}  # those whose flag may stand several times
_VALUES = {
    "appId": "ID",
    "masterKey": "KEY",
    "port": "PORT",
    "host": "ADDRESS",
    "mountPath": "PATH",
    "serverURL": "URL",
    "databaseURI": "URI",
    "dataDir": "FOLDER",
    "cloud": "FILE",
    "logLevel": "LEVEL",
}
"""What ``--help`` calls the value of an option; VALUE for the others."""
COMMON = {
    *("port", "host", "appId", "masterKey", "databaseURI", "serverURL", "mountPath"),
    *(
        "schema",
        "template",
        "cloud",
        "watch",
        "demo",
        "dataDir",
        "replacePermissions",
        "allowClientClassCreation",
        "logLevel",
    ),
}


def unexpected(word: str, args: argparse.Namespace) -> str:
    """Write the message about an argument that no command has."""
    if not word.startswith("-"):
        return f"unexpected argument {word}"
    flags: dict[str, str] = getattr(args, "flags", {})
    name = word.partition("=")[0]
    near = nearest(name.strip("-"), flags)
    return f"unknown option {name}" + (f": did you mean {flags[near]}?" if near else "")


def add_options(parser: argparse.ArgumentParser, explained: Set[str]) -> None:
    """Add `--config`, `--set` and a flag for every option; only those in `explained` get help."""
    parser.add_argument("--config", type=Path, metavar="FILE", help="JSON file of options")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="any option of `parsepy show options`; VALUE may be JSON",
    )
    for option in OPTIONS:
        # Parse: its own command line takes the camelCase names.
        flags = dict.fromkeys((option.flag, f"--{option.name}"))
        extra: dict[str, Any] = {"metavar": _VALUES.get(option.name, "VALUE")}
        if option.name in REPEATED:
            extra = {"metavar": REPEATED[option.name], "action": "append"}
        elif option.check.expected.startswith("true or false"):
            extra = {"nargs": "?", "const": "true", "metavar": "true|false"}
        about = option.help if option.name in explained else argparse.SUPPRESS
        parser.add_argument(
            *flags, dest=f"option {option.name}", default=argparse.SUPPRESS, help=about, **extra
        )
    known = {"config": "--config", "set": "--set"}
    for option in OPTIONS:
        known |= {option.flag.strip("-"): option.flag, option.name: option.flag}
    parser.set_defaults(flags=known)
