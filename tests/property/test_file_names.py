"""No name leads out of a store's own place, and none is served as what it was refused for."""

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from parsepy.config import Config
from parsepy.errors import ParseError
from parsepy.files.encryption import Encryption
from parsepy.files.local import LocalFiles
from parsepy.model.files import (
    FileDraft,
    check_directory,
    check_name,
    check_type,
    is_plain_path,
    stored_name,
    type_of,
)

ODD = st.text(alphabet="ab./\\:~ %\0\n-_@é", max_size=12)
ACTIVE = ("html", "htm", "xhtml", "svg", "svgz", "xml", "xsl", "xht", "mathml", "rdf")
PATTERNS = Config.from_options({"appId": "a", "masterKey": "m"}).file_upload.file_extensions
FOLDER = Path(tempfile.gettempdir()).resolve() / "parsepy-names"


@given(ODD, st.none() | ODD)
@example("..", None)
@example("a", "..")
def test_a_name_that_passes_stays_below_the_folder(name: str, directory: str | None) -> None:
    try:
        check_name(name)
        if directory is not None:
            check_directory(directory)
    except ParseError:
        return
    stored = stored_name(FileDraft(name=name, directory=directory), "0123_")
    assert is_plain_path(stored)
    assert (FOLDER / stored).resolve().is_relative_to(FOLDER)


@given(ODD)
@example("../x")
@example("/etc/passwd")
def test_whatever_is_asked_for_nothing_outside_is_opened(name: str) -> None:
    with tempfile.TemporaryDirectory() as home:
        store = LocalFiles(f"{home}/files")
        (Path(home) / "x").write_text("secret")
        place = store._place(name)
        assert place is None or place.resolve().is_relative_to(Path(home).resolve() / "files")


@given(
    st.text(alphabet="ab. ~", max_size=4),
    st.sampled_from(ACTIVE),
    st.lists(st.booleans(), min_size=6, max_size=6),
    st.text(alphabet=". ", max_size=3),
)
def test_active_content_passes_under_no_spelling(
    stem: str, extension: str, upper: list[bool], tail: str
) -> None:
    spelled = "".join(
        c.upper() if up else c for c, up in zip(extension, upper + [False] * 6, strict=False)
    )
    with pytest.raises(ParseError, match="is disabled"):
        check_type(f"x{stem}.{spelled}{tail}", "text/plain", PATTERNS)


@given(st.text(alphabet="abhtmlsvgx.~ ", max_size=10), st.sampled_from(["text/html", "image/png"]))
def test_what_passes_is_never_served_as_active_content(name: str, kind: str) -> None:
    try:
        check_name(name)
        check_type(name, kind, PATTERNS)
    except ParseError:
        return
    served = type_of(stored_name(FileDraft(name=name, content_type=kind), "p_")) or ""
    assert not any(word in served for word in ("html", "svg", "xml"))


@given(st.binary(max_size=300), st.integers(0, 300), st.integers(0, 300), st.integers(1, 50))
async def test_every_range_of_an_encrypted_file_is_what_it_was(
    data: bytes, one: int, other: int, size: int
) -> None:
    encryption = Encryption("key")

    async def plain() -> AsyncIterator[bytes]:
        for start in range(0, len(data), size):
            yield data[start : start + size]

    stored = b"".join([piece async for piece in encryption.encrypted(plain())])

    async def read(start: int, stop: int) -> AsyncIterator[bytes]:
        for at in range(start, stop, size):
            yield stored[at : min(at + size, stop)]

    start, stop = sorted((min(one, len(data)), min(other, len(data))))
    pieces = encryption.decrypted(read, len(stored), start, stop)
    assert b"".join([piece async for piece in pieces]) == data[start:stop]
