"""``/files``: upload in three forms, download in ranges, metadata, deletion (protocol §22)."""

import asyncio
import base64
from collections.abc import AsyncIterator
from typing import Any

from parsepy.config import size_of
from parsepy.errors import Code, ParseError
from parsepy.http.failures import failure_of
from parsepy.http.refusals import HTTPRefusal, forbidden, master_required, too_large
from parsepy.http.requests import BodyRule, Handler, KeyRule, Request, Route
from parsepy.http.responses import Answer, Streamed, created
from parsepy.http.uploads import FileBody, multipart_file
from parsepy.model.files import FileDraft, type_of
from parsepy.model.values import JSONObject, loads
from parsepy.operations import files
from parsepy.rest.downloads import answer_of, not_found
from parsepy.triggers import FILE


async def nameless(request: Request) -> Answer:
    """Refuse an upload without a name."""
    raise ParseError(Code.INVALID_FILE_NAME, "Filename not provided.")


async def upload(request: Request) -> Answer:
    """Store what the body holds: the bytes themselves, base64 in JSON, or a multipart form."""
    context, name = request.context, request.arguments["name"]
    body = _file_body(request)
    _most(request)
    _refuse_read_only(request, "create")
    files.check_upload(context, name, body.content_type)
    draft = await _draft(request, name, body)
    stored = await files.save(context, draft)
    url = str(stored.url)
    return created({"url": url, "name": stored.name}, url)


def _refuse_read_only(request: Request, what: str) -> None:
    # Parse: without a code, unlike elsewhere
    if request.context.principal.is_read_only:
        raise forbidden(f"read-only masterKey isn't allowed to {what} a file.")


def _file_body(request: Request) -> FileBody:
    assert request.upload is not None  # the routes say so
    return request.upload


async def _draft(request: Request, name: str, body: FileBody) -> FileDraft:
    """Read the file of a request as it is before any trigger; refuse an empty one."""
    context = request.context
    draft = FileDraft(name=name, content_type=body.content_type)
    if body.fields is not None:
        _read_file_data(request, draft, body.fields.get("fileData"))
        draft.data = await _decoded(body.fields)
    elif body.is_stream:
        _read_headers(request, draft)
        draft.chunks = body.chunks(_most(request), _exceeded)
        draft.size = body.declared
        _refuse_declared(body, _most(request))
        if draft.content_type is None:
            draft.content_type = type_of(name)
        return draft
    else:
        chunks = body.chunks(_most(request), _too_large)
        if body.is_multipart:
            part, chunks = await multipart_file(body.content_type or "", chunks)
            draft.content_type = part.content_type or type_of(name)
            files.check_upload(context, name, draft.content_type)
        draft.chunks = await _with_a_byte(chunks)
        if context.backend.triggers.has("beforeSave", FILE):
            # Parse: a trigger sees the bytes of all uploads but those that are streamed
            draft.data = b"".join([piece async for piece in draft.chunks])
            draft.chunks = None
    if draft.data == b"":
        raise ParseError(Code.FILE_SAVE_ERROR, "Invalid file upload.")
    return draft


