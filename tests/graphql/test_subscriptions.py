"""Classes are followed over ``graphql-transport-ws``, with Live Query's own rights and bounds."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from parsepy.app import Application
from tests.conftest import MASTER_KEY, Client, MakeApp
from tests.graphql.conftest import data
from tests.graphql.subscriber import Subscriber, subscribing
from tests.livequery.listener import listening, serving
from tests.rest.shop import Shopper, create, eventually, ok, pointer, sign_up

CLOUD = """
from parsepy import Cloud, ParseError


@Cloud.after_live_query_event("FlashSale")
def tell(request):
    if request.object.get("name") == "secret":
        raise ParseError(4711, "not to be told")
    request.object.set("name", request.object.get("name") + "!")


@Cloud.before_subscribe("FlashSale")
def check(request):
    if request.user is None:
        raise ParseError(4712, "sign in first")
"""
FIELDS = {
    "total": {"type": "Number"},
    "status": {"type": "String"},
    "secret": {"type": "String"},
    "user": {"type": "Pointer", "targetClass": "_User"},
    "lines": {"type": "Array"},
    "gifts": {"type": "Relation", "targetClass": "Gift"},
}
ORDERS = "subscription { order { event node { objectId total } original { total } } }"
STATUS = "subscription { order { event node { status } original { status } } }"


@pytest.fixture
async def application(app: MakeApp, tmp_path: Any) -> Application:
    """The shop's server, with classes to follow over GraphQL."""
    cloud = tmp_path / "main.py"
    cloud.write_text(CLOUD)
    return await app(
        mountGraphQL=True,
        graphQLSubscriptions=True,
        liveQuery={"classNames": ["Order", "Flash.*"]},
        metrics={"enabled": True},
        cloud=str(cloud),
    )


@pytest.fixture
async def url(application: Application, master: Client) -> AsyncIterator[str]:
    """Where it listens for websockets."""
    names = {"fields": {"name": {"type": "String"}}}
    ok(await master.post("/schemas/Gift", json=names))
    ok(await master.post("/schemas/Order", json={"fields": FIELDS}))
    ok(await master.post("/schemas/FlashSale", json=names))
    async with serving(application) as address:
        yield address


async def permit(master: Client, **permissions: Any) -> None:
    """Change the permissions of orders."""
    given = {"create": {"*": True}, "update": {"*": True}, **permissions}
    ok(await master.put("/schemas/Order", json={"classLevelPermissions": given}))


async def unseen(application: Application, *subscribers: Subscriber) -> None:
    """All that was stored has been delivered, and these were told nothing of it."""
    live: Any = application.live
    await eventually(lambda: _delivered(live))
    for subscriber in subscribers:
        await subscriber.settled()


async def _delivered(live: Any) -> bool:
    return not live._transport._waiting


def of(shopper: Shopper) -> dict[str, Any]:
    """The session token as `connection_init` brings it."""
    return {"X-Parse-Session-Token": shopper.token}


# --- events -------------------------------------------------------------------------------------


async def test_an_order_is_followed_from_its_creation_to_its_deletion(
    url: str, master: Client
) -> None:
    async with subscribing(url) as ann:
        await ann.follow("orders", ORDERS)
        order = await create(master, "Order", total=5)
        shown = {"objectId": order, "total": 5}
        assert await ann.event("orders") == {"event": "CREATE", "node": shown, "original": None}
        ok(await master.put(f"/classes/Order/{order}", json={"total": 6}))
        assert await ann.event("orders") == {
            "event": "UPDATE",
            "node": {"objectId": order, "total": 6},
            "original": {"total": 5},
        }
        ok(await master.delete(f"/classes/Order/{order}"))
        assert (await ann.event("orders"))["event"] == "DELETE"
        await ann.settled()


async def test_conditions_are_those_of_queries_and_decide_which_event_it_is(
    url: str, master: Client
) -> None:
    query = (
        "subscription($most: Float) { order(where: {total: {lessThan: $most}}) "
        "{ event node { total } } }"
    )
    async with subscribing(url) as ann:
        await ann.follow("cheap", query, variables={"most": 10})
        order = await create(master, "Order", total=20)
        for total in (5, 7, 30):
            ok(await master.put(f"/classes/Order/{order}", json={"total": total}))
        told = [await ann.event("cheap") for _ in range(3)]
    assert [(event["event"], event["node"]["total"]) for event in told] == [
        ("ENTER", 5),
        ("UPDATE", 7),
        ("LEAVE", 30),
    ]


