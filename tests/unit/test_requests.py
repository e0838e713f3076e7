"""What a client sends as path, query string and body, whatever its content type says."""

from collections.abc import Iterable, MutableMapping
from typing import Any
from urllib.parse import urlencode

import pytest

from parsepy.app import build
from parsepy.backend import RequestContext
from parsepy.config import Config
from parsepy.errors import Code, ParseError
from parsepy.http import paths
from parsepy.http.bodies import read_body, read_json
from parsepy.http.paths import read_query, split_path
from parsepy.http.refusals import HTTPRefusal
from parsepy.http.requests import Request, Route
from parsepy.http.responses import Answer
from parsepy.model.principal import MAINTENANCE, MASTER, NOBODY, READ_ONLY_MASTER, Principal

FORM = b"application/x-www-form-urlencoded"


# --- body ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content_type", "body", "value"),
    [
        (b"", b"", {}),
        (b"application/json", b'{"price":5}', {"price": 5}),
        (b"text/plain", b' {"price":5}', {"price": 5}),
        (b"", b'\xef\xbb\xbf{"price":5}', {"price": 5}),
        (b"", b"[7,{}]", {"0": 7}),
        (FORM, b"email=a%40shop.com&token=", {"email": "a@shop.com", "token": ""}),
        (FORM + b"; charset=utf-8", b"name=cup", {"name": "cup"}),
        (FORM, b'{"price":5}', {"price": 5}),
        (FORM, b"name=\xff", {"name": "\ufffd"}),
        (b"multipart/form-data; boundary=x", b"--x", {}),
    ],
)
def test_a_body_is_read_as_an_object(content_type: bytes, body: bytes, value: Any) -> None:
    assert read_json(content_type, body, 1000) == value


@pytest.mark.parametrize("body", [b"{", b"5", b"null", b'"cup"', b"\xff", b'{"a":NaN}'])
def test_any_other_body_is_invalid_json(body: bytes) -> None:
    with pytest.raises(ParseError) as refused:
        read_json(b"application/json", body, 1000)
    assert refused.value.code == Code.INVALID_JSON


async def received(messages: Iterable[MutableMapping[str, Any]], limit: int = 10) -> bytes:
    """The body of a request that arrives in these messages."""
    row = iter(messages)

    async def receive() -> MutableMapping[str, Any]:
        return next(row)

    return await read_body(receive, limit)


def piece(body: bytes, *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


async def test_a_body_may_come_in_pieces() -> None:
    assert await received([piece(b"")]) == b""
    assert await received([piece(b"ab")]) == b"ab"
    pieces = [piece(b"ab", more=True), piece(b"", more=True), piece(b"cd")]
    assert await received(pieces) == b"abcd"


@pytest.mark.parametrize("size", [11, 12])
async def test_a_body_over_the_limit_is_refused(size: int) -> None:
    with pytest.raises(HTTPRefusal) as refused:
        await received([piece(b"x" * size)])
    assert (refused.value.status, refused.value.code) == (413, 116)
    assert len(await received([piece(b"x" * 10)])) == 10


async def test_an_endless_body_is_not_read_to_its_end() -> None:
    read = []

    def endless() -> Iterable[MutableMapping[str, Any]]:
        while True:
            read.append(1)
            yield piece(b"xxxx", more=True)

    with pytest.raises(HTTPRefusal):
        await received(endless())
    assert len(read) == 3


async def test_a_client_that_hangs_up_is_not_answered_with_half_a_body() -> None:
    with pytest.raises(HTTPRefusal) as refused:
        await received([piece(b"ab", more=True), {"type": "http.disconnect"}])
    assert refused.value.status == 400


# --- path and query string ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("/parse/classes/Product", ("classes", "Product")),
        ("/parse//classes/Product/", ("classes", "Product")),
        ("/parse/classes/a%2Fb/%C3%A9", ("classes", "a/b", "é")),
        ("/parse/classes/A%20b", ("classes", "A b")),
        ("/parse/classes/A/%", ("classes", "A", "%")),
        ("/parse", ("",)),
        ("/parse/", ("",)),
        ("/parser/classes", None),
        ("/classes/Product", None),
        ("", None),
    ],
)
def test_the_path_below_the_mount_is_split(path: str, parts: Any) -> None:
    assert split_path(path, "/parse") == parts


def test_the_raw_path_counts_where_there_is_one() -> None:
    scope = {"path": "/parse/classes/a/b", "raw_path": b"/parse/classes/a%2Fb?x=1"}
    assert paths.segments(scope, "/parse") == ("classes", "a/b")
    assert paths.segments({"path": "/parse/users"}, "/parse") == ("users",)
    assert paths.segments({"path": "/health"}, "") == ("health",)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        (b"", {}),
        (b"limit=5&order=", {"limit": "5", "order": ""}),
        (b"where=%7B%22name%22%3A%22%C3%A9%22%7D", {"where": '{"name":"é"}'}),
        (b"a=1&a=2", {"a": "2"}),
        (b"a", {"a": ""}),
        (b"a=%C3%BC+b", {"a": "ü b"}),
        (b"a=%00", {"a": "\0"}),
        (b"&&", {}),
        (b"\xff=%ff", {"ÿ": "\ufffd"}),
    ],
)
def test_a_query_string_is_read(text: bytes, query: Any) -> None:
    assert read_query(text) == query


# --- a request ----------------------------------------------------------------------------------


def request(principal: Principal = NOBODY, body: Any = None, **query: str) -> Request:
    options = {"appId": "shop", "masterKey": "m", "databaseURI": "mongodb://127.0.0.1:1/none"}
    backend = build(Config.from_options(options)).backend
    context = RequestContext(backend, principal)
    route = Route("GET", "/nothing", nothing)
    return Request(
        "GET",
        (),
        urlencode(query).encode(),
        body or {},
        context,
        route,
        {},
        {},
        lambda method, path: None,
        admit,
        nothing_more,
    )


async def nothing_more() -> Any:
    raise AssertionError("nobody asks for more than the body")


async def nothing(request: Request) -> Answer:
    return Answer({})


async def admit(*item: object) -> None:
    """Let every item of a batch pass."""


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        ("-1.5", -1.5),
        ('{"price":5}', {"price": 5}),
        ("[1]", [1]),
        ('"cup"', "cup"),
        ("true", True),
        ("null", None),
        ("cup", "cup"),
        ("truely", "truely"),
        ("5th", "5th"),
        ("{", "{"),
        ("", ""),
    ],
)
def test_a_query_value_is_json_where_it_can_be(text: str, value: Any) -> None:
    assert request(where=text).parameters() == {"where": value}


def test_the_query_string_wins_over_the_body() -> None:
    found = request(body={"limit": 1, "skip": 2}, limit="5").parameters()
    assert found == {"limit": 5, "skip": 2}


def test_a_request_knows_the_servers_limits() -> None:
    assert request().limits.default_limit == 100


def test_the_master_key_may_what_it_alone_may() -> None:
    request(MASTER).require_master("create a class")
    request(READ_ONLY_MASTER).require_master()


@pytest.mark.parametrize("principal", [NOBODY, MAINTENANCE, Principal(user_id="anna")])
def test_others_are_refused_with_403(principal: Principal) -> None:
    with pytest.raises(HTTPRefusal) as refused:
        request(principal).require_master()
    assert refused.value.status == 403


def test_the_read_only_key_writes_nothing() -> None:
    with pytest.raises(ParseError, match="isn't allowed to create a class") as refused:
        request(READ_ONLY_MASTER).require_master("create a class")
    assert (refused.value.code, refused.value.sanitize) == (Code.OPERATION_FORBIDDEN, True)
