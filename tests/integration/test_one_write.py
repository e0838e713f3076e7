"""Answers that are written at once have the bytes that uvicorn writes in two."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import pytest
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from parsepy.cli.connections import ConnectionLimits, ConnectionTable
from parsepy.cli.http_protocol import http_protocol

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]


_SERVED: Any = http_protocol(ConnectionTable(ConnectionLimits(9, 9, 9, 9, 9, 1), ()))


class OneWriteProtocol(_SERVED):  # type: ignore[misc]  # a class that is made by a function
    """What `parsepy serve` makes of uvicorn's protocol."""


class Recorded(asyncio.Transport):
    """A transport that keeps what is written to it, write by write."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.closed = asyncio.Event()

    def write(self, data: Any) -> None:
        self.writes.append(bytes(data))

    def is_closing(self) -> bool:
        return self.closed.is_set()

    def close(self) -> None:
        self.closed.set()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def resume_reading(self) -> None:
        pass

    def pause_reading(self) -> None:
        pass


async def written(
    kind: type[HttpToolsProtocol], messages: list[Message], request: bytes, *, fails: bool = False
) -> tuple[list[bytes], bool]:
    """The writes by which a protocol sends messages, and whether it closes then."""

    async def application(scope: Any, receive: Any, send: Send) -> None:
        for message in messages:
            copied = {**message}
            if "headers" in copied:
                copied["headers"] = [*copied["headers"]]
            await send(copied)
        if fails:
            raise RuntimeError("the application failed")

    config = uvicorn.Config(application, lifespan="off", access_log=False, log_config=None)
    config.load()
    config.loaded_app = application
    state = uvicorn.Server(config).server_state
    protocol, transport = kind(config, state, {}), Recorded()
    protocol.connection_made(transport)
    protocol.data_received(request)
    await asyncio.gather(*state.tasks)
    protocol._unset_keepalive_if_required()
    return transport.writes, transport.is_closing()


def start(status: int, headers: Headers) -> Message:
    return {"type": "http.response.start", "status": status, "headers": headers}


def body(content: bytes, more: bool = False) -> Message:
    return {"type": "http.response.body", "body": content, "more_body": more}


GET = b"GET / HTTP/1.1\r\nhost: shop\r\n\r\n"
HEAD = GET.replace(b"GET", b"HEAD")
LAST = GET.replace(b"host", b"connection: close\r\nhost")
OLD = GET.replace(b"1.1", b"1.0")
JSON: Headers = [(b"content-type", b"application/json"), (b"content-length", b"2")]
WHOLE = [start(200, [*JSON, (b"x-request-id", b"1")]), body(b"{}")]
CASES: dict[str, tuple[bytes, list[Message]]] = {
    "an answer": (GET, WHOLE),
    "a large answer": (
        GET,
        [start(200, [(b"content-length", b"200000")]), body(b"x" * 200_000)],
    ),
    "an answer without a length": (GET, [start(200, []), body(b"{}")]),
    "an answer in pieces": (
        GET,
        [start(200, [(b"content-length", b"4")]), body(b"ab", more=True), body(b"cd")],
    ),
    "nothing": (GET, [start(204, []), body(b"")]),
    "what has not changed": (GET, [start(304, [(b"etag", b"x")]), body(b"")]),
    "an answer to HEAD": (HEAD, WHOLE),
    "the last answer of a connection": (LAST, WHOLE),
    "an answer to an old client": (OLD, WHOLE),
    "an answer that closes": (GET, [start(200, [*JSON, (b"connection", b"close")]), body(b"{}")]),
    "names in capitals": (GET, [start(200, [*JSON, (b"X-Job", b"7")]), body(b"{}")]),
    "chunks that are asked for": (
        GET,
        [start(200, [(b"transfer-encoding", b"chunked")]), body(b"{}")],
    ),
    "a status without a name": (GET, [start(599, JSON), body(b"{}")]),
}


@pytest.mark.parametrize("name", CASES)
async def test_the_bytes_of_an_answer_are_uvicorns(name: str) -> None:
    request, messages = CASES[name]
    for _ in range(2):  # what was found well-formed once is not looked at again
        ours, is_closed = await written(OneWriteProtocol, messages, request)
        theirs, theirs_is_closed = await written(HttpToolsProtocol, messages, request)
        assert (b"".join(ours), is_closed) == (b"".join(theirs), theirs_is_closed)


async def test_a_whole_answer_is_one_write() -> None:
    writes, _ = await written(OneWriteProtocol, WHOLE, GET)
    assert len(writes) == 1


ILL: list[Headers] = [
    [*JSON, (b"x-a", b"two\r\nlines")],
    [*JSON, (b"location", b"a\0b")],
    [*JSON, (b"x a", b"blank in the name")],
    [(b"content-length", b"3")],
    [(b"content-length", b"1")],
]


@pytest.mark.parametrize("headers", ILL)
async def test_an_ill_formed_header_is_refused(
    headers: Headers, caplog: pytest.LogCaptureFixture
) -> None:
    writes, is_closed = await written(OneWriteProtocol, [start(200, headers), body(b"{}")], GET)
    assert b"two\r\nlines" not in b"".join(writes)
    assert is_closed or b"500 Internal Server Error" in b"".join(writes)
    assert "Exception in ASGI application" in caplog.text


async def test_an_application_that_fails_before_its_body_is_answered_for() -> None:
    writes, _ = await written(OneWriteProtocol, WHOLE[:1], GET, fails=True)
    assert b"".join(writes).startswith(b"HTTP/1.1 500 ")


async def test_nothing_is_written_to_who_has_gone() -> None:
    class Left(OneWriteProtocol):
        def on_headers_complete(self) -> None:
            super().on_headers_complete()
            self.cycle.disconnected = True

    assert await written(Left, WHOLE, GET) == ([], False)


async def test_lines_are_kept_within_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    from parsepy.cli import one_write

    monkeypatch.setattr(one_write, "_MOST_LINES", 3)
    for kept in ("_lines", "_names"):
        monkeypatch.setattr(one_write, kept, {})
    for number in range(9):
        name = b"x-%d" % number
        messages = [start(200, [*JSON, (name, b"v")]), body(b"{}")]
        writes, _ = await written(OneWriteProtocol, messages, GET)
        assert name + b": v\r\n" in writes[0]
    assert len(one_write._lines) == len(one_write._names) == 3


# --- requests -----------------------------------------------------------------------------------

POST = b"POST /a%20b?c=d HTTP/1.1\r\nhost: shop\r\n"
SENT: dict[str, list[bytes]] = {
    "a whole body": [POST + b"content-length: 4\r\n\r\nbody"],
    "a body in pieces": [POST + b"content-length: 4\r\n\r\n", b"bo", b"dy"],
    "chunks": [POST + b"transfer-encoding: chunked\r\n\r\n2\r\nbo\r\n", b"2\r\ndy\r\n0\r\n\r\n"],
    "a body that waits to be asked for": [
        POST + b"expect: 100-continue\r\ncontent-length: 4\r\n\r\n",
        b"body",
    ],
    "two requests at once": [(POST + b"content-length: 4\r\n\r\nbody") * 2],
    "an old client": [OLD],
    "an upgrade to what is not known": [GET.replace(b"host", b"connection: upgrade\r\nhost")],
}


async def heard(kind: type[HttpToolsProtocol], pieces: list[bytes]) -> tuple[list[Any], bytes]:
    """What an application is told of requests that come in pieces, and what is written."""
    told: list[Any] = []

    async def application(scope: Any, receive: Any, send: Send) -> None:
        told.append({name: value for name, value in scope.items() if name != "state"})
        content, has_more = b"", True
        while has_more:
            message = await receive()
            content += message["body"]
            has_more = message["more_body"]
        told.append(content)
        for message in WHOLE:
            await send({**message})
        told.append(await receive())

    config = uvicorn.Config(application, lifespan="off", access_log=False, log_config=None)
    config.load()
    config.loaded_app = application
    state = uvicorn.Server(config).server_state
    protocol, transport = kind(config, state, {}), Recorded()
    protocol.connection_made(transport)
    for piece in pieces:
        protocol.data_received(piece)
        await asyncio.sleep(0)
    while state.tasks:
        await asyncio.gather(*state.tasks)
    protocol._unset_keepalive_if_required()
    return told, b"".join(transport.writes)


@pytest.mark.parametrize("name", SENT)
async def test_an_application_is_told_of_a_request_what_uvicorn_tells(name: str) -> None:
    ours, theirs = [await heard(k, SENT[name]) for k in (OneWriteProtocol, HttpToolsProtocol)]
    assert ours == theirs
    assert ours[0][-1] == {"type": "http.disconnect"}
