"""The files of an export: JSON Lines and CSV, written and read so that either can be resumed."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from parsepy.errors import Code, ParseError
from parsepy.model.values import JSONObject

MANIFEST, STATE = "export.json", "import-state.json"
_TAIL = 1 << 22  # bytes at the end of a file in which its last whole line is looked for


class Place(NamedTuple):
    """Where a file of an export belongs: a class, or a relation of it."""

    class_name: str
    field: str | None = None


def name_of(place: Place, form: str) -> str:
    """The name of the file: ``Game.jsonl``, ``_Join.users._Role.jsonl``."""
    if place.field is None:
        return f"{place.class_name}.{form}"
    return f"_Join.{place.field}.{place.class_name}.jsonl"


def place_of(path: Path) -> Place:
    """What a file holds, by its name."""
    parts = path.name.split(".")
    if parts[0] == "_Join" and len(parts) == 4:
        return Place(parts[2], parts[1])
    return Place(path.name.rsplit(".", 1)[0])


def digest(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_json(path: Path, content: Any) -> None:
    """Write a small JSON file whole, or not at all."""
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    draft.replace(path)


def read_json(path: Path) -> dict[str, Any]:
    """Read such a file; nothing if it is not there, or no JSON."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


# --- JSON Lines ---------------------------------------------------------------------------------


def line_of(item: JSONObject) -> bytes:
    """An object as a line."""
    return orjson.dumps(item) + b"\n"


def resume(path: Path) -> tuple[int, str]:
    """Cut what a killed export left of a line; how many lines stay, and the last one's objectId."""
    if not path.exists():
        return 0, ""
    with path.open("rb+") as file:
        size = file.seek(0, io.SEEK_END)
        file.seek(max(0, size - _TAIL))
        tail = file.read()
        whole = tail.rfind(b"\n") + 1
        file.truncate(max(0, size - _TAIL) + whole)
        lines = tail[:whole].splitlines()
        file.seek(0)
        count = sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))
    last = orjson.loads(lines[-1]) if lines else {}
    return count, str(last.get("objectId", ""))


def read_lines(path: Path, offset: int) -> Iterator[tuple[JSONObject, int]]:
    """Each object from an offset on, with the offset behind it; INVALID_JSON names the place."""
    with path.open("rb") as file:
        file.seek(offset)
        for number, line in enumerate(file, 1):
            offset += len(line)
            if not line.strip():
                continue
            try:
                item = orjson.loads(line)
            except ValueError as error:
                where = (
                    f"{path}, line {number}" if offset == len(line) else f"{path}, byte {offset}"
                )
                raise ParseError(Code.INVALID_JSON, f"{where}: {error}") from error
            if not isinstance(item, dict):
                raise ParseError(Code.INVALID_JSON, f"{path}, byte {offset}: no JSON object")
            yield item, offset


# --- CSV ----------------------------------------------------------------------------------------

_PLAIN = {"String", "Number", "Boolean", "Date"}


def header_of(types: Mapping[str, str]) -> list[str]:
    """The columns of a class's CSV: the id and times first, ACL last."""
    own = sorted(name for name, kind in types.items() if kind != "Relation" and name[:1] != "_")
    first = ["objectId", "createdAt", "updatedAt"]
    return [*first, *(name for name in own if name not in (*first, "ACL")), "ACL"]


def row_of(item: JSONObject, header: list[str], types: Mapping[str, str]) -> list[str]:
    """The cells of an object: plain values as they are, the id of a pointer, JSON for the rest."""
    return [_cell(item.get(name), types.get(name, "")) for name in header]


def _cell(value: Any, kind: str) -> str:
    if value is None:
        return ""
    if kind == "Pointer" and isinstance(value, dict):
        return str(value.get("objectId", ""))
    if kind == "Date" and isinstance(value, dict):
        return str(value.get("iso", ""))
    if kind in ("String", "Date") and isinstance(value, str):
        return value
    return orjson.dumps(value).decode()


def read_rows(
    path: Path, types: Mapping[str, str], targets: Mapping[str, str]
) -> Iterator[tuple[JSONObject, int]]:
    """Each object of a CSV file, with the number of rows so far; INVALID_JSON names the line."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), 1):
            try:
                item = {
                    name: _value(cell, name, types.get(name, ""), targets)
                    for name, cell in row.items()
                    if name and cell not in (None, "")
                }
            except ValueError as error:
                text = f"{path}, line {number + 1}: {error}"
                raise ParseError(Code.INVALID_JSON, text) from error
            yield item, number


def _value(cell: str, name: str, kind: str, targets: Mapping[str, str]) -> Any:
    if name in ("objectId", "createdAt", "updatedAt") or kind == "String":
        return cell
    if kind == "Date":
        return {"__type": "Date", "iso": cell}
    if kind == "Pointer":
        return {"__type": "Pointer", "className": targets[name], "objectId": cell}
    try:
        return orjson.loads(cell)
    except ValueError as error:
        raise ValueError(f"{name}: {cell[:40]!r} is no {kind or 'JSON'}") from error
