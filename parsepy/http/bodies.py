"""Whole bodies: read within a bound, and read as JSON whatever a Parse client calls them."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from parsepy.errors import Code, ParseError
from parsepy.http.asgi import ASGIScope, Receive
from parsepy.http.held_bodies import HeldBodies, strangers
from parsepy.http.refusals import hung_up, too_large
from parsepy.model import long_json
from parsepy.model.values import JSONObject, loads

_JSON = b"application/json"
_FORM = b"application/x-www-form-urlencoded"
_MULTIPART = b"multipart/form-data"
_MARK = b"\xef\xbb\xbf"
_FAR = 1000  # bytes in which the first brace of JSON is looked for
_FORM_SIZE = 1_000_000  # bytes; a form takes ten times as long to read as JSON
_FORM_FIELDS = 1000
_AT_A_TIME = 0.001  # seconds of work, after which others have as much time
_ONE = ("1.0", "1.1")
_FEW_DIGITS = 4  # bodies of up to 9,999 bytes are not asked for their length


async def read_body(receive: Receive, limit: int, held: HeldBodies = strangers) -> bytes:
    """Read the whole body; raises ``HTTPRefusal`` 413 once it is longer than ``limit`` bytes.

    ``held`` bounds what waits for its rest; raises ``HTTPRefusal`` 408 and 503 by it.
    """
    message = await receive()
    body: bytes = message.get("body", b"")
    if message.get("more_body"):
        async with held.hold() as kept:
            chunks = [body]
            held.grow(kept, len(body))
            while message.get("more_body") and kept.size <= limit:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise hung_up()
                chunks.append(message.get("body", b""))
                held.grow(kept, len(chunks[-1]))
            body = b"".join(chunks)
    if len(body) > limit:
        raise too_large(limit, "(maxUploadSize)")
    return body


def has_none(scope: ASGIScope, headers: Mapping[bytes, bytes]) -> bool:
    """Do the headers say that no body follows? In HTTP/2 they need not tell of one."""
    length = headers.get(b"content-length")
    if length is not None:
        return length == b"0"
    is_usual = scope["method"] == "GET" and scope["http_version"] in _ONE
    return is_usual and b"transfer-encoding" not in headers


def check_declared(headers: Mapping[bytes, bytes], limit: int) -> None:
    """Raise ``HTTPRefusal`` 413 if a body says that it is longer, before anything of it is read."""
    declared = headers.get(b"content-length", b"")
    if len(declared) > _FEW_DIGITS and declared.isdigit() and int(declared) > limit:
        raise too_large(limit, "(maxUploadSize)")


def read_json(content_type: bytes, body: bytes, most_values: int) -> JSONObject:
    """Read a body as a JSON object, whatever its content type says (protocol §1.3).

    Raises INVALID_JSON, and OBJECT_TOO_LARGE for one of more than ``most_values``.
    """
    if not body or is_multipart(content_type):
        return {}
    if content_type.startswith(_FORM) and _is_form(content_type, body):
        return _read_form(body)
    value = loads(body.removeprefix(_MARK), most_values)
    return value if type(value) is dict else _object(value)


async def read_long_json(content_type: bytes, body: bytes, most_values: int) -> JSONObject:
    """Read a body as ``read_json`` does; a long one slice by slice, so that nobody else waits."""
    if len(body) <= long_json.LONG or is_multipart(content_type) or _is_form(content_type, body):
        return read_json(content_type, body, most_values)
    return _object(await decoded(body.removeprefix(_MARK), most_values))


async def decoded(text: bytes, most_values: int) -> Any:
    """Decode long JSON slice by slice; raises as ``long_json.decoded``."""
    steps = long_json.decoded(text, most_values)
    while True:
        await asyncio.sleep(0)
        begun = time.perf_counter()
        try:
            while time.perf_counter() - begun < _AT_A_TIME:
                next(steps)
        except StopIteration as end:
            return end.value
        await asyncio.sleep(time.perf_counter() - begun)


def _is_form(content_type: bytes, body: bytes) -> bool:
    return content_type.startswith(_FORM) and body[:_FAR].lstrip()[:1] not in (b"{", b"[")


def _object(value: Any) -> JSONObject:
    if type(value) is list:
        # Parse: the indexes of an array are its field names, and the first is refused as such
        return {str(index): item for index, item in enumerate(value[:1])}
    if type(value) is not dict:
        raise ParseError(Code.INVALID_JSON, "The request body must be a JSON object.")
    return value


def is_multipart(content_type: bytes) -> bool:
    """Is a body of this type a multipart form?"""
    return content_type != _JSON and content_type[: len(_MULTIPART)].lower() == _MULTIPART


def _read_form(body: bytes) -> JSONObject:
    if len(body) > _FORM_SIZE:
        raise too_large(_FORM_SIZE, "of a form")
    try:
        pairs = parse_qsl(
            body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_FORM_FIELDS
        )
    except ValueError as error:
        raise ParseError(Code.INVALID_JSON, f"A form has {_FORM_FIELDS} fields at most.") from error
    return dict(pairs)
