"""Files: how many there are where, and whether objects name any that are not there."""

from __future__ import annotations

from typing import Any

from parsepy.cli.migrate.findings import Section
from parsepy.cli.migrate.look import Look

_SHOWN = 8
_LOOKED_AT = 1000
"""So many objects of each class are looked at for the names of files."""


def section(look: Look) -> Section:
    """Look at GridFS, and at the columns that name files."""
    found = Section("Files")
    files = look.database["fs.files"]
    number = files.estimated_document_count()
    total = next(files.aggregate([{"$group": {"_id": 0, "bytes": {"$sum": "$length"}}}]), {})
    found.fine.append(f"files in GridFS: {number} ({total.get('bytes', 0) / 1_000_000:,.1f} MB)")
    if look.old.has_files_elsewhere:
        found.fine.append("filesAdapter says that files are kept elsewhere: they stay there")
        if number:
            found.differs.append(
                f"{number} files in GridFS are not served while filesAdapter names another place"
            )
    missing, hosted = _named(look)
    if hosted:
        found.fine.append(f"files whose name is an address of their own: {hosted}, kept as it is")
    if missing and not look.old.has_files_elsewhere:
        shown = ", ".join(sorted(missing)[:_SHOWN])
        found.to_do.append(
            f"{len(missing)} files that objects name are not in GridFS ({shown}); "
            "say filesAdapter, or copy them"
        )
    return found


def _named(look: Look) -> tuple[set[str], int]:
    """The files that objects name and GridFS lacks; how many are addresses of their own."""
    missing: set[str] = set()
    hosted = 0
    for name, row in look.rows.items():
        columns = [column for column, kind in row.items() if kind == "file"]
        if not columns or name not in look.names:
            continue
        shown: dict[str, Any] = dict.fromkeys(columns, 1)
        wanted: set[str] = set()
        for item in look.collection(name).find({}, shown).limit(_LOOKED_AT):
            for column in columns:
                value = item.get(column)
                if isinstance(value, str) and value.startswith(("http://", "https://")):
                    hosted += 1
                elif isinstance(value, str):
                    wanted.add(value)
        there = look.database["fs.files"].find({"filename": {"$in": sorted(wanted)}}, ["filename"])
        missing |= wanted - {file["filename"] for file in there}
    return missing, hosted
