"""`parsepy types`: typed classes for clients and cloud code, from template files or a database."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from parsepy.cli.commands import with_application
from parsepy.cli.configuration import configure
from parsepy.config import SchemaOptions

if TYPE_CHECKING:
    from parsepy.app import Application
    from parsepy.model.templates import ClassNotes
    from parsepy.model.values import JSONObject


def command(args: argparse.Namespace) -> int:
    """Write the classes in a language, to a file or to standard output."""
    from parsepy import codegen

    text = codegen.LANGUAGES[args.language](codegen.shapes_of(classes_of(args), notes_of(args)))
    if args.output is None:
        print(text, end="")
    else:
        args.output.write_text(text, encoding="utf-8")
    return 0


def classes_of(args: argparse.Namespace) -> Sequence[JSONObject]:
    """The classes of the files that were named, or else of the database."""
    files: tuple[Path, ...] = tuple(args.files)
    if files:
        from parsepy.app import files_of
        from parsepy.model import templates

        return templates.load(files_of(SchemaOptions(files=files))).classes
    return with_application(configure(args).config, live_classes)


def notes_of(args: argparse.Namespace) -> Mapping[str, ClassNotes]:
    """What the files that were named say of their classes for people; of a database nothing."""
    files: tuple[Path, ...] = tuple(args.files)
    if not files:
        return {}
    from parsepy.app import files_of
    from parsepy.model import templates

    return templates.load(files_of(SchemaOptions(files=files))).notes


async def live_classes(application: Application) -> list[JSONObject]:
    """The classes of the database, as `/schemas` shows them."""
    from parsepy.operations import schemas

    return await schemas.list_classes(application.backend)
