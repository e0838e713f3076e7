"""One request as it goes over the wire, its answer, and what of an answer two servers share."""

import http.client
import json
import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

SECONDS = 30
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
ID = re.compile(r"[A-Za-z0-9]{10}")
# What a decoder reads of a typed value without looking whether it is there.
MEMBERS = {
    "Pointer": ("className", "objectId"),
    "Object": ("className", "objectId"),
    "File": ("name", "url"),
    "GeoPoint": ("latitude", "longitude"),
    "Date": ("iso",),
    "Bytes": ("base64",),
    "Polygon": ("coordinates",),
    "Relation": ("className",),
}


class Answer:
    """Status and body of an answer; `json` is None where the body is no JSON."""

    def __init__(self, status: int, body: bytes) -> None:
        self.status = status
        self.body = body
        self.text = body.decode("utf-8", "replace")

    @cached_property
    def json(self) -> Any:
        """The decoded body."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None

    def get(self, key: str) -> Any:
        """A member of the body, None where the body is no object."""
        return self.json.get(key) if isinstance(self.json, dict) else None


def send(
    url: str, method: str, path: str, headers: Mapping[str, str], body: bytes | None
) -> Answer:
    """Send exactly these headers, without those that an HTTP library adds of itself."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=SECONDS)
    try:
        connection.putrequest(method, parts.path + path, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        if body is not None or method in {"POST", "PUT"}:
            connection.putheader("Content-Length", str(len(body or b"")))
        connection.endheaders(body)
        answer = connection.getresponse()
        return Answer(answer.status, answer.read())
    finally:
        connection.close()


def compact(value: object) -> bytes:
    """JSON as most SDKs write it."""
    return json.dumps(value, separators=(",", ":")).encode()


def shape(value: Any, key: str = "") -> Any:
    """What of a body must be alike on two servers: members and kinds of values, not the values."""
    if isinstance(value, dict):
        names = {k: "ID" if key == "ACL" and ID.fullmatch(k) else k for k in value}
        return {names[k]: shape(value[k], k) for k in sorted(value, key=lambda k: names[k])}
    if isinstance(value, list):
        return [shape(item) for item in value[:3]]
    if isinstance(value, str):
        return "date" if DATE.fullmatch(value) else "text"
    return value if value is None or isinstance(value, bool) else type(value).__name__


def flaws(value: Any, where: str = "") -> list[str]:
    """Dates without exactly three digits of milliseconds, and typed values that lack a member."""
    if isinstance(value, list):
        return [
            flaw for place, item in enumerate(value) for flaw in flaws(item, f"{where}[{place}]")
        ]
    if not isinstance(value, dict):
        return []
    found = [
        f"{where}: {value['__type']} lacks {member}"
        for member in MEMBERS.get(str(value.get("__type")), ())
        if member not in value
    ]
    for key, item in value.items():
        dated = key in {"createdAt", "updatedAt"} and isinstance(item, str)
        if (dated or key == "iso") and not (isinstance(item, str) and DATE.fullmatch(item)):
            found.append(f"{where}.{key} is {item!r}, no date with milliseconds")
        found += flaws(item, f"{where}.{key}")
    return found
