"""``File``: a stored file, or one to be stored, as cloud code sees it."""

from typing import Any, Self

from parsepy.errors import Code, ParseError
from parsepy.model.values import JSONObject


class File:
    """A file: its name and, when it is stored, its URL."""

    def __init__(
        self,
        name: str,
        data: bytes | None = None,
        content_type: str | None = None,
        *,
        url: str | None = None,
        metadata: dict[str, Any] | None = None,
        tags: dict[str, Any] | None = None,
    ) -> None:
        self.name = name
        self.url = url
        self.content_type = content_type
        self.metadata = dict(metadata or {})
        self.tags = dict(tags or {})
        self._data = data

    @property
    def has_data(self) -> bool:
        """Is the content at hand?"""
        return self._data is not None

    def to_json(self) -> JSONObject:
        """The File value that stands in an object; raises UNSAVED_FILE_ERROR for a new file."""
        if self.url is None and self._data is not None:
            raise ParseError(Code.UNSAVED_FILE_ERROR, f"The file {self.name} is not saved yet.")
        value: JSONObject = {"__type": "File", "name": self.name}
        if self.url is not None:
            value["url"] = self.url
        return value

    async def save(self, **rights: Any) -> Self:
        """Store the content; replaced when file storage lands."""
        raise ParseError(Code.FILE_SAVE_ERROR, "files can't be stored yet")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, File) and (self.name, self.url) == (other.name, other.url)

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"<File {self.name}>"
