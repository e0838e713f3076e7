"""``FileDraft``: a file of a request; the rules of names, types and directories (protocol §22)."""

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from parsepy.errors import Code, ParseError
from parsepy.model.media_types import EXTENSIONS, TYPES
from parsepy.model.values import MAX_DEPTH, JSONObject

_NAME = re.compile(r"[_a-zA-Z0-9][a-zA-Z0-9@. ~_-]*")
_DIRECTORY = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_\-/]*")
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~A-Za-z0-9]+")
_RESERVED = ("metadata",)  # the first segment of a route of ours
_LONGEST_NAME = 128
_LONGEST_DIRECTORY = 256
_LARGEST = 2**63 - 1


@dataclass(slots=True, kw_only=True)
class FileDraft:
    """A file that is about to be stored, deleted or sent; file triggers may change it.

    The content is in ``data``, or can be read once from ``chunks`` (a streamed upload, of which
    triggers get no data). ``size`` is None while it is not known. A draft with a ``url`` is
    stored elsewhere.
    """

    name: str
    content_type: str | None = None
    data: bytes | None = None
    chunks: AsyncIterator[bytes] | None = None
    metadata: JSONObject = field(default_factory=dict)
    tags: JSONObject = field(default_factory=dict)
    directory: str | None = None
    url: str | None = None
    size: int | None = None

    def served_type(self) -> str | None:
        """The content type to store: that of the name's extension, else what the upload claimed."""
        return type_of(self.name) or self.content_type

    def to_rest(self) -> JSONObject:
        """Make the File value, as objects hold it."""
        shown: JSONObject = {"__type": "File", "name": self.name}
        if self.url:
            shown["url"] = self.url
        return shown


def check_name(name: str) -> None:
    """Raise INVALID_FILE_NAME for a name that cannot be uploaded (§22.2)."""
    if len(name) > _LONGEST_NAME:
        raise ParseError(Code.INVALID_FILE_NAME, "Filename too long.")
    if not _NAME.fullmatch(name):
        raise ParseError(Code.INVALID_FILE_NAME, "Filename contains invalid characters.")


def check_directory(directory: object) -> str:
    """Check a directory and return it as text; raises INVALID_FILE_NAME (§22.4)."""
    problem = _directory_problem(directory)
    if problem:
        raise ParseError(Code.INVALID_FILE_NAME, problem)
    return str(directory)


def _directory_problem(directory: object) -> str | None:
    if not isinstance(directory, str):
        return "Directory must be a string."
    if not directory:
        return "Directory must not be empty."
    if len(directory) > _LONGEST_DIRECTORY:
        return "Directory path is too long."
    if ".." in directory:
        return 'Directory must not contain "..".'
    if directory[0] == "/" or directory[-1] == "/":
        return 'Directory must not start or end with "/".'
    if "//" in directory:
        return "Directory must not contain consecutive slashes."
    first = directory.split("/")[0]
    if first in _RESERVED:
        return f'Directory must not start with reserved segment "{first}".'
    if not _DIRECTORY.fullmatch(directory):
        return "Directory contains invalid characters."
    return None


def check_about(value: object, depth: int = 0) -> None:
    """Raise INVALID_JSON for metadata or tags that a store may be unable to hold.

    Those are names with NUL, numbers beyond 64 bits, and too deep nesting.
    """
    if isinstance(value, dict):
        if any("\0" in name for name in value):
            raise ParseError(Code.INVALID_JSON, "The file's metadata has NUL in a name.")
        items = list(value.values())
    elif isinstance(value, list):
        items = value
    else:
        if isinstance(value, int) and abs(value) > _LARGEST:
            raise ParseError(Code.INVALID_JSON, "The file's metadata has a number beyond 64 bits.")
        return
    if depth > MAX_DEPTH:
        raise ParseError(Code.INVALID_JSON, f"Nesting deeper than {MAX_DEPTH} levels.")
    for item in items:
        check_about(item, depth + 1)


def is_plain_path(name: str) -> bool:
    """Can a store use this name as a path below its own place without leaving it?"""
    return "\\" not in name and all(
        part and part[0] != "." and part.isprintable() for part in name.split("/")
    )


def extension_of(name: str) -> str:
    """Return the part behind the last dot, without dots and blanks at the end; "" if none."""
    return name.rstrip(". \t").rpartition(".")[2] if "." in name.rstrip(". \t") else ""


def type_of(name: str) -> str | None:
    """Find the content type of a name's extension; None if it is not known."""
    return TYPES.get(extension_of(name).lower())


def extension_for(content_type: str) -> str | None:
    """Find the extension for a content type, without the dot; None if it is not known."""
    return EXTENSIONS.get(content_type.partition(";")[0].strip().lower())


def stored_name(draft: FileDraft, prefix: str) -> str:
    """Compose the name to store a file under: directory, random prefix, name, extension (§22.1)."""
    name = draft.name
    if not extension_of(name) and draft.content_type:
        extension = extension_for(draft.content_type)
        if extension:
            name = name + ("" if name.endswith(".") else ".") + extension
    name = prefix + name
    return f"{draft.directory}/{name}" if draft.directory else name


def check_type(name: str, content_type: str | None, patterns: Sequence[str]) -> None:
    """Raise FILE_SAVE_ERROR for a type that ``fileUpload.fileExtensions`` does not allow (§22.3).

    The name's extension decides. If it is not known, the content type has to be allowed as well,
    since a store might send the file with it.
    """
    if "*" in patterns:
        return
    extension = re.sub(r"\s+", "", extension_of(name).partition(";")[0])
    if extension:
        _check_extension(extension, patterns)
    if content_type and not type_of(name):
        kind, slash, rest = content_type.partition("/")
        kind, subtype = kind.strip(), rest.partition(";")[0].strip()
        if slash and _TOKEN.fullmatch(kind) and _TOKEN.fullmatch(subtype):
            _check_extension(subtype, patterns)
            return
        bare = re.sub(r"\s+", "", kind.partition(";")[0])
        if bare:
            _check_extension(bare, patterns)
        raise ParseError(Code.FILE_SAVE_ERROR, "Invalid Content-Type.")


def _check_extension(extension: str, patterns: Sequence[str]) -> None:
    if not any(re.search(pattern, extension) for pattern in patterns):
        raise ParseError(Code.FILE_SAVE_ERROR, f"File upload of extension {extension} is disabled.")
