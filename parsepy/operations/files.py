"""Save, read and delete a file, with its triggers; who may do so (protocol §22)."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from parsepy.backend import RequestContext
from parsepy.errors import Code, ParseError, denied
from parsepy.files.base import StoredFile
from parsepy.model.files import (
    FileDraft,
    check_about,
    check_directory,
    check_name,
    check_type,
    stored_name,
)
from parsepy.model.values import JSONObject
from parsepy.operations import access, hooks
from parsepy.triggers import FILE, FileEvent

_GROUPS = (
    ("anonymous", "enable_for_anonymous_user", "anonymous user"),
    ("user", "enable_for_authenticated_user", "authenticated user"),
    ("public", "enable_for_public", "public"),
)


@dataclass(slots=True)
class FileDownload:
    """A file that may be sent: what the store knows of it, and what triggers said of it.

    With ``draft.data`` those bytes are sent in place of the stored ones.
    """

    file: StoredFile | None
    draft: FileDraft
    force_download: bool = False
    response_headers: dict[str, str] = field(default_factory=dict)


def _group(context: RequestContext) -> str:
    user = context.principal.user
    if user is None:
        return "public"
    return "anonymous" if "anonymous" in (user.get("authData") or {}) else "user"


def _refusal(context: RequestContext, options: Any, what: str) -> str | None:
    """Why this caller may not upload or download, if so; ``options`` is one of the two groups."""
    if context.principal.is_privileged:
        return None
    group = _group(context)
    for name, attribute, shown in _GROUPS:
        if name == group and not getattr(options, attribute):
            return f"File {what} by {shown} is disabled."
    return None


def check_upload(context: RequestContext, name: str, content_type: str | None) -> None:
    """Refuse an upload by who sends it, its name and its type (§22.2, §22.3).

    Raises FILE_SAVE_ERROR, INVALID_FILE_NAME. Cloud code needs no such permission.
    """
    options = context.config.file_upload
    refusal = _refusal(context, options, "upload")
    if refusal:
        raise ParseError(Code.FILE_SAVE_ERROR, refusal)
    check_name(name)
    if not context.principal.is_master:
        check_type(name, content_type, options.file_extensions)


def check_placement(context: RequestContext, directory: object) -> str:
    """The directory of an upload, which the master key alone may set (§22.4)."""
    if not context.principal.is_master:
        raise ParseError(
            Code.OPERATION_FORBIDDEN, "Directory can only be set using the Master Key."
        )
    return check_directory(directory)


def check_download(context: RequestContext) -> None:
    """Refuse who may not download files, with OPERATION_FORBIDDEN (§22.5)."""
    refusal = _refusal(context, context.config.file_download, "download")
    if refusal:
        raise ParseError(Code.OPERATION_FORBIDDEN, refusal)


async def save(context: RequestContext, draft: FileDraft) -> FileDraft:
    """Store a file and answer it with its stored name and its URL.

    A beforeSave may change the draft or return another; one with a ``url`` is not stored.
    Raises INVALID_KEY_NAME, INVALID_JSON, the trigger's error, FILE_SAVE_ERROR, or
    OPERATION_FORBIDDEN for the read-only master key.
    """
    _check_may_write(context, "create")
    for about in (draft.metadata, draft.tags):
        access.check_keywords(context, about)
        check_about(about)
    if draft.data is not None:
        draft.size = len(draft.data)
    draft = await _before_save(context, draft)
    if draft.url is None:
        await _store(context, draft)
    if context.backend.triggers.has("afterSave", FILE):
        await hooks.run_after(context, _event(context, "afterSave", draft))
    return draft


def _check_may_write(context: RequestContext, what: str) -> None:
    """Refuse the read-only master key, by which cloud code may be called."""
    if context.principal.is_read_only:
        raise denied(
            Code.OPERATION_FORBIDDEN, f"read-only masterKey isn't allowed to {what} a file."
        )


async def _before_save(context: RequestContext, draft: FileDraft) -> FileDraft:
    if not context.backend.triggers.has("beforeSave", FILE):
        return draft
    answer = await context.backend.triggers.run(_event(context, "beforeSave", draft))
    if isinstance(answer, FileDraft) and answer is not draft:
        if answer.data is None and answer.url is None:
            answer.chunks = draft.chunks
            answer.data = draft.data
        draft = answer
    if draft.data is not None:
        draft.size = len(draft.data)
    return draft


async def _store(context: RequestContext, draft: FileDraft) -> None:
    # a trigger may have named both; the store must be able to rely on them
    check_name(draft.name)
    if draft.directory is not None:
        check_directory(draft.directory)
    given = draft.name
    prefix = "" if context.config.preserve_file_name else f"{secrets.token_hex(16)}_"
    draft.name = stored_name(draft, prefix)
    counted = _Counted(_chunks(draft))
    try:
        await context.backend.files.create(
            draft.name,
            counted.chunks(),
            content_type=draft.served_type(),
            metadata=draft.metadata,
            tags=draft.tags,
        )
    except Exception as error:
        if counted.failed:
            raise  # the client's doing: hung up, or sent too much
        context.backend.log.exception("a file could not be stored: %s", draft.name)
        raise ParseError(Code.FILE_SAVE_ERROR, f"Could not store file: {given}.") from error
    draft.size = counted.size
    draft.url = address(context, draft.name)
    draft.chunks = None


class _Counted:
    """Chunks on their way into a store: how many bytes, and whether it was they that failed."""

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks
        self.size = 0
        self.failed = False

    async def chunks(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._chunks:
                self.size += len(piece)
                yield piece
        except Exception:
            self.failed = True
            raise


async def _chunks(draft: FileDraft) -> AsyncIterator[bytes]:
    if draft.data is not None:
        yield draft.data
    elif draft.chunks is not None:
        async for piece in draft.chunks:
            yield piece


def address(context: RequestContext, name: str) -> str:
    """The URL of a stored file, as the request under way reached the server."""
    return context.backend.storage.file_url(name, context.mount_url)


async def delete(context: RequestContext, name: str) -> None:
    """Delete a file with its triggers; FILE_DELETE_ERROR if it is not there (§22.6).

    Raises OPERATION_FORBIDDEN for the read-only master key.
    """
    _check_may_write(context, "delete")
    backend = context.backend
    draft = FileDraft(name=name, url=address(context, name))
    if backend.triggers.has("beforeDelete", FILE):
        await backend.triggers.run(_event(context, "beforeDelete", draft))
    try:
        there = await backend.files.delete(name)
    except ParseError:
        raise
    except Exception as error:
        backend.log.exception("a file could not be deleted: %s", name)
        raise ParseError(Code.FILE_DELETE_ERROR, "Could not delete file.") from error
    if not there:
        raise ParseError(Code.FILE_DELETE_ERROR, "FileNotFound")
    if backend.triggers.has("afterDelete", FILE):
        await hooks.run_after(context, _event(context, "afterDelete", draft))


async def find(context: RequestContext, name: str) -> FileDownload | None:
    """The file that a download of ``name`` gets, after beforeFind and afterFind.

    None if there is no such file; raises the triggers' errors.
    """
    backend = context.backend
    draft = FileDraft(name=name)
    draft = (await _run_find(context, "beforeFind", draft)).file
    file = await backend.files.find(draft.name)
    if file is None:
        return None
    draft.size = file.size
    draft.metadata = dict(file.metadata)
    event = await _run_find(context, "afterFind", draft)
    headers = _header_texts(event.response_headers)
    return FileDownload(file, event.file, event.force_download, headers)


async def _run_find(context: RequestContext, kind: str, draft: FileDraft) -> FileEvent:
    """The event of a download with what its trigger, if there is one, made of it."""
    event = _event(context, kind, draft)
    if kind == "afterFind":
        event.response_headers["X-Content-Type-Options"] = "nosniff"
    if context.backend.triggers.has(kind, FILE):
        answer = await context.backend.triggers.run(event)
        if isinstance(answer, FileDraft):
            event.file = answer
    return event


def _header_texts(headers: dict[str, str]) -> dict[str, str]:
    """The response headers of an afterFind that can be sent as such."""
    pairs = {str(name): str(value) for name, value in headers.items()}
    return {n: v for n, v in pairs.items() if (n + v).isprintable() and (n + v).isascii()}


async def metadata(context: RequestContext, name: str) -> JSONObject:
    """What was stored with a file: ``{"metadata": ...}``, or nothing for none (§22.5)."""
    draft = (await _run_find(context, "beforeFind", FileDraft(name=name))).file
    file = await context.backend.files.find(draft.name)
    if file is None:
        return {}
    draft.metadata = dict(file.metadata)
    await _run_find(context, "afterFind", draft)
    return {"metadata": draft.metadata}


async def read(context: RequestContext, name: str) -> bytes:
    """All bytes of a stored file, for cloud code; FILE_READ_ERROR if it is not there."""
    file = await context.backend.files.find(name)
    if file is None:
        raise ParseError(Code.FILE_READ_ERROR, "File not found.")
    pieces = context.backend.files.read(file, 0, file.size)
    return b"".join([piece async for piece in pieces])


def _event(context: RequestContext, kind: str, draft: FileDraft) -> FileEvent:
    return FileEvent(kind=kind, class_name=FILE, request=context, file=draft, file_size=draft.size)
