"""Which keys a connect message must hold: those of keyPairs, none without them."""

from typing import Any

import pytest
from websockets.asyncio.client import connect

from tests.conftest import APP_ID, MASTER_KEY, Client, MakeApp
from tests.livequery.listener import Listener, listening, serving
from tests.rest.shop import create

LIVE = {"liveQuery": {"classNames": ["Order"]}}
KEYS = {"clientKey": "c", "restAPIKey": "r", "readOnlyMasterKey": "reader"}
PAIRS = {"liveQueryServerOptions": {"keyPairs": {"javascriptKey": "j", "masterKey": "m"}}}
NOBODYS = {"liveQueryServerOptions": {"keyPairs": {"secret": "s"}}}


async def answer(app: MakeApp, options: dict[str, Any], keys: dict[str, Any]) -> tuple[str, Any]:
    """What a server of these options answers a connect with these keys: op and code."""
    application = await app(**LIVE, **options)
    async with serving(application) as url, connect(url, compression=None) as connection:
        frame = await Listener(connection).ask(op="connect", applicationId=APP_ID, **keys)
    return frame["op"], frame.get("code")


@pytest.mark.parametrize(
    ("options", "keys"),
    [
        ({}, {}),
        (KEYS, {}),  # as Android's library connects
        (KEYS, {"clientKey": "wrong"}),
        (KEYS, {"masterKey": "wrong"}),
        ({**KEYS, "liveQueryServerOptions": {"keyPairs": {}}}, {}),
        ({**KEYS, **PAIRS}, {"javascriptKey": "j"}),
        ({**KEYS, **PAIRS}, {"javascriptKey": "j", "masterKey": "wrong"}),
        ({**KEYS, **PAIRS}, {"javascriptKey": "wrong", "masterKey": "m"}),
    ],
)
async def test_b5_a_key_is_asked_for_by_key_pairs_alone(
    app: MakeApp, options: dict[str, Any], keys: dict[str, Any]
) -> None:
    assert await answer(app, options, keys) == ("connected", None)


@pytest.mark.parametrize(
    ("options", "keys"),
    [
        (PAIRS, {}),
        (PAIRS, {"javascriptKey": ""}),
        ({**KEYS, **PAIRS}, {"clientKey": "c"}),
        (PAIRS, {"masterKey": MASTER_KEY}),
        ({**PAIRS, "masterKeyIps": ["203.0.113.9"]}, {"masterKey": "m"}),
        (NOBODYS, {"clientKey": "s"}),
    ],
)
async def test_a_connect_without_a_key_that_fits_is_refused(
    app: MakeApp, options: dict[str, Any], keys: dict[str, Any]
) -> None:
    assert await answer(app, options, keys) == ("error", 4)


@pytest.mark.parametrize(
    ("options", "key", "is_seen"),
    [({}, MASTER_KEY, False), (PAIRS, "m", True)],
)
async def test_b5_the_master_key_counts_where_key_pairs_name_it(
    app: MakeApp, options: dict[str, Any], key: str, is_seen: bool
) -> None:
    application = await app(**LIVE, **options)
    async with (
        serving(application) as url,
        listening(url, masterKey=key) as listener,
        Client(application, master=True) as shop,
    ):
        await listener.subscribe("Order")
        await create(shop, "Order", ACL={})
        await create(shop, "Order")
        await listener.nothing_but(*["create"] * (2 if is_seen else 1))


async def test_l6_the_read_only_key_opens_no_live_query_as_the_master_key_does(
    app: MakeApp,
) -> None:
    application = await app(**LIVE, **KEYS)
    async with (
        serving(application) as url,
        listening(url, masterKey="reader") as listener,
        Client(application, master=True) as shop,
    ):
        await listener.subscribe("Order")
        await create(shop, "Order", ACL={})
        await create(shop, "Order")
        await listener.nothing_but("create")
    refused = await answer(app, {**KEYS, **PAIRS}, {"masterKey": "reader"})
    assert refused == ("error", 4)
