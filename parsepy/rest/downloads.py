"""A stored file as an HTTP answer: ranges, caching, what a browser may make of it (§22.5)."""

import logging
from collections.abc import AsyncIterator
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from urllib.parse import quote

from parsepy.files.base import StoredFile
from parsepy.http.asgi import Headers
from parsepy.http.requests import Request
from parsepy.http.responses import Answer, Streamed
from parsepy.model.files import type_of
from parsepy.operations.files import FileDownload
from parsepy.triggers import FILE

log = logging.getLogger("parsepy.rest")
_UNKNOWN = "application/octet-stream"
# Names are random, so what stands behind one never changes; but it may be deleted.
_PUBLIC = b"public, max-age=3600"
_PRIVATE = b"private, no-cache"
# Pictures of SVG, and XML, can hold scripts, which would have this server's origin where a browser
# opens the file itself: there they are shown, and nothing in them runs.
_ACTIVE = ("image/svg+xml", "application/xml", "text/xml")
_STILL = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:"
_OURS = {"content-length", "transfer-encoding", "content-range", "connection"}


def not_found() -> Answer:
    """Make the answer for a file that does not exist."""
    return Answer(b"File not found.", 404)


async def answer_of(request: Request, found: FileDownload) -> Answer:
    """Answer a file's bytes, a range of them, or 304 if the client has them already."""
    if found.draft.data is not None:
        return Answer(found.draft.data, 200, _headers(request, found))
    file = found.file
    if file is None:
        return not_found()
    headers = [*_headers(request, found), *_validators(file), (b"accept-ranges", b"bytes")]
    if _is_known(request, file):
        return Answer(b"", 304, headers)
    wanted = _range(request, file)
    if wanted is None:
        headers.append((b"content-range", b"bytes */%d" % file.size))
        return Answer(b"", 416, headers)
    start, stop = wanted
    status = 200
    if (start, stop) != (0, file.size) or _asks_for_range(request, file):
        headers.append((b"content-range", b"bytes %d-%d/%d" % (start, stop - 1, file.size)))
        status = 206
    return await _streamed(request, file, (start, stop), Answer(b"", status, headers))


async def _streamed(
    request: Request, file: StoredFile, wanted: tuple[int, int], answer: Answer
) -> Answer:
    start, stop = wanted
    body = request.upload
    assert body is not None  # the routes say so
    if body.is_head:
        answer.content = Streamed(None, stop - start, body.hung_up)
        return answer
    chunks = request.context.backend.files.read(file, start, stop)
    try:
        # the first piece before the status: what can't be read is answered as not being there
        first = await anext(chunks, b"")
    except Exception:
        log.exception("request %s: a file can't be read", request.context.request_id)
        return not_found()
    answer.content = Streamed(_chained(first, chunks), stop - start, body.hung_up)
    return answer


async def _chained(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece


def _headers(request: Request, found: FileDownload) -> Headers:
    config = request.context.config
    given = {name.lower(): value for name, value in found.response_headers.items()}
    kind = type_of(found.draft.name) or _UNKNOWN
    if kind.startswith("text/") or kind == "application/json":
        kind += "; charset=utf-8"
    headers = {
        "content-type": kind,
        "x-content-type-options": "nosniff",
        "cache-control": _cache_control(request),
        **{name: value for name, value in given.items() if name not in _OURS},
    }
    shown = headers["content-type"].partition(";")[0].strip().lower()
    if shown in _ACTIVE or shown.endswith("+xml"):
        headers.setdefault("content-security-policy", _STILL)
    if found.force_download:
        name = found.draft.name.rpartition("/")[2]
        headers["content-disposition"] = f"attachment;filename={quote(name, safe='@~')}"
    if config.preserve_file_name and headers["cache-control"] == _PUBLIC.decode():
        headers["cache-control"] = "public, no-cache"
    return [(name.encode(), value.encode()) for name, value in headers.items()]


def _cache_control(request: Request) -> str:
    allowed = request.context.config.file_download
    has = request.context.backend.triggers.has
    is_open = (
        allowed.enable_for_public
        and allowed.enable_for_anonymous_user
        and allowed.enable_for_authenticated_user
        and not has("beforeFind", FILE)
        and not has("afterFind", FILE)
    )
    return (_PUBLIC if is_open else _PRIVATE).decode()


def _etag(file: StoredFile) -> bytes:
    return b'"%s"' % file.etag.strip('"').encode("ascii", "replace")


def _validators(file: StoredFile) -> Headers:
    return [
        (b"etag", _etag(file)),
        (b"last-modified", format_datetime(file.modified, usegmt=True).encode()),
    ]


def _date(text: bytes) -> datetime | None:
    try:
        return parsedate_to_datetime(text.decode("latin-1"))
    except (TypeError, ValueError):
        return None


def _is_known(request: Request, file: StoredFile) -> bool:
    """Has the client this very file already (If-None-Match, else If-Modified-Since)?"""
    tags = request.headers.get(b"if-none-match")
    if tags is not None:
        known = [tag.strip().removeprefix(b"W/") for tag in tags.split(b",")]
        return b"*" in known or _etag(file) in known
    since = _date(request.headers.get(b"if-modified-since", b""))
    return since is not None and since.tzinfo is not None and _seconds(file) <= since


def _seconds(file: StoredFile) -> datetime:
    return file.modified.replace(microsecond=0)


def _asks_for_range(request: Request, file: StoredFile) -> bytes | None:
    """Return the range that is asked for, if it is one range of bytes of this very file."""
    unit, _, spec = request.headers.get(b"range", b"").partition(b"=")
    if unit.strip().lower() != b"bytes" or b"," in spec:
        return None
    first, dash, last = spec.strip().partition(b"-")
    if not dash or not (first or last) or not (first + last).isdigit() or len(spec) > 40:
        return None
    condition = request.headers.get(b"if-range")
    if condition is not None and condition.strip() != _etag(file):
        since = _date(condition)
        if since is None or since.tzinfo is None or since != _seconds(file):
            return None
    return spec.strip()


def _range(request: Request, file: StoredFile) -> tuple[int, int] | None:
    """Return the start and end (exclusive) to send; None if the file has no byte there."""
    spec = _asks_for_range(request, file)
    if spec is None:
        return 0, file.size
    first, _, last = spec.partition(b"-")
    if not first:
        start, stop = max(file.size - int(last), 0), file.size
    else:
        start = int(first)
        stop = min(int(last) + 1, file.size) if last else file.size
    return (start, stop) if start < stop else None
