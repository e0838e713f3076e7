"""Which files are worth to be compressed, and compression once after a build."""

import gzip
import mimetypes
import re
from pathlib import Path

SMALLEST = 1024
"""Bytes from which compression is worth its cost."""
_TEXTS = re.compile(r"text/|application/(javascript|json|manifest|xml|wasm)|image/svg")


def is_text(kind: str) -> bool:
    """Is a media type one of texts, which become smaller by compression?"""
    return _TEXTS.match(kind) is not None


def compress(folder: Path) -> int:
    """Write ``.gz`` beside the texts of a built folder; how many were written."""
    written = 0
    for file in sorted(folder.rglob("*")):
        kind = mimetypes.guess_type(file.name)[0] or ""
        if file.is_file() and is_text(kind) and file.stat().st_size >= SMALLEST:
            file.with_name(f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes(), 9))
            written += 1
    return written
