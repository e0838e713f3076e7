"""Documents that are meant to do harm are answered at once, and hold nobody up."""

import asyncio
import gc
import json
import time
from collections.abc import Coroutine
from typing import Any

import httpx
import pytest

from parsepy.app import Application
from tests.conftest import Client
from tests.graphql.conftest import GRAPHQL, data

LONGEST_TURN = 0.05
"""Seconds of CPU that one turn of the event loop may take."""


def nested(opening: str, inner: str, closing: str, levels: int) -> str:
    return opening * levels + inner + closing * levels


def chain(count: int, body: str) -> str:
    """Fragments of which each is as its pattern says, with the next one's name in it."""
    parts = [
        f" fragment F{number} on Thing {{ {body.replace('NEXT', f'...F{number + 1}')} }}"
        for number in range(count)
    ]
    return "".join(parts) + f" fragment F{count} on Thing {{ name }}"


THINGS = "{ things { edges { node { %s } } } }"
DOCUMENTS = {
    "fragments that double": THINGS % "...F0" + chain(25, "name NEXT NEXT"),
    "fragments that branch": THINGS % "...F0" + chain(25, "one { NEXT } other { NEXT }"),
    "fragments in a circle": THINGS % "...A"
    + " fragment A on Thing { ...B } fragment B on Thing { ...A }",
    "a long chain of fragments": "{ health ...F0 }"
    + "".join(f" fragment F{i} on Query {{ ...F{i + 1} }}" for i in range(1500))
    + " fragment F1500 on Query { health }",
    "one field again and again": "{" + " health" * 13_500 + "}",
    "one field rather often": "{" + " health" * 4_000 + "}",
    "aliases": "{" + " ".join(f"a{i}: health" for i in range(4_500)) + "}",
    "finds under aliases": "{" + " ".join(f"a{i}: things {{ count }}" for i in range(2_000)) + "}",
    "overlapping fields": "{" + "things { edges { node { name } } } " * 1_500 + "}",
    "inline fragments": THINGS % ("... on Thing { name } " * 3_000),
    "deep fields": THINGS % nested("one { ", "name", " }", 150),
    "very deep fields": nested("{ a ", "", "", 25_000),
    "deep lists": '{ things(where: {data: {equalTo: {key: "a", value: '
    + nested("[", "", "]", 150)
    + "}}}) { count } }",
    "deep conditions": "{ things(where: " + nested("{OR: [", "{}", "]}", 1_000) + ") { count } }",
    "variables that nobody needs": "query("
    + " ".join(f"$v{i}: Int" for i in range(4_000))
    + ") { health }",
    "fragments that nobody needs": "{ health }"
    + "".join(f" fragment F{i} on Thing {{ name }}" for i in range(2_000)),
    "directives": "{ health " + "@include(if: true) " * 3_000 + "}",
    "a long text": '{ things(where: {name: {equalTo: "%s"}}) { count } }' % ("x" * 95_000),
    "many numbers": "{ things(where: {size: {in: [%s]}}) { count } }" % ("1 " * 40_000),
    "unknown fields": "{" + " ".join(f"nothing{i}" for i in range(4_500)) + "}",
    "nearly known fields": THINGS % " ".join(f"objectI{i}" for i in range(4_500)),
    "operations": " ".join(f"query Q{i} {{ health }}" for i in range(3_000)),
    "open quotes": '{ a(b: "' + '"' * 9_999,
}


@pytest.fixture
async def thing_client(application: Application, master: Client, client: Client) -> Client:
    """A client of a server that has a class whose pointers refer to itself."""
    fields = {
        "name": {"type": "String"},
        "size": {"type": "Number"},
        "data": {"type": "Object"},
        "one": {"type": "Pointer", "targetClass": "Thing"},
        "other": {"type": "Pointer", "targetClass": "Thing"},
    }
    (await master.post("/schemas/Thing", json={"fields": fields})).raise_for_status()
    await data(client, "{ health }")
    return client


async def longest_turn(work: Coroutine[Any, Any, httpx.Response]) -> tuple[httpx.Response, float]:
    """What the work gives, and the CPU time of this thread's longest turn meanwhile."""
    gc.collect()
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


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_a_hostile_document_holds_nobody_up(name: str, thing_client: Client) -> None:
    body = json.dumps({"query": DOCUMENTS[name]}).encode()
    assert len(body) <= 100 * 1024
    headers = {"Content-Type": "application/json"}
    response, longest = await longest_turn(
        thing_client.post(GRAPHQL, content=body, headers=headers)
    )
    assert response.status_code in (200, 400)
    assert {"errors", "data"} & response.json().keys()
    assert longest < LONGEST_TURN
    assert await data(thing_client, "{ health }") == {"health": True}


async def test_a_body_of_more_than_100_kb_is_refused(thing_client: Client) -> None:
    body = json.dumps({"query": "{ health } #" + "x" * 103_000}).encode()
    headers = {"Content-Type": "application/json"}
    response = await thing_client.post(GRAPHQL, content=body, headers=headers)
    assert response.status_code == 413
    assert "Payload Too Large" in response.text


@pytest.mark.parametrize(
    "variables",
    [
        {"n": float("1e308")},
        {"n": 2**63},
        {"n": -(2**200)},
        {"n": True},
        {"n": [1, 2]},
        {"n": {"a": {"b": [{}] * 20}}},
        {"n": "\ud83d"},
        {"n": "x" * 50_000},
        {"n": [[[[[[[[[[1]]]]]]]]]]},
    ],
)
async def test_a_variable_of_a_wrong_type_is_refused(
    variables: dict[str, Any], thing_client: Client
) -> None:
    query = "query($n: Int) { things(first: $n) { count } }"
    body = json.dumps({"query": query, "variables": variables}).encode()
    headers = {"Content-Type": "application/json"}
    response = await thing_client.post(GRAPHQL, content=body, headers=headers)
    assert response.status_code == 400


async def test_deep_json_is_refused(thing_client: Client) -> None:
    deep = nested('{"a":', "1", "}", 3_000)
    body = f'{{"query": "query($o: Object) {{ health }}", "variables": {{"o": {deep}}}}}'
    headers = {"Content-Type": "application/json"}
    response = await thing_client.post(GRAPHQL, content=body.encode(), headers=headers)
    assert response.status_code == 400
