"""`parsepy config check`: what of a configuration counts, what does not, and what to write."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from parsepy.cli.configuration import given_flags
from parsepy.cli.problems import (
    looked_at,
    part_problems,
    provider_notes,
    template_problems,
    with_lines,
)
from parsepy.cli.tables import print_table
from parsepy.config import OPTIONS, ConfigError, collect, unknown_variables
from parsepy.config.older import modernised
from parsepy.logs import shown


def command(args: argparse.Namespace) -> int:
    """Print every problem and warning of a configuration; return 1 if it can't be used."""
    notes, problems = checked(args.file)
    if args.json:
        print(json.dumps({"problems": with_lines(tuple(problems)), "notes": notes}, indent=2))
        return 1 if problems else 0
    for note in notes:
        print(f"note: {note}")
    for line in with_lines(tuple(problems)):
        print(line)
    count = f"{len(problems)} problem" + ("s" if len(problems) > 1 else "")
    print(f"{args.file or 'the environment'}: {count if problems else 'fine'}")
    return 1 if problems else 0


def show(args: argparse.Namespace) -> int:
    """Print the options that a start with these arguments has, secrets masked, and their source."""
    flags = given_flags(args)
    settings = collect(args.config, os.environ, flags)
    variables = {line.name: line.env for line in OPTIONS if os.environ.get(line.env)}
    known = json.loads(shown(dict(settings.values)))  # secrets are masked by their names
    rows = []
    for name in sorted(known):
        source = "a flag" if name in flags else variables.get(name) or str(args.config)
        rows.append((name, known[name], source))
    if args.json:
        print(json.dumps({name: value for name, value, _ in rows}, indent=2))
    elif rows:
        print_table((name, json.dumps(value), source) for name, value, source in rows)
    else:
        print("every option has its default: parsepy show options")
    return 0


def checked(file: Path | None) -> tuple[list[str], list[str]]:
    """Look at a configuration; return what is to be said of it, and its problems."""
    problems: list[str] = []
    notes: list[str] = []
    variables = [f"the environment variable {line}" for line in unknown_variables(os.environ)]
    try:
        settings = collect(file, os.environ, {})
        notes += modernised(settings.values, OPTIONS).notes
        given = settings.values.get("masterKey") is not None
        # without a master key the start makes one
        config, found = looked_at(settings, **({} if given else {"masterKey": "to be made"}))
        problems += found
    except ConfigError as error:
        problems += error.problems
    else:
        if not given:
            notes.append("no masterKey: the start makes one and keeps it in dataDir")
        if config is not None:
            if config.ineffective:
                notes.append(f"without effect in this version: {', '.join(config.ineffective)}")
            notes += provider_notes(config)
            if not found:
                problems += [*part_problems(config), *template_problems(config)]
    return [*notes, *variables], problems
