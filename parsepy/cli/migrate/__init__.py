"""`parsepy migrate check`: what of a Parse Server carries over; it reads, and writes nothing."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from parsepy.cli.config_check import checked
from parsepy.cli.migrate.cloud_code import examined as cloud_code
from parsepy.cli.migrate.cloud_code import python_of
from parsepy.cli.migrate.findings import Section, verdict
from parsepy.cli.migrate.look import Old
from parsepy.cli.problems import with_lines
from parsepy.config import WrittenOptions, collect

__all__ = ["command", "python_of"]


def command(args: argparse.Namespace) -> int:
    """Print what carries over, what differs and what must be written; return 1 if anything must.

    Raises ``ConfigError`` if the configuration can't be read.
    """
    from parsepy.cli.migrate.database import examined  # which brings the driver along

    settings = collect(args.file, os.environ, {})
    folder = settings.folders.get("cloud", settings.base_dir)
    code, jobs = cloud_code(folder, settings.values.get("cloud"))
    sections = [_options(args.file), code]
    uri = args.database_uri or settings.values.get("databaseURI")
    if uri:
        sections += examined(_old(str(uri), settings, jobs))
    else:
        sections.append(Section("Database", to_do=["not looked at: say --database-uri"]))
    if args.json:
        told = {section.title: section.to_json() for section in sections}
        print(json.dumps({"sections": told, "verdict": verdict(sections)}, indent=2))
    else:
        for section in sections:
            print("\n".join(section.lines()))
        print(verdict(sections))
    return 1 if any(section.to_do for section in sections) else 0


def _options(file: Path | None) -> Section:
    notes, problems = checked(file)
    section = Section("Options and adapters", fine=[f"as it is: {note}" for note in notes])
    for problem in problems:  # a problem, and below it what to write instead
        section.to_do.append("\n  ".join(with_lines((problem,))))
    return section


def _old(uri: str, settings: WrittenOptions, jobs: frozenset[str]) -> Old:
    values = settings.values
    adapter = values.get("filesAdapter")
    auth, push = values.get("auth"), values.get("push")
    return Old(
        uri=uri,
        prefix=str(values.get("collectionPrefix") or ""),
        providers=frozenset(auth) if isinstance(auth, dict) else frozenset(),
        jobs=jobs,
        has_files_elsewhere=adapter is not None and "gridfs" not in str(adapter).lower(),
        senders=frozenset(push) if isinstance(push, dict) else frozenset(),
    )
