"""``File``: a stored file, or one to be stored, as cloud code sees it."""

import base64 as codec
import re
from typing import Any, Self

from parsepy.cloud import current
from parsepy.errors import Code, ParseError
from parsepy.model.files import FileDraft
from parsepy.model.values import JSONObject
from parsepy.operations import files

_PREFIX = re.compile(r"^[0-9a-f]{32}_(?=.)")  # what a stored name begins with


class File:
    """A file: its name and, when it is stored, its URL.

    ``File("photo.jpg", data)`` is a new one; objects that hold a new file save it first.
    """

    def __init__(
        self,
        name: str,
        data: bytes | None = None,
        content_type: str | None = None,
        *,
        base64: str | None = None,
        url: str | None = None,
        metadata: dict[str, Any] | None = None,
        tags: dict[str, Any] | None = None,
        directory: str | None = None,
    ) -> None:
        self.name = name
        self.url = url
        self.content_type = content_type
        self.metadata = dict(metadata or {})
        self.tags = dict(tags or {})
        self.directory = directory
        self._data = codec.b64decode(base64, validate=True) if base64 is not None else data

    @property
    def has_data(self) -> bool:
        """Is the content at hand?"""
        return self._data is not None

    def set_data(self, data: bytes) -> Self:
        """Give the file another content, to be stored or (in after_find) sent.

        A stored file becomes a new one: the next ``save`` stores it under another name.
        """
        if self.url is not None:
            place, _, name = self.name.rpartition("/")
            self.name, self.directory = _PREFIX.sub("", name, count=1), place or None
            self.url = None
        self._data = data
        return self

    def add_metadata(self, key: str, value: Any) -> Self:
        """Keep a remark with the file."""
        self.metadata[key] = value
        return self

    def add_tag(self, key: str, value: Any) -> Self:
        """Tag the file, for stores that know tags."""
        self.tags[key] = value
        return self

    def to_json(self) -> JSONObject:
        """The File value that stands in an object; raises UNSAVED_FILE_ERROR for a new file."""
        if self.url is None and self._data is not None:
            raise ParseError(Code.UNSAVED_FILE_ERROR, f"The file {self.name} is not saved yet.")
        value: JSONObject = {"__type": "File", "name": self.name}
        if self.url is not None:
            value["url"] = self.url
        return value

    async def save(self, **rights: Any) -> Self:
        """Store the content under a name of its own; ``name`` and ``url`` say where.

        Raises FILE_SAVE_ERROR, INVALID_FILE_NAME, and what file triggers raise.
        """
        if self._data is None:
            raise ParseError(Code.FILE_SAVE_ERROR, f"The file {self.name} has no content.")
        acting = await current.context(**rights)
        stored = await files.save(acting, self.to_draft())
        self.name, self.url = stored.name, stored.url
        return self

    async def destroy(self, **rights: Any) -> None:
        """Delete the stored file; raises FILE_DELETE_ERROR."""
        await files.delete(await current.context(**rights), self.name)

    async def get_data(self) -> bytes:
        """The content, read from the store if need be; raises FILE_READ_ERROR."""
        if self._data is None:
            return await files.read(await current.context(), self.name)
        return self._data

    # --- the form inside ---------------------------------------------------------------------

    @classmethod
    def from_draft(cls, draft: FileDraft) -> Self:
        """The file of a trigger."""
        return cls(
            draft.name,
            draft.data,
            draft.content_type,
            url=draft.url,
            metadata=draft.metadata,
            tags=draft.tags,
            directory=draft.directory,
        )

    def to_draft(self) -> FileDraft:
        """What is to be stored."""
        return self.write_to(FileDraft(name=self.name))

    def write_to(self, draft: FileDraft) -> FileDraft:
        """Carry what an author changed into a draft."""
        draft.name, draft.content_type, draft.url = self.name, self.content_type, self.url
        draft.metadata, draft.tags = dict(self.metadata), dict(self.tags)
        draft.directory = self.directory
        if self._data is not None and self._data is not draft.data:
            draft.data, draft.chunks, draft.size = self._data, None, len(self._data)
        return draft

    def __eq__(self, other: object) -> bool:
        return isinstance(other, File) and (self.name, self.url) == (other.name, other.url)

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"<File {self.name}>"
