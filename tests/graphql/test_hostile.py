"""Documents that are meant to do harm are answered at once, and hold nobody up."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from parsepy.app import Application
from tests.conftest import APP_ID, MASTER_KEY, Client, MakeApp
from tests.graphql.conftest import GRAPHQL, data
from tests.graphql.hostile import (
    BY_HTTP,
    DOCUMENTS,
    FOLLOWING,
    JSON,
    LONGEST_TURN,
    by_post,
    by_websocket,
    fragments,
    frame,
    longest_turn,
    nested,
)
from tests.graphql.recording import FUNCTIONS
from tests.graphql.subscriber import SUBPROTOCOL, connecting, subscribing
from tests.livequery.listener import serving
from tests.rest.shop import create, ok


@pytest.fixture
async def application(app: MakeApp) -> Application:
    """A server whose things can be followed."""
    return await app(
        mountGraphQL=True,
        graphQLSubscriptions=True,
        liveQuery={"classNames": ["Thing"]},
        cloud=str(FUNCTIONS),
    )


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


@pytest.fixture
async def url(application: Application, thing_client: Client) -> AsyncIterator[str]:
    """Where that server listens for websockets."""
    async with serving(application) as address:
        yield address


# --- documents ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.slow  # a measurement: tracing for coverage would be measured, too
async def test_a_hostile_document_holds_nobody_up(name: str, thing_client: Client) -> None:
    answer, longest = await longest_turn(by_post(thing_client, DOCUMENTS[name]))
    assert {"errors", "data"} & answer.keys()
    assert longest < LONGEST_TURN
    assert await data(thing_client, "{ health }") == {"health": True}


@pytest.mark.parametrize("transport", sorted(BY_HTTP.keys() - {"POST"}))
@pytest.mark.slow  # a measurement: tracing for coverage would be measured, too
async def test_nor_does_it_over_another_transport(transport: str, thing_client: Client) -> None:
    slow = {}
    for name, document in DOCUMENTS.items():
        answer, longest = await longest_turn(BY_HTTP[transport](thing_client, document))
        assert {"errors", "data"} & answer.keys(), name
        if longest >= LONGEST_TURN:
            slow[name] = longest
    assert slow == {}
    assert await data(thing_client, "{ health }") == {"health": True}


@pytest.mark.slow  # a measurement: tracing for coverage would be measured, too
async def test_nor_does_it_over_a_websocket(url: str) -> None:
    slow = {}
    documents = {**{f"followed: {name}": text for name, text in FOLLOWING.items()}, **DOCUMENTS}
    async with subscribing(url) as mallory, subscribing(url) as ann:
        for name, document in documents.items():
            answer, longest = await longest_turn(by_websocket(mallory, document))
            assert answer is None or {"errors", "data"} & answer.keys(), name
            if longest >= LONGEST_TURN:
                slow[name] = longest
        assert slow == {}
        assert (await ann.ask("h", "{ health }"))["payload"] == {"data": {"health": True}}


@pytest.mark.slow  # a measurement: tracing for coverage would be measured, too
async def test_events_of_hostile_subscriptions_hold_nobody_up(url: str, master: Client) -> None:
    """What passes the checks is followed, and events are completed for it."""
    async with subscribing(url) as mallory:
        begun = 0
        for number, document in enumerate(FOLLOWING.values()):
            await mallory.start(str(number), document)
        await mallory.send(type="ping")
        while (told := await mallory.message())["type"] != "pong":
            assert told["type"] == "error"
            begun -= 1
        begun += len(FOLLOWING)
        assert begun >= 2
        one = await create(master, "Thing", name="a" * 25 + "!")
        pointer = {"__type": "Pointer", "className": "Thing", "objectId": one}
        _, longest = await longest_turn(
            create(master, "Thing", name="a" * 30_000 + "!", one=pointer, size=1)
        )
        assert longest < LONGEST_TURN
        await mallory.message()


@pytest.mark.slow  # a measurement: tracing for coverage would be measured, too
async def test_many_subscriptions_to_one_class_hold_nobody_up(url: str, master: Client) -> None:
    query = "subscription { thing { event node { name size data } original { name } } }"
    async with subscribing(url) as mallory:
        for number in range(1_000):
            await mallory.start(str(number), query)
        await mallory.settled()

        async def tell() -> None:
            await create(master, "Thing", name="Tea", size=3)
            for _ in range(1_000):
                await mallory.message()

        _, longest = await longest_turn(tell())
    assert longest < LONGEST_TURN


# --- what clients may not learn -----------------------------------------------------------------

HIDDEN = "thingKeeper"
LEAKS = {
    "GHSA-48q3-prgv-gm4w, __schema": "{ __schema { types { name } } }",
    "GHSA-48q3-prgv-gm4w, __schema under an alias": "{ a: __schema { types { name } } }",
    "GHSA-q5q9-2rhp-33qw, __schema in an inline fragment": (
        "{ ... on Query { __schema { types { name } } } }"
    ),
    "GHSA-q5q9-2rhp-33qw, __type in an inline fragment": (
        '{ ... { __type(name: "Thing") { fields { name } } } }'
    ),
    "GHSA-q5q9-2rhp-33qw, __type in a fragment": (
        '{ ...F } fragment F on Query { t: __type(name: "Thing") { name } }'
    ),
    "GHSA-8cph-rgr4-g5vj, a misspelt root": "{ thin { count } }",
    "GHSA-8cph-rgr4-g5vj, a misspelt column": ("{ things { edges { node { thingKeepe } } } }"),
    "GHSA-9g8f-h8f3-hjcm, a misspelt value": ("{ things(order: [thingKeeper_AS]) { count } }"),
    "GHSA-9g8f-h8f3-hjcm, a misspelt argument": "{ things(wher: {}) { count } }",
    "GHSA-2fgh-8j2g-w354, a misspelt condition": (
        "{ things(where: {thingKeepe: {equalTo: 1}}) { count } }"
    ),
    "GHSA-2fgh-8j2g-w354, an object of another type": "{ things(where: 5) { count } }",
    "GHSA-6m77-f8xr-f723, a variable of another type": (
        "query($a: Int) { things(where: $a) { count } }"
    ),
    "GHSA-6m77-f8xr-f723, a fragment of another type": (
        "{ things { ...F } } fragment F on User { id }"
    ),
    "GHSA-6m77-f8xr-f723, a selection that is missing": "{ things }",
}
# The type of an enum is told by the reference, too; its values are not.
NAMES = (HIDDEN, "ThingConnection", "ThingWhereInput", "Did you mean", "__Type")


@pytest.fixture
async def keeper(master: Client, thing_client: Client) -> Client:
    """A client of the server whose things have a column that is nobody's business."""
    column = {"fields": {HIDDEN: {"type": "String"}}}
    ok(await master.put("/schemas/Thing", json=column))
    return thing_client