async def test_one_object_is_followed_by_relays_id(
    url: str, master: Client, application: Application
) -> None:
    first, second = await create(master, "Order", total=1), await create(master, "Order", total=2)
    found = await data(master, f'{{ order(id: "{second}") {{ id }} }}')
    query = "subscription($id: ID!) { order(where: {id: {equalTo: $id}}) { node { id total } } }"
    async with subscribing(url) as ann:
        await ann.follow("one", query, variables={"id": found["order"]["id"]})
        for order in (first, second):
            ok(await master.put(f"/classes/Order/{order}", json={"total": 9}))
        assert await ann.event("one") == {"node": {"id": found["order"]["id"], "total": 9}}
        await unseen(application, ann)


async def test_what_pointers_arrays_and_relations_refer_to_is_read_with_the_followers_rights(
    url: str, master: Client, client: Client
) -> None:
    ann, bob = await sign_up(client), await sign_up(client, nickname="Bob")
    open_gift = await create(master, "Gift", name="Tea")
    hidden = await create(master, "Gift", name="Ring", ACL={bob.id: {"read": True}})
    query = """subscription { order { node {
        user { objectId username }
        lines { ... on Gift { name } ... on Element { value } }
        gifts { count edges { node { name } } } } } }"""
    async with subscribing(url, **of(ann)) as hers:
        await hers.follow("orders", query)
        gifts = [pointer("Gift", open_gift), pointer("Gift", hidden)]
        added = {"__op": "AddRelation", "objects": gifts}
        await create(master, "Order", user=bob.pointer, lines=[*gifts, 3], gifts=added)
        node = (await hers.event("orders"))["node"]
    assert node["user"] is None  # as a query shows it: users are their own
    assert node["lines"] == [{"name": "Tea"}, {"value": 3}]
    assert node["gifts"] == {"count": 1, "edges": [{"node": {"name": "Tea"}}]}


async def test_fragments_aliases_and_directives_are_as_in_queries(url: str, master: Client) -> None:
    query = """
        subscription S($more: Boolean!) { told: order { __typename ...P what: event } }
        fragment P on OrderSubscriptionPayload { node { t: total status @include(if: $more) } }
    """
    async with subscribing(url) as ann:
        await ann.follow("a", query, variables={"more": False}, operationName="S")
        await create(master, "Order", total=5, status="new")
        told = await ann.message()
    assert told["payload"] == {
        "data": {
            "told": {
                "__typename": "OrderSubscriptionPayload",
                "node": {"t": 5},
                "what": "CREATE",
            }
        }
    }


async def test_events_keep_their_order_although_some_have_to_be_completed_by_reading(
    url: str, master: Client, client: Client
) -> None:
    ann = await sign_up(client)
    query = "subscription { order { node { total user { username } } } }"
    async with subscribing(url, **of(ann)) as hers:
        await hers.follow("orders", query)
        for number in range(20):
            of_somebody = {"user": ann.pointer} if number % 2 else {}
            await create(master, "Order", total=number, **of_somebody)
        nodes = [(await hers.event("orders"))["node"] for _ in range(20)]
    assert [node["total"] for node in nodes] == list(range(20))
    assert [node["user"] for node in nodes] == [None, {"username": ann.name}] * 10


async def test_an_operation_that_is_completed_by_its_client_tells_no_more(
    url: str, master: Client, application: Application
) -> None:
    async with subscribing(url) as ann:
        await ann.follow("a", ORDERS)
        await ann.follow("b", ORDERS)
        await ann.send(type="complete", id="a")
        await ann.send(type="complete", id="nothing")
        await ann.settled()
        await create(master, "Order", total=1)
        await ann.event("b")
        await ann.follow("a", ORDERS)  # the id is free again
    assert application.live is not None
    await eventually(lambda: _is(application, connections=0, subscriptions=0))


async def _is(application: Application, **expected: int) -> bool:
    return all(getattr(application.live, name) == value for name, value in expected.items())


async def test_what_other_processes_write_is_told_too(app: MakeApp) -> None:
    live = {"classNames": ["Order"], "carrier": "changeStreams"}
    options = {"mountGraphQL": True, "graphQLSubscriptions": True, "liveQuery": live}
    here = await app(**options)
    there = await app(**options, databaseURI=here.backend.config.database_uri)
    async with Client(there, master=True) as master, serving(here) as url:
        ok(await master.post("/schemas/Order", json={"fields": FIELDS}))
        async with subscribing(url) as ann:
            await ann.follow("orders", ORDERS)
            order = await create(master, "Order", total=5)
            assert (await ann.event("orders"))["node"] == {"objectId": order, "total": 5}


async def test_live_query_and_graphql_are_told_the_same(url: str, master: Client) -> None:
    async with subscribing(url) as ann, listening(url) as bob:
        await ann.follow("orders", ORDERS)
        await bob.subscribe("Order")
        await create(master, "Order", total=3)
        assert (await ann.event("orders"))["node"]["total"] == 3
        assert (await bob.frame())["object"]["total"] == 3
        text = (await master.get("/metrics")).text
    assert "parsepy_live_connections 2" in text
    assert "parsepy_live_subscriptions 2" in text


# --- rights -------------------------------------------------------------------------------------


async def test_an_order_is_seen_by_its_customer_alone(
    url: str, client: Client, master: Client, application: Application
) -> None:
    ann, bob = await sign_up(client), await sign_up(client)
    async with subscribing(url, **of(ann)) as hers, subscribing(url, **of(bob)) as his:
        await hers.follow("a", STATUS)
        await his.follow("b", STATUS)
        await create(master, "Order", status="new", ACL={ann.id: {"read": True}})
        assert (await hers.event("a"))["node"] == {"status": "new"}
        await unseen(application, his)


async def test_read_access_that_is_lost_and_gained_shows_no_state_that_was_not_readable(
    url: str, client: Client, master: Client
) -> None:
    ann = await sign_up(client)
    async with subscribing(url, **of(ann)) as hers:
        await hers.follow("a", STATUS)
        acl = {ann.id: {"read": True}}
        order = await create(master, "Order", status="open", ACL=acl)
        ok(await master.put(f"/classes/Order/{order}", json={"status": "hidden", "ACL": {}}))
        ok(await master.put(f"/classes/Order/{order}", json={"status": "back", "ACL": acl}))
        _, left, entered = [await hers.event("a") for _ in range(3)]
    assert left == {"event": "LEAVE", "node": {"status": "open"}, "original": {"status": "open"}}
    assert entered == {"event": "ENTER", "node": {"status": "back"}, "original": None}


async def test_a_log_out_stops_the_flow(
    url: str, client: Client, master: Client, application: Application
) -> None:
    ann = await sign_up(client)
    async with subscribing(url, **of(ann)) as hers:
        await hers.follow("a", STATUS)
        await create(master, "Order", ACL={ann.id: {"read": True}})
        await hers.event("a")
        ok(await ann.client.post("/logout"))
        await create(master, "Order", ACL={ann.id: {"read": True}})
        await unseen(application, hers)
        # what is asked anew is refused, as over HTTP
        assert (await hers.ask("b", STATUS))["payload"][0]["extensions"] == {"code": 209}


async def test_a_class_that_may_not_be_found_is_not_followed(
    url: str, client: Client, master: Client
) -> None:
    await permit(master, find={}, get={"*": True})
    async with subscribing(url) as anybody:
        await anybody.start("a", ORDERS)
        told = await anybody.refusal("a")
    assert told["extensions"] == {"code": 119}


async def test_permissions_count_at_the_time_of_the_event(
    url: str, client: Client, master: Client, application: Application
) -> None:
    await permit(master, find={"*": True})
    async with subscribing(url) as anybody:
        await anybody.follow("a", ORDERS)
        await permit(master, find={})
        await create(master, "Order", total=1)
        await unseen(application, anybody)


async def test_protected_fields_are_neither_shown_nor_asked(
    url: str, client: Client, master: Client
) -> None:
    await permit(master, find={"*": True}, protectedFields={"*": ["secret"]})
    query = "subscription { order { node { secret status } original { secret } } }"
    oracle = 'subscription { order(where: {secret: {matchesRegex: "^a"}}) { event } }'
    async with (
        subscribing(url) as anybody,
        subscribing(url, masterKey=MASTER_KEY) as holder,
    ):
        await anybody.follow("a", query)
        await holder.follow("b", query)
        order = await create(master, "Order", secret="abc", status="new")
        ok(await master.put(f"/classes/Order/{order}", json={"secret": "def"}))
        for expected in (None, {"secret": None}):
            told = await anybody.event("a")
            assert (told["node"], told["original"]) == (
                {"secret": None, "status": "new"},
                expected,
            )
        assert (await holder.event("b"))["node"]["secret"] == "abc"
        assert (await holder.event("b"))["original"]["secret"] == "abc"
        await anybody.start("c", oracle)
        assert (await anybody.refusal("c"))["extensions"] == {"code": 119}


async def test_what_an_object_alone_can_not_decide_is_refused(url: str) -> None:
    query = 'subscription { order(where: {user: {have: {username: {equalTo: "ann"}}}}) { event } }'
    async with subscribing(url) as ann:
        await ann.start("a", query)
        told = await ann.refusal("a")
    assert told["extensions"] == {"code": 102}
    assert "can't be followed live" in told["message"]


async def test_cloud_code_may_refuse_a_subscription_and_change_events(
    url: str, client: Client, master: Client
) -> None:
    ann = await sign_up(client)
    query = "subscription { flashSale { node { name } } }"
    async with subscribing(url) as anybody, subscribing(url, **of(ann)) as hers:
        await anybody.start("a", query)
        assert await anybody.refusal("a") == {
            "message": "sign in first",
            "extensions": {"code": 4712},
        }
        await hers.follow("b", query)
        for name in ("one", "secret", "two"):
            await create(master, "FlashSale", name=name)
        assert await hers.event("b") == {"node": {"name": "one!"}}
        refused = (await hers.message())["payload"]
        assert refused["errors"][0]["message"] == "not to be told"
        assert refused["data"] is None
        assert await hers.event("b") == {"node": {"name": "two!"}}


# --- classes come and go ------------------------------------------------------------------------


async def test_a_new_class_whose_name_fits_can_be_followed_at_once(
    url: str, master: Client
) -> None:
    async with subscribing(url) as ann:
        await ann.start("a", "subscription { flashMob { event } }")
        assert (await ann.refusal("a"))["extensions"] == {"code": "GRAPHQL_VALIDATION_FAILED"}
        ok(await master.post("/schemas/FlashMob", json={}))
        await ann.follow("b", "subscription { flashMob { event } }")
        await create(master, "FlashMob")
        assert await ann.event("b") == {"event": "CREATE"}


async def test_a_class_that_is_shown_no_more_ends_its_subscriptions(
    url: str, master: Client, application: Application
) -> None:
    async with subscribing(url) as ann:
        await ann.follow("a", ORDERS)
        await ann.follow("b", "subscription { gone: order { event } }")
        body = {"params": {"disabledForClasses": ["Order"]}}
        ok(await master.put("/graphql-config", json=body))
        await data(master, "{ health }")
        assert await ann.message() == {"id": "a", "type": "complete"}
        assert await ann.message() == {"id": "b", "type": "complete"}
        await create(master, "Order", total=1)
        await unseen(application, ann)


async def test_a_class_that_is_not_live_has_no_subscription(url: str) -> None:
    async with subscribing(url) as ann:
        await ann.start("a", "subscription { gift { event } }")
        told = await ann.refusal("a")
    assert told["message"] == 'Cannot query field "gift".'


async def test_without_the_option_websockets_are_live_querys_alone(app: MakeApp) -> None:
    application = await app(mountGraphQL=True, liveQuery={"classNames": ["Order"]})
    assert [door.subprotocol for door in application.websocket_doors] == [None]
    async with serving(application) as url, listening(url, "/graphql"):
        pass


async def test_rights_of_a_follower_are_those_of_its_own_connection(
    url: str, client: Client, master: Client
) -> None:
    async def seen(subscriber: Subscriber) -> Any:
        return (await subscriber.event("a"))["node"]["status"]

    ann = await sign_up(client)
    async with (
        subscribing(url, sessionToken=ann.token) as hers,
        subscribing(url, masterKey=MASTER_KEY) as holder,
    ):
        for subscriber in (hers, holder):
            await subscriber.follow("a", STATUS)
        await create(master, "Order", status="for nobody", ACL={})
        await create(master, "Order", status="hers", ACL={ann.id: {"read": True}})
        assert await seen(hers) == "hers"
        assert [await seen(holder), await seen(holder)] == ["for nobody", "hers"]
