"""Documents that are meant to do harm, and how to send them over each transport."""

import asyncio
import gc
import json
import time
from collections.abc import Coroutine, Iterator
from hashlib import sha256
from typing import Any, TypeVar
from urllib.parse import quote_plus

from tests.conftest import APP_ID, Client
from tests.graphql.conftest import GRAPHQL
from tests.graphql.subscriber import Subscriber

LONGEST_TURN = 0.05
"""Seconds of CPU that one turn of the event loop may take."""
JSON = {"Content-Type": "application/json"}

T = TypeVar("T")


def nested(opening: str, inner: str, closing: str, levels: int) -> str:
    """A text within many others."""
    return opening * levels + inner + closing * levels


def chain(count: int, body: str) -> str:
    """Fragments of which each is as its pattern says, with the next one's name in it."""
    parts = [
        f" fragment F{number} on Thing {{ {body.replace('NEXT', f'...F{number + 1}')} }}"
        for number in range(count)
    ]
    return "".join(parts) + f" fragment F{count} on Thing {{ name }}"


QUERY = "{ things { edges { node { %s } } } }"
SUBSCRIPTION = "subscription { thing { event node { %s } } }"
OF_AN_OBJECT: dict[str, tuple[str, str]] = {
    "fragments that double, GHSA-mfj6-6p54-m98c": ("...F0", chain(25, "name NEXT NEXT")),
    "fragments that branch, CVE-2026-34573": ("...F0", chain(25, "one { NEXT } other { NEXT }")),
    "fragments in a circle": (
        "...A",
        " fragment A on Thing { ...B } fragment B on Thing { ...A }",
    ),
    "inline fragments": ("... on Thing { name } " * 3_000, ""),
    "deep fields": (nested("one { ", "name", " }", 150), ""),
    "aliases of columns": (" ".join(f"a{i}: name" for i in range(4_500)), ""),
    "nearly known fields, GHSA-9g8f-h8f3-hjcm": (
        " ".join(f"objectI{i}" for i in range(4_500)),
        "",
    ),
}
"""What is selected of an object, and the fragments of it."""

DOCUMENTS = {
    **{name: QUERY % body + more for name, (body, more) in OF_AN_OBJECT.items()},
    "a long chain of fragments": "{ health ...F0 }"
    + "".join(f" fragment F{i} on Query {{ ...F{i + 1} }}" for i in range(1500))
    + " fragment F1500 on Query { health }",
    "one field again and again": "{" + " health" * 13_500 + "}",
    "one field rather often": "{" + " health" * 4_000 + "}",
    "aliases": "{" + " ".join(f"a{i}: health" for i in range(4_500)) + "}",
    "finds under aliases": "{" + " ".join(f"a{i}: things {{ count }}" for i in range(2_000)) + "}",
    "overlapping fields": "{" + "things { edges { node { name } } } " * 1_500 + "}",
    "very deep fields": nested("{ a ", "", "", 25_000),
    "deep lists": '{ things(where: {data: {equalTo: {key: "a", value: '
    + nested("[", "", "]", 150)
    + "}}}) { count } }",
    "deep conditions, GHSA-cmj3-wx7h-ffvg": "{ things(where: "
    + nested("{OR: [", "{}", "]}", 1_000)
    + ") { count } }",
    "variables that nobody needs": "query("
    + " ".join(f"$v{i}: Int" for i in range(4_000))
    + ") { health }",
    "fragments that nobody needs": "{ health }"
    + "".join(f" fragment F{i} on Thing {{ name }}" for i in range(2_000)),
    "directives": "{ health " + "@include(if: true) " * 3_000 + "}",
    "a long text": '{ things(where: {name: {equalTo: "%s"}}) { count } }' % ("x" * 95_000),
    "many numbers": "{ things(where: {size: {in: [%s]}}) { count } }" % ("1 " * 40_000),
    "unknown fields": "{" + " ".join(f"nothing{i}" for i in range(4_500)) + "}",
    "operations": " ".join(f"query Q{i} {{ health }}" for i in range(3_000)),
    "open quotes": '{ a(b: "' + '"' * 9_999,
}

