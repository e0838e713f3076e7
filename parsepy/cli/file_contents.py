"""The contents of files in an export: those that its objects name, whatever store they are in.

``files/`` has each as it is, by its name with what a path can't have escaped, and beside it a
``.json`` with its name, size and metadata, which is written last: what has none is not whole.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from parsepy.cli import data_files, progress
from parsepy.cli.messages import StartError

if TYPE_CHECKING:
    from parsepy.backend import Backend
    from parsepy.model.schema import ClassSchema

FOLDER = "files"
_ABOUT = ".about.json"
_PIECE = 256 * 1024
_LONGEST = 180  # bytes of a name; file systems take 255, with what we put behind it
_HOLDERS = {"File", "Array", "Object"}


def _path_of(folder: Path, name: str) -> Path:
    safe = quote(name, safe="-_. ").replace("..", "%2E%2E")
    if len(safe) > _LONGEST or safe.startswith("."):
        safe = hashlib.sha256(name.encode()).hexdigest()
    return folder / safe


async def export(
    backend: Backend, classes: Sequence[ClassSchema], folder: Path
) -> tuple[int, list[str]]:
    """Write the files that objects of these classes name; how many, and names that have none."""
    from parsepy.operations import transfers

    target = folder / FOLDER
    target.mkdir(exist_ok=True)
    count, missing = 0, []
    with progress.bar(FOLDER, None) as told:
        for schema in classes:
            if _HOLDERS.isdisjoint(kind.name for kind in schema.types.values()):
                continue
            async for page in transfers.pages(backend, schema):
                for name in transfers.file_names(page):
                    if not await _write(backend, target, name):
                        missing.append(name)
                        continue
                    count += 1
                    told(count)
    return count, missing


async def _write(backend: Backend, target: Path, name: str) -> bool:
    """Write a file, unless it is there; False if the store has none of that name."""
    path = _path_of(target, name)
    about = path.with_name(path.name + _ABOUT)
    if about.exists():
        return True
    found = await backend.files.find(name)
    if found is None:
        return False
    with path.open("wb") as file:
        async for piece in backend.files.read(found, 0, found.size):
            file.write(piece)
    known = {"name": name, "size": found.size, "metadata": dict(found.metadata)}
    data_files.write_json(about, json.loads(json.dumps(known, default=str)))
    return True


async def import_(backend: Backend, folder: Path) -> int:
    """Bring the files of an export in, but for those that are there; how many there are."""
    from parsepy.model.files import is_plain_path, type_of

    abouts = sorted((folder / FOLDER).glob(f"*{_ABOUT}"))
    with progress.bar(FOLDER, len(abouts)) as told:
        for count, about in enumerate(abouts, 1):
            known = data_files.read_json(about)
            name, size = str(known.get("name", "")), int(known.get("size", -1))
            if not is_plain_path(name):
                raise StartError(f"data import: {about} names no file of a store")
            there = await backend.files.find(name)
            if there is None or there.size != size:
                await backend.files.create(
                    name,
                    _pieces(about.with_name(about.name.removesuffix(_ABOUT))),
                    content_type=type_of(name),
                    metadata=_metadata(known),
                    tags={},
                )
            told(count)
    return len(abouts)


def _metadata(known: dict[str, Any]) -> dict[str, Any]:
    found = known.get("metadata")
    return found if isinstance(found, dict) else {}


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece
