"""The protocol ``graphql-transport-ws``: who is let in, queries and mutations, codes and bounds."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.asyncio.client import connect

from parsepy.app import Application
from parsepy.graphql import connections
from tests.conftest import APP_ID, MASTER_KEY, Client, MakeApp
from tests.graphql.subscriber import SUBPROTOCOL, Subscriber, connecting, result, subscribing
from tests.livequery.listener import serving
from tests.rest.shop import create, find, ok, sign_up

ORDERS = "subscription { order { event node { total } } }"
MAKE = "mutation { createOrder(input: {fields: {total: 5}}) { order { total } } }"


@pytest.fixture
async def application(app: MakeApp) -> Application:
    """A server whose orders can be followed, with client keys and bounds on documents."""
    return await app(
        mountGraphQL=True,
        graphQLSubscriptions=True,
        liveQuery={"classNames": ["Order"]},
        clientKey="client",
        requestComplexity={"graphQLDepth": 5, "graphQLFields": 20},
    )


@pytest.fixture
async def url(application: Application, master: Client) -> AsyncIterator[str]:
    """Where it listens for websockets."""
    fields = {"total": {"type": "Number"}, "next": {"type": "Pointer", "targetClass": "Order"}}
    ok(await master.post("/schemas/Order", json={"fields": fields}))
    async with serving(application) as address:
        yield address


@pytest.fixture
async def ann(url: str) -> AsyncIterator[Subscriber]:
    """Somebody who has been let in."""
    async with subscribing(url, clientKey="client") as subscriber:
        yield subscriber


# --- who is let in ------------------------------------------------------------------------------

LET_IN: dict[str, dict[str, Any]] = {
    "headers": {"X-Parse-Application-Id": APP_ID, "X-Parse-Client-Key": "client"},
    "headers in other letters": {"x-parse-application-id": APP_ID, "X-PARSE-CLIENT-KEY": "client"},
    "as Live Query's clients": {"applicationId": APP_ID, "clientKey": "client"},
    "the master key": {"applicationId": APP_ID, "masterKey": MASTER_KEY},
    "what else there is": {"applicationId": APP_ID, "clientKey": "client", "other": [1], "n": None},
}
REFUSED: dict[str, dict[str, Any]] = {
    "nothing": {},
    "another application": {"applicationId": "other", "clientKey": "client"},
    "no client key": {"applicationId": APP_ID},
    "a wrong client key": {"applicationId": APP_ID, "clientKey": "wrong"},
    "a wrong master key": {"applicationId": APP_ID, "masterKey": "wrong"},
    "a session that is none": {
        "applicationId": APP_ID,
        "clientKey": "client",
        "sessionToken": "r:none",
    },
}


@pytest.mark.parametrize("name", LET_IN)
async def test_keys_come_in_connection_init(name: str, url: str) -> None:
    async with connecting(url) as subscriber:
        assert await subscriber.init(**LET_IN[name]) == {"type": "connection_ack"}


@pytest.mark.parametrize("name", REFUSED)
async def test_without_the_right_keys_the_connection_is_closed(name: str, url: str) -> None:
    async with connecting(url) as subscriber:
        await subscriber.send(type="connection_init", payload=REFUSED[name])
        code, reason = await subscriber.closed()
    assert code == 4403
    assert reason.startswith("Forbidden: ")


async def test_keys_of_the_upgrade_do_not_count(url: str) -> None:
    headers = {"X-Parse-Application-Id": APP_ID, "X-Parse-Master-Key": MASTER_KEY}
    async with connecting(url, additional_headers=headers) as subscriber:
        await subscriber.send(type="connection_init")
        assert (await subscriber.closed())[0] == 4403


async def test_the_master_key_is_bound_to_its_addresses(app: MakeApp) -> None:
    application = await app(
        mountGraphQL=True, graphQLSubscriptions=True, masterKeyIps=["192.0.2.1"]
    )
    async with serving(application) as url, connecting(url) as subscriber:
        await subscriber.send(
            type="connection_init", payload={"applicationId": APP_ID, "masterKey": MASTER_KEY}
        )
        assert (await subscriber.closed())[0] == 4403


async def test_paths_ignore_case_and_subpaths_answer_as_over_http(url: str) -> None:
    for path in ("/GraphQL", "/graphql/", "/graphql?a=b"):
        async with connect(url + path, subprotocols=[SUBPROTOCOL]) as connection:
            assert connection.subprotocol == SUBPROTOCOL


# --- the protocol's refusals --------------------------------------------------------------------

SUBSCRIBE = {"type": "subscribe", "id": "a", "payload": {"query": ORDERS}}
NO_MESSAGES = [
    "no JSON",
    "",
    "[]",
    "null",
    "{}",
    '{"type": 5}',
    '{"type": "start", "id": "1", "payload": {"query": "{ health }"}}',
    '{"type": "next", "id": "1"}',
    '{"type": "connection_init", "payload": "x"}',
    '{"type": "ping", "payload": []}',
    '{"type": "pong", "payload": 1}',
    '{"type": "complete"}',
    '{"type": "complete", "id": 1}',
    '{"type": "subscribe", "payload": {"query": "{ health }"}}',
    '{"type": "subscribe", "id": "", "payload": {"query": "{ health }"}}',
    '{"type": "subscribe", "id": "1"}',
    '{"type": "subscribe", "id": "1", "payload": []}',
    '{"type": "subscribe", "id": "1", "payload": {"query": {}}}',
    '{"type": "subscribe", "id": "1", "payload": {"query": "{ health }", "variables": 1}}',
    '{"type": "subscribe", "id": "1", "payload": {"query": "{ health }", "operationName": 1}}',
    '{"type": "subscribe", "id": "1", "payload": {"query": "{ health }", "extensions": []}}',
    json.dumps({"type": "complete", "id": "x" * 300}),
    '{"type": "ping", "payload": ' + '{"a":' * 2000 + "1" + "}" * 2000 + "}",
]


@pytest.mark.parametrize("text", NO_MESSAGES)
async def test_what_is_no_message_closes_the_connection(text: str, ann: Subscriber) -> None:
    await ann.connection.send(text)
    code, reason = await ann.closed()
    assert code == 4400
    assert reason


async def test_an_operation_before_the_keys_closes_the_connection(url: str) -> None:
    async with connecting(url) as subscriber:
        await subscriber.send(**SUBSCRIBE)
        assert await subscriber.closed() == (4401, "Unauthorized")


async def test_who_sends_no_keys_in_time_is_closed(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "INIT_SECONDS", 0.05)
    async with connecting(url) as subscriber:
        assert await subscriber.closed() == (4408, "Connection initialisation timeout")


async def test_an_id_that_is_in_use_closes_the_connection(ann: Subscriber) -> None:
    await ann.follow("a", ORDERS)
    await ann.send(**SUBSCRIBE)
    assert await ann.closed() == (4409, "Subscriber for a already exists")


async def test_keys_may_be_sent_once(ann: Subscriber) -> None:
    await ann.send(type="connection_init", payload=LET_IN["headers"])
    assert await ann.closed() == (4429, "Too many initialisation requests")


async def test_bytes_are_no_messages(ann: Subscriber) -> None:
    await ann.connection.send(b"{}")
    assert (await ann.closed())[0] == 1003


async def test_pings_are_answered_before_and_after_the_keys(url: str) -> None:
    async with connecting(url) as subscriber:
        for payload in ({}, {"payload": {"any": "thing"}}, {"payload": None}):
            await subscriber.send(type="ping", **payload)
            assert await subscriber.message() == {"type": "pong"}
        await subscriber.send(type="pong")
        await subscriber.init(**LET_IN["headers"])
        await subscriber.settled()


# --- queries and mutations ----------------------------------------------------------------------


async def test_a_query_has_one_result(ann: Subscriber) -> None:
    assert await ann.ask("q", "{ health }") == result("q", health=True)
    assert await ann.message() == {"id": "q", "type": "complete"}
    assert await ann.ask("q", "{ orders { count } }") == result("q", orders={"count": 0})


async def test_a_mutation_writes_and_its_result_comes_before_its_event(
    ann: Subscriber, master: Client
) -> None:
    await ann.follow("orders", ORDERS)
    told = await ann.ask("m", MAKE)
    assert told == result("m", createOrder={"order": {"total": 5}})
    assert await ann.message() == {"id": "m", "type": "complete"}
    assert await ann.event("orders") == {"event": "CREATE", "node": {"total": 5}}
    assert len(await find(master, "Order")) == 1


async def test_whoever_asks_is_the_user_of_the_connection(
    url: str, application: Application
) -> None:
    key = {"X-Parse-Client-Key": "client"}
    async with Client(application) as client:
        client.headers.update(key)
        bob = await sign_up(client)
    async with subscribing(url, clientKey="client", sessionToken=bob.token) as his:
        told = await his.ask("v", "{ viewer { user { username } } }")
        assert told == result("v", viewer={"user": {"username": bob.name}})


async def test_errors_of_fields_are_part_of_the_result(ann: Subscriber) -> None:
    told = await ann.ask("q", '{ health order(id: "none") { total } }')
    assert told["type"] == "next"
    assert told["payload"]["errors"][0]["extensions"] == {"code": 101}
    assert (await ann.message())["type"] == "complete"


REFUSALS: dict[str, tuple[str, dict[str, Any], str]] = {
    "no GraphQL": ("{", {}, "GRAPHQL_PARSE_FAILED"),
    "an empty text": ("", {}, "BAD_REQUEST"),
    "an unknown field": ("{ nothing }", {}, "GRAPHQL_VALIDATION_FAILED"),
    "two fields to follow": (
        "subscription { a: order { event } b: order { event } }",
        {},
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "a variable that does not fit": (
        "subscription($n: Float!) { order(where: {total: {equalTo: $n}}) { event } }",
        {"variables": {"n": "x"}},
        "BAD_USER_INPUT",
    ),
    "a variable that is missing": (
        "subscription($n: Float!) { order(where: {total: {equalTo: $n}}) { event } }",
        {},
        "BAD_USER_INPUT",
    ),
    "nothing but what is skipped": (
        "subscription { order @skip(if: true) { event } }",
        {},
        "INTERNAL_SERVER_ERROR",
    ),
    "another operation": (
        "query A { health }",
        {"operationName": "B"},
        "OPERATION_RESOLUTION_FAILURE",
    ),
    "__schema": ("{ __schema { types { name } } }", {}, "INTERNAL_SERVER_ERROR"),
    "__schema in a subscription": (
        "subscription S { order { event } } query Q { __schema { types { name } } }",
        {"operationName": "S"},
        "INTERNAL_SERVER_ERROR",
    ),
    "__type in a fragment": (
        '{ ...F } fragment F on Query { t: __type(name: "User") { name } }',
        {},
        "INTERNAL_SERVER_ERROR",
    ),
    "too deep": (
        "subscription { order { node { next { next { next { total } } } } } }",
        {},
        "INTERNAL_SERVER_ERROR",
    ),
    "too many fields": (
        "subscription { order { " + " ".join(f"e{i}: event" for i in range(30)) + " } }",
        {},
        "INTERNAL_SERVER_ERROR",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
async def test_a_refusal_ends_the_operation_and_not_the_connection(
    name: str, ann: Subscriber
) -> None:
    query, more, code = REFUSALS[name]
    await ann.start("a", query, **more)
    assert (await ann.refusal("a"))["extensions"]["code"] == code
    assert await ann.ask("a", "{ health }") == result("a", health=True)


async def test_the_master_key_may_introspect(url: str) -> None:
    async with subscribing(url, masterKey=MASTER_KEY) as holder:
        told = await holder.ask("s", "{ __schema { subscriptionType { fields { name } } } }")
    shown = told["payload"]["data"]["__schema"]["subscriptionType"]
    assert shown == {"fields": [{"name": "order"}]}


async def test_names_of_the_schema_are_not_told_to_clients(ann: Subscriber) -> None:
    await ann.start("a", "subscription { order { evnt } }")
    assert (await ann.refusal("a"))["message"] == 'Cannot query field "evnt".'


async def test_a_subscription_over_http_is_refused(application: Application, url: str) -> None:
    async with Client(application) as client:
        client.headers.update({"X-Parse-Client-Key": "client"})
        answer = await client.post("http://testserver/graphql", json={"query": ORDERS})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["message"] == "Subscriptions are served over a websocket."


# --- bounds -------------------------------------------------------------------------------------


async def test_a_message_may_be_as_long_as_a_body(ann: Subscriber) -> None:
    text = "{ health } #" + "x" * 100_000
    assert await ann.ask("a", text) == result("a", health=True)
    await ann.message()
    await ann.start("b", text + "x" * 3000)
    assert (await ann.closed())[0] == 1009


async def test_operations_are_bounded(ann: Subscriber, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MOST_OPERATIONS", 3)
    for number in range(3):
        await ann.follow(str(number), ORDERS)
    await ann.start("4", ORDERS)
    assert "More than 3 operations" in (await ann.refusal("4"))["message"]
    await ann.send(type="complete", id="0")
    await ann.follow("4", ORDERS)


async def test_subscriptions_that_read_more_are_bounded_more_closely(
    ann: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MOST_READING", 2)
    reading = "subscription { order { node { next { total } } } }"
    for number in range(2):
        await ann.follow(str(number), reading)
    await ann.follow("of ids", "subscription { order { node { next { objectId } } } }")
    await ann.start("more", reading)
    assert "lead to other objects" in (await ann.refusal("more"))["message"]
    await ann.follow("plain", ORDERS)


async def test_what_operations_hold_is_bounded(
    ann: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MOST_HELD", 10_000)
    long = ORDERS + " #" + "x" * 6_000
    await ann.follow("1", long)
    await ann.start("2", long)
    assert "10000 bytes" in (await ann.refusal("2"))["message"]
    await ann.send(type="complete", id="1")
    await ann.follow("2", long)


async def test_operations_count_in_the_rate_limits(app: MakeApp) -> None:
    limit = {
        "requestPath": "/graphql",
        "requestTimeWindow": 60_000,
        "requestCount": 3,
        "includeInternalRequests": True,
        "errorResponseMessage": "slowly",
    }
    application = await app(mountGraphQL=True, graphQLSubscriptions=True, rateLimit=[limit])
    async with serving(application) as url, subscribing(url) as ann:
        for _ in range(2):
            assert await ann.ask("a", "{ health }") == result("a", health=True)
            await ann.message()
        await ann.start("a", "{ health }")
        assert (await ann.refusal("a"))["message"] == "slowly"


async def test_who_reads_nothing_while_much_happens_is_closed(
    url: str, ann: Subscriber, master: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from parsepy.graphql import following

    monkeypatch.setattr(following, "MOST_WAITING", 5)
    first = await create(master, "Order", total=1)
    await ann.follow("a", "subscription { order { node { next { total } } } }")
    await ann.settled()
    following_next = {"__type": "Pointer", "className": "Order", "objectId": first}
    operations = [
        {"method": "POST", "path": "/parse/classes/Order", "body": {"next": following_next}}
    ] * 40
    ok(await master.post("/batch", json={"requests": operations}))
    assert await ann.closed() == (1013, "too slow")
