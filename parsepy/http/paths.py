"""A request's address: the segments of its path below the mount, and its query string."""

from binascii import a2b_qp
from urllib.parse import parse_qsl, unquote

from parsepy.http.asgi import ASGIScope


def segments(scope: ASGIScope, mount: str) -> tuple[str, ...] | None:
    """Return the decoded segments of the path below the mount; ``None`` if it lies elsewhere."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    path = raw.decode("latin-1")
    if "?" in path:
        path = path.partition("?")[0]
    return split_path(path, mount)


def split_path(path: str, mount: str) -> tuple[str, ...] | None:
    """Return the decoded segments of ``path`` below ``mount``; ``None`` if it lies elsewhere."""
    before, slash, rest = path.partition(f"{mount}/")
    if before or not slash:
        return ("",) if path == mount else None
    parts = rest.strip("/").split("/")
    return tuple(map(unquote, parts)) if "%" in rest else tuple(parts)


def read_query(text: bytes) -> dict[str, str]:
    """Read the parameters of a query string; of two with one name the last counts."""
    if not text:
        return {}
    if not text.isascii():
        return dict(parse_qsl(text.decode("latin-1"), keep_blank_values=True))
    query: dict[str, str] = {}
    for pair in text.replace(b"+", b" ").split(b"&"):
        if pair:
            name, _, value = pair.partition(b"=")
            query[_unquoted(name)] = _unquoted(value)
    return query


def _unquoted(text: bytes) -> str:
    """Decode percent-encoded ASCII, as ``unquote`` does.

    Most of what comes is JSON, a third of it escapes. Quoted-printable has the same ones with
    another sign and is read in C, ten times as fast.
    """
    escapes = text.count(b"%")
    if not escapes:
        return text.decode("ascii")
    read = a2b_qp(text.replace(b"=", b"=3D").replace(b"%", b"="))
    if len(read) != len(text) - 2 * escapes or b"\r" in text or b"\n" in text:
        return unquote(text.decode("ascii"))  # a % that begins no escape, or a line's end after one
    return read.decode("utf-8", "replace")