def assert_nothing_leaks(answer: Any, document: str) -> None:
    """An error that has no name of the schema that the document does not have."""
    assert answer["errors"]
    assert not answer.get("data")
    told = json.dumps(answer)
    assert [name for name in NAMES if name in told and name not in document] == []


@pytest.mark.parametrize("name", LEAKS)
async def test_the_schema_is_not_told(name: str, keeper: Client) -> None:
    document = LEAKS[name]
    for transport in BY_HTTP.values():
        assert_nothing_leaks(await transport(keeper, document), document)


async def test_nor_is_it_told_over_a_websocket(url: str, keeper: Client) -> None:
    async with subscribing(url) as mallory:
        for document in LEAKS.values():
            assert_nothing_leaks(await by_websocket(mallory, document), document)
        for document in (
            "subscription { thin { event } }",
            "subscription { thing { even } }",
            "subscription { thing { node { thingKeepe } } }",
            "subscription { thing(where: {thingKeepe: {equalTo: 1}}) { event } }",
            "subscription { thing(where: 5) { event } }",
            "subscription { thing { node } }",
            "subscription { __schema { types { name } } }",
            'subscription { thing { event } } query A { __type(name: "Thing") { name } }',
        ):
            assert_nothing_leaks(await by_websocket(mallory, document), document)


