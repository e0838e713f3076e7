"""The commands about data: export, import, backup, restore."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from parsepy.cli.options import DATABASE, add_options
from parsepy.cli.parser import add_command, add_group, later


def add_data(parts: Any) -> None:
    actions = add_group(parts, "data", "move objects to files and back; back a database up")
    out = add_command(
        actions,
        "export",
        "write classes to a folder, a file each",
        later("data", "export"),
        more="Users are written with the hashes of their passwords, so guard the folder; sessions "
        "are left out unless --class names them. Started again after it was broken off, it goes on "
        "where it was.",
        examples=(
            "data export out",
            "data export out --class Review --format csv",
            "data export out --files",
        ),
        json=True,
    )
    out.add_argument("folder", type=Path, metavar="FOLDER", help="where to write them")
    out.add_argument(
        "--class",
        dest="classes",
        action="append",
        default=[],
        metavar="CLASS",
        help="only this class; may stand several times",
    )
    out.add_argument(
        "--format",
        choices=("jsonl", "csv"),
        default="jsonl",
        help="JSON Lines (whole, default) or CSV (for spreadsheets)",
    )
    out.add_argument(
        "--files",
        action="store_true",
        help="also the contents of the files that objects name, into FOLDER/files",
    )
    into = add_command(
        actions,
        "import",
        "bring the files of an export in",
        later("data", "import_"),
        more="Objects with the same id are replaced, so twice is as once. Started again after it "
        "was broken off, it goes on where it was. No cloud code runs.",
        examples=("data import out", "data import Review.csv"),
        json=True,
    )
    into.add_argument(
        "paths", nargs="+", type=Path, metavar="PATH", help="a folder of an export, or files"
    )
    keep = add_command(
        actions,
        "backup",
        "copy a whole database to a folder, as MongoDB has it",
        later("backups", "backup"),
        more="Everything is in it: classes, permissions, users, sessions, indexes, files in "
        "GridFS; so guard it as the database. Files in other stores are not.",
        examples=("data backup backups/monday",),
        json=True,
    )
    keep.add_argument("folder", type=Path, metavar="FOLDER", help="a new folder")
    restore = add_command(
        actions,
        "restore",
        "bring a backup into a database",
        later("backups", "restore"),
        more="The database must be empty, unless --replace says that what is there may go.",
        examples=("data restore backups/monday", "data restore backups/monday --replace"),
        json=True,
    )
    restore.add_argument("folder", type=Path, metavar="FOLDER", help="the folder of a backup")
    restore.add_argument("--replace", action="store_true", help="drop what the database has, first")
    for action in (out, into, keep, restore):
        add_options(action, DATABASE)
