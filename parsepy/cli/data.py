"""`parsepy data export|import`: whole classes to files and back, resumable, in flat memory."""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from parsepy.cli import data_files, file_contents, progress
from parsepy.cli.commands import with_application
from parsepy.cli.configuration import configure
from parsepy.cli.data_files import MANIFEST, STATE, Place, name_of, place_of
from parsepy.cli.messages import StartError, warn

if TYPE_CHECKING:
    from parsepy.app import Application
    from parsepy.backend import Backend
    from parsepy.model.schema import ClassSchema
    from parsepy.model.values import JSONObject


def _report(args: argparse.Namespace, counts: dict[str, dict[str, Any]]) -> None:
    """Print what was moved: a line a file, or JSON."""
    if args.json:
        print(json.dumps(counts, indent=2, sort_keys=True))
        return
    for name, found in counts.items():
        print(f"{found['count']:>10,}  {name}  {found.get('sha256', '')}".rstrip())


# --- export -------------------------------------------------------------------------------------


def export(args: argparse.Namespace) -> int:
    """Write classes to a folder; a killed export goes on where it was."""
    from parsepy.operations import transfers

    folder: Path = args.folder
    folder.mkdir(parents=True, exist_ok=True)

    async def act(application: Application) -> dict[str, dict[str, Any]]:
        backend = application.backend
        done = await _export(backend, folder, args.classes, args.format)
        if args.files:
            classes = [await transfers.class_named(backend, one) for one in _classes_in(done)]
            count, missing = await file_contents.export(backend, classes, folder)
            done = {**done, file_contents.FOLDER: {"count": count}}
            for name in missing[:100]:
                warn(f"an object names the file {name}, which is not there")
        return done

    _report(args, with_application(configure(args).config, act))
    return 0


def _classes_in(done: dict[str, Any]) -> list[str]:
    """The classes whose objects were written, relations aside."""
    return [place.class_name for place in map(place_of, map(Path, done)) if place.field is None]


async def _export(
    backend: Backend, folder: Path, names: Sequence[str], form: str
) -> dict[str, dict[str, Any]]:
    from parsepy.operations import transfers

    classes = [
        await transfers.class_named(backend, name)
        for name in names or await transfers.movable(backend)
    ]
    done: dict[str, dict[str, Any]] = data_files.read_json(folder / MANIFEST).get("files", {})
    described = [schema.to_json() for schema in classes]
    data_files.write_json(folder / MANIFEST, {"classes": described, "files": done})
    for schema in classes:
        places = [Place(schema.name), *(Place(schema.name, field) for field in schema.relations)]
        for place in places:
            path = folder / name_of(place, form)
            if path.name in done and path.exists():
                continue
            count = await _write(backend, schema, place, path, form)
            done[path.name] = {"count": count, "sha256": data_files.digest(path)}
            data_files.write_json(folder / MANIFEST, {"classes": described, "files": done})
    return done


async def _write(backend: Backend, schema: ClassSchema, place: Place, path: Path, form: str) -> int:
    from parsepy.operations import transfers

    if place.field is not None:
        count = 0
        with path.open("wb") as file:
            async for row in transfers.relation_rows(backend, schema, place.field):
                file.write(data_files.line_of(row))
                count += 1
        return count
    with progress.bar(path.name, await _size(backend, schema)) as told:
        if form == "csv":
            return await _write_csv(backend, schema, path, told)
        count, last = data_files.resume(path)
        with path.open("ab") as file:
            async for page in transfers.pages(backend, schema, last):
                file.write(b"".join(map(data_files.line_of, page)))
                file.flush()
                count += len(page)
                told(count)
    return count


async def _size(backend: Backend, schema: ClassSchema) -> int:
    from parsepy.storage import backups

    connection = backend.storage.connection
    return await backups.size(connection, connection.prefix + schema.name)