@pytest.mark.parametrize("value", [5, [], {"thingKeepe": {"equalTo": 1}}, {HIDDEN: 5}, "x"])
async def test_nor_by_the_values_of_variables_GHSA_2fgh_8j2g_w354(
    value: Any, url: str, keeper: Client
) -> None:
    query = "query($w: ThingWhereInput) { things(where: $w) { count } }"
    answer = (await keeper.post(GRAPHQL, json={"query": query, "variables": {"w": value}})).json()
    assert_nothing_leaks(answer, query + json.dumps(value))
    followed = "subscription($w: ThingWhereInput) { thing(where: $w) { event } }"
    async with subscribing(url) as mallory:
        await mallory.start("a", followed, variables={"w": value})
        told = await mallory.message()
    assert_nothing_leaks({"errors": told["payload"]}, followed + json.dumps(value))


# --- what else the advisories of Parse Server tell of -------------------------------------------

DENIED = {"_bsontype": "Code", "constructor": "x", "__proto__": "x"}


@pytest.mark.parametrize("key", DENIED)
@pytest.mark.parametrize("transport", ["POST", "multipart", "websocket"])
async def test_denied_keywords_are_refused_at_any_depth_GHSA_p6h4_93qp_jhcm(
    transport: str, key: str, url: str, thing_client: Client
) -> None:
    mutation = (
        'mutation { createThing(input: {fields: {data: {a: [{b: {%s: "%s"}}]}}}) { thing { id } } }'
    )
    document = mutation % (key, DENIED[key])
    if transport == "websocket":
        async with subscribing(url) as mallory:
            answer = await by_websocket(mallory, document)
    else:
        answer = await BY_HTTP[transport](thing_client, document)
    assert answer["errors"][0]["extensions"]["code"] == 105


@pytest.mark.parametrize("name", ["constructor", "__class__", "toString", "a.b", "x" * 10_000])
async def test_functions_are_found_by_their_own_names_alone_GHSA_4263_jgmp_7pf4(
    name: str, url: str, thing_client: Client
) -> None:
    document = f"mutation {{ callCloudCode(input: {{functionName: {name}}}) {{ result }} }}"
    assert (await by_post(thing_client, document))["errors"]
    async with subscribing(url) as mallory:
        assert (await by_websocket(mallory, document))["errors"]


ORACLES = {
    "GHSA-2m6g-crv8-p3c6": '{name: {matchesRegex: "^s"}}',
    "GHSA-72hp-qff8-4pvv": '{OR: [{NOR: [{AND: [{name: {equalTo: "secret"}}]}]}]}',
    "GHSA-j7mm-f4rv-6q6q": "{AND: [{OR: [{name: {exists: true}}]}]}",
}


@pytest.mark.parametrize("advisory", ORACLES)
async def test_protected_columns_can_not_be_asked_for(
    advisory: str, url: str, master: Client, thing_client: Client
) -> None:
    everybody = {"*": True}
    permissions: dict[str, Any] = {"find": everybody, "get": everybody, "count": everybody}
    permissions["protectedFields"] = {"*": ["name"]}
    ok(await master.put("/schemas/Thing", json={"classLevelPermissions": permissions}))
    await create(master, "Thing", name="secret")
    where = ORACLES[advisory]
    for transport in BY_HTTP.values():
        answer = await transport(thing_client, f"{{ things(where: {where}) {{ count }} }}")
        assert answer["errors"][0]["extensions"]["code"] == 119
    async with subscribing(url) as mallory:
        document = f"subscription {{ thing(where: {where}) {{ event }} }}"
        answer = await by_websocket(mallory, document)
    assert answer["errors"][0]["extensions"]["code"] == 119


async def test_limits_of_depth_and_fields_hold_over_every_transport_CVE_2026_34573(
    app: MakeApp,
) -> None:
    application = await app(
        mountGraphQL=True,
        graphQLSubscriptions=True,
        liveQuery={"classNames": ["Thing"]},
        requestComplexity={"graphQLDepth": 4, "graphQLFields": 10},
    )
    documents = {
        "{ users { edges { node { ACL { public { read } } } } } }": "depth",
        "{ ...A ...A ...A } fragment A on Query { a: health b: health c: health d: health }": (
            "fields"
        ),
    }
    async with (
        Client(application) as client,
        serving(application) as url,
        subscribing(url) as mallory,
    ):
        for document, what in documents.items():
            answers = [await send(client, document) for send in BY_HTTP.values()]
            answers.append(await by_websocket(mallory, document))
            for answer in answers:
                (error,) = answer["errors"]
                assert what in error["message"]
                assert "maximum allowed" in error["message"]


# --- bodies and variables -----------------------------------------------------------------------