async def _with_a_byte(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Return the same chunks; raises FILE_SAVE_ERROR if they are empty."""
    async for first in chunks:
        if first:
            return _chained(first, chunks)
    raise ParseError(Code.FILE_SAVE_ERROR, "Invalid file upload.")


async def _chained(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece


async def _decoded(fields: JSONObject) -> bytes:
    text = fields.get("base64")
    if not isinstance(text, str):
        raise ParseError(Code.FILE_SAVE_ERROR, "Invalid file upload.")
    # as JavaScript reads it: both alphabets, padding or not, and what is none of it left out
    end = text.find("=")
    end = len(text) if end < 0 else end
    pieces, known = [], b""
    for begin in range(0, end, _PIECE):
        if begin:
            await asyncio.sleep(0)  # others have their turn
        piece = text[begin : min(begin + _PIECE, end)]
        known += bytes(piece, "ascii", "ignore").translate(_URL_SAFE, _NOT_BASE64)
        whole = len(known) // 4 * 4
        pieces.append(base64.b64decode(known[:whole]))
        known = known[whole:]
    if len(known) > 1:
        pieces.append(base64.b64decode(known + b"=" * (4 - len(known))))
    return b"".join(pieces)


_PIECE = 1_000_000  # characters that are decoded at once
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_NOT_BASE64 = bytes(set(range(256)) - set(_ALPHABET))


def _read_file_data(request: Request, draft: FileDraft, data: Any) -> None:
    """Read ``fileData`` of the JSON form: metadata, tags, directory."""
    if not isinstance(data, dict):
        return
    for name in ("metadata", "tags"):
        value = data.get(name)
        if value is not None and not isinstance(value, dict):
            raise ParseError(Code.INVALID_JSON, f"The file's {name} must be an object.")
        setattr(draft, name, value or {})
    if data.get("directory") is not None:
        draft.directory = files.check_placement(request.context, data["directory"])


def _read_headers(request: Request, draft: FileDraft) -> None:
    """Read metadata, tags and directory from the headers of a streamed upload (§22.4)."""
    for attribute, shown in (("metadata", "Metadata"), ("tags", "Tags")):
        text = request.headers.get(b"x-parse-file-" + attribute.encode())
        if text:
            setattr(draft, attribute, _json_header(text, f"X-Parse-File-{shown}"))
    directory = request.headers.get(b"x-parse-file-directory")
    if directory:
        draft.directory = files.check_placement(request.context, directory.decode("latin-1"))


def _json_header(text: bytes, name: str) -> JSONObject:
    try:
        value = loads(text)
    except ParseError:
        value = None
    if not isinstance(value, dict):
        raise ParseError(Code.INVALID_JSON, f"Invalid JSON in {name} header.")
    return value


def _most(request: Request) -> int:
    """Return the largest size of this upload; the master key may name its own (§22.4)."""
    asked = request.headers.get(b"x-parse-file-max-upload-size")
    if not asked:
        return request.context.config.max_upload_size
    if not request.context.principal.is_master:
        raise master_required()
    text = asked.decode("latin-1")
    try:
        return size_of(text)
    except ValueError as error:
        raise ParseError(
            Code.FILE_SAVE_ERROR, f"Invalid maxUploadSize override value: {text}"
        ) from error


def _exceeded(most: int) -> ParseError:
    return ParseError(Code.FILE_SAVE_ERROR, f"File size exceeds maximum allowed: {most} bytes.")


def _too_large(most: int) -> HTTPRefusal:
    return too_large(most, "(maxUploadSize)")


def _refuse_declared(body: FileBody, most: int) -> None:
    if body.declared is not None and body.declared > most:
        raise _exceeded(most)


async def download(request: Request) -> Answer:
    """Answer the bytes of a file, or the range that is asked for."""
    if request.arguments["appId"] != request.context.config.app_id:
        raise forbidden("Invalid application ID.")
    name = request.arguments["path"]
    try:
        files.check_download(request.context)
        found = await files.find(request.context, name)
    except ParseError as error:
        return _forbidden(request, error)
    if found is None:
        return not_found()
    return await answer_of(request, found)


def _forbidden(request: Request, error: ParseError) -> Answer:
    context = request.context
    failure = failure_of(context.backend, error, f"request {context.request_id}")
    return Answer(failure.content(), 403)


async def metadata(request: Request) -> Answer:
    """Answer the metadata and tags that were stored with a file."""
    if request.arguments["appId"] != request.context.config.app_id:
        return Answer({})
    try:
        files.check_download(request.context)
        return Answer(await files.metadata(request.context, request.arguments["path"]))
    except ParseError as error:
        return _forbidden(request, error)


async def delete(request: Request) -> Answer:
    """Delete a file, named by its name or, as Swift's library does, by the path of its URL."""
    request.require_master()
    _refuse_read_only(request, "delete")
    name = request.arguments["path"]
    in_address = name.removeprefix(f"{request.context.config.app_id}/")
    if in_address != name and await request.context.backend.files.find(name) is None:
        await files.delete(request.context, in_address)
        return Answer({})  # which that library reads
    await files.delete(request.context, name)
    return Answer(Streamed(None, 0, _file_body(request).hung_up))


def _route(method: str, path: str, handler: Handler, keys: KeyRule = KeyRule.ASKED) -> Route:
    # Parse: a batch does not reach files, whose bodies are no JSON
    return Route(method, path, handler, keys=keys, body=BodyRule.STREAMED, in_batch=False)


routes = [
    _route("POST", "/files", nameless),
    _route("POST", "/files/:name", upload),
    # a download names the application in its path (§22.5)
    _route("GET", "/files/:appId/metadata/*path", metadata, KeyRule.OPTIONAL),
    _route("GET", "/files/:appId/*path", download, KeyRule.OPTIONAL),
    _route("DELETE", "/files/*path", delete),
]
