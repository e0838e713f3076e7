"""GraphQL over HTTP: what a request asks, by the reference's rules, and how it is answered."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from graphql import GraphQLError

from parsepy.errors import ParseError
from parsepy.graphql.failures import INTERNAL
from parsepy.http.asgi import Headers
from parsepy.http.responses import Answer
from parsepy.model.values import JSONObject, dumps, loads

JSON = b"application/json; charset=utf-8"
GRAPHQL_RESPONSE = b"application/graphql-response+json; charset=utf-8"
_OFFERED = (
    (JSON, ("application", "json")),
    (GRAPHQL_RESPONSE, ("application", "graphql-response+json")),
)
_LONGEST = 4096  # bytes of a header that says what is taken
_REMEMBERED = 64  # of such headers, of which clients send a few
_HTML = b"text/html; charset=utf-8"
_SIMPLE = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")
_REASONS = {
    400: "Bad Request",
    413: "Payload Too Large",
    415: "Unsupported Media Type",
    500: "Internal Server Error",
}


class BadRequest(Exception):
    """A request that is no GraphQL request, or not of a form that is taken."""

    def __init__(self, message: str, status: int = 400, headers: Headers | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.headers = headers or []


class Refused(Exception):
    """A body that can't be read; it is answered by a page, as the reference's framework does."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status

    def answer(self) -> Answer:
        """The page."""
        reason = _REASONS[self.status]
        page = (
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            f"<title>Error</title>\n</head>\n<body>\n<pre>{reason}</pre>\n</body>\n</html>\n"
        )
        return Answer(page.encode(), self.status, [(b"content-type", _HTML)])


@dataclass(slots=True)
class GraphQLRequest:
    """What a request asks for."""

    query: str | None
    operation_name: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    extensions: Mapping[str, Any] = field(default_factory=dict)


def essence_of(content_type: bytes | None) -> str | None:
    """A content type without its parameters, in lower case; ``None`` if there is none."""
    if content_type is None:
        return None
    return content_type.decode("latin-1").partition(";")[0].strip().lower()


def charset_of(content_type: bytes) -> str:
    """The charset that a content type names, in lower case."""
    for parameter in content_type.decode("latin-1").split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip('"').lower()
    return ""


def check_origin(headers: Mapping[bytes, bytes]) -> None:
    """Refuse what a browser would send for a page of another origin without asking first."""
    given = headers.get(b"content-type")
    if given == b"application/json":  # as most write it
        return
    essence = essence_of(given)
    if essence is not None and "/" in essence and essence not in _SIMPLE:
        return
    if headers.get(b"x-parse-application-id"):
        return
    raise BadRequest(
        "This operation has been blocked as a potential Cross-Site Request Forgery (CSRF). "
        "Please either specify a 'content-type' header (with a type that is not one of "
        f"{', '.join(_SIMPLE)}) or provide a non-empty value for one of the following headers: "
        "X-Parse-Application-Id\n"
    )


# --- requests -----------------------------------------------------------------------------------


def read_json(content: bytes) -> Any:
    """A JSON body, which must be an object or a list; raises ``Refused``."""
    if not content:
        return {}
    if content.lstrip(b" \t\r\n\xef\xbb\xbf")[:1] not in (b"{", b"["):
        raise Refused(400)
    try:
        return loads(content.removeprefix(b"\xef\xbb\xbf"))
    except ParseError:
        raise Refused(400) from None


def of_post(body: Any) -> GraphQLRequest:
    """What the body of a POST asks for; raises ``BadRequest``."""
    if isinstance(body, list):
        raise BadRequest("Operation batching disabled.")
    if not isinstance(body, dict) or not body:
        raise BadRequest("POST body missing, invalid Content-Type, or JSON object has no keys.")
    _check_query(body.get("query"))
    for name in ("variables", "extensions"):
        if isinstance(body.get(name), str):
            raise BadRequest(
                f"`{name}` in a POST body should be provided as an object, "
                "not a recursively JSON-encoded string."
            )
    for name in ("extensions", "variables"):
        if body.get(name) is not None and not isinstance(body[name], dict):
            raise BadRequest(f"`{name}` in a POST body must be an object if provided.")
    operation_name = body.get("operationName")
    if operation_name is not None and not isinstance(operation_name, str):
        raise BadRequest("`operationName` in a POST body must be a string if provided.")
    query = body.get("query")
    return GraphQLRequest(
        query if isinstance(query, str) else None,
        operation_name,
        body.get("variables") or {},
        body.get("extensions") or {},
    )