async def _write_csv(backend: Backend, schema: ClassSchema, path: Path, told: progress.Told) -> int:
    from parsepy.operations import transfers

    types = {name: kind.name for name, kind in schema.types.items()}
    header, count = data_files.header_of(types), 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        async for page in transfers.pages(backend, schema):
            writer.writerows(data_files.row_of(item, header, types) for item in page)
            count += len(page)
            told(count)
    return count


# --- import -------------------------------------------------------------------------------------


def import_(args: argparse.Namespace) -> int:
    """Bring files in; a killed import goes on where it was, and a second one changes nothing."""
    paths = _files(args.paths)

    async def act(application: Application) -> dict[str, dict[str, Any]]:
        counts = await _import(application.backend, paths)
        for folder in args.paths:
            if (folder / file_contents.FOLDER).is_dir():
                count = await file_contents.import_(application.backend, folder)
                counts[file_contents.FOLDER] = {"count": count}
        return counts

    _report(args, with_application(configure(args).config, act))
    return 0


def _files(paths: Sequence[Path]) -> list[Path]:
    """The files of folders and those that were named; classes before relations."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted([*path.glob("*.jsonl"), *path.glob("*.csv")])
        elif path.is_file() and path.suffix in (".jsonl", ".csv"):
            found.append(path)
        else:
            raise StartError(f"data import: {path} is neither a folder nor a .jsonl or .csv file")
    return sorted(found, key=lambda path: (place_of(path).field is not None, path.name))


async def _import(backend: Backend, paths: Sequence[Path]) -> dict[str, dict[str, Any]]:
    from parsepy.operations import transfers

    for folder in dict.fromkeys(path.parent for path in paths):
        for described in data_files.read_json(folder / MANIFEST).get("classes", []):
            await transfers.make_class(backend, described)
    # an offset holds for one database: another one begins at the beginning
    database = backend.storage.connection.database.name
    counts: dict[str, dict[str, Any]] = {}
    for path in paths:
        state = path.parent / STATE
        place = place_of(path)
        schema = await transfers.class_named(backend, place.class_name)
        key = f"{database} {path.name}"
        at = data_files.read_json(state).get(key, {})
        offset, count = int(at.get("offset", 0)), int(at.get("count", 0))
        is_csv = path.suffix == ".csv"  # whose offsets are rows
        total = None if is_csv else path.stat().st_size
        with progress.bar(path.name, total, "" if is_csv else "bytes") as told:
            for batch, offset in _batches(path, schema, offset):  # noqa: B020 - goes on from there
                if place.field is None:
                    await transfers.put(backend, schema, batch)
                else:
                    await transfers.put_rows(backend, schema, place.field, batch)
                count += len(batch)
                told(offset)
                known = {**data_files.read_json(state), key: {"offset": offset, "count": count}}
                data_files.write_json(state, known)
        counts[path.name] = {"count": count}
    for folder in dict.fromkeys(path.parent for path in paths):
        _forget(folder / STATE, database)
    return counts


def _batches(path: Path, schema: ClassSchema, begin: int) -> Iterator[tuple[list[JSONObject], int]]:
    """The objects of a file by the thousand, each with the offset (or row) behind it."""
    from parsepy.operations.transfers import PAGE

    if path.suffix == ".csv":
        types = {name: kind.name for name, kind in schema.types.items()}
        rows = data_files.read_rows(path, types, schema.pointers)
        items: Iterator[tuple[JSONObject, int]] = (row for row in rows if row[1] > begin)
    else:
        items = data_files.read_lines(path, begin)
    batch: list[JSONObject] = []
    at = begin
    for item, at in items:
        batch.append(item)
        if len(batch) == PAGE:
            yield batch, at
            batch = []
    if batch:
        yield batch, at


def _forget(state: Path, database: str) -> None:
    """A whole import needs no state any more."""
    known = data_files.read_json(state)
    left = {key: at for key, at in known.items() if not key.startswith(f"{database} ")}
    if left:
        data_files.write_json(state, left)
    else:
        state.unlink(missing_ok=True)
