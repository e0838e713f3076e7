"""What the server asks other servers is bounded, whatever they answer."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from parsepy.outgoing import Bounds, Outgoing, OutgoingError

Answer = Callable[[httpx.Request], httpx.Response]


def asking(answer: Answer, timeout: float = 30) -> Outgoing:
    """A client of one made-up server."""
    return Outgoing(timeout, transport=httpx.MockTransport(answer))


async def test_a_get_sends_its_parameters_and_reads_json() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"id": "17"}, headers={"Cache-Control": "max-age=60"})

    headers = {"Authorization": "Bearer abc"}
    reply = await asking(answer).get(
        "https://login.example/me", params={"fields": "id"}, headers=headers
    )
    assert (reply.is_success, reply.json()) == (True, {"id": "17"})
    assert reply.headers["cache-control"] == "max-age=60"
    (request,) = seen
    assert str(request.url) == "https://login.example/me?fields=id"
    assert request.headers["authorization"] == "Bearer abc"


async def test_a_post_sends_a_form_or_json() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=[request.headers["content-type"], request.content.decode()])

    client = asking(answer)
    form = await client.post("https://login.example", form={"code": "a b"})
    assert form.json() == ["application/x-www-form-urlencoded", "code=a+b"]
    data = await client.post("https://login.example", data={})
    assert data.json() == ["application/json", "{}"]


async def test_a_refusal_is_an_answer_as_well() -> None:
    reply = await asking(lambda _: httpx.Response(401, text="no")).get("https://login.example")
    assert (reply.status, reply.is_success) == (401, False)


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff", b"[" * 100_000])
async def test_what_is_no_json_is_refused(body: bytes) -> None:
    reply = await asking(lambda _: httpx.Response(200, content=body)).get("https://login.example")
    with pytest.raises(OutgoingError, match="answered no JSON"):
        reply.json()


async def test_a_server_that_does_not_answer_is_left_in_time() -> None:
    async def never(request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    client = Outgoing(transport=httpx.MockTransport(never))
    with pytest.raises(OutgoingError, match=r"did not answer within 0\.01 s"):
        await client.get("https://login.example", bounds=Bounds(seconds=0.01))


async def test_an_answer_without_end_is_cut_off() -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield b"x" * 10

    client = asking(lambda _: httpx.Response(200, content=endless()))
    with pytest.raises(OutgoingError, match="answered too much"):
        await client.get("https://login.example", bounds=Bounds(size=100))
    assert read == 11


async def test_a_server_that_is_not_there_can_not_be_reached() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("secret detail")

    with pytest.raises(OutgoingError) as caught:
        await asking(refuse).get("https://login.example")
    assert str(caught.value) == "can't be reached"


@pytest.mark.parametrize("url", ["login.example", "ftp://login.example", "https://", "http://[::"])
async def test_an_address_that_is_none_can_not_be_reached(url: str) -> None:
    with pytest.raises(OutgoingError, match="can't be reached"):
        await Outgoing().get(url)


# --- redirects ----------------------------------------------------------------------------------


def leading(*urls: str) -> tuple[Outgoing, list[httpx.Request]]:
    """A server whose every answer leads to the next address; the last one answers."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if len(seen) <= len(urls):
            return httpx.Response(302, headers={"Location": urls[len(seen) - 1]})
        return httpx.Response(200, json="arrived")

    return asking(answer), seen


async def test_redirects_are_not_followed_unless_asked_for() -> None:
    client, seen = leading("https://login.example/2")
    assert (await client.get("https://login.example/1")).status == 302
    assert len(seen) == 1


async def test_so_many_redirects_are_followed_as_are_allowed() -> None:
    client, seen = leading("/2", "/3", "/4")
    reply = await client.get("https://login.example/1", bounds=Bounds(redirects=2))
    assert reply.status == 302
    assert [request.url.path for request in seen] == ["/1", "/2", "/3"]


async def test_a_redirect_to_another_host_takes_no_credentials_along() -> None:
    client, seen = leading("https://other.example/", "https://other.example/again")
    headers = {"Authorization": "Bearer abc", "X-Api-Key": "secret"}
    reply = await client.get("https://login.example/", headers=headers, bounds=Bounds(redirects=2))
    assert reply.json() == "arrived"
    assert "x-api-key" in seen[0].headers
    for request in seen[1:]:
        assert not {"authorization", "x-api-key"} & set(request.headers)


async def test_a_redirect_from_https_to_http_is_refused() -> None:
    client, seen = leading("http://login.example/")
    with pytest.raises(OutgoingError, match="not safe"):
        await client.get("https://login.example/", bounds=Bounds(redirects=2))
    assert len(seen) == 1


async def test_a_post_is_never_redirected() -> None:
    client, seen = leading("https://login.example/2")
    reply = await client.post("https://login.example/1", b"secret", bounds=Bounds(redirects=2))
    assert (reply.status, len(seen)) == (302, 1)


async def test_cookies_are_not_kept() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, headers={"Set-Cookie": "session=anna; Path=/"})

    client = asking(answer)
    for _ in range(2):
        await client.get("https://login.example/")
    assert ["cookie" in request.headers for request in seen] == [False, False]


async def test_it_can_be_closed_before_and_after_its_first_request() -> None:
    client = asking(lambda _: httpx.Response(200))
    await client.close()
    await client.get("https://login.example/")
    await client.close()


def packed(body: bytes, layers: int = 1, encoding: str = "gzip") -> Answer:
    """A server that answers in so many layers of gzip, sent piece by piece."""
    for _ in range(layers):
        body = gzip.compress(body)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 1000):
            yield body[start : start + 1000]

    headers = {"Content-Encoding": ", ".join([encoding] * layers)}
    return lambda _: httpx.Response(200, content=pieces(), headers=headers)


def broken(_: httpx.Request) -> httpx.Response:
    """A server that says of its answer that it is packed."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b"{}"

    return httpx.Response(200, content=pieces(), headers={"Content-Encoding": "gzip"})


async def test_an_answer_that_is_packed_unasked_is_read() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers["accept-encoding"])
        return packed(b'{"id": 1}')(request)

    assert (await asking(answer).get("https://login.example")).json() == {"id": 1}
    assert asked == ["identity"]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (packed(b"0" * 3_000_000), "answered too much"),
        (packed(b"0" * 9_000_000, layers=2), "an encoding that was not asked for"),
        (packed(b"{}", encoding="zstd"), "an encoding that was not asked for"),
        (broken, "can't be unpacked"),
    ],
)
async def test_no_answer_grows_beyond_its_bound_when_it_is_unpacked(
    answer: Answer, reason: str
) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(OutgoingError, match=reason):
            await asking(answer).get("https://login.example", bounds=Bounds(size=100_000))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 3_000_000