FOLLOWING = {
    **{name: SUBSCRIPTION % body + more for name, (body, more) in OF_AN_OBJECT.items()},
    "subscriptions under aliases": "subscription {"
    + " ".join(f"a{i}: thing {{ event }}" for i in range(2_000))
    + "}",
    "deep conditions, GHSA-6qh5-m6g3-xhq6": "subscription { thing(where: "
    + nested("{OR: [", "{}", "]}", 1_000)
    + ") { event } }",
    "many conditions": "subscription { thing(where: {OR: [%s]}) { event } }"
    % ('{name: {equalTo: "a"}} ' * 2_000),
    "many numbers": "subscription { thing(where: {size: {in: [%s]}}) { event } }" % ("1 " * 40_000),
    "a pattern that backtracks, GHSA-mf3j-86qx-cq5j": "subscription { thing(where: {name: "
    '{matchesRegex: "^(a+)+$"}}) { event } }',
    "a pattern that is none, GHSA-827p-g5x5-h86c": "subscription { thing(where: {name: "
    '{matchesRegex: "["}}) { event } }',
}
"""The same over a subscription, and what only a subscription does."""


async def longest_turn(work: Coroutine[Any, Any, T]) -> tuple[T, float]:
    """What the work gives, and the CPU time of this thread's longest turn meanwhile."""
    gc.disable()  # whose garbage a collection meets is chance: of this process, all tests'
    try:
        task = asyncio.create_task(work)
        longest = 0.0
        while not task.done():
            begun = time.thread_time()
            await asyncio.sleep(0)
            longest = max(longest, time.thread_time() - begun)
        return await task, longest
    finally:
        gc.enable()


# --- transports ---------------------------------------------------------------------------------


async def by_post(client: Client, query: str) -> Any:
    """The answer to a document in a JSON body."""
    body = json.dumps({"query": query}).encode()
    assert len(body) <= 100 * 1024
    return (await client.post(GRAPHQL, content=body, headers=JSON)).json()


async def by_get(client: Client, query: str) -> Any:
    """The answer to a document in the query string, which is longer than our client takes."""
    content: list[bytes] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        content.append(message.get("body", b""))

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/graphql",
        "query_string": f"query={quote_plus(query)}".encode(),
        "headers": [(b"host", b"testserver"), (b"x-parse-application-id", APP_ID.encode())],
        "client": ("127.0.0.1", 1),
    }
    await client.application(scope, receive, send)
    return json.loads(b"".join(content))


async def by_multipart(client: Client, query: str) -> Any:
    """The answer to a document in a form, as it comes with uploads."""
    form = {"operations": json.dumps({"query": query}), "map": "{}"}
    files = {"0": ("a.txt", b"", "text/plain")}
    return (await client.post(GRAPHQL, data=form, files=files)).json()


async def by_persisted_query(client: Client, query: str) -> Any:
    """The answer to a document that is sent with its hash, then to the hash alone."""
    digest = sha256(query.encode()).hexdigest()
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": digest}}
    body = json.dumps({"query": query, "extensions": extensions}).encode()
    answer = (await client.post(GRAPHQL, content=body, headers=JSON)).json()
    again = (await client.post(GRAPHQL, json={"extensions": extensions})).json()
    codes = [error["extensions"]["code"] for error in again.get("errors", ())]
    assert again == answer or codes == ["PERSISTED_QUERY_NOT_FOUND"]
    return answer


BY_HTTP = {
    "POST": by_post,
    "GET": by_get,
    "multipart": by_multipart,
    "APQ": by_persisted_query,
}


async def by_websocket(subscriber: Subscriber, query: str) -> Any:
    """The answer to a document over a websocket; ``None`` where it is a subscription that began."""
    await subscriber.start("a", query)
    answer = None
    if not query.startswith("subscription"):
        told = await subscriber.message()
        if told["type"] == "error":
            return {"errors": told["payload"]}
        assert await subscriber.message() == {"id": "a", "type": "complete"}
        return told["payload"]
    await subscriber.send(type="ping")  # its answer comes when the subscription has begun
    while (told := await subscriber.message())["type"] != "pong":
        assert told["type"] == "error"
        answer = {"errors": told["payload"]}
    if answer is None:
        await subscriber.send(type="complete", id="a")
    return answer


# --- frames -------------------------------------------------------------------------------------


def frame(text: bytes, opcode: int = 1, *, is_last: bool = True) -> bytes:
    """A masked frame as clients send it (the mask is zero, so that it costs nothing)."""
    first = bytes([opcode | (0x80 if is_last else 0)])
    size = len(text)
    if size < 126:
        head = bytes([0x80 | size])
    elif size < 65536:
        head = bytes([0x80 | 126]) + size.to_bytes(2, "big")
    else:
        head = bytes([0x80 | 127]) + size.to_bytes(8, "big")
    return first + head + b"\0\0\0\0" + text


def fragments(count: int, size: int) -> Iterator[bytes]:
    """A message that never ends."""
    yield frame(b"x" * size, is_last=False)
    for _ in range(count):
        yield frame(b"x" * size, opcode=0, is_last=False)