async def test_a_body_of_more_than_100_kb_is_refused(thing_client: Client) -> None:
    body = json.dumps({"query": "{ health } #" + "x" * 103_000}).encode()
    response = await thing_client.post(GRAPHQL, content=body, headers=JSON)
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
    response = await thing_client.post(GRAPHQL, content=body, headers=JSON)
    assert response.status_code == 400


async def test_deep_json_is_refused(thing_client: Client) -> None:
    deep = nested('{"a":', "1", "}", 3_000)
    body = f'{{"query": "query($o: Object) {{ health }}", "variables": {{"o": {deep}}}}}'
    response = await thing_client.post(GRAPHQL, content=body.encode(), headers=JSON)
    assert response.status_code == 400


# --- frames -------------------------------------------------------------------------------------


def message(**parts: Any) -> bytes:
    """A message as a frame."""
    return frame(json.dumps(parts).encode())


INIT = message(type="connection_init", payload={"applicationId": APP_ID})
HEALTH = {"query": "{ health }"}
FLOODS = {
    "init messages": INIT * 5_000,
    "pings of the protocol": INIT + message(type="ping") * 10_000,
    "pings of websockets": INIT + frame(b"x" * 100, opcode=9) * 10_000,
    "empty frames": INIT + frame(b"") * 20_000,
    "operations": INIT
    + b"".join(message(type="subscribe", id=str(i), payload=HEALTH) for i in range(3_000)),
    "subscriptions": INIT
    + b"".join(
        message(type="subscribe", id=str(i), payload={"query": "subscription { thing { event } }"})
        for i in range(3_000)
    ),
    "subscriptions that come and go": INIT
    + b"".join(
        message(type="subscribe", id="a", payload={"query": "subscription { thing { event } }"})
        + message(type="complete", id="a")
        for _ in range(2_000)
    ),
    "ends of what never began": INIT + message(type="complete", id="x") * 10_000,
    "a huge frame": INIT + frame(b"x" * 5_000_000),
    "a frame just too large": INIT + frame(b'{"type":"ping"}' + b" " * 110_000),
    "a message of many fragments": INIT + b"".join(fragments(5_000, 300)),
    "a message of empty fragments": INIT + b"".join(fragments(50_000, 0)),
    "deep JSON": INIT + frame(nested("[", "", "]", 50_000).encode()),
}


async def flood(url: str, content: bytes) -> None:
    """Send all of it at once on one connection, and read what comes until nothing does."""
    async with connect(
        f"{url}/graphql", subprotocols=[SUBPROTOCOL], compression=None, max_size=None
    ) as connection:
        connection.transport.write(content)
        with suppress(ConnectionClosed, TimeoutError):
            while True:
                await asyncio.wait_for(connection.recv(), 0.5)
        connection.transport.abort()


@pytest.mark.parametrize("name", FLOODS)
@pytest.mark.slow  # a measurement: tracing for coverage would be measured, too
async def test_a_flood_of_frames_holds_nobody_up(name: str, url: str) -> None:
    async with subscribing(url) as ann:
        _, longest = await longest_turn(flood(url, FLOODS[name]))
        assert (await ann.ask("h", "{ health }"))["payload"] == {"data": {"health": True}}
    assert longest < LONGEST_TURN


@pytest.mark.slow  # a measurement: tracing for coverage would be measured, too
async def test_many_connections_without_keys_hold_nobody_up(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from parsepy.graphql import connections

    monkeypatch.setattr(connections, "INIT_SECONDS", 0.3)

    async def silent() -> tuple[int, str]:
        async with connecting(url) as mallory:
            return await mallory.closed()

    async def many() -> list[tuple[int, str]]:
        return await asyncio.gather(*(silent() for _ in range(50)))

    codes, longest = await longest_turn(many())
    assert {code for code, _ in codes} == {4408}
    assert longest < LONGEST_TURN


@pytest.mark.parametrize("key", ["wrong", MASTER_KEY[:-1], f"{MASTER_KEY}x"])
async def test_a_wrong_master_key_gives_no_rights(key: str, url: str) -> None:
    async with subscribing(url, masterKey=key) as mallory:
        answer = await by_websocket(mallory, "{ __schema { types { name } } }")
    assert answer["errors"][0]["message"] == "Introspection is not allowed"