def _check_query(query: Any) -> None:
    if not query or isinstance(query, str):
        return
    if isinstance(query, dict) and query.get("kind") == "Document":
        raise BadRequest(
            "GraphQL queries must be strings. It looks like you're sending the internal "
            "graphql-js representation of a parsed query in your request instead of a request in "
            "the GraphQL query language. You can convert an AST to a string using the `print` "
            "function from `graphql`, or use a client like `apollo-client` which converts the "
            "internal representation to a string for you."
        )
    raise BadRequest("GraphQL queries must be strings.")


def of_get(query_string: bytes, headers: Mapping[bytes, bytes]) -> GraphQLRequest:
    """What the query string of a GET asks for; raises ``BadRequest``."""
    essence = essence_of(headers.get(b"content-type"))
    if essence is not None and essence != "application/json":
        raise BadRequest(
            "GET requests may not have a content-type header other than application/json.", 415
        )
    given = parse_qsl(query_string.decode("latin-1"), keep_blank_values=True, max_num_fields=1000)
    return GraphQLRequest(
        _once(given, "query"),
        _once(given, "operationName"),
        _json_once(given, "variables"),
        _json_once(given, "extensions"),
    )


def _once(given: Iterable[tuple[str, str]], name: str) -> str | None:
    values = [value for key, value in given if key == name]
    if len(values) > 1:
        raise BadRequest(f"The '{name}' search parameter may only be specified once.")
    return values[0] if values else None


def _json_once(given: Iterable[tuple[str, str]], name: str) -> JSONObject:
    text = _once(given, name)
    if text is None:
        return {}
    try:
        value = loads(text)
    except ParseError:
        raise BadRequest(f"The {name} search parameter contains invalid JSON.") from None
    if not isinstance(value, dict):
        raise BadRequest(f"The {name} search parameter should contain a JSON-encoded object.")
    return value


# --- answers ------------------------------------------------------------------------------------


def media_type(accept: bytes | None) -> bytes | None:
    """The type that a client prefers of those offered; ``None`` if it takes none of them.

    Of a header that is longer than any client's, its beginning counts.
    """
    if not accept:
        return JSON
    if len(accept) > _LONGEST:
        accept = accept[:_LONGEST].rpartition(b",")[0]
    return _preferred(accept)


@lru_cache(_REMEMBERED)
def _preferred(accept: bytes) -> bytes | None:
    best: tuple[float, int, int] | None = None
    chosen: bytes | None = None
    ranges = [_range(text) for text in accept.decode("latin-1").split(",") if text.strip()]
    for number, (offered, name) in enumerate(_OFFERED):
        fitting = [
            (specific, quality, -place)
            for place, (kind, sub, quality) in enumerate(ranges)
            if (specific := _fit((kind, sub), name)) is not None
        ]
        if not fitting:
            continue
        _, quality, place = max(fitting)
        rank = (quality, place, -number)
        if quality > 0 and (best is None or rank > best):
            best, chosen = rank, offered
    return chosen


def _range(text: str) -> tuple[str, str, float]:
    bare, *parameters = (part.strip() for part in text.split(";"))
    kind, _, sub = bare.lower().partition("/")
    quality = 1.0
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                quality = float(value)
            except ValueError:
                quality = 0.0
        elif name.strip() and name.strip() != "charset":
            return "", "", 0.0  # another representation than those that are offered
    return kind, sub, quality


def _fit(accepted: tuple[str, str], offered: tuple[str, str]) -> int | None:
    """How exactly a range names an offered type; ``None`` if it does not."""
    if accepted == offered:
        return 2
    if accepted == (offered[0], "*"):
        return 1
    return 0 if accepted == ("*", "*") else None


def formatted(error: GraphQLError, message: str) -> JSONObject:
    """An error as the client gets it."""
    shown: JSONObject = {"message": message}
    if error.locations:
        shown["locations"] = [
            {"line": location.line, "column": location.column} for location in error.locations
        ]
    if error.path is not None:
        shown["path"] = error.path
    extensions = error.extensions or {}
    shown["extensions"] = {**extensions, "code": extensions.get("code", INTERNAL)}
    return shown


def encoded(content: JSONObject) -> bytes:
    """A result as JSON; one that has no form in JSON becomes an error that says so."""
    try:
        return dumps(content)
    except TypeError:  # a number of cloud code's beyond 64 bits, or objects nested too deep
        problem = {"message": "The answer has no form in JSON.", "extensions": {"code": INTERNAL}}
        return dumps({"errors": [problem], "data": None})


def answer(
    content: JSONObject, kind: bytes, status: int = 200, headers: Headers | None = None
) -> Answer:
    """An answer in JSON; like the reference's, it ends in a newline."""
    return Answer(encoded(content) + b"\n", status, [(b"content-type", kind), *(headers or ())])
