"""Files in a bucket of S3, or of a service with its protocol (extra ``s3``: obstore)."""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import quote

from parsepy.files.base import StoredFile
from parsepy.model.files import is_plain_path

_PART = 5 * 1024 * 1024  # the smallest that S3 takes as a part of an upload
_PIECE = 1 << 20
_AT_ONCE = 2  # parts under way: bounds the memory of an upload
# What obstore would take for a property of the object, and not for metadata of the user's.
_OF_THE_OBJECT = {
    *("content-type", "content-disposition", "content-encoding", "content-language"),
    *("cache-control", "storage-class"),
}


class S3Files:
    """Objects of ``bucket`` whose keys are ``prefix`` and the file's name.

    ``endpoint`` is the address of another service than Amazon's. Without an access key, obstore
    takes the credentials that Amazon's tools would take. With ``base_url``, clients read files
    from there and not from this server.
    """

    def __init__(
        self,
        bucket: str,
        *,
        region: str = "us-east-1",
        endpoint: str | None = None,
        accessKeyId: str | None = None,
        secretAccessKey: str | None = None,
        prefix: str | None = None,
        baseUrl: str | None = None,
    ) -> None:
        try:
            import obstore
            from obstore.store import S3Store
        except ImportError as error:
            raise ImportError(
                "filesAdapter s3 needs obstore: pip install 'parsepy-server[s3]'"
            ) from error
        settings: dict[str, Any] = {"region": region}
        client: dict[str, Any] = {}
        if endpoint is not None:
            settings["endpoint"] = endpoint
            client["allow_http"] = endpoint.startswith("http://")
        if accessKeyId is not None:
            settings["access_key_id"] = accessKeyId
            settings["secret_access_key"] = secretAccessKey
        self._api = obstore
        self._missing = (FileNotFoundError, obstore.exceptions.NotFoundError)
        self._store: Any = S3Store(bucket, prefix=prefix, client_options=client, **settings)  # type: ignore[arg-type]
        self._base_url = baseUrl.rstrip("/") if baseUrl else None

    async def create(
        self,
        name: str,
        chunks: AsyncIterator[bytes],
        *,
        content_type: str | None,
        metadata: Mapping[str, Any],
        tags: Mapping[str, Any],
    ) -> None:
        """Store an object in parts; raises ``ValueError`` for metadata that S3 cannot hold."""
        if not is_plain_path(name):
            raise ValueError("the name is no plain path")
        attributes = {key.lower(): _text(value) for key, value in metadata.items()}
        if _OF_THE_OBJECT & attributes.keys():
            raise ValueError("metadata may not be named as a property of the object")
        attributes["Content-Type"] = content_type or "application/octet-stream"
        await self._api.put_async(
            self._store,
            name,
            chunks,
            attributes=attributes,
            tags={key: _text(value) for key, value in tags.items()} or None,
            chunk_size=_PART,
            max_concurrency=_AT_ONCE,
        )

    async def find(self, name: str) -> StoredFile | None:
        """Find the object of that name."""
        if not is_plain_path(name):
            return None
        try:
            found = await self._api.get_async(self._store, name, options={"head": True})
        except self._missing:
            return None
        known = found.meta
        named = dict(found.attributes.items())
        return StoredFile(
            name=name,
            size=known["size"],
            modified=known["last_modified"],
            etag=(known["e_tag"] or "").strip('"'),
            metadata={k: v for k, v in named.items() if k.lower() not in _OF_THE_OBJECT},
            key=known["e_tag"],
        )

    async def read(self, file: StoredFile, start: int, stop: int) -> AsyncIterator[bytes]:
        """Read a range in pieces, of the version of the object that was found."""
        if start >= stop:
            return
        options: dict[str, Any] = {"range": (start, stop)}
        if file.key:
            options["if_match"] = file.key
        found = await self._api.get_async(self._store, file.name, options=options)  # type: ignore[arg-type]
        async for piece in found.stream(min_chunk_size=_PIECE):
            yield bytes(piece)

    async def delete(self, name: str) -> bool:
        """Delete the object; true if it was there, which S3 itself does not say."""
        if await self.find(name) is None:
            return False
        await self._api.delete_async(self._store, name)
        return True

    def url(self, name: str) -> str | None:
        """Return the address below ``baseUrl``; None without that option."""
        return None if self._base_url is None else f"{self._base_url}/{quote(name)}"

    async def close(self) -> None:
        """Do nothing: obstore closes its connections itself."""


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if text.isascii() and text.isprintable() else json.dumps(text)


adapter = S3Files
